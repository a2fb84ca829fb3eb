using System.Globalization;
using System.Text;

namespace MgcpSipBridge.Sip;

/// <summary>Computes what answers a challenge (RFC 7616 §3.4, RFC 3261 §22.4).</summary>
public static class DigestCredentials
{
    /// <summary>The response value: hex digits that prove the password.</summary>
    /// <param name="challenge">The challenge.</param>
    /// <param name="user">User name as it stands between the quotes.</param>
    /// <param name="password">Password.</param>
    /// <param name="method">Request method.</param>
    /// <param name="uri">The digest-uri, byte for byte the uri parameter sent.</param>
    /// <param name="nonceCount">How many requests used this nonce, this one included (from 1).</param>
    /// <param name="cnonce">Our nonce.</param>
    public static string Response(DigestChallenge challenge, string user, string password, string method, string uri, uint nonceCount, string cnonce)
    {
        ArgumentNullException.ThrowIfNull(challenge);
        var hash = challenge.Algorithm;
        var a1 = hash.Of($"{user}:{challenge.Realm}:{password}");
        if (hash.Session) a1 = hash.Of($"{a1}:{challenge.Nonce}:{cnonce}");
        var a2 = hash.Of($"{method}:{uri}");
        return challenge.WithQop
            ? hash.Of(string.Create(CultureInfo.InvariantCulture, $"{a1}:{challenge.Nonce}:{nonceCount:x8}:{cnonce}:auth:{a2}"))
            : hash.Of($"{a1}:{challenge.Nonce}:{a2}");
    }

    /// <summary>The value of an Authorization or Proxy-Authorization header. <paramref name="userName"/> is unescaped; quotes are escaped here.</summary>
    public static string Header(DigestChallenge challenge, string userName, string password, string method, string uri, uint nonceCount, string cnonce)
    {
        ArgumentNullException.ThrowIfNull(challenge);
        ArgumentNullException.ThrowIfNull(userName);
        var user = userName.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
        var response = Response(challenge, user, password, method, uri, nonceCount, cnonce);
        var text = new StringBuilder(256);
        text.Append(CultureInfo.InvariantCulture, $"Digest username=\"{user}\", realm=\"{challenge.Realm}\", nonce=\"{challenge.Nonce}\"");
        text.Append(CultureInfo.InvariantCulture, $", uri=\"{uri}\", response=\"{response}\"");
        // Echoed only when it was given: a server that named none may know only RFC 2069.
        if (challenge.AlgorithmName is { } algorithm) text.Append(CultureInfo.InvariantCulture, $", algorithm={algorithm}");
        if (challenge.WithQop) text.Append(CultureInfo.InvariantCulture, $", cnonce=\"{cnonce}\", qop=auth, nc={nonceCount:x8}");
        else if (challenge.Algorithm.Session) text.Append(CultureInfo.InvariantCulture, $", cnonce=\"{cnonce}\"");
        if (challenge.Opaque is { } opaque) text.Append(CultureInfo.InvariantCulture, $", opaque=\"{opaque}\"");
        return text.ToString();
    }
}
