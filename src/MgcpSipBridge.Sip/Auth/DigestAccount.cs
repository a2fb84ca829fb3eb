using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>Credentials ready to be sent.</summary>
/// <param name="Proxy">Whether it goes into Proxy-Authorization (after 407) instead of Authorization (after 401).</param>
/// <param name="Value">The header's value.</param>
public readonly record struct AuthorizationHeader(bool Proxy, string Value);

/// <summary>A challenge with the header it stood in.</summary>
/// <param name="Proxy">Whether it stood in Proxy-Authenticate.</param>
/// <param name="Challenge">The challenge.</param>
public readonly record struct ReceivedChallenge(bool Proxy, DigestChallenge Challenge);

/// <summary>What to do after a challenge.</summary>
public enum ChallengeVerdict
{
    /// <summary>Send the request again with <see cref="RequestCredentials.Headers"/>.</summary>
    Answer,

    /// <summary>No challenge that we can or may answer: another scheme, algorithm or realm, or there is no password.</summary>
    Unanswerable,

    /// <summary>The password was wrong; it must not be sent again (RFC 3261 §22.1).</summary>
    Refused,
}

/// <summary>
/// One account's user, password and the nonces that its servers gave, so that most requests are sent with credentials at once
/// (RFC 3261 §22.2, RFC 7616 §3.6).
/// </summary>
/// <param name="user">User name, unescaped.</param>
/// <param name="password">Password; null when there is none.</param>
/// <param name="realm">The only realm that may see the password; null for any.</param>
/// <param name="entropy">Source of client nonces.</param>
public sealed class DigestAccount(string user, string? password, string? realm, Entropy entropy)
{
    // Realms that one account meets: a proxy's and a registrar's, two ways each; more is somebody filling our memory.
    private const int MostNonces = 8;
    private readonly List<NonceInUse> _nonces = [];

    /// <summary>Credentials for a new request: what the cache holds for its kind.</summary>
    /// <param name="method">The method. REGISTER is told from the rest: registrar and proxy often challenge in the same realm.</param>
    public RequestCredentials Begin(string method) => new(this, method);

    internal bool MayAnswer(DigestChallenge challenge) =>
        password is not null && (realm is null || realm.Equals(challenge.Realm, StringComparison.OrdinalIgnoreCase));

    internal List<(NonceInUse Nonce, bool Fresh)> Known(bool register)
    {
        List<(NonceInUse, bool)> known = [];
        foreach (var nonce in _nonces)
            if (nonce.Register == register) known.Add((nonce, false));
        return known;
    }

    internal NonceInUse Keep(bool register, ReceivedChallenge received)
    {
        // A server may hand the same nonce out twice; its count goes on, or the next use looks like a replay (RFC 7616 §3.4).
        var uses = _nonces.Find(nonce => nonce.Challenge.Nonce == received.Challenge.Nonce && nonce.Challenge.Realm == received.Challenge.Realm)?.Uses;
        Drop(register, received.Proxy, received.Challenge.Realm);
        if (_nonces.Count == MostNonces) _nonces.RemoveAt(0);
        // One cnonce per nonce: the session algorithms demand it (RFC 7616 §3.4.2), the others allow it.
        var kept = new NonceInUse(register, received.Proxy, received.Challenge, entropy.Hex(32), uses ?? new NonceUses());
        _nonces.Add(kept);
        return kept;
    }

    internal void Drop(bool register, bool proxy, string forRealm) =>
        _nonces.RemoveAll(nonce => nonce.Register == register && nonce.Proxy == proxy && nonce.Challenge.Realm == forRealm);

    internal AuthorizationHeader Use(NonceInUse nonce, string method, string uri) =>
        new(nonce.Proxy, DigestCredentials.Header(nonce.Challenge, user, password!, method, uri, ++nonce.Uses.Count, nonce.CNonce));
}

