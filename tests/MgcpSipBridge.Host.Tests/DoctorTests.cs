extern alias cli;

using System.Net;
using MgcpSipBridge.Host.Diagnosis;
using MgcpSipBridge.Host.Events;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.V1;
using Verdict = MgcpSipBridge.V1.Finding.Types.Verdict;

namespace MgcpSipBridge.Host.Tests;

/// <summary>What is wrong around a bridge is found and said.</summary>
public sealed class DoctorTests : IDisposable
{
    private readonly StringWriter _output = new();

    public void Dispose() => _output.Dispose();

    [Theory]
    [InlineData("rtp ports", Verdict.Fine, "/proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n")]
    [InlineData("rtp ports", Verdict.Warning, "/proc/sys/net/ipv4/ip_local_port_range", "25000 60999")]
    [InlineData("rtp ports", Verdict.Unknown, "/proc/sys/net/ipv4/ip_local_port_range", "nonsense")]
    [InlineData("receive buffers", Verdict.Warning, "/proc/sys/net/core/rmem_max", "212992\n")]
    [InlineData("receive buffers", Verdict.Fine, "/proc/sys/net/core/rmem_max", "8388608\n")]
    [InlineData("open files", Verdict.Warning, "/proc/self/limits", "Limit Soft Hard Units\nMax open files            1024                 262144               files\n")]
    [InlineData("open files", Verdict.Fine, "/proc/self/limits", "Max open files            262144               262144               files\n")]
    [InlineData("open files", Verdict.Fine, "/proc/self/limits", "Max open files            unlimited            unlimited            files\n")]
    [InlineData("clock", Verdict.Fine, "/run/systemd/timesync/synchronized", "")]
    [InlineData("clock", Verdict.Unknown, "/nothing", "")]
    [InlineData("conntrack", Verdict.Fine, "/nothing", "")]
    public async Task A_machine_s_limits_are_judged(string what, Verdict verdict, string file, string text) =>
        Assert.Equal(verdict, (await LookAsync(read: f => f == file ? text : null)).Single(f => f.Name == what).Verdict);

    [Theory]
    [InlineData("20000-29999", Verdict.Fine)]
    [InlineData("1,20000-25000,25001-29999", Verdict.Fine)]
    [InlineData("20000-25000,25002-29999", Verdict.Warning)]
    [InlineData("", Verdict.Warning)]
    [InlineData("x-y,-", Verdict.Warning)]
    public async Task Ports_that_are_reserved_are_nobody_else_s(string reserved, Verdict verdict)
    {
        var found = await LookAsync(read: f => f.EndsWith("port_range", StringComparison.Ordinal) ? "1024 60999" : f.EndsWith("reserved_ports", StringComparison.Ordinal) ? reserved : null);
        Assert.Equal(verdict, found.Single(f => f.Name == "rtp ports").Verdict);
    }

