using static MgcpSipBridge.Mgcp.Tests.AgentBench;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>What is learnt of a gateway, and what the operator decides instead.</summary>
public class TraitTests
{
    [Fact]
    public void What_the_operator_decided_stands_whatever_is_learnt()
    {
        var overrides = new TraitOverrides
        {
            Version = "MGCP 1.0 NCS 1.0",
            DigitMaps = false,
            DigitPackage = "D",
            CallProgressPackage = "L",
            Piggyback = false,
            EncapsulatedRequests = false,
            CallerId = false,
            ExplicitToneStop = true,
            LoopMode = false,
            ConfirmAnswers = true,
            Answers = ResponseSource.SameHost,
        };
        var bench = InService(Model() with { Overrides = overrides });
        // It piggybacks, reports digits in L and writes another version: none of it changes anything.
        bench.FromGateway("NTFY 1 aaln/1@gw1.example.net MGCP 0.1\nX: 1\nO: L/5\n.\nNTFY 2 aaln/1@gw1.example.net MGCP 0.1\nX: 1\nO: L/6\n");
        Assert.Equal(2, bench.Sent.Count);
        Assert.Equal(
            new GatewayTraits
            {
                Version = "MGCP 1.0 NCS 1.0",
                DigitMaps = false,
                DigitPackage = "D",
                CallProgressPackage = "L",
                EncapsulatedRequests = false,
                CallerId = false,
                ExplicitToneStop = true,
                LoopMode = false,
                ConfirmAnswers = true,
                Answers = ResponseSource.SameHost,
            },
            bench.Agent.StatusOf("gw1")!.Traits);
        Assert.DoesNotContain(bench.Notes, static n => n is MgcpNote.TraitLearnt);
        // Taken back, learning begins anew.
        bench.Agent.SetGateway(Model(), bench.Now);
        Assert.Equal(new GatewayTraits(), bench.Agent.StatusOf("gw1")!.Traits);
    }

    [Fact]
    public void Answers_are_confirmed_once_each_where_the_operator_says_so()
    {
        var bench = InService(Model(endpoints: ["aaln/1", "aaln/2"]) with { Overrides = new TraitOverrides { ConfirmAnswers = true } });
        bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
        bench.Drain();
        var first = bench.TakeSent("RQNT");
        // Both audits were answered, in neighbouring transactions.
        Assert.Matches("^[0-9]+-[0-9]+$", ValueOf(first, "K"));
        bench.Agent.Request(Line2, Request("L/hd"), bench.Now);
        bench.Drain();
        Assert.DoesNotContain("K:", bench.TakeSent("RQNT"), StringComparison.Ordinal);
        bench.Answer(first, 200);
        bench.Agent.Request(Line1, Request("L/hu"), bench.Now);
        bench.Drain();
        var next = bench.TakeSent("RQNT");
        Assert.Equal(IdOf(first), ValueOf(next, "K"));
        bench.Answer(next, 200);
        // What the gateway has forgotten itself is not confirmed.
        bench.Advance(TimeSpan.FromSeconds(31));
        bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
        bench.Drain();
        Assert.DoesNotContain("K:", bench.TakeSent("RQNT"), StringComparison.Ordinal);
    }

