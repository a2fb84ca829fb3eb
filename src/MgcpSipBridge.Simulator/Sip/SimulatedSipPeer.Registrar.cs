using System.Globalization;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

// The registrar and its challenges: RFC 3261 §10.3, §22; RFC 7616; RFC 8760.
public sealed partial class SimulatedSipPeer
{
    private readonly Dictionary<string, Binding> _bindings = [];
    private readonly Dictionary<string, (Instant Born, uint Count)> _nonces = [];
    private readonly HashSet<string> _refusedCredentials = [];
    private readonly Dictionary<string, (string CallId, long Sequence)> _registered = [];

    private sealed record Binding(string Contact, Instant Until);

    /// <summary>REGISTERs that came in, without retransmissions, with their time, user and status given.</summary>
    public List<(Instant At, string User, int Status)> RegistrationsSeen { get; } = [];

    /// <summary>Users with a binding at <paramref name="now"/>.</summary>
    public IEnumerable<string> RegisteredUsers(Instant now) => _bindings.Where(pair => pair.Value.Until > now).Select(pair => pair.Key).Order(StringComparer.Ordinal);

    /// <summary>Makes every nonce given so far stale.</summary>
    public void ExpireNonces() => _nonces.Clear();

    private string? ContactOf(string user, Instant now) =>
        _bindings.TryGetValue(user, out var binding) && binding.Until > now ? binding.Contact : null;

    private void Register(ServerTransaction transaction, Instant now)
    {
        var request = transaction.Request;
        var user = PlainSip.UserOf(PlainSip.UriOf(request["to"] ?? ""));
        void Answer(int status, string reason, Action<PlainSip>? decorate = null)
        {
            if (RegistrationsSeen.Count < 100_000) RegistrationsSeen.Add((now, user, status));
            Respond(transaction, status, reason, NewId(), now, decorate);
        }

        if (RefuseRegistrations != 0)
        {
            Answer(RefuseRegistrations, "Refused");
            return;
        }

        // §10.2: one Call-ID per registrar and line, CSeq plus one each time.
        if (_registered.TryGetValue(user, out var last) && last.CallId == request.CallId && request.Sequence <= last.Sequence)
            Complain($"RFC 3261 §10.2: CSeq {request.Sequence} after {last.Sequence} in REGISTER of {user}");
        _registered[user] = (request.CallId, request.Sequence);
        if (!Authenticated(transaction, Setup.ChallengeRegister, 401, user, now)) return;
        var contacts = request.All("contact");
        if (contacts.Count == 1 && contacts[0] == "*")
        {
            if (request["expires"] != "0") Complain("RFC 3261 §10.2.2: Contact: * without Expires: 0");
            _bindings.Remove(user);
            Answer(200, "OK");
            return;
        }

        foreach (var contact in contacts)
        {
            var asked = PlainSip.Parameter(contact, "expires") is { Length: > 0 } own ? own : request["expires"] ?? "3600";
            if (!int.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)) Complain($"RFC 3261 §20.19: Expires {asked}");
            if (seconds == 0)
            {
                _bindings.Remove(user);
                continue;
            }

            if (TimeSpan.FromSeconds(seconds) < Setup.RegisterMinimum)
            {
                Answer(423, "Interval Too Brief", response => response.With("min-expires", ((int)Setup.RegisterMinimum.TotalSeconds).ToString(CultureInfo.InvariantCulture)));
                return;
            }

            var granted = TimeSpan.FromSeconds(Math.Min(seconds, Setup.RegisterExpires.TotalSeconds));
            _bindings[user] = new Binding(PlainSip.UriOf(contact), now + granted);
        }

