extern alias cli;

using System.Net;
using MgcpSipBridge.Host.Api.Security;

namespace MgcpSipBridge.Host.Tests;

/// <summary>mgcpsipctl shows who it is, and keeps how bridges are reached.</summary>
public sealed class ControlConnectionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mgcpsipctl").FullName;
    private readonly TestAuthority _authority = new();

    public void Dispose()
    {
        Directory.Delete(_folder, true);
        _authority.Dispose();
    }

    [Fact]
    public async Task A_token_a_certificate_and_an_authority_lead_in()
    {
        var (token, setting) = ApiToken.Make("alice", ApiRole.Viewer);
        var (certificate, key) = _authority.Save(_authority.IssueFor(IPAddress.Loopback));
        var (mine, myKey) = _authority.Save(_authority.Issue("ops.example.net"));
        await using var bridge = await Running.StartAsync(null, "--Api:Grpc=https://127.0.0.1:0", $"--Api:Tls:Certificate={certificate}", $"--Api:Tls:Key={key}",
            $"--Api:Tls:ClientTrust={_authority.RootFile}", "--Api:Tls:Clients:0=ops.example.net operator", $"--Api:Tokens:0={setting}");
        var file = Path.Combine(_folder, "token");
        await File.WriteAllTextAsync(file, token + "\n", Patience.Token);
        string[] server = ["--server", bridge.GrpcAddress];
        Assert.StartsWith("node", await RunAsync(0, ["status", .. server, "--ca", _authority.RootFile, "--token", token]), StringComparison.Ordinal);
        Assert.StartsWith("node", await RunAsync(0, ["status", .. server, "--ca", _authority.RootFile, "--token", "@" + file]), StringComparison.Ordinal);
        Assert.StartsWith("id", await RunAsync(0, ["calls", "hangup", "c1", .. server, "--ca", _authority.RootFile, "--cert", mine, "--key", myKey]), StringComparison.Ordinal);
        Assert.StartsWith("Unauthenticated: show a token: Authorization: Bearer …\n(--token @FILE", await RunAsync(1, ["status", .. server, "--ca", _authority.RootFile]), StringComparison.Ordinal);
        Assert.Equal("PermissionDenied: alice is viewer; this needs operator\n", await RunAsync(1, ["calls", "hangup", "c1", .. server, "--ca", _authority.RootFile, "--token", token]));
        Assert.EndsWith("(--ca FILE names the authorities that its certificate may come from)\n", await RunAsync(5, ["status", .. server, "--token", token]), StringComparison.Ordinal);
        Assert.StartsWith("/nowhere cannot be read", await RunAsync(2, ["status", .. server, "--token", "@/nowhere"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_that_the_bridge_does_not_take_and_one_that_it_misses_are_told_from_other_trouble()
    {
        var (certificate, key) = _authority.Save(_authority.IssueFor(IPAddress.Loopback));
        var (mine, myKey) = _authority.Save(_authority.Issue("ops.example.net"));
        using var others = new TestAuthority();
        var (foreign, foreignKey) = others.Save(others.Issue("ops.example.net"));
        await using var bridge = await Running.StartAsync(null, "--Api:Grpc=https://127.0.0.1:0", $"--Api:Tls:Certificate={certificate}", $"--Api:Tls:Key={key}",
            $"--Api:Tls:ClientTrust={_authority.RootFile}", "--Api:Tls:RequireClientCertificate=true", "--Api:Tls:Clients:0=ops.example.net operator");
        string[] status = ["status", "--server", bridge.GrpcAddress, "--ca", _authority.RootFile];
        Assert.StartsWith("node", await RunAsync(0, [.. status, "--cert", mine, "--key", myKey]), StringComparison.Ordinal);
        Assert.StartsWith($"the bridge at {bridge.GrpcAddress} refused our certificate: ", await RunAsync(1, [.. status, "--cert", foreign, "--key", foreignKey]), StringComparison.Ordinal);
        Assert.StartsWith($"the bridge at {bridge.GrpcAddress} wants a certificate to be shown\n", await RunAsync(1, status), StringComparison.Ordinal);
        Assert.EndsWith("(--ca FILE names the authorities that its certificate may come from)\n", await RunAsync(5, ["status", "--server", bridge.GrpcAddress, "--cert", mine, "--key", myKey]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_is_not_sent_in_the_clear() =>
        Assert.Equal("the token would be sent to 192.0.2.1:8081 in the clear: use https://\n", await RunAsync(2, ["status", "--server", "http://192.0.2.1:8081", "--token", "x"]));

    [Fact]
    public async Task Contexts_name_bridges_and_are_for_their_owner_alone()
    {
        var file = Path.Combine(_folder, "sub", "contexts.json");
        Environment.SetEnvironmentVariable("MGCPSIPCTL_CONFIG", file);
        try
        {
            var (token, setting) = ApiToken.Make("alice", ApiRole.Viewer);
            await using var bridge = await Running.StartAsync(null, $"--Api:Tokens:0={setting}");
            await RunAsync(0, ["contexts", "set", "here", $"server={bridge.GrpcAddress}", $"token={token}"]);
            await RunAsync(0, ["contexts", "set", "there", "server=http://127.0.0.1:1"]);
            if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            Assert.Equal($"* here  {bridge.GrpcAddress}\n  there  http://127.0.0.1:1\n", await RunAsync(0, ["contexts"]));
            await RunAsync(0, ["status"]);
            await RunAsync(5, ["status", "--context", "there"]);
            // The token of one bridge is not shown to another that the arguments name.
            Assert.StartsWith("Unauthenticated", await RunAsync(1, ["status", "--server", bridge.GrpcAddress]), StringComparison.Ordinal);
            await RunAsync(0, ["status", "--server", bridge.GrpcAddress, "--context", "here"]);
            await RunAsync(0, ["contexts", "use", "there"]);
            await RunAsync(5, ["status"]);
            await RunAsync(0, ["contexts", "delete", "there"]);
            Assert.StartsWith("there is no context \"there\"", await RunAsync(2, ["status", "-c", "there"]), StringComparison.Ordinal);
            Assert.Contains("is not server=…", await RunAsync(2, ["contexts", "set", "here", "colour=red"]), StringComparison.Ordinal);
            await File.WriteAllTextAsync(file, "[", Patience.Token);
            Assert.Contains("cannot be read", await RunAsync(2, ["contexts"]), StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable("MGCPSIPCTL_CONFIG", null);
        }
    }

    [Fact]
    public void Contexts_are_kept_in_a_folder_of_the_users_own_that_is_made_when_missing()
    {
        if (OperatingSystem.IsWindows()) return;
        var home = Path.Combine(_folder, "home");
        Make(("HOME", home));
        var file = Path.Combine(home, ".config", "mgcpsipctl", "contexts.json");
        Assert.True(File.Exists(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(file)!));
        Make(("XDG_CONFIG_HOME", Path.Combine(_folder, "xdg")), ("HOME", "/nowhere"));
        Assert.True(File.Exists(Path.Combine(_folder, "xdg", "mgcpsipctl", "contexts.json")));
        Make(("XDG_CONFIG_HOME", "relative"), ("HOME", Path.Combine(_folder, "other")));
        Assert.True(File.Exists(Path.Combine(_folder, "other", ".config", "mgcpsipctl", "contexts.json")));
        foreach (var none in new[] { "", "relative" })
            Assert.Equal("there is no place for contexts: set HOME, or name the file in MGCPSIPCTL_CONFIG", Assert.Throws<cli::MgcpSipBridge.Cli.UsageException>(() => Make(("HOME", none))).Message);
        Assert.Null(Load().Find(null).Server);

        static void Make(params (string Name, string Value)[] variables) => Load(variables).Set("here", ["server=http://127.0.0.1:1"]);
    }

    [Fact]
    public void A_context_names_its_files_wherever_it_is_used()
    {
        (string, string) named = ("MGCPSIPCTL_CONFIG", Path.Combine(_folder, "contexts.json"));
        Load(named).Set("here", ["server=https://127.0.0.1:1", "token=@my.token", "ca=ca.pem", "cert=sub/my.pem", $"key={_authority.RootFile}"]);
        var found = Load(named).Find("here");
        Assert.Equal("@" + Path.GetFullPath("my.token"), found.Token);
        Assert.Equal(Path.GetFullPath("ca.pem"), found.Ca);
        Assert.Equal(Path.GetFullPath("sub/my.pem"), found.Certificate);
        Assert.Equal(_authority.RootFile, found.Key);
        Load(named).Set("here", ["token=verbatim", "ca="]);
        Assert.Equal(("verbatim", null), (Load(named).Find("here").Token, Load(named).Find("here").Ca));
        Assert.Throws<cli::MgcpSipBridge.Cli.UsageException>(() => Load(named).Set("here", ["token=@-"]));
    }

    private static cli::MgcpSipBridge.Cli.Contexts Load(params (string Name, string Value)[] variables) =>
        cli::MgcpSipBridge.Cli.Contexts.Load(asked => variables.FirstOrDefault(v => v.Name == asked).Value);

    private static async Task<string> RunAsync(int code, string[] arguments)
    {
        using var said = new StringWriter();
        var ended = await cli::MgcpSipBridge.Cli.Commands.RunAsync(arguments, said, said);
        Assert.True(code == ended, $"{string.Join(' ', arguments)}: {ended} {said}");
        return said.ToString();
    }
}
