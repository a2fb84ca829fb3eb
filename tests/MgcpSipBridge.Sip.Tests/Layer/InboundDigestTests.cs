using System.Globalization;

namespace MgcpSipBridge.Sip.Tests.Layer;

/// <summary>A peer that must show its password before it is heard (RFC 3261 §22, RFC 7616).</summary>
public sealed class InboundDigestTests
{
    private static readonly SipPeerModel Trunk = SipBench.DefaultPeer with { Challenged = true, Username = "carrier", Password = "its secret", Realm = "bridge.example.net" };
    private readonly SipBench _bench = new(Trunk);
    private int _turn;

    [Fact]
    public void A_call_is_taken_when_the_password_was_shown_and_not_before()
    {
        var challenges = Asked(Ask());
        Assert.Equal(["SHA-256", "MD5"], challenges.Select(c => c.AlgorithmName));
        Assert.All(challenges, c => Assert.Equal(("bridge.example.net", true, false), (c.Realm, c.WithQop, c.Stale)));
        _bench.NothingHappens();
        // Either will do; both have one nonce, whose uses are counted together.
        var count = 0u;
        foreach (var challenge in challenges)
        {
            Ask(Show(challenge, ++count));
            _bench.Expect("100");
            _bench.Happens<SipEvent.IncomingCall>();
        }

        Assert.Equal([SipChallengeResult.Asked, SipChallengeResult.Accepted, SipChallengeResult.Accepted], Results());
    }

    [Theory]
    [InlineData("carrier", "another secret", "sip:1001@192.0.2.1:5060")]
    [InlineData("somebody", "its secret", "sip:1001@192.0.2.1:5060")]
    // What was signed was another call.
    [InlineData("carrier", "its secret", "sip:1002@192.0.2.1:5060")]
    public void What_is_wrong_is_asked_for_again_and_nothing_else_is_told(string user, string password, string uri)
    {
        var challenge = Asked(Ask())[0];
        var again = Asked(Ask(Show(challenge, user: user, password: password, uri: uri)));
        Assert.All(again, c => Assert.False(c.Stale));
        _bench.NothingHappens();
        Assert.Equal(SipChallengeResult.Refused, Results()[^1]);
    }

    [Fact]
    public void The_answer_is_the_same_for_lines_that_exist_and_for_those_that_do_not()
    {
        string[] answers = [.. ((string[])["1001", "4711", "nobody"]).Select(user =>
        {
            Ask(uri: $"sip:{user}@192.0.2.1:5060");
            _bench.Expect("100");
            var refusal = _bench.Expect("401");
            // All but what is random, and the names of the question itself.
            return string.Join('\n', refusal.Text.Split("\r\n").Where(line => !line.StartsWith("Via:", StringComparison.Ordinal) && !line.StartsWith("Call-ID:", StringComparison.Ordinal) && !line.StartsWith("To:", StringComparison.Ordinal)));
        })];
        Assert.Single(answers.Distinct());
        _bench.NothingHappens();
    }

    [Theory]
    [InlineData("REGISTER")]
    [InlineData("SUBSCRIBE")]
    [InlineData("MESSAGE")]
    [InlineData("NOTIFY")]
    [InlineData("REFER")]
    [InlineData("BYE")]
    public void Whatever_is_asked_outside_of_a_call_is_asked_back(string method)
    {
        _bench.Request(method);
        _bench.Expect("401");
    }

    [Fact]
    public void Whether_we_are_there_may_be_asked_without()
    {
        _bench.Request("OPTIONS");
        _bench.Expect("200");
        _bench.Request("OPTIONS", callId: "x", uri: "sip:nobody@192.0.2.1");
        _bench.Expect("200");
    }

    [Fact]
    public void A_count_is_good_once_in_whatever_order_they_come()
    {
        var challenge = Asked(Ask())[0];
        foreach (var count in (uint[])[1, 4, 3, 2, 70])
        {
            Ask(Show(challenge, count));
            _bench.Expect("100");
            _bench.Happens<SipEvent.IncomingCall>();
        }

        // Used, or so long ago that nobody remembers: the password is right, so another nonce is offered.
        foreach (var count in (uint[])[3, 70, 5, 1]) Assert.All(Asked(Ask(Show(challenge, count))), c => Assert.True(c.Stale));
        Assert.Equal(SipChallengeResult.Stale, Results()[^1]);
    }

    [Fact]
    public void A_nonce_runs_out_and_the_next_one_is_asked_for_as_stale()
    {
        var challenge = Asked(Ask())[0];
        _bench.Wait(299);
        Ask(Show(challenge));
        _bench.Expect("100");
        _bench.Happens<SipEvent.IncomingCall>();
        _bench.Wait(2);
        var next = Asked(Ask(Show(challenge, 2)))[0];
        Assert.True(next.Stale);
        Assert.NotEqual(challenge.Nonce, next.Nonce);
        Ask(Show(next));
        _bench.Expect("100");
    }

