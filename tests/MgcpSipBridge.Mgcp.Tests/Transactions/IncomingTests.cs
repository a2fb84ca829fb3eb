using System.Text;
using MgcpSipBridge.SansIo;
using static MgcpSipBridge.Mgcp.Tests.AgentBench;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>Commands of gateways through the whole call agent: at most once, piggybacked, acknowledged (RFC 3435 §3.5).</summary>
public class IncomingTests
{
    private const string OffHook = "NTFY 77 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nO: L/hd\n";

    [Fact]
    public void A_repeated_command_is_answered_byte_for_byte_and_done_once()
    {
        var bench = InService();
        bench.FromGateway(OffHook);
        var first = bench.Sent.Dequeue();
        bench.TakeEvent<MgcpEvent.Observed>();
        Assert.Single(bench.Received);
        bench.Advance(TimeSpan.FromSeconds(29));
        // The same domain from another port is the same gateway (§3.5.1 keys by endpoint, not by address).
        bench.FromGateway(OffHook.Replace("aaln/1@gw1", "aaln/1@GW1", StringComparison.Ordinal), GatewayAddress.WithPort(9999));
        var again = bench.Sent.Dequeue();
        Assert.Equal(first.Datagram.ToArray(), again.Datagram.ToArray());
        Assert.True(again.IsRetransmission);
        Assert.Equal(GatewayAddress.WithPort(9999), again.To);
        Assert.Empty(bench.Events);
        Assert.Single(bench.Received);
        Assert.Contains(bench.Notes, static n => n is MgcpNote.RepeatAnswered);
        // After T-HIST the number may mean something new.
        bench.Advance(TimeSpan.FromSeconds(2));
        bench.Sent.Clear();
        bench.FromGateway(OffHook);
        bench.TakeEvent<MgcpEvent.Observed>();
    }

    [Fact]
    public void A_confirmed_answer_is_not_repeated()
    {
        var bench = InService();
        bench.FromGateway(OffHook);
        bench.FromGateway("NTFY 78 aaln/1@gw1.example.net MGCP 1.0\nK: 70-77\nX: 1\nO: L/hu\n");
        Assert.Equal(2, bench.Sent.Count);
        bench.Sent.Clear();
        bench.FromGateway(OffHook);
        Assert.Empty(bench.Sent);
        Assert.Contains(bench.Notes, static n => n is MgcpNote.Dropped { Reason: MgcpDropReason.Acknowledged });
    }

    [Fact]
    public void A_confirmation_of_thousands_of_ranges_is_read_only_so_far()
    {
        var bench = InService();
        bench.FromGateway("NTFY 5 *@gw1.example.net MGCP 1.0\nX: 0\nO:\n");
        bench.Sent.Clear();
        bench.FromGateway($"NTFY 6 *@gw1.example.net MGCP 1.0\nX: 0\nO:\nK: {string.Concat(Enumerable.Repeat("100-900000000,", 4000))}5\n");
        Assert.Equal("200 6 OK\r\n", bench.TakeSent());
        bench.FromGateway("NTFY 5 *@gw1.example.net MGCP 1.0\nX: 0\nO:\n");
        Assert.Equal("200 5 OK\r\n", bench.TakeSent());
        bench.FromGateway("NTFY 7 *@gw1.example.net MGCP 1.0\nX: 0\nO:\nK: 5\n");
        bench.Sent.Clear();
        bench.FromGateway("NTFY 5 *@gw1.example.net MGCP 1.0\nX: 0\nO:\n");
        bench.AssertQuiet();
    }

