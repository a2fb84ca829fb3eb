using static MgcpSipBridge.Mgcp.Tests.AgentBench;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>NotificationRequests and Notifies: order, races, and gateways that refuse (RFC 3435 §2.3.3, §4.4; RFC 3661).</summary>
public class RequestTests
{
    [Fact]
    public void One_request_is_on_the_wire_and_only_the_latest_wish_waits()
    {
        var bench = InService();
        bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
        bench.Agent.Request(Line1, Request("L/hu", "L/dl"), bench.Now);
        bench.Agent.Request(Line1, Request("L/hu", "L/bz"), bench.Now);
        bench.Drain();
        var first = bench.TakeSent("RQNT");
        Assert.Empty(bench.Sent);
        bench.Answer(first, 200);
        var second = bench.TakeSent("RQNT");
        Assert.Contains("S: L/bz\r\n", second, StringComparison.Ordinal);
        Assert.NotEqual(ValueOf(first, "X"), ValueOf(second, "X"));
        bench.Answer(second, 200);
        bench.AssertQuiet();
    }

    [Fact]
    public void A_request_may_ride_and_supersedes_the_one_that_waits()
    {
        var bench = InService();
        bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
        bench.Agent.CreateConnection(Line1, new ConnectionRequest("C1", ConnectionMode.RecvOnly, Request: Request("L/hu", "G/rt")), bench.Now);
        bench.Drain();
        var rqnt = bench.TakeSent("RQNT");
        // A request is on the wire already, so the command goes alone and its request after that.
        var crcx = bench.TakeSent("CRCX");
        Assert.DoesNotContain("R:", crcx, StringComparison.Ordinal);
        bench.Answer(crcx, 200, "I: 1\n");
        bench.TakeEvent<MgcpEvent.ConnectionCreated>();
        Assert.Empty(bench.Sent);
        bench.Answer(rqnt, 200);
        bench.Answer(bench.TakeSent("RQNT"), 200);

        bench.Agent.ModifyConnection(Line1, "1", new ConnectionRequest("C1", ConnectionMode.SendRecv, Request: Request("L/hu")), bench.Now);
        bench.Agent.Request(Line1, Request("L/hu", "L/wt"), bench.Now);
        bench.Drain();
        var mdcx = bench.TakeSent("MDCX");
        Assert.Contains("X: ", mdcx, StringComparison.Ordinal);
        Assert.Empty(bench.Sent);
        bench.Answer(mdcx, 200);
        Assert.Contains("S: L/wt\r\n", bench.TakeSent("RQNT"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401, true)]
    [InlineData(402, false)]
    public void A_hook_that_is_not_where_it_was_thought_is_told(int code, bool offHook)
    {
        var bench = InService();
        bench.Agent.Request(Line1, Request("L/hd", "L/rg"), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("RQNT"), code, comment: "Phone off-hook");
        Assert.Equal(new MgcpEvent.HookMismatch(Line1, offHook), bench.TakeEvent<MgcpEvent.HookMismatch>());
        bench.AssertQuiet();
    }

    [Fact]
    public void A_mismatch_that_a_newer_wish_has_dealt_with_is_not_told()
    {
        var bench = InService();
        bench.Agent.CreateConnection(Line1, new ConnectionRequest("C1", ConnectionMode.RecvOnly, Request: Request("L/hu")), bench.Now);
        bench.Drain();
        var crcx = bench.TakeSent("CRCX");
        // The phone goes on hook: its Notify crosses the command, and the engine has answered it before the refusal comes.
        bench.FromGateway("NTFY 1 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nO: L/hu\n");
        bench.TakeSent("200");
        bench.TakeEvent<MgcpEvent.Observed>();
        bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
        bench.Agent.DeleteConnection(Line1, "C1", null, null, bench.Now);
        bench.AssertQuiet();
        bench.Answer(crcx, 402, comment: "on hook");
        Assert.Empty(bench.Events.OfType<MgcpEvent.HookMismatch>());
        var requests = bench.Sent.Select(static s => System.Text.Encoding.ASCII.GetString(s.Datagram.Span)).Where(static t => t.StartsWith("RQNT", StringComparison.Ordinal)).ToList();
        Assert.Contains("R: L/hd(N)\r\n", Assert.Single(requests), StringComparison.Ordinal);
        bench.Sent.Clear();
        bench.Answer(requests[0], 200);
        Assert.DoesNotContain(bench.Sent, static s => s.Datagram.Span.StartsWith("RQNT"u8));
    }

    [Fact]
    public void A_ringing_request_that_meets_a_phone_off_hook_leaves_its_connection_alone()
    {
        var bench = InService();
        var id = bench.Agent.CreateConnection(Line1, new ConnectionRequest("C1", ConnectionMode.SendRecv, Request: Request("L/hd", "L/rg")), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("CRCX"), 401, comment: "Phone off-hook");
        Assert.True(bench.TakeEvent<MgcpEvent.HookMismatch>().OffHook);
        var again = bench.TakeSent("CRCX");
        Assert.DoesNotContain("X:", again, StringComparison.Ordinal);
        bench.Answer(again, 200, "I: 5\n");
        Assert.Equal(id, bench.TakeEvent<MgcpEvent.ConnectionCreated>().Command);
        bench.AssertQuiet();
    }

    [Theory]
    [InlineData(510)]
    [InlineData(507)]
    [InlineData(523)]
    [InlineData(539)]
    [InlineData(511)]
    public void A_gateway_that_takes_no_requests_in_connection_commands_gets_them_apart(int code)
    {
        var bench = InService();
        bench.Agent.CreateConnection(Line1, new ConnectionRequest("C1", ConnectionMode.SendRecv, Request: Request("L/hu")), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("CRCX"), code, comment: "no");
        var crcx = bench.TakeSent("CRCX");
        Assert.DoesNotContain("X:", crcx, StringComparison.Ordinal);
        var rqnt = bench.TakeSent("RQNT");
        bench.Answer(crcx, 200, "I: 5\n");
        bench.Answer(rqnt, 200);
        bench.TakeEvent<MgcpEvent.ConnectionCreated>();
        Assert.False(bench.Agent.StatusOf("gw1")!.Traits.EncapsulatedRequests);
        Assert.Contains(bench.Notes, static n => n is MgcpNote.TraitLearnt { Trait: "encapsulation" });
        bench.Agent.ModifyConnection(Line1, "5", new ConnectionRequest("C1", ConnectionMode.Inactive, Request: Request("L/hu")), bench.Now);
        bench.Drain();
        Assert.DoesNotContain("X:", bench.TakeSent("MDCX"), StringComparison.Ordinal);
        bench.TakeSent("RQNT");
    }

    [Fact]
    public void A_protocol_error_that_is_not_about_the_combination_teaches_nothing()
    {
        var bench = InService();
        bench.Agent.CreateConnection(Line1, new ConnectionRequest("C1", ConnectionMode.SendRecv, "x-odd:1", Request: Request("L/hu")), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("CRCX"), 510, comment: "no");
        bench.Answer(bench.TakeSent("CRCX"), 510, comment: "no");
        Assert.Equal(510, bench.TakeEvent<MgcpEvent.CommandFailed>().Code);
        Assert.True(bench.Agent.StatusOf("gw1")!.Traits.EncapsulatedRequests);
    }

    [Fact]
    public void Caller_id_that_is_refused_is_left_out_from_then_on()
    {
        var bench = InService();
        var ring = Request("L/hd", "L/rg L/ci(09/14/17/26,\"1001\",\"Alice\")");
        bench.Agent.Request(Line1, ring, bench.Now);
        bench.Drain();
        var first = bench.TakeSent("RQNT");
        Assert.Contains("S: L/rg, L/ci(09/14/17/26,\"1001\",\"Alice\")\r\n", first, StringComparison.Ordinal);
        bench.Answer(first, 513, comment: "cannot");
        var second = bench.TakeSent("RQNT");
        Assert.Contains("S: L/rg\r\n", second, StringComparison.Ordinal);
        bench.Answer(second, 200);
        bench.AssertQuiet();
        Assert.False(bench.Agent.StatusOf("gw1")!.Traits.CallerId);
        bench.Agent.Request(Line1, ring, bench.Now);
        bench.Drain();
        Assert.Contains("S: L/rg\r\n", bench.TakeSent("RQNT"), StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_guilty_signal_is_given_up_and_something_near_it_is_played()
    {
        var bench = InService();
        bench.Agent.Request(Line1, Request("L/hd", "L/r2 L/ci(x)"), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("RQNT"), 522, comment: "no such signal");
        var withoutCallerId = bench.TakeSent("RQNT");
        Assert.Contains("S: L/r2\r\n", withoutCallerId, StringComparison.Ordinal);
        bench.Answer(withoutCallerId, 522, comment: "no such signal");
        var plainRing = bench.TakeSent("RQNT");
        Assert.Contains("S: L/rg, L/ci(x)\r\n", plainRing, StringComparison.Ordinal);
        bench.Answer(plainRing, 200);
        var traits = bench.Agent.StatusOf("gw1")!.Traits;
        Assert.True(traits.CallerId);
        Assert.Contains("l/R2", traits.RefusedNames);
        bench.AssertQuiet();
    }

    [Fact]
    public void A_gateway_without_digit_maps_reports_digit_by_digit()
    {
        var bench = InService();
        var dial = Request("L/hu D/[0-9#*T](D)", "L/dl", "(xxxx)");
        bench.Agent.Request(Line1, dial, bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("RQNT"), 537, comment: "map?");
        var second = bench.TakeSent("RQNT");
        Assert.EndsWith("R: L/hu(N), D/[0-9#*](N)\r\nS: L/dl\r\n", second, StringComparison.Ordinal);
        bench.Answer(second, 200);
        Assert.False(bench.Agent.StatusOf("gw1")!.Traits.DigitMaps);
        bench.AssertQuiet();
    }

    [Fact]
    public void A_gateway_that_lost_its_map_gets_it_again()
    {
        var bench = InService();
        bench.Agent.Request(Line1, Request("L/hu D/[0-9#*T](D)", "L/dl", "(xxxx)"), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("RQNT"), 200);
        bench.Agent.Request(Line1, Request("L/hu D/[0-9#*T](D)", "L/dl"), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("RQNT"), 519, comment: "no map");
        var again = bench.TakeSent("RQNT");
        Assert.EndsWith("D: (xxxx)\r\n", again, StringComparison.Ordinal);
        // And one that claims so even then has no use for maps.
        bench.Answer(again, 519, comment: "no map");
        Assert.Contains("D/[0-9#*](N)", bench.TakeSent("RQNT"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(405)]
    [InlineData(409)]
    public void A_transient_refusal_is_tried_again_ever_more_slowly_then_given_up(int code)
    {
        var bench = InService();
        bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
        bench.Drain();
        var rqnt = bench.TakeSent("RQNT");
        for (var tries = 1; tries < 6; tries++)
        {
            bench.Answer(rqnt, code, comment: "later");
            bench.AssertQuiet();
            rqnt = bench.Await("RQNT", TimeSpan.FromSeconds(8));
        }

        bench.Answer(rqnt, code, comment: "later");
        Assert.Equal(new MgcpEvent.RequestFailed(Line1, code), bench.TakeEvent<MgcpEvent.RequestFailed>());
        bench.AssertQuiet();
    }

    [Fact]
    public void A_new_wish_does_not_wait_for_an_old_ones_retry()
    {
        var bench = InService();
        bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("RQNT"), 400, comment: "later");
        bench.Agent.Request(Line1, Request("L/hu", "L/dl"), bench.Now);
        bench.Drain();
        Assert.Contains("S: L/dl", bench.TakeSent("RQNT"), StringComparison.Ordinal);
        bench.Advance(TimeSpan.FromMilliseconds(150));
        bench.AssertQuiet();
    }

    [Theory]
    [InlineData(500)]
    [InlineData(501)]
    [InlineData(502)]
    [InlineData(520)]
    [InlineData(529)]
    public void An_endpoint_that_cannot_serve_leaves_service_and_is_audited_again(int code)
    {
        var bench = InService();
        bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("RQNT"), code, comment: "no");
        Assert.Equal(OutOfServiceReason.Refused, bench.TakeEvent<MgcpEvent.EndpointOutOfService>().Reason);
        // Requests to it are not for the wire.
        bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
        bench.AssertQuiet();
        bench.Await("AUEP", TimeSpan.FromSeconds(67));
    }

    [Fact]
    public void Another_version_is_tried_before_a_gateway_is_given_up()
    {
        var bench = InService();
        bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("RQNT"), 528, comment: "version");
        var second = bench.TakeSent("RQNT");
        Assert.Contains(" MGCP 0.1\r\n", second, StringComparison.Ordinal);
        bench.Answer(second, 528);
        var third = bench.TakeSent("RQNT");
        Assert.Contains(" MGCP 1.0 NCS 1.0\r\n", third, StringComparison.Ordinal);
        bench.Answer(third, 528);
        Assert.Equal(528, bench.TakeEvent<MgcpEvent.RequestFailed>().Code);
    }

    [Fact]
    public void Hook_events_are_never_given_up()
    {
        var bench = InService();
        bench.Agent.Request(Line1, Request("L/hu L/hf"), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("RQNT"), 512, comment: "cannot detect");
        var second = bench.TakeSent("RQNT");
        Assert.Contains("R: L/hu(N)\r\n", second, StringComparison.Ordinal);
        bench.Answer(second, 512, comment: "cannot detect");
        Assert.Equal(512, bench.TakeEvent<MgcpEvent.RequestFailed>().Code);
        // It did not help, so nothing was learnt.
        Assert.Empty(bench.Agent.StatusOf("gw1")!.Traits.RefusedNames);
    }

    [Fact]
    public void Cisco_tones_are_stopped_by_name()
    {
        var bench = InService(MgcpProfile.Cisco);
        bench.Agent.Request(Line1, Request("L/hu", "L/dl"), bench.Now);
        bench.Drain();
        var dial = bench.TakeSent("RQNT");
        Assert.Contains(" MGCP 0.1\r\n", dial, StringComparison.Ordinal);
        bench.Answer(dial, 200);
        bench.Agent.Request(Line1, Request("L/hu"), bench.Now);
        bench.Drain();
        var stop = bench.TakeSent("RQNT");
        Assert.Contains("S: L/dl(-)\r\n", stop, StringComparison.Ordinal);
        bench.Answer(stop, 200);
        bench.Agent.Request(Line1, Request("L/hu"), bench.Now);
        bench.Drain();
        Assert.Contains("S:\r\n", bench.TakeSent("RQNT"), StringComparison.Ordinal);
    }

    [Fact]
    public void NCS_has_digits_and_ringback_in_L_and_learns_otherwise()
    {
        var bench = InService(MgcpProfile.Ncs);
        bench.Agent.Request(Line1, Request("L/hu D/[0-9#*T](D)", "G/rt", "(xx)"), bench.Now);
        bench.Drain();
        var dial = bench.TakeSent("RQNT");
        Assert.Contains(" MGCP 1.0 NCS 1.0\r\n", dial, StringComparison.Ordinal);
        Assert.Contains("R: L/hu(N), L/[0-9#*T](D)\r\nS: L/rt\r\n", dial, StringComparison.Ordinal);
        bench.Answer(dial, 200);
        bench.FromGateway($"NTFY 7 aaln/1@gw1.example.net MGCP 1.0 NCS 1.0\nX: {ValueOf(dial, "X")}\nO: d/0, d/6, d/T\n");
        bench.TakeSent("200");
        Assert.Equal([new ObservedEvent("D", "0"), new ObservedEvent("D", "6"), new ObservedEvent("D", "T")], bench.TakeEvent<MgcpEvent.Observed>().Events);
        Assert.Equal("D", bench.Agent.StatusOf("gw1")!.Traits.DigitPackage);
    }

    [Fact]
    public void The_version_a_gateway_writes_is_the_one_it_is_written_to()
    {
        var bench = InService();
        bench.FromGateway("RSIP 1 *@gw1.example.net MGCP 1.0 NCS 1.0\nRM: X-keepalive\n");
        bench.TakeSent("200");
        bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
        bench.Drain();
        Assert.Contains(" MGCP 1.0 NCS 1.0\r\n", bench.TakeSent("RQNT"), StringComparison.Ordinal);
        Assert.Equal("L", bench.Agent.StatusOf("gw1")!.Traits.DigitPackage);
    }

    [Fact]
    public void A_crossed_Notify_is_delivered_all_the_same()
    {
        var bench = InService();
        bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
        bench.Drain();
        bench.TakeSent("RQNT");
        bench.FromGateway("NTFY 5 aaln/1@gw1.example.net MGCP 1.0\nX: ABCDEF\nO: L/hd\n");
        bench.TakeSent("200");
        bench.TakeEvent<MgcpEvent.Observed>();
        Assert.Contains(bench.Notes, static n => n is MgcpNote.NotifyCrossed);
    }

    [Fact]
    public void A_Notify_that_a_later_one_overtook_is_answered_and_its_events_are_not_delivered()
    {
        var bench = InService();
        var ids = new List<string>();
        foreach (var wanted in (string[])["L/hu", "L/hd", "L/hu"])
        {
            bench.Agent.Request(Line1, Request(wanted), bench.Now);
            bench.Drain();
            var request = bench.TakeSent("RQNT");
            ids.Add(ValueOf(request, "X"));
            bench.Answer(request, 200);
        }

        // The phone was hung up (lost) and lifted; the gateway repeats the first report after the second.
        bench.FromGateway($"NTFY 6 aaln/1@gw1.example.net MGCP 1.0\nX: {ids[1]}\nO: L/hd\n");
        bench.TakeSent("200 6");
        Assert.Equal("hd", Assert.Single(bench.TakeEvent<MgcpEvent.Observed>().Events).Name);
        bench.FromGateway($"NTFY 5 aaln/1@gw1.example.net MGCP 1.0\nX: {ids[0]}\nO: L/hu\n");
        bench.TakeSent("200 5");
        bench.AssertQuiet();
        Assert.Contains(bench.Notes, static n => n is MgcpNote.Dropped { Reason: MgcpDropReason.Overtaken });

        foreach (var (tid, id) in (ReadOnlySpan<(int, string)>)[(7, ids[1]), (8, ids[2]), (9, "0"), (10, "3B9ACA00")])
        {
            bench.FromGateway($"NTFY {tid} aaln/1@gw1.example.net MGCP 1.0\nX: {id}\nO: L/hf\n");
            bench.TakeSent($"200 {tid}");
            bench.TakeEvent<MgcpEvent.Observed>();
        }
    }
}
