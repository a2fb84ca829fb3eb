namespace MgcpSipBridge.Sip.Tests.Layer;

/// <summary>Our own offers inside a call: RFC 3261 §14.1, RFC 3264 §8.</summary>
public sealed class OwnOfferTests
{
    private const string Held = "v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\na=sendonly\r\n";
    private readonly SipBench _bench = new();

    [Fact]
    public void It_goes_out_as_a_re_INVITE_and_its_200_is_acknowledged_as_often_as_it_comes()
    {
        var (call, first, _) = _bench.Talk();
        _bench.Do((layer, now) => layer.Offer(call, SipBench.Bytes(Held), now));
        var invite = _bench.Expect("INVITE");
        Assert.Equal((Held, first.CSeq + 1, "sip:bob@192.0.2.9:5060"), (invite.Body, invite.CSeq, invite.RequestUri));
        Assert.Equal((first.CallId, first.FromTag, "peer"), (invite.CallId, invite.FromTag, invite.ToTag));
        Assert.True(invite.Has("Contact"));
        _bench.Reply(invite, 100);
        _bench.Reply(invite, 200, body: SipBench.Answer, contact: "sip:moved@192.0.2.9:5070");
        var ack = _bench.Expect("ACK");
        Assert.Equal((invite.CSeq, "sip:moved@192.0.2.9:5070"), (ack.CSeq, ack.RequestUri));
        Assert.Equal(SipBench.Answer, SipBench.TextOf(_bench.Happens<SipEvent.OfferAnswered>().Description));

        _bench.Reply(invite, 200, body: SipBench.Answer);
        Assert.Equal(ack.Text, Assert.Single(_bench.Retransmitted).Text);
        _bench.NothingHappens();

        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        _bench.Reply(_bench.Expect("BYE"), 200);
        _bench.Happens<SipEvent.Gone>();
        _bench.EverythingEnds();
    }

    [Fact]
    public void A_refusal_leaves_the_call_as_it_was()
    {
        var (call, _, _) = _bench.Talk();
        _bench.Do((layer, now) => layer.Offer(call, SipBench.Bytes(Held), now));
        _bench.Reply(_bench.Expect("INVITE"), 488);
        _bench.Expect("ACK");
        Assert.Equal(488, _bench.Happens<SipEvent.OfferRefused>().Status);
        _bench.Wait(60);
        _bench.NothingHappens();
        _bench.ExpectNothing();
    }

    [Theory]
    [InlineData(481)]
    [InlineData(408)]
    public void The_dialog_is_no_more(int status)
    {
        var (call, _, _) = _bench.Talk();
        _bench.Do((layer, now) => layer.Offer(call, SipBench.Bytes(Held), now));
        _bench.Reply(_bench.Expect("INVITE"), status);
        _bench.Expect("ACK");
        Assert.Equal(status, _bench.Happens<SipEvent.HungUp>().End.Status);
        _bench.Reply(_bench.Expect("BYE"), 481);
        _bench.Happens<SipEvent.Gone>();
        _bench.EverythingEnds();
    }

    [Fact]
    public void Nobody_answers_it_and_the_call_ends()
    {
        var (call, _, _) = _bench.Talk();
        _bench.Do((layer, now) => layer.Offer(call, SipBench.Bytes(Held), now));
        _bench.Expect("INVITE");
        _bench.Wait(33);
        Assert.Equal(new SipEnd(408, Local: true), _bench.Happens<SipEvent.HungUp>().End);
        _bench.Expect("BYE");
        _bench.EverythingEnds();
    }

    [Fact]
    public void Glare_is_waited_out_longer_by_the_owner_of_the_Call_ID()
    {
        var (call, _, _) = _bench.Talk();
        _bench.Do((layer, now) => layer.Offer(call, SipBench.Bytes(Held), now));
        _bench.Reply(_bench.Expect("INVITE"), 491);
        _bench.Expect("ACK");
        _bench.Wait(2.09);
        _bench.ExpectNothing();
        // In that time the other side's offer comes.
        _bench.Request("INVITE", callId: _bench.Everything[0].CallId, cseq: 7, fromTag: "peer", toTag: _bench.Everything[0].FromTag, body: SipBench.Offer);
        _bench.Expect("100");
        _bench.Happens<SipEvent.Offered>();
        _bench.Wait(1.95);
        // Its turn comes when the other's is acknowledged.
        _bench.ExpectNothing();
        _bench.Do((layer, now) => layer.AnswerOffer(call, SipBench.Bytes(SipBench.Answer), now));
        _bench.Expect("200");
        _bench.ExpectNothing();
        _bench.Request("ACK", callId: _bench.Everything[0].CallId, cseq: 7, fromTag: "peer", toTag: _bench.Everything[0].FromTag);
        Assert.Equal(Held, _bench.Expect("INVITE").Body);
    }

