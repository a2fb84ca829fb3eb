namespace MgcpSipBridge.Sip.Tests.Layer;

/// <summary>REFER (RFC 3515) in both roles, Replaces (RFC 3891).</summary>
public sealed class TransferTests
{
    private readonly SipBench _bench = new();

    [Fact]
    public void A_REFER_is_accepted_and_its_sender_told_how_it_goes()
    {
        var (call, ok) = _bench.IncomingTalk();
        _bench.Request("REFER", cseq: 2, toTag: ok.ToTag, extra: "Refer-To: <sip:3003@192.0.2.9>\nReferred-By: <sip:2001@192.0.2.9>");
        Assert.Equal(new SipEvent.TransferAsked(call, "3003", "192.0.2.9", null, "2001"), _bench.Happens<SipEvent.TransferAsked>());
        _bench.Do((layer, now) => layer.AcceptTransfer(call, now));
        _bench.Expect("202");
        Told("SIP/2.0 100 Trying\r\n", "active;expires=180");
        _bench.Do((layer, now) => layer.TellTransfer(call, 180, now));
        Told("SIP/2.0 180 Ringing\r\n", "active;expires=180");
        _bench.Do((layer, now) => layer.TellTransfer(call, 200, now));
        Told("SIP/2.0 200 OK\r\n", "terminated;reason=noresource");
        _bench.Do((layer, now) => layer.TellTransfer(call, 200, now));
        _bench.ExpectNothing();
    }

    private void Told(string body, string state)
    {
        var notify = _bench.Expect("NOTIFY");
        Assert.Equal((body, "refer", state, "message/sipfrag;version=2.0"), (notify.Body, notify.Header("Event"), notify.Header("Subscription-State"), notify.Header("Content-Type")));
        _bench.Reply(notify, 200);
    }

    [Fact]
    public void Who_does_not_want_to_be_told_is_not()
    {
        var (call, ok) = _bench.IncomingTalk();
        _bench.Request("REFER", cseq: 2, toTag: ok.ToTag, extra: "Refer-To: <sip:3003@192.0.2.9>\nRefer-Sub: false");
        _bench.Happens<SipEvent.TransferAsked>();
        _bench.Do((layer, now) => layer.AcceptTransfer(call, now));
        Assert.Equal("false", _bench.Expect("202").Header("Refer-Sub"));
        _bench.ExpectNothing();
    }

    [Fact]
    public void An_attended_transfer_names_the_dialog_to_replace()
    {
        var (_, ok) = _bench.IncomingTalk();
        _bench.Request("REFER", cseq: 2, toTag: ok.ToTag, extra: "Refer-To: <sip:3003@192.0.2.9?Replaces=425928%40bobster.example.org%3Bto-tag%3D7743%3Bfrom-tag%3D6472>");
        Assert.Equal("425928@bobster.example.org;to-tag=7743;from-tag=6472", _bench.Happens<SipEvent.TransferAsked>().Replaces);
    }

    [Theory]
    [InlineData("", "400")]
    [InlineData("Refer-To: <sip:a@192.0.2.9>, <sip:b@192.0.2.9>", "400")]
    [InlineData("Refer-To: <http://example.org/>", "416")]
    public void A_REFER_that_cannot_be_followed(string referTo, string status)
    {
        var (_, ok) = _bench.IncomingTalk();
        _bench.Request("REFER", cseq: 2, toTag: ok.ToTag, extra: referTo);
        _bench.Expect(status);
        _bench.NothingHappens();
    }

    [Fact]
    public void Nobody_outside_a_call_makes_us_call_anybody()
    {
        _bench.Request("REFER", extra: "Refer-To: <sip:3003@192.0.2.9>");
        _bench.Expect("603");
        _bench.Request("REFER", cseq: 2, toTag: "nobody", extra: "Refer-To: <sip:3003@192.0.2.9>");
        _bench.Expect("481");
        _bench.NothingHappens();
    }

    [Fact]
    public void A_refused_REFER_leaves_the_call()
    {
        var (call, ok) = _bench.IncomingTalk();
        _bench.Request("REFER", cseq: 2, toTag: ok.ToTag, extra: "Refer-To: <sip:3003@192.0.2.9>");
        _bench.Do((layer, now) => layer.RefuseTransfer(call, 404, now));
        _bench.Expect("404");
        _bench.Request("REFER", cseq: 3, toTag: ok.ToTag, extra: "Refer-To: <sip:3004@192.0.2.9>");
        Assert.Equal("3003", _bench.Happens<SipEvent.TransferAsked>().User);
        Assert.Equal("3004", _bench.Happens<SipEvent.TransferAsked>().User);
    }

