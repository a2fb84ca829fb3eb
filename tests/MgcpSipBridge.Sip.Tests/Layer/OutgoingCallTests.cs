namespace MgcpSipBridge.Sip.Tests.Layer;

public sealed class OutgoingCallTests
{
    private readonly SipBench _bench = new();

    [Fact]
    public void A_call_rings_is_answered_and_hung_up()
    {
        var (call, invite) = _bench.Call();
        Assert.Equal("sip:5551234@192.0.2.9:5060", invite.RequestUri);
        Assert.StartsWith("\"Alice\" <sip:1001@192.0.2.9>;tag=", invite.Header("From"), StringComparison.Ordinal);
        Assert.Equal("<sip:5551234@192.0.2.9>", invite.Header("To"));
        Assert.Equal("<sip:1001@192.0.2.1:5060>", invite.Header("Contact"));
        Assert.Equal("70", invite.Header("Max-Forwards"));
        Assert.Equal(SipBench.Allow, invite.Header("Allow"));
        Assert.Equal(SipBench.Offer, invite.Body);
        Assert.Equal(invite.CallId, _bench.Layer.CallIdOf(call));
        Assert.False(invite.Has("P-Asserted-Identity"));
        Assert.Equal("100rel, replaces, timer", invite.Header("Supported"));

        _bench.Reply(invite, 100, toTag: "");
        _bench.NothingHappens();
        _bench.Reply(invite, 180, "a");
        var ringing = _bench.Happens<SipEvent.Progressed>();
        Assert.Equal((call, 180, "a", 0), (ringing.Call, ringing.Status, ringing.EarlyDialog, ringing.Description.Length));
        Assert.Equal(new SipCounts(1, 1, 1, 0), _bench.Layer.Counts);

        _bench.Reply(invite, 200, "a", body: SipBench.Answer);
        var ack = _bench.Expect("ACK");
        Assert.Equal(("sip:bob@192.0.2.9:5060", invite.CSeq, "a"), (ack.RequestUri, ack.CSeq, ack.ToTag));
        Assert.NotEqual(invite.Branch, ack.Branch);
        var answered = _bench.Happens<SipEvent.Answered>();
        Assert.Equal(("a", SipBench.Answer), (answered.Dialog, SipBench.TextOf(answered.Description)));

        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        var bye = _bench.Expect("BYE");
        Assert.Equal(("sip:bob@192.0.2.9:5060", invite.CSeq + 1, "Q.850;cause=16"), (bye.RequestUri, bye.CSeq, bye.Header("Reason")));
        Assert.Equal((invite.FromTag, "a", invite.CallId), (bye.FromTag, bye.ToTag, bye.CallId));
        _bench.NothingHappens();
        _bench.Reply(bye, 200);
        Assert.Equal(call, _bench.Happens<SipEvent.Gone>().Call);
        Assert.Null(_bench.Layer.CallIdOf(call));
        _bench.EverythingEnds();
    }

    [Theory]
    [InlineData("*98#", "sip:*98%23@192.0.2.9:5060")]
    [InlineData("+4930123", "sip:+4930123@192.0.2.9:5060")]
    [InlineData("a b@c", "sip:a%20b%40c@192.0.2.9:5060")]
    public void The_called_user_is_escaped(string user, string uri) => Assert.Equal(uri, _bench.Call(user).Invite.RequestUri);

