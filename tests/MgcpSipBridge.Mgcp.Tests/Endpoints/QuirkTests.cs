using System.Text;
using static MgcpSipBridge.Mgcp.Tests.AgentBench;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>Habits of devices that exist; tests/corpus/mgcp/QUIRKS.tsv says for each known one which test covers it.</summary>
public class QuirkTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "corpus", "mgcp");

    /// <summary>Captured commands of real gateways: each is answered by the right code, once, and means what it meant there.</summary>
    [Theory]
    [InlineData("ndpi-007-RSIP.mgcp", "aaln/1", "200", "")]
    [InlineData("ndpi-015-RSIP.mgcp", "aaln/s2/1", "200", "EndpointOutOfService")]
    [InlineData("ndpi-017-RSIP.mgcp", "aaln/s2/1", "200", "EndpointOutOfService")]
    [InlineData("ndpi-023-NTFY.mgcp", "aaln/s2/1", "200", "")]
    [InlineData("ndpi-025-RSIP.mgcp", "aaln/s2/1", "200", "EndpointOutOfService")]
    [InlineData("slapB-013-RSIP.mgcp", "s3/ds1-1/23", "200", "EndpointOutOfService")]
    [InlineData("slapB-015-DLCX.mgcp", "s3/ds1-1/23", "200", "ConnectionLost")]
    [InlineData("slapB-106-RSIP.mgcp", "s3/ds1-1/23", "200", "EndpointOutOfService")]
    [InlineData("cisco-vg200-NTFY.mgcp", "aaln/s1/su0/0", "200", "")]
    [InlineData("cucm-isr-NTFY-heartbeat.mgcp", "aaln/s1/su0/0", "200", "")]
    public void A_captured_command_is_answered_and_understood(string file, string local, string code, string meaning)
    {
        var sample = File.ReadAllBytes(Path.Combine(Folder, file));
        Assert.Equal(MgcpParseError.None, MgcpCommand.TryParse(sample, out var command));
        var domain = Encoding.ASCII.GetString(command.Endpoint.Domain);
        var endpoint = command.Endpoint.IsWildcard ? local : Encoding.ASCII.GetString(command.Endpoint.Local).ToLowerInvariant();
        var bench = InService(new MgcpGatewayModel("gw1", domain.ToUpperInvariant(), GatewayAddress, MgcpProfile.Auto, [endpoint]));
        var id = new EndpointId("gw1", endpoint);
        if (meaning == "ConnectionLost")
        {
            bench.Agent.CreateConnection(id, new ConnectionRequest("12E", ConnectionMode.RecvOnly), bench.Now);
            bench.Drain();
            bench.Answer(bench.TakeSent("CRCX"), 200, "I: F\n");
            bench.Events.Clear();
        }

        bench.Agent.Receive(sample, GatewayAddress, bench.Now);
        bench.Drain();
        Assert.StartsWith($"{code} {command.TransactionId}", bench.TakeSent(), StringComparison.Ordinal);
        if (meaning.Length > 0) Assert.Contains(meaning, bench.Events.Select(static e => e.GetType().Name));
        Assert.DoesNotContain(bench.Notes, static n => n is MgcpNote.ParseFailed or MgcpNote.Dropped);
        if (meaning != "ConnectionLost") return;
        var lost = bench.TakeEvent<MgcpEvent.ConnectionLost>();
        Assert.Equal((901, 189389L), (lost.ReasonCode, lost.Statistics!.PacketsSent));
    }

    [Fact]
    public void A_gateway_that_refuses_the_notified_entity_in_connection_commands_gets_it_no_more()
    {
        // osmo-mgw: 539 to a parameter that it does not use.
        var bench = InService();
        bench.Agent.CreateConnection(Line1, new ConnectionRequest("C1", ConnectionMode.SendRecv), bench.Now);
        bench.Drain();
        var first = bench.TakeSent("CRCX");
        Assert.Contains("\nN: ", first, StringComparison.Ordinal);
        bench.Answer(first, 539, "");
        var second = bench.TakeSent("CRCX");
        Assert.DoesNotContain("\nN: ", second, StringComparison.Ordinal);
        bench.Answer(second, 200, "I: 1F\n");
        bench.TakeEvent<MgcpEvent.ConnectionCreated>();
        bench.Agent.ModifyConnection(Line1, "1F", new ConnectionRequest("C1", ConnectionMode.Inactive), bench.Now);
        bench.Drain();
        Assert.DoesNotContain("\nN: ", bench.TakeSent("MDCX"), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_several_commands_under_way_to_such_a_gateway_each_is_sent_again()
    {
        var bench = InService(endpoints: ["aaln/1", "aaln/2"]);
        bench.Agent.CreateConnection(Line1, new ConnectionRequest("C1", ConnectionMode.SendRecv), bench.Now);
        bench.Agent.CreateConnection(Line2, new ConnectionRequest("C2", ConnectionMode.SendRecv), bench.Now);
        bench.Drain();
        var (first, second) = (bench.TakeSent("CRCX"), bench.TakeSent("CRCX"));
        foreach (var refused in (string[])[first, second])
        {
            Assert.Contains("\nN: ", refused, StringComparison.Ordinal);
            bench.Answer(refused, 539, "");
            var again = bench.TakeSent("CRCX");
            Assert.DoesNotContain("\nN: ", again, StringComparison.Ordinal);
            bench.Answer(again, 200, "I: 1F\n");
            bench.TakeEvent<MgcpEvent.ConnectionCreated>();
        }

        Assert.Single(bench.Notes, static n => n is MgcpNote.TraitLearnt);
        // What has no N: is refused for something else.
        bench.Agent.ModifyConnection(Line1, "1F", new ConnectionRequest("C1", ConnectionMode.Inactive), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("MDCX"), 539, "");
        Assert.Equal(539, bench.TakeEvent<MgcpEvent.CommandFailed>().Code);
        bench.AssertQuiet();
    }

    [Fact]
    public void The_first_deletion_of_what_is_not_ours_gets_through_to_such_a_gateway()
    {
        var bench = new AgentBench();
        bench.Agent.SetGateway(Model(), bench.Now);
        bench.Now = bench.Agent.NextDeadline!.Value;
        bench.Agent.FireDue(bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("AUEP"), 200, "ES: L/hu\nI: 1F, 2F\nA: a:PCMU, v:L;D;G\n");
        var refused = bench.TakeSent("DLCX");
        Assert.Contains("\nN: ", refused, StringComparison.Ordinal);
        bench.Answer(refused, 539);
        var plain = bench.TakeSent("DLCX");
        Assert.DoesNotContain("\nN: ", plain, StringComparison.Ordinal);
        Assert.DoesNotContain(bench.Events, static e => e is MgcpEvent.EndpointInService);
        bench.Answer(plain, 250);
        Assert.Contains(bench.Events, static e => e is MgcpEvent.EndpointInService);
    }

    [Fact]
    public void A_deletion_that_nobody_waits_for_gets_through_to_such_a_gateway()
    {
        var bench = InService();
        bench.Agent.CreateConnection(Line1, new ConnectionRequest("C1", ConnectionMode.SendRecv), bench.Now);
        bench.Drain();
        // A success that names no connection is undone by its call.
        bench.Answer(bench.TakeSent("CRCX"), 200);
        bench.TakeEvent<MgcpEvent.CommandFailed>();
        bench.Answer(bench.TakeSent("DLCX"), 539);
        var plain = bench.TakeSent("DLCX");
        Assert.EndsWith(" MGCP 1.0\r\nC: C1\r\n", plain, StringComparison.Ordinal);
        bench.Answer(plain, 539);
        bench.AssertQuiet();
    }

    [Theory]
    [InlineData(400)]
    [InlineData(409)]
    public void What_cannot_be_deleted_at_the_moment_is_found_by_an_audit_and_deleted(int code)
    {
        var bench = InService();
        bench.Agent.CreateConnection(Line1, new ConnectionRequest("C1", ConnectionMode.SendRecv), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("CRCX"), 200);
        bench.TakeEvent<MgcpEvent.CommandFailed>();
        bench.Answer(bench.TakeSent("DLCX"), code);
        bench.Answer(bench.Await("AUEP", TimeSpan.FromSeconds(10)), 200, "ES: L/hu\nI: 1F\n");
        bench.Answer(bench.Await("AUCX", TimeSpan.FromSeconds(1)), 200, "C: C1\n");
        var deletion = bench.Await("DLCX", TimeSpan.FromSeconds(1));
        Assert.Contains("\r\nC: C1\r\nI: 1F\r\n", deletion, StringComparison.Ordinal);
        bench.Answer(deletion, code);
        bench.Answer(bench.Await("AUEP", TimeSpan.FromSeconds(10)), 200, "ES: L/hu\nI:\n");
        Assert.True(bench.TakeEvent<MgcpEvent.EndpointInService>().KeepsConnections);
    }

    [Fact]
    public void Restarts_that_overtook_each_other_are_each_taken()
    {
        // A VG224 sent transaction …136 before …135: only equal numbers mean anything (RFC 3435 §3.2.1.2).
        var bench = InService();
        bench.FromGateway("RSIP 136 *@gw1.example.net MGCP 1.0\nRM: graceful\nRD: 0\n");
        bench.FromGateway("RSIP 135 *@gw1.example.net MGCP 1.0\nRM: restart\n");
        Assert.Equal(["200 136 OK\r\n", "200 135 OK\r\n"], [bench.TakeSent(), bench.TakeSent()]);
        bench.Answer(bench.Await("AUEP", TimeSpan.FromSeconds(1), "F: A, ES, I"), 200, "ES: L/hu\nI:\n");
        Assert.Contains(bench.Events, static e => e is MgcpEvent.EndpointInService);
    }

    [Fact]
    public void Only_a_description_is_announced_by_an_empty_line_and_X_stands_before_R()
    {
        // IOS takes the empty line for an empty description, which RQNT must not have.
        var bench = InService();
        bench.Agent.Request(Line1, Request("L/hu", "L/dl"), bench.Now);
        bench.Agent.CreateConnection(Line1, new ConnectionRequest("C1", ConnectionMode.RecvOnly), bench.Now);
        bench.Drain();
        while (bench.Sent.TryDequeue(out var sent))
        {
            var text = Encoding.ASCII.GetString(sent.Datagram.Span);
            Assert.DoesNotContain("\r\n\r\n", text, StringComparison.Ordinal);
            if (text.StartsWith("RQNT", StringComparison.Ordinal)) Assert.True(text.IndexOf("\nX:", StringComparison.Ordinal) < text.IndexOf("\nR:", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Parameters_that_a_response_should_not_have_are_passed_over()
    {
        // Yate answers CRCX with I: first, a mode, and an empty K: after 100.
        var bench = InService();
        bench.Agent.CreateConnection(Line1, new ConnectionRequest("C1", ConnectionMode.RecvOnly), bench.Now);
        bench.Drain();
        var id = IdOf(bench.TakeSent("CRCX"));
        bench.FromGateway($"100 {id} Trying\n");
        bench.FromGateway($"200 {id}  \nI: 7F\nM: sendrecv\nK: \nX-Yate: 1\nX+Yate: 2\n\nv=0\n");
        Assert.Equal("7F", bench.TakeEvent<MgcpEvent.ConnectionCreated>().Connection);
        Assert.Equal($"000 {id}\r\n", bench.TakeSent());
    }

    [Fact]
    public void A_gateway_that_mixes_up_commands_gets_one_at_a_time()
    {
        // D-Link's DPH-100M cannot have a request and a connection command at once, Cisco's IAD2421 no CRCX while its MDCX is under way.
        var bench = InService(Model() with { Overrides = new TraitOverrides { OneAtATime = true, EncapsulatedRequests = false } });
        ServiceTests.Connect(bench, "1F");
        bench.Agent.ModifyConnection(Line1, "1F", new ConnectionRequest("C1", ConnectionMode.Inactive), bench.Now);
        bench.Agent.CreateConnection(Line1, new ConnectionRequest("C2", ConnectionMode.RecvOnly, Request: Request("L/hu", "L/dl")), bench.Now);
        bench.Agent.Request(Line1, Request("L/hu"), bench.Now);
        bench.Agent.DeleteConnection(Line1, "C1", "1F", null, bench.Now);
        List<string> order = [];
        for (var i = 0; i < 10; i++)
        {
            bench.Drain();
            if (bench.Sent.Count == 0) break;
            var command = bench.TakeSent();
            Assert.Empty(bench.Sent);
            order.Add(command[..4]);
            bench.Answer(command, 200, command.StartsWith("CRCX", StringComparison.Ordinal) ? "I: 2F\n" : "");
        }

        Assert.Equal(["CRCX", "DLCX", "MDCX", "RQNT"], order.Order());
        Assert.Equal(("MDCX", 4), (order[0], order.Count));
    }

    [Fact]
    public void An_event_that_nobody_asked_for_is_delivered_under_X_0()
    {
        // IOS reports off hook by itself; a vendor's ping means nothing, and is answered.
        var bench = InService();
        bench.FromGateway("NTFY 1 AALN/1@gw1.example.net MGCP 1.0\nX: 0\nO: l/hd\n");
        Assert.StartsWith("200 1", bench.TakeSent(), StringComparison.Ordinal);
        Assert.Equal(new ObservedEvent("L", "hd"), bench.TakeEvent<MgcpEvent.Observed>().Events[0]);
        bench.FromGateway("NTFY 2 AALN/1@gw1.example.net MGCP 1.0\nX: 0\nO: ping\n");
        Assert.StartsWith("200 2", bench.TakeSent(), StringComparison.Ordinal);
        Assert.Equal("ping", bench.TakeEvent<MgcpEvent.Observed>().Events[0].Name);
    }
}
