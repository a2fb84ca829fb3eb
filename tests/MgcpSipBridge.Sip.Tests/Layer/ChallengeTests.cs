using System.Text.RegularExpressions;

namespace MgcpSipBridge.Sip.Tests.Layer;

public sealed class ChallengeTests
{
    private readonly SipBench _bench = new();

    [Theory]
    [InlineData(401, "WWW-Authenticate", "Authorization")]
    [InlineData(407, "Proxy-Authenticate", "Proxy-Authorization")]
    public void A_challenged_INVITE_is_acknowledged_and_sent_again_with_credentials(int status, string challenge, string credentials)
    {
        var (_, first) = _bench.Call();
        _bench.Reply(first, status, extra: $"{challenge}: Digest realm=\"pbx\", nonce=\"n1\", qop=\"auth\", opaque=\"o\"");
        Assert.Equal(first.Branch, _bench.Expect("ACK").Branch);
        var second = _bench.Expect("INVITE");
        Assert.Equal((first.CallId, first.FromTag, first.CSeq + 1, ""), (second.CallId, second.FromTag, second.CSeq, second.ToTag));
        Assert.NotEqual(first.Branch, second.Branch);
        var value = second.Header(credentials);
        Assert.Matches("^Digest username=\"auth1001\", realm=\"pbx\", nonce=\"n1\", uri=\"sip:5551234@192.0.2.9:5060\", response=\"[0-9a-f]{32}\", cnonce=\"[0-9a-f]+\", qop=auth, nc=00000001, opaque=\"o\"$", value);
        Assert.Equal(Expected(value, "auth1001", "secret", "INVITE"), Parameter(value, "response"));

        _bench.Reply(second, 200, body: SipBench.Answer);
        var ack = _bench.Expect("ACK");
        // RFC 3261 §13.2.2.4: the ACK to a 2xx carries the INVITE's credentials.
        Assert.Equal((value, second.CSeq), (ack.Header(credentials), ack.CSeq));
        _bench.Happens<SipEvent.Answered>();
        Assert.DoesNotContain(_bench.Notes, note => note is SipNote.CredentialsRefused);
    }

    [Fact]
    public void Proxy_and_registrar_challenge_one_after_the_other()
    {
        var (_, first) = _bench.Call();
        _bench.Reply(first, 407, extra: "Proxy-Authenticate: Digest realm=\"proxy\", nonce=\"p\", qop=\"auth\"");
        _bench.Expect("ACK");
        var second = _bench.Expect("INVITE");
        _bench.Reply(second, 401, extra: "WWW-Authenticate: Digest realm=\"pbx\", nonce=\"w\"");
        _bench.Expect("ACK");
        var third = _bench.Expect("INVITE");
        Assert.Equal((true, true, first.CSeq + 2), (third.Has("Proxy-Authorization"), third.Has("Authorization"), third.CSeq));
        Assert.Equal("00000002", Parameter(third.Header("Proxy-Authorization"), "nc"));
        _bench.Reply(third, 486);
        _bench.Expect("ACK");
        Assert.Equal(486, _bench.Happens<SipEvent.Rejected>().End.Status);
    }

    [Fact]
    public void Both_challenges_in_one_response()
    {
        var (_, first) = _bench.Call();
        _bench.Reply(first, 407, extra: "WWW-Authenticate: Digest realm=\"pbx\", nonce=\"w\"\nProxy-Authenticate: Digest realm=\"proxy\", nonce=\"p\"");
        _bench.Expect("ACK");
        var second = _bench.Expect("INVITE");
        Assert.True(second.Has("Proxy-Authorization") && second.Has("Authorization"));
    }

    [Fact]
    public void The_topmost_algorithm_that_we_know_is_used_once()
    {
        var (_, first) = _bench.Call();
        _bench.Reply(first, 401, extra: """
            WWW-Authenticate: Digest realm="pbx", nonce="a", algorithm=SHA3-256, qop="auth"
            WWW-Authenticate: Digest realm="pbx", nonce="b", algorithm=SHA-512-256, qop="auth"
            WWW-Authenticate: Digest realm="pbx", nonce="c", algorithm=MD5, qop="auth"
            """);
        _bench.Expect("ACK");
        var header = Assert.Single(_bench.Expect("INVITE").Headers("Authorization"));
        Assert.Equal(("b", 64), (Parameter(header, "nonce"), Parameter(header, "response").Length));
        Assert.Contains("algorithm=SHA-512-256", header, StringComparison.Ordinal);
    }

    [Fact]
    public void A_refused_password_ends_the_call_and_alarms()
    {
        var (_, first) = _bench.Call();
        _bench.Reply(first, 401, extra: "WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n1\", qop=\"auth\"");
        _bench.Expect("ACK");
        _bench.Reply(_bench.Expect("INVITE"), 401, extra: "WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n2\", qop=\"auth\"");
        _bench.Expect("ACK");
        _bench.ExpectNothing();
        Assert.Equal(new SipEnd(401), _bench.Happens<SipEvent.Rejected>().End);
        Assert.Contains(new SipNote.CredentialsRefused("pbx", "1001", 401), _bench.Notes);
        _bench.Happens<SipEvent.Gone>();
        Assert.False(_bench.Call().Invite.Has("Authorization"));
    }

