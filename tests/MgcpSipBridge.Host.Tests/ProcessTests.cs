using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using MgcpSipBridge.Host.Demo;
using MgcpSipBridge.Host.Shards;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Simulator;
using Microsoft.Extensions.Logging.Abstractions;

namespace MgcpSipBridge.Host.Tests;

/// <summary>The built program, from outside: its words, its signals, its exit codes.</summary>
public sealed class ProcessTests : IDisposable
{
    private readonly Loading _loading = new();

    public void Dispose() => _loading.Dispose();

    [Fact]
    public async Task Serve_says_ready_answers_and_ends_with_0_on_SIGTERM()
    {
        var lines = _loading.Yaml("""
            peers: [{ name: pbx, uri: "sip:127.0.0.1:9" }]
            gateways: [{ name: gw1, domain: gw1.example.net, lines: [{ endpoint: aaln/1, number: "1001", peer: pbx }] }]
            """);
        using var bridge = Start(null, ["--lines", lines, .. Running.FreePorts]);
        var ready = await bridge.StandardOutput.ReadLineAsync(Patience.Token);
        Assert.StartsWith("ready mgcp=127.0.0.1:", ready, StringComparison.Ordinal);
        using var http = new HttpClient { BaseAddress = new Uri(ready!.Split(' ').First(p => p.StartsWith("http=", StringComparison.Ordinal))[5..]) };
        var cancel = Patience.Token;
        Assert.Equal("Healthy", await http.GetStringAsync(new Uri("/readyz", UriKind.Relative), cancel));
        Assert.Contains("\"number\":\"1001\"", (await http.GetStringAsync(new Uri("/v1/gateways/gw1/lines/1001", UriKind.Relative), cancel)).Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal((0, ""), await EndAsync(bridge, "TERM"));
    }

    [Fact]
    public async Task While_it_drains_the_api_answers_and_the_last_call_ends_it()
    {
        var lines = _loading.Yaml("""
            peers: [{ name: pbx, uri: "sip:127.0.0.1:9" }]
            gateways: [{ name: gw1, domain: gw1.example.net, lines: [{ endpoint: aaln/1, number: "1001", peer: pbx }] }]
            """);
        using var bridge = Start(null, ["--lines", lines, "--Bridge:DrainSeconds=60", .. Running.FreePorts]);
        var cancel = Patience.Token;
        var ready = (await bridge.StandardOutput.ReadLineAsync(cancel))!.Split(' ', '=');
        await using var driver = new NodeDriver(new MonotonicClock(), NullLogger.Instance);
        Assert.True(NetAddress.TryParse(ready[2], 0, out var callAgent));
        var gateway = new SimulatedGateway(new GatewaySetup { Domain = "gw1.example.net", Address = driver.Open(), CallAgent = callAgent, Endpoints = ["aaln/1"] }, new Entropy(1));
        await driver.AddAsync(gateway);
        await driver.DoAsync(gateway.PowerOn);
        var phone = gateway.Phone("aaln/1");
        using var http = new HttpClient { BaseAddress = new Uri(ready[6]) };
        await Patience.UntilAsync("the line is idle", async () => (await http.GetStringAsync(new Uri("/v1/gateways/gw1/lines/1001", UriKind.Relative), cancel)).Contains("IDLE", StringComparison.Ordinal));
        await driver.DoAsync(phone.OffHook);
        await driver.UntilAsync(() => phone.Sound == PhoneSound.DialTone, TimeSpan.FromSeconds(90));

        var end = EndAsync(bridge, "TERM");
        await Patience.UntilAsync("it is not ready any more", async () => (await http.GetAsync(new Uri("/readyz", UriKind.Relative), cancel)).StatusCode == HttpStatusCode.ServiceUnavailable);
        Assert.Contains("DRAINING", await http.GetStringAsync(new Uri("/v1/status", UriKind.Relative), cancel), StringComparison.Ordinal);
        Assert.False(end.IsCompleted);
        await driver.DoAsync(phone.OnHook);
        Assert.Equal(0, (await end).Code);
    }

    [Fact]
    public async Task Systemd_is_told()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux");
        var path = Path.Combine(Directory.CreateTempSubdirectory("notify").FullName, "socket");
        using var notify = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        notify.Bind(new UnixDomainSocketEndPoint(path));
        using var bridge = Start(new() { ["NOTIFY_SOCKET"] = path, ["WATCHDOG_USEC"] = "200000" }, Running.FreePorts);
        Assert.Equal("READY=1", await NotifiedAsync(notify));
        Assert.Equal("WATCHDOG=1", await NotifiedAsync(notify));
        Assert.Equal("WATCHDOG=1", await NotifiedAsync(notify));
        var end = EndAsync(bridge, "TERM");
        string said;
        do said = await NotifiedAsync(notify);
        while (said == "WATCHDOG=1");
        Assert.Equal("STOPPING=1", said);
        do said = await NotifiedAsync(notify);
        while (said == "WATCHDOG=1");
        Assert.Equal("EXTEND_TIMEOUT_USEC=20000000", said);
        Assert.Equal(0, (await end).Code);
    }

