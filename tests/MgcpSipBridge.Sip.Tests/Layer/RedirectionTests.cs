namespace MgcpSipBridge.Sip.Tests.Layer;

/// <summary>An INVITE of ours is sent elsewhere: RFC 3261 §8.1.3.4.</summary>
public sealed class RedirectionTests
{
    private readonly SipBench _bench = new();

    private void Redirect(WireText invite, string contacts, int status = 302, string extra = "")
    {
        _bench.Reply(invite, status, extra: $"Contact: {contacts}\n{extra}");
        _bench.Expect("ACK");
    }

    [Fact]
    public void The_new_target_is_called_with_the_same_Call_ID_and_the_next_number()
    {
        var (call, first) = _bench.Call();
        Redirect(first, "<sip:7777@192.0.2.9:5070;transport=udp?Subject=evil>");
        var second = _bench.Expect("INVITE");
        Assert.Equal("sip:7777@192.0.2.9:5070;transport=udp", second.RequestUri);
        Assert.Equal((first.CallId, first.Header("From"), first.Header("To"), 2, SipBench.Offer), (second.CallId, second.Header("From"), second.Header("To"), second.CSeq, second.Body));
        Assert.NotEqual(first.Branch, second.Branch);
        Assert.Equal("192.0.2.9:5070", second.Flow.Remote.ToString());
        Assert.False(second.Has("Subject"));
        _bench.Reply(second, 200, body: SipBench.Answer);
        _bench.Expect("ACK");
        Assert.Equal(call, _bench.Happens<SipEvent.Answered>().Call);
        _bench.NothingHappens();
    }

    [Fact]
    public void The_highest_q_goes_first_and_the_others_follow_when_it_fails()
    {
        var (_, first) = _bench.Call();
        Redirect(first, "<sip:low@192.0.2.9>;q=0.1, <sip:high@192.0.2.9>;q=0.9, <sip:middle@192.0.2.9>;q=0.5", 300);
        foreach (var user in (string[])["high", "middle", "low"])
        {
            var next = _bench.Expect("INVITE");
            Assert.StartsWith($"sip:{user}@", next.RequestUri, StringComparison.Ordinal);
            _bench.Reply(next, 486);
            _bench.Expect("ACK");
        }

        Assert.Equal(486, _bench.Happens<SipEvent.Rejected>().End.Status);
        _bench.Happens<SipEvent.Gone>();
        _bench.EverythingEnds();
    }

    [Fact]
    public void Who_declines_everywhere_is_not_tried_elsewhere()
    {
        var (_, first) = _bench.Call();
        Redirect(first, "<sip:a@192.0.2.9>, <sip:b@192.0.2.9>");
        _bench.Reply(_bench.Expect("INVITE"), 603);
        _bench.Expect("ACK");
        Assert.Equal(603, _bench.Happens<SipEvent.Rejected>().End.Status);
    }

    [Fact]
    public void What_a_B2BUA_should_keep_travels_on_with_a_redirection()
    {
        var (_, invite) = _bench.Call();
        Redirect(invite, "<sip:a@192.0.2.9?User-to-User=56a390&Replaces=x%3Bto-tag%3Da%3Bfrom-tag%3Db&X-Queue=7>");
        var next = _bench.Expect("INVITE");
        Assert.Equal(("sip:a@192.0.2.9", "56a390", "7"), (next.RequestUri, next.Header("User-to-User"), next.Header("X-Queue")));
        Assert.False(next.Has("Replaces"));
    }

    [Fact]
    public void An_INVITE_that_met_another_is_sent_once_more_after_a_while_and_then_given_up()
    {
        var (call, first) = _bench.Call();
        _bench.Reply(first, 491);
        _bench.Expect("ACK");
        _bench.Wait(2.05);
        _bench.ExpectNothing();
        _bench.NothingHappens();
        _bench.Wait(2);
        var second = _bench.Expect("INVITE");
        Assert.Equal((first.CallId, first.Header("From"), first.RequestUri, 2, first.Body), (second.CallId, second.Header("From"), second.RequestUri, second.CSeq, second.Body));
        _bench.Reply(second, 491);
        _bench.Expect("ACK");
        Assert.Equal(491, _bench.Happens<SipEvent.Rejected>().End.Status);
        _bench.Happens<SipEvent.Gone>();
        _bench.EverythingEnds();
    }

    [Fact]
    public void A_call_that_ends_while_it_waits_for_a_better_moment_is_over()
    {
        var (call, first) = _bench.Call();
        _bench.Reply(first, 491);
        _bench.Expect("ACK");
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        _bench.Wait(5);
        _bench.ExpectNothing();
        _bench.Happens<SipEvent.Gone>();
        _bench.EverythingEnds();
    }

