namespace MgcpSipBridge.Sip.Tests.Layer;

public sealed class IncomingCallTests
{
    private readonly SipBench _bench = new();

    [Fact]
    public void A_call_rings_is_answered_and_hung_up_by_us()
    {
        _bench.Request("INVITE", body: SipBench.Offer);
        _bench.Expect("100");
        var incoming = _bench.Happens<SipEvent.IncomingCall>();
        Assert.Equal(("in1", "pbx", "1001", new SipIdentity("2001", "Bob")), (incoming.SipCallId, incoming.Peer, incoming.CalledUser, incoming.Caller));
        Assert.Equal(SipBench.Offer, SipBench.TextOf(incoming.Offer));

        _bench.Do((layer, now) => layer.Progress(incoming.Call, 180, default, now));
        var ringing = _bench.Expect("180");
        Assert.True(ringing.ToTag.Length >= 16);
        Assert.Equal("<sip:1001@192.0.2.1:5060>", ringing.Header("Contact"));
        Assert.Contains("received=192.0.2.9;rport=5060", ringing.Header("Via"), StringComparison.Ordinal);

        _bench.Do((layer, now) => layer.Answer(incoming.Call, SipBench.Bytes(SipBench.Answer), now));
        var ok = _bench.Expect("200");
        Assert.Equal((ringing.ToTag, SipBench.Answer), (ok.ToTag, ok.Body));
        _bench.NothingHappens();
        _bench.Request("ACK", toTag: ok.ToTag);
        Assert.True(_bench.Happens<SipEvent.Confirmed>().Description.IsEmpty);

        _bench.Do((layer, now) => layer.HangUp(incoming.Call, 16, now));
        var bye = _bench.Expect("BYE");
        Assert.Equal(("sip:bob@192.0.2.9:5060", ok.ToTag, "p1"), (bye.RequestUri, bye.FromTag, bye.ToTag));
        Assert.Equal("\"Bob\" <sip:2001@192.0.2.9>;tag=p1", bye.Header("To"));
        _bench.Reply(bye, 200);
        _bench.Happens<SipEvent.Gone>();
        _bench.NothingHappens();
        _bench.EverythingEnds();
    }

    [Fact]
    public void The_200_is_repeated_until_the_ACK_first_after_T1_then_twice_as_late_up_to_T2()
    {
        var (call, _) = _bench.Incoming();
        _bench.Do((layer, now) => layer.Answer(call, SipBench.Bytes(SipBench.Answer), now));
        var ok = _bench.Expect("200");
        var times = new List<double>();
        for (var i = 0; i < 100; i++)
        {
            var before = _bench.Retransmitted.Count;
            _bench.Wait(0.1);
            if (_bench.Retransmitted.Count > before) times.Add((i + 1) / 10.0);
        }

        Assert.Equal([0.5, 1.5, 3.5, 7.5], times);
        Assert.All(_bench.Retransmitted, wire => Assert.Equal(ok.Text, wire.Text));
        _bench.Request("ACK", toTag: ok.ToTag);
        _bench.Happens<SipEvent.Confirmed>();
        _bench.Request("ACK", toTag: ok.ToTag);
        _bench.NothingHappens();
        _bench.Wait(20);
        Assert.Equal(4, _bench.Retransmitted.Count);
    }

    [Fact]
    public void Over_TCP_too_for_a_proxy_may_lose_it_further_on()
    {
        var tcp = new SipFlow(SipTransport.Tcp, SipBench.Us, SipBench.Address("192.0.2.9:40000"), 7);
        var (call, _) = _bench.Incoming(flow: tcp);
        _bench.Do((layer, now) => layer.Answer(call, SipBench.Bytes(SipBench.Answer), now));
        Assert.Equal(tcp, _bench.Expect("200").Flow);
        _bench.Wait(2);
        Assert.Equal(2, _bench.Retransmitted.Count);
    }

    [Fact]
    public void Without_an_ACK_the_call_is_taken_down_after_64_T1()
    {
        var (call, _) = _bench.Incoming();
        _bench.Do((layer, now) => layer.Answer(call, SipBench.Bytes(SipBench.Answer), now));
        _bench.Expect("200");
        _bench.Wait(32.1);
        Assert.Equal(new SipEnd(408, Local: true), _bench.Happens<SipEvent.HungUp>().End);
        _bench.Reply(_bench.Expect("BYE"), 200);
        _bench.Happens<SipEvent.Gone>();
        _bench.EverythingEnds();
    }

