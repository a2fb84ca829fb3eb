namespace MgcpSipBridge.Sip.Tests.Layer;

/// <summary>A peer with a second server that no DNS knows of, and what is remembered of each.</summary>
public sealed class CircuitTests
{
    private static readonly SipPeerModel Pair = SipBench.DefaultPeer with { Backups = new([new SipHop("192.0.2.10", 5062, SipTransport.Udp)]) };
    private static readonly SansIo.NetAddress Second = SipBench.Address("192.0.2.10:5062");
    private readonly SipBench _bench = new(Pair);

    [Fact]
    public void Both_are_heard_and_calls_go_to_the_first()
    {
        _bench.Request("OPTIONS", flow: SipBench.Udp with { Remote = Second });
        _bench.Expect("200");
        var (_, invite) = _bench.Call();
        Assert.Equal(SipBench.Pbx, invite.Flow.Remote);
        Assert.Equal("sip:5551234@192.0.2.9:5060", invite.RequestUri);
    }

    [Fact]
    public void When_the_first_is_silent_the_second_is_tried_and_later_calls_go_there_at_once_until_the_first_may_be_back()
    {
        Fail(_bench.Call().Invite);
        var second = _bench.Expect("INVITE");
        Assert.Equal(Second, second.Flow.Remote);
        Answer(second);
        Assert.Equal([(SipBench.Pbx, SipPeerState.Unknown), (Second, SipPeerState.Unknown), (SipBench.Pbx, SipPeerState.Down), (Second, SipPeerState.Up)], Changes());

        Assert.Equal(Second, Reached());
        // A registration tries the first one sooner, and its answer brings the calls back.
        _bench.Wait(31);
        Assert.Equal(Second, Reached());
        _bench.Do((layer, now) => layer.SetAccount(SipBench.Line with { Register = true }, now));
        _bench.Wait(0.1);
        var register = _bench.Expect("REGISTER");
        Assert.Equal(SipBench.Pbx, register.Flow.Remote);
        _bench.Reply(register, 200, extra: "Contact: <sip:1001@192.0.2.1:5060>;expires=3600", contact: null);
        _bench.Happens<SipEvent.RegistrationChanged>();
        _bench.Happens<SipEvent.RegistrationChanged>();
        Assert.Equal(SipBench.Pbx, Reached());
    }

    [Fact]
    public void Without_any_other_request_calls_try_the_first_again_after_five_minutes()
    {
        Fail(_bench.Call().Invite);
        Answer(_bench.Expect("INVITE"));
        _bench.Wait(299);
        Assert.Equal(Second, Reached());
        _bench.Wait(2);
        Assert.Equal(SipBench.Pbx, Reached());
    }

    [Fact]
    public void A_connection_that_cannot_be_made_opens_the_circuit_too()
    {
        var (_, invite) = _bench.Call();
        _bench.Do((layer, now) => layer.FlowFailed(invite.Flow, now));
        Answer(_bench.Expect("INVITE"));
        Assert.Equal(Second, Reached());
        Assert.Equal(SipPeerState.Up, _bench.Layer.StateOf("pbx", _bench.Now));
    }

    [Fact]
    public void A_peer_is_down_when_none_of_its_servers_answers_and_calls_are_tried_in_order_all_the_same()
    {
        var (_, invite) = _bench.Call();
        _bench.Do((layer, now) => layer.FlowFailed(invite.Flow, now));
        var next = _bench.Expect("INVITE");
        _bench.Do((layer, now) => layer.FlowFailed(next.Flow, now));
        Assert.Equal(503, _bench.Happens<SipEvent.Rejected>().End.Status);
        _bench.Happens<SipEvent.Gone>();
        Assert.Equal(SipPeerState.Down, _bench.Layer.StateOf("pbx", _bench.Now));
        Assert.Equal(SipBench.Pbx, _bench.Call().Invite.Flow.Remote);
        _bench.Wait(64 + 301);
        Assert.Equal(SipPeerState.Unknown, _bench.Layer.StateOf("pbx", _bench.Now));
    }

