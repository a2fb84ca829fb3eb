namespace MgcpSipBridge.Sip.Tests.Layer;

/// <summary>Our own offers before the answer (UPDATE, RFC 3311 §5.1), and re-INVITEs of ours that leave the offer to the peer.</summary>
public sealed class EarlyOfferTests
{
    private const string Other = "v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
    private const string Reliable = "Require: 100rel\nRSeq: 1\nAllow: INVITE, UPDATE";
    private readonly SipBench _bench = new();

    [Fact]
    public void A_caller_offers_anew_by_UPDATE_once_its_first_offer_is_answered()
    {
        var (call, invite) = _bench.Call();
        _bench.Reply(invite, 183, extra: Reliable, body: SipBench.Answer);
        var prack = _bench.Expect("PRACK");
        _bench.Reply(prack, 200);
        _bench.Do((layer, now) => layer.Offer(call, SipBench.Bytes(Other), now));
        var update = _bench.Expect("UPDATE");
        Assert.Equal((Other, "peer", prack.CSeq + 1), (update.Body, update.ToTag, update.CSeq));
        _bench.Reply(update, 200, body: SipBench.Answer);
        _bench.Happens<SipEvent.Progressed>();
        Assert.Equal(SipBench.Answer, SipBench.TextOf(_bench.Happens<SipEvent.OfferAnswered>().Description));
        _bench.Reply(invite, 200);
        _bench.Expect("ACK");
        _bench.Happens<SipEvent.Answered>();
        _bench.ExpectNothing();
    }

    [Theory]
    [InlineData("")]
    [InlineData("Require: 100rel\nRSeq: 1\nAllow: INVITE, PRACK")]
    public void Where_UPDATE_may_not_be_it_waits_for_the_answer(string extra)
    {
        var (call, invite) = _bench.Call();
        _bench.Reply(invite, 183, extra: extra, body: SipBench.Answer);
        if (extra.Length > 0) _bench.Reply(_bench.Expect("PRACK"), 200);
        _bench.Do((layer, now) => layer.Offer(call, SipBench.Bytes(Other), now));
        _bench.ExpectNothing();
        _bench.Reply(invite, 200, body: SipBench.Answer);
        _bench.Expect("ACK");
        Assert.Equal(Other, _bench.Expect("INVITE").Body);
    }

    [Fact]
    public void While_several_phones_ring_it_waits_for_the_one_that_answers()
    {
        var (call, invite) = _bench.Call();
        _bench.Reply(invite, 183, extra: Reliable, body: SipBench.Answer);
        _bench.Reply(_bench.Expect("PRACK"), 200);
        _bench.Reply(invite, 180, toTag: "other");
        _bench.Do((layer, now) => layer.Offer(call, SipBench.Bytes(Other), now));
        _bench.ExpectNothing();
        _bench.Reply(invite, 200, toTag: "other", body: SipBench.Answer);
        Assert.Equal("other", _bench.Expect("ACK").ToTag);
        Assert.Equal(("other", Other), _bench.Expect("INVITE") is var again ? (again.ToTag, again.Body) : default);
    }

    [Fact]
    public void Glare_before_the_answer_is_waited_out_and_the_call_may_end_meanwhile()
    {
        var (call, invite) = _bench.Call();
        _bench.Reply(invite, 183, extra: Reliable, body: SipBench.Answer);
        _bench.Reply(_bench.Expect("PRACK"), 200);
        _bench.Do((layer, now) => layer.Offer(call, SipBench.Bytes(Other), now));
        var update = _bench.Expect("UPDATE");
        // RFC 3311 §5.2: theirs meets ours.
        _bench.Request("UPDATE", callId: invite.CallId, fromTag: "peer", toTag: invite.FromTag, body: SipBench.Offer);
        _bench.Expect("491");
        _bench.Reply(update, 491);
        _bench.Wait(2.09);
        _bench.ExpectNothing();
        _bench.Wait(1.95);
        _bench.Expect("UPDATE");
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        _bench.Expect("CANCEL");
        _bench.Reply(invite, 487);
        _bench.Expect("ACK");
        _bench.EverythingEnds();
    }

