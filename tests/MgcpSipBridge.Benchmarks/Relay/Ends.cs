using System.Diagnostics;
using System.Globalization;

namespace MgcpSipBridge.Benchmarks.Relay;

/// <summary>What one run showed: packets, the relay's processor time and the delay it added.</summary>
internal sealed record RelayResult(long Sent, long Received, long Foreign, long Disorder, long CpuNanoseconds, double P50, double P99, double P999, double Most, long OwnNanoseconds)
{
    /// <summary>Processor time per packet in microseconds.</summary>
    public double CpuPerPacket => Received == 0 ? double.NaN : CpuNanoseconds / 1e3 / Received;

    /// <summary>The same with that of the ends, in which is the kernel's work on what it passes on without waking the relay.</summary>
    public double AllPerPacket => Received == 0 ? double.NaN : (CpuNanoseconds + OwnNanoseconds) / 1e3 / Received;

    public long Lost => Sent - Received;
}

/// <summary>All gateways and all peers: the program ends.c in a process of its own.</summary>
internal sealed class Ends : IDisposable
{
    private readonly Process _process;

    private Ends(Process process) => _process = process;

    public int GatewayPort { get; private set; }

    public int SipPort { get; private set; }

    public static async Task<Ends> Start(string program, params string[] arguments)
    {
        var ends = new Ends(RelayTarget.Launch(0, "", program, arguments));
        if ((await ends._process.StandardOutput.ReadLineAsync())?.Split(' ') is not ["ready", var gateway, var sip]) throw new InvalidOperationException("the ends do not start");
        (ends.GatewayPort, ends.SipPort) = (int.Parse(gateway, CultureInfo.InvariantCulture), int.Parse(sip, CultureInfo.InvariantCulture));
        return ends;
    }

    /// <summary>Beside all calls, sends so much garbage a second to a port; 0: no more.</summary>
    public Task Flood(int rate, string port) => _process.StandardInput.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"flood {rate} {port}"));

    /// <summary>Sends both ways through the ports for a while.</summary>
    public async Task<RelayResult> Run(int pid, int milliseconds, int tick, int calls, string addresses, string ports)
    {
        await _process.StandardInput.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"run {pid} 500 {milliseconds} {tick} {calls} {addresses} {ports}"));
        await _process.StandardInput.FlushAsync();
        var numbers = (await _process.StandardOutput.ReadLineAsync())?.Split(' ').Skip(1).Select(n => long.Parse(n, CultureInfo.InvariantCulture)).ToArray();
        return numbers is [var sent, var received, var foreign, var disorder, var cpu, var p50, var p99, var p999, var most, var own]
            ? new(sent, received, foreign, disorder, cpu, p50 / 1e3, p99 / 1e3, p999 / 1e3, most / 1e3, own)
            : throw new InvalidOperationException("the ends do not answer");
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
