namespace MgcpSipBridge.Sip.Tests.Layer;

/// <summary>Retry-After of a 503 (RFC 3261 §21.5.4): that server is left alone for so long, and no other one.</summary>
public sealed class BackOffTests
{
    private static readonly SipTarget First = new(SipTransport.Udp, SipBench.Address("192.0.2.11:5060"));
    private static readonly SipTarget Second = new(SipTransport.Udp, SipBench.Address("192.0.2.12:5060"));
    private static readonly SipPeerModel Named = SipBench.DefaultPeer with { Host = "pbx.example.net", Port = 0, Transport = null };

    [Fact]
    public void The_next_calls_pass_the_server_by_until_its_time_is_over()
    {
        var bench = Bench(First, Second);
        var (_, invite) = bench.Call();
        Assert.Equal(First.Address, invite.Flow.Remote);
        bench.Reply(invite, 503, extra: "Retry-After: 20");
        bench.Expect("ACK");
        Assert.Equal(Second.Address, bench.Expect("INVITE").Flow.Remote);
        Assert.Equal(Second.Address, bench.Call().Invite.Flow.Remote);
        bench.Wait(19.9);
        bench.Drop();
        Assert.Equal(Second.Address, bench.Call().Invite.Flow.Remote);
        bench.Wait(0.2);
        bench.Drop();
        Assert.Equal(First.Address, bench.Call().Invite.Flow.Remote);
    }

    [Fact]
    public void Without_it_503_is_no_more_than_500()
    {
        var bench = Bench(First, Second);
        var (_, invite) = bench.Call();
        bench.Reply(invite, 503);
        bench.Expect("ACK");
        Assert.Equal(Second.Address, bench.Expect("INVITE").Flow.Remote);
        Assert.Equal(First.Address, bench.Call().Invite.Flow.Remote);
    }

    [Fact]
    public void When_every_server_wants_to_be_left_alone_a_call_fails_at_once_and_one_for_help_is_tried()
    {
        var bench = Bench(First);
        bench.Reply(bench.Call().Invite, 503, extra: "Retry-After: 30 (overloaded)");
        bench.Expect("ACK");
        Assert.Equal(TimeSpan.FromSeconds(30), bench.Happens<SipEvent.Rejected>().End.RetryAfter);
        bench.Happens<SipEvent.Gone>();
        bench.Do((layer, now) => layer.Invite(new SipInvite("1001", "pbx", "5551234", default), now));
        Assert.Equal(new SipEnd(503, Local: true), bench.Happens<SipEvent.Rejected>().End);
        bench.Happens<SipEvent.Gone>();
        bench.ExpectNothing();
        bench.Do((layer, now) => layer.Invite(new SipInvite("1001", "pbx", "112", default) { Emergency = true }, now));
        // A failure asks for the name again.
        bench.Do((layer, now) => layer.Resolved(bench.LookUps[^1].Query, [First], now, TimeSpan.FromHours(1)));
        bench.Expect("INVITE");
    }

    [Fact]
    public void It_is_not_for_ever_and_calls_that_are_up_go_on()
    {
        var bench = Bench(First);
        var (talking, invite) = bench.Call();
        bench.Reply(invite, 200, body: SipBench.Answer, contact: "sip:bob@192.0.2.11:5060");
        bench.Expect("ACK");
        bench.Happens<SipEvent.Answered>();
        bench.Reply(bench.Call().Invite, 503, extra: "Retry-After: 86400");
        bench.Expect("ACK");
        bench.Happens<SipEvent.Rejected>();
        bench.Happens<SipEvent.Gone>();
        bench.Do((layer, now) => layer.HangUp(talking, 16, now));
        bench.Reply(bench.Expect("BYE"), 200);
        bench.Happens<SipEvent.Gone>();
        bench.Wait(60.1);
        bench.Call();
    }

    [Fact]
    public void An_operator_whose_peer_says_so_of_single_calls_turns_it_off()
    {
        var bench = Bench(SipBench.DefaultSettings with { RetryAfterMax = TimeSpan.Zero }, First);
        bench.Reply(bench.Call().Invite, 503, extra: "Retry-After: 30");
        bench.Expect("ACK");
        bench.Happens<SipEvent.Rejected>();
        bench.Happens<SipEvent.Gone>();
        bench.Call();
    }

    private static SipBench Bench(params SipTarget[] targets) => Bench(SipBench.DefaultSettings, targets);

    private static SipBench Bench(SipSettings settings, params SipTarget[] targets)
    {
        var bench = new SipBench(Named, settings);
        bench.Do((layer, now) => layer.Resolved(bench.LookUps[^1].Query, [.. targets], now, TimeSpan.FromHours(1)));
        return bench;
    }
}