    [Fact]
    public void A_called_line_offers_anew_by_UPDATE_once_its_caller_has_the_first_answer()
    {
        var (call, _) = _bench.Incoming("Require: 100rel\nAllow: INVITE, UPDATE, PRACK");
        _bench.Do((layer, now) => layer.Progress(call, 183, SipBench.Bytes(SipBench.Answer), now));
        var progress = _bench.Expect("183");
        _bench.Do((layer, now) => layer.Offer(call, SipBench.Bytes(Other), now));
        _bench.ExpectNothing();
        _bench.Request("PRACK", cseq: 2, toTag: progress.ToTag, extra: $"RAck: {progress.Header("RSeq")} 1 INVITE");
        _bench.Expect("200");
        var update = _bench.Expect("UPDATE");
        Assert.Equal((Other, "p1"), (update.Body, update.ToTag));
        _bench.Reply(update, 200, body: SipBench.Answer);
        _bench.Happens<SipEvent.OfferAnswered>();
        _bench.Do((layer, now) => layer.Answer(call, SipBench.Bytes(SipBench.Answer), now));
        Assert.Equal("", _bench.Expect("200").Body);
    }

    [Fact]
    public void The_peer_is_asked_for_its_offer_and_the_ACK_answers_it()
    {
        var (call, _, _) = _bench.Talk();
        _bench.Do((layer, now) => layer.Offer(call, default, now));
        var invite = _bench.Expect("INVITE");
        Assert.Equal("", invite.Body);
        _bench.Reply(invite, 200, body: SipBench.Offer);
        // The ACK waits for our answer; so do repeats of the 200, and another offer of theirs.
        _bench.ExpectNothing();
        Assert.Equal(SipBench.Offer, SipBench.TextOf(_bench.Happens<SipEvent.Offered>().Offer));
        _bench.Reply(invite, 200, body: SipBench.Offer);
        _bench.ExpectNothing();
        _bench.Request("UPDATE", callId: invite.CallId, cseq: 9, fromTag: "peer", toTag: invite.FromTag, body: SipBench.Offer);
        _bench.Expect("491");
        _bench.Do((layer, now) => layer.AnswerOffer(call, SipBench.Bytes(SipBench.Answer), now));
        var ack = _bench.Expect("ACK");
        Assert.Equal((SipBench.Answer, invite.CSeq), (ack.Body, ack.CSeq));
        _bench.Reply(invite, 200, body: SipBench.Offer);
        Assert.Equal(ack.Text, Assert.Single(_bench.Retransmitted).Text);
        _bench.NothingHappens();
    }

    [Fact]
    public void An_offer_that_was_asked_for_and_does_not_suit_ends_the_call()
    {
        var (call, _, _) = _bench.Talk();
        _bench.Do((layer, now) => layer.Offer(call, default, now));
        _bench.Reply(_bench.Expect("INVITE"), 200, body: SipBench.Offer);
        _bench.Happens<SipEvent.Offered>();
        _bench.Do((layer, now) => layer.RefuseOffer(call, 488, now));
        _bench.Expect("ACK");
        _bench.Reply(_bench.Expect("BYE"), 200);
        Assert.Equal(488, _bench.Happens<SipEvent.HungUp>().End.Status);
        _bench.EverythingEnds();
    }

    [Fact]
    public void The_line_hangs_up_before_it_has_answered_what_it_asked_for()
    {
        var (call, _, _) = _bench.Talk();
        _bench.Do((layer, now) => layer.Offer(call, default, now));
        _bench.Reply(_bench.Expect("INVITE"), 200, body: SipBench.Offer);
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        _bench.Expect("ACK");
        _bench.Reply(_bench.Expect("BYE"), 200);
        _bench.EverythingEnds();
    }

    [Fact]
    public void A_refresh_repeats_what_the_peer_took_and_not_what_it_refused()
    {
        var (call, _, _) = _bench.Talk("Session-Expires: 600;refresher=uac\nAllow: INVITE");
        _bench.Do((layer, now) => layer.Offer(call, SipBench.Bytes(Other), now));
        _bench.Reply(_bench.Expect("INVITE"), 488);
        _bench.Expect("ACK");
        _bench.Happens<SipEvent.OfferRefused>();
        _bench.Wait(301);
        Assert.Equal(SipBench.Offer, _bench.Expect("INVITE").Body);
    }
}
