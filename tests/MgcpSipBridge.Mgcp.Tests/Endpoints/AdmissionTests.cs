using MgcpSipBridge.SansIo;
using static MgcpSipBridge.Mgcp.Tests.AgentBench;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>Who is heard: addresses that are learnt and defended, answers from elsewhere, floods, unknown gateways.</summary>
public class AdmissionTests
{
    private static readonly NetAddress Elsewhere = NetAddress.FromIPv4(0xC0000202, 2427);
    private const string Restart = "RSIP 7 *@gw1.example.net MGCP 1.0\nRM: restart\n";

    [Fact]
    public void A_learnt_gateway_that_answers_where_it_is_cannot_be_moved_by_a_liar()
    {
        var bench = Learnt();
        bench.FromGateway(Restart, Elsewhere);
        // The liar gets nothing; the gateway is asked where it was.
        var asked = bench.Sent.Single();
        Assert.Equal(GatewayAddress, asked.To);
        Assert.Single(bench.Notes, static n => n is MgcpNote.Claimed { Gateway: "gw1" });
        bench.Answer(bench.TakeSent("AUEP"), 200);
        for (var i = 0; i < 50; i++)
        {
            bench.FromGateway(Restart, Elsewhere);
            bench.Advance(TimeSpan.FromMilliseconds(100));
            while (bench.Sent.Count > 0) bench.Answer(bench.TakeSent("AUEP"), 200);
        }

        Assert.Equal(GatewayAddress, bench.Agent.StatusOf("gw1")!.Address);
        Assert.Equal(GatewayState.Up, bench.Agent.StatusOf("gw1")!.State);
        Assert.Empty(bench.Events);
        Assert.Empty(bench.Agent.Discovered);
    }

    [Fact]
    public void A_learnt_gateway_that_is_silent_where_it_was_moves_with_the_repetition_of_its_restart()
    {
        var bench = Learnt();
        bench.FromGateway(Restart, Elsewhere);
        bench.Advance(TimeSpan.FromSeconds(5));
        Assert.All(bench.Sent, static s => Assert.Equal(GatewayAddress, s.To));
        bench.Sent.Clear();
        Assert.Equal(GatewayState.Down, bench.TakeEvent<MgcpEvent.GatewayChanged>().State);
        bench.TakeEvent<MgcpEvent.EndpointOutOfService>();
        bench.FromGateway(Restart, Elsewhere);
        Assert.Equal(Elsewhere, bench.Sent.Peek().To);
        Assert.Equal("200 7 OK\r\n", bench.TakeSent());
        Assert.Equal(Elsewhere, bench.Agent.StatusOf("gw1")!.Address);
        bench.FromGateway($"200 {IdOf(bench.TakeSent("AUEP"))} OK\nI:\n", Elsewhere);
        bench.TakeEvent<MgcpEvent.GatewayChanged>();
        bench.TakeEvent<MgcpEvent.EndpointInService>();
    }

    [Fact]
    public void A_gateway_may_command_from_further_hosts_that_the_operator_named()
    {
        var bench = InService(Model() with { AlsoFrom = [Elsewhere] });
        bench.FromGateway("NTFY 5 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nO: L/hd\n", Elsewhere.WithPort(9));
        Assert.Equal(Elsewhere.WithPort(9), bench.Sent.Peek().To);
        bench.TakeEvent<MgcpEvent.Observed>();
        Assert.Equal(GatewayAddress, bench.Agent.StatusOf("gw1")!.Address);
    }

    [Theory]
    [InlineData(ResponseSource.Exact, false, false)]
    [InlineData(ResponseSource.SameHost, true, false)]
    [InlineData(ResponseSource.Anywhere, true, true)]
    public void Answers_are_taken_from_where_the_gateways_traits_say(ResponseSource source, bool fromOtherPort, bool fromOtherHost)
    {
        foreach (var (from, taken) in new[] { (GatewayAddress.WithPort(40000), fromOtherPort), (Elsewhere, fromOtherHost), (GatewayAddress, true) })
        {
            var bench = InService(Model() with { Overrides = new TraitOverrides { Answers = source } });
            bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
            bench.Drain();
            bench.FromGateway($"200 {IdOf(bench.TakeSent("RQNT"))} OK\n", from);
            Assert.Equal(taken ? 0 : 1, bench.Agent.StatusOf("gw1")!.PendingTransactions);
            Assert.Equal(!taken, bench.Notes.Exists(static n => n is MgcpNote.Dropped { Reason: MgcpDropReason.WrongPeer }));
        }
    }

