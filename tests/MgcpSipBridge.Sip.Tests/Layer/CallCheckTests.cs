namespace MgcpSipBridge.Sip.Tests.Layer;

/// <summary>Calls that no session timer watches are asked, by OPTIONS inside them, whether they are still there.</summary>
public sealed class CallCheckTests
{
    private readonly SipBench _bench = new();

    [Theory]
    [InlineData(200)]
    [InlineData(405)]
    [InlineData(501)]
    [InlineData(503)]
    public void Whoever_answers_has_the_call(int status)
    {
        var (call, invite, _) = _bench.Talk();
        for (var i = 0; i < 3; i++)
        {
            _bench.Wait(TimeSpan.FromMinutes(4.4));
            _bench.ExpectNothing();
            var options = NextQuestion();
            Assert.Equal((invite.CallId, "peer", invite.CSeq + 1 + i), (options.CallId, options.ToTag, options.CSeq));
            _bench.Reply(options, status);
        }

        _bench.NothingHappens();
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        _bench.Reply(_bench.Expect("BYE"), 200);
        _bench.Happens<SipEvent.Gone>();
        _bench.EverythingEnds();
    }

    [Fact]
    public void A_peer_that_has_lost_the_call_ends_it()
    {
        _bench.Talk();
        _bench.Reply(NextQuestion(), 481);
        Assert.Equal(481, _bench.Happens<SipEvent.HungUp>().End.Status);
        _bench.Reply(_bench.Expect("BYE"), 481);
        _bench.Happens<SipEvent.Gone>();
        _bench.EverythingEnds();
    }

    [Fact]
    public void A_network_that_was_away_for_a_moment_ends_no_call()
    {
        var (_, ok) = _bench.IncomingTalk();
        Assert.Equal(ok.FromTag, NextQuestion().ToTag);
        _bench.Wait(32);
        _bench.NothingHappens();
        _bench.Reply(_bench.Expect("OPTIONS"), 200);
        _bench.Wait(60);
        _bench.NothingHappens();
    }

    [Fact]
    public void A_peer_that_answers_no_more_ends_it()
    {
        _bench.IncomingTalk();
        NextQuestion();
        _bench.Wait(63.9);
        _bench.NothingHappens();
        _bench.Wait(0.2);
        Assert.Equal(new SipEnd(408, Local: true), _bench.Happens<SipEvent.HungUp>().End);
        _bench.Expect("OPTIONS");
        _bench.Expect("BYE");
        _bench.EverythingEnds();
    }

    [Fact]
    public void Where_a_session_timer_watches_nobody_is_asked()
    {
        _bench.Talk("Session-Expires: 1800;refresher=uas");
        _bench.Wait(1700);
        _bench.ExpectNothing();
        // Nor once the session has one.
        var bench = new SipBench();
        var (_, ok) = bench.IncomingTalk();
        bench.Request("UPDATE", cseq: 2, toTag: ok.ToTag, extra: "Supported: timer\nSession-Expires: 1800;refresher=uac");
        bench.Expect("200");
        bench.Wait(1700);
        bench.ExpectNothing();
    }

    private WireText NextQuestion()
    {
        for (var sent = _bench.Everything.Count; _bench.Everything.Count == sent;) _bench.Wait(0.1);
        return _bench.Expect("OPTIONS");
    }
}
