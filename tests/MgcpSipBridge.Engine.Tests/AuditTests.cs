using MgcpSipBridge.Mgcp;

namespace MgcpSipBridge.Engine.Tests;

/// <summary>Audits for operators (RFC 3435 §2.3.10, §2.3.11): answered when the gateway has answered, whatever it answers.</summary>
public sealed class AuditTests
{
    private static Bench InService()
    {
        var bench = new Bench();
        bench.After(TimeSpan.FromMilliseconds(10));
        bench.Answer("AUEP", "ES: L/hu\r\nI:\r\nA: a:PCMU, v:L;D;G\r\n");
        bench.Mgcp.Clear();
        return bench;
    }

    [Fact]
    public void A_gateways_endpoints_are_compared_with_its_lines()
    {
        var bench = InService();
        bench.Input(new EngineInput.Ask(7, new EngineQuery.AuditGateway("gw1")));
        Assert.Null(bench.LastAnswer);
        bench.After(TimeSpan.FromMilliseconds(30));
        var question = bench.Answer("AUEP", "Z: AALN/1@gw1.example.net\r\nZ: aaln/2@gw1.example.net\r\n");
        Assert.Matches("^AUEP [0-9]+ [*]@gw1.example.net MGCP 1.0\r\n$", question);
        var audit = Assert.IsType<GatewayAudit>(bench.LastAnswer);
        Assert.Equal(("gw1", 200, TimeSpan.FromMilliseconds(30)), (audit.Gateway, audit.Code, audit.Took));
        Assert.Equal(["AALN/1", "aaln/2"], audit.Endpoints);
        Assert.Equal(["aaln/2"], audit.NotProvisioned);
        Assert.Empty(audit.NotThere);

        // It does not take the bare wildcard, and its line is misspelt.
        bench.Input(new EngineInput.Ask(8, new EngineQuery.AuditGateway("gw1")));
        bench.Answer("AUEP", code: 500);
        Assert.Contains(" aaln/*@", bench.Answer("AUEP", "Z: aaln/0@gw1.example.net\r\n"), StringComparison.Ordinal);
        Assert.Equal(["aaln/1"], Assert.IsType<GatewayAudit>(bench.LastAnswer).NotThere);
    }

    [Fact]
    public void A_line_is_audited_with_each_of_its_connections()
    {
        var bench = InService();
        bench.Input(new EngineInput.Ask(7, new EngineQuery.AuditLine("1001")));
        Assert.Matches("\r\nF: B, I, N, X, R, S, D, O, E, Q, T, A, ES, RM, RD, PL, MD, B/PR, B/NS\r\n", bench.Answer("AUEP", "ES: L/hd\r\nI: 1F, 2F\r\nRM: restart\r\nE: 000\r\n"));
        Assert.Contains("\r\nI: 1F\r\nF: C, N, L, M, LC, RC, P\r\n", bench.Answer("AUCX", "C: A1\r\nM: sendrecv\r\nP: PS=1, OS=2\r\n\r\nv=0\r\nc=IN IP4 10.0.0.21\r\n\r\nv=0\r\n"), StringComparison.Ordinal);
        bench.Answer("AUCX", code: 515);
        var audit = Assert.IsType<LineAudit>(bench.LastAnswer);
        Assert.Equal(("1001", 200, true, "restart"), (audit.Line, audit.Code, audit.Report!.Audit.OffHook, audit.Report.RestartMethod));
        Assert.Equal([("1F", 200, false), ("2F", 515, false)], audit.Connections.Select(c => (c.Connection, c.Code, c.IsOurs)));
        Assert.Equal((ConnectionMode.SendRecv, "A1", "PS=1, OS=2"), (audit.Connections[0].Report!.Mode, audit.Connections[0].Report!.CallId, audit.Connections[0].Report!.Counters));
        Assert.Null(audit.Connections[1].Report);
    }

    [Fact]
    public void A_refusal_is_an_answer_and_silence_is_told()
    {
        var bench = InService();
        bench.Input(new EngineInput.Ask(7, new EngineQuery.AuditLine("1001")));
        bench.Answer("AUEP", code: 501);
        Assert.Equal((501, "OK"), Assert.IsType<LineAudit>(bench.LastAnswer) is var refused ? (refused.Code, refused.Comment) : default);
        bench.Input(new EngineInput.Ask(8, new EngineQuery.AuditGateway("gw1")));
        bench.After(TimeSpan.FromSeconds(30));
        Assert.Equal(0, Assert.IsType<GatewayAudit>(bench.LastAnswer).Code);
    }

    [Fact]
    public void A_gateway_that_nobody_knows_the_address_of_is_not_asked_and_that_is_said()
    {
        var bench = new Bench(Bench.Model() with { Gateways = [new GatewayModel(new MgcpGatewayModel("gw1", "gw1.example.net", null, MgcpProfile.Auto, ["aaln/1"]))] });
        Assert.Equal((501, "its address is not known yet: it was not asked"), bench.Ask<GatewayAudit>(new EngineQuery.AuditGateway("gw1")) is var gateway ? (gateway.Code, gateway.Comment) : default);
        Assert.Equal((501, "its address is not known yet: it was not asked"), bench.Ask<LineAudit>(new EngineQuery.AuditLine("1001")) is var line ? (line.Code, line.Comment) : default);
        Assert.Empty(bench.Mgcp);
    }

    [Fact]
    public void What_is_not_there_is_not_asked_for_and_what_goes_is_answered_for()
    {
        var bench = InService();
        Assert.Null(bench.Ask<object?>(new EngineQuery.AuditLine("1009")));
        Assert.Null(bench.Ask<object?>(new EngineQuery.AuditGateway("gw9")));
        Assert.Empty(bench.Mgcp);
        bench.Input(new EngineInput.Ask(7, new EngineQuery.AuditLine("1001")));
        bench.Input(new EngineInput.Configure(EngineModel.Empty));
        Assert.Equal(0, Assert.IsType<LineAudit>(bench.LastAnswer).Code);
    }
}