    [Fact]
    public void A_withheld_number_shows_nowhere_but_in_the_header_for_it()
    {
        var (_, invite) = _bench.Call(withheld: true);
        Assert.StartsWith("\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=", invite.Header("From"), StringComparison.Ordinal);
        Assert.Equal(("id", "<sip:1001@192.0.2.9>"), (invite.Header("Privacy"), invite.Header("P-Preferred-Identity")));
        Assert.DoesNotContain("1001", invite.Header("Contact"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_trunk_is_trusted_with_a_withheld_number()
    {
        var bench = new SipBench(SipBench.DefaultPeer with { Registration = SipRegistrationMode.None });
        Assert.Equal("<sip:1001@192.0.2.9>", bench.Call(withheld: true).Invite.Header("P-Asserted-Identity"));
    }

    [Theory]
    [InlineData(486, 17)]
    [InlineData(404, 0)]
    [InlineData(603, 21)]
    [InlineData(302, 0)]
    public void A_refusal_is_acknowledged_and_told(int status, int q850)
    {
        var (call, invite) = _bench.Call();
        _bench.Reply(invite, 180);
        _bench.Happens<SipEvent.Progressed>();
        _bench.Reply(invite, status, extra: q850 == 0 ? "" : $"Reason: SIP;cause=486, Q.850;cause={q850};text=\"x\"");
        var ack = _bench.Expect("ACK");
        Assert.Equal((invite.Branch, invite.RequestUri), (ack.Branch, ack.RequestUri));
        Assert.Equal(new SipEnd(status, q850), _bench.Happens<SipEvent.Rejected>().End);
        Assert.Equal(call, _bench.Happens<SipEvent.Gone>().Call);
        _bench.NothingHappens();
        _bench.EverythingEnds();
    }

    [Fact]
    public void Without_any_response_it_ends_after_64_T1()
    {
        _bench.Call();
        _bench.Wait(31.9);
        // Timer A doubles: 0.5, 1.5, 3.5, 7.5, 15.5, 31.5 s.
        Assert.Equal(6, _bench.Retransmitted.Count);
        _bench.NothingHappens();
        _bench.Wait(0.2);
        Assert.Equal(new SipEnd(408, Local: true), _bench.Happens<SipEvent.Rejected>().End);
        _bench.Happens<SipEvent.Gone>();
        _bench.EverythingEnds();
    }

    [Fact]
    public void A_transport_failure_counts_as_503()
    {
        _bench.Call();
        _bench.Do((layer, now) => layer.FlowFailed(SipBench.Udp, now));
        Assert.Equal(new SipEnd(503, Local: true), _bench.Happens<SipEvent.Rejected>().End);
        _bench.Happens<SipEvent.Gone>();
        _bench.EverythingEnds();
    }

    [Fact]
    public void It_does_not_ring_for_ever()
    {
        var (_, invite) = _bench.Call();
        _bench.Reply(invite, 180);
        _bench.Happens<SipEvent.Progressed>();
        _bench.Wait(241);
        var cancel = _bench.Expect("CANCEL");
        Assert.Equal(new SipEnd(408, Local: true), _bench.Happens<SipEvent.Rejected>().End);
        _bench.Reply(cancel, 200);
        _bench.Reply(invite, 487);
        _bench.Expect("ACK");
        _bench.Happens<SipEvent.Gone>();
        _bench.EverythingEnds();
    }

    [Fact]
    public void Each_repeat_of_the_200_is_acknowledged_by_the_same_bytes()
    {
        var (_, invite, ack) = _bench.Talk();
        _bench.Reply(invite, 200, body: SipBench.Answer);
        _bench.Reply(invite, 200, body: SipBench.Answer);
        Assert.Equal([ack.Text, ack.Text], _bench.Retransmitted.Select(wire => wire.Text));
        _bench.NothingHappens();
    }

    [Fact]
    public void Description_of_early_media_is_passed_on()
    {
        var (_, invite) = _bench.Call();
        _bench.Reply(invite, 183, body: SipBench.Answer);
        Assert.Equal(SipBench.Answer, SipBench.TextOf(_bench.Happens<SipEvent.Progressed>().Description));
        _bench.Reply(invite, 200);
        Assert.True(_bench.Happens<SipEvent.Answered>().Description.IsEmpty);
    }

    [Fact]
    public void A_delayed_offer_is_answered_in_the_ACK()
    {
        var (call, invite) = _bench.Call(offer: "");
        Assert.Equal("", invite.Body);
        _bench.Reply(invite, 200, body: SipBench.Answer);
        _bench.ExpectNothing();
        Assert.Equal(SipBench.Answer, SipBench.TextOf(_bench.Happens<SipEvent.Answered>().Description));
        _bench.Reply(invite, 200, body: SipBench.Answer);
        _bench.ExpectNothing();
        _bench.Do((layer, now) => layer.AnswerOffer(call, SipBench.Bytes(SipBench.Offer), now));
        Assert.Equal(SipBench.Offer, _bench.Expect("ACK").Body);
        _bench.Reply(invite, 200, body: SipBench.Answer);
        Assert.Equal("ACK", Assert.Single(_bench.Retransmitted).Method);
    }

    [Fact]
    public void A_delayed_offer_that_does_not_suit_is_acknowledged_and_hung_up()
    {
        var (call, invite) = _bench.Call(offer: "");
        _bench.Reply(invite, 200, body: SipBench.Answer);
        _bench.Happens<SipEvent.Answered>();
        _bench.Do((layer, now) => layer.RefuseOffer(call, 488, now));
        _bench.Expect("ACK");
        var bye = _bench.Expect("BYE");
        Assert.Equal(new SipEnd(488, Local: true), _bench.Happens<SipEvent.HungUp>().End);
        _bench.Reply(bye, 200);
        _bench.Happens<SipEvent.Gone>();
        _bench.EverythingEnds();
    }

    [Fact]
    public void Who_is_unknown_cannot_call_and_cannot_be_called()
    {
        _bench.Do((layer, now) => layer.Invite(new SipInvite("9999", "pbx", "1", default), now));
        Assert.True(_bench.Happens<SipEvent.Rejected>().End.Local);
        _bench.Happens<SipEvent.Gone>();
        _bench.Do((layer, now) => layer.Invite(new SipInvite("1001", "nobody", "1", default), now));
        Assert.True(_bench.Happens<SipEvent.Rejected>().End.Local);
        _bench.Happens<SipEvent.Gone>();
        _bench.EverythingEnds();
    }

    [Fact]
    public void The_peer_hangs_up()
    {
        var (call, invite, _) = _bench.Talk();
        _bench.Request("BYE", invite.CallId, toTag: invite.FromTag, fromTag: "peer", extra: "Reason: Q.850;cause=31");
        Assert.Equal(invite.FromTag, _bench.Expect("200").ToTag);
        Assert.Equal((call, new SipEnd(0, 31)), _bench.Happens<SipEvent.HungUp>() is var hungUp ? (hungUp.Call, hungUp.End) : default);
        _bench.Happens<SipEvent.Gone>();
        _bench.EverythingEnds();
    }

    [Fact]
    public void BYE_and_BYE_cross()
    {
        var (call, invite, _) = _bench.Talk();
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        var bye = _bench.Expect("BYE");
        _bench.Request("BYE", invite.CallId, toTag: invite.FromTag, fromTag: "peer");
        _bench.Expect("200");
        _bench.NothingHappens();
        _bench.Reply(bye, 481);
        _bench.Happens<SipEvent.Gone>();
        _bench.NothingHappens();
        _bench.EverythingEnds();
    }

    [Fact]
    public void A_BYE_that_nobody_answers_ends_too()
    {
        var (call, _, _) = _bench.Talk();
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        _bench.Expect("BYE");
        _bench.Wait(32);
        _bench.Happens<SipEvent.Gone>();
        _bench.EverythingEnds();
    }

    [Fact]
    public void A_BYE_that_came_instead_of_every_lost_200_ends_the_call()
    {
        var (_, invite) = _bench.Call();
        _bench.Reply(invite, 180);
        _bench.Happens<SipEvent.Progressed>();
        _bench.Request("BYE", invite.CallId, toTag: invite.FromTag, fromTag: "peer");
        _bench.Expect("200");
        Assert.Equal(480, _bench.Happens<SipEvent.Rejected>().End.Status);
        _bench.Expect("CANCEL");
        _bench.Reply(invite, 487);
        _bench.Expect("ACK");
        _bench.Happens<SipEvent.Gone>();
        _bench.EverythingEnds();
    }

    [Fact]
    public void Handles_of_calls_that_are_gone_do_nothing()
    {
        var (call, invite) = _bench.Call();
        _bench.Reply(invite, 486);
        _bench.Expect("ACK");
        _bench.Do((layer, now) =>
        {
            layer.HangUp(call, 16, now);
            layer.Answer(call, default, now);
            layer.Progress(call, 180, default, now);
            layer.Reject(call, 486, 17, null, now);
            layer.AnswerOffer(call, default, now);
            layer.RefuseOffer(call, 488, now);
        });
        _bench.ExpectNothing();
    }
}
