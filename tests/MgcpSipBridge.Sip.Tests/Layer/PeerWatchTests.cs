namespace MgcpSipBridge.Sip.Tests.Layer;

/// <summary>Asking peers by OPTIONS whether they are there.</summary>
public sealed class PeerWatchTests
{
    private static readonly SipSettings Settings = SipBench.DefaultSettings with { PingInterval = TimeSpan.FromSeconds(60) };
    private readonly SipBench _bench = new(settings: Settings);

    [Fact]
    public void A_peer_that_answers_is_up_whatever_it_says_and_asked_again_after_the_interval()
    {
        Assert.Equal(SipPeerState.Unknown, _bench.Layer.StateOf("pbx", _bench.Now));
        _bench.Wait(6);
        var first = _bench.Expect("OPTIONS");
        Assert.Equal("sip:192.0.2.9:5060", first.RequestUri);
        Assert.Equal(SipBench.Pbx, first.Flow.Remote);
        _bench.Reply(first, 404);
        Assert.Equal(SipPeerState.Up, _bench.Layer.StateOf("pbx", _bench.Now));
        _bench.Wait(53);
        _bench.ExpectNothing();
        _bench.Wait(14);
        _bench.Reply(_bench.Expect("OPTIONS"), 200);
        Assert.Equal([SipPeerState.Unknown, SipPeerState.Up], Changes());
    }

    [Fact]
    public void A_peer_that_falls_silent_is_down_after_the_second_question_and_up_with_its_first_answer()
    {
        Up();
        _bench.Wait(67);
        _bench.Expect("OPTIONS");
        // Timer F: 64*T1.
        _bench.Wait(32.1);
        Assert.Equal(SipPeerState.Up, _bench.Layer.StateOf("pbx", _bench.Now));
        _bench.Wait(1);
        _bench.Expect("OPTIONS");
        _bench.Wait(32.1);
        Assert.Equal(SipPeerState.Down, _bench.Layer.StateOf("pbx", _bench.Now));
        _bench.Wait(67);
        _bench.Reply(_bench.Expect("OPTIONS"), 200);
        Assert.Equal([SipPeerState.Unknown, SipPeerState.Up, SipPeerState.Down, SipPeerState.Up], Changes());
    }

    [Fact]
    public void A_peer_that_is_down_is_asked_ever_more_rarely_but_at_least_every_fourth_interval()
    {
        var pauses = new List<int>();
        for (var asked = 0; asked < 8; asked++)
        {
            var seconds = 0;
            for (var before = _bench.Everything.Count; _bench.Everything.Count == before; seconds++) _bench.Wait(1);
            pauses.Add(seconds);
            _bench.Reply(_bench.Expect("OPTIONS"), 503);
        }

        Assert.Equal([SipPeerState.Unknown, SipPeerState.Down], Changes());
        int[] intervals = [1, 1, 2, 3, 4, 4, 4];
        Assert.All(intervals.Zip(pauses.Skip(1)), pair => Assert.InRange(pair.Second, pair.First * 54, (pair.First * 66) + 1));
    }

    [Fact]
    public void A_peer_that_is_taken_away_is_asked_no_more()
    {
        Up();
        _bench.Do((layer, now) => layer.SetPeers([], now));
        _bench.Wait(200);
        _bench.ExpectNothing();
        Assert.Equal([SipPeerState.Unknown, SipPeerState.Up, null], Changes());
        Assert.Null(_bench.Layer.NextDeadline);
    }

    [Fact]
    public void An_answer_that_comes_after_the_peer_changed_counts_for_nobody()
    {
        _bench.Wait(6);
        var question = _bench.Expect("OPTIONS");
        _bench.Do((layer, now) => layer.SetPeers([SipBench.DefaultPeer with { Realm = "new" }], now));
        _bench.Reply(question, 200);
        Assert.Equal(SipPeerState.Unknown, _bench.Layer.StateOf("pbx", _bench.Now));
        _bench.Wait(6);
        _bench.Reply(_bench.Expect("OPTIONS"), 200);
        Assert.Equal(SipPeerState.Up, _bench.Layer.StateOf("pbx", _bench.Now));
    }

    [Fact]
    public void Nobody_is_asked_after_the_end()
    {
        Up();
        _bench.Do((layer, now) => layer.UnregisterAll(now));
        _bench.Do((layer, now) => layer.SetPeers([SipBench.DefaultPeer with { Realm = "new" }], now));
        _bench.Wait(600);
        _bench.ExpectNothing();
    }

    [Fact]
    public void Nobody_is_asked_without_an_interval()
    {
        var bench = new SipBench();
        bench.Wait(600);
        bench.ExpectNothing();
    }

    private void Up()
    {
        _bench.Wait(6);
        _bench.Reply(_bench.Expect("OPTIONS"), 200);
    }

    private IEnumerable<SipPeerState?> Changes() => _bench.Notes.OfType<SipNote.PeerChanged>().Select(n => n.State);
}
