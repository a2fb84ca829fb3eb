using System.Text;
using MgcpSipBridge.SansIo;
using static MgcpSipBridge.Mgcp.Tests.AgentBench;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>Bulk audits (RFC 3624): many endpoints for few messages, where a gateway offers them and keeps its word.</summary>
public class BulkAuditTests
{
    private const string Capable = "ES: L/hu\nI:\nA: a:PCMU;PCMA, v:L;D;G;BA\n";
    private static readonly NetAddress Elsewhere = NetAddress.FromIPv4(0x0A000063, 2427);
    private static readonly string[] Lines = [.. Enumerable.Range(1, 24).Select(static n => $"aaln/{n}")];

    [Theory]
    // RFC 3624's examples (§2.1.1.3, §2.2.1).
    [InlineData("ds/ds1-1/[1-3], ds/ds1-2/[1-2]", "ds/ds1-1/1 ds/ds1-1/2 ds/ds1-1/3 ds/ds1-2/1 ds/ds1-2/2")]
    [InlineData("ds/ds1-[1-2]/[1-2]", "ds/ds1-1/1 ds/ds1-1/2 ds/ds1-2/1 ds/ds1-2/2")]
    [InlineData("ds/ds1-1/[1,3-5,8-9]", "ds/ds1-1/1 ds/ds1-1/3 ds/ds1-1/4 ds/ds1-1/5 ds/ds1-1/8 ds/ds1-1/9")]
    [InlineData("cnf/[1-2], ba/el: cnf/[6-7]", "cnf/1 cnf/2 cnf/6 cnf/7")]
    [InlineData("announcement/*, foo/bar/*", "")]
    [InlineData("aaln/1,aaln/S2/SU0/0", "aaln/1 aaln/S2/SU0/0")]
    [InlineData("aaln/[1-, [x], aaln/[5-4], aaln/[7], a]b", "aaln/7")]
    public void Ranges_are_spelt_out(string list, string names)
    {
        List<string> read = [];
        BulkReport.AddNames(Encoding.ASCII.GetBytes(list), read);
        Assert.Equal(names, string.Join(' ', read));
    }

    [Theory]
    [InlineData("a/[0-4294967295]")]
    [InlineData("a[1-9999]/b[1-9999]/c[1-9999]")]
    [InlineData("[1-4294967295]@@[1-4294967295]")]
    public void A_range_costs_no_more_than_is_taken_of_it(string list)
    {
        List<string> read = [];
        BulkReport.AddNames(Encoding.ASCII.GetBytes(string.Join(',', Enumerable.Repeat(list, 50))), read);
        Assert.True(read.Count <= BulkReport.MaxNames);
    }

    [Theory]
    // The three ways to say the same (§2.1.2).
    [InlineData("ba/el: cnf/[1-3]\nba/c: 035\nba/el: cnf/[6-12]\nba/c: 3450333\n")]
    [InlineData("ba/el: cnf/[1-3], ba/el: cnf/[6-12]\nba/c: 035\nba/c: 3450333\n")]
    [InlineData("ba/el: cnf/[1-3], ba/el: cnf/[6-12]\nba/c: 0353450333\n")]
    public void Lists_belong_to_the_endpoints_in_their_order(string lines)
    {
        Assert.Equal(MgcpParseError.None, MgcpResponse.TryParse(Encoding.ASCII.GetBytes($"200 1202 OK\n{lines}"), out var response));
        var read = BulkReport.ReadStates(response);
        Assert.Equal(
            "cnf/1=0 cnf/2=3 cnf/3=5 cnf/6=3 cnf/7=4 cnf/8=5 cnf/9=0 cnf/10=3 cnf/11=3 cnf/12=3",
            string.Join(' ', read.Select(static e => $"{e.Name}={e.Connections}")));
        Assert.All(read, static e => Assert.Null(e.State));
    }

