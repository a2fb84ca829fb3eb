using static MgcpSipBridge.Mgcp.Tests.AgentBench;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>Service state: restarts, take-over, silence (RFC 3435 §2.3.12, §4.4.5 to §4.4.7).</summary>
public class ServiceTests
{
    [Fact]
    public void At_our_start_a_gateway_that_is_up_is_taken_over_and_cleaned()
    {
        var bench = new AgentBench();
        bench.Agent.SetGateway(Model(true, MgcpProfile.Auto, "aaln/1", "aaln/2"), bench.Now);
        Assert.Equal(GatewayState.Unknown, bench.Agent.StatusOf("gw1")!.State);
        bench.Drain();
        Assert.Empty(bench.Sent);
        // Within the start's spread, not at once: a thousand gateways must not be asked in one breath.
        bench.Now = bench.Agent.NextDeadline!.Value;
        bench.Agent.FireDue(bench.Now);
        bench.Drain();
        var first = bench.TakeSent("AUEP");
        var second = bench.TakeSent("AUEP");
        bench.Answer(first, 200, "ES: L/hd\nI: 32F345E2, 55AA\n");
        Assert.Equal(GatewayState.Up, bench.TakeEvent<MgcpEvent.GatewayChanged>().State);
        var clean = bench.TakeSent("DLCX");
        // Neither a call nor a connection is named: everything goes; and the gateway learns at once whom it obeys now.
        Assert.Equal("N: ca@bridge.example.net:2727", Assert.Single(clean.Split("\r\n").Skip(1), static l => l.Length > 0));
        bench.Answer(clean, 250);
        var one = bench.TakeEvent<MgcpEvent.EndpointInService>();
        Assert.Equal((Line1, true, false), (one.Endpoint, one.Audit.OffHook, one.KeepsConnections));
        bench.Answer(second, 200, "ES: L/hu\nI:\n");
        Assert.Equal(Line2, bench.TakeEvent<MgcpEvent.EndpointInService>().Endpoint);
        bench.AssertQuiet();
    }

    [Fact]
    public void A_gateway_that_does_not_say_what_it_has_is_told_to_delete_everything()
    {
        var bench = new AgentBench();
        bench.Agent.SetGateway(Model(), bench.Now);
        bench.Answer(bench.Await("AUEP", TimeSpan.FromSeconds(1)), 200);
        bench.TakeEvent<MgcpEvent.GatewayChanged>();
        bench.Answer(bench.TakeSent("DLCX"), 515, comment: "none");
        Assert.Equal(EndpointAudit.Unknown, bench.TakeEvent<MgcpEvent.EndpointInService>().Audit with { Codecs = [], Packages = [] });
    }

    [Theory]
    [InlineData(504)]
    [InlineData(510)]
    [InlineData(507)]
    public void A_gateway_that_knows_no_audits_serves_as_well(int code)
    {
        var bench = InService();
        bench.FromGateway("RSIP 1 aaln/1@gw1.example.net MGCP 1.0\nRM: restart\n");
        bench.TakeSent("200");
        bench.TakeEvent<MgcpEvent.EndpointOutOfService>();
        bench.Answer(bench.TakeSent("AUEP"), code, comment: "what?");
        Assert.Null(bench.TakeEvent<MgcpEvent.EndpointInService>().Audit.OffHook);
    }

    [Fact]
    public void A_VG224_writes_its_capabilities_into_L_lines()
    {
        var bench = InService();
        bench.FromGateway("RSIP 1 * MGCP 1.0\nRM: restart\n");
        Assert.Equal("500 1 Unknown endpoint\r\n", bench.TakeSent());
        bench.FromGateway("RSIP 2 *@gw1.example.net MGCP 0.1\nRM: restart\n");
        bench.TakeSent("200");
        bench.TakeEvent<MgcpEvent.EndpointOutOfService>();
        var audit = bench.TakeSent("AUEP");
        Assert.Contains(" MGCP 0.1\r\n", audit, StringComparison.Ordinal);
        bench.Answer(audit, 200, "I:\nX: 2\nL: p:10-20, a:PCMU;PCMA;G.nX64, b:64, v:L;G;D\nL: p:10-220, a:G.729;PCMU, v:L;G;D\nM: sendonly, recvonly\n", "");
        var service = bench.TakeEvent<MgcpEvent.EndpointInService>();
        Assert.Equal(["PCMU", "PCMA", "G.NX64", "G.729"], service.Audit.Codecs);
        Assert.Equal(["L", "G", "D"], service.Audit.Packages);
    }

