namespace MgcpSipBridge.Sip.Tests.Layer;

public sealed class CancelTests
{
    private readonly SipBench _bench = new();

    [Fact]
    public void CANCEL_goes_the_way_of_the_INVITE_and_487_ends_it()
    {
        var (call, invite) = _bench.Call();
        _bench.Reply(invite, 180);
        _bench.Happens<SipEvent.Progressed>();
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        var cancel = _bench.Expect("CANCEL");
        Assert.Equal(
            (invite.Branch, invite.RequestUri, invite.CSeq, invite.Header("To"), invite.Flow, "Q.850;cause=16"),
            (cancel.Branch, cancel.RequestUri, cancel.CSeq, cancel.Header("To"), cancel.Flow, cancel.Header("Reason")));
        _bench.Reply(cancel, 200);
        _bench.NothingHappens();
        _bench.Reply(invite, 487);
        _bench.Expect("ACK");
        _bench.Happens<SipEvent.Gone>();
        _bench.NothingHappens();
        _bench.EverythingEnds();
    }

    [Fact]
    public void CANCEL_waits_for_a_provisional_response()
    {
        var (call, invite) = _bench.Call();
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        _bench.ExpectNothing();
        _bench.Wait(2);
        _bench.ExpectNothing();
        _bench.Reply(invite, 100, toTag: "");
        _bench.Reply(_bench.Expect("CANCEL"), 200);
        _bench.Reply(invite, 487);
        _bench.Expect("ACK");
        _bench.Happens<SipEvent.Gone>();
        _bench.NothingHappens();
        _bench.EverythingEnds();
    }

    [Fact]
    public void Nothing_came_at_all_so_there_was_nothing_to_cancel()
    {
        var (call, _) = _bench.Call();
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        _bench.Wait(33);
        _bench.ExpectNothing();
        _bench.Happens<SipEvent.Gone>();
        _bench.NothingHappens();
        _bench.EverythingEnds();
    }

    [Fact]
    public void CANCEL_and_200_cross_so_the_call_is_acknowledged_and_hung_up()
    {
        var (call, invite) = _bench.Call();
        _bench.Reply(invite, 180);
        _bench.Happens<SipEvent.Progressed>();
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        var cancel = _bench.Expect("CANCEL");
        _bench.Reply(invite, 200, body: SipBench.Answer);
        Assert.Equal(invite.CSeq, _bench.Expect("ACK").CSeq);
        var bye = _bench.Expect("BYE");
        _bench.Reply(cancel, 481);
        _bench.NothingHappens();
        _bench.Reply(bye, 200);
        _bench.Happens<SipEvent.Gone>();
        _bench.NothingHappens();
        _bench.EverythingEnds();
    }

    [Fact]
    public void A_200_to_an_INVITE_hung_up_before_any_response()
    {
        var (call, invite) = _bench.Call();
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        _bench.Reply(invite, 200, body: SipBench.Answer);
        _bench.Expect("ACK");
        _bench.Reply(_bench.Expect("BYE"), 200);
        _bench.Happens<SipEvent.Gone>();
        _bench.NothingHappens();
        _bench.EverythingEnds();
    }

    [Fact]
    public void Without_anything_final_64_T1_after_CANCEL_the_call_is_dropped()
    {
        var (call, invite) = _bench.Call();
        _bench.Reply(invite, 180);
        _bench.Happens<SipEvent.Progressed>();
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        _bench.Reply(_bench.Expect("CANCEL"), 200);
        _bench.Wait(31.9);
        _bench.NothingHappens();
        _bench.Wait(0.2);
        _bench.Happens<SipEvent.Gone>();
        _bench.NothingHappens();
        _bench.EverythingEnds();
    }

    [Fact]
    public void Hanging_up_twice_is_hanging_up_once()
    {
        var (call, invite) = _bench.Call();
        _bench.Reply(invite, 180);
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        _bench.Expect("CANCEL");
        _bench.ExpectNothing();
    }
}