    [Fact]
    public void What_was_used_with_a_nonce_is_not_taken_again_when_the_nonce_is_forgotten()
    {
        var digest = new InboundDigest(new SansIo.Entropy(3), TimeSpan.FromMinutes(5));
        var now = new SansIo.Instant(1_000_000);
        var first = Used(now);
        for (var i = 1; i <= InboundDigest.MostNonces; i++) Used(now += TimeSpan.FromMilliseconds(1));
        Assert.Equal(SipChallengeResult.Stale, Check(first, 1, now));
        // One of the same time or of before was perhaps used as well; the next one is good.
        Used(now + TimeSpan.FromMilliseconds(1));

        DigestChallenge Used(SansIo.Instant at)
        {
            var line = digest.Challenges("bridge.example.net", SipBench.Pbx, stale: false, at).First();
            Assert.True(DigestChallenge.TryParse(System.Text.Encoding.UTF8.GetBytes(line), out var challenge));
            Assert.Equal(SipChallengeResult.Accepted, Check(challenge, 1, at));
            return challenge;
        }

        SipChallengeResult Check(DigestChallenge challenge, uint count, SansIo.Instant at)
        {
            var text = $"INVITE sip:1001@192.0.2.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKn\r\nFrom: <sip:2001@192.0.2.9>;tag=1\r\nTo: <sip:1001@192.0.2.1>\r\nCall-ID: n\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n{Show(challenge, count)}\r\nContent-Length: 0\r\n\r\n";
            Assert.Equal(SipParseError.None, SipMessage.TryParse(SipBench.Bytes(text).Span, SipLimits.Default, out var request));
            return digest.Check(request!, "bridge.example.net", "carrier", "its secret", SipBench.Pbx, at);
        }
    }

    [Fact]
    public void A_nonce_of_another_source_or_of_nobody_is_worth_nothing()
    {
        var pair = new SipBench(Trunk with { Backups = new([new SipHop("192.0.2.10", 5060, SipTransport.Udp)]) });
        pair.Request("INVITE", body: SipBench.Offer);
        pair.Expect("100");
        var challenge = Read(pair.Expect("401"))[0];
        pair.Request("INVITE", callId: "other", body: SipBench.Offer, extra: Show(challenge), flow: SipBench.Udp with { Remote = SipBench.Address("192.0.2.10:5060") });
        pair.Expect("100");
        Assert.True(Read(pair.Expect("401"))[0].Stale);
        // Made up: a time to come, and any code.
        var forged = challenge with { Nonce = (pair.Now.Ticks + 1).ToString("x16", CultureInfo.InvariantCulture) + new string('0', 32) };
        pair.Request("INVITE", callId: "forged", body: SipBench.Offer, extra: Show(forged));
        pair.Expect("100");
        Assert.True(Read(pair.Expect("401"))[0].Stale);
        pair.NothingHappens();
    }

    [Theory]
    [InlineData("Authorization: Basic Y2FycmllcjppdHMgc2VjcmV0")]
    [InlineData("Authorization: Digest realm=\"bridge.example.net\"")]
    [InlineData("Authorization: Digest username=\"carrier\", realm=\"bridge.example.net\", nonce=\"x\", uri=\"sip:1001@192.0.2.1:5060\", response=\"\"")]
    [InlineData("Authorization: Digest username=\"carrier\", realm=\"bridge.example.net\", nonce=\"000000000000000100000000000000000000000000000000\", uri=\"sip:1001@192.0.2.1:5060\", response=\"0\", qop=auth, nc=zzzzzzzz, cnonce=\"a\"")]
    [InlineData("Authorization: ,,,\"")]
    public void Anything_else_in_its_place_is_not_taken(string header)
    {
        Asked(Ask(header));
        _bench.NothingHappens();
    }

    [Fact]
    public void Inside_a_call_its_tags_are_enough()
    {
        Ask(Show(Asked(Ask())[0]));
        _bench.Expect("100");
        var call = _bench.Happens<SipEvent.IncomingCall>().Call;
        _bench.Do((layer, now) => layer.Answer(call, SipBench.Bytes(SipBench.Answer), now));
        var ok = _bench.Expect("200");
        _bench.Request("ACK", callId: ok.CallId, cseq: 1, toTag: ok.ToTag);
        _bench.Happens<SipEvent.Confirmed>();
        _bench.Request("BYE", callId: ok.CallId, cseq: 2, toTag: ok.ToTag);
        _bench.Expect("200");
    }

    [Fact]
    public void Inside_a_subscription_of_ours_its_tags_are_enough()
    {
        _bench.Do((layer, now) => layer.SetAccount(SipBench.Line with { AsksForMessages = true }, now));
        _bench.Wait(5.1);
        var subscribe = _bench.Expect("SUBSCRIBE");
        const string told = "Event: message-summary\nSubscription-State: active";
        _bench.Request("NOTIFY", callId: subscribe.CallId, toTag: subscribe.FromTag, extra: told, body: "Messages-Waiting: yes\r\n", type: "application/simple-message-summary");
        _bench.Expect("200");
        Assert.True(_bench.Happens<SipEvent.MessagesWaiting>().Waiting);
        // Of a subscription that nobody knows nothing is believed.
        _bench.Request("NOTIFY", callId: "other", toTag: "made-up", extra: told, body: "Messages-Waiting: no\r\n", type: "application/simple-message-summary");
        _bench.Expect("481");
        _bench.NothingHappens();
    }

    private string Ask(string extra = "", string uri = "sip:1001@192.0.2.1:5060") =>
        _bench.Request("INVITE", callId: "a" + ++_turn, uri: uri, extra: extra, body: SipBench.Offer);

    private DigestChallenge[] Asked(string _)
    {
        _bench.Expect("100");
        return Read(_bench.Expect("401"));
    }

    private static DigestChallenge[] Read(WireText refusal) => [.. refusal.Headers("WWW-Authenticate").Select(value =>
    {
        Assert.True(DigestChallenge.TryParse(System.Text.Encoding.UTF8.GetBytes(value), out var challenge), value);
        return challenge;
    })];

    private static string Show(DigestChallenge challenge, uint count = 1, string user = "carrier", string password = "its secret", string uri = "sip:1001@192.0.2.1:5060") =>
        "Authorization: " + DigestCredentials.Header(challenge, user, password, "INVITE", uri, count, "0a4f113b");

    private SipChallengeResult[] Results() => [.. _bench.Notes.OfType<SipNote.Challenged>().Select(note => note.Result)];
}
