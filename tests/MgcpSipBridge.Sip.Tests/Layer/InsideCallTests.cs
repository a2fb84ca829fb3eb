namespace MgcpSipBridge.Sip.Tests.Layer;

public sealed class InsideCallTests
{
    private const string Hold = "v=0\r\no=- 2 3 IN IP4 192.0.2.9\r\ns=-\r\nt=0 0\r\nm=audio 5000 RTP/AVP 8\r\na=sendonly\r\n";
    private readonly SipBench _bench = new();

    [Fact]
    public void A_re_INVITE_is_offered_answered_and_acknowledged()
    {
        var (call, ok) = _bench.IncomingTalk();
        _bench.Request("INVITE", cseq: 2, toTag: ok.ToTag, body: Hold, contact: "<sip:moved@192.0.2.9:5062>");
        _bench.Expect("100");
        Assert.Equal(Hold, SipBench.TextOf(_bench.Happens<SipEvent.Offered>().Offer));
        _bench.Do((layer, now) => layer.AnswerOffer(call, SipBench.Bytes(SipBench.Answer), now));
        Assert.Equal(SipBench.Answer, _bench.Expect("200").Body);
        _bench.Wait(0.6);
        Assert.Single(_bench.Retransmitted);
        _bench.Request("ACK", cseq: 2, toTag: ok.ToTag);
        _bench.Wait(10);
        Assert.Single(_bench.Retransmitted);
        _bench.NothingHappens();

        // The re-INVITE refreshed the target (RFC 3261 §12.2.2).
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        Assert.Equal("sip:moved@192.0.2.9:5062", _bench.Expect("BYE").RequestUri);
    }

    [Fact]
    public void A_refused_re_INVITE_leaves_the_call_as_it_was()
    {
        var (call, ok) = _bench.IncomingTalk();
        _bench.Request("INVITE", cseq: 2, toTag: ok.ToTag, body: Hold, contact: "<sip:moved@192.0.2.9:5062>");
        _bench.Expect("100");
        _bench.Happens<SipEvent.Offered>();
        _bench.Do((layer, now) => layer.RefuseOffer(call, 488, now));
        _bench.Expect("488");
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        Assert.Equal("sip:bob@192.0.2.9:5060", _bench.Expect("BYE").RequestUri);
    }

    [Fact]
    public void A_re_INVITE_without_an_offer_gets_ours_and_the_ACK_answers_it()
    {
        var (call, ok) = _bench.IncomingTalk();
        _bench.Request("INVITE", cseq: 2, toTag: ok.ToTag);
        _bench.Expect("100");
        Assert.True(_bench.Happens<SipEvent.Offered>().Offer.IsEmpty);
        _bench.Do((layer, now) => layer.AnswerOffer(call, SipBench.Bytes(SipBench.Offer), now));
        _bench.Expect("200");

        // Our offer is open: another one has to wait (§14.2).
        _bench.Request("INVITE", cseq: 3, toTag: ok.ToTag, body: Hold);
        _bench.Expect("100");
        _bench.Expect("491");
        _bench.Request("ACK", cseq: 2, toTag: ok.ToTag, body: SipBench.Answer);
        Assert.Equal(SipBench.Answer, SipBench.TextOf(_bench.Happens<SipEvent.Confirmed>().Description));
    }

    [Fact]
    public void A_re_INVITE_whose_200_is_never_acknowledged_ends_the_call()
    {
        var (call, ok) = _bench.IncomingTalk();
        _bench.Request("INVITE", cseq: 2, toTag: ok.ToTag, body: Hold);
        _bench.Happens<SipEvent.Offered>();
        _bench.Do((layer, now) => layer.AnswerOffer(call, SipBench.Bytes(SipBench.Answer), now));
        _bench.Expect("100");
        _bench.Expect("200");
        _bench.Wait(32.1);
        Assert.Equal(new SipEnd(408, Local: true), _bench.Happens<SipEvent.HungUp>().End);
        _bench.Reply(_bench.Expect("BYE"), 200);
        _bench.Happens<SipEvent.Gone>();
        _bench.EverythingEnds();
    }