    [Fact]
    public void A_wildcard_reaches_no_endpoint_of_another_gateway_even_on_the_same_host()
    {
        var bench = InService();
        bench.Agent.SetGateway(Model() with { Name = "gw2", Domain = "gw2.example.net" }, bench.Now);
        bench.Answer(bench.Await("AUEP", TimeSpan.FromSeconds(2)), 200, "ES: L/hu\nI:\n");
        bench.Events.Clear();
        bench.FromGateway("RSIP 1 *@gw1.example.net MGCP 1.0\nRM: forced\n");
        Assert.Equal(Line1, bench.TakeEvent<MgcpEvent.EndpointOutOfService>().Endpoint);
        Assert.Equal(new MgcpEvent.GatewayChanged("gw1", GatewayState.Down), bench.TakeEvent<MgcpEvent.GatewayChanged>());
        bench.TakeSent("200");
        bench.AssertQuiet();
        Assert.Equal(GatewayState.Up, bench.Agent.StatusOf("gw2")!.State);
        // And another host cannot speak for it at all.
        bench.Events.Clear();
        bench.Sent.Clear();
        bench.FromGateway("RSIP 2 *@gw2.example.net MGCP 1.0\nRM: forced\n", Elsewhere);
        bench.AssertQuiet();
    }

    [Fact]
    public void A_host_that_floods_is_cut_off_unread_and_others_are_not()
    {
        var bench = InService();
        var stranger = NetAddress.FromIPv4(0x0A000063, 1);
        for (var i = 0; i < 1000; i++) bench.FromGateway("RSIP 7 *@nobody.example.net MGCP 1.0\nRM: restart\n", stranger.WithPort(i));
        Assert.Equal(100, bench.Notes.Count(static n => n is MgcpNote.Dropped { Reason: MgcpDropReason.UnknownSource }));
        Assert.Equal(900, bench.Notes.Count(static n => n is MgcpNote.Dropped { Reason: MgcpDropReason.RateLimited }));
        Assert.Equal(100, bench.Agent.Discovered.Single().Messages);
        bench.FromGateway("NTFY 5 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nO: L/hd\n");
        Assert.Equal("200 5 OK\r\n", bench.TakeSent());
        // It recovers at its rate.
        bench.Notes.Clear();
        bench.Advance(TimeSpan.FromSeconds(1));
        for (var i = 0; i < 100; i++) bench.FromGateway("x", stranger);
        Assert.Equal(80, bench.Notes.Count(static n => n is MgcpNote.Dropped { Reason: MgcpDropReason.RateLimited }));
    }

    [Fact]
    public void A_known_gateways_flood_is_cut_off_later_and_hosts_with_many_gateways_may_send_more()
    {
        var bench = new AgentBench(admission: new MgcpAdmission { DatagramBurst = 10, DatagramsPerSecond = 10 });
        bench.Agent.SetGateway(Model(), bench.Now);
        bench.Agent.SetGateway(Model() with { Name = "gw2", Domain = "gw2.example.net" }, bench.Now);
        for (var i = 0; i < 50; i++) bench.FromGateway("NTFY 1 *@gw1.example.net MGCP 1.0\nX: 0\nO:\n");
        Assert.Equal(30, bench.Notes.Count(static n => n is MgcpNote.Dropped { Reason: MgcpDropReason.RateLimited }));
    }