    [Fact]
    public void We_hand_a_call_on_and_hear_how_it_goes()
    {
        var (call, invite, _) = _bench.Talk();
        _bench.Do((layer, now) => layer.Transfer(call, "3003", null, now));
        var refer = _bench.Expect("REFER");
        Assert.Equal(("<sip:3003@192.0.2.9:5060>", "<sip:1001@192.0.2.9>"), (refer.Header("Refer-To"), refer.Header("Referred-By")));
        // The NOTIFY may overtake the 202.
        Notify(invite, 5, "SIP/2.0 100 Trying", "active;expires=60");
        _bench.Expect("200");
        Assert.Equal(100, _bench.Happens<SipEvent.TransferProgressed>().Status);
        _bench.Reply(refer, 202);
        Notify(invite, 6, "SIP/2.0 200 OK", "terminated;reason=noresource");
        _bench.Expect("200");
        Assert.Equal(200, _bench.Happens<SipEvent.TransferProgressed>().Status);
        Notify(invite, 7, "SIP/2.0 200 OK", "terminated;reason=noresource");
        _bench.Expect("481");
        _bench.NothingHappens();
    }

    private void Notify(WireText invite, int cseq, string line, string state) => _bench.Request(
        "NOTIFY", callId: invite.CallId, cseq: cseq, fromTag: "peer", toTag: invite.FromTag, extra: $"Event: refer\nSubscription-State: {state}", body: line + "\r\n", type: "message/sipfrag;version=2.0");

    [Fact]
    public void A_refused_or_forgotten_transfer_is_reported()
    {
        var (call, _, _) = _bench.Talk();
        _bench.Do((layer, now) => layer.Transfer(call, "3003", null, now));
        _bench.Reply(_bench.Expect("REFER"), 603);
        Assert.Equal(603, _bench.Happens<SipEvent.TransferProgressed>().Status);
        _bench.Do((layer, now) => layer.Transfer(call, "3003", null, now));
        _bench.Reply(_bench.Expect("REFER"), 202);
        _bench.Wait(181);
        Assert.Equal(408, _bench.Happens<SipEvent.TransferProgressed>().Status);
    }

    [Fact]
    public void Two_calls_of_ours_are_joined_by_Replaces()
    {
        var (first, _, _) = _bench.Talk();
        var (second, invite) = _bench.Call("3003");
        _bench.Reply(invite, 200, toTag: "carol", body: SipBench.Answer, contact: "sip:carol@192.0.2.9:5099");
        _bench.Expect("ACK");
        _bench.Happens<SipEvent.Answered>();
        _bench.Do((layer, now) => layer.Transfer(first, "3003", second, now));
        // RFC 3891 §3: the tags as the target sees them: its own is the to-tag.
        Assert.Equal($"<sip:carol@192.0.2.9:5099?Replaces={invite.CallId}%3Bto-tag%3Dcarol%3Bfrom-tag%3D{invite.FromTag}>", _bench.Expect("REFER").Header("Refer-To"));
    }

    [Fact]
    public void A_call_that_is_not_up_cannot_be_joined()
    {
        var (first, _, _) = _bench.Talk();
        var (second, invite) = _bench.Call("3003");
        _bench.Reply(invite, 180, toTag: "carol");
        _bench.Happens<SipEvent.Progressed>();
        _bench.Do((layer, now) => layer.Transfer(first, "3003", second, now));
        Assert.Equal(481, _bench.Happens<SipEvent.TransferProgressed>().Status);
        _bench.ExpectNothing();
    }

    [Theory]
    [InlineData(481)]
    [InlineData(408)]
    public void A_transfer_that_finds_no_dialog_ends_the_call(int status)
    {
        var (call, _, _) = _bench.Talk();
        _bench.Do((layer, now) => layer.Transfer(call, "3003", null, now));
        _bench.Reply(_bench.Expect("REFER"), status);
        Assert.Equal(status, _bench.Happens<SipEvent.TransferProgressed>().Status);
        Assert.Equal(status, _bench.Happens<SipEvent.HungUp>().End.Status);
        _bench.Reply(_bench.Expect("BYE"), 481);
        _bench.EverythingEnds();
    }

