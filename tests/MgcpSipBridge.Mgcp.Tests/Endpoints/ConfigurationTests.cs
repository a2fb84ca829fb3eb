using MgcpSipBridge.SansIo;
using static MgcpSipBridge.Mgcp.Tests.AgentBench;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>Which gateway is which, where it is, and how the configuration changes under it.</summary>
public class ConfigurationTests
{
    [Fact]
    public void Strangers_are_dropped_in_silence_and_counted()
    {
        var bench = InService();
        bench.FromGateway("RSIP 1 *@gw1.example.net MGCP 1.0\nRM: restart\n", NetAddress.FromIPv4(0x0A000063, 2427));
        bench.FromGateway("NTFY 2 aaln/1@other.example.net MGCP 1.0\nX: 1\nO: L/hd\n");
        bench.FromGateway("nonsense", NetAddress.FromIPv4(0x0A000063, 2427));
        bench.AssertQuiet();
        Assert.Equal(3, bench.Notes.Count(static n => n is MgcpNote.Dropped { Reason: MgcpDropReason.UnknownSource }));
        Assert.Contains(bench.Notes, static n => n is MgcpNote.ParseFailed { Error: MgcpParseError.BadFirstLine });
    }

    [Theory]
    [InlineData("gw1.example.net")]
    [InlineData("GW1.Example.Net")]
    [InlineData("[10.0.0.21]")]
    [InlineData("10.0.0.21")]
    [InlineData("gw1.example.net:2427")]
    public void A_gateway_is_known_by_its_domain_or_its_address_and_answered_in_its_own_spelling(string domain)
    {
        var bench = InService();
        // Any source port of its host will do, and the answer goes there.
        var source = GatewayAddress.WithPort(31000);
        bench.FromGateway($"NTFY 2 aaln/1@{domain} MGCP 1.0\nX: 1\nO: L/hd\n", source);
        Assert.Equal(source, bench.Sent.Peek().To);
        Assert.Equal("200 2 OK\r\n", bench.TakeSent());
        bench.TakeEvent<MgcpEvent.Observed>();
        bench.Agent.Request(Line1, Request("L/hu"), bench.Now);
        bench.Drain();
        Assert.Equal(GatewayAddress, bench.Sent.Peek().To);
        Assert.Contains($" aaln/1@{domain} MGCP", bench.TakeSent("RQNT"), StringComparison.Ordinal);
    }

    [Fact]
    public void An_address_that_is_not_configured_is_learnt_from_the_gateway_and_moves_with_its_restarts()
    {
        var bench = new AgentBench();
        bench.Agent.SetGateway(Model(addressed: false), bench.Now);
        bench.Advance(TimeSpan.FromMinutes(5));
        bench.AssertQuiet();
        var first = NetAddress.FromIPv4(0xC0000201, 5555);
        var second = NetAddress.FromIPv4(0xC0000202, 6666);
        bench.FromGateway("RSIP 1 *@gw1.example.net MGCP 1.0\nRM: restart\n", first);
        bench.TakeSent("200");
        Assert.Equal(first, bench.Sent.Peek().To);
        bench.Sent.Clear();
        Assert.Equal(first, bench.Agent.StatusOf("gw1")!.Address);
        bench.Events.Clear();
        // Only a restart moves it: anybody may send a NTFY from anywhere.
        bench.FromGateway("NTFY 2 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nO: L/hd\n", second);
        bench.AssertQuiet();
        // And only while it does not answer where it was: the restart from elsewhere makes us ask there.
        bench.Advance(TimeSpan.FromSeconds(40));
        bench.Sent.Clear();
        bench.Events.Clear();
        bench.FromGateway("RSIP 3 *@gw1.example.net MGCP 1.0\nRM: restart\n", second);
        Assert.Equal(second, bench.Sent.Peek().To);
        Assert.Equal(second, bench.Agent.StatusOf("gw1")!.Address);
    }

    [Fact]
    public void A_gateway_that_never_restarts_is_found_by_its_first_NTFY()
    {
        var bench = new AgentBench();
        bench.Agent.SetGateway(Model(addressed: false), bench.Now);
        bench.FromGateway("NTFY 2 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nO: L/hd\n");
        Assert.Equal("200 2 OK\r\n", bench.TakeSent());
        bench.TakeEvent<MgcpEvent.GatewayChanged>();
        bench.Answer(bench.TakeSent("AUEP"), 200, "I:\nES: L/hd\n");
        // What was observed meanwhile comes after the endpoint is in service.
        Assert.True(bench.TakeEvent<MgcpEvent.EndpointInService>().Audit.OffHook);
        Assert.Equal("hd", bench.TakeEvent<MgcpEvent.Observed>().Events.Single().Name);
        bench.AssertQuiet();
    }