    [Fact]
    public void A_peer_that_challenges_for_ever_gets_three_requests()
    {
        _bench.Call();
        for (var i = 0; i < 10; i++)
        {
            var invite = _bench.Everything.Last(wire => wire.Method == "INVITE" && wire.IsRequest);
            _bench.Reply(invite, 407, extra: $"Proxy-Authenticate: Digest realm=\"pbx\", nonce=\"n{i}\", stale=true");
        }

        Assert.Equal(3, _bench.Everything.Count(wire => wire.StartLine.StartsWith("INVITE", StringComparison.Ordinal)));
        Assert.Equal(407, _bench.Happens<SipEvent.Rejected>().End.Status);
    }

    [Fact]
    public void The_next_call_brings_its_credentials_along_and_a_stale_nonce_costs_one_round_trip()
    {
        var (call, first) = _bench.Call();
        _bench.Reply(first, 407, extra: "Proxy-Authenticate: Digest realm=\"pbx\", nonce=\"n1\", qop=\"auth\"");
        _bench.Expect("ACK");
        _bench.Reply(_bench.Expect("INVITE"), 200, body: SipBench.Answer);
        _bench.Expect("ACK");
        _bench.Happens<SipEvent.Answered>();
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        var bye = _bench.Expect("BYE");
        Assert.Equal(("00000002", "BYE"), (Parameter(bye.Header("Proxy-Authorization"), "nc"), bye.Method));
        Assert.Equal(Expected(bye.Header("Proxy-Authorization"), "auth1001", "secret", "BYE"), Parameter(bye.Header("Proxy-Authorization"), "response"));
        _bench.Reply(bye, 200);
        _bench.Happens<SipEvent.Gone>();

        var (_, next) = _bench.Call();
        Assert.Equal("00000003", Parameter(next.Header("Proxy-Authorization"), "nc"));
        _bench.Reply(next, 407, extra: "Proxy-Authenticate: Digest realm=\"pbx\", nonce=\"n2\", qop=\"auth\", stale=true");
        _bench.Expect("ACK");
        var again = _bench.Expect("INVITE").Header("Proxy-Authorization");
        Assert.Equal(("n2", "00000001"), (Parameter(again, "nonce"), Parameter(again, "nc")));
    }

    [Fact]
    public void A_challenged_BYE_is_sent_again()
    {
        var (call, _, _) = _bench.Talk();
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        var bye = _bench.Expect("BYE");
        _bench.Reply(bye, 401, extra: "WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n1\"");
        var again = _bench.Expect("BYE");
        Assert.Equal((bye.CSeq + 1, bye.ToTag), (again.CSeq, again.ToTag));
        _bench.NothingHappens();
        _bench.Reply(again, 200);
        _bench.Happens<SipEvent.Gone>();
    }

    [Fact]
    public void Only_the_realm_of_the_configuration_gets_an_answer()
    {
        var bench = new SipBench(SipBench.DefaultPeer with { Realm = "pbx.example.net" });
        var (_, invite) = bench.Call();
        bench.Reply(invite, 401, extra: "WWW-Authenticate: Digest realm=\"evil\", nonce=\"n1\"");
        bench.Expect("ACK");
        bench.ExpectNothing();
        Assert.Equal(401, bench.Happens<SipEvent.Rejected>().End.Status);
        Assert.Contains(new SipNote.CredentialsRefused("pbx", "1001", 401), bench.Notes);
    }

    [Fact]
    public void A_password_is_for_its_own_peer()
    {
        _bench.Do((layer, now) => layer.SetPeers([SipBench.DefaultPeer, SipBench.DefaultPeer with { Name = "other", Host = "192.0.2.10" }], now));
        _bench.Do((layer, now) => layer.Invite(new SipInvite("1001", "other", "1", default), now));
        _bench.Reply(_bench.Expect("INVITE"), 401, extra: "WWW-Authenticate: Digest realm=\"x\", nonce=\"n1\"");
        _bench.Expect("ACK");
        _bench.ExpectNothing();
        Assert.Equal(401, _bench.Happens<SipEvent.Rejected>().End.Status);
    }

    [Fact]
    public void Hung_up_while_challenged_the_INVITE_is_not_sent_again()
    {
        var (call, invite) = _bench.Call();
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        _bench.Reply(invite, 401, extra: "WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n1\"");
        _bench.Expect("ACK");
        _bench.ExpectNothing();
        _bench.Happens<SipEvent.Gone>();
        _bench.NothingHappens();
        _bench.EverythingEnds();
    }

    // RFC 2617 §3.2.2 for MD5, spelt out once more so that the layer is held against something else than itself.
    private static string Expected(string header, string user, string password, string method)
    {
        var a1 = Md5($"{user}:{Parameter(header, "realm")}:{password}");
        var a2 = Md5($"{method}:{Parameter(header, "uri")}");
        return Md5($"{a1}:{Parameter(header, "nonce")}:{Parameter(header, "nc")}:{Parameter(header, "cnonce")}:auth:{a2}");
    }

    private static string Parameter(string header, string name) => Regex.Match(header, $"[ ,]{name}=\"?([^\",]*)").Groups[1].Value;

#pragma warning disable CA5351 // What registrars ask for.
    private static string Md5(string text) => Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(System.Text.Encoding.UTF8.GetBytes(text)));
#pragma warning restore CA5351
}
