using System.Text;

namespace MgcpSipBridge.Sip;

/// <summary>
/// A view over a challenge or credentials: <c>Digest realm="…", nonce="…"</c> (RFC 3261 §25.1). Each header line holds one (§7.3.1), so read
/// them with <see cref="SipMessage.Lines"/>.
/// </summary>
public readonly ref struct SipAuthParameters
{
    private readonly ReadOnlySpan<byte> _parameters;

    private SipAuthParameters(ReadOnlySpan<byte> scheme, ReadOnlySpan<byte> parameters)
    {
        Scheme = scheme;
        _parameters = parameters;
    }

    /// <summary>Scheme as it stands; empty for Authentication-Info, which has none.</summary>
    public ReadOnlySpan<byte> Scheme { get; }

    /// <summary>Whether the scheme is Digest.</summary>
    public bool IsDigest => Ascii.EqualsIgnoreCase(Scheme, "Digest"u8);

    /// <summary>Reads WWW-Authenticate, Proxy-Authenticate, Authorization, Proxy-Authorization.</summary>
    public static bool TryParse(ReadOnlySpan<byte> line, out SipAuthParameters result)
    {
        line = SipChars.Trim(line);
        var end = line.IndexOfAny((byte)' ', (byte)'\t');
        result = end < 0 ? new(line, default) : new(line[..end], line[end..]);
        return SipChars.IsToken(result.Scheme);
    }

    /// <summary>Reads Authentication-Info: parameters without a scheme.</summary>
    public static SipAuthParameters OfInfo(ReadOnlySpan<byte> line) => new(default, line);

    /// <summary>The first parameter of that name as it stands, quotes included.</summary>
    public bool TryGet(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        foreach (var parameter in new SipValues(_parameters))
        {
            var equals = parameter.IndexOf((byte)'=');
            if (equals < 0 || !Ascii.EqualsIgnoreCase(SipChars.Trim(parameter[..equals]), name)) continue;
            value = SipChars.Trim(parameter[(equals + 1)..]);
            return true;
        }

        value = default;
        return false;
    }

    /// <summary>The value with quotes and their escapes undone, or null.</summary>
    public string? TextOf(ReadOnlySpan<byte> name) => TryGet(name, out var value) ? SipText.Unquote(value) : null;
}