    [Fact]
    public void Gateways_change_live()
    {
        var bench = InService(endpoints: ["aaln/1", "aaln/2"]);
        ServiceTests.Connect(bench, "1F");
        bench.Agent.SetGateway(Model(true, MgcpProfile.Auto, "AALN/1", "aaln/3"), bench.Now);
        bench.Drain();
        Assert.Equal(new MgcpEvent.EndpointOutOfService(Line2, OutOfServiceReason.Removed), bench.TakeEvent<MgcpEvent.EndpointOutOfService>());
        bench.Answer(bench.TakeSent("AUEP"), 200, "I:\n");
        Assert.Equal("aaln/3", bench.TakeEvent<MgcpEvent.EndpointInService>().Endpoint.LocalName);
        bench.AssertQuiet();

        bench.Agent.SetGateway(Model(true, MgcpProfile.Auto, "aaln/1") with { Address = GatewayAddress.WithPort(2500) }, bench.Now);
        bench.Drain();
        Assert.Equal(OutOfServiceReason.Removed, bench.TakeEvent<MgcpEvent.EndpointOutOfService>().Reason);
        Assert.Equal(OutOfServiceReason.GatewaySilent, bench.TakeEvent<MgcpEvent.EndpointOutOfService>().Reason);
        Assert.Equal(GatewayState.Unknown, bench.TakeEvent<MgcpEvent.GatewayChanged>().State);
        bench.FromGateway($"200 {IdOf(bench.Await("AUEP", TimeSpan.FromSeconds(1)))} OK\nI:\n", GatewayAddress.WithPort(2500));
        bench.TakeEvent<MgcpEvent.GatewayChanged>();
        bench.TakeEvent<MgcpEvent.EndpointInService>();

        bench.Agent.RemoveGateway("gw1", bench.Now);
        bench.Drain();
        Assert.Equal(OutOfServiceReason.Removed, bench.TakeEvent<MgcpEvent.EndpointOutOfService>().Reason);
        Assert.Null(bench.Agent.StatusOf("gw1"));
        bench.Agent.CreateConnection(Line1, new ConnectionRequest("C1", null), bench.Now);
        bench.Drain();
        Assert.Equal(500, bench.TakeEvent<MgcpEvent.CommandFailed>().Code);
        bench.Advance(TimeSpan.FromMinutes(5));
        bench.AssertQuiet();
        Assert.Null(bench.Agent.NextDeadline);
    }

    [Fact]
    public void Connections_of_a_removed_gateway_or_endpoint_are_deleted()
    {
        var bench = InService(endpoints: ["aaln/1", "aaln/2"]);
        ServiceTests.Connect(bench, "1F");
        bench.Agent.SetGateway(Model(true, MgcpProfile.Auto, "aaln/2"), bench.Now);
        bench.Drain();
        bench.TakeEvent<MgcpEvent.EndpointOutOfService>();
        bench.Answer(bench.TakeSent("DLCX"), 250);
        bench.AssertQuiet();

        bench = InService();
        ServiceTests.Connect(bench, "1F");
        bench.Agent.RemoveGateway("gw1", bench.Now);
        bench.Drain();
        bench.TakeEvent<MgcpEvent.EndpointOutOfService>();
        var dlcx = bench.TakeSent("DLCX");
        // It is repeated like any other command, and its outcome is nobody's concern.
        bench.Now = bench.Agent.NextDeadline!.Value;
        bench.Agent.FireDue(bench.Now);
        bench.Drain();
        Assert.Equal(dlcx, bench.TakeSent());
        bench.Answer(dlcx, 250);
        bench.AssertQuiet();
        Assert.Null(bench.Agent.NextDeadline);
    }

    [Fact]
    public void An_endpoint_that_leaves_is_told_to_report_nothing()
    {
        var bench = InService(endpoints: ["aaln/1", "aaln/2"]);
        bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
        bench.Drain();
        var asked = bench.TakeSent("RQNT");
        bench.Agent.SetGateway(Model(true, MgcpProfile.Auto, "aaln/2"), bench.Now);
        bench.Drain();
        bench.TakeEvent<MgcpEvent.EndpointOutOfService>();
        // One request at a time (RFC 3435 §4.4.4): the one on the wire ends first.
        bench.AssertQuiet();
        bench.Answer(asked, 200);
        var last = bench.TakeSent("RQNT");
        Assert.Matches("R: ?\r\nS: ?\r\n", last);
        bench.Answer(last, 400);
        bench.Advance(TimeSpan.FromMilliseconds(300));
        bench.Answer(bench.TakeSent("RQNT"), 200);

        // What the gateway had on its way is no mistake of its own.
        bench.FromGateway("NTFY 7 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nO: L/hd\n");
        Assert.Equal("200 7 OK\r\n", bench.TakeSent());
        bench.AssertQuiet();
    }

    [Fact]
    public void What_a_removed_or_moved_gateway_still_says_does_not_bring_it_back()
    {
        var bench = InService();
        bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
        bench.Drain();
        var rqnt = bench.TakeSent("RQNT");
        bench.Agent.SetGateway(Model() with { Address = GatewayAddress.WithPort(2500) }, bench.Now);
        bench.Drain();
        bench.Events.Clear();
        bench.Answer(rqnt, 200);
        bench.AssertQuiet();
        Assert.Equal(GatewayState.Unknown, bench.Agent.StatusOf("gw1")!.State);
        var audit = bench.Await("AUEP", TimeSpan.FromSeconds(1));
        bench.Agent.RemoveGateway("gw1", bench.Now);
        bench.Drain();
        bench.FromGateway($"200 {IdOf(audit)} OK\n", GatewayAddress.WithPort(2500));
        bench.AssertQuiet();
        bench.Advance(TimeSpan.FromMinutes(2));
        bench.AssertQuiet();
        Assert.Null(bench.Agent.NextDeadline);
    }

    [Fact]
    public void A_refusal_is_told_once_however_often_the_endpoint_is_asked_for()
    {
        var bench = new AgentBench();
        bench.Agent.SetGateway(Model(), bench.Now);
        bench.Answer(bench.Await("AUEP", TimeSpan.FromSeconds(1)), 500);
        bench.TakeEvent<MgcpEvent.GatewayChanged>();
        bench.TakeEvent<MgcpEvent.EndpointOutOfService>();
        for (var i = 0; i < 3; i++) bench.Answer(bench.Await("AUEP", TimeSpan.FromSeconds(67), "F:"), 500);
        bench.AssertQuiet();
    }
}