        Answer(200, "OK", response =>
        {
            if (_bindings.TryGetValue(user, out var binding))
                response.With("contact", string.Create(CultureInfo.InvariantCulture, $"<{binding.Contact}>;expires={(int)(binding.Until - now).TotalSeconds}"));
        });
    }

    /// <summary>Checks the credentials of a request; if they are missing, stale or wrong it is answered and the result is false.</summary>
    private bool Authenticated(ServerTransaction transaction, PeerChallenge challenge, int status, string user, Instant now)
    {
        if (challenge == PeerChallenge.None) return true;
        var request = transaction.Request;
        var header = request[status == 401 ? "authorization" : "proxy-authorization"];
        var stale = false;
        if (header is not null)
        {
            var credentials = PlainDigest.Parse(header);
            var verdict = Judge(credentials, request, challenge, now);
            if (verdict == CredentialVerdict.Good) return true;
            stale = verdict == CredentialVerdict.Stale;
            // §22.1: what was refused is not sent again.
            if (!stale && !_refusedCredentials.Add(header)) Complain($"RFC 3261 §22.1: the same refused credentials again from {user}");
        }

        if (RegistrationsSeen.Count < 100_000 && request.Method == "REGISTER") RegistrationsSeen.Add((now, user, status));
        Respond(transaction, status, status == 401 ? "Unauthorized" : "Proxy Authentication Required", NewId(), now, response =>
        {
            var name = status == 401 ? "www-authenticate" : "proxy-authenticate";
            foreach (var algorithm in AlgorithmsOf(challenge))
            {
                var nonce = _entropy.Hex(16);
                _nonces[nonce] = (now, 0);
                var qop = challenge == PeerChallenge.OldMd5 ? "" : ", qop=\"auth\"";
                response.With(name, $"Digest realm=\"{Setup.Realm}\", nonce=\"{nonce}\", opaque=\"{nonce[..4]}\", algorithm={algorithm}{qop}{(stale ? ", stale=true" : "")}");
            }
        });
        return false;
    }

    private enum CredentialVerdict
    {
        Good,
        Stale,
        Wrong,
    }

    private CredentialVerdict Judge(Dictionary<string, string> credentials, PlainSip request, PeerChallenge challenge, Instant now)
    {
        foreach (var name in new[] { "username", "realm", "nonce", "uri", "response" })
            if (!credentials.ContainsKey(name)) Complain($"RFC 7616 §3.4: credentials without {name}");
        if (credentials.GetValueOrDefault("realm") != Setup.Realm) Complain($"RFC 7616 §3.4: realm {credentials.GetValueOrDefault("realm")}");
        if (credentials.GetValueOrDefault("uri") != request.Uri) Complain($"RFC 3261 §22.4: uri=\"{credentials.GetValueOrDefault("uri")}\" for {request.Uri}");
        var nonce = credentials.GetValueOrDefault("nonce", "");
        var account = Setup.Accounts.FirstOrDefault(one => one.User == credentials.GetValueOrDefault("username"));
        if (account is null || PlainDigest.Response(credentials, request.Method!, account.Password) != credentials.GetValueOrDefault("response")) return CredentialVerdict.Wrong;
        if (!_nonces.TryGetValue(nonce, out var known) || (Setup.NonceLife > TimeSpan.Zero && now - known.Born > Setup.NonceLife)) return CredentialVerdict.Stale;
        if (credentials.GetValueOrDefault("opaque") != nonce[..4]) Complain("RFC 7616 §3.4: opaque is not what the challenge said");
        var algorithm = credentials.GetValueOrDefault("algorithm", "MD5");
        // RFC 8760 §2.4: the topmost algorithm that the client knows; it knows both.
        if (!algorithm.Equals(AlgorithmsOf(challenge)[0], StringComparison.OrdinalIgnoreCase)) Complain($"RFC 8760 §2.4: {algorithm} chosen, not the topmost challenge");
        if (challenge == PeerChallenge.OldMd5) return CredentialVerdict.Good;
        // RFC 8760 §2.6: a challenge with qop is answered with it; RFC 7616 §3.4: nc is eight hex digits, plus one per use of the nonce.
        if (!credentials.TryGetValue("qop", out var qop) || qop != "auth" || !credentials.ContainsKey("cnonce")) Complain("RFC 8760 §2.6: qop or cnonce is missing");
        var nc = credentials.GetValueOrDefault("nc", "");
        if (nc.Length != 8 || !uint.TryParse(nc, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var count)) Complain($"RFC 7616 §3.4: nc={nc}");
        // Messages may overtake one another; a number may be skipped but not used twice.
        else if (count == 0 || count <= known.Count) Complain($"RFC 7616 §3.4: nc={nc} after {known.Count:x8}");
        else _nonces[nonce] = (known.Born, count);
        return CredentialVerdict.Good;
    }

    private static string[] AlgorithmsOf(PeerChallenge challenge) => challenge switch
    {
        PeerChallenge.Sha256 => ["SHA-256"],
        PeerChallenge.Both => ["SHA-256", "MD5"],
        _ => ["MD5"],
    };
}
