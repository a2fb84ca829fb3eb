namespace MgcpSipBridge.Sip.Tests.Layer;

/// <summary>A server that says nothing is not waited for as long as RFC 3261 has it (Timer B, 32 s) while there is another one.</summary>
public sealed class SilenceTests
{
    private static readonly SipTarget First = new(SipTransport.Udp, SipBench.Address("192.0.2.11:5060"));
    private static readonly SipTarget Second = new(SipTransport.Udp, SipBench.Address("192.0.2.12:5060"));
    private readonly SipBench _bench = new(SipBench.DefaultPeer with { Host = "pbx.example.net", Port = 0 });

    [Fact]
    public void The_next_address_is_tried_and_the_silent_one_is_left_alone()
    {
        Resolve(First, Second);
        var (_, silent) = _bench.Call();
        _bench.Wait(3.4);
        _bench.ExpectNothing();
        _bench.Wait(0.2);
        var next = _bench.Expect("INVITE");
        Assert.Equal((Second.Address, silent.CallId), (next.Flow.Remote, next.CallId));
        Assert.NotEqual(silent.Branch, next.Branch);
        _bench.Reply(next, 100, toTag: "");
        var repeats = _bench.Retransmitted.Count;
        _bench.Wait(30);
        Assert.Equal(repeats, _bench.Retransmitted.Count);
        Assert.Contains(new SipNote.TargetChanged("pbx", First.Transport, First.Address, SipPeerState.Down), _bench.Notes);

        // The next caller does not wait at all.
        Assert.Equal(Second.Address, _bench.Call().Invite.Flow.Remote);
    }

    [Fact]
    public void It_wakes_up_and_is_cancelled()
    {
        var (call, silent, next) = GivenUp();
        _bench.Reply(silent, 180, toTag: "late");
        var cancel = _bench.Expect("CANCEL");
        Assert.Equal((silent.Branch, First.Address), (cancel.Branch, cancel.Flow.Remote));
        _bench.NothingHappens();
        _bench.Reply(silent, 487, toTag: "late");
        Assert.Equal(First.Address, _bench.Expect("ACK").Flow.Remote);
        _bench.Reply(next, 200, body: SipBench.Answer);
        _bench.Expect("ACK");
        Assert.Equal(call, _bench.Happens<SipEvent.Answered>().Call);
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        _bench.Reply(_bench.Expect("BYE"), 200);
        _bench.Happens<SipEvent.Gone>();
        EverythingEnds();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void It_answers_after_all_and_is_hung_up_on(bool talking)
    {
        var (call, silent, next) = GivenUp();
        if (talking)
        {
            _bench.Reply(next, 200, body: SipBench.Answer);
            _bench.Expect("ACK");
            _bench.Happens<SipEvent.Answered>();
        }

        _bench.Reply(silent, 200, toTag: "late", body: SipBench.Answer, contact: "sip:bob@192.0.2.11:5060");
        var ack = _bench.Expect("ACK");
        Assert.Equal(("late", First.Address), (ack.ToTag, ack.Flow.Remote));
        var bye = _bench.Expect("BYE");
        Assert.Equal(("late", First.Address), (bye.ToTag, bye.Flow.Remote));
        _bench.Reply(silent, 200, toTag: "late", body: SipBench.Answer, contact: "sip:bob@192.0.2.11:5060");
        Assert.Equal("ACK", _bench.Retransmitted[^1].StartLine[..3]);
        _bench.Reply(bye, 200);
        _bench.NothingHappens();
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        if (talking) _bench.Reply(_bench.Expect("BYE"), 200);
        else _bench.Reply(next, 487);
        _bench.Happens<SipEvent.Gone>();
        EverythingEnds();
    }

    [Fact]
    public void Where_another_peer_is_left_the_engine_hears_of_it_in_time()
    {
        Resolve(First);
        _bench.Do((layer, now) => layer.Invite(new SipInvite("1001", "pbx", "1", SipBench.Bytes(SipBench.Offer)) { HasAlternative = true }, now));
        var silent = _bench.Expect("INVITE");
        _bench.Wait(3.6);
        Assert.Equal(new SipEnd(408, Local: true), _bench.Happens<SipEvent.Rejected>().End);
        _bench.Happens<SipEvent.Gone>();
        _bench.Reply(silent, 200, toTag: "late", body: SipBench.Answer, contact: "sip:bob@192.0.2.11:5060");
        Assert.Equal("late", _bench.Expect("ACK").ToTag);
        _bench.Reply(_bench.Expect("BYE"), 200);
        _bench.NothingHappens();
        EverythingEnds();
    }

    [Fact]
    public void Without_another_place_to_try_it_is_waited_for()
    {
        Resolve(First);
        _bench.Call();
        _bench.Wait(31.9);
        _bench.NothingHappens();
        _bench.Wait(0.2);
        Assert.Equal(new SipEnd(408, Local: true), _bench.Happens<SipEvent.Rejected>().End);
    }

    [Fact]
    public void A_server_that_says_a_word_is_waited_for()
    {
        Resolve(First, Second);
        var (_, invite) = _bench.Call();
        _bench.Reply(invite, 100, toTag: "");
        _bench.Wait(60);
        _bench.ExpectNothing();
    }

    [Fact]
    public void Who_calls_for_help_takes_an_old_address_rather_than_waiting_for_a_name()
    {
        Resolve(First);
        _bench.Wait(59);
        // The name servers have gone, too.
        _bench.Wait(30);
        var asked = _bench.LookUps.Count;
        _bench.Do((layer, now) => layer.Invite(new SipInvite("1001", "pbx", "1", SipBench.Bytes(SipBench.Offer)), now));
        _bench.ExpectNothing();
        _bench.Do((layer, now) => layer.Invite(new SipInvite("1001", "pbx", "112", SipBench.Bytes(SipBench.Offer)) { Emergency = true }, now));
        Assert.Equal("sip:112@pbx.example.net", _bench.Expect("INVITE").RequestUri);
        Assert.InRange(_bench.LookUps.Count, asked, asked + 1);
    }

    [Fact]
    public void Who_calls_for_help_takes_a_literal_address_rather_than_waiting_for_a_name()
    {
        var backup = new SipHops([new SipHop("192.0.2.12", 5060, SipTransport.Udp)]);
        var bench = new SipBench(SipBench.DefaultPeer with { Host = "pbx.example.net", Port = 0, Backups = backup });
        bench.Do((layer, now) => layer.Invite(new SipInvite("1001", "pbx", "112", SipBench.Bytes(SipBench.Offer)) { Emergency = true }, now));
        Assert.Equal(Second.Address, bench.Expect("INVITE").Flow.Remote);
        Assert.Single(bench.LookUps);
    }

    private (SipCallHandle Call, WireText Silent, WireText Next) GivenUp()
    {
        Resolve(First, Second);
        var (call, silent) = _bench.Call();
        _bench.Wait(3.6);
        var next = _bench.Expect("INVITE");
        _bench.Reply(next, 180);
        _bench.Happens<SipEvent.Progressed>();
        return (call, silent, next);
    }

    // The peer's name is asked for again and again.
    private void EverythingEnds()
    {
        _bench.Wait(200);
        Assert.Equal(default, _bench.Layer.Counts);
    }

    private void Resolve(params SipTarget[] targets) =>
        _bench.Do((layer, now) => layer.Resolved(_bench.LookUps[^1].Query, [.. targets], now));
}
