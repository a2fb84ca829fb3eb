using MgcpSipBridge.SansIo;
using static MgcpSipBridge.Mgcp.Tests.AgentBench;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>Our commands over a bad network (RFC 3435 §3.5, §4.3), in virtual time.</summary>
public class OutgoingTests
{
    [Fact]
    public void An_unanswered_command_is_repeated_seven_times_in_under_twenty_seconds_then_the_gateway_is_down()
    {
        var bench = InService();
        bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
        bench.Drain();
        var first = bench.Sent.Peek();
        Assert.False(first.IsRetransmission);
        var command = bench.TakeSent("RQNT");
        var started = bench.Now;
        List<double> gaps = [];
        var last = started;
        while (bench.Events.Count == 0)
        {
            bench.Now = bench.Agent.NextDeadline!.Value;
            bench.Agent.FireDue(bench.Now);
            bench.Drain();
            if (bench.Sent.Count == 0) continue;
            var repeat = bench.Sent.Peek();
            Assert.True(repeat.IsRetransmission);
            Assert.Equal(command, bench.TakeSent());
            gaps.Add((bench.Now - last).TotalMilliseconds);
            last = bench.Now;
        }

        Assert.Equal(7, gaps.Count);
        Assert.Equal(200, gaps[0]);
        Assert.InRange(gaps[1], 200, 400);
        Assert.InRange(gaps[4], 1600, 3200);
        Assert.InRange((bench.Now - started).TotalSeconds, 6, 21);
        Assert.Equal(new MgcpEvent.RequestFailed(Line1, 0), bench.TakeEvent<MgcpEvent.RequestFailed>());
        Assert.Equal(GatewayState.Down, bench.TakeEvent<MgcpEvent.GatewayChanged>().State);
        Assert.Equal(OutOfServiceReason.GatewaySilent, bench.TakeEvent<MgcpEvent.EndpointOutOfService>().Reason);
        Assert.Contains(bench.Notes, static n => n is MgcpNote.TransactionEnded { Verb: "RQNT", Code: 0, FromGateway: false });
        Assert.Equal(7, bench.Notes.Count(static n => n is MgcpNote.Retransmitted));
        Assert.Single(bench.Notes, static n => n is MgcpNote.Suspected);
    }

    [Fact]
    public void Retransmission_ends_at_T_MAX_even_if_repetitions_are_left()
    {
        var bench = new AgentBench(Settings with { Max1 = 100, Max2 = 200 });
        bench.Agent.SetGateway(Model(), bench.Now);
        var started = bench.Now;
        bench.Advance(TimeSpan.FromSeconds(26));
        var audits = bench.Sent.Where(static s => s.IsRetransmission).ToList();
        Assert.InRange(audits.Count, 8, 14);
        Assert.Equal(GatewayState.Down, bench.TakeEvent<MgcpEvent.GatewayChanged>().State);
        Assert.True(bench.Now - started < TimeSpan.FromSeconds(27));
    }

    [Fact]
    public void After_a_provisional_answer_only_LONGTRAN_repeats_and_patience_lasts_two_T_HIST()
    {
        var bench = InService();
        var id = bench.Agent.CreateConnection(Line1, new ConnectionRequest("AB", ConnectionMode.SendRecv), bench.Now);
        bench.Drain();
        var crcx = bench.TakeSent("CRCX");
        var started = bench.Now;
        bench.Answer(crcx, 100, "I: 1\n", "Pending");
        bench.AssertQuiet();
        List<double> repeats = [];
        while (bench.Events.Count == 0 || bench.Events.Peek() is not MgcpEvent.CommandFailed)
        {
            bench.Now = bench.Agent.NextDeadline!.Value;
            bench.Agent.FireDue(bench.Now);
            bench.Drain();
            foreach (var sent in bench.Sent)
            {
                if (sent.IsRetransmission) repeats.Add((bench.Now - started).TotalSeconds);
            }

            // Its keep-alive questions are answered: the gateway is not down, it is only slow.
            while (bench.Sent.Count > 0 && bench.TakeSent() is var text)
            {
                if (text.StartsWith("AUEP", StringComparison.Ordinal)) bench.Answer(text, 200);
            }
        }

        Assert.Equal([5, 10, 15, 20], repeats);
        Assert.Equal(60, (bench.Now - started).TotalSeconds);
        var failed = bench.TakeEvent<MgcpEvent.CommandFailed>();
        Assert.Equal((id, 0), (failed.Command, failed.Code));
    }

