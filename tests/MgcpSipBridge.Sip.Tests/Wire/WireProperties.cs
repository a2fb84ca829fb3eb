using System.Text;
using CsCheck;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip.Tests.Messages;

namespace MgcpSipBridge.Sip.Tests.Wire;

public sealed class WireProperties
{
    private static readonly NetAddress Source = NetAddress.FromIPv4(0xC0000209, 5060);

    private static readonly string[] Traps =
    [
        "\r\nX-Evil: 1\r\n", "\r\n\r\nINVITE sip:x@y SIP/2.0\r\n", ">;tag=1,<sip:a@b>", "\"\\", "a\0b", "\n", "\r", "*98#", "+49 30/123", "jürgen", "%0d%0a", "\ud800",
    ];

    private static readonly Gen<string> Hostile = Gen.OneOf(Gen.String[0, 20], Gen.Int[0, Traps.Length - 1].Select(i => Traps[i]));

    [Fact]
    public void What_is_written_is_read_again_and_nothing_can_be_injected() =>
        Gen.Select(Hostile, Hostile, Hostile, Hostile).Sample((user, display, tag, subject) =>
        {
            var writer = new SipWriter();
            writer.BeginRequest(SipMethod.Invite, SipUri.Create(user, "10.0.0.9"));
            writer.Header(SipHeader.Via, "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1");
            writer.Address(SipHeader.From, display, SipUri.Create(user, "10.0.0.1"), "t" + tag);
            writer.Address(SipHeader.To, null, "sip:" + subject + "@10.0.0.9");
            writer.Header(SipHeader.CallId, "c");
            writer.CSeq(1, SipMethod.Invite);
            writer.Header(SipHeader.Subject, subject);
            writer.Header("X-Own", subject);
            writer.Body("application/sdp", "v=0\r\n"u8);
            var error = SipMessage.TryParse(writer.Written, SipLimits.Default, out var message);
            // A To made of rubbish is a bad value, never another header.
            Assert.True(error is SipParseError.None or SipParseError.BadHeaderValue);
            Assert.NotNull(message);
            Assert.Equal(
                ["Max-Forwards", "Via", "From", "To", "Call-ID", "CSeq", "Subject", "X-Own", "Content-Type", "Content-Length"],
                Enumerable.Range(0, message.HeaderCount).Select(i => Encoding.UTF8.GetString(message.HeaderAt(i).Name)));
            Assert.Equal("v=0\r\n"u8, message.Body.Span);
            Assert.True(SipUri.TryParse(message.RequestUri, out var uri));
            Assert.Equal(Replaced(user), uri.UserText);
            Assert.Equal("10.0.0.9", uri.HostText);
            Assert.Equal(Shown(display), message.From.DisplayText);
            Assert.StartsWith("t", Encoding.UTF8.GetString(message.FromTag), StringComparison.Ordinal);
        }, iter: 2000);

    [Fact]
    public void Quoting_and_escaping_can_be_undone() =>
        Hostile.Sample(text =>
        {
            Assert.Equal(Replaced(new string([.. text.Where(c => !char.IsControl(c))])), SipText.Unquote(Encoding.UTF8.GetBytes(SipText.Quote(text))));
            Assert.Equal(Replaced(text), SipText.Unescape(Encoding.UTF8.GetBytes(SipText.EscapeUser(text))));
            Assert.Equal(Replaced(text), SipText.Unescape(Encoding.UTF8.GetBytes(SipText.EscapeParameter(text))));
        }, iter: 2000);

    [Fact]
    public void The_reader_is_total_over_any_bytes() => Gen.Byte.Array[0, 400].Sample(ReadAll, iter: 5_000);

    [Fact]
    public void The_reader_is_total_over_damaged_messages() =>
        Gen.Select(Gen.Int[0, SampleInvite.Bytes.Length - 1].Array[1, 6], Gen.Byte.Array[6], Gen.Int[0, 3]).Sample((places, values, way) =>
        {
            var bytes = SampleInvite.Bytes.ToList();
            for (var i = 0; i < places.Length; i++)
            {
                var place = Math.Min(places[i], bytes.Count - 1);
                if (way == 0) bytes[place] = values[i];
                else if (way == 1) bytes.RemoveAt(place);
                else if (way == 2) bytes.Insert(place, "\r\n \t,;<>\"\\:@%"u8[values[i] % 13]);
                else bytes.RemoveRange(place, Math.Min(values[i], bytes.Count - place - 1));
            }

            ReadAll([.. bytes]);
        }, iter: 5_000);

    [Fact]
    public void A_response_to_whatever_can_be_answered_has_as_many_lines_as_it_should() =>
        Gen.Select(Gen.Int[0, SampleInvite.Bytes.Length - 1].Array[1, 4], Gen.Byte.Array[4]).Sample((places, values) =>
        {
            var bytes = SampleInvite.Bytes.ToArray();
            for (var i = 0; i < places.Length; i++) bytes[places[i]] = values[i];
            SipMessage.TryParse(bytes, SipLimits.Default, out var request);
            if (request is null || !request.IsRequest) return;
            var writer = new SipWriter();
            writer.BeginResponse(request, Source, 400, "tag");
            writer.End();
            var vias = 0;
            foreach (var _ in request.Lines(SipHeader.Via)) vias++;
            var froms = 0;
            foreach (var _ in request.Lines(SipHeader.From)) froms++;
            Assert.Equal(1 + vias + froms + 3 + 1 + 2, Encoding.Latin1.GetString(writer.Written).Split("\r\n").Length);
        }, iter: 3_000);

    /// <summary>Everything there is to ask of a message.</summary>
    private static void ReadAll(byte[] bytes)
    {
        var error = SipMessage.TryParse(bytes, SipLimits.Default, out var message);
        Assert.True(error == SipParseError.None ? message is not null : message is null || message.Error == error);
        if (message is null) return;
        Assert.True(message.Bytes.Length <= bytes.Length);
        _ = message.ToString() + message.CallIdText + message.ReasonQ850 + message.MaxForwards;
        _ = message.TopVia.Branch.Length + message.From.Uri.Length + message.To.Uri.Length + message.MediaType.Length + message.Body.Length;
        for (var i = 0; i < message.HeaderCount; i++)
        {
            var line = message.HeaderAt(i);
            Assert.False(line.Value.ContainsAny((byte)'\r', (byte)'\n'));
            Assert.Equal(line.Header, SipHeaderNames.Parse(line.Name));
            if (line.Header == SipHeader.Other) continue;
            _ = message.NumberOf(line.Header);
            _ = message.AddressOf(line.Header).DisplayText;
            foreach (var value in message.Values(line.Header))
            {
                if (SipAddress.TryParse(value, out var address)) _ = address.Parameters.TextOf("q"u8) + address.DisplayText;
                if (SipUri.TryParse(value, out var uri)) _ = uri.UserText + uri.HostText;
            }
        }
    }

    private static string Replaced(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private static string? Shown(string display)
    {
        var shown = Replaced(new string([.. display.Where(c => !char.IsControl(c))]));
        return shown.Length == 0 ? null : shown;
    }
}
