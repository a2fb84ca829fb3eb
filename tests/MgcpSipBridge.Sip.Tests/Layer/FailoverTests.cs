namespace MgcpSipBridge.Sip.Tests.Layer;

/// <summary>A peer whose URI is a name: several targets in order (RFC 3263 §4.3).</summary>
public sealed class FailoverTests
{
    private static readonly SipTarget First = new(SipTransport.Udp, SipBench.Address("192.0.2.11:5060"));
    private static readonly SipTarget Second = new(SipTransport.Tcp, SipBench.Address("192.0.2.12:5060"));
    private readonly SipBench _bench = new(SipBench.DefaultPeer with { Host = "pbx.example.net", Port = 0, Transport = null });

    [Fact]
    public void The_name_is_looked_up_once_and_its_addresses_are_recognised()
    {
        var lookUp = Assert.Single(_bench.LookUps);
        Assert.Equal(("pbx.example.net", 0, null), (lookUp.Host, lookUp.Port, lookUp.Transport));
        _bench.Request("OPTIONS", flow: SipBench.Udp with { Remote = First.Address });
        _bench.ExpectNothing();
        Resolve(First, Second);
        _bench.Request("OPTIONS", flow: SipBench.Udp with { Remote = First.Address });
        _bench.Expect("200");
        Assert.Equal(First.Address, _bench.Call().Invite.Flow.Remote);
        Assert.Single(_bench.LookUps);
        _bench.Wait(61);
        Assert.Equal(2, _bench.LookUps.Count);
    }

    [Fact]
    public void A_call_waits_for_the_address_and_may_be_hung_up_meanwhile()
    {
        var call = default(SipCallHandle);
        _bench.Do((layer, now) => call = layer.Invite(new SipInvite("1001", "pbx", "1", SipBench.Bytes(SipBench.Offer)), now));
        _bench.Do((layer, now) => layer.Invite(new SipInvite("1001", "pbx", "2", SipBench.Bytes(SipBench.Offer)), now));
        _bench.ExpectNothing();
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        Assert.Equal(call, _bench.Happens<SipEvent.Gone>().Call);
        Resolve(First);
        Assert.Equal("sip:2@pbx.example.net", _bench.Expect("INVITE").RequestUri);
        _bench.ExpectNothing();
    }

    [Fact]
    public void A_name_that_does_not_resolve_is_a_503()
    {
        _bench.Do((layer, now) => layer.Invite(new SipInvite("1001", "pbx", "1", default), now));
        Resolve();
        Assert.Equal(new SipEnd(503, Local: true), _bench.Happens<SipEvent.Rejected>().End);
        _bench.Happens<SipEvent.Gone>();
    }

    [Fact]
    public void A_look_up_that_is_never_answered_ends_too()
    {
        _bench.Do((layer, now) => layer.Invite(new SipInvite("1001", "pbx", "1", default), now));
        _bench.Wait(21);
        Assert.Equal(new SipEnd(503, Local: true), _bench.Happens<SipEvent.Rejected>().End);
        _bench.Happens<SipEvent.Gone>();
        Assert.Equal(0, _bench.Layer.Counts.Calls);
    }

    [Theory]
    [InlineData("transport")]
    [InlineData("timeout")]
    [InlineData("503")]
    public void The_next_target_is_tried_with_a_new_branch(string why)
    {
        Resolve(First, Second);
        var (call, invite) = _bench.Call();
        Fail(invite, why);
        var next = _bench.Expect("INVITE");
        Assert.Equal((invite.CallId, invite.FromTag, invite.CSeq), (next.CallId, next.FromTag, next.CSeq));
        Assert.NotEqual(invite.Branch, next.Branch);
        Assert.Equal((SipTransport.Tcp, Second.Address), (next.Flow.Transport, next.Flow.Remote));
        Assert.StartsWith("SIP/2.0/TCP 192.0.2.1:5060;", next.Header("Via"), StringComparison.Ordinal);
        Assert.Equal("<sip:1001@192.0.2.1:5060;transport=tcp>", next.Header("Contact"));
        _bench.NothingHappens();

        // CANCEL goes to the same target (§4.4 of RFC 3263).
        _bench.Reply(next, 100, toTag: "");
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        Assert.Equal((next.Flow, next.Branch), _bench.Expect("CANCEL") is var cancel ? (cancel.Flow, cancel.Branch) : default);
        _bench.Reply(next, 487);
        Assert.Equal(next.Flow, _bench.Expect("ACK").Flow);
        _bench.Happens<SipEvent.Gone>();
    }

