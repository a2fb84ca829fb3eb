namespace MgcpSipBridge.Sip.Tests.Layer;

/// <summary>Probes that operators ask for: every address of a peer is asked once, and something is said of each in time.</summary>
public sealed class ProbeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly SipBench _bench = new();

    [Fact]
    public void What_an_address_answers_is_told()
    {
        Assert.Equal(SipProbeStart.Begun, Probe(7));
        var question = _bench.Expect("OPTIONS");
        Assert.Equal("sip:192.0.2.9:5060", question.RequestUri);
        Assert.Equal("application/sdp", question.Header("Accept"));
        _bench.Wait(0.03);
        _bench.Reply(question, 200, extra: """
            Allow: INVITE, ACK
            Allow: BYE
            Supported: 100rel, timer
            User-Agent: Phone/1
            Server: PBX 18
            """);
        var probed = _bench.Happens<SipEvent.Probed>();
        Assert.Equal((7, "pbx", TimeSpan.FromMilliseconds(30)), (probed.Probe, probed.Report.Peer, probed.Report.Took));
        var only = Assert.Single(probed.Report.Attempts);
        Assert.Equal(("192.0.2.9", SipTransport.Udp, SipBench.Pbx, SipProbeOutcome.Answered), (only.Host, only.Transport, only.Address, only.Outcome));
        Assert.Equal((200, "Whatever", TimeSpan.FromMilliseconds(30), "Phone/1", "PBX 18"), (only.Status, only.Reason, only.RoundTrip, only.UserAgent, only.Server));
        Assert.Equal(["INVITE", "ACK", "BYE"], only.Allow);
        Assert.Equal(["100rel", "timer"], only.Supported);
        _bench.EverythingEnds();
        _bench.NothingHappens();
    }

    [Theory]
    [InlineData(401)]
    [InlineData(404)]
    [InlineData(503)]
    [InlineData(603)]
    public void Any_final_response_is_an_answer_and_nothing_is_shown_to_who_asks_for_a_password(int status)
    {
        Probe(1);
        var question = _bench.Expect("OPTIONS");
        _bench.Reply(question, 100);
        _bench.NothingHappens();
        _bench.Reply(question, status, extra: "WWW-Authenticate: Digest realm=\"a\", nonce=\"b\"");
        Assert.Equal((SipProbeOutcome.Answered, status), Only() is var attempt ? (attempt.Outcome, attempt.Status) : default);
        _bench.ExpectNothing();
        _bench.EverythingEnds();
    }

    [Fact]
    public void Silence_is_told_when_the_patience_is_over_and_nothing_is_sent_after_that()
    {
        Probe(1);
        _bench.Expect("OPTIONS");
        _bench.Wait(4.9);
        _bench.NothingHappens();
        _bench.Wait(0.1);
        Assert.Equal((SipProbeOutcome.NoAnswer, TimeSpan.Zero), Only() is var attempt ? (attempt.Outcome, attempt.RoundTrip) : default);
        // T1, 2*T1, 4*T1: 0.5, 1.5 and 3.5 s.
        Assert.Equal(3, _bench.Retransmitted.Count);
        // Impatience says nothing about the peer.
        Assert.Equal(SipPeerState.Unknown, _bench.Layer.StateOf("pbx", _bench.Now));
        Assert.Null(_bench.Layer.NextDeadline);
        _bench.EverythingEnds();
        Assert.Equal(3, _bench.Retransmitted.Count);
    }

    [Fact]
    public void An_answer_that_comes_too_late_belongs_to_nothing()
    {
        Probe(1);
        var question = _bench.Expect("OPTIONS");
        _bench.Wait(6);
        Only();
        _bench.Reply(question, 200);
        _bench.NothingHappens();
        Assert.Contains(new SipNote.Dropped(SipDropReason.NoTransaction, SipBench.Pbx), _bench.Notes);
    }

    [Fact]
    public void A_path_that_fails_is_told_at_once()
    {
        Probe(1);
        _bench.Expect("OPTIONS");
        _bench.Do((layer, now) => layer.FlowFailed(SipBench.Udp, now));
        Assert.Equal(SipProbeOutcome.Unreachable, Only().Outcome);
        _bench.EverythingEnds();
    }

    [Fact]
    public void Every_address_of_every_name_is_asked_and_what_cannot_be_is_told()
    {
        var bench = Named(SipBench.DefaultPeer with
        {
            Host = "pbx.example.net",
            Port = 0,
            Transport = null,
            Backups = new SipHops([new SipHop("backup.example.net", 0, null), new SipHop("192.0.2.9", 5060, SipTransport.Udp), new SipHop("192.0.2.50", 5061, SipTransport.Tls)]),
        });
        bench.Do((layer, now) => layer.Probe(1, "pbx", Patience, now));
        foreach (var lookUp in bench.LookUps.ToArray())
        {
            SipTarget[] targets = lookUp.Host == "pbx.example.net" ? [new(SipTransport.Udp, SipBench.Pbx), new(SipTransport.Udp, SipBench.Address("192.0.2.10:5060"))] : [];
            bench.Do((layer, now) => layer.Resolved(lookUp.Query, [.. targets], now));
        }

        bench.Reply(bench.Expect("OPTIONS"), 200);
        bench.Reply(bench.Expect("OPTIONS"), 503, extra: "Retry-After: 60");
        var report = bench.Happens<SipEvent.Probed>().Report;
        Assert.Equal(
            [
                // An address stands once: with the literal, for that needed no look-up.
                ("pbx.example.net", "192.0.2.10:5060", SipProbeOutcome.Answered, 503), ("backup.example.net", "", SipProbeOutcome.NameNotFound, 0),
                ("192.0.2.9", "192.0.2.9:5060", SipProbeOutcome.Answered, 200), ("192.0.2.50", "192.0.2.50:5061", SipProbeOutcome.NoListener, 0),
            ],
            report.Attempts.Select(a => (a.Host, a.Address.IsNone ? "" : a.Address.ToString(), a.Outcome, a.Status)));

        // One that asked to be left alone gets no calls; who wants to know how it does is told.
        bench.Do((layer, now) => layer.Probe(2, "pbx", Patience, now));
        bench.Reply(bench.Expect("OPTIONS"), 200);
        bench.Reply(bench.Expect("OPTIONS"), 200);
        Assert.Equal(4, bench.Happens<SipEvent.Probed>().Report.Attempts.Length);
    }

    [Fact]
    public void A_name_that_nobody_looks_up_is_waited_for_no_longer_than_an_answer()
    {
        var bench = Named(SipBench.DefaultPeer with { Host = "pbx.example.net", Port = 0 });
        bench.Do((layer, now) => layer.Probe(1, "pbx", Patience, now));
        bench.Wait(Patience);
        var only = Assert.Single(bench.Happens<SipEvent.Probed>().Report.Attempts);
        Assert.Equal(("pbx.example.net", SipProbeOutcome.NameNotFound), (only.Host, only.Outcome));
        bench.Do((layer, now) => layer.Resolved(bench.LookUps[0].Query, [new(SipTransport.Udp, SipBench.Pbx)], now));
        bench.ExpectNothing();
        bench.NothingHappens();
    }

    [Fact]
    public void A_name_with_very_many_addresses_is_not_asked_at_all_of_them()
    {
        var bench = Named(SipBench.DefaultPeer with { Host = "pbx.example.net", Port = 0 });
        bench.Do((layer, now) => layer.Probe(1, "pbx", Patience, now));
        bench.Do((layer, now) => layer.Resolved(bench.LookUps[0].Query, [.. Enumerable.Range(1, 20).Select(i => new SipTarget(SipTransport.Udp, SipBench.Address($"192.0.2.{100 + i}:5060")))], now));
        Assert.Equal(16, bench.Everything.Count);
        bench.Wait(Patience);
        var attempts = bench.Happens<SipEvent.Probed>().Report.Attempts;
        Assert.Equal((16, 4), (attempts.Count(a => a.Outcome == SipProbeOutcome.NoAnswer), attempts.Count(a => a.Outcome == SipProbeOutcome.NotTried)));
    }

    [Fact]
    public void A_peer_cannot_be_flooded_by_probes()
    {
        Assert.Equal(SipProbeStart.NoSuchPeer, Probe(1, "nobody"));
        for (var i = 2; i < 5; i++) Assert.Equal(SipProbeStart.Begun, Probe(i));
        Assert.Equal(SipProbeStart.TooOften, Probe(5));
        Assert.Equal(3, _bench.Everything.Count);
        _bench.Wait(5);
        Assert.Equal(SipProbeStart.Begun, Probe(6));
        Assert.Equal(SipProbeStart.TooOften, Probe(7));
        // As if it were another: it went and came back.
        _bench.Do((layer, now) => layer.SetPeers([], now));
        _bench.Do((layer, now) => layer.SetPeers([SipBench.DefaultPeer], now));
        Assert.Equal(SipProbeStart.Begun, Probe(8));
        _bench.EverythingEnds();
    }

    [Fact]
    public void What_a_peer_writes_moves_no_cursor_and_is_cut()
    {
        Probe(1);
        _bench.Reply(_bench.Expect("OPTIONS"), 200, extra: $"Server: {new string('x', 500)}\nUser-Agent: a\tb\nAllow: {string.Join(", ", Enumerable.Range(0, 100).Select(i => "M" + i))}");
        var only = Only();
        Assert.Equal((200, "a b", 32), (only.Server.Length, only.UserAgent, only.Allow.Length));
    }

    [Fact]
    public void The_end_of_the_layer_is_the_end_of_its_probes()
    {
        Probe(1);
        _bench.Expect("OPTIONS");
        _bench.Do((layer, now) => layer.UnregisterAll(now));
        Assert.Equal(SipProbeOutcome.NoAnswer, Only().Outcome);
        _bench.EverythingEnds();
    }

    private static SipBench Named(SipPeerModel peer)
    {
        var bench = new SipBench();
        bench.Do((layer, now) => layer.SetPeers([peer], now));
        return bench;
    }

    private SipProbeStart Probe(long number, string peer = "pbx")
    {
        var start = SipProbeStart.Begun;
        _bench.Do((layer, now) => start = layer.Probe(number, peer, Patience, now));
        return start;
    }

    private SipProbeAttempt Only() => Assert.Single(_bench.Happens<SipEvent.Probed>().Report.Attempts);
}
