using System.Globalization;
using static MgcpSipBridge.Mgcp.Tests.AgentBench;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>The vocabulary of the packages, and what it is good for where gateways differ.</summary>
public class PackageTests
{
    private static readonly string[][] Rows = [.. File
        .ReadAllLines(Path.Combine(AppContext.BaseDirectory, "corpus", "mgcp", "package-tables.tsv"))
        .Skip(1).Select(static line => line.Split('\t'))];

    [Fact]
    public void Every_line_of_the_RFCs_tables_is_known_as_it_stands_there()
    {
        Assert.Equal(403, Rows.Length);
        foreach (var row in Rows)
        {
            var table = Table(row[1], int.Parse(row[2], CultureInfo.InvariantCulture));
            Assert.True(table.TryGetValue(row[3], out var found), $"{row[0]}: {row[1]}/{row[3]}");
            var isOpen = row[4] == "-" && row[5] == "-";
            var expected = string.Join(' ', row[4], isOpen ? "?" : row[5], row[6] == "variable" ? "-" : row[6]);
            Assert.Equal($"{row[1]}/{row[3]} v{row[2]} {expected}", $"{found.Package}/{row[3]} v{found.Version} {Letters(found)}");
        }
    }

    [Fact]
    public void Nothing_is_known_that_no_RFC_has()
    {
        foreach (var (name, version, text) in PackageTables.All)
        {
            foreach (var symbol in PackageTables.Read(name, version, text).Values)
            {
                Assert.Contains(Rows, row => row[1] == name && row[2] == version.ToString(CultureInfo.InvariantCulture) && row[3].Equals(symbol.Name, StringComparison.OrdinalIgnoreCase));
            }
        }
    }

    /// <summary>Those time-outs of RFC 5098 (PacketCable's signalling MIB) that are about a signal.</summary>
    [Theory]
    [InlineData("bz", 30)]
    [InlineData("dl", 16)]
    [InlineData("mwi", 16)]
    [InlineData("rg", 180)]
    [InlineData("rt", 180)]
    [InlineData("ro", 30)]
    [InlineData("sl", 16)]
    public void NCS_has_the_time_outs_of_RFC_5098(string name, int seconds)
    {
        var ncs = new GatewayTraits { Version = "MGCP 1.0 NCS 1.0" };
        var found = PackageVocabulary.Find("L/" + name, ncs);
        Assert.Equal((SignalKind.TimeOut, TimeSpan.FromSeconds(seconds)), (found!.Signal, found.TimeOut));
    }

    [Theory]
    // RFC 2705's intercept tone has no end of its own, RFC 3660's has one.
    [InlineData("MGCP 1.0", "", "G/it", false)]
    [InlineData("MGCP 0.1", "", "G/it", true)]
    [InlineData("MGCP 1.0", "L:1;G:0", "G/it", true)]
    [InlineData("MGCP 0.1", "L:1;G:1", "G/it", false)]
    [InlineData("MGCP 1.0", "", "L/v", true)]
    [InlineData("MGCP 1.0", "", "L/dl", false)]
    [InlineData("MGCP 0.1", "", "L/y", true)]
    [InlineData("MGCP 1.0", "", "L/y", false)]
    public void What_needs_a_stop_follows_from_the_packages_version(string version, string packages, string tone, bool needsStop)
    {
        var traits = new GatewayTraits { Version = version, Packages = packages };
        Assert.True(PackageVocabulary.IsTone(tone, traits));
        Assert.Equal(needsStop, PackageVocabulary.NeedsStop(tone, traits));
    }

    [Fact]
    public void An_on_off_signal_is_stopped_by_name_and_an_indicator_is_not()
    {
        var bench = InService();
        bench.Agent.Request(Line1, Request("L/hu", "L/v L/vmwi(+) L/dl"), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("RQNT"), 200);
        bench.Agent.Request(Line1, Request("L/hu"), bench.Now);
        bench.Drain();
        var stop = bench.TakeSent("RQNT");
        Assert.Equal("L/v(-)", ValueOf(stop, "S"));
        // A gateway that does not know how to stop it is not asked again.
        bench.Answer(stop, 538, comment: "parameter");
        var plain = bench.TakeSent("RQNT");
        Assert.Equal("", ValueOf(plain, "S"));
        bench.Answer(plain, 200);
        Assert.Contains("L/v(-)", bench.Agent.StatusOf("gw1")!.Traits.RefusedNames);
    }