    [Theory]
    [InlineData("transport", 503, true)]
    [InlineData("timeout", 408, true)]
    [InlineData("503", 503, false)]
    public void When_no_target_is_left_the_last_word_counts(string why, int status, bool local)
    {
        Resolve(First, Second);
        var (_, invite) = _bench.Call();
        Fail(invite, why);
        Fail(_bench.Expect("INVITE"), why);
        Assert.Equal(new SipEnd(status, Local: local), _bench.Happens<SipEvent.Rejected>().End);
        _bench.Happens<SipEvent.Gone>();
        _bench.NothingHappens();
    }

    [Fact]
    public void A_server_that_answered_is_not_left_for_another_one()
    {
        Resolve(First, Second);
        var (_, invite) = _bench.Call();
        _bench.Reply(invite, 500);
        _bench.Expect("ACK");
        _bench.ExpectNothing();
        Assert.Equal(500, _bench.Happens<SipEvent.Rejected>().End.Status);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData(SipTransport.Udp, false)]
    public void What_is_too_large_for_a_datagram_goes_over_TCP_if_the_peer_leaves_the_choice(SipTransport? configured, bool tcp)
    {
        var bench = new SipBench(SipBench.DefaultPeer with { Transport = configured });
        var large = SipBench.Offer + string.Concat(Enumerable.Repeat("a=x-filler:0123456789\r\n", 60));
        var (_, invite) = bench.Call(offer: large);
        Assert.Equal(tcp ? SipTransport.Tcp : SipTransport.Udp, invite.Flow.Transport);
        Assert.Equal(tcp, invite.Header("Via").StartsWith("SIP/2.0/TCP", StringComparison.Ordinal));
        if (!tcp) return;
        bench.Do((layer, now) => layer.FlowFailed(invite.Flow, now));
        var datagram = bench.Expect("INVITE");
        Assert.Equal((SipTransport.Udp, large), (datagram.Flow.Transport, datagram.Body));

        // A challenge does not begin it anew.
        bench.Reply(datagram, 401, extra: "WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n1\"");
        bench.Expect("ACK");
        Assert.Equal(SipTransport.Udp, bench.Expect("INVITE").Flow.Transport);
    }

    [Fact]
    public void A_failure_is_a_reason_to_ask_for_the_name_again_and_an_outage_of_DNS_is_not_one_of_telephony()
    {
        Resolve(First);
        var (_, invite) = _bench.Call();
        Fail(invite, "transport");
        _bench.Happens<SipEvent.Rejected>();
        _bench.Happens<SipEvent.Gone>();
        _bench.Do((layer, now) => layer.Invite(new SipInvite("1001", "pbx", "1", default), now));
        Assert.Equal(2, _bench.LookUps.Count);
        _bench.ExpectNothing();
        Resolve();
        Assert.Equal(First.Address, _bench.Expect("INVITE").Flow.Remote);
    }

    private void Fail(WireText invite, string why)
    {
        switch (why)
        {
            case "transport":
                _bench.Do((layer, now) => layer.FlowFailed(invite.Flow, now));
                break;
            case "timeout":
                _bench.Wait(32.1);
                break;
            default:
                _bench.Reply(invite, 503);
                Assert.Equal(invite.Flow, _bench.Expect("ACK").Flow);
                break;
        }
    }

    private void Resolve(params SipTarget[] targets) =>
        _bench.Do((layer, now) => layer.Resolved(_bench.LookUps[^1].Query, [.. targets], now));
}
