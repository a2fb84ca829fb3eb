extern alias cli;

using System.Text;
using CsCheck;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Provisioning.Import;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Files of other systems: what they come to, and what becomes of everything in them.</summary>
public sealed class ImportTests : IDisposable
{
    private static readonly ImportDefaults Pbx = new("pbx", new Dictionary<string, string>());
    private readonly StringWriter _output = new();
    private readonly StringWriter _errors = new();

    public void Dispose()
    {
        _output.Dispose();
        _errors.Dispose();
    }

    [Theory]
    [InlineData("asterisk", "mgcp.conf")]
    [InlineData("csv", "lines.csv")]
    [InlineData("cucm", "cucm.csv")]
    public void Everything_in_a_file_is_accounted_for(string format, string file)
    {
        var report = Read(format, Corpus(file), Pbx);
        var text = new StringBuilder(ProvisioningText.Write(report.Resources)).Append("---\n");
        foreach (var remark in report.Remarks) text.Append($"{remark.Line,3} {remark.Outcome,-13} {remark.Subject} / {remark.Option}: {remark.Text}\n");
        Snapshot.Matches($"import-{format}.txt", text.ToString());
    }

    [Fact]
    public void Passwords_are_taken_over_and_not_shown()
    {
        var report = Read("csv", Corpus("lines.csv"), Pbx);
        Assert.Equal("secret-1", (string)report.Find(new ResourceKey(ResourceKind.Line, "1001"))!.Body["password"]!);
        Assert.DoesNotContain("secret", ProvisioningText.Write(report.Resources) + string.Join('\n', report.Remarks), StringComparison.Ordinal);
    }

    [Fact]
    public void A_mapping_goes_before_what_is_known_and_is_checked()
    {
        const string Table = "Anschluss,Durchwahl,endpoint,Kasten\naaln/1,1001,wrong,iad1\n";
        var mapped = Read("csv", Table, new ImportDefaults("pbx", new Dictionary<string, string> { ["endpoint"] = "anschluss", ["number"] = "DURCHWAHL", ["domain"] = "Kasten" }));
        Assert.Equal("aaln/1", (string)mapped.Find(new ResourceKey(ResourceKind.Line, "1001"))!.Body["endpoint"]!);
        // A column that is not to be taken over, whatever it is called.
        var without = Read("csv", "number,endpoint,gateway,displayName\n1001,aaln/1,iad1,Alice\n", new ImportDefaults("pbx", new Dictionary<string, string> { ["displayName"] = "" }));
        Assert.Null(without.Find(new ResourceKey(ResourceKind.Line, "1001"))!.Body["displayName"]);
        Assert.Contains(without.Remarks, r => r is { Option: "displayName", Outcome: ImportOutcome.NoCounterpart });
        var wrong = Read("csv", Table, new ImportDefaults("pbx", new Dictionary<string, string> { ["numbr"] = "Durchwahl", ["domain"] = "Schrank" }));
        Assert.Empty(wrong.Resources);
        Assert.Equal(["there is no field \"numbr\"", "there is no such column"], wrong.Remarks.Where(r => r.Outcome == ImportOutcome.Problem).Take(2).Select(r => r.Text.Split(" to map", 2)[0].Split(',')[0]));
    }

