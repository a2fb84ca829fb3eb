using System.Text;

namespace MgcpSipBridge.Engine;

/// <summary>
/// Hides the keys of encrypted audio in messages that are shown or kept: <c>a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:****</c> (RFC 4568), and those of the ways before it
/// that nobody here speaks but anybody may write: <c>k=</c> lines and MGCP's <c>k:</c> (RFC 4566 §5.12, RFC 3435 §2.1.5) and <c>a=key-mgmt</c> (RFC 4567). The length stays, so
/// that Content-Length is right.
/// </summary>
internal static class KeyVeil
{
    private const byte Hidden = (byte)'*';

    private static ReadOnlySpan<byte> Blanks => " \t\r\n"u8;

    /// <summary>The message itself when it has no keys, else a copy without them.</summary>
    public static ReadOnlyMemory<byte> Over(ReadOnlyMemory<byte> message)
    {
        var text = message.Span;
        byte[]? copy = null;
        // Wherever a key may stand, be its line well-formed or not: in any part of a body, in a header, in capitals, with blanks around the colon.
        for (var at = 0; text[at..].IndexOf((byte)':') is var colon and >= 0;)
        {
            at += colon + 1;
            var ends = EndsOfWhatFollows(text[..(at - 1)]);
            if (ends.IsEmpty) continue;
            copy ??= message.ToArray();
            at = Hide(copy, at, ends);
        }

        return copy ?? message;
    }

    /// <summary>What ends the secret that follows this and a colon; nothing when none follows.</summary>
    private static ReadOnlySpan<byte> EndsOfWhatFollows(ReadOnlySpan<byte> before)
    {
        before = before.TrimEnd(Blanks);
        if (Ends(before, "inline"u8)) return "|; \t\r\n"u8;
        if (Ends(before, "key-mgmt"u8)) return "\r\n"u8;
        if (!Ends(before, "clear"u8) && !Ends(before, "base64"u8)) return default;
        before = before[..^(Ends(before, "clear"u8) ? 5 : 6)].TrimEnd(Blanks);
        if (before.Length < 2 || (before[^2] | 0x20) != 'k') return default;
        var begins = before.Length == 2 || !char.IsAsciiLetterOrDigit((char)before[^3]);
        return !begins ? default : before[^1] switch
        {
            (byte)'=' => "\r\n"u8,
            (byte)':' => ",\r\n"u8,
            _ => default,
        };
    }

    // A line that goes on in the next one is one line (RFC 3261 §7.3.1): what is hidden there may be more than the key, but never less.
    private static int Hide(byte[] text, int at, ReadOnlySpan<byte> ends)
    {
        while (true)
        {
            while (at < text.Length && Blanks.Contains(text[at])) at++;
            var length = text.AsSpan(at).IndexOfAny(ends);
            var end = length < 0 ? text.Length : at + length;
            text.AsSpan(at, end - at).Fill(Hidden);
            at = end;
            var next = at;
            if (next < text.Length && text[next] == '\r') next++;
            if (next < text.Length && text[next] == '\n') next++;
            if (next == at || next >= text.Length || text[next] is not ((byte)' ' or (byte)'\t')) return at;
        }
    }

    private static bool Ends(ReadOnlySpan<byte> text, ReadOnlySpan<byte> with) => text.Length >= with.Length && Ascii.EqualsIgnoreCase(text[^with.Length..], with);
}
