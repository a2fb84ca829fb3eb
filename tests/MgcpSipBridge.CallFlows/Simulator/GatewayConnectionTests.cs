using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>The simulated gateway's connections and transactions against RFC 3435 §2.3.5 to §2.3.11, §3.5.</summary>
public sealed class GatewayConnectionTests
{
    private static readonly string[] Remote =
        ["", "v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0", "m=audio 20000 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000"];

    [Fact]
    public void A_connection_is_created_modified_and_deleted()
    {
        var bench = GatewayBench.InService();
        bench.Phone.OffHook(bench.Now);
        var created = bench.Command("CRCX", "aaln/1", "C: A3C47F21", "L: p:20, a:PCMU;PCMA;telephone-event", "M: recvonly");
        Assert.Matches(@"^200 \d+ OK\r\nI: [0-9A-F]{8}\r\n\r\nv=0\r\n", created);
        Assert.Contains("m=audio 16384 RTP/AVP 0 8 101\r\n", created);
        var id = created.Split("I: ")[1][..8];
        Assert.False(bench.Phone.IsTalking);
        Assert.StartsWith("200 ", bench.Command("MDCX", "aaln/1", ["C: A3C47F21", $"I: {id}", "M: sendrecv", .. Remote]));
        Assert.True(bench.Phone.IsTalking);
        Assert.Equal(20000, bench.Phone.Connections[0].Remote!.Address.Port);
        var deleted = bench.Command("DLCX", "aaln/1", "C: A3C47F21", $"I: {id}");
        Assert.StartsWith("250 ", deleted);
        Assert.Contains("\r\nP: PS=0, OS=0, ", deleted);
        Assert.Equal((1, 1), bench.Gateway.ConnectionsSeen);
        bench.NoViolations();
    }

    [Fact]
    public void What_is_not_there_is_said()
    {
        var bench = GatewayBench.InService();
        var id = bench.Command("CRCX", "aaln/1", "C: A1", "M: inactive").Split("I: ")[1][..8];
        Assert.StartsWith("500 ", bench.Command("RQNT", "aaln/9", "X: 1"));
        Assert.StartsWith("515 ", bench.Command("DLCX", "aaln/1", "C: A1", "I: FFFF"));
        Assert.StartsWith("516 ", bench.Command("MDCX", "aaln/1", "C: A2", $"I: {id}", "M: inactive"));
        Assert.StartsWith("250 ", bench.Command("DLCX", "aaln/1", "C: A9"));
        Assert.StartsWith("250 ", bench.Command("DLCX", "*"));
        Assert.Equal(0, bench.Gateway.ConnectionCount);
        Assert.StartsWith("518 ", bench.Command("RQNT", "aaln/1", "X: 2", "S: MS/bl"));
        Assert.StartsWith("522 ", bench.Command("RQNT", "aaln/1", "X: 3", "S: L/qq"));
        Assert.StartsWith("534 ", bench.Command("CRCX", "aaln/1", "C: A3", "L: a:G729", "M: inactive"));
        bench.NoViolations();
    }

    [Theory]
    [InlineData("CRCX", "aaln/1", "C: A1|M: sendrecv", "§2.3.5: CRCX M: sendrecv without a session description")]
    [InlineData("CRCX", "aaln/1", "C: A1|M: recvonly|R: L/hu(N)", "§2.3.5: CRCX carries a NotificationRequest without X:")]
    [InlineData("RQNT", "aaln/1", "R: L/hd(N)", "§3.2.2: RQNT needs X:")]
    [InlineData("RQNT", "aaln/1", "X: 0", "§3.2.2.18: X: 0 is reserved")]
    [InlineData("RQNT", "aaln/1", "X: 1|X: 2", "§3.2.2: X: stands twice in RQNT")]
    [InlineData("RQNT", "aaln/1", "X: 1|I: 1", "§3.2.2: I: does not belong in RQNT")]
    [InlineData("RQNT", "aaln/1", "X: 1|", "§3.2.2: RQNT carries no session description")]
    [InlineData("RQNT", "aaln/1", "X: 1|R: L/hd(A,D)", "523 bad combination")]
    [InlineData("RQNT", "aaln/1", "X: 1|R: L/hd(N),L/hd(A)", "stands twice in R:")]
    [InlineData("RQNT", "aaln/1", "X: 1|D: (1|2", "§2.1.5")]
    [InlineData("MDCX", "aaln/1", "C: A1|M: inactive", "§3.2.2: MDCX needs I:")]
    [InlineData("DLCX", "*", "C: A1|X: 1|R: L/hd", "§2.3.9")]
    [InlineData("DLCX", "aaln/1", "I: 1", "§2.3.7")]
    [InlineData("AUCX", "aaln/1", "I: 1", "§3.2.2: AUCX needs F:")]
    [InlineData("NTFY", "aaln/1", "X: 1|O: L/hd", "§2.3: a call agent does not send NTFY")]
    public void What_a_call_agent_does_wrong_is_written_down(string verb, string endpoint, string lines, string complaint)
    {
        var bench = GatewayBench.InService();
        bench.Command(verb, endpoint, lines.Split('|'));
        Assert.Contains(bench.Gateway.Violations, violation => violation.Contains(complaint, StringComparison.Ordinal));
    }

