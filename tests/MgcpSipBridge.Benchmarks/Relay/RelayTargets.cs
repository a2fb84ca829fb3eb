using System.Diagnostics;
using System.Globalization;
using MgcpSipBridge.Interop;

namespace MgcpSipBridge.Benchmarks.Relay;

/// <summary>A relay that is put under load.</summary>
internal abstract class RelayTarget(string name, Process? process) : IDisposable
{
    /// <summary>Which.</summary>
    public string Name { get; } = name;

    /// <summary>Where it is bound.</summary>
    public LoopbackHost Host { get; } = LoopbackHost.Claim();

    /// <summary>Its process; ours when it has none.</summary>
    public int Pid => process?.Id ?? Environment.ProcessId;

    /// <summary>Where the gateways send to, and the peers.</summary>
    public abstract string Addresses { get; }

    /// <summary>What it told when its calls were closed: managed bytes, packets, collections.</summary>
    public long[] Told { get; protected set; } = [];

    /// <summary>Opens calls between a port of the gateways and one of the peers and says to which of its own they send: gateway, peer, gateway, peer, …</summary>
    public abstract Task<string> Open(int calls, int gatewayPort, int sipPort);

    /// <summary>Closes them all.</summary>
    public abstract Task Close();

    public virtual void Dispose()
    {
        GC.SuppressFinalize(this);
        if (process is null) return;
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        process.WaitForExit();
        process.Dispose();
    }

    /// <summary>Starts a program on a core of its own with real-time priority where the system allows it, so that the machine's other work does not count.</summary>
    public static Process Launch(int core, string prefix, string program, params string[] arguments)
    {
        var info = new ProcessStartInfo("sh") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        var pinned = RelayBench.IsPinned ? $"chrt -f {RelayBench.Priority} taskset -c {core} " : "";
        foreach (var part in (string[])["-c", $"ulimit -n $(ulimit -H -n); exec {prefix}{pinned}\"$0\" \"$@\"", program, .. arguments]) info.ArgumentList.Add(part);
        var process = Process.Start(info)!;
        process.ErrorDataReceived += static (_, e) =>
        {
            if (!string.IsNullOrEmpty(e.Data)) Console.Error.WriteLine(e.Data);
        };
        process.BeginErrorReadLine();
        return process;
    }
}

/// <summary>One that is told by lines: ours, or the floor.</summary>
internal sealed class LineTarget : RelayTarget
{
    private readonly Process _process;
    private readonly RelayStage _stage;

    private LineTarget(string name, Process process, RelayStage stage) : base(name, process)
    {
        (_process, _stage) = (process, stage);
        Addresses = stage.Relay is var (gateway, sip) ? $"{gateway} {sip}" : $"{Host} {Host}";
    }

    public override string Addresses { get; }

    public static async Task<LineTarget> Start(string name, RelayStage stage, params string[] command)
    {
        var process = Launch(1, stage.RelayPrefix, command[0], command[1..]);
        if (await process.StandardOutput.ReadLineAsync() != "ready") throw new InvalidOperationException($"{name} does not start");
        return new(name, process, stage);
    }

    public override async Task<string> Open(int calls, int gatewayPort, int sipPort) =>
        (await Ask(string.Create(CultureInfo.InvariantCulture, $"open {calls} {Addresses} {_stage.Ends.Gateway} {gatewayPort} {_stage.Ends.Sip} {sipPort}"), "ports"))["ports ".Length..];

    public override async Task Close() =>
        Told = [.. (await Ask("close", "closed")).Split(' ').Skip(1).Select(number => long.Parse(number, CultureInfo.InvariantCulture))];

    private async Task<string> Ask(string line, string answer)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
        return await _process.StandardOutput.ReadLineAsync() is { } said && said.StartsWith(answer, StringComparison.Ordinal)
            ? said
            : throw new InvalidOperationException($"{Name} does not answer to \"{line}\"");
    }
}

/// <summary>No relay: each end sends to the other. What is left when this is taken away is a relay's.</summary>
internal sealed class DirectTarget(RelayStage stage) : RelayTarget("direct", null)
{
    public override string Addresses => $"{stage.Direct.Gateway} {stage.Direct.Sip}";

    public override Task<string> Open(int calls, int gatewayPort, int sipPort) =>
        Task.FromResult(string.Join(' ', Enumerable.Repeat(string.Create(CultureInfo.InvariantCulture, $"{sipPort} {gatewayPort}"), calls)));

    public override Task Close() => Task.CompletedTask;
}