    [Fact]
    public void A_second_offer_while_the_first_is_unanswered_has_to_wait_a_while()
    {
        var (_, ok) = _bench.IncomingTalk();
        _bench.Request("INVITE", cseq: 2, toTag: ok.ToTag, body: Hold);
        _bench.Expect("100");
        _bench.Happens<SipEvent.Offered>();
        _bench.Request("INVITE", cseq: 3, toTag: ok.ToTag, body: Hold);
        _bench.Expect("100");
        Assert.InRange(int.Parse(_bench.Expect("500").Header("Retry-After"), System.Globalization.CultureInfo.InvariantCulture), 0, 10);
        _bench.Request("UPDATE", cseq: 4, toTag: ok.ToTag, body: Hold);
        Assert.True(_bench.Expect("500").Has("Retry-After"));
        _bench.NothingHappens();
    }

    [Fact]
    public void A_cancelled_re_INVITE_ends_with_487_and_the_call_goes_on()
    {
        var (call, ok) = _bench.IncomingTalk();
        var branch = _bench.Request("INVITE", cseq: 2, toTag: ok.ToTag, body: Hold);
        _bench.Expect("100");
        _bench.Happens<SipEvent.Offered>();
        _bench.Request("CANCEL", cseq: 2, toTag: ok.ToTag, branch: branch);
        _bench.Expect("200");
        _bench.Expect("487");
        _bench.Do((layer, now) => layer.AnswerOffer(call, SipBench.Bytes(SipBench.Answer), now));
        _bench.ExpectNothing();
        _bench.NothingHappens();
    }

    [Fact]
    public void An_UPDATE_with_an_offer_is_answered_and_one_without_only_refreshes_the_target()
    {
        var (call, ok) = _bench.IncomingTalk();
        _bench.Request("UPDATE", cseq: 2, toTag: ok.ToTag, body: Hold);
        _bench.Happens<SipEvent.Offered>();
        _bench.Do((layer, now) => layer.AnswerOffer(call, SipBench.Bytes(SipBench.Answer), now));
        Assert.Equal((SipBench.Answer, "2 UPDATE"), _bench.Expect("200") is var first ? (first.Body, first.Header("CSeq")) : default);

        _bench.Request("UPDATE", cseq: 3, toTag: ok.ToTag, contact: "<sip:moved@192.0.2.9:5062>");
        Assert.Equal("", _bench.Expect("200").Body);
        _bench.NothingHappens();
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        Assert.Equal("sip:moved@192.0.2.9:5062", _bench.Expect("BYE").RequestUri);
    }

    [Fact]
    public void An_offer_while_our_INVITE_is_unanswered_is_glare()
    {
        var (_, invite) = _bench.Call();
        _bench.Reply(invite, 180);
        _bench.Happens<SipEvent.Progressed>();
        _bench.Request("UPDATE", invite.CallId, toTag: invite.FromTag, fromTag: "peer", body: Hold);
        _bench.Expect("491");
        _bench.Request("INVITE", invite.CallId, cseq: 2, toTag: invite.FromTag, fromTag: "peer", body: Hold);
        _bench.Expect("100");
        _bench.Expect("491");
        _bench.NothingHappens();
    }

    [Fact]
    public void An_offer_while_their_INVITE_is_unanswered_has_to_wait()
    {
        var (call, _) = _bench.Incoming();
        _bench.Do((layer, now) => layer.Progress(call, 180, default, now));
        var tag = _bench.Expect("180").ToTag;
        _bench.Request("UPDATE", cseq: 2, toTag: tag, body: Hold);
        Assert.True(_bench.Expect("500").Has("Retry-After"));
        _bench.Request("INVITE", cseq: 3, toTag: tag, body: Hold);
        _bench.Expect("100");
        Assert.True(_bench.Expect("500").Has("Retry-After"));
        _bench.NothingHappens();
    }