    [Fact]
    public void Only_what_a_B2BUA_should_keep_travels_on_with_a_transfer()
    {
        var (_, ok) = _bench.IncomingTalk();
        _bench.Request("REFER", cseq: 2, toTag: ok.ToTag, extra:
            "Refer-To: <sip:3003@192.0.2.9?User-to-User=56a390%3Bencoding%3Dhex&X-Account=4711%0D%0AFrom:%20evil&P-Asserted-Identity=%3Csip:boss%40x%3E&Route=%3Csip:evil%3E&X-=1>");
        var asked = _bench.Happens<SipEvent.TransferAsked>();
        Assert.Equal([("User-to-User", "56a390;encoding=hex"), ("X-Account", "4711\r\nFrom: evil")], asked.Carried);
        _bench.Do((layer, now) => layer.Invite(new SipInvite("1001", "pbx", "3003", SipBench.Bytes(SipBench.Offer)) { Carried = [.. asked.Carried, ("Via", "x")] }, now));
        var invite = _bench.Expect("INVITE");
        Assert.Equal(("56a390;encoding=hex", "4711  From: evil"), (invite.Header("User-to-User"), invite.Header("X-Account")));
        Assert.Single(invite.Headers("From"));
        Assert.Single(invite.Headers("Via"));
    }

    [Fact]
    public void An_INVITE_takes_the_place_of_a_call_that_is_up()
    {
        var (call, ok) = _bench.IncomingTalk();
        _bench.Request("INVITE", callId: "new", fromTag: "x", extra: $"Require: replaces\nReplaces: in1;to-tag={ok.ToTag};from-tag=p1", body: SipBench.Offer);
        _bench.Expect("100");
        Assert.Equal(call, _bench.Happens<SipEvent.IncomingCall>().Replaced);
    }

    [Theory]
    [InlineData("Replaces: in1;to-tag=nobody;from-tag=p1", "481")]
    [InlineData("Replaces: other;to-tag={0};from-tag=p1", "481")]
    [InlineData("Replaces: in1;to-tag={0};from-tag=else", "481")]
    [InlineData("Replaces: in1;to-tag={0};from-tag=p1;early-only", "486")]
    [InlineData("Replaces: in1;to-tag={0}", "400")]
    [InlineData("Replaces: in1;to-tag={0};from-tag=p1\nReplaces: in1;to-tag={0};from-tag=p1", "400")]
    public void A_Replaces_that_cannot_be(string header, string status)
    {
        var (_, ok) = _bench.IncomingTalk();
        _bench.Request("INVITE", callId: "new", fromTag: "x", extra: string.Format(System.Globalization.CultureInfo.InvariantCulture, header, ok.ToTag), body: SipBench.Offer);
        _bench.Expect("100");
        _bench.Expect(status);
        _bench.NothingHappens();
    }

    [Fact]
    public void A_phone_that_rings_here_is_not_picked_up_elsewhere_but_one_that_we_ring_is()
    {
        var (call, _) = _bench.Incoming();
        _bench.Do((layer, now) => layer.Progress(call, 180, default, now));
        var ringing = _bench.Expect("180");
        _bench.Request("INVITE", callId: "new", fromTag: "x", extra: $"Replaces: in1;to-tag={ringing.ToTag};from-tag=p1", body: SipBench.Offer);
        _bench.Expect("100");
        _bench.Expect("481");

        var (ours, invite) = _bench.Call();
        _bench.Reply(invite, 180, toTag: "far");
        _bench.Happens<SipEvent.Progressed>();
        _bench.Request("INVITE", callId: "new2", fromTag: "x", extra: $"Replaces: {invite.CallId};to-tag={invite.FromTag};from-tag=far", body: SipBench.Offer);
        _bench.Expect("100");
        Assert.Equal(ours, _bench.Happens<SipEvent.IncomingCall>().Replaced);
    }

    [Fact]
    public void A_call_that_has_ended_cannot_be_replaced()
    {
        var (call, ok) = _bench.IncomingTalk();
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        _bench.Expect("BYE");
        _bench.Request("INVITE", callId: "new", fromTag: "x", extra: $"Replaces: in1;to-tag={ok.ToTag};from-tag=p1", body: SipBench.Offer);
        _bench.Expect("100");
        _bench.Expect("603");
    }

    [Fact]
    public void Our_INVITE_takes_a_place_at_the_callee()
    {
        _bench.Do((layer, now) => layer.Invite(new SipInvite("1001", "pbx", "3003", SipBench.Bytes(SipBench.Offer)) { Replaces = "a;to-tag=b;from-tag=c", ReferredBy = "2001" }, now));
        var invite = _bench.Expect("INVITE");
        Assert.Equal(("a;to-tag=b;from-tag=c", "replaces", "<sip:2001@192.0.2.9>"), (invite.Header("Replaces"), invite.Header("Require"), invite.Header("Referred-By")));
    }
}
