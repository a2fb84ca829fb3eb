using System.Globalization;
using System.Text;

namespace MgcpSipBridge.Simulator;

/// <summary>
/// A SIP message as plain text (RFC 3261 §7, §25), read and written here without any help from the product, so that the two cannot share a
/// mistake. Slow and simple on purpose.
/// </summary>
public sealed class PlainSip
{
    /// <summary>Method; null in a response.</summary>
    public string? Method { get; init; }

    /// <summary>Request-URI; empty in a response.</summary>
    public string Uri { get; init; } = "";

    /// <summary>Status of a response; 0 in a request.</summary>
    public int Status { get; init; }

    /// <summary>Reason phrase of a response.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Header lines in order; names as canonical text in lower case, folded lines joined.</summary>
    public List<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>The body as text.</summary>
    public string Body { get; set; } = "";

    /// <summary>Whether this is a response.</summary>
    public bool IsResponse => Method is null;

    /// <summary>First line.</summary>
    public string FirstLine => IsResponse ? $"SIP/2.0 {Status} {Reason}" : $"{Method} {Uri} SIP/2.0";

    /// <summary>The first header of that name; null for none.</summary>
    public string? this[string name]
    {
        get
        {
            foreach (var (key, value) in Headers)
                if (key == name) return value;
            return null;
        }
    }

    /// <summary>Number of CSeq.</summary>
    public long Sequence => long.TryParse(this["cseq"]?.Split(' ')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;

    /// <summary>Method of CSeq.</summary>
    public string SequenceMethod => this["cseq"]?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is { Length: 2 } parts ? parts[1] : "";

    /// <summary>Tag of From; empty for none.</summary>
    public string FromTag => Parameter(this["from"] ?? "", "tag");

    /// <summary>Tag of To; empty for none.</summary>
    public string ToTag => Parameter(this["to"] ?? "", "tag");

    /// <summary>Branch of the top Via.</summary>
    public string Branch => Parameter(this["via"] ?? "", "branch");

    /// <summary>Call-ID.</summary>
    public string CallId => this["call-id"] ?? "";

    /// <summary>All headers of a name, comma lists split.</summary>
    public List<string> All(string name)
    {
        var values = new List<string>();
        foreach (var (key, value) in Headers)
            if (key == name) values.AddRange(SplitCommas(value));
        return values;
    }

    /// <summary>Reads a message; null, with a complaint, when it is none.</summary>
    public static PlainSip? Read(ReadOnlySpan<byte> bytes, List<string> complaints)
    {
        var text = Encoding.UTF8.GetString(bytes);
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0)
        {
            complaints.Add("RFC 3261 §7: no empty line after the headers");
            return null;
        }

        var lines = text[..end].Split("\r\n");
        if (lines.Any(line => line.Contains('\n') || line.Contains('\r'))) complaints.Add("RFC 3261 §7: a line end that is not CRLF");
        var first = lines[0].Split(' ');
        var headers = new List<(string Name, string Value)>();
        foreach (var line in lines.Skip(1))
        {
            if (line.StartsWith(' ') || line.StartsWith('\t'))
            {
                if (headers.Count > 0) headers[^1] = (headers[^1].Name, headers[^1].Value + " " + line.Trim());
                continue;
            }

            var colon = line.IndexOf(':');
            if (colon <= 0)
            {
                complaints.Add($"RFC 3261 §7.3: header line \"{line}\"");
                continue;
            }

            var name = line[..colon].Trim().ToLowerInvariant();
            headers.Add((Whole(name), line[(colon + 1)..].Trim()));
        }

        var body = text[(end + 4)..];
        if (first.Length >= 3 && first[0] == "SIP/2.0" && int.TryParse(first[1], out var status))
            return new PlainSip { Status = status, Reason = string.Join(' ', first.Skip(2)), Headers = headers, Body = body };
        if (first.Length == 3 && first[2] == "SIP/2.0")
            return new PlainSip { Method = first[0], Uri = first[1], Headers = headers, Body = body };
        complaints.Add($"RFC 3261 §7: first line \"{lines[0]}\"");
        return null;
    }