    [Fact]
    public void Unknown_gateways_are_listed_in_bounded_memory_and_get_no_answer()
    {
        var bench = new AgentBench(admission: new MgcpAdmission { MaxDiscovered = 3 });
        for (uint i = 1; i <= 5; i++)
        {
            bench.FromGateway($"RSIP {i} *@New{i}.example.net MGCP 1.0 NCS 1.0\nRM: restart\n", NetAddress.FromIPv4(0x0A000100 + i, 2427));
            bench.Advance(TimeSpan.FromSeconds(1));
        }

        // Neither other commands, nor what cannot be read, nor a name that is ours.
        bench.FromGateway("NTFY 9 aaln/1@new9.example.net MGCP 1.0\nX: 0\nO: L/hd\n", Elsewhere);
        bench.FromGateway("RSIP 9 *@new9.example.net MGCP 7.0\nRM: restart\n", Elsewhere);
        Assert.Empty(bench.Sent);
        Assert.Equal(["New5.example.net", "New4.example.net", "New3.example.net"], bench.Agent.Discovered.Select(static d => d.Domain));
        Assert.Equal((NetAddress.FromIPv4(0x0A000105, 2427), "MGCP 1.0 NCS 1.0", 1), bench.Agent.Discovered[0] is var d ? (d.Address, d.Version, d.Messages) : default);
        Assert.Equal(5, bench.Events.Count(static e => e is MgcpEvent.GatewayDiscovered));
        // Once configured it is no longer unknown.
        bench.Agent.SetGateway(Model(addressed: false) with { Domain = "new4.example.net" }, bench.Now);
        Assert.Equal(2, bench.Agent.Discovered.Length);
        Assert.False(bench.Agent.Adopt("new4.example.net", null, bench.Now));
    }

    [Fact]
    public void An_adopted_gateway_is_asked_what_it_has()
    {
        var bench = new AgentBench();
        bench.FromGateway("RSIP 1 *@New.example.net MGCP 0.1\nRM: restart\n", Elsewhere);
        bench.TakeEvent<MgcpEvent.GatewayDiscovered>();
        Assert.True(bench.Agent.Adopt("new.example.net", null, bench.Now));
        bench.Drain();
        var list = bench.TakeSent("AUEP");
        Assert.EndsWith(" *@New.example.net MGCP 0.1\r\n", list, StringComparison.Ordinal);
        // While it is asked its restart is answered: some do nothing before.
        bench.FromGateway($"405 {IdOf(list)} restarting\n", Elsewhere);
        bench.FromGateway("RSIP 1 *@New.example.net MGCP 0.1\nRM: restart\n", Elsewhere);
        Assert.Equal("200 1 OK\r\n", bench.TakeSent());
        list = bench.Await("AUEP", TimeSpan.FromSeconds(1));
        bench.FromGateway($"200 {IdOf(list)} OK\nZ: AALN/1@New.example.net\nZ: aaln/2@New.example.net\nZ: aaln/1@new.example.net\nZ: *@x\n", Elsewhere);
        var first = bench.TakeSent("AUEP");
        Assert.EndsWith(" AALN/1@New.example.net MGCP 0.1\r\nF: A, ES\r\n", first, StringComparison.Ordinal);
        bench.FromGateway($"200 {IdOf(first)} OK\nA: a:PCMU, v:L;D\nES: L/hd\n", Elsewhere);
        bench.FromGateway($"510 {IdOf(bench.TakeSent("AUEP"))} no\n", Elsewhere);
        var proposal = bench.TakeEvent<MgcpEvent.GatewayProposed>().Proposal;
        Assert.Equal(("New.example.net", Elsewhere, "MGCP 0.1", 200), (proposal.Domain, proposal.Address, proposal.Version, proposal.Code));
        Assert.Equal(["AALN/1", "aaln/2"], proposal.Endpoints.Select(static e => e.LocalName));
        Assert.Equal(["L", "D"], proposal.Endpoints[0].Audit.Packages);
        Assert.True(proposal.Endpoints[0].Audit.OffHook);
        bench.AssertQuiet();
        bench.Advance(TimeSpan.FromMinutes(5));
        bench.AssertQuiet();
        Assert.Null(bench.Agent.NextDeadline);
    }

