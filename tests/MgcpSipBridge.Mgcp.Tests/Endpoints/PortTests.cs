using MgcpSipBridge.SansIo;
using static MgcpSipBridge.Mgcp.Tests.AgentBench;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>Gateways that are, or answer, at another port of their host than they should (RFC 3435 §3.5: commands and answers may come from anywhere).</summary>
public class PortTests
{
    private static readonly NetAddress Other = GatewayAddress.WithPort(40000);
    private static readonly NetAddress Stranger = NetAddress.FromIPv4(0x0A000063, 2427);

    [Fact]
    public void A_gateway_that_listens_only_where_it_speaks_from_is_found_there()
    {
        var bench = new AgentBench();
        bench.Agent.SetGateway(Model(), bench.Now);
        bench.FromGateway("RSIP 1 *@gw1.example.net MGCP 1.0\nRM: restart\n", Other);
        Assert.StartsWith("200 1", bench.TakeSent(), StringComparison.Ordinal);
        Until(bench, static sent => sent.To == Other);
        Assert.Contains(bench.Notes, static n => n is MgcpNote.TraitLearnt { Trait: "port" });
        bench.Answer(bench.TakeSent("AUEP"), 200, "ES: L/hu\nI:\n");
        Assert.DoesNotContain(bench.Events, static e => e is MgcpEvent.GatewayChanged { State: GatewayState.Down });
        // Answers come from there, too.
        bench.Sent.Clear();
        bench.Agent.AuditEndpoint(Line1, bench.Now);
        bench.Drain();
        var asked = bench.Sent.Dequeue();
        Assert.Equal(Other, asked.To);
        bench.FromGateway($"200 {IdOf(System.Text.Encoding.ASCII.GetString(asked.Datagram.Span))} OK\nES: L/hu\nI:\n", Other);
        var status = bench.Agent.StatusOf("gw1")!;
        Assert.Equal((GatewayState.Up, Other, GatewayAddress), (status.State, status.Address, status.ConfiguredAddress));
        // The same configuration again changes nothing of that; another address does.
        bench.Agent.SetGateway(Model(endpoints: ["aaln/1", "aaln/2"]), bench.Now);
        Assert.Equal(Other, bench.Agent.StatusOf("gw1")!.Address);
        bench.Agent.SetGateway(Model() with { Address = GatewayAddress.WithPort(2428) }, bench.Now);
        Assert.Equal(GatewayAddress.WithPort(2428), bench.Agent.StatusOf("gw1")!.Address);
    }

    [Fact]
    public void A_gateway_whose_address_is_learnt_from_a_passing_port_is_found_on_its_own()
    {
        var bench = new AgentBench();
        bench.Agent.SetGateway(Model(addressed: false), bench.Now);
        bench.FromGateway("RSIP 1 *@gw1.example.net MGCP 1.0\nRM: restart\n", Other);
        Until(bench, static sent => sent.To == GatewayAddress);
        bench.Answer(bench.TakeSent("AUEP"), 200, "ES: L/hu\nI:\n");
        Assert.Contains(bench.Events, static e => e is MgcpEvent.EndpointInService);
    }

    [Fact]
    public void A_gateway_that_is_only_slow_is_not_lost_while_it_is_sought_elsewhere()
    {
        var bench = new AgentBench();
        bench.Agent.SetGateway(Model(addressed: false), bench.Now);
        bench.FromGateway("RSIP 1 *@gw1.example.net MGCP 1.0\nRM: restart\n", Other);
        Until(bench, static sent => sent.To == Other);
        var slow = IdOf(bench.TakeSent("AUEP"));
        Until(bench, static sent => sent.To == GatewayAddress);
        bench.Sent.Clear();
        bench.FromGateway($"200 {slow} OK\nES: L/hu\nI:\n", Other);
        Until(bench, static sent => sent.To == Other);
        bench.FromGateway($"200 {IdOf(bench.TakeSent("AUEP"))} OK\nES: L/hu\nI:\n", Other);
        Assert.Contains(bench.Events, static e => e is MgcpEvent.EndpointInService);
        var status = bench.Agent.StatusOf("gw1")!;
        Assert.Equal((GatewayState.Up, Other), (status.State, status.Address));
    }

    [Fact]
    public void A_gateway_that_answers_where_it_should_is_not_sought_elsewhere()
    {
        // It commands from a port of its own; then it dies.
        var bench = InService();
        bench.FromGateway("NTFY 1 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nO: L/hd\n", Other);
        bench.TakeSent("200");
        bench.Events.Clear();
        bench.Agent.Request(Line1, Request("L/hu"), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("RQNT"), 200);
        bench.Advance(TimeSpan.FromSeconds(1));
        bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
        bench.Advance(TimeSpan.FromSeconds(30));
        Assert.All(bench.Sent, static sent => Assert.Equal(GatewayAddress, sent.To));
        Assert.Equal(GatewayState.Down, bench.Agent.StatusOf("gw1")!.State);
    }