    [Fact]
    public void Piggybacked_messages_are_processed_in_order_and_answered_each()
    {
        var bench = InService();
        bench.FromGateway("NTFY 1 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nO: L/hd\n.\nNTFY 2 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nbroken\n.\nNTFY 3 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nO: L/hu\n");
        // The gateway piggybacks, so all answers go back in one datagram; an error in one message does not touch the others.
        Assert.Equal("200 1 OK\r\n.\r\n510 2 Protocol error\r\n.\r\n200 3 OK\r\n", bench.TakeSent());
        Assert.Equal("hd", bench.TakeEvent<MgcpEvent.Observed>().Events.Single().Name);
        Assert.Equal("hu", bench.TakeEvent<MgcpEvent.Observed>().Events.Single().Name);
        Assert.True(bench.Agent.StatusOf("gw1")!.Traits.Piggyback);
        bench.AssertQuiet();
    }

    [Fact]
    public void The_answer_and_the_request_that_follows_share_their_fate()
    {
        var bench = InService(MgcpProfile.Rfc3435);
        bench.Agent.Receive(Encoding.ASCII.GetBytes(OffHook), GatewayAddress, bench.Now);
        // As the engine does it: the event is taken, its consequence issued, then the rest is taken.
        while (bench.Agent.TryTake(out var output))
        {
            if (output is MgcpOutput.Happened { Event: MgcpEvent.Observed }) bench.Agent.Request(Line1, Request("L/hu", "L/dl"), bench.Now);
            if (output is MgcpOutput.Send send) bench.Sent.Enqueue(send);
        }

        var together = bench.TakeSent();
        Assert.StartsWith("200 77 OK\r\n.\r\nRQNT ", together, StringComparison.Ordinal);
        Assert.Empty(bench.Sent);
        bench.Now = bench.Agent.NextDeadline!.Value;
        bench.Agent.FireDue(bench.Now);
        bench.Drain();
        Assert.Equal(together, bench.TakeSent());
        // A repeat of the NTFY alone gets its answer alone.
        bench.FromGateway(OffHook);
        Assert.Equal("200 77 OK\r\n", bench.TakeSent());
    }

    [Fact]
    public void A_repeat_of_a_command_that_is_not_answered_yet_gets_100_and_the_answer_asks_for_000()
    {
        var bench = InService(MgcpProfile.Rfc3435);
        bench.Agent.Receive(Encoding.ASCII.GetBytes(OffHook), GatewayAddress, bench.Now);
        bench.Agent.Receive(Encoding.ASCII.GetBytes(OffHook), GatewayAddress, bench.Now);
        bench.Drain();
        Assert.Equal("100 77 Pending\r\n", bench.TakeSent());
        Assert.Equal("200 77 OK\r\nK:\r\n", bench.TakeSent());
        bench.TakeEvent<MgcpEvent.Observed>();
        bench.FromGateway("000 77\n");
        bench.FromGateway(OffHook);
        bench.AssertQuiet();
        Assert.Contains(bench.Notes, static n => n is MgcpNote.Dropped { Reason: MgcpDropReason.Acknowledged });
    }

    [Fact]
    public void An_answer_that_asks_for_000_is_repeated_until_that_comes()
    {
        var bench = InService(MgcpProfile.Rfc3435);
        bench.Agent.Receive(Encoding.ASCII.GetBytes(OffHook), GatewayAddress, bench.Now);
        bench.Agent.Receive(Encoding.ASCII.GetBytes(OffHook), GatewayAddress, bench.Now);
        bench.Drain();
        bench.Sent.Clear();
        bench.Events.Clear();
        bench.Advance(TimeSpan.FromSeconds(1));
        Assert.InRange(bench.Sent.Count, 2, 4);
        Assert.All(bench.Sent, static s => Assert.Equal("200 77 OK\r\nK:\r\n", Encoding.ASCII.GetString(s.Datagram.Span)));
        bench.Sent.Clear();
        bench.FromGateway("000 77\n");
        bench.Advance(TimeSpan.FromSeconds(10));
        bench.AssertQuiet();

        // Without it, until T-MAX and no longer.
        bench.Agent.Receive(Encoding.ASCII.GetBytes(OffHook.Replace("77", "78", StringComparison.Ordinal)), GatewayAddress, bench.Now);
        bench.Agent.Receive(Encoding.ASCII.GetBytes(OffHook.Replace("77", "78", StringComparison.Ordinal)), GatewayAddress, bench.Now);
        bench.Advance(TimeSpan.FromSeconds(25));
        Assert.Contains(bench.Sent, static s => s.IsRetransmission);
        bench.Sent.Clear();
        bench.Advance(TimeSpan.FromSeconds(15));
        Assert.Empty(bench.Sent);
    }