    [Fact]
    public void A_gateway_that_does_not_take_the_bare_wildcard_is_asked_in_other_words()
    {
        var bench = new AgentBench();
        bench.FromGateway("RSIP 1 aaln/*@new.example.net MGCP 1.0\nRM: restart\n", Elsewhere);
        bench.Events.Clear();
        bench.Agent.Adopt("new.example.net", Elsewhere, bench.Now);
        bench.Drain();
        bench.FromGateway($"500 {IdOf(bench.TakeSent("AUEP"))} what?\n", Elsewhere);
        var again = bench.TakeSent("AUEP");
        Assert.Contains(" aaln/*@new.example.net ", again, StringComparison.Ordinal);
        bench.FromGateway($"200 {IdOf(again)} OK\nZ: aaln/0@new.example.net\n", Elsewhere);
        bench.FromGateway($"200 {IdOf(bench.TakeSent("AUEP"))} OK\n", Elsewhere);
        Assert.Equal("aaln/0", bench.TakeEvent<MgcpEvent.GatewayProposed>().Proposal.Endpoints.Single().LocalName);
    }

    [Fact]
    public void With_AcceptUnknownGateways_a_stranger_gets_no_more_than_it_sent()
    {
        var bench = new AgentBench(admission: new MgcpAdmission { AcceptUnknownGateways = true });
        const string Shortest = "RSIP 1 *@n MGCP 1.0\nRM:restart";
        for (var i = 0; i < 20; i++)
        {
            bench.FromGateway(Shortest, Elsewhere);
            bench.Advance(TimeSpan.FromSeconds(10));
        }

        Assert.InRange(bench.Sent.Sum(static s => s.Datagram.Length), 1, 20 * Shortest.Length);
        Assert.IsType<MgcpEvent.GatewayDiscovered>(Assert.Single(bench.Events));
        bench.Sent.Clear();
        bench.FromGateway(Shortest, Elsewhere);
        var list = bench.TakeSent("AUEP");
        // Slower than the first timer, and none the worse for it.
        bench.Advance(TimeSpan.FromSeconds(2));
        bench.FromGateway($"200 {IdOf(list)} OK\nZ: aaln/1@n\n", Elsewhere);
        bench.FromGateway($"200 {IdOf(bench.TakeSent("AUEP"))} OK\n", Elsewhere);
        Assert.Single(bench.Events, static e => e is MgcpEvent.GatewayProposed { Proposal.Endpoints.Length: 1 });
        // Proposed once, however often it repeats itself.
        bench.FromGateway(Shortest, Elsewhere);
        Assert.Empty(bench.Sent);
    }

    [Fact]
    public void An_IPv6_gateway_is_served_like_any_other()
    {
        var address = new NetAddress(((UInt128)0x20010DB800000000 << 64) | 0x15, 2427);
        var bench = InService(Model() with { Domain = "[2001:db8::15]", Address = address });
        foreach (var domain in new[] { "[2001:db8::15]", "[2001:DB8:0::15]", "[2001:db8::15]:2427" })
        {
            bench.Advance(TimeSpan.FromSeconds(31));
            bench.Sent.Clear();
            bench.FromGateway($"NTFY 2 aaln/1@{domain} MGCP 1.0\nX: 1\nO: L/hd\n", address.WithPort(5000));
            Assert.Equal("200 2 OK\r\n", bench.TakeSent());
            bench.TakeEvent<MgcpEvent.Observed>();
            bench.Agent.Request(Line1, Request("L/hu"), bench.Now);
            bench.Drain();
            Assert.Equal(address, bench.Sent.Peek().To);
            var rqnt = bench.TakeSent("RQNT");
            Assert.Contains($" aaln/1@{domain} MGCP 1.0", rqnt, StringComparison.Ordinal);
            bench.FromGateway($"200 {IdOf(rqnt)} OK\n", address);
        }
    }

    private static AgentBench Learnt()
    {
        var bench = new AgentBench();
        bench.Agent.SetGateway(Model(addressed: false), bench.Now);
        bench.FromGateway("RSIP 1 *@gw1.example.net MGCP 1.0\nRM: restart\n");
        bench.TakeSent("200");
        bench.Answer(bench.TakeSent("AUEP"), 200, "I:\n");
        bench.Events.Clear();
        bench.AssertQuiet();
        return bench;
    }
}
