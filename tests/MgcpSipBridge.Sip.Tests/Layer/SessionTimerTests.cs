namespace MgcpSipBridge.Sip.Tests.Layer;

/// <summary>Session timers (RFC 4028), both roles.</summary>
public sealed class SessionTimerTests
{
    private readonly SipBench _bench = new();

    [Fact]
    public void Our_INVITE_asks_for_half_an_hour()
    {
        var (_, invite) = _bench.Call();
        Assert.Equal(("1800", "100rel, replaces, timer"), (invite.Header("Session-Expires"), invite.Header("Supported")));
        Assert.False(invite.Has("Min-SE"));
    }

    [Fact]
    public void A_peer_that_wants_longer_sessions_gets_them()
    {
        var (call, first) = _bench.Call();
        _bench.Reply(first, 422, extra: "Min-SE: 3600");
        _bench.Expect("ACK");
        var second = _bench.Expect("INVITE");
        // §7.3: same Call-ID, To and From, the next number, Session-Expires not below Min-SE.
        Assert.Equal((first.CallId, first.Header("From"), first.Header("To"), first.CSeq + 1), (second.CallId, second.Header("From"), second.Header("To"), second.CSeq));
        Assert.Equal(("3600", "3600"), (second.Header("Session-Expires"), second.Header("Min-SE")));
        // The same word again would go on for ever.
        _bench.Reply(second, 422, extra: "Min-SE: 3600");
        _bench.Expect("ACK");
        Assert.Equal(422, _bench.Happens<SipEvent.Rejected>().End.Status);
        Assert.Equal(call, _bench.Happens<SipEvent.Gone>().Call);
        _bench.EverythingEnds();
    }

    [Fact]
    public void We_refresh_by_UPDATE_without_an_offer_when_half_the_time_is_over()
    {
        _bench.Talk("Session-Expires: 600;refresher=uac\nRequire: timer\nAllow: INVITE, ACK, BYE, UPDATE");
        for (var i = 0; i < 3; i++)
        {
            _bench.Wait(299.9);
            _bench.ExpectNothing();
            _bench.Wait(0.2);
            var update = _bench.Expect("UPDATE");
            // §7.4: the roles stay, the interval is the one that holds.
            Assert.Equal(("600;refresher=uac", ""), (update.Header("Session-Expires"), update.Body));
            Assert.Contains("timer", update.Header("Supported"), StringComparison.Ordinal);
            _bench.Reply(update, 200, extra: "Session-Expires: 600;refresher=uac");
        }

        _bench.NothingHappens();
    }

    [Fact]
    public void A_peer_without_UPDATE_gets_a_re_INVITE_with_the_same_description()
    {
        _bench.Talk("Session-Expires: 600;refresher=uac\nAllow: INVITE, ACK, BYE");
        _bench.Wait(300.1);
        var invite = _bench.Expect("INVITE");
        Assert.Equal((SipBench.Offer, "600;refresher=uac"), (invite.Body, invite.Header("Session-Expires")));
        _bench.Reply(invite, 200, extra: "Session-Expires: 600;refresher=uac", body: SipBench.Answer);
        _bench.Expect("ACK");
        _bench.Happens<SipEvent.OfferAnswered>();
        _bench.Wait(300.1);
        _bench.Expect("INVITE");
    }

    [Fact]
    public void A_refresh_that_nobody_answers_ends_the_call()
    {
        var (_, _, _) = _bench.Talk("Session-Expires: 90;refresher=uac\nAllow: UPDATE");
        _bench.Wait(45.1);
        _bench.Expect("UPDATE");
        // Timer F comes after the session's end, a third before 90 s.
        _bench.Wait(15);
        Assert.Equal(new SipEnd(408, Local: true), _bench.Happens<SipEvent.HungUp>().End);
        _bench.Reply(_bench.Expect("BYE"), 481);
        _bench.Wait(40);
        _bench.Happens<SipEvent.Gone>();
        _bench.EverythingEnds();
    }

    [Theory]
    [InlineData(481)]
    [InlineData(408)]
    public void A_refresh_whose_dialog_is_gone_ends_the_call(int status)
    {
        _bench.Talk("Session-Expires: 1800;refresher=uac\nAllow: UPDATE");
        _bench.Wait(900.1);
        _bench.Reply(_bench.Expect("UPDATE"), status);
        Assert.Equal(status, _bench.Happens<SipEvent.HungUp>().End.Status);
        _bench.Expect("BYE");
        _bench.EverythingEnds();
    }

    [Fact]
    public void A_refused_refresh_is_tried_again_until_the_session_runs_out()
    {
        _bench.Talk("Session-Expires: 90;refresher=uac\nAllow: UPDATE");
        _bench.Wait(45.1);
        _bench.Reply(_bench.Expect("UPDATE"), 500, extra: "Retry-After: 4");
        _bench.Wait(4.1);
        _bench.Reply(_bench.Expect("UPDATE"), 200, extra: "Session-Expires: 90;refresher=uac");
        _bench.Wait(44);
        _bench.ExpectNothing();
        _bench.NothingHappens();
    }

