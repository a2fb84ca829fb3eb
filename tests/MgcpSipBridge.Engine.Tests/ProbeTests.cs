using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine.Tests;

/// <summary>Probes of peers are questions like others: answered when the peer has answered, or has not in time.</summary>
public sealed class ProbeTests
{
    private static readonly EngineQuery.ProbePeer Question = new("pbx", TimeSpan.FromSeconds(5));

    [Fact]
    public void A_probe_is_answered_when_the_peer_has_answered()
    {
        var bench = new Bench();
        bench.Input(new EngineInput.Ask(7, Question));
        Assert.Null(bench.LastAnswer);
        bench.After(TimeSpan.FromMilliseconds(20));
        var question = bench.TakeSip("OPTIONS");
        string Header(string name) => question.Split("\r\n").First(line => line.StartsWith(name + ":", StringComparison.Ordinal));
        bench.FromPeer($"SIP/2.0 200 OK\n{Header("Via")}\n{Header("From")}\n{Header("To")};tag=p\n{Header("Call-ID")}\n{Header("CSeq")}\nContent-Length: 0\n\n");
        var report = Assert.IsType<PeerProbeAnswer>(bench.LastAnswer).Report!;
        Assert.Equal((SipProbeOutcome.Answered, 200, TimeSpan.FromMilliseconds(20)), report.Attempts[0] is var only ? (only.Outcome, only.Status, only.RoundTrip) : default);
    }

    [Fact]
    public void Silence_an_unknown_peer_and_too_many_probes_are_answers_too()
    {
        var bench = new Bench();
        Assert.Null(bench.Ask<object?>(Question with { Peer = "nobody" }));
        bench.Input(new EngineInput.Ask(7, Question));
        bench.After(TimeSpan.FromSeconds(5));
        Assert.Equal(SipProbeOutcome.NoAnswer, Assert.IsType<PeerProbeAnswer>(bench.LastAnswer).Report!.Attempts[0].Outcome);
        for (var i = 0; i < 3; i++) bench.Input(new EngineInput.Ask(8 + i, Question));
        Assert.Null(bench.Ask<PeerProbeAnswer>(Question).Report);
    }
}