    [Fact]
    public void Loop_is_asked_for_and_a_gateway_that_refuses_it_goes_step_by_step()
    {
        var bench = InService();
        var wish = Request("L/hu D/[0-9*#]") with { Loop = true };
        bench.Agent.Request(Line1, wish, bench.Now);
        bench.Drain();
        var rqnt = bench.TakeSent("RQNT");
        Assert.EndsWith("Q: process,loop\r\n", rqnt, StringComparison.Ordinal);
        bench.Answer(rqnt, 508, comment: "no quarantine");
        rqnt = bench.TakeSent("RQNT");
        Assert.DoesNotContain("Q:", rqnt, StringComparison.Ordinal);
        Assert.Contains("D/[0-9*#](N)", rqnt, StringComparison.Ordinal);
        bench.Answer(rqnt, 200);
        Assert.False(bench.Agent.StatusOf("gw1")!.Traits.LoopMode);
        Assert.Contains(bench.Notes, static n => n is MgcpNote.TraitLearnt { Trait: "loop" });
        bench.Agent.Request(Line1, wish, bench.Now);
        bench.Drain();
        Assert.DoesNotContain("Q:", bench.TakeSent("RQNT"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_gateway_of_MGCP_0_1_has_its_tones_stopped_by_name_until_it_refuses()
    {
        var bench = InService();
        bench.FromGateway("NTFY 1 aaln/1@gw1.example.net MGCP 0.1\nX: 1\nO: L/hd\n");
        bench.TakeSent("200");
        bench.Events.Clear();
        bench.Agent.Request(Line1, Request("L/hu", "L/dl"), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("RQNT"), 200);
        bench.Agent.Request(Line1, Request("L/hu"), bench.Now);
        bench.Drain();
        var stop = bench.TakeSent("RQNT");
        Assert.Contains("S: L/dl(-)\r\n", stop, StringComparison.Ordinal);
        bench.Answer(stop, 538, comment: "parameter");
        var plain = bench.TakeSent("RQNT");
        Assert.Contains("S:\r\n", plain, StringComparison.Ordinal);
        bench.Answer(plain, 200);
        Assert.False(bench.Agent.StatusOf("gw1")!.Traits.ExplicitToneStop);
        Assert.Empty(bench.Agent.StatusOf("gw1")!.Traits.RefusedNames);
        // And it stays so, though the gateway goes on writing 0.1.
        bench.FromGateway("NTFY 2 aaln/1@gw1.example.net MGCP 0.1\nX: 1\nO: L/hu\n");
        Assert.False(bench.Agent.StatusOf("gw1")!.Traits.ExplicitToneStop);
    }

    [Fact]
    public void A_digit_map_that_is_too_long_gets_coarser_before_it_is_given_up()
    {
        var bench = InService();
        var map = "(" + string.Join('|', Enumerable.Range(100, 200).Select(static n => $"{n}xx")) + ")";
        bench.Agent.Request(Line1, Request("L/hu D/[0-9*#T](D)", "L/dl", map), bench.Now);
        bench.Drain();
        var rqnt = bench.TakeSent("RQNT");
        Assert.Equal(map, ValueOf(rqnt, "D"));
        bench.Answer(rqnt, 539, comment: "digit map");
        rqnt = bench.TakeSent("RQNT");
        // Whatever is dialled is collected; the bridge holds it against its routes.
        Assert.Equal(DigitMapCompiler.CatchAll, ValueOf(rqnt, "D"));
        bench.Answer(rqnt, 200);
        Assert.Equal(1024, bench.Agent.StatusOf("gw1")!.Traits.MaxDigitMapBytes);
        Assert.True(bench.Agent.StatusOf("gw1")!.Traits.DigitMaps);
        // One that even this is too long for has none.
        bench.Agent.Request(Line1, Request("L/hu D/[0-9*#T](D)", "L/dl", map[..960] + ")"), bench.Now);
        bench.Drain();
        for (var i = 0; i < 2; i++) bench.Answer(bench.TakeSent("RQNT"), 510);
        Assert.Contains("D/[0-9*#](N)", ValueOf(bench.TakeSent("RQNT"), "R"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_operator_may_set_the_longest_digit_map()
    {
        var bench = InService(Model() with { Overrides = new TraitOverrides { MaxDigitMapBytes = 32 } });
        bench.Agent.Request(Line1, Request("L/hu D/[0-9T](D)", "L/dl", "(1xx|2xx|3xx|4xx|5xx|6xx|7xx|8xxx|9xxx)"), bench.Now);
        bench.Drain();
        Assert.Equal(DigitMapCompiler.CatchAll, ValueOf(bench.TakeSent("RQNT"), "D"));
    }

    [Theory]
    [InlineData("MGCP 0.1", 520, false)]
    [InlineData("MGCP 1.0", 520, true)]
    [InlineData("MGCP 0.1", 502, false)]
    [InlineData("MGCP 1.0", 502, true)]
    [InlineData("MGCP 1.0", 521, true)]
    [InlineData("MGCP 1.0", 403, false)]
    public void Codes_of_RFC_2705_mean_what_they_meant_then(string version, int code, bool leavesService)
    {
        var bench = InService(Model() with { Overrides = new TraitOverrides { Version = version } });
        bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("RQNT"), code);
        Assert.Equal(leavesService, bench.Events.Any(static e => e is MgcpEvent.EndpointOutOfService));
        if (!leavesService) bench.Await("RQNT", TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void A_connection_limit_that_we_cannot_have_reached_is_cleared_up()
    {
        var bench = InService();
        bench.Agent.CreateConnection(Line1, new ConnectionRequest("C1", ConnectionMode.RecvOnly), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("CRCX"), 540);
        Assert.Equal(540, bench.TakeEvent<MgcpEvent.CommandFailed>().Code);
        bench.Answer(bench.Await("AUEP", TimeSpan.FromSeconds(1)), 200, "I: 5A\n");
        bench.Answer(bench.TakeSent("AUCX"), 200, "C: 99\n");
        Assert.Equal("5A", ValueOf(bench.TakeSent("DLCX"), "I"));
    }

    [Theory]
    [InlineData("PS=1245, OS=62345, PR=780, OR=45123, PL=10, JI=27, LA=48", 1245L, 48L)]
    [InlineData("ps = 1245 ,PC/RPS=3, X-UX=4, X+SRTP/RTCPAF=1670250496,LA=48", 1245L, 48L)]
    [InlineData("PS=12345678901, LA=-4", 12345678901L, null)]
    [InlineData("PS=, LA=4x", null, null)]
    public void Counters_are_read_as_they_come(string text, long? sent, long? latency)
    {
        var read = ConnectionStatistics.Read(System.Text.Encoding.ASCII.GetBytes(text))!;
        Assert.Equal((sent, latency), (read.PacketsSent, read.LatencyMilliseconds));
    }

    [Fact]
    public void Every_response_code_has_its_reaction()
    {
        var table = new System.Text.StringBuilder();
        for (var code = 100; code < 1000; code++)
        {
            // Codes that RFC 3435 §2.4 knows, and the first of each open end.
            var isKnown = MgcpResponseCodes.Normalize(code) == code || code is 102 or 201 or 300 or 408 or 411 or 542 or 600 or 800 or 900;
            if (isKnown) table.Append(code).Append(' ').Append(code < 300 ? "-" : Reactions.To(code).ToString()).Append('\n');
        }

        Snapshot.Match(table.ToString(), "corpus/mgcp/expected-reactions.txt");
    }
}
