using System.Globalization;
using System.Text.Json;

namespace MgcpSipBridge.Interop;

/// <summary>The program as the image has it: a user without rights, a file system that nobody can write to but for the folder of the storage, and no home.</summary>
public sealed class ConfinedTests
{
    // Everything is read-only from here on, in this process and those that it starts alone; then root is given up for good.
    private const string Confine = """
        mount -t tmpfs -o uid=1654,gid=1654,mode=700 tmpfs "$DATA" || exit 77
        for place in / /tmp /var/tmp /dev/shm /run /home; do
          mountpoint -q "$place" && { mount -o remount,bind,ro "$place" || exit 77; }
        done
        touch /tmp/x 2>/dev/null && exit 78
        cd "$DATA" && exec setpriv --reuid 1654 --regid 1654 --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all -- "$@"
        """;

    [Fact]
    public async Task It_needs_no_rights_and_writes_to_its_storage_alone()
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root, to give its rights up");
        var host = LoopbackHost.Claim();
        using var folder = new TemporaryFolder();
        var data = Directory.CreateDirectory(folder.File("data")).FullName;
        // Whoever it is has to be able to read what it is given.
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder.Path, (UnixFileMode)Convert.ToInt32("755", 8));
        var settings = folder.Write("bridge.json", $$"""
            {
              "Bridge": { "DrainSeconds": 0 }, "Mgcp": { "Listen": "{{host}}:0" }, "Sip": { "Listen": ["udp://{{host}}:0", "tcp://{{host}}:0"] },
              "Media": { "Gateway": { "Address": "{{host}}" }, "Sip": { "Address": "{{host}}" } },
              "Api": { "Http": "http://{{host}}:8080", "Grpc": "http://{{host}}:8081" }, "Storage": { "Path": "{{data}}/bridge.db" }
            }
            """);
        var lines = folder.Write("lines.yaml", """
            peers: [{ name: pbx, uri: "sip:127.0.0.1:9;transport=udp" }]
            routes: [{ name: night, prefix: "1", peer: pbx, schedule: { timeZone: Europe/Berlin, times: ["22:00-06:00"] } }]
            """);
        await using var bridge = ExternalProgram.Start("env", folder.Path,
            "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DOTNET_EnableDiagnostics=0", $"DATA={data}",
            "unshare", "-m", "sh", "-c", Confine, "sh", "dotnet", Path.Combine(AppContext.BaseDirectory, "mgcp-sip-bridge.dll"), "serve", "--config", settings, "--lines", lines);
        try
        {
            await bridge.Line("ready", Bench.Patience);
        }
        catch (Exception e) when (e is TimeoutException or Xunit.Sdk.XunitException && bridge.HasExited)
        {
            var code = await bridge.Exit(Bench.Patience);
            Assert.SkipWhen(code is 1 or 77, "a file system cannot be made read-only here: " + bridge.Said);
            throw;
        }

        var status = await File.ReadAllTextAsync($"/proc/{bridge.Descendants().Last().ToString(CultureInfo.InvariantCulture)}/status", TestContext.Current.CancellationToken);
        Assert.Contains("\nUid:\t1654\t1654\t1654\t1654\n", status, StringComparison.Ordinal);
        foreach (var rights in (string[])["CapEff", "CapPrm", "CapBnd", "CapInh"]) Assert.Contains($"\n{rights}:\t0000000000000000\n", status, StringComparison.Ordinal);

        // What is kept is kept, password and all, and it is as ready as any other.
        using var http = new HttpClient { BaseAddress = new Uri($"http://{host}:8080") };
        using var content = new StringContent("""{"name":"other","uri":"sip:127.0.0.1:10","registration":"TRUNK","username":"a","password":"b"}""", System.Text.Encoding.UTF8, "application/json");
        using var made = await http.PostAsync(new Uri("/v1/peers", UriKind.Relative), content, TestContext.Current.CancellationToken);
        Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        var ready = await http.GetAsync(new Uri("/readyz", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.True(ready.IsSuccessStatusCode);
        var found = JsonSerializer.Deserialize<JsonElement>(await http.GetStringAsync(new Uri("/v1/status:diagnose", UriKind.Relative), TestContext.Current.CancellationToken)).GetProperty("findings").EnumerateArray();
        Assert.Equal("FINE", found.Single(f => f.GetProperty("name").GetString() == "storage").GetProperty("verdict").GetString());
        Assert.Equal(0, await bridge.Terminate(Bench.Patience));
    }
}