    [Fact]
    public void Requests_out_of_order_are_refused()
    {
        var (_, ok) = _bench.IncomingTalk();
        _bench.Request("OPTIONS", cseq: 7, toTag: ok.ToTag);
        _bench.Expect("200");
        _bench.Request("UPDATE", cseq: 5, toTag: ok.ToTag, body: Hold);
        _bench.Expect("500");
        _bench.NothingHappens();
    }

    [Fact]
    public void BYE_ends_what_is_still_unanswered_too()
    {
        var (_, ok) = _bench.IncomingTalk();
        _bench.Request("INVITE", cseq: 2, toTag: ok.ToTag, body: Hold);
        _bench.Expect("100");
        _bench.Happens<SipEvent.Offered>();
        _bench.Request("BYE", cseq: 3, toTag: ok.ToTag);
        Assert.Equal("3 BYE", _bench.Expect("200").Header("CSeq"));
        Assert.Equal("2 INVITE", _bench.Expect("487").Header("CSeq"));
        _bench.Happens<SipEvent.HungUp>();
        _bench.Happens<SipEvent.Gone>();
        _bench.EverythingEnds();
    }

    [Fact]
    public void After_our_BYE_nothing_but_theirs_is_served()
    {
        var (call, ok) = _bench.IncomingTalk();
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        var bye = _bench.Expect("BYE");
        _bench.Request("INVITE", cseq: 2, toTag: ok.ToTag, body: Hold);
        _bench.Expect("100");
        _bench.Expect("481");
        _bench.Request("BYE", cseq: 3, toTag: ok.ToTag);
        _bench.Expect("200");
        _bench.Reply(bye, 200);
        _bench.Happens<SipEvent.Gone>();
        _bench.NothingHappens();
    }

    [Fact]
    public void SDP_is_found_among_other_parts()
    {
        var (_, ok) = _bench.IncomingTalk();
        var body = "--x1\r\nContent-Type: text/plain\r\n\r\nhello\r\n--x1\r\nContent-Type: application/sdp\r\n\r\n" + Hold + "\r\n--x1--\r\n";
        _bench.Request("UPDATE", cseq: 2, toTag: ok.ToTag, body: body, type: "multipart/mixed;boundary=x1");
        Assert.Equal(Hold, SipBench.TextOf(_bench.Happens<SipEvent.Offered>().Offer));
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(3, true)]
    [InlineData(4, false)]
    [InlineData(60, false)]
    public void SDP_is_found_in_parts_of_parts_but_not_at_any_depth(int depth, bool found)
    {
        var (_, ok) = _bench.IncomingTalk();
        var (body, type) = (Hold, "application/sdp");
        for (var i = 0; i <= depth; i++)
        {
            body = $"--b{i}-\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b{i}-\r\nContent-Type: {type}\r\n\r\n{body}\r\n--b{i}---\r\n";
            type = $"multipart/{(i % 2 == 0 ? "alternative" : "mixed")};boundary=\"b{i}-\"";
        }

        _bench.Request("INVITE", cseq: 2, toTag: ok.ToTag, body: body, type: type);
        _bench.Expect("100");
        Assert.Equal(found ? Hold : "", SipBench.TextOf(_bench.Happens<SipEvent.Offered>().Offer));
    }

    [Fact]
    public void Who_knows_only_one_tag_or_another_Call_ID_is_outside()
    {
        var (_, ok) = _bench.IncomingTalk();
        _bench.Request("BYE", cseq: 2, toTag: ok.ToTag, fromTag: "guess");
        _bench.Expect("481");
        _bench.Request("BYE", "other", cseq: 2, toTag: ok.ToTag);
        _bench.Expect("481");
        _bench.Request("INVITE", cseq: 2, toTag: "guess", body: Hold);
        _bench.Expect("100");
        _bench.Expect("481");
        _bench.NothingHappens();
    }
}