    [Fact]
    public void A_restart_may_come_with_the_answer_to_a_command()
    {
        var bench = InService();
        bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
        bench.Drain();
        var rqnt = bench.TakeSent("RQNT");
        bench.FromGateway($"RSIP 9 *@gw1.example.net MGCP 1.0\nRM: disconnected\nRD: 30\n.\n200 {IdOf(rqnt)} OK\n");
        Assert.StartsWith("200 9 OK\r\n.\r\nAUEP ", bench.TakeSent(), StringComparison.Ordinal);
        Assert.Empty(bench.Events);
        Assert.Contains(bench.Notes, static n => n is MgcpNote.TransactionEnded { Verb: "RQNT", Code: 200 });
    }

    [Theory]
    [InlineData("NTFY 5 *@gw1.example.net MGCP 0.1\nX: 0\nO: \n", "200 5 OK\r\n")]
    [InlineData("NTFY 5 aaln/1@gw1.example.net MGCP 0.1\nX: 0\nO:\n", "200 5 OK\r\n")]
    [InlineData("AUEP 5 aaln/1@gw1.example.net MGCP 1.0\n", "200 5 OK\r\n")]
    [InlineData("AUEP 5 aaln/1@gw1.example.net MGCP 1.0\nF: \n", "200 5 OK\r\n")]
    [InlineData("AUEP 5 aaln/1@gw1.example.net MGCP 1.0\nF: A\n", "504 5 Unsupported command\r\n")]
    [InlineData("RQNT 5 aaln/1@gw1.example.net MGCP 1.0\nX: 1\n", "504 5 Unsupported command\r\n")]
    [InlineData("PING 5 aaln/1@gw1.example.net MGCP 1.0\n", "504 5 Unsupported command\r\n")]
    [InlineData("NTFY 5 aaln/9@gw1.example.net MGCP 1.0\nX: 1\nO: L/hd\n", "500 5 Unknown endpoint\r\n")]
    [InlineData("NTFY 5 aaln/1@gw1.example.net MGCP 3.0\nX: 1\nO: L/hd\n", "528 5 Unsupported version\r\n")]
    [InlineData("NTFY 5 aaln/1@gw1.example.net MGCP 1.0\nX: 1\n", "510 5 Protocol error\r\n")]
    [InlineData("NTFY 5 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nO: (\n", "510 5 Protocol error\r\n")]
    [InlineData("NTFY 0 *@gw1.example.net MGCP 1.0\nX: 0\nO:\n", "200 0 OK\r\n")]
    [InlineData("DLCX 5 aaln/1@gw1.example.net MGCP 1.0\nC: 1\nI: 9\nE: 901\n", "200 5 OK\r\n")]
    public void Every_command_of_a_gateway_is_answered(string command, string answer)
    {
        var bench = InService();
        bench.FromGateway(command);
        Assert.Equal(answer, bench.TakeSent());
        bench.AssertQuiet();
    }

    [Fact]
    public void A_Notify_that_can_be_read_in_part_is_delivered_in_part()
    {
        var bench = InService();
        bench.FromGateway("NTFY 5 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nO: L/hd, D/(\n");
        Assert.Equal("200 5 OK\r\n", bench.TakeSent());
        Assert.Equal("hd", bench.TakeEvent<MgcpEvent.Observed>().Events.Single().Name);
    }

