using System.Net;
using System.Net.Sockets;

namespace MgcpSipBridge.Relay.Tests;

/// <summary>Tests that every plane must pass: a class for each derives from the class that holds them.</summary>
public abstract class BothPlanes
{
    private readonly RelayEngine _engine;
    private readonly RelayFastPath _fastPath;
    private readonly IPAddress? _home;

    /// <param name="engine">The plane.</param>
    /// <param name="fastPath">Whether the kernel passes settled flows on by itself.</param>
    /// <param name="home">Where beds are; null: on addresses of their own.</param>
    protected BothPlanes(RelayEngine engine, RelayFastPath fastPath = RelayFastPath.Off, IPAddress? home = null)
    {
        Assert.SkipUnless(home is null || Socket.OSSupportsIPv6, "no IPv6 on this machine");
        Assert.SkipUnless(engine != RelayEngine.Native || OperatingSystem.IsLinux(), "the native plane is Linux's");
        if (fastPath != RelayFastPath.Off) FastPathTests.SkipUnlessPossible();
        (_engine, _fastPath, _home) = (engine, fastPath, home);
    }

    protected RelayBed Bed(int pairs = 8, IPAddress? address = null, Func<RelaySettings, RelaySettings>? adjust = null, SoundLibrary? sounds = null)
    {
        // Two threads, so that sessions of one relay meet on different ones.
        address ??= _home;
        var bed = new RelayBed(address is null ? pairs : Math.Max(pairs, 1000), address, settings => (adjust?.Invoke(settings) ?? settings) with { Engine = _engine, Threads = 2, FastPath = _fastPath }, sounds);
        Assert.Equal(_engine, bed.Relay.Engine);
        Assert.Equal(_engine == RelayEngine.Native ? 2 : 0, bed.Relay.Threads);
        return bed;
    }
}
