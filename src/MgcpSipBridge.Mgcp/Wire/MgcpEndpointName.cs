namespace MgcpSipBridge.Mgcp;

/// <summary>An endpoint name in place: <c>local@domain</c> (RFC 3435 §2.1.2, §3.2.1.3). Both parts compare without regard to case.</summary>
public readonly ref struct MgcpEndpointName
{
    /// <summary>Longest local part, and longest domain, in bytes (§3.2.1.3).</summary>
    public const int MaxPartBytes = 255;

    private MgcpEndpointName(ReadOnlySpan<byte> local, ReadOnlySpan<byte> domain)
    {
        Local = local;
        Domain = domain;
    }

    /// <summary>What stands before '@'.</summary>
    public ReadOnlySpan<byte> Local { get; }

    /// <summary>What follows '@': a name, <c>[address]</c>, or whatever a gateway puts there (a MAC address with ':').</summary>
    public ReadOnlySpan<byte> Domain { get; }

    /// <summary>Whether the local part has a wildcard: <c>*</c> (all of), <c>$</c> (any of), or a range in brackets (Appendix E.5).</summary>
    public bool IsWildcard => Local.IndexOfAny((byte)'*', (byte)'$', (byte)'[') >= 0;

    /// <summary>Splits a name at its last '@'; false when a part is missing or too long, or not printable.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out MgcpEndpointName name)
    {
        name = default;
        var at = text.LastIndexOf((byte)'@');
        if (at <= 0 || at == text.Length - 1 || at > MaxPartBytes || text.Length - at - 1 > MaxPartBytes) return false;
        if (text.IndexOfAnyExceptInRange((byte)'!', (byte)'~') >= 0) return false;
        name = new MgcpEndpointName(text[..at], text[(at + 1)..]);
        return true;
    }

    /// <summary>
    /// Whether a local name, perhaps with wildcards, covers <paramref name="localName"/> (no wildcards): <c>*</c> at the end covers all terms
    /// that follow, elsewhere one (§2.1.2); <c>[1-3,7]</c> covers these numbers (Appendix E.5).
    /// </summary>
    public static bool Covers(ReadOnlySpan<byte> pattern, ReadOnlySpan<char> localName)
    {
        while (true)
        {
            var patternEnd = pattern.IndexOf((byte)'/');
            var term = patternEnd < 0 ? pattern : pattern[..patternEnd];
            var nameEnd = localName.IndexOf('/');
            if (term is [(byte)'*'] && patternEnd < 0) return !localName.IsEmpty;
            var part = nameEnd < 0 ? localName : localName[..nameEnd];
            if (!TermCovers(term, part)) return false;
            if (patternEnd < 0 || nameEnd < 0) return patternEnd < 0 && nameEnd < 0;
            pattern = pattern[(patternEnd + 1)..];
            localName = localName[(nameEnd + 1)..];
        }
    }

    private static bool TermCovers(ReadOnlySpan<byte> term, ReadOnlySpan<char> part)
    {
        if (term is [(byte)'*']) return true;
        if (term is not [(byte)'[', .., (byte)']']) return System.Text.Ascii.EqualsIgnoreCase(term, part);
        if (!uint.TryParse(part, System.Globalization.NumberStyles.None, null, out var number)) return false;
        var cursor = new SansIo.ByteCursor(term[1..^1]);
        while (cursor.TryReadUInt32(out var low))
        {
            var high = low;
            if (cursor.TryRead((byte)'-') && !cursor.TryReadUInt32(out high)) return false;
            if (number >= low && number <= high) return true;
            if (!cursor.TryRead((byte)',')) return false;
        }

        return false;
    }
}