    [Fact]
    public void Glare_is_waited_out_shortly_by_the_other_side()
    {
        var (call, _) = _bench.IncomingTalk();
        _bench.Do((layer, now) => layer.Offer(call, SipBench.Bytes(Held), now));
        for (var i = 0; i < 5; i++)
        {
            _bench.Reply(_bench.Expect("INVITE"), 491);
            _bench.Expect("ACK");
            _bench.Wait(2.01);
        }

        // Six attempts are enough.
        _bench.Reply(_bench.Expect("INVITE"), 491);
        _bench.Expect("ACK");
        Assert.Equal(491, _bench.Happens<SipEvent.OfferRefused>().Status);
        _bench.Wait(60);
        _bench.ExpectNothing();
    }

    [Fact]
    public void An_offer_of_the_peer_meets_ours_and_gets_491()
    {
        var (call, ok) = _bench.IncomingTalk();
        _bench.Do((layer, now) => layer.Offer(call, SipBench.Bytes(Held), now));
        var ours = _bench.Expect("INVITE");
        _bench.Request("INVITE", cseq: 2, toTag: ok.ToTag, body: SipBench.Offer);
        _bench.Expect("100");
        _bench.Expect("491");
        _bench.Request("UPDATE", cseq: 3, toTag: ok.ToTag, body: SipBench.Offer);
        _bench.Expect("491");
        _bench.NothingHappens();
        _bench.Reply(ours, 200, body: SipBench.Answer);
        _bench.Expect("ACK");
        _bench.Happens<SipEvent.OfferAnswered>();
    }

    [Fact]
    public void A_peer_that_is_busy_for_a_moment_says_for_how_long()
    {
        var (call, _, _) = _bench.Talk();
        _bench.Do((layer, now) => layer.Offer(call, SipBench.Bytes(Held), now));
        _bench.Reply(_bench.Expect("INVITE"), 500, extra: "Retry-After: 7");
        _bench.Expect("ACK");
        _bench.Wait(6.9);
        _bench.ExpectNothing();
        _bench.Wait(0.2);
        _bench.Expect("INVITE");
    }

    [Fact]
    public void Two_offers_in_a_row_go_one_after_the_other_and_the_last_word_counts()
    {
        var (call, _, _) = _bench.Talk();
        _bench.Do((layer, now) => layer.Offer(call, SipBench.Bytes(Held), now));
        var first = _bench.Expect("INVITE");
        _bench.Do((layer, now) => layer.Offer(call, SipBench.Bytes("v=0 never sent"), now));
        _bench.Do((layer, now) => layer.Offer(call, SipBench.Bytes(SipBench.Offer), now));
        _bench.ExpectNothing();
        _bench.Reply(first, 200, body: SipBench.Answer);
        _bench.Expect("ACK");
        var second = _bench.Expect("INVITE");
        Assert.Equal(SipBench.Offer, second.Body);
        _bench.Reply(second, 200, body: SipBench.Answer);
        _bench.Expect("ACK");
        _bench.ExpectNothing();
    }

    [Fact]
    public void The_call_ends_while_it_is_under_way()
    {
        var (call, invite, _) = _bench.Talk();
        _bench.Do((layer, now) => layer.Offer(call, SipBench.Bytes(Held), now));
        var ours = _bench.Expect("INVITE");
        _bench.Reply(ours, 180);
        _bench.Request("BYE", callId: invite.CallId, cseq: 9, fromTag: "peer", toTag: invite.FromTag);
        _bench.Expect("200");
        _bench.Happens<SipEvent.HungUp>();
        // Not every peer ends its side of it by itself.
        var cancel = _bench.Expect("CANCEL");
        Assert.Equal(ours.Branch, cancel.Branch);
        _bench.Reply(cancel, 200);
        _bench.Reply(ours, 487);
        _bench.Expect("ACK");
        _bench.Happens<SipEvent.Gone>();
        _bench.EverythingEnds();
    }

    [Fact]
    public void It_is_challenged_and_keeps_its_place_in_the_order()
    {
        var (call, _, _) = _bench.Talk();
        _bench.Do((layer, now) => layer.Offer(call, SipBench.Bytes(Held), now));
        var first = _bench.Expect("INVITE");
        _bench.Reply(first, 407, extra: "Proxy-Authenticate: Digest realm=\"pbx\", nonce=\"n1\", algorithm=MD5, qop=\"auth\"");
        _bench.Expect("ACK");
        var second = _bench.Expect("INVITE");
        Assert.Equal(first.CSeq + 1, second.CSeq);
        Assert.True(second.Has("Proxy-Authorization"));
        _bench.Reply(second, 200, body: SipBench.Answer);
        var ack = _bench.Expect("ACK");
        // RFC 3261 §22.1: the ACK carries the credentials of its INVITE.
        Assert.Equal((second.CSeq, second.Header("Proxy-Authorization")), (ack.CSeq, ack.Header("Proxy-Authorization")));
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        Assert.Equal(second.CSeq + 1, _bench.Expect("BYE").CSeq);
    }
}