    [Fact]
    public void The_three_shapes_of_digits_arrive_alike()
    {
        foreach (var shape in new[] { "D/1,D/2,D/T", "D/12T", "d/1, d/2, d/t" })
        {
            var bench = InService();
            bench.FromGateway($"NTFY 5 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nO: {shape}\n");
            bench.TakeSent();
            var events = bench.TakeEvent<MgcpEvent.Observed>().Events;
            Assert.Equal([new ObservedEvent("D", "1"), new ObservedEvent("D", "2"), new ObservedEvent("D", "T")], events);
            Assert.All(events, static e => Assert.True(e.IsDigit));
        }
    }

    [Fact]
    public void Names_without_package_belong_to_the_endpoints_default_package()
    {
        var bench = InService(audit: "ES: L/hu\nI:\nA: a:PCMU, v:H;D\n");
        bench.FromGateway("NTFY 5 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nO: HD, L/oc(L/dl), G/rt@1F\n");
        bench.TakeSent();
        Assert.Equal([new ObservedEvent("H", "hd"), new ObservedEvent("L", "oc", "L/dl"), new ObservedEvent("G", "rt", null, "1F")], bench.TakeEvent<MgcpEvent.Observed>().Events);
    }

    [Fact]
    public void Too_much_in_one_datagram_is_cut_off()
    {
        var bench = InService();
        bench.FromGateway(string.Join(".\n", Enumerable.Range(1, 40).Select(static i => $"NTFY {i} *@gw1.example.net MGCP 1.0\nX: 0\nO:\n")));
        Assert.Equal(16, bench.Notes.Count(static n => n is MgcpNote.TransactionEnded { FromGateway: true }));
        Assert.Contains(bench.Notes, static n => n is MgcpNote.Dropped { Reason: MgcpDropReason.Oversize });
        bench.Agent.Receive(new byte[70_000], GatewayAddress, bench.Now);
        bench.Drain();
        Assert.Equal(2, bench.Notes.Count(static n => n is MgcpNote.Dropped { Reason: MgcpDropReason.Oversize }));
    }

    [Fact]
    public void A_NTFY_that_means_nothing_new_costs_little_memory()
    {
        var bench = InService();
        var datagram = Encoding.ASCII.GetBytes(OffHook);
        bench.Agent.Receive(datagram, GatewayAddress, bench.Now);
        bench.Drain();
        long Repeat()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 100; i++)
            {
                bench.Agent.Receive(datagram, GatewayAddress, bench.Now);
                while (bench.Agent.TryTake(out _))
                {
                }
            }

            return (GC.GetAllocatedBytesForCurrentThread() - before) / 100;
        }

        Repeat();
        Assert.InRange(Repeat(), 0, 250);
    }

    /// <summary>Whatever arrives, from whomever: the agent neither throws nor loses its timers.</summary>
    [Fact]
    public void The_agent_is_total_over_any_datagram()
    {
        var chance = new Entropy(42);
        var bench = InService();
        var samples = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "corpus", "mgcp"), "*.mgcp").Order(StringComparer.Ordinal).Select(File.ReadAllText)
            .Concat(CorpusTests.Examples()).Select(static t => Encoding.ASCII.GetBytes(System.Text.RegularExpressions.Regex.Replace(t, "@[^ \r\n]+", "@gw1.example.net"))).ToArray();
        for (var i = 0; i < 20_000; i++)
        {
            var datagram = (byte[])samples[chance.Next(samples.Length)].Clone();
            for (var flips = chance.Next(4); flips > 0; flips--) datagram[chance.Next(datagram.Length)] = (byte)chance.Next(256);
            bench.Agent.Receive(datagram, chance.Next(10) == 0 ? GatewayAddress.WithPort(1) : GatewayAddress, bench.Now);
            bench.Advance(TimeSpan.FromMilliseconds(chance.Next(300)));
        }

        Assert.NotNull(bench.Agent.NextDeadline);
    }
}