    [Theory]
    [InlineData("restart", 200)]
    [InlineData("GRACEFUL", 200)]
    [InlineData("forced", 200)]
    [InlineData("disconnected", 200)]
    [InlineData("cancel-graceful", 200)]
    [InlineData("X-keepalive", 200)]
    [InlineData("LCK/lockstep", 200)]
    [InlineData("sometime", 536)]
    [InlineData("ABC/sometime", 518)]
    [InlineData("", 510)]
    [InlineData(null, 510)]
    public void Every_restart_method_has_its_answer(string? method, int code)
    {
        var bench = InService();
        bench.FromGateway("RSIP 1204 *@gw1.example.net MGCP 1.0\n" + (method is null ? "" : $"RM: {method}\n"));
        Assert.StartsWith($"{code} 1204 ", bench.TakeSent(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_restart_loses_what_lived_on_the_endpoint_and_only_there()
    {
        var bench = InService(endpoints: ["aaln/1", "aaln/2"]);
        Connect(bench, "1F");
        var pending = bench.Agent.ModifyConnection(Line1, "1F", new ConnectionRequest("C1", ConnectionMode.Inactive), bench.Now);
        bench.Drain();
        bench.TakeSent("MDCX");
        bench.FromGateway("RSIP 1 aaln/1@gw1.example.net MGCP 1.0\nRM: restart\nRD: 0\n");
        bench.TakeSent("200");
        Assert.Equal((pending, 0), bench.TakeEvent<MgcpEvent.CommandFailed>() is var f ? (f.Command, f.Code) : default);
        Assert.Equal(new MgcpEvent.EndpointOutOfService(Line1, OutOfServiceReason.Restarting), bench.TakeEvent<MgcpEvent.EndpointOutOfService>());
        bench.Answer(bench.TakeSent("AUEP"), 200, "ES: L/hu\nI:\n");
        Assert.False(bench.TakeEvent<MgcpEvent.EndpointInService>().KeepsConnections);
        // A command to a gateway that restarted would be new to it, so it is not repeated.
        bench.Advance(TimeSpan.FromSeconds(30));
        bench.AssertQuiet();
        Assert.Contains(bench.Notes, static n => n is MgcpNote.Restarted { Method: "restart" });
    }

    [Fact]
    public void A_disconnected_endpoint_keeps_its_calls_and_loses_strangers()
    {
        var bench = InService();
        Connect(bench, "1F");
        Connect(bench, "2F");
        bench.FromGateway("RSIP 9 *@gw1.example.net MGCP 1.0\nRM: disconnected\nRD: 40\n");
        bench.TakeSent("200");
        var queued = bench.Agent.ModifyConnection(Line1, "1F", new ConnectionRequest("C1", ConnectionMode.Inactive), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("AUEP"), 200, "I: 1f\nI: 99\nES: L/hd\n");
        Assert.Equal(new MgcpEvent.ConnectionLost(Line1, "2F", 0), bench.TakeEvent<MgcpEvent.ConnectionLost>());
        var ask = bench.TakeSent("AUCX");
        Assert.EndsWith("I: 99\r\nF: C\r\n", ask, StringComparison.Ordinal);
        bench.Answer(ask, 200, "C: DEAD\n");
        var delete = bench.TakeSent("DLCX");
        Assert.EndsWith("C: DEAD\r\nI: 99\r\nN: ca@bridge.example.net:2727\r\n", delete, StringComparison.Ordinal);
        bench.Answer(delete, 250);
        var service = bench.TakeEvent<MgcpEvent.EndpointInService>();
        Assert.True(service.KeepsConnections);
        Assert.True(service.Audit.OffHook);
        bench.Answer(bench.TakeSent("MDCX"), 200);
        Assert.Equal(queued, bench.TakeEvent<MgcpEvent.ConnectionModified>().Command);
    }

    [Fact]
    public void Graceful_drains_and_cancel_graceful_comes_back()
    {
        var bench = InService();
        Connect(bench, "1F");
        bench.FromGateway("RSIP 1 aaln/*@gw1.example.net MGCP 1.0\nRM: graceful\nRD: 300\n");
        bench.TakeSent("200");
        Assert.Equal(OutOfServiceReason.Draining, bench.TakeEvent<MgcpEvent.EndpointOutOfService>().Reason);
        bench.Agent.CreateConnection(Line1, new ConnectionRequest("C9", ConnectionMode.RecvOnly), bench.Now);
        bench.Drain();
        Assert.Equal(501, bench.TakeEvent<MgcpEvent.CommandFailed>().Code);
        bench.Agent.DeleteConnection(Line1, "C1", "1F", null, bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("DLCX"), 250);
        bench.TakeEvent<MgcpEvent.ConnectionDeleted>();
        bench.FromGateway("RSIP 2 aaln/*@gw1.example.net MGCP 1.0\nRM: cancel-graceful\n");
        bench.TakeSent("200");
        Assert.True(bench.TakeEvent<MgcpEvent.EndpointInService>().KeepsConnections);
        bench.AssertQuiet();
    }

    [Fact]
    public void Forced_takes_a_whole_gateway_down_until_it_restarts()
    {
        var bench = InService(endpoints: ["aaln/1", "aaln/2"]);
        bench.FromGateway("RSIP 1 *@gw1.example.net MGCP 1.0\nRM: forced\n");
        bench.TakeSent("200");
        Assert.Equal(OutOfServiceReason.TakenOut, bench.TakeEvent<MgcpEvent.EndpointOutOfService>().Reason);
        Assert.Equal(OutOfServiceReason.TakenOut, bench.TakeEvent<MgcpEvent.EndpointOutOfService>().Reason);
        Assert.Equal(GatewayState.Down, bench.TakeEvent<MgcpEvent.GatewayChanged>().State);
        bench.FromGateway("RSIP 2 *@gw1.example.net MGCP 1.0\nRM: restart\n");
        bench.TakeSent("200");
        Assert.Equal(GatewayState.Up, bench.TakeEvent<MgcpEvent.GatewayChanged>().State);
        bench.Answer(bench.TakeSent("AUEP"), 200, "I:\n");
        bench.Answer(bench.TakeSent("AUEP"), 200, "I:\n");
        bench.TakeEvent<MgcpEvent.EndpointInService>();
        bench.TakeEvent<MgcpEvent.EndpointInService>();
        bench.AssertQuiet();
    }

    [Fact]
    public void What_a_gateway_still_answers_after_forced_does_not_bring_it_back()
    {
        var bench = InService();
        bench.Agent.Request(Line1, new NotificationRequest([new RequestedEvent("L/hd")], []), bench.Now);
        bench.Drain();
        var pending = bench.TakeSent("RQNT");
        bench.FromGateway("RSIP 1 *@gw1.example.net MGCP 1.0\nRM: forced\n");
        bench.TakeSent("200");
        bench.TakeEvent<MgcpEvent.EndpointOutOfService>();
        Assert.Equal(GatewayState.Down, bench.TakeEvent<MgcpEvent.GatewayChanged>().State);
        bench.Answer(pending, 200, "");
        bench.AssertQuiet();
        // Nor is it asked at once: it said what it does. Later it is, and its answer counts.
        bench.Answer(bench.Await("AUEP", TimeSpan.FromSeconds(67)), 200, "");
        Assert.Equal(GatewayState.Up, bench.TakeEvent<MgcpEvent.GatewayChanged>().State);
    }

    [Fact]
    public void An_endpoint_that_said_forced_is_asked_again_and_believed()
    {
        var bench = InService();
        bench.FromGateway("RSIP 1 aaln/1@gw1.example.net MGCP 1.0\nRM: forced\n");
        bench.TakeSent("200");
        bench.TakeEvent<MgcpEvent.EndpointOutOfService>();
        var audit = bench.Await("AUEP", TimeSpan.FromSeconds(67), "F:");
        Assert.EndsWith("F: A, ES, I, RM\r\n", audit, StringComparison.Ordinal);
        bench.Answer(audit, 200, "RM: forced\nI:\n");
        bench.AssertQuiet();
        bench.Answer(bench.Await("AUEP", TimeSpan.FromSeconds(67), "RM"), 200, "RM: restart\nI:\n");
        bench.TakeEvent<MgcpEvent.EndpointInService>();
    }

    [Fact]
    public void A_silent_gateway_is_down_is_asked_on_and_comes_back_clean()
    {
        var bench = InService();
        Connect(bench, "1F");
        var delete = bench.Agent.DeleteConnection(Line1, "C1", "1F", null, bench.Now);
        bench.Advance(TimeSpan.FromSeconds(25));
        Assert.Equal((delete, 0), bench.TakeEvent<MgcpEvent.CommandFailed>() is var f ? (f.Command, f.Code) : default);
        Assert.Equal(GatewayState.Down, bench.TakeEvent<MgcpEvent.GatewayChanged>().State);
        Assert.Equal(OutOfServiceReason.GatewaySilent, bench.TakeEvent<MgcpEvent.EndpointOutOfService>().Reason);
        bench.Sent.Clear();
        bench.Agent.DeleteConnection(Line1, "C1", "1F", null, bench.Now);
        bench.Drain();
        bench.TakeEvent<MgcpEvent.ConnectionDeleted>();

        // Questions go on, ever more slowly, each with two repeats.
        bench.Advance(TimeSpan.FromMinutes(10));
        Assert.Empty(bench.Events);
        Assert.InRange(bench.Sent.Count(static s => !s.IsRetransmission), 10, 20);
        Assert.All(bench.Sent, static s => Assert.StartsWith("AUEP ", System.Text.Encoding.ASCII.GetString(s.Datagram.Span), StringComparison.Ordinal));
        var probe = "";
        while (bench.Sent.Count > 0) probe = bench.TakeSent();
        Assert.Single(probe.TrimEnd().Split("\r\n"));
        probe = bench.Await("AUEP", TimeSpan.FromSeconds(90));
        bench.Sent.Clear();
        bench.Answer(probe, 200);
        Assert.Equal(GatewayState.Up, bench.TakeEvent<MgcpEvent.GatewayChanged>().State);
        bench.Answer(bench.TakeSent("AUEP"), 200, "I: 1F\nES: L/hu\n");
        bench.Answer(bench.TakeSent("DLCX"), 250);
        Assert.False(bench.TakeEvent<MgcpEvent.EndpointInService>().KeepsConnections);
    }

    [Fact]
    public void An_idle_gateway_is_asked_whether_it_lives()
    {
        var bench = InService();
        var ping = bench.Await("AUEP", TimeSpan.FromSeconds(70));
        Assert.Single(ping.TrimEnd().Split("\r\n"));
        bench.Answer(ping, 200);
        bench.AssertQuiet();
    }

    [Fact]
    public void An_endpoint_the_gateway_does_not_know_is_refused_and_asked_for_again()
    {
        var bench = new AgentBench();
        bench.Agent.SetGateway(Model(), bench.Now);
        bench.Answer(bench.Await("AUEP", TimeSpan.FromSeconds(1)), 500, comment: "Endpt Unknown");
        bench.TakeEvent<MgcpEvent.GatewayChanged>();
        Assert.Equal(new MgcpEvent.EndpointOutOfService(Line1, OutOfServiceReason.Refused), bench.TakeEvent<MgcpEvent.EndpointOutOfService>());
        var again = bench.Await("AUEP", TimeSpan.FromSeconds(67), "F:");
        bench.Answer(again, 200, "I:\n");
        bench.TakeEvent<MgcpEvent.EndpointInService>();
    }

    [Fact]
    public void A_restarting_endpoint_is_audited_until_it_is_ready()
    {
        var bench = InService();
        bench.FromGateway("RSIP 1 aaln/1@gw1.example.net MGCP 1.0\nRM: restart\n");
        bench.TakeSent("200");
        bench.TakeEvent<MgcpEvent.EndpointOutOfService>();
        bench.Answer(bench.TakeSent("AUEP"), 405, comment: "not yet");
        bench.Answer(bench.Await("AUEP", TimeSpan.FromSeconds(0.3)), 409, comment: "not yet");
        bench.Answer(bench.Await("AUEP", TimeSpan.FromSeconds(0.6)), 200, "I:\n");
        bench.TakeEvent<MgcpEvent.EndpointInService>();
    }

    [Fact]
    public void Audits_of_a_large_gateway_go_four_at_a_time()
    {
        var bench = new AgentBench();
        bench.Agent.SetGateway(Model(true, MgcpProfile.Auto, [.. Enumerable.Range(1, 24).Select(static i => $"aaln/{i}")]), bench.Now);
        bench.Now = bench.Agent.NextDeadline!.Value;
        bench.Agent.FireDue(bench.Now);
        bench.Drain();
        var inService = 0;
        while (inService < 24)
        {
            var audits = bench.Sent.Where(static s => !s.IsRetransmission).ToList();
            Assert.InRange(audits.Count, 1, 4);
            bench.Sent.Clear();
            foreach (var audit in audits) bench.Answer(System.Text.Encoding.ASCII.GetString(audit.Datagram.Span), 200, "I:\n");
            while (bench.Events.TryDequeue(out var happened)) inService += happened is MgcpEvent.EndpointInService ? 1 : 0;
        }
    }

    internal static void Connect(AgentBench bench, string connection)
    {
        bench.Agent.CreateConnection(Line1, new ConnectionRequest("C1", ConnectionMode.SendRecv), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("CRCX"), 200, $"I: {connection}\n\nv=0\n");
        bench.TakeEvent<MgcpEvent.ConnectionCreated>();
    }
}
