using System.Text;
using System.Text.RegularExpressions;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip.Tests.Auth;

public sealed class DigestAccountTests
{
    private readonly DigestAccount _account = new("alice", "secret", null, new Entropy(1));

    [Fact]
    public void The_first_request_goes_without_credentials() => Assert.Empty(_account.Begin("INVITE").Headers("sip:x"));

    [Fact]
    public void The_topmost_known_challenge_of_a_realm_is_answered()
    {
        var request = _account.Begin("INVITE");
        Assert.Equal(ChallengeVerdict.Answer, request.Challenged([
            Challenge("r", "n256", ", algorithm=SHA-256"), Challenge("r", "n5", ", algorithm=MD5")]));
        var header = Assert.Single(request.Headers("sip:x"));
        Assert.Contains("nonce=\"n256\"", header.Value, StringComparison.Ordinal);
        Assert.False(header.Proxy);
    }

    [Fact]
    public void Proxy_and_registrar_may_both_challenge_and_both_are_answered_from_then_on()
    {
        var request = _account.Begin("INVITE");
        Assert.Equal(ChallengeVerdict.Answer, request.Challenged([Challenge("proxy", "p1", proxy: true)]));
        Assert.True(Assert.Single(request.Headers("sip:x")).Proxy);
        Assert.Equal(ChallengeVerdict.Answer, request.Challenged([Challenge("pbx", "w1")]));
        Assert.Equal([true, false], request.Headers("sip:x").Select(header => header.Proxy));
        Assert.Equal(2, _account.Begin("INVITE").Headers("sip:x").Count);
    }

    [Fact]
    public void Uses_of_a_nonce_are_counted_across_requests()
    {
        var request = _account.Begin("INVITE");
        request.Challenged([Challenge("r", "n1")]);
        Assert.Equal("00000001", NonceCount(request.Headers("sip:x")));
        Assert.Equal("00000002", NonceCount(_account.Begin("BYE").Headers("sip:x")));
        Assert.Equal("00000003", NonceCount(_account.Begin("INVITE").Headers("sip:x")));
        Assert.Empty(_account.Begin("REGISTER").Headers("sip:x"));
    }

    [Fact]
    public void A_nonce_that_a_server_hands_out_twice_is_counted_on()
    {
        var register = _account.Begin("REGISTER");
        register.Challenged([Challenge("r", "n1")]);
        Assert.Equal("00000001", NonceCount(register.Headers("sip:x")));
        var invite = _account.Begin("INVITE");
        invite.Challenged([Challenge("r", "n1")]);
        Assert.Equal("00000002", NonceCount(invite.Headers("sip:x")));
        Assert.Equal("00000003", NonceCount(_account.Begin("REGISTER").Headers("sip:x")));
    }

    [Fact]
    public void A_stale_nonce_is_no_failure()
    {
        var request = _account.Begin("INVITE");
        request.Challenged([Challenge("r", "n1")]);
        Assert.Equal(ChallengeVerdict.Answer, request.Challenged([Challenge("r", "n2", ", stale=true")]));
        Assert.Equal("00000001", NonceCount(request.Headers("sip:x")));
    }

    [Fact]
    public void A_refused_password_is_not_sent_again_and_its_nonce_forgotten()
    {
        var request = _account.Begin("INVITE");
        request.Challenged([Challenge("r", "n1")]);
        Assert.Equal(ChallengeVerdict.Refused, request.Challenged([Challenge("r", "n2")]));
        Assert.Empty(_account.Begin("INVITE").Headers("sip:x"));
    }

    [Fact]
    public void A_cached_nonce_that_a_server_forgot_gets_one_fresh_try()
    {
        _account.Begin("INVITE").Challenged([Challenge("r", "n1")]);
        var next = _account.Begin("INVITE");
        Assert.Equal(ChallengeVerdict.Answer, next.Challenged([Challenge("r", "n2")]));
        Assert.Equal(ChallengeVerdict.Refused, next.Challenged([Challenge("r", "n3")]));
    }

    [Fact]
    public void A_server_that_calls_every_nonce_stale_does_not_keep_us_busy()
    {
        var request = _account.Begin("INVITE");
        Assert.Equal(ChallengeVerdict.Answer, request.Challenged([Challenge("r", "n1")]));
        Assert.Equal(ChallengeVerdict.Answer, request.Challenged([Challenge("r", "n2", ", stale=true")]));
        Assert.Equal(ChallengeVerdict.Refused, request.Challenged([Challenge("r", "n3", ", stale=true")]));
        Assert.Equal(ChallengeVerdict.Refused, request.Challenged([Challenge("r", "n3", ", stale=true")]));
    }

    [Fact]
    public void Only_the_configured_realm_sees_the_password()
    {
        var account = new DigestAccount("alice", "secret", "pbx", new Entropy(1));
        Assert.Equal(ChallengeVerdict.Unanswerable, account.Begin("INVITE").Challenged([Challenge("evil", "n1")]));
        Assert.Equal(ChallengeVerdict.Answer, account.Begin("INVITE").Challenged([Challenge("evil", "n1"), Challenge("pbx", "n2")]));
    }

    [Fact]
    public void Without_a_password_nothing_is_answered() =>
        Assert.Equal(ChallengeVerdict.Unanswerable, new DigestAccount("a", null, null, new Entropy(1)).Begin("INVITE").Challenged([Challenge("r", "n")]));

    [Fact]
    public void Nextnonce_replaces_the_nonce()
    {
        var request = _account.Begin("REGISTER");
        request.Challenged([Challenge("r", "n1")]);
        request.Headers("sip:x");
        request.Succeeded(DigestChallenge.ReadNextNonce("qop=auth, nextnonce=\"n2\", nc=00000001"u8));
        var header = Assert.Single(_account.Begin("REGISTER").Headers("sip:x")).Value;
        Assert.Contains("nonce=\"n2\"", header, StringComparison.Ordinal);
        Assert.Contains("nc=00000001", header, StringComparison.Ordinal);
    }

    private static string NonceCount(IReadOnlyList<AuthorizationHeader> headers) =>
        Regex.Match(Assert.Single(headers).Value, "nc=([0-9a-f]{8})").Groups[1].Value;

    private static ReceivedChallenge Challenge(string realm, string nonce, string rest = "", bool proxy = false)
    {
        Assert.True(DigestChallenge.TryParse(Encoding.UTF8.GetBytes($"Digest realm=\"{realm}\", nonce=\"{nonce}\", qop=\"auth\"{rest}"), out var challenge));
        return new(proxy, challenge);
    }
}
