namespace MgcpSipBridge.Sip.Tests.Layer;

/// <summary>What is not for us to do is refused the way RFC 3261 §8.2 and its extensions say.</summary>
public sealed class RefusalTests
{
    private readonly SipBench _bench = new();

    [Theory]
    [InlineData("sip:1001@192.0.2.1")]
    [InlineData("sip:ping@anywhere.example.org")]
    [InlineData("sip:192.0.2.1;transport=udp")]
    public void OPTIONS_is_answered_whatever_its_Request_URI(string uri)
    {
        _bench.Request("OPTIONS", uri: uri);
        var ok = _bench.Expect("200");
        Assert.Equal((SipBench.Allow, "application/sdp"), (ok.Header("Allow"), ok.Header("Accept")));
        Assert.NotEqual("", ok.ToTag);
        _bench.NothingHappens();
        _bench.EverythingEnds();
    }

    [Theory]
    [InlineData("REGISTER", 405)]
    [InlineData("SUBSCRIBE", 405)]
    [InlineData("MESSAGE", 405)]
    [InlineData("PUBLISH", 405)]
    [InlineData("NEWMETHOD", 501)]
    [InlineData("invite", 501)]
    public void Methods_that_we_do_not_serve(string method, int status)
    {
        _bench.Request(method);
        Assert.Equal(SipBench.Allow, _bench.Expect(status.ToString(System.Globalization.CultureInfo.InvariantCulture)).Header("Allow"));
        _bench.EverythingEnds();
    }

    [Fact]
    public void A_subscription_to_what_nobody_notifies_here()
    {
        // CUCM asks every call for KPML.
        var (_, ok) = _bench.IncomingTalk();
        _bench.Request("SUBSCRIBE", cseq: 2, toTag: ok.ToTag, extra: "Event: kpml");
        Assert.Equal("message-summary, refer", _bench.Expect("489").Header("Allow-Events"));
        _bench.Request("MESSAGE", cseq: 3, toTag: ok.ToTag, body: "hello", type: "text/plain");
        Assert.Equal(SipBench.Allow, _bench.Expect("405").Header("Allow"));
        _bench.Request("NEWMETHOD", cseq: 4, toTag: ok.ToTag);
        _bench.Expect("501");
        _bench.NothingHappens();
    }

    [Theory]
    [InlineData("Event: message-summary", 200)]
    [InlineData("Event: refer", 481)]
    [InlineData("Event: keep-alive", 489)]
    [InlineData("Event: check-sync;reboot=true", 489)]
    public void A_NOTIFY_that_nobody_asked_for(string header, int status)
    {
        _bench.Request("NOTIFY", extra: header);
        var refusal = _bench.Expect(status.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(status == 489, refusal.Has("Allow-Events"));
    }

    [Fact]
    public void An_extension_that_is_demanded()
    {
        _bench.Request("INVITE", extra: "Require: 100rel, precondition\nRequire: timer, sec-agree", body: SipBench.Offer);
        _bench.Expect("100");
        Assert.Equal("precondition, sec-agree", _bench.Expect("420").Header("Unsupported"));
        _bench.NothingHappens();
        _bench.EverythingEnds();
    }

    [Theory]
    [InlineData("BYE")]
    [InlineData("UPDATE")]
    [InlineData("PRACK")]
    [InlineData("INFO")]
    public void Requests_outside_any_dialog(string method)
    {
        _bench.Request(method);
        _bench.Expect("481");
        _bench.Request(method, cseq: 2, toTag: "nobody");
        _bench.Expect("481");
        _bench.EverythingEnds();
    }

    [Fact]
    public void An_ACK_outside_any_dialog_is_dropped()
    {
        _bench.Request("ACK", toTag: "nobody");
        _bench.ExpectNothing();
        Assert.Contains(new SipNote.Dropped(SipDropReason.NoTransaction, SipBench.Pbx), _bench.Notes);
    }

    [Fact]
    public void A_body_that_is_no_SDP()
    {
        _bench.Request("INVITE", body: "<x/>", type: "application/xml");
        _bench.Expect("100");
        Assert.Equal("application/sdp", _bench.Expect("415").Header("Accept"));
        // RFC 3261 §20.11: what need not be understood is left alone, and this is an INVITE without an offer.
        _bench.Request("INVITE", "in3", extra: "Content-Disposition: icon;handling=optional", body: "<x/>", type: "application/xml");
        _bench.Expect("100");
        Assert.True(_bench.Happens<SipEvent.IncomingCall>().Offer.IsEmpty);
        _bench.Request("INVITE", "in2", extra: "Content-Encoding: gzip", body: SipBench.Offer);
        _bench.Expect("100");
        Assert.Equal("identity", _bench.Expect("415").Header("Accept-Encoding"));
        _bench.NothingHappens();
    }

    [Fact]
    public void A_scheme_that_is_no_telephone()
    {
        _bench.Request("INVITE", uri: "http://192.0.2.1", body: SipBench.Offer);
        _bench.Expect("416");
        _bench.NothingHappens();
    }

    [Fact]
    public void The_same_call_by_two_ways_is_taken_once()
    {
        _bench.Incoming();
        _bench.Request("INVITE", body: SipBench.Offer);
        _bench.Expect("482");
        _bench.NothingHappens();
    }

    [Theory]
    [InlineData("sip:1001@192.0.2.1:5060", false)]
    [InlineData("sip:1001@elsewhere.example.org", true)]
    public void A_call_that_came_too_far_is_served_only_if_it_is_for_us(string uri, bool refused)
    {
        _bench.Deliver($"""
            INVITE {uri} SIP/2.0
            Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKfar
            Max-Forwards: 0
            From: <sip:2001@192.0.2.9>;tag=1
            To: <sip:1001@192.0.2.1>
            Call-ID: far
            CSeq: 1 INVITE
            Contact: <sip:192.0.2.9>
            """);
        _bench.Expect("100");
        if (refused) _bench.Expect("483");
        else _bench.Happens<SipEvent.IncomingCall>();
    }

    [Fact]
    public void Another_version_of_SIP()
    {
        _bench.Deliver("""
            INVITE sip:1001@192.0.2.1 SIP/7.0
            Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKver
            From: <sip:2001@192.0.2.9>;tag=1
            To: <sip:1001@192.0.2.1>
            Call-ID: ver
            CSeq: 1 INVITE
            """);
        _bench.Expect("505");
    }

    [Fact]
    public void More_than_we_can_hold()
    {
        var bench = new SipBench(settings: SipBench.DefaultSettings with { MaxTransactions = 2 });
        for (var i = 0; i < 2; i++)
        {
            bench.Request("INVITE", "c" + i, body: SipBench.Offer);
            bench.Expect("100");
            bench.Happens<SipEvent.IncomingCall>();
        }

        bench.Request("INVITE", "c9", body: SipBench.Offer);
        Assert.False(bench.Expect("503").Has("Retry-After"));
        bench.NothingHappens();
    }
}