    [Fact]
    public void A_repeated_command_is_not_executed_again()
    {
        var bench = GatewayBench.InService();
        var command = bench.Text("CRCX", "aaln/1", "C: A1", "M: inactive");
        var first = Assert.Single(bench.Say(command));
        Assert.Equal(first, Assert.Single(bench.Say(command)));
        Assert.Equal((1, 0), bench.Gateway.ConnectionsSeen);
        bench.NoViolations();
        // K: confirms it (§3.5.1): a further repeat is ignored.
        bench.Command("AUEP", "aaln/1", $"K: {command.Split(' ')[1]}");
        Assert.Empty(bench.Say(command));
        bench.Say(command.Replace("A1", "A2", StringComparison.Ordinal));
        Assert.Contains("§3.2.1.2", Assert.Single(bench.Gateway.Violations));
    }

    [Fact]
    public void Long_work_is_answered_provisionally_first_and_the_end_asks_for_an_acknowledgement()
    {
        var bench = GatewayBench.InService(new GatewayQuirks { ConnectionWork = TimeSpan.FromSeconds(1) });
        var text = bench.Text("CRCX", "aaln/1", "C: A1", "M: inactive");
        var id = text.Split(' ')[1];
        Assert.StartsWith($"100 {id} ", Assert.Single(bench.Say(text)));
        var final = bench.Wait(TimeSpan.FromMilliseconds(1050));
        Assert.StartsWith($"200 {id} OK\r\nK:\r\nI: ", Assert.Single(final));
        Assert.NotEmpty(bench.Wait(TimeSpan.FromSeconds(1)));
        bench.Say($"000 {id}\r\n");
        Assert.Empty(bench.Wait(TimeSpan.FromSeconds(10)));
        bench.NoViolations();
    }

    [Fact]
    public void A_deletion_overtakes_a_creation_that_is_being_worked_on()
    {
        var bench = GatewayBench.InService(new GatewayQuirks { ConnectionWork = TimeSpan.FromSeconds(1) });
        bench.Say(bench.Text("CRCX", "aaln/1", "C: A1", "M: inactive"));
        var sent = bench.Say(bench.Text("DLCX", "aaln/1", "C: A1"));
        Assert.StartsWith("407 ", sent[0]);
        Assert.StartsWith("250 ", sent[1]);
        Assert.Equal(0, bench.Gateway.ConnectionCount);
    }

    [Fact]
    public void Audits_tell_what_is()
    {
        var bench = GatewayBench.InService();
        bench.Phone.OffHook(bench.Now);
        bench.Command("RQNT", "aaln/1", "X: A1", "R: L/hu(N)", "S: L/dl");
        var id = bench.Command("CRCX", "aaln/1", "C: C1", "M: inactive").Split("I: ")[1][..8];
        var audit = bench.Command("AUEP", "aaln/1", "F: X, I, ES, S, A");
        Assert.Contains("X: A1\r\n", audit);
        Assert.Contains($"I: {id}\r\n", audit);
        Assert.Contains("ES: L/hd\r\n", audit);
        Assert.Contains("S: L/dl\r\n", audit);
        Assert.Contains("A: a:PCMU;PCMA;telephone-event,", audit);
        Assert.Contains("Z: aaln/1@gw1.example.net\r\nZ: aaln/2@gw1.example.net\r\n", bench.Command("AUEP", "*"));
        Assert.Contains("C: C1\r\nM: inactive\r\n", bench.Command("AUCX", "aaln/1", $"I: {id}", "F: C,M"));
        bench.NoViolations();
    }

    [Fact]
    public void A_gateway_without_digit_maps_says_so()
    {
        var bench = GatewayBench.InService(new GatewayQuirks { DigitMaps = false });
        bench.Phone.OffHook(bench.Now);
        Assert.StartsWith("519 ", bench.Command("RQNT", "aaln/1", "X: 1", "R: D/[0-9#*T](D)", "D: (xx)"));
        Assert.StartsWith("200 ", bench.Command("RQNT", "aaln/1", "X: 2", "R: D/[0-9#*](N)"));
        bench.Phone.Press('4', bench.Now);
        Assert.Contains("O: D/4", Assert.Single(bench.Take()));
    }
}