/// <summary>A server's nonce for one kind of request.</summary>
internal sealed class NonceInUse(bool register, bool proxy, DigestChallenge challenge, string cnonce, NonceUses uses)
{
    public bool Register { get; } = register;

    public bool Proxy { get; } = proxy;

    public DigestChallenge Challenge { get; set; } = challenge;

    public string CNonce { get; } = cnonce;

    public NonceUses Uses { get; set; } = uses;
}

/// <summary>How often a nonce was used (nc), in whatever kind of request.</summary>
internal sealed class NonceUses
{
    public uint Count { get; set; }
}

/// <summary>
/// The credentials of one request through all its attempts. It answers at most <see cref="MostChallenges"/> challenges, and never
/// sends what a server refused (RFC 3261 §22.1).
/// </summary>
public sealed class RequestCredentials
{
    /// <summary>Challenges answered for one request: a proxy's and a registrar's, or one and its stale nonce.</summary>
    public const int MostChallenges = 2;

    private readonly DigestAccount _account;
    private readonly string _method;
    private readonly bool _register;

    // What the request carries, and whether its nonce was fresh (given to this very request) or came from the cache.
    private readonly List<(NonceInUse Nonce, bool Fresh)> _carried;
    private int _challenges;

    internal RequestCredentials(DigestAccount account, string method)
    {
        _account = account;
        _method = method;
        _register = method == "REGISTER";
        _carried = account.Known(_register);
    }

    /// <summary>The headers for the next attempt. Each call counts as one use of the nonces (nc), so call it once per message.</summary>
    public IReadOnlyList<AuthorizationHeader> Headers(string uri) =>
        _carried.Count == 0 ? [] : [.. _carried.Select(carried => _account.Use(carried.Nonce, _method, uri))];

    /// <summary>
    /// Takes the challenges of a 401 or 407 in their order. Per realm and header the topmost that we can answer counts, the others are
    /// ignored (RFC 8760 §2.4).
    /// </summary>
    public ChallengeVerdict Challenged(IReadOnlyList<ReceivedChallenge> challenges)
    {
        ArgumentNullException.ThrowIfNull(challenges);
        bool answered = false, refused = false;
        var seen = new List<(bool, string)>();
        foreach (var received in challenges)
        {
            var (proxy, challenge) = received;
            if (!_account.MayAnswer(challenge) || seen.Contains((proxy, challenge.Realm))) continue;
            seen.Add((proxy, challenge.Realm));

            var at = _carried.FindIndex(carried => carried.Nonce.Proxy == proxy && carried.Nonce.Challenge.Realm == challenge.Realm);
            if (at >= 0)
            {
                // A refused nonce out of the cache may have been forgotten by a server that restarted: one fresh try tells.
                var (nonce, fresh) = _carried[at];
                _carried.RemoveAt(at);
                var again = challenge.Stale ? challenge.Nonce != nonce.Challenge.Nonce : !fresh;
                if (!again)
                {
                    _account.Drop(_register, proxy, challenge.Realm);
                    refused = true;
                    continue;
                }
            }

            if (_challenges == MostChallenges) continue;
            _carried.Add((_account.Keep(_register, received), true));
            answered = true;
        }

        if (answered)
        {
            _challenges++;
            return ChallengeVerdict.Answer;
        }

        return refused || _challenges > 0 ? ChallengeVerdict.Refused : ChallengeVerdict.Unanswerable;
    }

    /// <summary>Takes the nextnonce of a success (RFC 7616 §3.5). The header names no realm, so it counts only where there is no doubt.</summary>
    public void Succeeded(string? nextNonce)
    {
        var own = _carried.FindAll(carried => !carried.Nonce.Proxy);
        if (nextNonce is null || own.Count != 1) return;
        var nonce = own[0].Nonce;
        nonce.Challenge = nonce.Challenge with { Nonce = nextNonce, Stale = false };
        nonce.Uses = new NonceUses();
    }
}
