using System.Diagnostics;
using System.Globalization;
using MgcpSipBridge.Interop;

namespace MgcpSipBridge.Benchmarks.Relay;

/// <summary>A relay that is put under load.</summary>
internal abstract class RelayTarget(string name, Process process) : IDisposable
{
    /// <summary>Which.</summary>
    public string Name { get; } = name;

    /// <summary>Where it is bound.</summary>
    public LoopbackHost Host { get; } = LoopbackHost.Claim();

    /// <summary>Its process.</summary>
    public int Pid => process.Id;

    /// <summary>What it told when its calls were closed: managed bytes, packets, collections.</summary>
    public long[] Told { get; protected set; } = [];

    /// <summary>Opens calls between two ports of 127.0.0.1 and says to which of its own they send: gateway, peer, gateway, peer, …</summary>
    public abstract Task<string> Open(int calls, int gatewayPort, int sipPort);

    /// <summary>Closes them all.</summary>
    public abstract Task Close();

    public virtual void Dispose()
    {
        GC.SuppressFinalize(this);
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        process.WaitForExit();
        process.Dispose();
    }

    /// <summary>Starts a program on a core of its own with real-time priority where the system allows it, so that the machine's other work does not count.</summary>
    public static Process Launch(int core, string program, params string[] arguments)
    {
        var info = new ProcessStartInfo("sh") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        var pinned = RelayBench.IsPinned ? $"chrt -f {RelayBench.Priority} taskset -c {core} " : "";
        foreach (var part in (string[])["-c", $"ulimit -n $(ulimit -H -n); exec {pinned}\"$0\" \"$@\"", program, .. arguments]) info.ArgumentList.Add(part);
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

    private LineTarget(string name, Process process) : base(name, process) => _process = process;

    public static async Task<LineTarget> Start(string name, params string[] command)
    {
        var process = Launch(1, command[0], command[1..]);
        if (await process.StandardOutput.ReadLineAsync() != "ready") throw new InvalidOperationException($"{name} does not start");
        return new(name, process);
    }

    public override async Task<string> Open(int calls, int gatewayPort, int sipPort) =>
        (await Ask(string.Create(CultureInfo.InvariantCulture, $"open {calls} {Host} {gatewayPort} {sipPort}"), "ports"))["ports ".Length..];

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
