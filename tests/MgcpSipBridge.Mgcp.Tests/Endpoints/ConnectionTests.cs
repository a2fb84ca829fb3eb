using static MgcpSipBridge.Mgcp.Tests.AgentBench;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>Connection commands: order on the wire, races, failures (RFC 3435 §2.3.5 to §2.3.9, §4.4.4).</summary>
public class ConnectionTests
{
    [Fact]
    public void A_connection_has_one_command_at_a_time_but_DeleteConnection_goes_at_once()
    {
        var bench = InService();
        ServiceTests.Connect(bench, "1F");
        bench.Agent.ModifyConnection(Line1, "1F", new ConnectionRequest("C1", ConnectionMode.Inactive), bench.Now);
        var second = bench.Agent.ModifyConnection(Line1, "1F", new ConnectionRequest("C1", ConnectionMode.SendRecv), bench.Now);
        bench.Drain();
        var mdcx = bench.TakeSent("MDCX");
        Assert.Empty(bench.Sent);
        bench.Agent.DeleteConnection(Line1, "C1", "1F", null, bench.Now);
        bench.Drain();
        var dlcx = bench.TakeSent("DLCX");
        // What had not been sent need not be any more.
        Assert.Equal((second, 407), bench.TakeEvent<MgcpEvent.CommandFailed>() is var f ? (f.Command, f.Code) : default);
        bench.Answer(dlcx, 250);
        bench.TakeEvent<MgcpEvent.ConnectionDeleted>();
        bench.Answer(mdcx, 407, comment: "aborted");
        Assert.Equal(407, bench.TakeEvent<MgcpEvent.CommandFailed>().Code);
        bench.AssertQuiet();
    }

    [Fact]
    public void Deleting_a_call_waits_for_its_CreateConnection_then_names_the_connection()
    {
        var bench = InService();
        bench.Agent.CreateConnection(Line1, new ConnectionRequest("C1", ConnectionMode.RecvOnly), bench.Now);
        bench.Drain();
        var crcx = bench.TakeSent("CRCX");
        var delete = bench.Agent.DeleteConnection(Line1, "C1", null, Request("L/hd"), bench.Now);
        bench.AssertQuiet();
        bench.Answer(crcx, 200, "I: ABC\n");
        bench.TakeEvent<MgcpEvent.ConnectionCreated>();
        var dlcx = bench.TakeSent("DLCX");
        Assert.Contains("C: C1\r\nI: ABC\r\nN: ", dlcx, StringComparison.Ordinal);
        bench.Answer(dlcx, 250, "P: PS=1\n");
        Assert.Equal((delete, "PS=1"), bench.TakeEvent<MgcpEvent.ConnectionDeleted>() is var d ? (d.Command, d.Parameters) : default);
    }

    [Fact]
    public void Deleting_a_call_that_came_to_nothing_needs_no_command_only_its_request()
    {
        var bench = InService();
        bench.Agent.CreateConnection(Line1, new ConnectionRequest("C1", ConnectionMode.RecvOnly), bench.Now);
        bench.Drain();
        var crcx = bench.TakeSent("CRCX");
        bench.Agent.DeleteConnection(Line1, "C1", null, Request("L/hd"), bench.Now);
        bench.Answer(crcx, 403, comment: "no resources");
        Assert.Equal((403, "no resources"), bench.TakeEvent<MgcpEvent.CommandFailed>() is var f ? (f.Code, f.Comment) : default);
        bench.TakeEvent<MgcpEvent.ConnectionDeleted>();
        Assert.Contains("R: L/hd(N)", bench.TakeSent("RQNT"), StringComparison.Ordinal);
        bench.Agent.DeleteConnection(Line1, "C7", null, null, bench.Now);
        bench.Drain();
        bench.TakeEvent<MgcpEvent.ConnectionDeleted>();
        bench.AssertQuiet();
    }

    [Fact]
    public void A_CreateConnection_that_had_not_been_sent_is_never_sent_once_its_call_is_deleted()
    {
        var bench = InService();
        bench.Agent.CreateConnection(Line1, new ConnectionRequest("C1", ConnectionMode.RecvOnly), bench.Now);
        var queued = bench.Agent.CreateConnection(Line1, new ConnectionRequest("C2", ConnectionMode.RecvOnly), bench.Now);
        bench.Drain();
        var crcx = bench.TakeSent("CRCX");
        Assert.Empty(bench.Sent);
        bench.Agent.DeleteConnection(Line1, "C2", null, null, bench.Now);
        bench.Drain();
        Assert.Equal((queued, 407), bench.TakeEvent<MgcpEvent.CommandFailed>() is var f ? (f.Command, f.Code) : default);
        bench.TakeEvent<MgcpEvent.ConnectionDeleted>();
        bench.Answer(crcx, 200, "I: 1\n");
        bench.TakeEvent<MgcpEvent.ConnectionCreated>();
        bench.AssertQuiet();
    }