    [Fact]
    public void Hung_up_before_the_ACK_the_BYE_waits_for_it()
    {
        var (call, _) = _bench.Incoming();
        _bench.Do((layer, now) => layer.Answer(call, SipBench.Bytes(SipBench.Answer), now));
        var ok = _bench.Expect("200");
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        _bench.ExpectNothing();
        _bench.Request("ACK", toTag: ok.ToTag);
        _bench.Reply(_bench.Expect("BYE"), 200);
        _bench.Happens<SipEvent.Gone>();
        _bench.NothingHappens();
        _bench.EverythingEnds();
    }

    [Fact]
    public void Hung_up_before_an_ACK_that_never_comes()
    {
        var (call, _) = _bench.Incoming();
        _bench.Do((layer, now) => layer.Answer(call, SipBench.Bytes(SipBench.Answer), now));
        _bench.Expect("200");
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        _bench.Wait(32.1);
        _bench.Reply(_bench.Expect("BYE"), 481);
        _bench.Happens<SipEvent.Gone>();
        _bench.NothingHappens();
        _bench.EverythingEnds();
    }

    [Fact]
    public void A_refusal_says_why_and_for_how_long()
    {
        var (call, branch) = _bench.Incoming();
        _bench.Do((layer, now) => layer.Reject(call, 480, 27, TimeSpan.FromSeconds(4.2), now));
        var refusal = _bench.Expect("480");
        Assert.Equal(("Q.850;cause=27", "5"), (refusal.Header("Reason"), refusal.Header("Retry-After")));
        _bench.Happens<SipEvent.Gone>();
        _bench.Request("ACK", toTag: refusal.ToTag, branch: branch);
        _bench.NothingHappens();
        _bench.EverythingEnds();
    }

    [Fact]
    public void Hanging_up_before_the_answer_refuses()
    {
        var (call, _) = _bench.Incoming();
        _bench.Do((layer, now) => layer.HangUp(call, 18, now));
        Assert.Equal("Q.850;cause=18", _bench.Expect("480").Header("Reason"));
        _bench.Happens<SipEvent.Gone>();
        _bench.EverythingEnds();
    }

    [Fact]
    public void The_caller_gives_up()
    {
        var (call, branch) = _bench.Incoming();
        _bench.Do((layer, now) => layer.Progress(call, 180, default, now));
        var tag = _bench.Expect("180").ToTag;
        _bench.Request("CANCEL", branch: branch, extra: "Reason: Q.850;cause=16");
        Assert.Equal("1 CANCEL", _bench.Expect("200").Header("CSeq"));
        Assert.Equal((tag, "1 INVITE"), _bench.Expect("487") is var refusal ? (refusal.ToTag, refusal.Header("CSeq")) : default);
        Assert.Equal(new SipEnd(0, 16), _bench.Happens<SipEvent.HungUp>().End);
        _bench.Happens<SipEvent.Gone>();
        _bench.Request("ACK", toTag: tag, branch: branch);
        _bench.EverythingEnds();
    }

    [Fact]
    public void A_CANCEL_after_the_answer_has_no_effect()
    {
        var (call, branch) = _bench.Incoming();
        _bench.Do((layer, now) => layer.Answer(call, SipBench.Bytes(SipBench.Answer), now));
        var ok = _bench.Expect("200");
        _bench.Request("CANCEL", branch: branch);
        Assert.Equal("1 CANCEL", _bench.Expect("200").Header("CSeq"));
        _bench.NothingHappens();
        _bench.Request("ACK", toTag: ok.ToTag);
        _bench.Happens<SipEvent.Confirmed>();
    }

    [Fact]
    public void A_CANCEL_of_nothing_is_answered_481()
    {
        _bench.Request("CANCEL");
        _bench.Expect("481");
        _bench.EverythingEnds();
    }

    [Fact]
    public void BYE_before_the_answer_ends_the_call()
    {
        var (call, _) = _bench.Incoming();
        _bench.Do((layer, now) => layer.Progress(call, 180, default, now));
        var tag = _bench.Expect("180").ToTag;
        _bench.Request("BYE", cseq: 2, toTag: tag);
        Assert.Equal("2 BYE", _bench.Expect("200").Header("CSeq"));
        _bench.Expect("487");
        Assert.Equal(new SipEnd(0), _bench.Happens<SipEvent.HungUp>().End);
        _bench.Happens<SipEvent.Gone>();
        _bench.EverythingEnds();
    }