    [Fact]
    public void A_call_outlives_the_move_to_another_port()
    {
        // A NAT forgot its binding: the gateway's next word comes from another port, and the old one leads nowhere.
        var bench = InService();
        ServiceTests.Connect(bench, "1F");
        bench.FromGateway("NTFY 1 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nO: L/hf\n", Other);
        bench.Events.Clear();
        bench.Sent.Clear();
        bench.Agent.Request(Line1, Request("L/hu"), bench.Now);
        Until(bench, static sent => sent.To == Other);
        var auep = bench.TakeSent("AUEP");
        bench.FromGateway($"200 {IdOf(auep)} OK\nES: L/hd\nI: 1F\n", Other);
        Assert.True(bench.Events.OfType<MgcpEvent.EndpointInService>().Single().KeepsConnections);
        Assert.DoesNotContain(bench.Events, static e => e is MgcpEvent.ConnectionLost or MgcpEvent.EndpointOutOfService);
    }

    [Fact]
    public void A_gateway_that_listens_nowhere_is_silent_in_the_end_and_sought_where_it_should_be()
    {
        var bench = new AgentBench();
        bench.Agent.SetGateway(Model(), bench.Now);
        bench.FromGateway("RSIP 1 *@gw1.example.net MGCP 1.0\nRM: restart\n", Other);
        bench.Advance(TimeSpan.FromMinutes(2));
        var status = bench.Agent.StatusOf("gw1")!;
        Assert.Equal((GatewayState.Down, GatewayAddress), (status.State, status.Address));
        Assert.Contains(bench.Sent, static sent => sent.To == Other);
    }

    [Fact]
    public void Another_gateway_of_the_same_host_is_never_taken_for_it()
    {
        var bench = new AgentBench();
        bench.Agent.SetGateway(new MgcpGatewayModel("gw2", "gw2.example.net", Other, MgcpProfile.Auto, ["aaln/1"]), bench.Now);
        bench.Agent.SetGateway(Model(), bench.Now);
        bench.FromGateway("RSIP 1 *@gw1.example.net MGCP 1.0\nRM: restart\n", Other);
        bench.Advance(TimeSpan.FromMinutes(1));
        Assert.DoesNotContain(bench.Sent, static sent => sent.To == Other && System.Text.Encoding.ASCII.GetString(sent.Datagram.Span).Contains("gw1", StringComparison.Ordinal) && sent.Datagram.Span[0] == 'A');
        // Nor is its answer.
        Ask(bench, out var id);
        bench.FromGateway($"200 {id} OK\n", Other);
        bench.FromGateway($"200 {id} OK\n", Other);
        Assert.DoesNotContain(bench.Events, static e => e is MgcpEvent.EndpointAudited);
    }

    [Fact]
    public void Answers_from_another_port_are_believed_the_second_time()
    {
        var bench = InService();
        Ask(bench, out var first);
        bench.FromGateway($"200 {first} OK\n", Other);
        Assert.Empty(bench.Events);
        Assert.Contains(bench.Notes, static n => n is MgcpNote.Dropped { Reason: MgcpDropReason.WrongPeer });
        // The repetition is answered as before.
        bench.FromGateway($"200 {first} OK\n", Other);
        bench.TakeEvent<MgcpEvent.EndpointAudited>();
        Assert.Equal(ResponseSource.SameHost, bench.Agent.StatusOf("gw1")!.Traits.Answers);
        Ask(bench, out var next);
        bench.FromGateway($"200 {next} OK\n", Other);
        bench.TakeEvent<MgcpEvent.EndpointAudited>();
        // A foreign host stays foreign.
        Ask(bench, out var last);
        for (var i = 0; i < 3; i++) bench.FromGateway($"200 {last} OK\n", Stranger);
        Assert.Empty(bench.Events);
    }

    [Fact]
    public void The_operator_may_insist_on_the_port()
    {
        var bench = InService(Model() with { Overrides = new TraitOverrides { Answers = ResponseSource.Exact } });
        Ask(bench, out var id);
        for (var i = 0; i < 3; i++) bench.FromGateway($"200 {id} OK\n", Other);
        Assert.Empty(bench.Events);
    }

    private static void Ask(AgentBench bench, out string id)
    {
        bench.Sent.Clear();
        bench.Events.Clear();
        bench.Agent.AuditEndpoint(Line1, bench.Now);
        bench.Drain();
        id = IdOf(bench.TakeSent("AUEP"));
    }

    /// <summary>Lets time pass until something goes where it is expected to; that stays first in the queue.</summary>
    private static void Until(AgentBench bench, Func<MgcpOutput.Send, bool> expected)
    {
        var limit = bench.Now + TimeSpan.FromMinutes(1);
        while (true)
        {
            bench.Drain();
            while (bench.Sent.TryPeek(out var sent))
            {
                if (expected(sent) && sent.Datagram.Span[0] == 'A') return;
                bench.Sent.Dequeue();
            }

            Assert.True(bench.Agent.NextDeadline is { } next && next <= limit, "nothing went there");
            bench.Now = bench.Agent.NextDeadline!.Value > bench.Now ? bench.Agent.NextDeadline.Value : bench.Now;
            bench.Agent.FireDue(bench.Now);
        }
    }
}