    [Fact]
    public void A_list_that_does_not_fit_its_endpoints_says_nothing()
    {
        Assert.Equal(MgcpParseError.None, MgcpResponse.TryParse("200 1 OK\nBA/EL: a/[1-3]\nBA/S: TF\nBA/C: 0Z0\n"u8, out var response));
        Assert.Equal([new("a/1", null, 0), new("a/2", null, 16), new("a/3", null, 0)], BulkReport.ReadStates(response));
    }

    [Fact]
    public void A_survey_of_many_lines_takes_three_questions()
    {
        var bench = Surveyed(string.Concat(Lines.Select(static name => $"Z: {name}@new.example.net\n")));
        Assert.Contains(" aaln/1@", Answer(bench, Capable), StringComparison.Ordinal);
        var bulk = Answer(bench, "BA/EL: aaln/[1-23]\nBA/S: FTFFFFFFFFFFFFFFFFFFFFO\n");
        Assert.EndsWith(" *@new.example.net MGCP 1.0\r\nBA/F: BA/S(H)\r\n", bulk, StringComparison.Ordinal);
        // Out of service, or not in the report: asked for itself.
        Assert.Contains(" aaln/23@", Answer(bench, "A: a:G729, v:L\n"), StringComparison.Ordinal);
        Assert.Contains(" aaln/24@", Answer(bench, "A: a:G729, v:L\n"), StringComparison.Ordinal);
        var proposal = bench.TakeEvent<MgcpEvent.GatewayProposed>().Proposal;
        Assert.Equal(Lines, proposal.Endpoints.Select(static e => e.LocalName));
        Assert.Equal(["aaln/2"], proposal.Endpoints.Where(static e => e.Audit.OffHook == true).Select(static e => e.LocalName));
        Assert.Equal(22, proposal.Endpoints.Count(static e => e.Audit.Codecs is ["PCMU", "PCMA"]));
        bench.AssertQuiet();
    }

    [Fact]
    public void Endpoints_of_another_kind_are_asked_what_they_can_do()
    {
        var bench = Surveyed("Z: aaln/1@x\nZ: aaln/2@x\nZ: ds/1@x\nZ: ds/2@x\nZ: ds/3@x\n");
        Answer(bench, Capable);
        Answer(bench, "BA/EL: aaln/[1-2], ds/[1-3]\nBA/S: FFFFF\n");
        Assert.Contains(" ds/1@", Answer(bench, "A: a:PCMA, v:DT\n"), StringComparison.Ordinal);
        var proposal = bench.TakeEvent<MgcpEvent.GatewayProposed>().Proposal;
        Assert.Equal(["L", "L", "DT", "DT", "DT"], proposal.Endpoints.Select(static e => e.Audit.Packages[0]));
    }

    [Fact]
    public void A_survey_goes_on_one_by_one_where_the_bulk_audit_is_refused()
    {
        var bench = Surveyed(string.Concat(Lines.Select(static name => $"Z: {name}@new.example.net\n")));
        Answer(bench, Capable);
        Assert.Contains("BA/F", Answer(bench, "", 802), StringComparison.Ordinal);
        for (var i = 2; i <= 24; i++) Assert.Contains($" aaln/{i}@", Answer(bench, Capable), StringComparison.Ordinal);
        Assert.Equal(24, bench.TakeEvent<MgcpEvent.GatewayProposed>().Proposal.Endpoints.Length);
    }

