namespace MgcpSipBridge.Sip.Tests.Wire;

/// <summary>Texts that somebody chose who means harm: line ends, ends of brackets and quotes, halves of escapes, whole messages. The same ones in every run.</summary>
internal sealed class HostileText(ulong seed)
{
    private static readonly string[] Fragments =
    [
        "\r\n", "\n", "\r", "\r\n ", "\r\n\r\n", "\r\nX-Evil: 1", "\r\nVia: SIP/2.0/UDP evil;branch=z9hG4bKe", "\r\n\r\nINVITE sip:x@y SIP/2.0\r\n", "\"", "\\", "\\\"", "\"\"",
        ">", "<", ">;tag=x", ",<sip:evil@evil>", ";tag=evil", ";lr", "@", "@evil", "?", "&", "?Replaces=x", "=", ":", "%", "%0", "%0D%0A", "%0d%0aX-Evil:%201", "%22", "%3e", "\0", "\u0001", "\u007f",
        "\u0085", "\u2028", "\ud800", "\udc00", "(", ")", "),L/rg(", "\t", " ", "  ", "é", "名", "*98#", "+49 30/123", "5551234", "Alice", "anonymous", "sip:", "tel:", "a=", "m=audio 1 RTP/AVP 0", ".\r\n",
        "\r\n.\r\n", "S: L/rg", "200 1 OK", "//", "..", "$", "[::1]", "{", "}", "|", "^", "`",
    ];

    private ulong _state = seed * 0x9E3779B97F4A7C15 | 1;

    /// <summary>A number below <paramref name="bound"/>.</summary>
    public int Below(int bound)
    {
        // xorshift64*: good enough for choosing, and quick.
        _state ^= _state >> 12;
        _state ^= _state << 25;
        _state ^= _state >> 27;
        return (int)(((_state * 0x2545F4914F6CDD1D) >> 33) % (ulong)bound);
    }

    /// <summary>A text of up to four fragments, or of any characters.</summary>
    public string Next()
    {
        var parts = Below(5);
        if (parts == 0) return Any();
        var text = Fragments[Below(Fragments.Length)];
        for (var i = 1; i < parts; i++) text += Fragments[Below(Fragments.Length)];
        return text;
    }

    private string Any()
    {
        Span<char> text = stackalloc char[Below(12)];
        foreach (ref var c in text) c = (char)(Below(4) == 0 ? Below(65536) : Below(128));
        return new string(text);
    }
}
