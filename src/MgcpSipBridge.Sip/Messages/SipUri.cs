using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>Schemes of URIs that this stack tells apart.</summary>
public enum SipUriScheme : byte
{
    /// <summary>Any other one: 416 as a Request-URI (RFC 3261 §8.2.2.1).</summary>
    Other,

    /// <summary>sip (RFC 3261 §19.1).</summary>
    Sip,

    /// <summary>sips (RFC 3261 §19.1).</summary>
    Sips,

    /// <summary>tel (RFC 3966).</summary>
    Tel,
}

/// <summary>A view over a URI: <c>sip:user:password@host:port;parameters?headers</c> (RFC 3261 §19.1.1), tel, or an opaque one.</summary>
public readonly ref struct SipUri
{
    private readonly ReadOnlySpan<byte> _parameters;

    private SipUri(
        ReadOnlySpan<byte> text, SipUriScheme scheme, ReadOnlySpan<byte> user, ReadOnlySpan<byte> password, ReadOnlySpan<byte> host, int port,
        ReadOnlySpan<byte> parameters, ReadOnlySpan<byte> headers)
    {
        Text = text;
        Scheme = scheme;
        User = user;
        Password = password;
        Host = host;
        Port = port;
        _parameters = parameters;
        Headers = headers;
    }

    /// <summary>The whole URI.</summary>
    public ReadOnlySpan<byte> Text { get; }

    /// <summary>Scheme.</summary>
    public SipUriScheme Scheme { get; }

    /// <summary>User part as it stands, without a password; the number of a tel URI; what follows the scheme of an opaque URI.</summary>
    public ReadOnlySpan<byte> User { get; }

    /// <summary>Password as it stands; empty for none.</summary>
    public ReadOnlySpan<byte> Password { get; }

    /// <summary>Host as it stands: a name, an IPv4 address, an IPv6 address in brackets. Empty for tel and opaque URIs.</summary>
    public ReadOnlySpan<byte> Host { get; }

    /// <summary>Port, or 0 when the URI names none.</summary>
    public int Port { get; }

    /// <summary>URI parameters.</summary>
    public SipParameters Parameters => new(_parameters);

    /// <summary>URI headers without the '?'.</summary>
    public ReadOnlySpan<byte> Headers { get; }

    /// <summary>The user part with escapes undone; empty when there is none.</summary>
    public string UserText => SipText.Unescape(User);

    /// <summary>The host as text.</summary>
    public string HostText => Encoding.ASCII.GetString(Host);

    /// <summary>Whether the URI has the <c>lr</c> parameter: a loose router (RFC 3261 §16.12).</summary>
    public bool IsLooseRouter => Parameters.Has("lr"u8);

    /// <summary>The transport parameter, or null when there is none or it is unknown; <c>tls</c> is deprecated but in use (§26.2.2).</summary>
    public SipTransport? Transport => Parameters.TryGet("transport"u8, out var value) ? SipTransports.Parse(value) : null;

    /// <summary>The host as an address with the URI's port (or <paramref name="defaultPort"/>); false if it is a name.</summary>
    public bool TryGetAddress(int defaultPort, out NetAddress address) =>
        NetAddress.TryParse(Host, defaultPort, out address) && (address = address.WithPort(Port == 0 ? defaultPort : Port)) != NetAddress.None;

    /// <summary>Reads a URI; false if it does not follow the grammar of its scheme.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out SipUri uri)
    {
        uri = default;
        var colon = text.IndexOf((byte)':');
        if (colon <= 0) return false;
        var scheme = SchemeOf(text[..colon]);
        var rest = text[(colon + 1)..];
        if (rest.IsEmpty || !char.IsAsciiLetter((char)text[0])) return false;
        if (scheme is SipUriScheme.Sip or SipUriScheme.Sips) return TryParseSip(text, scheme, rest, out uri);

        if (text[..colon].ContainsAnyExcept(SipChars.Token) || rest.ContainsAnyExcept(SipChars.AnyUri) || !SipChars.EscapesAreWhole(rest)) return false;
        var parameters = ReadOnlySpan<byte>.Empty;
        var semicolon = scheme == SipUriScheme.Tel ? rest.IndexOf((byte)';') : -1;
        if (semicolon >= 0)
        {
            parameters = rest[semicolon..];
            rest = rest[..semicolon];
            if (rest.IsEmpty) return false;
        }

        uri = new SipUri(text, scheme, rest, default, default, 0, parameters, default);
        return true;
    }

    /// <summary>
    /// Text of a SIP URI. The user is escaped; host (IPv6 in brackets, perhaps with <c>:port</c>) and parameters (<c>;transport=tcp</c>) are
    /// the caller's own and must be valid.
    /// </summary>
    public static string Create(string? user, string host, string parameters = "", bool secure = false)
    {
        var scheme = secure ? "sips:" : "sip:";
        return string.IsNullOrEmpty(user) ? $"{scheme}{host}{parameters}" : $"{scheme}{SipText.EscapeUser(user)}@{host}{parameters}";
    }

    private static bool TryParseSip(ReadOnlySpan<byte> text, SipUriScheme scheme, ReadOnlySpan<byte> rest, out SipUri uri)
    {
        uri = default;
        var user = ReadOnlySpan<byte>.Empty;
        var password = ReadOnlySpan<byte>.Empty;
        // ';' and '?' may stand unescaped in the user part, '@' may not: the first '@' ends it.
        var at = rest.IndexOf((byte)'@');
        if (at >= 0)
        {
            user = rest[..at];
            rest = rest[(at + 1)..];
            var colon = user.IndexOf((byte)':');
            if (colon >= 0)
            {
                password = user[(colon + 1)..];
                user = user[..colon];
                if (password.ContainsAnyExcept(SipChars.Password) || !SipChars.EscapesAreWhole(password)) return false;
            }

            if (user.IsEmpty || user.ContainsAnyExcept(SipChars.User) || !SipChars.EscapesAreWhole(user)) return false;
        }

        if (!TryHostPort(ref rest, out var host, out var port)) return false;
        var headers = ReadOnlySpan<byte>.Empty;
        var question = rest.IndexOf((byte)'?');
        if (question >= 0)
        {
            headers = rest[(question + 1)..];
            rest = rest[..question];
            if (headers.IsEmpty || headers.ContainsAnyExcept(SipChars.UriHeaders) || !SipChars.EscapesAreWhole(headers)) return false;
        }

        if (!rest.IsEmpty && (rest[0] != ';' || rest.ContainsAnyExcept(SipChars.UriParameters) || !SipChars.EscapesAreWhole(rest))) return false;
        uri = new SipUri(text, scheme, user, password, host, port, rest, headers);
        return true;
    }

    /// <summary>Reads <c>host[:port]</c> off the front; what follows stays in <paramref name="rest"/>.</summary>
    internal static bool TryHostPort(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> host, out int port)
    {
        port = 0;
        host = default;
        if (rest.IsEmpty) return false;
        int end;
        if (rest[0] == '[')
        {
            end = rest.IndexOf((byte)']') + 1;
            if (end < 4 || rest[1..(end - 1)].ContainsAnyExcept(SipChars.HostV6)) return false;
        }
        else
        {
            end = rest.IndexOfAnyExcept(SipChars.Host);
            if (end < 0) end = rest.Length;
            if (end == 0) return false;
        }

        host = rest[..end];
        rest = rest[end..];
        if (rest.IsEmpty || rest[0] != ':') return true;
        rest = rest[1..];
        var digits = rest.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (digits < 0) digits = rest.Length;
        if (!SipChars.TryNumber(rest[..digits], out var number) || number is 0 or > 65535) return false;
        port = (int)number;
        rest = rest[digits..];
        return true;
    }

    private static SipUriScheme SchemeOf(ReadOnlySpan<byte> scheme) =>
        scheme.SequenceEqual("sip"u8) || Ascii.EqualsIgnoreCase(scheme, "sip"u8) ? SipUriScheme.Sip
        : Ascii.EqualsIgnoreCase(scheme, "sips"u8) ? SipUriScheme.Sips
        : Ascii.EqualsIgnoreCase(scheme, "tel"u8) ? SipUriScheme.Tel
        : SipUriScheme.Other;
}