    [Fact]
    public void More_names_than_fit_into_an_answer_are_asked_for_in_ranges()
    {
        var bench = Surveyed("", 533);
        Assert.EndsWith("BA/F: BA/Z\r\n", Answer(bench, "BA/Z: aaln/[1-2]\nBA/NE: aaln/3\n"), StringComparison.Ordinal);
        Assert.EndsWith("BA/F: BA/Z\r\nBA/SE: aaln/3\r\n", Answer(bench, "ba/z: aaln/[3-4]\n"), StringComparison.Ordinal);
        for (var i = 1; i <= 4; i++) Assert.Contains($" aaln/{i}@", Answer(bench, "A: a:PCMU, v:L\n"), StringComparison.Ordinal);
        Assert.Equal(4, bench.TakeEvent<MgcpEvent.GatewayProposed>().Proposal.Endpoints.Length);
        // A gateway without the package is asked in other words, as before.
        var plain = Surveyed("", 533);
        Answer(plain, "", 518);
        Assert.Contains(" aaln/*@", Answer(plain, "Z: aaln/1@x\n"), StringComparison.Ordinal);
    }

    [Fact]
    public void After_a_restart_one_question_serves_all_lines_with_nothing_on_them()
    {
        var bench = InService(MgcpProfile.Auto, Capable, Lines);
        Assert.True(bench.Agent.StatusOf("gw1")!.Traits.BulkAudit);
        bench.FromGateway("RSIP 9 *@gw1.example.net MGCP 1.0\nRM: restart\n");
        bench.Events.Clear();
        bench.TakeSent("200");
        bench.Advance(TimeSpan.FromMilliseconds(100));
        var bulk = Assert.Single(Commands(bench));
        Assert.EndsWith(" *@gw1.example.net MGCP 1.0\r\nBA/F: BA/S(H), BA/C\r\n", bulk, StringComparison.Ordinal);
        // The report is cut short after 12: 11 lines without anything, one of them off hook, and one with a connection.
        bench.Answer(bulk, 200, "BA/EL: aaln/[1-12]\nBA/S: FTFFFFFFFFFF\nBA/C: 000000000001\nBA/NE: aaln/13\n");
        bulk = Assert.Single(Commands(bench));
        Assert.EndsWith("BA/SE: aaln/13\r\n", bulk, StringComparison.Ordinal);
        bench.Answer(bulk, 200, "BA/EL: aaln/[13-24]\nBA/S: FFFFFFFFFFFO\nBA/C: 000000000000\n");
        bench.Advance(TimeSpan.FromMilliseconds(100));
        var alone = Commands(bench);
        Assert.Equal(["aaln/12", "aaln/24"], alone.Select(static c => c.Split(' ')[2].Split('@')[0]));
        Assert.Equal(22, bench.Events.OfType<MgcpEvent.EndpointInService>().Count());
        var off = bench.Events.OfType<MgcpEvent.EndpointInService>().Single(static e => e.Audit.OffHook == true);
        Assert.Equal(("aaln/2", "PCMU"), (off.Endpoint.LocalName, off.Audit.Codecs[0]));
    }

    [Fact]
    public void Disconnected_lines_with_calls_are_asked_one_by_one()
    {
        var bench = InService(MgcpProfile.Auto, Capable, Lines);
        ServiceTests.Connect(bench, "1F");
        bench.FromGateway("RSIP 9 *@gw1.example.net MGCP 1.0\nRM: disconnected\n");
        bench.TakeSent("200");
        bench.Advance(TimeSpan.FromMilliseconds(100));
        var bulk = Assert.Single(Commands(bench));
        bench.Answer(bulk, 200, $"BA/EL: aaln/[1-24]\nBA/S: {new string('F', 24)}\nBA/C: 1{new string('0', 23)}\n");
        bench.Advance(TimeSpan.FromMilliseconds(100));
        bench.Answer(Assert.Single(Commands(bench)), 200, "ES: L/hd\nI: 1F\n");
        Assert.Equal(24, bench.Events.OfType<MgcpEvent.EndpointInService>().Count(static e => e.KeepsConnections));
        Assert.DoesNotContain(bench.Events, static e => e is MgcpEvent.ConnectionLost);
    }