    [Fact]
    public void BYE_overtakes_the_ACK()
    {
        var (call, _) = _bench.Incoming();
        _bench.Do((layer, now) => layer.Answer(call, SipBench.Bytes(SipBench.Answer), now));
        var ok = _bench.Expect("200");
        _bench.Request("BYE", cseq: 2, toTag: ok.ToTag);
        _bench.Expect("200");
        _bench.Happens<SipEvent.HungUp>();
        _bench.Happens<SipEvent.Gone>();
        _bench.Request("ACK", toTag: ok.ToTag);
        _bench.NothingHappens();
        _bench.Wait(10);
        Assert.Empty(_bench.Retransmitted);
        _bench.EverythingEnds();
    }

    [Fact]
    public void An_INVITE_without_an_offer_is_answered_with_ours_and_the_ACK_answers_it()
    {
        var (call, _) = _bench.Incoming(body: "");
        _bench.Do((layer, now) => layer.Answer(call, SipBench.Bytes(SipBench.Offer), now));
        var ok = _bench.Expect("200");
        _bench.Request("ACK", toTag: ok.ToTag, body: SipBench.Answer);
        Assert.Equal(SipBench.Answer, SipBench.TextOf(_bench.Happens<SipEvent.Confirmed>().Description));
    }

    [Fact]
    public void An_INVITE_that_comes_again_is_answered_again_and_not_told_twice()
    {
        var (call, branch) = _bench.Incoming();
        _bench.Do((layer, now) => layer.Progress(call, 183, SipBench.Bytes(SipBench.Answer), now));
        var progress = _bench.Expect("183");
        _bench.Request("INVITE", body: SipBench.Offer, branch: branch);
        Assert.Equal(progress.Text, Assert.Single(_bench.Retransmitted).Text);
        _bench.NothingHappens();
    }

    [Fact]
    public void A_long_ringing_call_says_so_every_minute()
    {
        var (call, _) = _bench.Incoming();
        _bench.Do((layer, now) => layer.Progress(call, 180, default, now));
        _bench.Expect("180");
        _bench.Wait(61);
        _bench.Expect("180");
        _bench.Wait(60);
        _bench.Expect("180");
        _bench.ExpectNothing();
    }

    [Theory]
    [InlineData("", "2001", "Bob", false)]
    [InlineData("P-Asserted-Identity: \"Bob \\\"B\\\" Jones\" <sip:+493012@pbx;user=phone>", "+493012", "Bob \"B\" Jones", false)]
    [InlineData("P-Asserted-Identity: <tel:+49-30-12>", "+493012", "Bob", false)]
    [InlineData("P-Asserted-Identity: <tel:+4930>, \"B\" <sip:2002@pbx>", "2002", "B", false)]
    [InlineData("Remote-Party-ID: \"R\" <sip:2003@pbx>;party=calling;screen=yes;privacy=off", "2003", "R", false)]
    [InlineData("Remote-Party-ID: \"R\" <sip:2003@pbx>;party=called", "2001", "Bob", false)]
    [InlineData("Remote-Party-ID: \"R\" <sip:2003@pbx>;privacy=full", "", null, true)]
    [InlineData("P-Asserted-Identity: <sip:2002@pbx>\nPrivacy: id;critical", "", null, true)]
    [InlineData("P-Asserted-Identity: <sip:2002@pbx>\nPrivacy: none", "2002", "Bob", false)]
    public void The_caller_is_who_the_peer_vouches_for(string headers, string user, string? name, bool withheld)
    {
        _bench.Request("INVITE", extra: headers, body: SipBench.Offer);
        Assert.Equal(new SipIdentity(user, name, withheld), _bench.Happens<SipEvent.IncomingCall>().Caller);
    }

    [Fact]
    public void An_anonymous_From_is_a_wish_for_privacy()
    {
        _bench.Deliver("""
            INVITE sip:1001@192.0.2.1 SIP/2.0
            Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKanon
            From: "Anonymous" <sip:anonymous@anonymous.invalid>;tag=1
            To: <sip:1001@192.0.2.1>
            Call-ID: anon
            CSeq: 1 INVITE
            Contact: <sip:192.0.2.9>
            """);
        Assert.Equal(new SipIdentity("", null, true), _bench.Happens<SipEvent.IncomingCall>().Caller);
    }

