using System.Collections;
using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using MgcpSipBridge.Host.Configuration;

namespace MgcpSipBridge.Host.Tests;

public sealed partial class DeployTests
{
    private static string Folder => Path.Combine(AppContext.BaseDirectory, "deploy");

    public static TheoryData<string> Samples =>
        [.. Directory.EnumerateFiles(Path.Combine(Folder, "samples"), "bridge.json", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(Folder, Path.GetDirectoryName(f)!)).Append("debian").Order(StringComparer.Ordinal)];

    [Fact]
    public void There_is_a_sample_for_each_kind_of_PBX() =>
        Assert.Equal(["debian", "samples", "samples/asterisk", "samples/freeswitch", "samples/kamailio", "samples/trunk"], Samples.Select(s => s.Data));

    [Theory]
    [MemberData(nameof(Samples))]
    public void A_sample_is_taken(string folder)
    {
        var loaded = LoadedConfig.Load(Path.Combine(Folder, folder, "bridge.json"), Path.Combine(Folder, folder, "lines.yaml"), new Hashtable(), []);
        Assert.Empty(loaded.Problems);
        if (folder != "debian") Assert.NotEmpty(loaded.Lines!.Lines);
    }

    [Fact]
    public async Task Kamailio_takes_its_sample()
    {
        var kamailio = Tool.Of("kamailio", "/usr/sbin/kamailio");
        var (code, output, errors) = await kamailio.RunAsync("-c", "-f", Path.Combine(Folder, "samples", "kamailio", "kamailio.cfg"));
        Assert.True(code == 0, output + errors);
    }

    [Fact]
    public void The_accounts_of_the_PBX_samples_are_those_of_their_lines()
    {
        var directory = XDocument.Load(Path.Combine(Folder, "samples", "freeswitch", "directory.xml"));
        var users = directory.Descendants("user").ToDictionary(u => u.Attribute("id")!.Value, u => u.Descendants("param").First(p => p.Attribute("name")!.Value == "password").Attribute("value")!.Value);
        Assert.Equal(Accounts("freeswitch"), users);

        var pjsip = File.ReadAllText(Path.Combine(Folder, "samples", "asterisk", "pjsip.conf"));
        Assert.Equal(Accounts("asterisk"), PjsipAccount().Matches(pjsip).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value));