    [Fact]
    public void A_circle_is_not_walked_twice()
    {
        var (_, first) = _bench.Call();
        Redirect(first, "<sip:a@192.0.2.9>");
        var second = _bench.Expect("INVITE");
        Redirect(second, "<sip:5551234@192.0.2.9:5060>, <sip:a@192.0.2.9>");
        Assert.Equal(302, _bench.Happens<SipEvent.Rejected>().End.Status);
        _bench.ExpectNothing();
    }

    [Fact]
    public void Five_redirections_are_enough()
    {
        var (_, invite) = _bench.Call();
        for (var i = 0; i < 5; i++)
        {
            Redirect(invite, $"<sip:next{i}@192.0.2.9>");
            invite = _bench.Expect("INVITE");
        }

        Redirect(invite, "<sip:next5@192.0.2.9>");
        Assert.Equal(302, _bench.Happens<SipEvent.Rejected>().End.Status);
        _bench.ExpectNothing();
    }

    [Theory]
    [InlineData("<sip:5551234@203.0.113.66>")]
    [InlineData("<tel:+15551234>")]
    [InlineData("<mailto:somebody@example.org>")]
    [InlineData("*")]
    public void Nobody_makes_us_call_just_anybody(string contact)
    {
        var (_, first) = _bench.Call();
        Redirect(first, contact);
        Assert.Equal(302, _bench.Happens<SipEvent.Rejected>().End.Status);
        _bench.ExpectNothing();
    }

    [Fact]
    public void A_host_that_the_settings_name_may_be_called_but_never_sees_a_password()
    {
        var bench = new SipBench(settings: SipBench.DefaultSettings with { RedirectHosts = ["203.0.113.66"] });
        var (_, first) = bench.Call();
        bench.Reply(first, 302, extra: "Contact: <sip:5551234@203.0.113.66>");
        bench.Expect("ACK");
        var second = bench.Expect("INVITE");
        bench.Reply(second, 407, extra: "Proxy-Authenticate: Digest realm=\"pbx\", nonce=\"n1\", algorithm=MD5");
        bench.Expect("ACK");
        Assert.Equal(407, bench.Happens<SipEvent.Rejected>().End.Status);
    }

    [Fact]
    public void Who_redirected_is_told_to_the_new_target()
    {
        var (_, first) = _bench.Call();
        Redirect(first, "<sip:7777@192.0.2.9>", extra: "Diversion: <sip:5551234@192.0.2.9>;reason=unconditional");
        Assert.Equal("<sip:5551234@192.0.2.9>;reason=unconditional", _bench.Expect("INVITE").Header("Diversion"));
    }

    [Fact]
    public void The_caller_hangs_up_while_the_second_target_rings()
    {
        var (call, first) = _bench.Call();
        Redirect(first, "<sip:7777@192.0.2.9>");
        var second = _bench.Expect("INVITE");
        _bench.Reply(second, 180);
        _bench.Happens<SipEvent.Progressed>();
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        var cancel = _bench.Expect("CANCEL");
        Assert.Equal((second.Branch, second.RequestUri), (cancel.Branch, cancel.RequestUri));
        _bench.Reply(cancel, 200);
        _bench.Reply(second, 487);
        _bench.Expect("ACK");
        _bench.Happens<SipEvent.Gone>();
        _bench.EverythingEnds();
    }

    [Fact]
    public void An_extension_that_the_peer_insists_on_is_promised()
    {
        var (_, first) = _bench.Call();
        _bench.Reply(first, 421, extra: "Require: 100rel");
        _bench.Expect("ACK");
        var second = _bench.Expect("INVITE");
        Assert.Equal("100rel", second.Header("Require"));
        _bench.Reply(second, 421, extra: "Require: 100rel");
        _bench.Expect("ACK");
        Assert.Equal(421, _bench.Happens<SipEvent.Rejected>().End.Status);
    }

    [Fact]
    public void Why_and_for_how_long_reaches_the_engine()
    {
        var (_, invite) = _bench.Call();
        _bench.Reply(invite, 480, extra: "Reason: SIP;cause=480, Q.850;cause=20\nRetry-After: 120 (in a meeting);duration=60");
        Assert.Equal(new SipEnd(480, 20) { RetryAfter = TimeSpan.FromSeconds(120) }, _bench.Happens<SipEvent.Rejected>().End);
    }

    [Fact]
    public void A_call_answered_elsewhere_is_not_missed()
    {
        var (_, branch) = _bench.Incoming();
        _bench.Request("CANCEL", branch: branch, extra: "Reason: SIP;cause=200;text=\"Call completed elsewhere\"");
        Assert.True(_bench.Happens<SipEvent.HungUp>().End.AnsweredElsewhere);
    }
}
