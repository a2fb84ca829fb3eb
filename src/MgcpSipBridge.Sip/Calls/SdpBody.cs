using System.Text;

namespace MgcpSipBridge.Sip;

/// <summary>Finds the SDP in a message's body, which is opaque otherwise.</summary>
internal static class SdpBody
{
    /// <summary>The SDP; empty for none.</summary>
    public static ReadOnlyMemory<byte> Of(SipMessage message)
    {
        if (message.Body.IsEmpty) return default;
        if (IsSdp(message.MediaType)) return message.Body;
        return IsMultipart(message.MediaType) ? PartOf(message) : default;
    }

    /// <summary>Whether a body's type is one that we can use.</summary>
    public static bool CanUse(SipMessage message) => message.Body.IsEmpty || IsSdp(message.MediaType) || IsMultipart(message.MediaType);

    private static bool IsSdp(ReadOnlySpan<byte> type) => Ascii.EqualsIgnoreCase(type, "application/sdp"u8);

    private static bool IsMultipart(ReadOnlySpan<byte> type) =>
        Ascii.EqualsIgnoreCase(type, "multipart/mixed"u8) || Ascii.EqualsIgnoreCase(type, "multipart/alternative"u8);

    // RFC 5621 §3, RFC 2046 §5.1: parts between lines of "--" and the boundary, each with headers of its own.
    private static ReadOnlyMemory<byte> PartOf(SipMessage message)
    {
        var type = message.First(SipHeader.ContentType);
        var semicolon = type.IndexOf((byte)';');
        if (semicolon < 0 || new SipParameters(type[semicolon..]).TextOf("boundary"u8) is not { Length: > 0 and <= 70 } boundary) return default;
        var mark = Encoding.UTF8.GetBytes("--" + boundary);
        var rest = message.Body;
        for (var start = rest.Span.IndexOf(mark); start >= 0; start = rest.Span.IndexOf(mark))
        {
            rest = rest[(start + mark.Length)..];
            var end = rest.Span.IndexOf(mark);
            if (end < 0) return default;
            var part = rest[..end];
            var headerEnd = part.Span.IndexOf("\r\n\r\n"u8);
            if (headerEnd < 0 || !Names(part.Span[..headerEnd])) continue;
            part = part[(headerEnd + 4)..];
            // The line end before the boundary belongs to the boundary.
            return part.Span.EndsWith("\r\n"u8) ? part[..^2] : part;
        }

        return default;
    }

    private static bool Names(ReadOnlySpan<byte> headers)
    {
        foreach (var line in Encoding.ASCII.GetString(headers).Split("\r\n"))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0 || line[..colon].Trim().ToLowerInvariant() is not ("content-type" or "c")) continue;
            return line[(colon + 1)..].Split(';')[0].Trim().Equals("application/sdp", StringComparison.OrdinalIgnoreCase);
        }

        return false;
    }
}
