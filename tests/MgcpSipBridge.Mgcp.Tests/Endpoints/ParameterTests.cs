using System.Text;
using static MgcpSipBridge.Mgcp.Tests.AgentBench;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>RFC 3435 §3.2.2's table of parameters and commands, line by line: what a call agent may send it can send, and what it is sent it reads.</summary>
public class ParameterTests
{
    private const string Sdp = "v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";

    private static readonly string[][] Table = [.. File
        .ReadAllLines(Path.Combine(AppContext.BaseDirectory, "corpus", "mgcp", "parameter-table.tsv")).Select(static line => line.Split('\t'))];

    private static readonly NotificationRequest Everything = new(
        [new("L/hu"), new("D/[0-9#*T]", "D"), new("R/rto@*") { Parameters = "60,st=im" }, new("L/hf", "A") { Embedded = Request("L/hd", "L/dl", "(xx|1xT)") }],
        [new("L/dl", "to=8000"), new("G/rt@1F")],
        "(xxxx|9x.T)")
    {
        Loop = true,
        Discard = true,
        DetectEvents = ["L/hu", "D/[0-9]"],
        PersistentEvents = [new("L/hd"), new("B/qbo")],
        Bearer = BearerEncoding.ALaw,
    };

    [Theory]
    [InlineData("EPCF")]
    [InlineData("CRCX")]
    [InlineData("MDCX")]
    [InlineData("DLCX")]
    [InlineData("RQNT")]
    [InlineData("AUEP")]
    [InlineData("AUCX")]
    public void A_call_agent_can_send_all_that_the_table_allows_it_and_nothing_else(string verb)
    {
        var commands = Commands(verb);
        var sent = commands.Select(static command => Codes(command)).ToArray();
        var column = Array.IndexOf(Table[0], verb);
        foreach (var row in Table.Skip(1))
        {
            // Counters and reasons are the gateway's to give (§2.3.8).
            var isGateways = verb == "DLCX" && row[1] is "P" or "E";
            var expected = isGateways ? "F" : row[column];
            var counts = sent.Count(codes => codes.Contains(row[1]));
            Assert.True(
                expected switch { "M" => counts == sent.Length, "O" => counts > 0, _ => counts == 0 },
                $"{verb} {row[1]} ({row[0]}) is {expected}, in {counts} of {sent.Length}:\n{string.Join("\n", commands)}");
        }

        foreach (var codes in sent) Assert.Equal(codes.Distinct().Count(), codes.Count);
    }

    [Fact]
    public void A_request_is_written_by_the_grammar()
    {
        var rqnt = Commands("RQNT")[0];
        Assert.Equal("L/hu(N), D/[0-9#*T](D), R/rto@*(N)(60,st=im), L/hf(A,E(R(L/hd(N)),S(L/dl),D((xx|1xT))))", ValueOf(rqnt, "R"));
        Assert.Equal("L/dl(to=8000), G/rt@1F", ValueOf(rqnt, "S"));
        Assert.Equal("discard,loop", ValueOf(rqnt, "Q"));
        Assert.Equal("L/hu, D/[0-9]", ValueOf(rqnt, "T"));
        Assert.Equal("L/hd(N), B/qbo(N)", ValueOf(rqnt, "B/PR"));
        Assert.Equal("e:A", ValueOf(rqnt, "B"));
    }

    [Theory]
    // N beside E is for loop mode only (§2.3.3).
    [InlineData("N", false, "L/hd(E(R(L/hu(N))))")]
    [InlineData("N", true, "L/hd(N,E(R(L/hu(N))))")]
    [InlineData("A", false, "L/hd(A,E(R(L/hu(N))))")]
    public void An_embedded_request_has_the_actions_that_are_legal_beside_it(string action, bool loop, string written)
    {
        var bench = InService();
        var request = new NotificationRequest([new("L/hd", action) { Embedded = Request("L/hu") }], []) { Loop = loop };
        bench.Agent.Request(Line1, request, bench.Now);
        bench.Drain();
        Assert.Equal(written, ValueOf(bench.TakeSent("RQNT"), "R"));
    }