    [Fact]
    public async Task A_port_in_use_ends_with_1_and_names_the_setting()
    {
        using var taken = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var bridge = Start(null, [.. Running.FreePorts, $"--Mgcp:Listen={taken.Client.LocalEndPoint}"]);
        Assert.Equal((1, $"Mgcp:Listen: cannot listen on {taken.Client.LocalEndPoint}: the port is in use by another program\n"), await EndAsync(bridge, null));
        Assert.Equal("", await bridge.StandardOutput.ReadToEndAsync(Patience.Token));
    }

    [Fact]
    public async Task A_wrong_configuration_ends_with_2()
    {
        using var bridge = Start(new() { ["MGCPSIP_Mgcp__Lisen"] = "x" }, ["serve"]);
        Assert.Equal((2, "environment variable MGCPSIP_Mgcp__Lisen: Mgcp:Lisen: unknown setting; did you mean Mgcp:Listen?\n"), await EndAsync(bridge, null));
    }

    [Fact]
    public async Task Directories_that_call_records_need_are_made()
    {
        var folder = Path.Combine(Directory.CreateTempSubdirectory("records").FullName, "new", "deep");
        await using (await BuiltBridge.StartAsync(null, $"--Cdr:JsonLines={folder}/cdr.json", $"--Cdr:Spool={folder}/spool")) Assert.True(Directory.Exists(folder));
    }

    [Fact]
    public async Task A_directory_for_call_records_that_cannot_be_made_ends_with_2_and_names_the_setting()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux");
        using var bridge = Start(null, ["serve", "--Cdr:Csv=/proc/new/cdr.csv"]);
        var (code, errors) = await EndAsync(bridge, null);
        Assert.Equal(2, code);
        Assert.StartsWith("Cdr:Csv: there is no directory /proc/new, and it cannot be made: ", errors, StringComparison.Ordinal);
    }

    private static Process Start(Dictionary<string, string>? environment, string[] arguments)
    {
        var info = new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment ?? []) info.Environment[name] = value;
        return Process.Start(info)!;
    }

    private static async Task<(int Code, string Errors)> EndAsync(Process process, string? signal)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        try
        {
            if (signal is not null) Process.Start("kill", ["-" + signal, process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]).WaitForExit();
            var errors = await process.StandardError.ReadToEndAsync(timeout.Token);
            await process.WaitForExitAsync(timeout.Token);
            // Log lines are not what is tested here.
            return (process.ExitCode, string.Concat(errors.Split('\n').Where(l => l.Length > 0 && !l.Contains(" info: ", StringComparison.Ordinal)).Select(l => l + "\n")));
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
    }

    private static async Task<string> NotifiedAsync(Socket notify)
    {
        var buffer = new byte[256];
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        return Encoding.ASCII.GetString(buffer, 0, await notify.ReceiveAsync(buffer, timeout.Token));
    }
}
