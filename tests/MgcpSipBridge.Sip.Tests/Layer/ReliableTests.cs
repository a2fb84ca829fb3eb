using System.Globalization;

namespace MgcpSipBridge.Sip.Tests.Layer;

/// <summary>Reliable provisional responses (RFC 3262), both roles.</summary>
public sealed class ReliableTests
{
    private const string Reliable = "Require: 100rel\nRSeq: ";
    private readonly SipBench _bench = new();

    [Fact]
    public void A_reliable_180_is_acknowledged_once()
    {
        var (_, invite) = _bench.Call();
        _bench.Reply(invite, 180, extra: Reliable + "988789");
        var prack = _bench.Expect("PRACK");
        // RFC 3262 §4, §7.2: inside the dialog, naming response and request.
        Assert.Equal(($"988789 {invite.CSeq} INVITE", invite.CSeq + 1, "peer", "sip:bob@192.0.2.9:5060", ""), (prack.Header("RAck"), prack.CSeq, prack.ToTag, prack.RequestUri, prack.Body));
        _bench.Happens<SipEvent.Progressed>();
        _bench.Reply(invite, 180, extra: Reliable + "988789");
        _bench.ExpectNothing();
        _bench.NothingHappens();
        _bench.Reply(prack, 200);
        _bench.Reply(invite, 200, body: SipBench.Answer);
        Assert.Equal(invite.CSeq, _bench.Expect("ACK").CSeq);
        _bench.Happens<SipEvent.Answered>();
    }

    [Fact]
    public void They_are_taken_in_order_and_a_gap_is_not_acknowledged()
    {
        var (_, invite) = _bench.Call();
        _bench.Reply(invite, 183, extra: Reliable + "10", body: SipBench.Answer);
        _bench.Expect("PRACK");
        _bench.Happens<SipEvent.Progressed>();
        _bench.Reply(invite, 180, extra: Reliable + "12");
        _bench.ExpectNothing();
        _bench.NothingHappens();
        _bench.Reply(invite, 180, extra: Reliable + "11");
        Assert.Equal("11 1 INVITE", _bench.Expect("PRACK").Header("RAck"));
        _bench.Happens<SipEvent.Progressed>();
        _bench.Reply(invite, 180, extra: Reliable + "12");
        Assert.Equal("12 1 INVITE", _bench.Expect("PRACK").Header("RAck"));
    }

    [Fact]
    public void Each_fork_counts_for_itself()
    {
        var (_, invite) = _bench.Call();
        _bench.Reply(invite, 180, toTag: "a", extra: Reliable + "5");
        Assert.Equal("a", _bench.Expect("PRACK").ToTag);
        _bench.Reply(invite, 180, toTag: "b", extra: Reliable + "900");
        var other = _bench.Expect("PRACK");
        Assert.Equal(("b", "900 1 INVITE"), (other.ToTag, other.Header("RAck")));
    }

    [Fact]
    public void An_offer_in_a_reliable_response_is_answered_in_the_PRACK()
    {
        var (call, invite) = _bench.Call(offer: "");
        _bench.Reply(invite, 183, extra: Reliable + "1", body: SipBench.Answer);
        _bench.ExpectNothing();
        Assert.Equal(SipBench.Answer, SipBench.TextOf(_bench.Happens<SipEvent.Progressed>().Description));
        _bench.Do((layer, now) => layer.AnswerOffer(call, SipBench.Bytes(SipBench.Offer), now));
        var prack = _bench.Expect("PRACK");
        Assert.Equal((SipBench.Offer, "application/sdp"), (prack.Body, prack.Header("Content-Type")));
        _bench.Reply(prack, 200);
        // Offer and answer are exchanged: the ACK has nothing to say.
        _bench.Reply(invite, 200);
        Assert.Equal("", _bench.Expect("ACK").Body);
        _bench.Happens<SipEvent.Answered>();
    }

    [Fact]
    public void An_early_UPDATE_is_answered_once_the_first_offer_is()
    {
        var (call, invite) = _bench.Call();
        _bench.Reply(invite, 180, body: SipBench.Answer);
        _bench.Happens<SipEvent.Progressed>();
        // Not reliable: our offer counts as open (RFC 3311 §5.2).
        _bench.Request("UPDATE", callId: invite.CallId, fromTag: "peer", toTag: invite.FromTag, body: SipBench.Offer);
        _bench.Expect("491");
        _bench.Reply(invite, 183, extra: Reliable + "1", body: SipBench.Answer);
        _bench.Expect("PRACK");
        _bench.Happens<SipEvent.Progressed>();
        _bench.Request("UPDATE", callId: invite.CallId, cseq: 2, fromTag: "peer", toTag: invite.FromTag, body: SipBench.Offer);
        _bench.Happens<SipEvent.Offered>();
        _bench.Do((layer, now) => layer.AnswerOffer(call, SipBench.Bytes(SipBench.Answer), now));
        Assert.Equal(SipBench.Answer, _bench.Expect("200").Body);
    }

