using System.Text;
using System.Text.RegularExpressions;

namespace MgcpSipBridge.Sip.Tests.Layer;

/// <summary>A message as its bytes say, read by other means than our own reader.</summary>
public sealed class WireText
{
    private readonly string[] _lines;

    public WireText(string text, SipFlow flow, bool isRetransmission = false)
    {
        Text = text;
        Flow = flow;
        IsRetransmission = isRetransmission;
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        Assert.True(end > 0, "No blank line after the headers: " + text);
        _lines = text[..end].Split("\r\n");
        Body = text[(end + 4)..];
        Assert.Equal(Encoding.UTF8.GetByteCount(Body), int.Parse(Header("Content-Length"), System.Globalization.CultureInfo.InvariantCulture));
    }

    public string Text { get; }

    public SipFlow Flow { get; }

    public bool IsRetransmission { get; }

    public string StartLine => _lines[0];

    public string Body { get; }

    public bool IsRequest => !StartLine.StartsWith("SIP/2.0 ", StringComparison.Ordinal);

    public int Status => IsRequest ? 0 : int.Parse(StartLine[8..11], System.Globalization.CultureInfo.InvariantCulture);

    public string Method => IsRequest ? StartLine.Split(' ')[0] : Header("CSeq").Split(' ')[1];

    public string RequestUri => StartLine.Split(' ')[1];

    public string CallId => Header("Call-ID");

    public int CSeq => int.Parse(Header("CSeq").Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);

    public string Branch => Regex.Match(Header("Via"), "branch=([^;, ]+)").Groups[1].Value;

    public string FromTag => TagOf(Header("From"));

    public string ToTag => TagOf(Header("To"));

    /// <summary>What <c>sip:user@host:port</c> stands between the brackets of Contact.</summary>
    public string Contact => Regex.Match(Header("Contact"), "<([^>]+)>").Groups[1].Value;

    public string Header(string name) => Headers(name).FirstOrDefault() ?? "";

    public bool Has(string name) => Headers(name).Count > 0;

    public List<string> Headers(string name) =>
        [.. _lines.Skip(1).Where(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)).Select(line => line[(name.Length + 1)..].Trim())];

    public override string ToString() => Text;

    private static string TagOf(string value) => Regex.Match(value, ";tag=([^;]+)").Groups[1].Value;
}
