namespace MgcpSipBridge.Sip.Tests.Layer;

public sealed class ForkTests
{
    private readonly SipBench _bench = new();

    [Fact]
    public void Each_fork_has_its_early_dialog_and_the_first_answer_wins()
    {
        var (call, invite) = _bench.Call();
        _bench.Reply(invite, 180, "a");
        _bench.Reply(invite, 183, "b", body: SipBench.Answer);
        Assert.Equal("a", _bench.Happens<SipEvent.Progressed>().EarlyDialog);
        Assert.Equal("b", _bench.Happens<SipEvent.Progressed>().EarlyDialog);
        Assert.Equal(2, _bench.Layer.Counts.Dialogs);

        _bench.Reply(invite, 200, "b", contact: "sip:b@192.0.2.9:5070");
        Assert.Equal("sip:b@192.0.2.9:5070", _bench.Expect("ACK").RequestUri);
        Assert.Equal("b", _bench.Happens<SipEvent.Answered>().Dialog);

        _bench.Reply(invite, 200, "a", contact: "sip:a@192.0.2.9:5071", body: SipBench.Answer);
        var ack = _bench.Expect("ACK");
        var bye = _bench.Expect("BYE");
        Assert.Equal(("a", "sip:a@192.0.2.9:5071", "a", "sip:a@192.0.2.9:5071"), (ack.ToTag, ack.RequestUri, bye.ToTag, bye.RequestUri));
        _bench.NothingHappens();
        _bench.Reply(invite, 200, "a", contact: "sip:a@192.0.2.9:5071", body: SipBench.Answer);
        Assert.Equal(ack.Text, Assert.Single(_bench.Retransmitted).Text);
        _bench.Reply(bye, 200);
        Assert.Equal((1, 1), (_bench.Layer.Counts.Calls, _bench.Layer.Counts.Dialogs));

        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        _bench.Reply(_bench.Expect("BYE"), 200);
        _bench.Happens<SipEvent.Gone>();
        _bench.EverythingEnds();
    }

    [Fact]
    public void A_fork_that_answers_after_the_call_is_gone_is_still_hung_up()
    {
        var (call, invite, _) = _bench.Talk();
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        _bench.Reply(_bench.Expect("BYE"), 200);
        _bench.Happens<SipEvent.Gone>();
        _bench.Reply(invite, 200, "late", body: SipBench.Answer);
        Assert.Equal("late", _bench.Expect("ACK").ToTag);
        var bye = _bench.Expect("BYE");
        Assert.Equal("late", bye.ToTag);
        _bench.Reply(bye, 200);
        _bench.NothingHappens();
        _bench.EverythingEnds();
    }

    [Fact]
    public void Early_dialogs_of_forks_that_never_answer_end_64_T1_after_the_answer()
    {
        var (_, invite) = _bench.Call();
        _bench.Reply(invite, 180, "a");
        _bench.Reply(invite, 180, "b");
        _bench.Reply(invite, 200, "b", body: SipBench.Answer);
        Assert.Equal(2, _bench.Layer.Counts.Dialogs);
        _bench.Wait(33);
        Assert.Equal(1, _bench.Layer.Counts.Dialogs);
    }

    [Fact]
    public void Offers_in_dialogs_that_lost_are_not_the_calls()
    {
        var (_, invite) = _bench.Call();
        _bench.Reply(invite, 180, "a");
        _bench.Reply(invite, 200, "b", body: SipBench.Answer);
        _bench.Expect("ACK");
        _bench.Happens<SipEvent.Progressed>();
        _bench.Happens<SipEvent.Answered>();
        _bench.Request("UPDATE", invite.CallId, toTag: invite.FromTag, fromTag: "a", body: SipBench.Offer);
        _bench.Expect("481");
        _bench.Request("BYE", invite.CallId, cseq: 2, toTag: invite.FromTag, fromTag: "a");
        _bench.Expect("200");
        _bench.NothingHappens();
        Assert.Equal(1, _bench.Layer.Counts.Dialogs);
    }

    [Fact]
    public void A_199_ends_one_early_dialog_only()
    {
        var (_, invite) = _bench.Call();
        _bench.Reply(invite, 180, "a");
        _bench.Reply(invite, 180, "b");
        _bench.Reply(invite, 199, "a");
        Assert.Equal(1, _bench.Layer.Counts.Dialogs);
        _bench.Happens<SipEvent.Progressed>();
        _bench.Happens<SipEvent.Progressed>();
        _bench.NothingHappens();
    }

    [Fact]
    public void A_peer_that_invents_tags_does_not_fill_our_memory()
    {
        var (_, invite) = _bench.Call();
        for (var i = 0; i < 1000; i++) _bench.Reply(invite, 180, "t" + i);
        Assert.InRange(_bench.Layer.Counts.Dialogs, 1, 100);
        _bench.Reply(invite, 486, "t0");
        Assert.Equal(0, _bench.Layer.Counts.Dialogs);
    }

    [Fact]
    public void A_failure_ends_every_early_dialog()
    {
        var (_, invite) = _bench.Call();
        _bench.Reply(invite, 180, "a");
        _bench.Reply(invite, 180, "b");
        _bench.Reply(invite, 603, "c");
        Assert.Equal(0, _bench.Layer.Counts.Dialogs);
        _bench.EverythingEnds();
    }
}