    [Fact]
    public void What_a_gateway_does_not_take_of_them_it_is_not_sent_again()
    {
        var bench = InService();
        var wish = Everything with { Signals = [], Loop = false, Discard = false };
        bench.Agent.Request(Line1, wish, bench.Now);
        bench.Drain();
        List<string> lines = [];
        while (bench.Sent.Count > 0)
        {
            var rqnt = bench.TakeSent("RQNT");
            var isPlain = !rqnt.Contains("B/PR", StringComparison.Ordinal) && !rqnt.Contains("\nT:", StringComparison.Ordinal) && !rqnt.Contains("E(", StringComparison.Ordinal);
            lines.Add(ValueOf(rqnt, "R"));
            bench.Answer(rqnt, isPlain ? 200 : 510);
        }

        Assert.Contains("L/hf(N)", lines[^1], StringComparison.Ordinal);
        var traits = bench.Agent.StatusOf("gw1")!.Traits;
        Assert.Equal((false, false, false), (traits.EmbeddedRequests, traits.DetectEvents, traits.PersistentEvents));
    }

    [Fact]
    public void What_the_operator_forbids_of_them_is_left_out()
    {
        var bench = InService(Model() with { Overrides = new TraitOverrides { EmbeddedRequests = false, DetectEvents = false, PersistentEvents = false } });
        bench.Agent.Request(Line1, Everything, bench.Now);
        bench.Drain();
        var rqnt = bench.TakeSent("RQNT");
        Assert.DoesNotContain("T", Codes(rqnt));
        Assert.DoesNotContain("B/PR", Codes(rqnt));
        Assert.Contains("L/hf(N)", rqnt, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("NTFY", "X: 1A\nO: L/hd\nN: ca@bridge.example.net:2727\nK: 7\n", 200)]
    [InlineData("NTFY", "X: 1A\n", 510)]
    [InlineData("RSIP", "RM: restart\nRD: 0\nE: 900 /X text\nK: 7\n", 200)]
    [InlineData("RSIP", "RD: 0\n", 510)]
    [InlineData("DLCX", "C: 1\nI: 2\nE: 901 fire\nP: PS=1\nK: 7\n", 200)]
    // Vendors' parameters: those that need not be understood, and those that must (§3.2.2).
    [InlineData("NTFY", "X: 1A\nO: L/hd\nX-Flower: Daisy\nPKG/what: 1\n", 200)]
    [InlineData("NTFY", "X: 1A\nO: L/hd\nX+Flower: Daisy\n", 511)]
    public void A_gateways_commands_are_read_by_the_table(string verb, string lines, int code)
    {
        var bench = InService();
        bench.FromGateway($"{verb} 9 aaln/1@gw1.example.net MGCP 1.0\n{lines}");
        Assert.StartsWith($"{code} 9", bench.TakeSent(), StringComparison.Ordinal);
        Assert.Equal(code == 200 && verb == "NTFY", bench.Events.OfType<MgcpEvent.Observed>().Any());
    }

    [Fact]
    public void A_forced_restart_says_why()
    {
        var bench = InService();
        bench.FromGateway("RSIP 9 * @gw1.example.net MGCP 1.0\nRM: forced\nE: 905\n".Replace("* @", "*@", StringComparison.Ordinal));
        Assert.Equal(905, bench.TakeEvent<MgcpEvent.EndpointOutOfService>().ReasonCode);
    }

    [Fact]
    public void An_endpoint_is_configured_and_told_again_after_its_restart()
    {
        var bench = InService();
        var configuration = new EndpointConfiguration(BearerEncoding.MuLaw) { Extensions = [new("LCK/LST", "120")] };
        var command = bench.Agent.Configure(Line1, configuration, bench.Now);
        bench.Drain();
        var epcf = bench.TakeSent("EPCF");
        Assert.Equal("e:mu", ValueOf(epcf, "B"));
        Assert.Equal("120", ValueOf(epcf, "LCK/LST"));
        // One at a time (§4.4.4), and a passing refusal is not the end.
        var second = bench.Agent.Configure(Line1, new EndpointConfiguration(BearerEncoding.ALaw), bench.Now);
        bench.AssertQuiet();
        bench.Answer(epcf, 400);
        epcf = bench.Await("EPCF", TimeSpan.FromSeconds(1));
        bench.Answer(epcf, 200);
        Assert.Equal(command, bench.TakeEvent<MgcpEvent.EndpointConfigured>().Command);
        bench.Answer(bench.TakeSent("EPCF"), 200);
        Assert.Equal(second, bench.TakeEvent<MgcpEvent.EndpointConfigured>().Command);
        bench.FromGateway("RSIP 9 *@gw1.example.net MGCP 1.0\nRM: restart\n");
        bench.TakeSent("200");
        bench.Answer(bench.TakeSent("AUEP"), 200, "ES: L/hu\nI:\n");
        Assert.Equal("e:A", ValueOf(bench.TakeSent("EPCF"), "B"));
    }

    [Fact]
    public void A_gateways_configuration_goes_to_each_of_its_endpoints_unless_it_takes_none()
    {
        var bench = new AgentBench();
        bench.Agent.SetGateway(Model(endpoints: ["aaln/1", "aaln/2"]) with { Configuration = new EndpointConfiguration(BearerEncoding.ALaw) }, bench.Now);
        var first = bench.Await("AUEP", TimeSpan.FromSeconds(2));
        bench.Answer(first, 200, "ES: L/hu\nI:\n");
        bench.Answer(bench.Await("EPCF", TimeSpan.FromSeconds(1)), 504);
        bench.FromGateway("RSIP 9 *@gw1.example.net MGCP 1.0\nRM: restart\n");
        bench.Sent.Clear();
        bench.Advance(TimeSpan.FromMilliseconds(100));
        while (bench.Sent.Count > 0)
        {
            var sent = bench.TakeSent();
            Assert.DoesNotContain("EPCF", sent, StringComparison.Ordinal);
            if (sent.StartsWith("AUEP", StringComparison.Ordinal)) bench.Answer(sent, 200, "ES: L/hu\nI:\n");
        }

        Assert.Contains("EPCF", bench.Agent.StatusOf("gw1")!.Traits.RefusedNames);
    }

    [Fact]
    public void A_connection_between_two_endpoints_is_known_on_both()
    {
        var bench = InService(endpoints: ["aaln/1", "aaln/2"]);
        bench.Agent.CreateConnection(Line1, new ConnectionRequest("C1", ConnectionMode.SendRecv) { SecondEndpoint = "aaln/2" }, bench.Now);
        bench.Drain();
        var crcx = bench.TakeSent("CRCX");
        Assert.Equal("aaln/2@gw1.example.net", ValueOf(crcx, "Z2"));
        bench.Answer(crcx, 200, $"I: A1\nI2: B2\nZ2: aaln/2@gw1.example.net\n\n{Sdp}\r\n{Sdp.Replace("4000", "4002", StringComparison.Ordinal)}");
        var created = bench.TakeEvent<MgcpEvent.ConnectionCreated>();
        Assert.Equal(("A1", "B2", Line2), (created.Connection, created.SecondConnection, created.SecondEndpoint));
        Assert.Contains("4002", Encoding.ASCII.GetString(created.SecondDescription.Span), StringComparison.Ordinal);
        // The other endpoint's audit takes it for ours.
        bench.FromGateway("RSIP 9 aaln/2@gw1.example.net MGCP 1.0\nRM: disconnected\n");
        bench.TakeSent("200");
        bench.Answer(bench.TakeSent("AUEP"), 200, "ES: L/hu\nI: B2\n");
        Assert.True(bench.TakeEvent<MgcpEvent.EndpointInService>().KeepsConnections);
        bench.AssertQuiet();
        Assert.Throws<ArgumentException>(() => bench.Agent.CreateConnection(
            Line1, new ConnectionRequest("C1", ConnectionMode.SendRecv, null, Encoding.ASCII.GetBytes(Sdp)) { SecondEndpoint = "aaln/2" }, bench.Now));
    }

    [Fact]
    public void Everything_that_a_gateway_tells_of_an_endpoint_can_be_asked_for()
    {
        var bench = InService();
        var command = bench.Agent.AuditEndpoint(Line1, bench.Now);
        bench.Drain();
        var auep = bench.TakeSent("AUEP");
        // The values of RFC 3435's own example of an audit (Appendix F.7), and of the parameters that it leaves out.
        bench.Answer(auep, 200, """
            A: a:PCMU;G728, p:10-100, e:on, s:off, t:1, v:L,
             m:sendonly;recvonly;sendrecv;inactive;netwloop;netwtest
            A: a:G729, p:30-90, e:on, s:on, t:1, v:L
            R: L/hu, L/hf, D/[0-9#*T](D)
            S: G/rt@1F
            X: B1A
            N: ca@bridge.example.net:2727
            I: 32F345E2, 32F3
            D: (0T|00T|xx)
            O: D/1,D/2
            ES: L/hd
            B: e:mu
            Q: process,loop
            T: L/hu
            E: 000
            RM: graceful
            RD: 15
            PL: L:1, G:1, D:0
            MD: 65507
            B/PR: L/hd(N)
            b/ns: ls

            """);
        var audited = bench.TakeEvent<MgcpEvent.EndpointAudited>();
        Assert.Equal(command, audited.Command);
        var report = audited.Report;
        Assert.True(report.Audit.OffHook);
        Assert.Equal(["32F345E2", "32F3"], report.Connections);
        Assert.Equal(BearerEncoding.MuLaw, report.Bearer);
        Assert.Equal(
            ("L/hu, L/hf, D/[0-9#*T](D)", "G/rt@1F", "B1A", "ca@bridge.example.net:2727", "(0T|00T|xx)", "D/1,D/2", "L/hd"),
            (report.RequestedEvents, report.SignalRequests, report.RequestIdentifier, report.NotifiedEntity, report.DigitMap, report.ObservedEvents, report.EventStates));
        Assert.Equal(
            ("process,loop", "L/hu", 0, "graceful", 15, "L:1;G:1;D:0", 65507, "L/hd(N)", "ls"),
            (report.QuarantineHandling, report.DetectEvents, report.ReasonCode, report.RestartMethod, report.RestartDelay, report.PackageList, report.MaxDatagram,
                report.PersistentEvents, report.NotificationState));
        Assert.Equal(2, report.Capabilities.Length);
    }

    [Fact]
    public void A_configuration_that_changes_is_told_to_endpoints_in_service()
    {
        var bench = InService();
        bench.Agent.SetGateway(Model() with { Configuration = new EndpointConfiguration(BearerEncoding.ALaw) }, bench.Now);
        bench.Drain();
        var told = bench.TakeSent("EPCF");
        Assert.EndsWith(" MGCP 1.0\r\nB: e:A\r\n", told, StringComparison.Ordinal);
        bench.Answer(told, 200);
        bench.Agent.SetGateway(Model() with { Configuration = new EndpointConfiguration(BearerEncoding.ALaw) }, bench.Now);
        bench.AssertQuiet();
        bench.Agent.SetGateway(Model() with { Configuration = new EndpointConfiguration(null) { Extensions = [new MgcpExtension("LCK/LST", "120")] } }, bench.Now);
        bench.Drain();
        Assert.EndsWith(" MGCP 1.0\r\nLCK/LST: 120\r\n", bench.TakeSent("EPCF"), StringComparison.Ordinal);
    }

    [Fact]
    public void What_an_old_gateway_dislikes_is_not_asked_for_again()
    {
        var bench = InService();
        bench.Agent.AuditEndpoint(Line1, bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("AUEP"), 510);
        var simple = bench.TakeSent("AUEP");
        Assert.DoesNotContain("B/NS", simple, StringComparison.Ordinal);
        bench.Answer(simple, 200, "R: L/hd(N)\n");
        var report = bench.TakeEvent<MgcpEvent.EndpointAudited>().Report;
        Assert.Equal("L/hd(N)", report.RequestedEvents);
        Assert.Null(report.RestartMethod);
    }

    [Fact]
    public void Everything_that_a_gateway_tells_of_a_connection_can_be_asked_for()
    {
        var bench = InService();
        ServiceTests.Connect(bench, "1F");
        bench.Agent.AuditConnection(Line1, "1F", bench.Now);
        bench.Drain();
        var aucx = bench.TakeSent("AUCX");
        Assert.Equal("C, N, L, M, LC, RC, P", ValueOf(aucx, "F"));
        bench.Answer(aucx, 200, $"C: C1\nN: ca@x\nL: p:10, a:PCMU\nM: NetwLoop\nP: PS=395, OS=22850, PR=615, OR=30937, PL=7, JI=26, LA=47, PC/RPS=3, X-UX=4, FXR/PGS=2\n\nv=0\r\n\r\n{Sdp}");
        var report = bench.TakeEvent<MgcpEvent.ConnectionAudited>().Report;
        Assert.Equal(("C1", "ca@x", "p:10, a:PCMU", ConnectionMode.NetworkLoopback), (report.CallId, report.NotifiedEntity, report.LocalOptions, report.Mode));
        Assert.True(report.LocalDescription.IsEmpty);
        Assert.Equal(Sdp.Trim(), Encoding.ASCII.GetString(report.RemoteDescription.Span).Trim());
        Assert.Equal((395L, 47L), (report.Statistics!.PacketsSent, report.Statistics.LatencyMilliseconds));
        Assert.Equal([new("FXR/PGS", 2L), new("PC/RPS", 3L), new("X-UX", 4L)], report.Statistics.Others.OrderBy(static o => o.Key, StringComparer.Ordinal));
        bench.Agent.AuditConnection(Line1, "2F", bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("AUCX"), 515);
        Assert.Equal(515, bench.TakeEvent<MgcpEvent.CommandFailed>().Code);
    }

    [Fact]
    public void Every_mode_is_written_and_read_as_RFC_3435_spells_it()
    {
        string[] modes = ["inactive", "sendonly", "recvonly", "sendrecv", "confrnce", "loopback", "conttest", "netwloop", "netwtest"];
        Assert.Equal(modes, Enum.GetValues<ConnectionMode>().Select(static mode => mode.WireName()));
        Assert.All(modes, static mode => Assert.Equal(mode, ConnectionModeNames.Parse(Encoding.ASCII.GetBytes(mode.ToUpperInvariant()))!.Value.WireName()));
        Assert.Null(ConnectionModeNames.Parse("data"u8));
    }

    /// <summary>Every form of a command, each with as much in it as it may have.</summary>
    private static List<string> Commands(string verb)
    {
        // K: where there is something to confirm, so each command follows an answer.
        var bench = InService(Model(endpoints: ["aaln/1", "aaln/2"]) with { Overrides = new TraitOverrides { ConfirmAnswers = true } });
        List<string> commands = [];
        void Take(string lines = "")
        {
            bench.Drain();
            commands.Add(bench.TakeSent(verb));
            bench.Answer(commands[^1], 200, lines);
            bench.Events.Clear();
        }

        var create = new ConnectionRequest("C1", ConnectionMode.SendRecv, "p:20, a:PCMU", Encoding.ASCII.GetBytes(Sdp), Everything) { Bearer = BearerEncoding.MuLaw };
        if (verb is "MDCX" or "DLCX")
        {
            bench.Agent.CreateConnection(Line1, create with { Request = null }, bench.Now);
            bench.Drain();
            bench.Answer(bench.TakeSent("CRCX"), 200, "I: 1F\n");
            bench.Events.Clear();
        }

        switch (verb)
        {
            case "EPCF":
                bench.Agent.Configure(Line1, new EndpointConfiguration(BearerEncoding.ALaw), bench.Now);
                Take();
                break;
            case "CRCX":
                bench.Agent.CreateConnection(Line1, create, bench.Now);
                Take("I: 1F\n");
                bench.Agent.CreateConnection(Line1, create with { RemoteDescription = default, SecondEndpoint = "aaln/2" }, bench.Now);
                Take("I: 2F\nI2: 3F\n");
                break;
            case "MDCX":
                bench.Agent.ModifyConnection(Line1, "1F", create, bench.Now);
                Take();
                bench.Agent.ModifyConnection(Line1, "1F", new ConnectionRequest("C1", null), bench.Now);
                Take();
                break;
            case "DLCX":
                bench.Agent.DeleteConnection(Line1, "C1", "1F", Everything, bench.Now);
                Take("P: PS=1\n");
                break;
            case "RQNT":
                bench.Agent.Request(Line1, Everything, bench.Now);
                Take();
                break;
            case "AUEP":
                bench.Agent.AuditEndpoint(Line1, bench.Now);
                Take();
                break;
            default:
                bench.Agent.AuditConnection(Line1, "1F", bench.Now);
                Take();
                break;
        }

        return commands;
    }

    private static List<string> Codes(string command)
    {
        var parts = command.Split("\r\n\r\n", 2);
        List<string> codes = [.. parts[0].Split("\r\n").Skip(1).Where(static line => line.Length > 0).Select(static line => line[..line.IndexOf(':', StringComparison.Ordinal)])];
        if (parts.Length > 1 && parts[1].Length > 0) codes.Add("RC");
        return codes;
    }
}