    [Theory]
    [InlineData("L/rg", "rep=3", "MGCP 1.0", "L/rg(rep=3)")]
    [InlineData("L/rg", "rep=3", "MGCP 0.1", "L/rg")]
    [InlineData("L/dl", "to=8000", "MGCP 0.1", "L/dl")]
    [InlineData("L/dl", "to=8000", "MGCP 1.0", "L/dl(to=8000)")]
    [InlineData("L/sl", "del=2000,to=9000", "MGCP 1.0", "L/sl(del=2000,to=9000)")]
    [InlineData("L/dl", "del=2000,to=9000", "MGCP 1.0", "L/dl(to=9000)")]
    [InlineData("L/ci", "09/14/17/26,\"5551212\",\"a=b\"", "MGCP 0.1", "L/ci(09/14/17/26,\"5551212\",\"a=b\")")]
    [InlineData("G/rt@1F", null, "MGCP 1.0", "G/rt@1F")]
    [InlineData("L/dl@1F", null, "MGCP 1.0", "L/dl")]
    public void Parameters_and_connections_go_where_the_package_takes_them(string signal, string? parameters, string version, string written)
    {
        var bench = InService(Model() with { Overrides = new TraitOverrides { Version = version } });
        bench.Agent.Request(Line1, new NotificationRequest([new("L/hd")], [new(signal, parameters)]), bench.Now);
        bench.Drain();
        Assert.Equal(written, ValueOf(bench.TakeSent("RQNT"), "S"));
    }

    [Fact]
    public void One_518_with_its_package_list_is_enough()
    {
        var bench = InService();
        bench.Agent.Request(Line1, Request("L/hu G/ft D/[0-9]", "G/it L/dl"), bench.Now);
        bench.Drain();
        var refused = bench.TakeSent("RQNT");
        bench.Answer(refused, 518, "PL: L:1, d:0, X-Y:17\n");
        var next = bench.TakeSent("RQNT");
        Assert.Equal("L/hu(N), D/[0-9](N)", ValueOf(next, "R"));
        Assert.Equal("L/ro, L/dl", ValueOf(next, "S"));
        bench.Answer(next, 200);
        Assert.Equal("L:1;D:0;X-Y:17", bench.Agent.StatusOf("gw1")!.Traits.Packages);
        bench.Agent.Request(Line1, Request("L/hu", "G/rt"), bench.Now);
        bench.Drain();
        Assert.Equal("L/rt", ValueOf(bench.TakeSent("RQNT"), "S"));
    }

    [Fact]
    public void A_package_list_without_the_lines_own_package_is_not_believed()
    {
        var bench = InService();
        bench.Agent.Request(Line1, Request("L/hu L/hf", "L/dl G/rt"), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("RQNT"), 518, "PL: LINE:1\n");
        var next = bench.TakeSent("RQNT");
        Assert.Equal("L/hu(N), L/hf(N)", ValueOf(next, "R"));
        Assert.Equal("L/dl, L/rt", ValueOf(next, "S"));
    }

    [Fact]
    public void A_name_that_no_package_of_it_has_is_tried_bare_at_last()
    {
        // D-Link's DPH-100 knows no G: "S: rt" is what it takes.
        var bench = InService();
        bench.Agent.Request(Line1, Request("L/hu", "G/rt"), bench.Now);
        foreach (var refused in new[] { "G/rt", "L/rt" })
        {
            bench.Drain();
            var rqnt = bench.TakeSent("RQNT");
            Assert.Equal(refused, ValueOf(rqnt, "S"));
            bench.Answer(rqnt, 522, comment: "no such signal");
        }

        var last = bench.TakeSent("RQNT");
        Assert.Equal("rt", ValueOf(last, "S"));
        bench.Answer(last, 200);
        bench.AssertQuiet();
        bench.Agent.Request(Line1, Request("L/hu L/hf", "G/rt"), bench.Now);
        bench.Drain();
        Assert.Equal("rt", ValueOf(bench.TakeSent("RQNT"), "S"));
    }

    [Fact]
    public void What_has_no_substitute_left_is_done_without()
    {
        var bench = InService();
        bench.Agent.Request(Line1, Request("L/hu L/hf", "G/cg L/dl"), bench.Now);
        bench.Drain();
        List<string> tried = [];
        while (bench.Sent.Count > 0)
        {
            var rqnt = bench.TakeSent("RQNT");
            tried.Add(ValueOf(rqnt, "S"));
            bench.Answer(rqnt, tried[^1].Length == 0 ? 200 : 513);
        }

        Assert.Equal(["G/cg, L/dl", "L/ro, L/dl", "G/cg", "L/ro", "L/cg, L/dl", "L/bz, L/dl", "L/dl", ""], tried);
        Assert.Empty(bench.Events);
    }