    [Fact]
    public void The_peer_does_not_refresh_and_the_call_ends_before_the_session_does()
    {
        _bench.Talk("Session-Expires: 1800;refresher=uas");
        // §10: 32 s before the end.
        _bench.Wait(1767.9);
        _bench.ExpectNothing();
        _bench.Wait(0.2);
        Assert.Equal(new SipEnd(408, Local: true), _bench.Happens<SipEvent.HungUp>().End);
        _bench.Expect("BYE");
    }

    [Fact]
    public void A_peer_without_session_timers_is_left_alone()
    {
        var bench = new SipBench(settings: SipBench.DefaultSettings with { CallCheckInterval = TimeSpan.Zero });
        bench.Talk();
        bench.Wait(TimeSpan.FromHours(5));
        bench.ExpectNothing();
        bench.NothingHappens();
    }

    [Theory]
    // RFC 4028 table 2, and §9: the peer's wish, lowered to ours where its Min-SE allows.
    [InlineData("Supported: timer\nSession-Expires: 1200;refresher=uac", "1200;refresher=uac", "timer")]
    [InlineData("Supported: timer\nSession-Expires: 1200;refresher=uas", "1200;refresher=uas", "timer")]
    [InlineData("k: timer\nx: 7200", "1800;refresher=uac", "timer")]
    [InlineData("Supported: timer\nSession-Expires: 7200;refresher=uas\nMin-SE: 3600", "3600;refresher=uas", "timer")]
    [InlineData("Supported: timer", "1800;refresher=uac", "timer")]
    [InlineData("Require: timer", "1800;refresher=uac", "timer")]
    [InlineData("Session-Expires: 1200", "1200;refresher=uas", "")]
    [InlineData("Session-Expires: 60", "90;refresher=uas", "")]
    [InlineData("Supported: path", "", "")]
    public void Our_200_decides(string request, string sessionExpires, string require)
    {
        var (call, _) = _bench.Incoming(request);
        _bench.Do((layer, now) => layer.Answer(call, SipBench.Bytes(SipBench.Answer), now));
        var ok = _bench.Expect("200");
        Assert.Equal((sessionExpires, require), (ok.Header("Session-Expires"), ok.Header("Require")));
        Assert.Equal("100rel, replaces, timer", ok.Header("Supported"));
    }

    [Fact]
    public void Too_short_a_session_is_refused_with_422()
    {
        _bench.Request("INVITE", extra: "Supported: timer\nSession-Expires: 89", body: SipBench.Offer);
        _bench.Expect("100");
        Assert.Equal("90", _bench.Expect("422").Header("Min-SE"));
        _bench.NothingHappens();
    }

    [Fact]
    public void The_refreshes_of_the_peer_keep_the_call_up()
    {
        var (_, ok) = _bench.IncomingTalk("Supported: timer\nSession-Expires: 300;refresher=uac");
        for (var i = 0; i < 10; i++)
        {
            _bench.Wait(150);
            _bench.Request("UPDATE", cseq: 2 + i, toTag: ok.ToTag, extra: "Supported: timer\nSession-Expires: 300;refresher=uac");
            Assert.Equal("300;refresher=uac", _bench.Expect("200").Header("Session-Expires"));
        }

        _bench.Wait(268.1);
        _bench.Happens<SipEvent.HungUp>();
        _bench.Expect("BYE");
    }

    [Fact]
    public void A_refresh_by_the_peer_can_hand_the_duty_to_us()
    {
        var (_, ok) = _bench.IncomingTalk("Supported: timer\nSession-Expires: 300;refresher=uac\nAllow: UPDATE");
        _bench.Request("UPDATE", cseq: 2, toTag: ok.ToTag, extra: "Supported: timer\nSession-Expires: 300;refresher=uas");
        Assert.Equal("300;refresher=uas", _bench.Expect("200").Header("Session-Expires"));
        _bench.Wait(150.1);
        Assert.Equal("300;refresher=uac", _bench.Expect("UPDATE").Header("Session-Expires"));
    }

    [Fact]
    public void Without_session_timers_nothing_of_them_is_said()
    {
        var bench = new SipBench(settings: SipBench.DefaultSettings with { SessionExpires = TimeSpan.Zero });
        var (_, invite) = bench.Call();
        Assert.Equal(("100rel, replaces", ""), (invite.Header("Supported"), invite.Header("Session-Expires")));
        bench.Request("INVITE", extra: "Require: timer", body: SipBench.Offer);
        bench.Expect("100");
        Assert.Equal("timer", bench.Expect("420").Header("Unsupported"));
    }
}
