using System.Buffers;
using System.Text;

namespace MgcpSipBridge.Engine;

/// <summary>
/// Hides the keys of encrypted audio in messages that are shown or kept: <c>a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:****</c>. The length stays, so that
/// Content-Length is right.
/// </summary>
internal static class KeyVeil
{
    private static readonly SearchValues<byte> Ends = SearchValues.Create("|; \t\r\n"u8);

    private const byte Hidden = (byte)'*';

    private static ReadOnlySpan<byte> Attribute => "crypto:"u8;

    private static ReadOnlySpan<byte> Method => "inline"u8;

    /// <summary>The message itself when it has no keys, else a copy without them.</summary>
    public static ReadOnlyMemory<byte> Over(ReadOnlyMemory<byte> message)
    {
        if (message.Span.IndexOf(Attribute) < 0) return message;
        var copy = message.ToArray();
        Hide(copy);
        return copy;
    }

    // Wherever a key may stand, be its line well-formed or not: what is behind "inline:", up to whatever ends a key.
    private static void Hide(Span<byte> text)
    {
        while (text.IndexOf((byte)':') is var colon and >= 0)
        {
            var isKey = colon >= Method.Length && Ascii.EqualsIgnoreCase(text[(colon - Method.Length)..colon], Method);
            text = text[(colon + 1)..];
            if (!isKey) continue;
            var end = text.IndexOfAny(Ends);
            if (end < 0) end = text.Length;
            text[..end].Fill(Hidden);
            text = text[end..];
        }
    }
}