    [Theory]
    [InlineData("BL")]
    [InlineData("H")]
    public void Lines_in_another_package_are_found_by_the_audit(string package)
    {
        var bench = InService(audit: $"ES: {package}/hu\nI:\nA: a:PCMU, v:{package};D;G\n");
        bench.Agent.Request(Line1, Request("L/hd L/hf", "L/rg L/ci(09/14/17/26,P,P) L/vmwi(+)"), bench.Now);
        bench.Drain();
        var rqnt = bench.TakeSent("RQNT");
        Assert.Equal($"{package}/hd(N), {package}/hf(N)", ValueOf(rqnt, "R"));
        Assert.StartsWith($"{package}/rg, ", ValueOf(rqnt, "S"), StringComparison.Ordinal);
        bench.Answer(rqnt, 200);
        bench.FromGateway($"NTFY 1 aaln/1@gw1.example.net MGCP 1.0\nX: {ValueOf(rqnt, "X")}\nO: {package}/hd\n");
        Assert.Equal(new ObservedEvent(package, "hd"), bench.TakeEvent<MgcpEvent.Observed>().Events[0]);
        Assert.Equal(package, bench.Agent.StatusOf("gw1")!.Traits.LinePackage);
        Assert.Equal(package, bench.Agent.StatusOf("gw1")!.Traits.DefaultPackage);
    }

    [Fact]
    public void Lines_in_another_package_are_found_by_refusals()
    {
        var bench = InService();
        bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("RQNT"), 518);
        var other = bench.TakeSent("RQNT");
        Assert.Equal("BL/hd(N)", ValueOf(other, "R"));
        bench.Answer(other, 200);
        Assert.Equal("BL", bench.Agent.StatusOf("gw1")!.Traits.LinePackage);
    }

    [Theory]
    [InlineData("v:FXR;L;D;G", "t38(start)", "FXR", "t38")]
    [InlineData("v:FXR;L;D;G", "hd", "L", "hd")]
    [InlineData("v:G;L;D", "5", "D", "5")]
    [InlineData("v:G;L;D", "ft", "G", "ft")]
    [InlineData("v:L;D;G", "ft", "G", "ft")]
    [InlineData("v:L;D;G", "ping", "L", "ping")]
    public void An_event_without_a_package_is_found_in_the_one_that_has_it(string list, string written, string package, string name)
    {
        var bench = InService(audit: $"ES: L/hu\nI:\nA: a:PCMU, {list}\n");
        bench.FromGateway($"NTFY 1 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nO: {written}\n");
        var observed = bench.TakeEvent<MgcpEvent.Observed>().Events[0];
        Assert.Equal((package, name), (observed.Package, observed.Name));
    }

    [Fact]
    public void The_operators_default_package_stands_above_the_audits()
    {
        var bench = InService(Model() with { Overrides = new TraitOverrides { DefaultPackage = "DT" } });
        bench.FromGateway("NTFY 1 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nO: sup\n");
        Assert.Equal("DT", bench.TakeEvent<MgcpEvent.Observed>().Events[0].Package);
        Assert.Equal("DT", bench.Agent.StatusOf("gw1")!.Traits.DefaultPackage);
    }

    [Theory]
    [InlineData("L/wt", "L/wt1")]
    [InlineData("L/wt2", "L/wt2")]
    [InlineData("L/sit(6)", "L/ro")]
    [InlineData("L/rg", "L/rg")]
    [InlineData("G/rt", "L/rt")]
    [InlineData("L/y", "L/y")]
    public void NCS_is_asked_in_its_own_words(string wished, string written)
    {
        var bench = InService(MgcpProfile.Ncs, "ES: L/hu\nI:\n");
        bench.Agent.Request(Line1, Request("L/hu", wished), bench.Now);
        bench.Drain();
        Assert.Equal(written, ValueOf(bench.TakeSent("RQNT"), "S"));
    }

    private static System.Collections.Frozen.FrozenDictionary<string, PackageSymbol> Table(string package, int version) =>
        PackageTables.Read(package, version, PackageTables.All.Single(t => t.Name == package && t.Version == version).Table);

    private static string Letters(PackageSymbol symbol)
    {
        List<string> detected = [];
        if (symbol.Detection.HasFlag(Detection.Event)) detected.Add("x");
        if (symbol.Detection.HasFlag(Detection.OnConnection)) detected.Add("C");
        if (symbol.Detection.HasFlag(Detection.Persistent)) detected.Add("P");
        if (symbol.Detection.HasFlag(Detection.State)) detected.Add("S");
        var signal = symbol.Signal switch
        {
            SignalKind.Brief => "BR",
            SignalKind.OnOff => "OO",
            SignalKind.TimeOut => symbol.PlaysOnConnection ? "TO,C" : "TO",
            SignalKind.Untyped => "?",
            _ => "-",
        };
        var time = symbol.TimeOut switch
        {
            null => "-",
            { Ticks: 0 } => "infinite",
            { TotalSeconds: < 1 } time0 => $"{time0.TotalMilliseconds}ms",
            { } time1 => $"{time1.TotalSeconds}s",
        };
        return $"{(detected.Count == 0 ? "-" : string.Join(',', detected))} {signal} {time}";
    }
}