    [Theory]
    [InlineData(510)]
    [InlineData(804)]
    [InlineData(0)]
    public void A_gateway_that_does_not_keep_its_word_is_audited_one_by_one(int code)
    {
        var bench = InService(MgcpProfile.Auto, Capable, Lines);
        for (var round = 0; round < 2; round++)
        {
            bench.FromGateway($"RSIP {9 + round} *@gw1.example.net MGCP 1.0\nRM: restart\n");
            bench.TakeSent("200");
            bench.Events.Clear();
            var bulks = 0;
            for (var i = 0; i < 60; i++)
            {
                bench.Advance(TimeSpan.FromMilliseconds(100));
                foreach (var command in Commands(bench))
                {
                    var isBulk = command.Contains("BA/F", StringComparison.Ordinal);
                    if (isBulk) bulks++;
                    if (!isBulk) bench.Answer(command, 200, Capable);
                    else if (code != 0) bench.Answer(command, code);
                    else bench.Answer(command, 200, "BA/EL: aaln/[1-3]\nBA/S: F\n");
                }
            }

            Assert.Equal(code != 0 && round == 1 ? 0 : 1, bulks);
            Assert.Equal(24, bench.Events.OfType<MgcpEvent.EndpointInService>().Count());
        }

        Assert.Equal(code == 0, bench.Agent.StatusOf("gw1")!.Traits.BulkAudit);
    }

    [Fact]
    public void A_gateway_that_falls_silent_over_it_is_down_and_comes_back()
    {
        var bench = InService(MgcpProfile.Auto, Capable, Lines);
        bench.FromGateway("RSIP 9 *@gw1.example.net MGCP 1.0\nRM: restart\n");
        bench.Advance(TimeSpan.FromSeconds(40));
        Assert.Equal(GatewayState.Down, bench.Agent.StatusOf("gw1")!.State);
        bench.Sent.Clear();
        bench.Events.Clear();
        bench.FromGateway("RSIP 10 *@gw1.example.net MGCP 1.0\nRM: restart\n");
        bench.TakeSent("200");
        bench.Advance(TimeSpan.FromMilliseconds(100));
        bench.Answer(Assert.Single(Commands(bench)), 200, $"BA/EL: aaln/[1-24]\nBA/S: {new string('F', 24)}\nBA/C: {new string('0', 24)}\n");
        Assert.Equal(24, bench.Events.OfType<MgcpEvent.EndpointInService>().Count());
    }

    [Fact]
    public void The_operator_may_forbid_it()
    {
        var bench = InService(Model(endpoints: Lines) with { Overrides = new TraitOverrides { BulkAudit = false } }, Capable);
        bench.FromGateway("RSIP 9 *@gw1.example.net MGCP 1.0\nRM: restart\n");
        bench.Advance(TimeSpan.FromMilliseconds(100));
        Assert.DoesNotContain(Commands(bench), static c => c.Contains("BA/F", StringComparison.Ordinal));
    }

    /// <summary>An unknown gateway is adopted and has answered the question for its endpoints.</summary>
    private static AgentBench Surveyed(string names, int code = 200)
    {
        var bench = new AgentBench();
        bench.FromGateway("RSIP 1 *@new.example.net MGCP 1.0\nRM: restart\n", Elsewhere);
        bench.Events.Clear();
        Assert.True(bench.Agent.Adopt("new.example.net", null, bench.Now));
        bench.Drain();
        Answer(bench, names, code);
        return bench;
    }

    private static string Answer(AgentBench bench, string lines, int code = 200)
    {
        var question = bench.TakeSent("AUEP");
        bench.FromGateway($"{code} {IdOf(question)} OK\n{lines}", Elsewhere);
        return question;
    }

    /// <summary>First sendings of audits.</summary>
    private static List<string> Commands(AgentBench bench)
    {
        List<string> commands = [];
        while (bench.Sent.TryDequeue(out var sent))
        {
            var text = Encoding.UTF8.GetString(sent.Datagram.Span);
            if (!sent.IsRetransmission && text.StartsWith("AUEP ", StringComparison.Ordinal)) commands.Add(text);
        }

        return commands;
    }
}