        var kamailio = File.ReadAllText(Path.Combine(Folder, "samples", "kamailio", "kamailio.cfg"));
        var accounts = KamailioAccount().Matches(kamailio).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);
        Assert.All(Accounts("kamailio"), a => Assert.Equal(a.Value, accounts[a.Key]));
    }

    [Fact]
    public async Task Systemd_takes_the_unit()
    {
        // The program itself is not installed here: systemd looks whether what it shall start is there.
        var (code, _, errors) = await Tool.Of("systemd", "/usr/bin/systemd-analyze").RunAsync("verify", await UnitAsync());
        Assert.Equal((0, ""), (code, errors));
    }

    [Fact]
    public async Task The_unit_lets_the_program_do_little()
    {
        var (_, output, errors) = await Tool.Of("systemd", "/usr/bin/systemd-analyze").RunAsync("security", "--offline=true", "--no-pager", await UnitAsync());
        var level = Exposure().Match(output);
        Assert.True(level.Success, output + errors);
        Assert.InRange(double.Parse(level.Groups[1].Value, CultureInfo.InvariantCulture), 0, 2.0);
    }

    [Fact]
    public void The_unit_waits_for_the_drain()
    {
        var unit = File.ReadAllText(Path.Combine(Folder, "systemd", "mgcp-sip-bridge.service"));
        var bridge = new BridgeConfig().Bridge;
        Assert.True(int.Parse(StopTimeout().Match(unit).Groups[1].Value, CultureInfo.InvariantCulture) >= bridge.DrainSeconds + bridge.StopSeconds + 5);
    }

    [Fact]
    public async Task Nft_takes_the_firewall()
    {
        var (code, output, errors) = await Tool.Of("nftables", "/usr/sbin/nft").RunAsync("-c", "-f", Path.Combine(Folder, "network", "nftables.conf"));
        // Where a test may not speak with the kernel at all, the file has at least been read.
        if (errors.Contains("Operation not permitted", StringComparison.Ordinal)) Assert.Skip("nft needs CAP_NET_ADMIN");
        Assert.True(code == 0, output + errors);
    }

    [Fact]
    public async Task The_Debian_package_is_built_and_lintian_has_nothing_to_say()
    {
        var lintian = Tool.Of("lintian", "/usr/bin/lintian");
        var bash = Tool.Of("bash", "/bin/bash");
        var folder = Directory.CreateTempSubdirectory("deb").FullName;
        try
        {
            // The programs themselves take minutes to publish; any program stands in for them.
            foreach (var (part, program) in (ReadOnlySpan<(string, string)>)[("bridge", "mgcp-sip-bridge"), ("cli", "mgcpsipctl")])
            {
                Directory.CreateDirectory(Path.Combine(folder, part));
                File.Copy("/bin/true", Path.Combine(folder, part, program));
            }

            var (code, output, errors) = await bash.RunAsync(Path.Combine(Sources(), "debian", "build-deb"), "--payload", folder, "--output", folder);
            Assert.True(code == 0, output + errors);
            var package = Assert.Single(Directory.GetFiles(folder, "*.deb"));
            (_, output, _) = await Tool.Of("dpkg", "/usr/bin/dpkg-deb").RunAsync("--contents", package);
            Assert.Contains("./usr/bin/mgcp-sip-bridge -> ../lib/mgcp-sip-bridge/mgcp-sip-bridge", output, StringComparison.Ordinal);
            Assert.Contains("./lib/systemd/system/mgcp-sip-bridge.service", output, StringComparison.Ordinal);
            Assert.Matches("-rw-r----- root/root .* ./etc/mgcp-sip-bridge/lines.yaml", output);
            (code, output, errors) = await lintian.RunAsync("--allow-root", "--tag-display-limit", "0", "--suppress-tags", "mismatched-override,unused-override", package);
            Assert.Equal((0, ""), (code, output + errors));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Dictionary<string, string> Accounts(string sample) =>
        LoadedConfig.Load(Path.Combine(Folder, "samples", sample, "bridge.json"), Path.Combine(Folder, "samples", sample, "lines.yaml"), new Hashtable(), [])
            .Declared.Gateways.SelectMany(g => g.Lines).ToDictionary(l => l.Username!, l => l.Password!);

    // The copy beside the tests has no README and no version above it.
    private static string Sources()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "MgcpSipBridge.sln"))) return Path.Combine(at.FullName, "deploy");
        throw new InvalidOperationException($"No MgcpSipBridge.sln above {AppContext.BaseDirectory}.");
    }

    private static async Task<string> UnitAsync()
    {
        var unit = Path.Combine(Directory.CreateTempSubdirectory("unit").FullName, "mgcp-sip-bridge.service");
        var text = await File.ReadAllTextAsync(Path.Combine(Folder, "systemd", "mgcp-sip-bridge.service"));
        await File.WriteAllTextAsync(unit, text.Replace("/usr/lib/mgcp-sip-bridge/mgcp-sip-bridge", "/bin/true", StringComparison.Ordinal));
        return unit;
    }

    [GeneratedRegex(@"Overall exposure level for \S+: ([0-9.]+)")]
    private static partial Regex Exposure();

    [GeneratedRegex(@"^TimeoutStopSec=(\d+)s$", RegexOptions.Multiline)]
    private static partial Regex StopTimeout();

    [GeneratedRegex(@"^username = (\S+)\npassword = (\S+)$", RegexOptions.Multiline)]
    private static partial Regex PjsipAccount();

    [GeneratedRegex(@"\$sht\(accounts=>(\d+)\) = ""([^""]+)""")]
    private static partial Regex KamailioAccount();
}