    // A call takes four ports: 2500 calls on one address, 5000 on two.
    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1", "2,500 calls need")]
    [InlineData("127.0.0.1", "127.0.0.2", "5,000 calls need")]
    [InlineData("127.0.0.1", "0.0.0.0", "2,500 calls need")]
    public async Task Each_address_has_all_ports(string gateway, string sip, string calls)
    {
        var found = await LookAsync(read: f => f == "/proc/self/limits" ? "Max open files 1024 1024 files\n" : null, settings: [$"--Media:Gateway:Address={gateway}", $"--Media:Sip:Address={sip}"]);
        Assert.Contains(calls, found.Single(f => f.Name == "open files").Detail.Replace("(Media:Ports, Media:MaxSessions) ", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("800", "1000", Verdict.Fine)]
    [InlineData("801", "1000", Verdict.Wrong)]
    public async Task A_table_of_connections_that_is_nearly_full_is_wrong(string count, string most, Verdict verdict)
    {
        var found = await LookAsync(read: f => f.EndsWith("_count", StringComparison.Ordinal) ? count : f.EndsWith("_max", StringComparison.Ordinal) ? most : null);
        Assert.Equal(verdict, found.Single(f => f.Name == "conntrack").Verdict);
    }

    [Fact]
    public async Task Names_disk_storage_and_alarms_are_looked_at()
    {
        var found = await LookAsync("""peers: [{ name: pbx, uri: "sip:pbx.example.net" }, { name: other, uri: "sip:10.0.0.9" }]""", free: 10 << 20, store: new AwayStore(), alarm: true);
        Assert.Equal((Verdict.Warning, "no address for pbx.example.net"), Of("names"));
        Assert.Equal((Verdict.Warning, "10 MB left for storage and call records"), Of("disk"));
        Assert.Equal((Verdict.Wrong, "it is away"), Of("storage"));
        Assert.Equal((Verdict.Wrong, "1 of 0 are down: gateways/gw1"), Of("gateways"));
        Assert.Equal((Verdict.Warning, "GATEWAY_DOWN"), Of("alarms"));
        Assert.Equal((Verdict.Unknown, "nobody asks it"), Of("peer pbx"));
        // Whatever is not fine says what to do, unless it could not be told.
        Assert.All(found.Where(f => f.Verdict is Verdict.Warning or Verdict.Wrong), f => Assert.NotEmpty(f.Advice));

        (Verdict, string) Of(string what) => found.Where(f => f.Name == what).Select(f => (f.Verdict, f.Detail)).Single();
    }

    [Fact]
    public async Task The_command_line_adds_what_it_sees_and_ends_with_1_when_anything_is_wrong()
    {
        await using var bridge = await LiveBridge.StartAsync("""peers: [{ name: pbx, uri: "sip:127.0.0.1:9" }]""", new AwayStore());
        Assert.Equal(1, await cli::MgcpSipBridge.Cli.Commands.RunAsync(["doctor", "--server", bridge.GrpcAddress], _output, _output));
        var lines = _output.ToString().Split('\n');
        Assert.Matches(@"^WHAT +VERDICT +SEEN +WHAT TO DO$", lines[0]);
        Assert.Matches(@"^bridge +FINE +bridge, version .*, READY; answered in \d+ ms$", lines[1]);
        Assert.Matches(@"^clocks +FINE +the bridge's and this machine's differ by -?0\.\d s$", lines[2]);
        Assert.Matches(@"^storage +WRONG +it is away ", lines[3]);
        await using var peer = new AnsweringPeer();
        await using var well = await LiveBridge.StartAsync($$"""peers: [{ name: pbx, uri: "sip:127.0.0.1:{{peer.Port}}" }]""");
        Assert.Equal(0, await cli::MgcpSipBridge.Cli.Commands.RunAsync(["doctor", "-o", "name", "--server", well.GrpcAddress], _output, _output));
    }

    [Theory]
    [InlineData("Auto", 2, null, Verdict.Fine, "settled calls are passed on inside the kernel, at 2 interfaces")]
    [InlineData("Auto", 0, "bpf: Operation not permitted", Verdict.Warning, "bpf: Operation not permitted: calls go through the bridge's own threads")]
    [InlineData("Auto", 1, "eth0: no", Verdict.Warning, "settled calls are passed on inside the kernel at 1 interfaces, and not everywhere: eth0: no")]
    [InlineData("Off", 0, "it is switched off", Verdict.Fine, "Relay:FastPath is off: calls go through the bridge's own threads")]
    public async Task Whether_the_kernel_passes_calls_on_is_told_and_why_not(string setting, int interfaces, string? refusal, Verdict verdict, string detail)
    {
        await using var relay = new Relay(new(interfaces, refusal));
        var found = (await LookAsync(relay: relay, settings: [$"--Relay:FastPath={setting}"])).Single(f => f.Name == "relay fast path");
        Assert.Equal((verdict, detail, verdict == Verdict.Warning), (found.Verdict, found.Detail, found.Advice.Length > 0));
    }

    [Fact]
    public async Task A_peer_that_was_probed_enough_is_told_with_since_when_it_answers()
    {
        await using var bridge = await LiveBridge.StartAsync("""peers: [{ name: pbx, uri: "sip:127.0.0.1:9" }]""");
        Assert.Equal("udp 127.0.0.1:9: there is no way to it, or nobody listens there (ICMP)", await DetailAsync());
        for (var i = 0; i < 2; i++) await bridge.PostAsync("/v1/peers/pbx:probe", "{}");
        ((Shards.IShardOutputs)bridge.Server).Noted(new Engine.EngineNote.Sip(new Sip.SipNote.PeerChanged("pbx", Sip.SipPeerState.Up)));
        Assert.Matches(@"^answers OPTIONS, since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC; asked every \d+ s$", await DetailAsync());
        ((Shards.IShardOutputs)bridge.Server).Noted(new Engine.EngineNote.Sip(new Sip.SipNote.PeerChanged("pbx", Sip.SipPeerState.Down)));
        Assert.StartsWith("has not answered OPTIONS", await DetailAsync(), StringComparison.Ordinal);

        async Task<string> DetailAsync() => (string)(await bridge.GetAsync("/v1/status:diagnose"))["findings"]!.AsArray().Single(f => (string)f!["name"]! == "peer pbx")!["detail"]!;
    }

    private static async Task<IReadOnlyList<Finding>> LookAsync(string? yaml = null, Func<string, string?>? read = null, long? free = null, IProvisioningStore? store = null, bool alarm = false, Serving.IMediaRelay? relay = null, params string[] settings)
    {
        await using var bridge = await LiveBridge.StartAsync(yaml);
        using var loading = new Loading();
        var model = loading.Load(arguments: ["--Media:Ports=20000-29999", .. settings]).Bridge!;
        var happenings = new Happenings(model.Config.Events, bridge.Server.State, Prometheus.Metrics.NewCustomRegistry());
        if (alarm) happenings.Alarms.Set("GATEWAY_DOWN", "gateways/gw1", true, Alarm.Types.Severity.Critical);
        var machine = new Machine(read ?? (_ => null), (_, _) => Task.FromResult<IReadOnlyList<IPAddress>>([]), _ => free);
        var found = await new Doctor(model, bridge.Server.State, store ?? new NoStore(), happenings.Alarms, machine, relay).LookAsync(Patience.Token);
        happenings.Dispose();
        return found;
    }

    private sealed class Relay(MgcpSipBridge.Relay.FastPathState fastPath) : Serving.IMediaRelay
    {
        public MgcpSipBridge.Relay.FastPathState? FastPath => fastPath;

        public void Post(Media.RelayCommand command)
        {
        }

        public void Read(Observability.IMetricsIntake intake)
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class AwayStore : IProvisioningStore
    {
        private readonly NoStore _none = new();

        public string Name => "away";

        public Audit.IAuditLog Audit => _none.Audit;

        public Records.ICallRecords Records => _none.Records;

        public IDialledStore Dialled => _none.Dialled;

        public IReadOnlyList<KeptResource> Load() => [];

        public void Write(IReadOnlyList<StoreChange> changes, Audit.AuditEntry? audit = null) => throw new StoreException("it is away");

        public void Check(bool write) => throw new StoreException("it is away");

        public void Backup(string file) => throw new StoreException("it is away");

        public (int Passwords, string Remark) Rekey() => throw new StoreException("it is away");

        public void Dispose() => _none.Dispose();
    }
}