    [Fact]
    public async Task A_dry_run_tells_all_and_changes_nothing_and_a_second_run_finds_nothing_to_do()
    {
        await using var bridge = await LiveBridge.StartAsync();
        var file = Path.Combine(AppContext.BaseDirectory, "corpus", "import", "mgcp.conf");
        // There is no such peer yet.
        Assert.Equal(1, await ControlAsync(bridge, "import", "asterisk", file, "--peer", "pbx", "--dry-run"));
        Assert.Contains("problem: lines/1001.peer: there is no peer", _output.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, await ControlAsync(bridge, "import", "asterisk", file, "--peer", "pbx"));
        await bridge.PostAsync("/v1/peers", """{"name":"pbx","uri":"sip:127.0.0.1:5998"}""");
        Assert.Equal(3, await ControlAsync(bridge, "import", "asterisk", file, "--peer", "pbx", "--dry-run"));
        Assert.Empty((await bridge.GetAsync("/v1/gateways"))["gateways"]!.AsArray());
        Assert.Equal(0, await ControlAsync(bridge, "import", "asterisk", file, "--peer", "pbx"));
        Assert.Equal(3, (await bridge.GetAsync("/v1/gateways"))["gateways"]!.AsArray().Count);
        // What was set by hand, and the file does not speak of, stays.
        await bridge.PatchAsync("/v1/gateways/-/lines/1001?updateMask=features.hotline", """{"features":{"hotline":"112"}}""");
        Assert.Equal(0, await ControlAsync(bridge, "import", "asterisk", file, "--peer", "pbx", "--dry-run"));
        _output.GetStringBuilder().Clear();
        Assert.Equal(0, await ControlAsync(bridge, "import", "asterisk", file, "--peer", "pbx", "--yaml", "-"));
        Assert.Contains("number: \"1001\"", _output.ToString(), StringComparison.Ordinal);
        Assert.Equal("112", (string)(await bridge.GetAsync("/v1/gateways/-/lines/1001"))["features"]!["hotline"]!);
        Assert.Contains((await bridge.GetAsync("/v1/auditEntries"))["auditEntries"]!.AsArray(), e => ((string)e!["method"]!).EndsWith("/ImportProvisioning", StringComparison.Ordinal));
    }