    [Theory]
    [InlineData(20, 19, 2)]
    // Nobody is believed who wants to be left alone for hours (Sip:RetryAfterMax).
    [InlineData(7200, 59, 2)]
    public void Who_asks_to_be_left_alone_gets_nothing_for_so_long(int asked, double alone, double more)
    {
        _bench.Reply(_bench.Call().Invite, 503, extra: $"Retry-After: {asked}");
        _bench.Expect("ACK");
        Answer(_bench.Expect("INVITE"));
        Assert.Equal(Second, Reached());
        // Both: then there is nobody to call, at once.
        _bench.Reply(_bench.Call().Invite, 503, extra: $"Retry-After: {asked}");
        _bench.Expect("ACK");
        Assert.Equal(new SipEnd(503) { RetryAfter = TimeSpan.FromSeconds(asked) }, _bench.Happens<SipEvent.Rejected>().End);
        _bench.Happens<SipEvent.Gone>();
        _bench.Do((layer, now) => layer.Invite(new SipInvite("1001", "pbx", "1", SipBench.Bytes(SipBench.Offer)), now));
        _bench.ExpectNothing();
        Assert.Equal(new SipEnd(503, Local: true), _bench.Happens<SipEvent.Rejected>().End);
        _bench.Happens<SipEvent.Gone>();
        _bench.Wait(alone - 1);
        _bench.Do((layer, now) => layer.Invite(new SipInvite("1001", "pbx", "1", SipBench.Bytes(SipBench.Offer)), now));
        _bench.ExpectNothing();
        _bench.Wait(more);
        Assert.Equal(SipBench.Pbx, _bench.Call().Invite.Flow.Remote);
    }

    [Fact]
    public void A_call_for_help_is_held_back_by_nobody()
    {
        _bench.Reply(_bench.Call().Invite, 503, extra: "Retry-After: 50");
        _bench.Expect("ACK");
        _bench.Reply(_bench.Expect("INVITE"), 503, extra: "Retry-After: 50");
        _bench.Expect("ACK");
        _bench.Do((layer, now) => layer.Invite(new SipInvite("1001", "pbx", "112", SipBench.Bytes(SipBench.Offer)) { Emergency = true }, now));
        Assert.Equal("emergency", _bench.Expect("INVITE").Header("Priority"));
    }

    [Fact]
    public void A_503_for_one_call_is_not_held_against_the_server()
    {
        _bench.Reply(_bench.Call().Invite, 503);
        _bench.Expect("ACK");
        Answer(_bench.Expect("INVITE"));
        Assert.Equal(SipBench.Pbx, Reached());
    }

    [Fact]
    public void Each_server_is_asked_by_OPTIONS_and_the_peer_is_up_while_one_answers()
    {
        var bench = new SipBench(Pair, SipBench.DefaultSettings with { PingInterval = TimeSpan.FromSeconds(60) });
        bench.Wait(6);
        var (first, second) = (bench.Expect("OPTIONS"), bench.Expect("OPTIONS"));
        Assert.Equal((SipBench.Pbx, Second), (first.Flow.Remote, second.Flow.Remote));
        bench.Reply(second, 200);
        Assert.Equal(SipPeerState.Up, bench.Layer.StateOf("pbx", bench.Now));
        // Timer F of the first one.
        bench.Wait(33);
        Assert.Contains(new SipNote.TargetChanged("pbx", SipTransport.Udp, SipBench.Pbx, SipPeerState.Down), bench.Notes);
        var (_, invite) = bench.Call();
        Assert.Equal(Second, invite.Flow.Remote);
        bench.Reply(invite, 100, toTag: "");
        bench.Wait(34);
        WireText[] again = [bench.Expect("OPTIONS"), bench.Expect("OPTIONS")];
        bench.Reply(Assert.Single(again, options => options.Flow.Remote == SipBench.Pbx), 200);
        Assert.Equal(SipBench.Pbx, bench.Call().Invite.Flow.Remote);
        Assert.Single(bench.Notes.OfType<SipNote.PeerChanged>(), note => note.State == SipPeerState.Up);
    }

    [Fact]
    public void What_a_peer_has_no_more_is_forgotten()
    {
        _bench.Do((layer, now) => layer.SetPeers([SipBench.DefaultPeer], now));
        Assert.Equal((Second, null), Changes()[^1]);
        _bench.Do((layer, now) => layer.SetPeers([], now));
        Assert.Equal((SipBench.Pbx, null), Changes()[^1]);
        Assert.Equal(SipPeerState.Unknown, _bench.Layer.StateOf("pbx", _bench.Now));
    }

    private void Fail(WireText invite)
    {
        Assert.Equal(SipBench.Pbx, invite.Flow.Remote);
        _bench.Wait(3.6);
    }

    private void Answer(WireText invite)
    {
        _bench.Reply(invite, 486);
        _bench.Expect("ACK");
        _bench.Happens<SipEvent.Rejected>();
        _bench.Happens<SipEvent.Gone>();
    }

    private SansIo.NetAddress Reached()
    {
        var (_, invite) = _bench.Call();
        Answer(invite);
        return invite.Flow.Remote;
    }

    private (SansIo.NetAddress, SipPeerState?)[] Changes() => [.. _bench.Notes.OfType<SipNote.TargetChanged>().Select(note => (note.Address, note.State))];
}