    /// <summary>Writes the message; Content-Length is added.</summary>
    public byte[] Write()
    {
        var text = new StringBuilder(FirstLine).Append("\r\n");
        foreach (var (name, value) in Headers)
            if (name != "content-length") text.Append(Display(name)).Append(": ").Append(value).Append("\r\n");
        text.Append(CultureInfo.InvariantCulture, $"Content-Length: {Encoding.UTF8.GetByteCount(Body)}\r\n\r\n").Append(Body);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Adds a header.</summary>
    public PlainSip With(string name, string value)
    {
        Headers.Add((name, value));
        return this;
    }

    /// <summary>The URI inside a name-addr or addr-spec.</summary>
    public static string UriOf(string value)
    {
        var open = IndexOutsideQuotes(value, '<');
        if (open < 0) return value.Split(';')[0].Trim();
        var close = value.IndexOf('>', open);
        return close < 0 ? value[(open + 1)..] : value[(open + 1)..close];
    }

    /// <summary>The user part of a URI, escapes undone.</summary>
    public static string UserOf(string uri)
    {
        var rest = uri[(uri.IndexOf(':') + 1)..];
        var at = rest.IndexOf('@');
        return at < 0 ? "" : System.Uri.UnescapeDataString(rest[..at].Split(':')[0]);
    }

    /// <summary>Host and port of a URI, parameters and headers left out.</summary>
    public static string HostOf(string uri)
    {
        var rest = uri[(uri.IndexOf(':') + 1)..].Split('?')[0];
        rest = rest[(rest.IndexOf('@') + 1)..];
        return rest.Split(';')[0];
    }

    /// <summary>A parameter after the address or the Via's sent-by; empty when it is not there.</summary>
    public static string Parameter(string value, string name)
    {
        var start = IndexOutsideQuotes(value, '>');
        foreach (var part in value[(start + 1)..].Split(';').Skip(1))
        {
            var equals = part.IndexOf('=');
            var key = (equals < 0 ? part : part[..equals]).Trim();
            if (key.Equals(name, StringComparison.OrdinalIgnoreCase)) return equals < 0 ? "" : part[(equals + 1)..].Trim();
        }

        return "";
    }

    /// <summary>Splits at commas outside quotes and angle brackets.</summary>
    public static List<string> SplitCommas(string value)
    {
        var items = new List<string>();
        var quoted = false;
        var bracketed = false;
        var start = 0;
        for (var i = 0; i <= value.Length; i++)
        {
            if (i < value.Length)
            {
                if (value[i] == '"' && (i == 0 || value[i - 1] != '\\')) quoted = !quoted;
                else if (!quoted && value[i] == '<') bracketed = true;
                else if (!quoted && value[i] == '>') bracketed = false;
                if (value[i] != ',' || quoted || bracketed) continue;
            }

            var item = value[start..i].Trim();
            if (item.Length > 0) items.Add(item);
            start = i + 1;
        }

        return items;
    }

    private static int IndexOutsideQuotes(string value, char wanted)
    {
        var quoted = false;
        for (var i = 0; i < value.Length; i++)
        {
            if (value[i] == '"' && (i == 0 || value[i - 1] != '\\')) quoted = !quoted;
            else if (!quoted && value[i] == wanted) return i;
        }

        return -1;
    }

    // RFC 3261 §7.3.3.
    private static string Whole(string name) => name switch
    {
        "v" => "via",
        "f" => "from",
        "t" => "to",
        "i" => "call-id",
        "m" => "contact",
        "l" => "content-length",
        "c" => "content-type",
        "k" => "supported",
        "s" => "subject",
        "e" => "content-encoding",
        _ => name,
    };

    private static string Display(string name) => name switch
    {
        "call-id" => "Call-ID",
        "cseq" => "CSeq",
        "www-authenticate" => "WWW-Authenticate",
        _ => string.Join('-', name.Split('-').Select(part => char.ToUpperInvariant(part[0]) + part[1..])),
    };
}
