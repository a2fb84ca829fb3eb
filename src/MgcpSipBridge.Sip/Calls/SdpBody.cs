using System.Text;

namespace MgcpSipBridge.Sip;

/// <summary>Finds the SDP in a message's body, which is opaque otherwise.</summary>
internal static class SdpBody
{
    // Parts within parts, no deeper than anybody needs.
    private const int Deepest = 4;

    /// <summary>The SDP; empty for none.</summary>
    public static ReadOnlyMemory<byte> Of(SipMessage message)
    {
        if (message.Body.IsEmpty) return default;
        if (IsSdp(message.MediaType)) return message.Body;
        return IsMultipart(message.MediaType) ? PartOf(message.First(SipHeader.ContentType), message.Body, Deepest) : default;
    }

    /// <summary>Whether a body's type is one that we can use, or need not (handling=optional, RFC 3261 §20.11).</summary>
    public static bool CanUse(SipMessage message) =>
        message.Body.IsEmpty || IsSdp(message.MediaType) || IsMultipart(message.MediaType) || IsOptional(message.First(SipHeader.ContentDisposition));

    private static bool IsSdp(ReadOnlySpan<byte> type) => Ascii.EqualsIgnoreCase(type, "application/sdp"u8);

    private static bool IsMultipart(ReadOnlySpan<byte> type) =>
        Ascii.EqualsIgnoreCase(type, "multipart/mixed"u8) || Ascii.EqualsIgnoreCase(type, "multipart/alternative"u8) || Ascii.EqualsIgnoreCase(type, "multipart/related"u8);

    private static bool IsOptional(ReadOnlySpan<byte> disposition)
    {
        var semicolon = disposition.IndexOf((byte)';');
        return semicolon >= 0 && new SipParameters(disposition[semicolon..]).TryGet("handling"u8, out var handling) && Ascii.EqualsIgnoreCase(handling, "optional"u8);
    }

    // RFC 5621 §3, RFC 2046 §5.1: parts between lines of "--" and the boundary, each with headers of its own.
    private static ReadOnlyMemory<byte> PartOf(ReadOnlySpan<byte> type, ReadOnlyMemory<byte> rest, int depth)
    {
        var semicolon = type.IndexOf((byte)';');
        if (depth == 0 || semicolon < 0 || new SipParameters(type[semicolon..]).TextOf("boundary"u8) is not { Length: > 0 and <= 70 } boundary) return default;
        var mark = Encoding.UTF8.GetBytes("--" + boundary);
        for (var start = rest.Span.IndexOf(mark); start >= 0; start = rest.Span.IndexOf(mark))
        {
            rest = rest[(start + mark.Length)..];
            var end = rest.Span.IndexOf(mark);
            if (end < 0) return default;
            var part = rest[..end];
            var headerEnd = part.Span.IndexOf("\r\n\r\n"u8);
            if (headerEnd < 0) continue;
            var inner = Encoding.UTF8.GetBytes(TypeIn(part.Span[..headerEnd]));
            part = part[(headerEnd + 4)..];
            // The line end before the boundary belongs to the boundary.
            if (part.Span.EndsWith("\r\n"u8)) part = part[..^2];
            var media = MediaTypeOf(inner);
            if (IsSdp(media)) return part;
            if (IsMultipart(media) && PartOf(inner, part, depth - 1) is { IsEmpty: false } found) return found;
        }

        return default;
    }

    private static ReadOnlySpan<byte> MediaTypeOf(ReadOnlySpan<byte> type)
    {
        var semicolon = type.IndexOf((byte)';');
        return SipChars.Trim(semicolon < 0 ? type : type[..semicolon]);
    }

    // Content-Type of a part; empty for none.
    private static string TypeIn(ReadOnlySpan<byte> headers)
    {
        foreach (var line in Encoding.UTF8.GetString(headers).Replace("\r\n ", " ", StringComparison.Ordinal).Replace("\r\n\t", " ", StringComparison.Ordinal).Split("\r\n"))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon >= 0 && line[..colon].Trim().ToLowerInvariant() is "content-type" or "c") return line[(colon + 1)..].Trim();
        }

        return "";
    }
}