    [Fact]
    public void Our_180_is_reliable_when_the_caller_insists_and_repeated_until_its_PRACK()
    {
        var (call, _) = _bench.Incoming("Require: 100rel");
        _bench.Do((layer, now) => layer.Progress(call, 180, default, now));
        var ringing = _bench.Expect("180");
        Assert.Equal("100rel", ringing.Header("Require"));
        Assert.InRange(long.Parse(ringing.Header("RSeq"), CultureInfo.InvariantCulture), 1, int.MaxValue);
        // §3: T1, doubled each time: 0.5, 1.5, 3.5, 7.5 s.
        _bench.Wait(7.6);
        Assert.Equal(4, _bench.Retransmitted.Count);
        Assert.All(_bench.Retransmitted, repeat => Assert.Equal(ringing.Text, repeat.Text));
        _bench.Request("PRACK", cseq: 2, toTag: ringing.ToTag, extra: $"RAck: {ringing.Header("RSeq")} 1 INVITE");
        Assert.Equal("2 PRACK", _bench.Expect("200").Header("CSeq"));
        _bench.Wait(30);
        Assert.Equal(4, _bench.Retransmitted.Count);
        _bench.Do((layer, now) => layer.Answer(call, SipBench.Bytes(SipBench.Answer), now));
        Assert.Equal(SipBench.Answer, _bench.Expect("200").Body);
    }

    [Fact]
    public void A_caller_that_only_could_gets_a_plain_180()
    {
        var (call, _) = _bench.Incoming("Supported: 100rel");
        _bench.Do((layer, now) => layer.Progress(call, 180, default, now));
        Assert.False(_bench.Expect("180").Has("RSeq"));
    }

    [Theory]
    [InlineData("{0} 2 INVITE")]
    [InlineData("{0} 1 BYE")]
    [InlineData("1{0} 1 INVITE")]
    [InlineData("nonsense")]
    public void A_PRACK_that_matches_nothing(string rack)
    {
        var (call, _) = _bench.Incoming("Require: 100rel");
        _bench.Do((layer, now) => layer.Progress(call, 180, default, now));
        var ringing = _bench.Expect("180");
        _bench.Request("PRACK", cseq: 2, toTag: ringing.ToTag, extra: "RAck: " + string.Format(CultureInfo.InvariantCulture, rack, ringing.Header("RSeq")));
        _bench.Expect("481");
        _bench.Wait(0.6);
        Assert.Single(_bench.Retransmitted);
    }

    [Fact]
    public void Without_a_PRACK_the_call_is_refused_after_64_T1()
    {
        var (call, _) = _bench.Incoming("Require: 100rel");
        _bench.Do((layer, now) => layer.Progress(call, 180, default, now));
        var ringing = _bench.Expect("180");
        _bench.Wait(31.9);
        _bench.ExpectNothing();
        _bench.Wait(0.2);
        _bench.Expect("504");
        Assert.Equal(new SipEnd(408, Local: true), _bench.Happens<SipEvent.HungUp>().End);
        _bench.Request("ACK", toTag: ringing.ToTag, branch: "z9hG4bKp1");
        _bench.Happens<SipEvent.Gone>();
        _bench.EverythingEnds();
    }

    [Fact]
    public void The_next_one_waits_for_the_PRACK_of_the_first_and_counts_one_more()
    {
        var (call, _) = _bench.Incoming("Require: 100rel");
        _bench.Do((layer, now) => layer.Progress(call, 180, default, now));
        var first = _bench.Expect("180");
        _bench.Do((layer, now) => layer.Progress(call, 182, default, now));
        _bench.ExpectNothing();
        _bench.Request("PRACK", cseq: 2, toTag: first.ToTag, extra: $"RAck: {first.Header("RSeq")} 1 INVITE");
        _bench.Expect("200");
        var second = _bench.Expect("182");
        Assert.Equal(long.Parse(first.Header("RSeq"), CultureInfo.InvariantCulture) + 1, long.Parse(second.Header("RSeq"), CultureInfo.InvariantCulture));
    }

    [Fact]
    public void A_delayed_offer_goes_out_in_the_first_reliable_response_and_the_200_waits_for_its_answer()
    {
        _bench.Request("INVITE", extra: "Require: 100rel");
        _bench.Expect("100");
        var incoming = _bench.Happens<SipEvent.IncomingCall>();
        Assert.True(incoming.WantsOfferEarly);
        _bench.Do((layer, now) => layer.Progress(incoming.Call, 180, SipBench.Bytes(SipBench.Offer), now));
        var ringing = _bench.Expect("180");
        Assert.Equal(SipBench.Offer, ringing.Body);
        // §5: no 2xx before the PRACK.
        _bench.Do((layer, now) => layer.Answer(incoming.Call, SipBench.Bytes(SipBench.Offer), now));
        _bench.ExpectNothing();
        _bench.Request("PRACK", cseq: 2, toTag: ringing.ToTag, extra: $"RAck: {ringing.Header("RSeq")} 1 INVITE", body: SipBench.Answer);
        Assert.Equal("2 PRACK", _bench.Expect("200").Header("CSeq"));
        Assert.Equal(SipBench.Answer, SipBench.TextOf(_bench.Happens<SipEvent.EarlyAnswer>().Description));
        var ok = _bench.Expect("200");
        Assert.Equal(("1 INVITE", ""), (ok.Header("CSeq"), ok.Body));
        _bench.Request("ACK", toTag: ok.ToTag);
        Assert.True(_bench.Happens<SipEvent.Confirmed>().Description.IsEmpty);
    }

    [Fact]
    public void A_PRACK_that_crosses_the_200_is_still_answered()
    {
        var (call, _) = _bench.Incoming("Require: 100rel");
        _bench.Do((layer, now) => layer.Progress(call, 180, default, now));
        var ringing = _bench.Expect("180");
        _bench.Do((layer, now) => layer.Answer(call, SipBench.Bytes(SipBench.Answer), now));
        _bench.Expect("200");
        _bench.Wait(0.1);
        _bench.Request("PRACK", cseq: 2, toTag: ringing.ToTag, extra: $"RAck: {ringing.Header("RSeq")} 1 INVITE");
        Assert.Equal("2 PRACK", _bench.Expect("200").Header("CSeq"));
    }
}
