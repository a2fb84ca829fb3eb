using System.Net;

namespace MgcpSipBridge.Relay.Tests;

/// <summary>Tests that every plane must pass: a class for each derives from the class that holds them.</summary>
public abstract class BothPlanes
{
    private readonly RelayEngine _engine;
    private readonly RelayFastPath _fastPath;

    protected BothPlanes(RelayEngine engine, RelayFastPath fastPath = RelayFastPath.Off)
    {
        Assert.SkipUnless(engine != RelayEngine.Native || OperatingSystem.IsLinux(), "the native plane is Linux's");
        if (fastPath != RelayFastPath.Off) FastPathTests.SkipUnlessPossible();
        (_engine, _fastPath) = (engine, fastPath);
    }

    protected RelayBed Bed(int pairs = 8, IPAddress? address = null, Func<RelaySettings, RelaySettings>? adjust = null, SoundLibrary? sounds = null)
    {
        // Two threads, so that sessions of one relay meet on different ones.
        var bed = new RelayBed(pairs, address, settings => (adjust?.Invoke(settings) ?? settings) with { Engine = _engine, Threads = 2, FastPath = _fastPath }, sounds);
        Assert.Equal(_engine, bed.Relay.Engine);
        Assert.Equal(_engine == RelayEngine.Native ? 2 : 0, bed.Relay.Threads);
        return bed;
    }
}