    [Fact]
    public void A_final_answer_after_a_provisional_one_is_acknowledged_every_time_it_comes()
    {
        var bench = InService();
        bench.Agent.CreateConnection(Line1, new ConnectionRequest("AB", ConnectionMode.SendRecv), bench.Now);
        bench.Drain();
        var crcx = bench.TakeSent("CRCX");
        bench.Answer(crcx, 100, "", "Pending");
        bench.Answer(crcx, 200, "K:\nI: DFE233D1\n\nv=0\n");
        Assert.Equal($"000 {IdOf(crcx)}\r\n", bench.TakeSent());
        bench.TakeEvent<MgcpEvent.ConnectionCreated>();
        bench.Answer(crcx, 200, "K:\nI: DFE233D1\n\nv=0\n");
        Assert.Equal($"000 {IdOf(crcx)}\r\n", bench.TakeSent());
        bench.AssertQuiet();
        Assert.Contains(bench.Notes, static n => n is MgcpNote.Dropped { Reason: MgcpDropReason.UnknownTransaction });
    }

    [Fact]
    public void An_answer_is_taken_from_the_address_that_was_asked_and_from_no_other()
    {
        var bench = InService();
        bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
        bench.Drain();
        var rqnt = bench.TakeSent("RQNT");
        bench.FromGateway($"402 {IdOf(rqnt)} no\n", NetAddress.FromIPv4(0x0A000016, 2427));
        bench.FromGateway($"402 {IdOf(rqnt)} no\n", GatewayAddress.WithPort(2428));
        bench.AssertQuiet();
        Assert.Equal(2, bench.Notes.Count(static n => n is MgcpNote.Dropped { Reason: MgcpDropReason.WrongPeer }));
        bench.Answer(rqnt, 402);
        Assert.False(bench.TakeEvent<MgcpEvent.HookMismatch>().OffHook);
    }

    [Fact]
    public void Ids_start_anywhere_count_up_and_turn_round_at_999999999()
    {
        var outbox = new Outbox();
        HashSet<uint> starts = [];
        for (ulong seed = 0; seed < 50; seed++)
        {
            var transactions = new OutgoingTransactions(Settings, new Entropy(seed), new TimerQueue<AgentTimer>(), outbox);
            var first = transactions.NewId();
            Assert.InRange(first, 1u, 999_999_999u);
            Assert.Equal(first == 999_999_999 ? 1 : first + 1, transactions.NewId());
            starts.Add(first);
        }

        Assert.Equal(50, starts.Count);
    }

    [Fact]
    public void A_late_answer_to_a_CreateConnection_that_was_given_up_is_undone()
    {
        var bench = InService();
        bench.Agent.CreateConnection(Line1, new ConnectionRequest("AB", ConnectionMode.SendRecv), bench.Now);
        bench.Drain();
        var crcx = bench.TakeSent("CRCX");
        // The gateway lives, but this answer is lost.
        for (var i = 0; i < 20 && bench.Events.Count == 0; i++)
        {
            bench.Advance(TimeSpan.FromSeconds(1));
            bench.FromGateway($"NTFY {500 + i} *@gw1.example.net MGCP 1.0\nX: 0\nO:\n");
        }

        Assert.Equal(0, bench.TakeEvent<MgcpEvent.CommandFailed>().Code);
        // Whatever its call has there is deleted at once, and what comes of it later, too.
        Assert.EndsWith("C: AB\r\nN: ca@bridge.example.net:2727\r\n", bench.Await("DLCX", TimeSpan.Zero), StringComparison.Ordinal);
        bench.AssertQuietAfterClearing();
        bench.Answer(crcx, 200, "I: 77\n");
        Assert.EndsWith("I: 77\r\nN: ca@bridge.example.net:2727\r\n", bench.TakeSent("DLCX"), StringComparison.Ordinal);
    }

    /// <summary>Loss, duplication and reordering in both directions: every command ends in exactly one event, and nothing is left.</summary>
    [Theory]
    [InlineData(0.0)]
    [InlineData(0.2)]
    [InlineData(0.4)]
    public void Every_command_ends_in_one_event_whatever_the_network_does(double loss)
    {
        for (ulong seed = 1; seed <= 20; seed++) LossyNetwork.Run(loss, seed);
    }
}
