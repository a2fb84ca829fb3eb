using MgcpSipBridge.SansIo;
using static MgcpSipBridge.Mgcp.Tests.AgentBench;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>Gateways whose name has several addresses (RFC 3435 §4.2, §4.3): all are its own, and the next is tried while one is silent.</summary>
public class AddressTests
{
    private static readonly NetAddress Second = NetAddress.FromIPv4(0x0A000016, 2427);
    private static readonly NetAddress Third = NetAddress.FromIPv4(0x0A000017, 2427);
    private static readonly NetAddress Stranger = NetAddress.FromIPv4(0x0A000063, 2427);

    private static MgcpGatewayModel Several(params NetAddress[] further) => Model() with { FurtherAddresses = [.. further] };

    [Fact]
    public void A_command_goes_to_the_next_address_after_Max1_retransmissions_and_others_follow()
    {
        var bench = InService(Several(Second));
        var sent = Ask(bench);
        while (sent.To == GatewayAddress) sent = NextOf(bench);
        Assert.Equal(Second, sent.To);
        // The first sending and Max1 repetitions went to the first address; the same bytes go to the second.
        Assert.Equal(Settings.Max1, bench.Notes.Count(static n => n is MgcpNote.Retransmitted) - 1);
        Assert.Single(bench.Notes, static n => n is MgcpNote.Suspected);
        Assert.DoesNotContain(bench.Events, static e => e is MgcpEvent.GatewayChanged);
        bench.FromGateway($"200 {Id(sent)} OK\nES: L/hu\nI:\n", Second);

        // It stays there, in service, and is known there.
        Assert.Equal((GatewayState.Up, Second), bench.Agent.StatusOf("gw1") is { } status ? (status.State, status.Address!.Value) : default);
        bench.Sent.Clear();
        Assert.Equal(Second, Ask(bench).To);
        // Whatever comes from the first is its own still.
        bench.FromGateway("NTFY 7 aaln/1@gw1.example.net MGCP 1.0\nX: 0\nO: L/hd\n");
        Assert.StartsWith("200 7", Text(bench.Sent.Single(s => s.To == GatewayAddress)), StringComparison.Ordinal);
    }

    [Fact]
    public void Each_address_has_its_turn_and_then_the_gateway_is_silent()
    {
        var bench = new AgentBench(Settings with { Max1 = 2, Max2 = 3 });
        bench.Agent.SetGateway(Several(Second, Third), bench.Now);
        bench.Advance(TimeSpan.FromSeconds(2));
        bench.Sent.Clear();
        bench.FromGateway("RSIP 1 *@gw1.example.net MGCP 1.0\nRM: restart\n");
        while (bench.Agent.StatusOf("gw1")!.State == GatewayState.Up && bench.Agent.NextDeadline is { } next) bench.Advance(next - bench.Now);
        var first = bench.Sent.Where(static s => Text(s).StartsWith("AUEP", StringComparison.Ordinal)).GroupBy(Id).First().Select(static s => s.To).ToArray();
        // Max1 repetitions where others remain, Max2 at the last.
        Assert.Equal(GatewayState.Down, bench.Agent.StatusOf("gw1")!.State);
        Assert.Equal(3, first.Distinct().Count());
        Assert.Equal([3, 3, 4], first.GroupBy(static to => to).Select(static group => group.Count()));

        // Down, it is asked at each in turn, and found where it answers.
        bench.Sent.Clear();
        bench.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(3, bench.Sent.Select(static s => s.To).Distinct().Count());
        bench.Sent.Clear();
        while (!bench.Sent.Any(static s => s.To == Third)) bench.Advance(TimeSpan.FromSeconds(1));
        bench.FromGateway($"200 {Id(bench.Sent.Last(static s => s.To == Third))} OK\n", Third);
        Assert.Equal((GatewayState.Up, Third), bench.Agent.StatusOf("gw1") is { } status ? (status.State, status.Address!.Value) : default);
    }

    [Fact]
    public void An_answer_counts_from_any_of_its_addresses_and_from_no_other()
    {
        var bench = InService(Several(Second));
        var sent = Ask(bench);
        bench.FromGateway($"200 {Id(sent)} OK\nES: L/hu\nI:\n", Stranger);
        Assert.Single(bench.Notes, static n => n is MgcpNote.Dropped { Reason: MgcpDropReason.WrongPeer });
        bench.FromGateway($"200 {Id(sent)} OK\nES: L/hu\nI:\n", Second);
        Assert.Single(bench.Notes, static n => n is MgcpNote.TransactionEnded { Code: 200 });
        // It answered at once: there was no reason to look elsewhere.
        Assert.Equal(GatewayAddress, bench.Agent.StatusOf("gw1")!.Address);
    }

    [Fact]
    public void A_late_answer_of_the_first_address_brings_it_back()
    {
        var bench = InService(Several(Second));
        var sent = Ask(bench);
        while (sent.To == GatewayAddress) sent = NextOf(bench);
        bench.FromGateway($"200 {Id(sent)} OK\nES: L/hu\nI:\n");
        Assert.Equal(GatewayAddress, bench.Agent.StatusOf("gw1")!.Address);
    }

    [Fact]
    public void A_gateway_that_restarts_from_its_second_address_is_sought_there()
    {
        var bench = new AgentBench();
        bench.Agent.SetGateway(Several(Second), bench.Now);
        bench.FromGateway("RSIP 1 *@gw1.example.net MGCP 1.0\nRM: restart\n", Second);
        Assert.Equal(Second, bench.Sent.Peek().To);
        bench.TakeSent("200");
        bench.Advance(TimeSpan.FromSeconds(1));
        Assert.All(bench.Sent, static s => Assert.Equal(Second, s.To));
        Assert.NotEmpty(bench.Sent);
    }

    [Fact]
    public void Another_list_moves_it_only_if_its_address_is_no_longer_on_it()
    {
        var bench = InService(Several(Second));
        var sent = Ask(bench);
        while (sent.To == GatewayAddress) sent = NextOf(bench);
        bench.FromGateway($"200 {Id(sent)} OK\nES: L/hu\nI:\n", Second);
        bench.Events.Clear();
        bench.Agent.SetGateway(Several(Third, Second), bench.Now);
        bench.Drain();
        Assert.Equal(Second, bench.Agent.StatusOf("gw1")!.Address);
        Assert.Empty(bench.Events);
        bench.Agent.SetGateway(Several(Third), bench.Now);
        bench.Drain();
        Assert.Equal(GatewayAddress, bench.Agent.StatusOf("gw1")!.Address);
        // What is no longer its address is a stranger's.
        bench.Notes.Clear();
        bench.FromGateway("NTFY 9 aaln/1@gw1.example.net MGCP 1.0\nX: 0\nO: L/hd\n", Second);
        Assert.Single(bench.Notes, static n => n is MgcpNote.Dropped { Reason: MgcpDropReason.UnknownSource });
    }

    private static MgcpOutput.Send Ask(AgentBench bench)
    {
        bench.Notes.Clear();
        bench.Sent.Clear();
        bench.Agent.AuditEndpoint(Line1, bench.Now);
        bench.Drain();
        return bench.Sent.Dequeue();
    }

    private static MgcpOutput.Send NextOf(AgentBench bench)
    {
        while (bench.Sent.Count == 0) bench.Advance(bench.Agent.NextDeadline!.Value - bench.Now);
        return bench.Sent.Dequeue();
    }

    private static string Text(MgcpOutput.Send sent) => System.Text.Encoding.ASCII.GetString(sent.Datagram.Span);

    private static string Id(MgcpOutput.Send sent) => IdOf(Text(sent));
}