    [Theory]
    [InlineData("sip:%31001@192.0.2.1", "1001")]
    [InlineData("sip:1001;phone-context=+49@192.0.2.1;user=phone", "1001")]
    [InlineData("tel:+49-30.1", "+49301")]
    [InlineData("sip:192.0.2.1", "")]
    public void The_called_user_is_read_from_the_Request_URI(string uri, string called)
    {
        _bench.Request("INVITE", uri: uri, body: SipBench.Offer);
        Assert.Equal(called, _bench.Happens<SipEvent.IncomingCall>().CalledUser);
    }

    [Fact]
    public void A_trunk_that_calls_our_contact_names_the_number_in_To()
    {
        var bench = new SipBench(SipBench.DefaultPeer with { Registration = SipRegistrationMode.Trunk });
        bench.Do((layer, now) => layer.SetAccount(new SipAccount("trunk:pbx", "pbx", "pilot", "pilot", "x", null, Register: true), now));
        bench.Happens<SipEvent.RegistrationChanged>();
        bench.Request("INVITE", uri: "sip:pilot@192.0.2.1", body: SipBench.Offer);
        Assert.Equal("1001", bench.Happens<SipEvent.IncomingCall>().CalledUser);
    }

    [Fact]
    public void A_peer_is_known_by_its_host_whatever_the_port()
    {
        _bench.Request("INVITE", body: SipBench.Offer, flow: SipBench.Udp with { Remote = SipBench.Address("192.0.2.9:61234") });
        Assert.Equal(SipBench.Address("192.0.2.9:61234"), _bench.Expect("100").Flow.Remote);
        _bench.Happens<SipEvent.IncomingCall>();
    }

    [Theory]
    [InlineData("INVITE")]
    [InlineData("OPTIONS")]
    [InlineData("REGISTER")]
    [InlineData("BYE")]
    [InlineData("CANCEL")]
    public void A_stranger_gets_no_answer_at_all(string method)
    {
        var stranger = SipBench.Address("203.0.113.66:5060");
        _bench.Request(method, flow: SipBench.Udp with { Remote = stranger });
        _bench.Deliver("garbage", flow: SipBench.Udp with { Remote = stranger });
        _bench.ExpectNothing();
        _bench.NothingHappens();
        Assert.Equal([new SipNote.Dropped(SipDropReason.UnknownSource, stranger), new SipNote.Dropped(SipDropReason.UnknownSource, stranger)], _bench.Notes.OfType<SipNote.Dropped>());
        Assert.Equal(default, _bench.Layer.Counts);
    }

    [Fact]
    public void A_peer_that_speaks_TLS_is_not_believed_in_the_clear()
    {
        var bench = new SipBench(SipBench.DefaultPeer with { Transport = SipTransport.Tls, Port = 5061 });
        bench.Request("INVITE", body: SipBench.Offer);
        bench.ExpectNothing();
        Assert.Equal(new SipNote.Dropped(SipDropReason.UnknownSource, SipBench.Udp.Remote), Assert.Single(bench.Notes.OfType<SipNote.Dropped>()));
        bench.Request("INVITE", body: SipBench.Offer, flow: SipBench.Udp with { Transport = SipTransport.Tls });
        bench.Expect("100");
        bench.Happens<SipEvent.IncomingCall>();
    }

    [Fact]
    public void A_phone_behind_the_peer_may_end_the_call_directly()
    {
        var (_, ok) = _bench.IncomingTalk();
        _bench.Request("BYE", cseq: 2, toTag: ok.ToTag, flow: SipBench.Udp with { Remote = SipBench.Address("203.0.113.5:5060") });
        _bench.Expect("200");
        _bench.Happens<SipEvent.HungUp>();
    }

    [Fact]
    public void While_draining_new_calls_and_pings_are_refused_and_calls_go_on()
    {
        var (call, ok) = _bench.IncomingTalk();
        _bench.Do((layer, now) => layer.SetDraining(true, now));
        _bench.Request("INVITE", "in2", body: SipBench.Offer);
        _bench.Expect("100");
        // The whole bridge is to be left alone, and its callers shall not come back all at once.
        Assert.InRange(int.Parse(_bench.Expect("503").Header("Retry-After"), System.Globalization.CultureInfo.InvariantCulture), 5, 15);
        _bench.Request("OPTIONS", "in3");
        _bench.Expect("503");
        _bench.Request("OPTIONS", toTag: ok.ToTag);
        _bench.Expect("200");
        _bench.Request("INVITE", cseq: 2, toTag: ok.ToTag, body: SipBench.Offer);
        _bench.Expect("100");
        Assert.Equal(call, _bench.Happens<SipEvent.Offered>().Call);
        _bench.NothingHappens();
    }
}