    [Fact]
    public void Fields_beyond_the_header_are_told_and_not_shown()
    {
        var report = Read("csv", "number,endpoint,domain,password\n1001,aaln/1,gw1,secret\n1002,aaln/2,gw1,sec,ret,more\n1003,aaln/3,gw1,,,,\n", Pbx);
        Assert.Equal(["1001", "1002", "1003"], report.Resources.Where(r => r.Key.Kind == ResourceKind.Line).Select(r => r.Key.Name));
        var remark = Assert.Single(report.Remarks, r => r.Outcome == ImportOutcome.Problem);
        Assert.Equal((3, "1002"), (remark.Line, remark.Subject));
        Assert.StartsWith("has 2 more fields than the header names", remark.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_endpoint_that_is_there_twice_is_the_first_ones()
    {
        var report = Read("csv", "number,endpoint,gateway,domain\n1001,aaln/1,hall,vg224\n1002,AALN/1,hall,vg224\n1003,aaln/1,,iad\n1004,aaln/1@VG224,,\n", Pbx);
        Assert.Equal(["1001", "1003"], report.Resources.Where(r => r.Key.Kind == ResourceKind.Line).Select(r => r.Key.Name));
        Assert.Equal(
            [(3, "1002", "endpoint", "AALN/1 of vg224 is there twice: the first one, in line 2, is taken"), (5, "1004", "endpoint", "aaln/1 of VG224 is there twice: the first one, in line 2, is taken")],
            report.Remarks.Where(r => r.Outcome == ImportOutcome.Problem).Select(r => (r.Line, r.Subject, r.Option, r.Text)));
    }

    [Theory]
    [InlineData("1002,aaln/2,gw1,\"Bob\n1003,aaln/3,gw1,Carol\n", "1001", 3, "the quote that begins in line 3 is not closed: this row, and what follows, is left out")]
    [InlineData("1002,aaln/2,gw1,\"Bob\n1003,aaln/3,gw1,Carol\"\n1004,aaln/4,gw1,Dan\n", "1001 1004", 3, "goes over the end of its line: is a quote not closed? The row is left out")]
    [InlineData("\"1002\n1003\",aaln/3,gw1,Carol\n1004,aaln/4,gw1,Dan\n", "1001 1004", 3, "goes over the end of its line: is a quote not closed? The row is left out")]
    public void A_quote_that_nobody_closes_is_told_with_its_row(string rows, string taken, int line, string says)
    {
        var report = Read("csv", "number,endpoint,domain,displayName\n1001,aaln/1,gw1,\"Ann\"\n" + rows, Pbx);
        Assert.Equal(taken, string.Join(' ', report.Resources.Where(r => r.Key.Kind == ResourceKind.Line).Select(r => r.Key.Name)));
        var remark = Assert.Single(report.Remarks, r => r.Outcome == ImportOutcome.Problem);
        Assert.Equal((line, says), (remark.Line, remark.Text));
    }

    [Theory]
    [InlineData("CSV", "number,endpoint,domain\n1006,aaln/6,gw1.example.net\n")]
    [InlineData("CSV", "number,endpoint,gateway\n1006,aaln/6,gw1\n")]
    [InlineData("CSV", "number,endpoint,gateway,domain,profile,address\n1006,aaln/6,gw1,GW1.example.net,ncs,10.0.0.7:2427\n")]
    [InlineData("CUCM", "Directory Number 1,Port Number,Domain Name\n1006,6,gw1.example.net\n")]
    [InlineData("ASTERISK", "[gw1.example.net]\ncallerid = 1006\nline => aaln/6\n")]
    public async Task Lines_are_added_to_a_gateway_of_the_file(string format, string text)
    {
        await using var bridge = await LiveBridge.StartAsync(
            "peers: [{ name: pbx, uri: \"sip:127.0.0.9\" }]\ngateways: [{ name: gw1, domain: gw1.example.net, profile: ncs, address: \"10.0.0.7:2427\", lines: [{ endpoint: aaln/1, number: \"1001\", peer: pbx }] }]");
        var body = new System.Text.Json.Nodes.JsonObject { ["format"] = format, ["text"] = text, ["peer"] = "pbx" };
        var done = await bridge.PostAsync("/v1/provisioning:import", body.ToJsonString());
        Assert.Equal(["CREATE lines/1006"], done["changes"]!.AsArray().Select(c => $"{c!["verb"]} {c["resource"]}"));
        Assert.Equal("aaln/6", (string)(await bridge.GetAsync("/v1/gateways/gw1/lines/1006"))["endpoint"]!);
        Assert.Single((await bridge.GetAsync("/v1/gateways"))["gateways"]!.AsArray());
        // What it has made of the file can be applied, too.
        var again = await bridge.PostAsync("/v1/provisioning:apply", new System.Text.Json.Nodes.JsonObject { ["yaml"] = (string)done["yaml"]! }.ToJsonString());
        Assert.Empty(again["changes"]!.AsArray());
    }

    [Theory]
    [InlineData("domain: gw2.example.net")]
    [InlineData("domain: gw1.example.net, profile: cisco")]
    [InlineData("address: \"10.0.0.8:2427\"")]
    [InlineData("alsoFrom: [10.0.0.8]")]
    [InlineData("configuration: { bearer: a }")]
    public async Task A_gateway_of_the_file_is_not_changed(string fields)
    {
        await using var bridge = await LiveBridge.StartAsync("gateways: [{ name: gw1, domain: gw1.example.net, profile: ncs, address: \"10.0.0.7:2427\" }]");
        var refused = await bridge.PostAsync("/v1/provisioning:apply", new System.Text.Json.Nodes.JsonObject { ["yaml"] = $"gateways: [{{ name: gw1, {fields} }}]" }.ToJsonString(), System.Net.HttpStatusCode.BadRequest);
        Assert.StartsWith("gateway gw1 is declared in ", (string)refused["message"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CSV", "number,endpoint,domain,displayName\n1001,aaln/1,gw1,Ann\n1002,aaln/2,gw1,M\ufffdller\n", 3)]
    [InlineData("ASTERISK", "; M\ufffdller\n[gw1]\ncallerid = \"M\ufffdller\" <1001>\nline => aaln/1\n", 3)]
    [InlineData("ASTERISK", "; M\ufffdller\n[gw1]\ncallerid = \"Ann\" <1001> ; M\ufffdller\nline => aaln/1\n", 0)]
    public async Task A_text_that_was_no_UTF_8_is_refused_where_it_is_data(string format, string text, int line)
    {
        await using var bridge = await LiveBridge.StartAsync("peers: [{ name: pbx, uri: \"sip:127.0.0.9\" }]");
        var body = new System.Text.Json.Nodes.JsonObject { ["format"] = format, ["text"] = text, ["peer"] = "pbx", ["validateOnly"] = true };
        var answer = await bridge.PostAsync("/v1/provisioning:import", body.ToJsonString(), line == 0 ? System.Net.HttpStatusCode.OK : System.Net.HttpStatusCode.BadRequest);
        if (line == 0) return;
        Assert.StartsWith($"text: line {line} has symbols that could not be read", (string)answer["message"]!, StringComparison.Ordinal);
    }

    // Whatever it is: no exception, nothing twice, and no more than there may be.
    [Fact]
    public void Nonsense_is_a_report()
    {
        string[] words = ["[", "]", "(", ")", "!", "+", ",", ";", ";--", "--;", "=", "=>", "\n", "\r\n", "\"", "\"\"", "\\", "<", ">", "#", "a", "callerid", "line", "number", "endpoint", "domain", "1001", "aaln/1", "\t", "\0", "\ud800", "é", " "];
        Gen.Int[0, words.Length - 1].Array[0, 60].Sample(parts =>
        {
            var text = string.Concat(parts.Select(part => words[part]));
            foreach (var format in (ReadOnlySpan<string>)["asterisk", "csv", "cucm"])
            {
                Assert.True(Read(format, text, Pbx).Remarks.Count <= ImportReport.MostRemarks);
                Read(format, "number,endpoint,domain\n" + text, Pbx);
                Read(format, "[a]\ncallerid=1001\n" + text, Pbx);
            }
        }, iter: 2000);
    }

    [Fact]
    public void Bombs_stay_small()
    {
        // Each template has all of the one before, twice.
        var doubling = new StringBuilder("[t0](!)\ncontext=x\n");
        for (var i = 1; i < 64; i++) doubling.Append($"[t{i}](!,t{i - 1},t{i - 1})\n");
        Assert.Contains(Read("asterisk", doubling + "[gw](t63)\ncallerid=1\nline=aaln/1\n", Pbx).Remarks, r => r.Text.StartsWith("the file is too large", StringComparison.Ordinal));
        // A million comments in one line, and a quote that nobody closes.
        Read("asterisk", string.Concat(Enumerable.Repeat(";-- --;", 500_000)), Pbx);
        Assert.Contains(Read("csv", "number,endpoint\n\"" + new string('x', 3 << 20), Pbx).Remarks, r => r.Text.StartsWith("a field has more than", StringComparison.Ordinal));
        // More remarks than anybody reads.
        var many = Read("asterisk", "[a]\n" + string.Concat(Enumerable.Repeat("x\n", 50_000)), Pbx);
        Assert.Equal((ImportReport.MostRemarks, 50_000 + AsteriskOptions.ServiceCodes.Count - ImportReport.MostRemarks), (many.Remarks.Count, many.LeftOut));
    }

    private static ImportReport Read(string format, string text, ImportDefaults defaults) => format == "asterisk" ? AsteriskImport.Read(text, defaults) : CsvImport.Read(text, defaults, format == "cucm");

    private static string Corpus(string file) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "corpus", "import", file));

    private Task<int> ControlAsync(LiveBridge bridge, params string[] words) => cli::MgcpSipBridge.Cli.Commands.RunAsync([.. words, "--server", bridge.GrpcAddress], _output, _errors);
}
