using System.Text;
using static MgcpSipBridge.Mgcp.Tests.AgentBench;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>Gateways that say that they are overloaded (RFC 3435 §4.4.8), and a thousand that come back at once.</summary>
public class ThrottleTests
{
    private static readonly string[] Lines = [.. Enumerable.Range(1, 24).Select(static i => $"aaln/{i}")];

    [Fact]
    public void An_overloaded_gateway_gets_commands_a_few_at_a_time_until_it_has_recovered_and_others_are_not_slowed()
    {
        var bench = InService(endpoints: Lines);
        var other = GatewayAddress.WithPort(2500);
        bench.Agent.SetGateway(Model() with { Name = "gw2", Domain = "gw2.example.net", Address = other }, bench.Now);
        bench.FromGateway($"200 {IdOf(bench.Await("AUEP", TimeSpan.FromSeconds(2)))} OK\nI:\n", other);
        bench.Events.Clear();

        foreach (var line in Lines) bench.Agent.Request(new EndpointId("gw1", line), Request("L/hd"), bench.Now);
        bench.Drain();
        // No limit so far: all are on the wire.
        Assert.Equal(24, bench.Sent.Count);
        for (var i = 0; i < 24; i++) bench.Answer(bench.TakeSent("RQNT"), 409, comment: "too much");
        Assert.True(bench.Agent.StatusOf("gw1")!.IsThrottled);
        Assert.Single(bench.Notes, static n => n is MgcpNote.Throttled { Gateway: "gw1", IsOn: true });

        // Another gateway is served at once, the tired one not even by another line.
        bench.Agent.Request(new EndpointId("gw2", "aaln/1"), Request("L/hd"), bench.Now);
        bench.Agent.CreateConnection(new EndpointId("gw1", "aaln/24"), new ConnectionRequest("C1", ConnectionMode.RecvOnly), bench.Now);
        bench.Drain();
        Assert.Equal(other, bench.Sent.Single().To);
        bench.Sent.Clear();

        var most = 0;
        var done = 0;
        var until = bench.Now + TimeSpan.FromMinutes(2);
        while (done < 25 && bench.Now < until)
        {
            bench.Now = bench.Agent.NextDeadline!.Value;
            bench.Agent.FireDue(bench.Now);
            bench.Drain();
            var batch = bench.Sent.Where(static s => s.To == GatewayAddress && !s.IsRetransmission).ToList();
            bench.Sent.Clear();
            most = Math.Max(most, batch.Count);
            bench.Now += TimeSpan.FromMilliseconds(10);
            foreach (var sent in batch)
            {
                var text = Encoding.ASCII.GetString(sent.Datagram.Span);
                if (text.StartsWith("AUEP ", StringComparison.Ordinal)) continue;
                done++;
                bench.Answer(text, 200, text.StartsWith("CRCX ", StringComparison.Ordinal) ? "I: 1\n" : "");
            }
        }

        Assert.Equal(25, done);
        // Half of the 24, at most.
        Assert.InRange(most, 1, 12);
        bench.Drain();
        Assert.DoesNotContain(bench.Events, static e => e is MgcpEvent.RequestFailed or MgcpEvent.CommandFailed);
    }

    [Fact]
    public void A_throttled_gateway_recovers_altogether()
    {
        var bench = InService();
        Throttle(bench);
        for (var i = 0; i < 400 && bench.Agent.StatusOf("gw1")!.IsThrottled; i++)
        {
            bench.Agent.Request(Line1, Request(i % 2 == 0 ? "L/hd" : "L/hu"), bench.Now);
            bench.Answer(bench.Await("RQNT", TimeSpan.FromSeconds(1)), 200);
        }

        Assert.False(bench.Agent.StatusOf("gw1")!.IsThrottled);
        Assert.Single(bench.Notes, static n => n is MgcpNote.Throttled { IsOn: false });
    }

    [Fact]
    public void A_queued_command_throttles_too_and_a_restart_ends_it()
    {
        var bench = InService();
        bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
        bench.Drain();
        var rqnt = bench.TakeSent("RQNT");
        bench.FromGateway($"101 {IdOf(rqnt)} queued\n");
        Assert.True(bench.Agent.StatusOf("gw1")!.IsThrottled);
        bench.FromGateway($"200 {IdOf(rqnt)} OK\n");
        bench.Agent.CreateConnection(Line1, new ConnectionRequest("C1", ConnectionMode.RecvOnly), bench.Now);
        bench.AssertQuiet();
        Assert.Equal(1, bench.Agent.StatusOf("gw1")!.PendingTransactions);
        bench.FromGateway("RSIP 1 *@gw1.example.net MGCP 1.0\nRM: restart\n");
        Assert.False(bench.Agent.StatusOf("gw1")!.IsThrottled);
        // What waited never was on the wire: it fails, and nothing of it is sent later.
        Assert.Equal(0, bench.TakeEvent<MgcpEvent.CommandFailed>().Code);
        bench.TakeSent("200");
        bench.Answer(bench.TakeSent("AUEP"), 200, "I:\n");
        bench.Advance(TimeSpan.FromSeconds(30));
        Assert.Empty(bench.Sent);
        Assert.Equal(0, bench.Agent.StatusOf("gw1")!.PendingTransactions);
    }

    [Fact]
    public void A_thousand_gateways_with_24_lines_are_back_within_a_minute_paced_and_in_bounded_memory()
    {
        var avalanche = new Avalanche(gateways: 1000, lines: 24, auditMost: 1000);
        avalanche.Run(TimeSpan.FromSeconds(60));
        Assert.Equal(24_000, avalanche.InService);
        Assert.InRange(avalanche.Took, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(40));
        // The rate is kept in every second, and no gateway has more than four audits at once.
        Assert.InRange(avalanche.MostAuditsInASecond, 900, 1050);
        Assert.InRange(avalanche.MostAtOneGateway, 1, 4);
        Assert.Equal(0, avalanche.Retransmissions);
        // A line in a call elsewhere is served at once in the middle of it all.
        Assert.Equal(TimeSpan.Zero, avalanche.LongestWaitElsewhere);
    }

    private static void Throttle(AgentBench bench)
    {
        bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("RQNT"), 409, comment: "busy");
        bench.Answer(bench.Await("RQNT", TimeSpan.FromSeconds(2)), 200);
        Assert.True(bench.Agent.StatusOf("gw1")!.IsThrottled);
    }
}