    [Fact]
    public void A_new_connection_waits_for_the_deletion_that_makes_room_for_it()
    {
        var bench = InService();
        ServiceTests.Connect(bench, "1F");
        bench.Agent.DeleteConnection(Line1, "C1", "1F", null, bench.Now);
        bench.Agent.CreateConnection(Line1, new ConnectionRequest("C2", ConnectionMode.RecvOnly), bench.Now);
        bench.Drain();
        var dlcx = bench.TakeSent("DLCX");
        Assert.Empty(bench.Sent);
        bench.Answer(dlcx, 250);
        bench.TakeSent("CRCX");
    }

    [Theory]
    [InlineData(515)]
    [InlineData(516)]
    public void A_connection_that_is_gone_is_deleted(int code)
    {
        var bench = InService();
        ServiceTests.Connect(bench, "1F");
        bench.Agent.ModifyConnection(Line1, "1F", new ConnectionRequest("C1", ConnectionMode.Inactive), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("MDCX"), code, comment: "gone");
        Assert.Equal(code, bench.TakeEvent<MgcpEvent.CommandFailed>().Code);
        bench.Agent.DeleteConnection(Line1, "C1", "1F", Request("L/hd"), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("DLCX"), code, comment: "gone");
        bench.TakeEvent<MgcpEvent.ConnectionDeleted>();
        // Its request did not go through with it, so it goes by itself.
        Assert.Contains("R: L/hd(N)", bench.TakeSent("RQNT"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_deletion_is_tried_until_it_gets_through()
    {
        var bench = InService();
        ServiceTests.Connect(bench, "1F");
        bench.Agent.DeleteConnection(Line1, "C1", "1F", null, bench.Now);
        bench.Drain();
        var dlcx = bench.TakeSent("DLCX");
        foreach (var code in new[] { 400, 409, 405, 403, 407 })
        {
            bench.Answer(dlcx, code, comment: "later");
            bench.AssertQuiet();
            dlcx = bench.Await("DLCX", TimeSpan.FromSeconds(8));
        }

        bench.Answer(dlcx, 250);
        bench.TakeEvent<MgcpEvent.ConnectionDeleted>();
    }

    [Fact]
    public void A_hook_mismatch_does_not_keep_a_connection_from_being_deleted()
    {
        var bench = InService();
        ServiceTests.Connect(bench, "1F");
        bench.Agent.DeleteConnection(Line1, "C1", "1F", Request("L/hu", "G/cg"), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("DLCX"), 402, comment: "on hook");
        Assert.False(bench.TakeEvent<MgcpEvent.HookMismatch>().OffHook);
        var alone = bench.TakeSent("DLCX");
        Assert.DoesNotContain("R:", alone, StringComparison.Ordinal);
        bench.Answer(alone, 250);
        bench.TakeEvent<MgcpEvent.ConnectionDeleted>();
    }

    [Fact]
    public void A_refused_signal_in_a_connection_command_is_dealt_with_apart()
    {
        var bench = InService();
        bench.Agent.CreateConnection(Line1, new ConnectionRequest("C1", ConnectionMode.RecvOnly, Request: Request("L/hd", "L/rg L/ci(x)")), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("CRCX"), 513, comment: "cannot");
        bench.Answer(bench.TakeSent("CRCX"), 200, "I: 1\n");
        bench.TakeEvent<MgcpEvent.ConnectionCreated>();
        bench.Answer(bench.TakeSent("RQNT"), 513, comment: "cannot");
        var ring = bench.TakeSent("RQNT");
        Assert.Contains("S: L/rg\r\n", ring, StringComparison.Ordinal);
        bench.Answer(ring, 200);
        Assert.False(bench.Agent.StatusOf("gw1")!.Traits.CallerId);
        Assert.True(bench.Agent.StatusOf("gw1")!.Traits.EncapsulatedRequests);
    }

    [Fact]
    public void What_a_gateway_deletes_by_itself_is_lost()
    {
        var bench = InService();
        ServiceTests.Connect(bench, "FDE234C8");
        bench.FromGateway("DLCX 1210 aaln/1@gw1.example.net MGCP 1.0\nC: C1\nI: fde234c8\nE: 900 - Hardware error\nP: PS=1245, OS=62345\n");
        Assert.Equal("200 1210 OK\r\n", bench.TakeSent());
        var lost = bench.TakeEvent<MgcpEvent.ConnectionLost>();
        Assert.Equal((Line1, "FDE234C8", 900), (lost.Endpoint, lost.Connection, lost.ReasonCode));
        Assert.Equal((1245, 62345, null), (lost.Statistics!.PacketsSent, lost.Statistics.OctetsSent, lost.Statistics.PacketsLost));
        bench.FromGateway("DLCX 1211 aaln/1@gw1.example.net MGCP 1.0\nE: 900\n");
        bench.TakeSent("200");
        bench.AssertQuiet();
    }

    [Fact]
    public void Success_without_a_connection_id_is_a_failure_that_is_cleaned_up()
    {
        var bench = InService();
        bench.Agent.CreateConnection(Line1, new ConnectionRequest("C1", ConnectionMode.RecvOnly), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("CRCX"), 200);
        Assert.EndsWith("C: C1\r\nN: ca@bridge.example.net:2727\r\n", bench.TakeSent("DLCX"), StringComparison.Ordinal);
        Assert.Equal(510, bench.TakeEvent<MgcpEvent.CommandFailed>().Code);
    }

    [Theory]
    [InlineData(500, true)]
    [InlineData(501, true)]
    [InlineData(502, false)]
    [InlineData(403, false)]
    [InlineData(404, false)]
    [InlineData(534, false)]
    [InlineData(799, false)]
    public void A_refused_CreateConnection_fails_at_once(int code, bool leavesService)
    {
        var bench = InService();
        bench.Agent.CreateConnection(Line1, new ConnectionRequest("C1", ConnectionMode.RecvOnly), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("CRCX"), code, comment: "");
        Assert.Equal(code, bench.TakeEvent<MgcpEvent.CommandFailed>().Code);
        if (leavesService) Assert.Equal(OutOfServiceReason.Refused, bench.TakeEvent<MgcpEvent.EndpointOutOfService>().Reason);
        bench.AssertQuiet();
    }

    [Fact]
    public void A_description_that_no_datagram_holds_is_refused_here()
    {
        var bench = InService();
        bench.Agent.CreateConnection(Line1, new ConnectionRequest("C1", ConnectionMode.RecvOnly, null, new byte[61_000]), bench.Now);
        bench.Drain();
        Assert.Equal(509, bench.TakeEvent<MgcpEvent.CommandFailed>().Code);
        bench.AssertQuiet();
    }

    [Fact]
    public void Command_ids_are_never_used_twice()
    {
        var bench = InService();
        HashSet<CommandId> ids = [];
        for (var i = 0; i < 10; i++)
        {
            Assert.True(ids.Add(bench.Agent.CreateConnection(Line1, new ConnectionRequest("C1", null), bench.Now)));
            Assert.True(ids.Add(bench.Agent.DeleteConnection(Line1, "C1", null, null, bench.Now)));
        }

        Assert.DoesNotContain(new CommandId(0), ids);
    }

    [Fact]
    public void A_request_whose_command_failed_goes_by_itself_unless_the_engine_wishes_otherwise()
    {
        var bench = InService();
        ServiceTests.Connect(bench, "1F");
        bench.Agent.ModifyConnection(Line1, "1F", new ConnectionRequest("C1", ConnectionMode.Inactive, Request: Request("L/hu")), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("MDCX"), 534, comment: "codec");
        Assert.Equal(534, bench.TakeEvent<MgcpEvent.CommandFailed>().Code);
        Assert.Empty(bench.Sent);
        Assert.Equal(bench.Now, bench.Agent.NextDeadline);
        bench.Advance(TimeSpan.Zero);
        bench.Answer(bench.TakeSent("RQNT"), 200);

        bench.Agent.ModifyConnection(Line1, "1F", new ConnectionRequest("C1", ConnectionMode.Inactive, Request: Request("L/hu")), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("MDCX"), 534, comment: "codec");
        bench.TakeEvent<MgcpEvent.CommandFailed>();
        bench.Agent.Request(Line1, Request("L/hu", "L/ro"), bench.Now);
        bench.Advance(TimeSpan.Zero);
        Assert.Contains("S: L/ro\r\n", bench.TakeSent("RQNT"), StringComparison.Ordinal);
        bench.AssertQuiet();
    }

    [Fact]
    public void A_connection_whose_deletion_fails_is_left_to_an_audit()
    {
        var bench = InService();
        ServiceTests.Connect(bench, "1F");
        bench.Agent.DeleteConnection(Line1, "C1", "1F", null, bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("DLCX"), 510, comment: "what?");
        Assert.Equal(510, bench.TakeEvent<MgcpEvent.CommandFailed>().Code);
        bench.Answer(bench.TakeSent("AUEP"), 200, "I: 1F\n");
        bench.Answer(bench.TakeSent("AUCX"), 200, "C: C1\n");
        bench.Answer(bench.TakeSent("DLCX"), 250);
        Assert.True(bench.TakeEvent<MgcpEvent.EndpointInService>().KeepsConnections);
        bench.AssertQuiet();
    }
}
