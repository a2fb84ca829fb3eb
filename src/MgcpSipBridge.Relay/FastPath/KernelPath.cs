using System.Reflection;
using System.Runtime.InteropServices;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay;

/// <summary>
/// The program that forwards settled flows inside the kernel, at the ingress of every interface on which media may arrive, and its maps. Dies
/// with the process: everything then meets the sockets again. Used by all relay threads.
/// </summary>
internal sealed unsafe class KernelPath : IDisposable
{
    private const ulong FlowsMark = 0x4D47435031; // FLOWS, COUNTS and FLOWS6 in relay.bpf.c
    private const ulong CountsMark = 0x4D47435032;
    private const ulong Flows6Mark = 0x4D47435033;
    private const byte LoadImmediate = 0x18; // BPF_LD | BPF_IMM | BPF_DW: an instruction of two words
    private const int MapDescriptor = 1; // BPF_PSEUDO_MAP_FD

    private readonly int _flows;
    private readonly int _flows6;
    private readonly int _counts;
    private readonly int _program;
    private readonly KernelLinks _links;
    private readonly KernelCounts* _table;
    private readonly nuint _tableBytes;
    private readonly Queue<int> _free = new(); // in turn: a late packet of one flow must not be counted with the next
    private readonly Lock _lock = new();
    private readonly RouteLookup _routes;

    private KernelPath(RelaySettings settings)
    {
        var entries = 2 * settings.MaxSessions;
        _tableBytes = (nuint)entries * KernelCounts.Bytes;
        try
        {
            _flows = Opened(Bpf.CreateMap(Bpf.Hash, KernelEnds.IPv4Bytes, KernelEnds.IPv4Bytes + KernelRule.Bytes, entries, 0, "mgcpsip_flows"), "a map");
            _flows6 = Opened(Bpf.CreateMap(Bpf.Hash, KernelEnds.MostBytes, KernelEnds.MostBytes + KernelRule.Bytes, entries, Bpf.OnDemand, "mgcpsip_flows6"), "a map");
            _counts = Opened(Bpf.CreateMap(Bpf.Array, sizeof(int), KernelCounts.Bytes, entries, Bpf.Mappable, "mgcpsip_counts"), "a map");
            _program = Opened(Bpf.LoadProgram(Instructions(), "mgcpsip_relay", out var log), "the program", log);
            var table = Libc.Map(null, _tableBytes, Libc.ReadWrite, Libc.Shared, _counts, 0);
            if (table == Libc.MapFailed) throw new FastPathException($"The kernel does not share its counts: {Reason(Libc.LastError)}", Kind(Libc.LastError));
            _table = (KernelCounts*)table;
            _routes = new RouteLookup();
            _links = new KernelLinks(_program, settings);
            _links.Attach();
        }
        catch
        {
            Dispose();
            throw;
        }

        for (var i = 0; i < entries; i++) _free.Enqueue(i);
    }

    /// <summary>Whether the program stands anywhere.</summary>
    public bool IsOn => _links.Count > 0;

    /// <summary>At how many interfaces the program stands, and what is in its way at others.</summary>
    public FastPathState State => new(_links.Count, _links.Lack?.Reason) { Lack = _links.Lack?.Kind ?? FastPathLack.None, Losses = _links.Losses.Times, LostAt = _links.Losses.Where };

    /// <summary>Loads the program and attaches it.</summary>
    /// <exception cref="FastPathException">The kernel refuses; it says why.</exception>
    public static KernelPath Open(RelaySettings settings)
    {
        if (!NativePlane.IsPossible) throw new FastPathException("The fast path needs Linux on 64 bits.", FastPathLack.Kernel);
        return new KernelPath(settings);
    }

    /// <summary>Where the packets to an address leave, sent from one of ours; false when there is no way now.</summary>
    public bool TryRoute(NetAddress from, NetAddress to, byte trafficClass, out int interfaceIndex) => _routes.TryFind(from, to, trafficClass, out interfaceIndex);

    /// <summary>
    /// Puts the program back where it was taken away, and where interfaces have come. Tells whether that, routes or addresses have changed since this was
    /// asked last: ways found before may be wrong. Asked by one thread.
    /// </summary>
    public bool Look()
    {
        var changed = _routes.Changed();
        return _links.Mend(changed) || changed;
    }

    /// <summary>Has the kernel forward what comes between two ends, between two others of the same family; -1 when it does not, else where its counts are.</summary>
    public int Install(in KernelEnds ends, in KernelEnds to, KernelRule rule, in KernelCounts start)
    {
        int index;
        lock (_lock)
            if (!_free.TryDequeue(out index)) return -1;
        _table[index] = start;
        rule.Index = index;
        rule.IsLoopback = (byte)(rule.Interface == _links.Loopback ? 1 : 0);
        var key = stackalloc byte[KernelEnds.MostBytes];
        var flow = stackalloc byte[KernelEnds.MostBytes + KernelRule.Bytes];
        ends.Write(new(key, KernelEnds.MostBytes));
        *(KernelRule*)(flow + to.Write(new(flow, KernelEnds.MostBytes))) = rule;
        if (Bpf.Update(Flows(ends), key, flow)) return index;
        lock (_lock) _free.Enqueue(index);
        return -1;
    }

    /// <summary>What the kernel has counted.</summary>
    public KernelCounts Read(int index) => _table[index];

    /// <summary>Ends it. The counts can be read until <see cref="Release"/>; a packet that is on its way through the program may still be added.</summary>
    public void Remove(in KernelEnds ends)
    {
        var key = stackalloc byte[KernelEnds.MostBytes];
        ends.Write(new(key, KernelEnds.MostBytes));
        Bpf.Delete(Flows(ends), key);
    }

    /// <summary>Gives the place of the counts back.</summary>
    public void Release(int index)
    {
        lock (_lock) _free.Enqueue(index);
    }

    /// <summary>Takes the program away. Called once.</summary>
    public void Dispose()
    {
        _links?.Dispose();
        _routes?.Dispose();
        if (_table is not null) _ = Libc.Unmap(_table, _tableBytes);
        foreach (var fd in (int[])[_program, _counts, _flows, _flows6])
            if (fd > 0)
                _ = Libc.Close(fd);
    }

    private int Flows(in KernelEnds ends) => ends.IsIPv4 ? _flows : _flows6;

    // The program as build.sh left it, its two marks replaced by the maps.
    private ulong[] Instructions()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("relay.bpf")!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        var code = MemoryMarshal.Cast<byte, ulong>(bytes).ToArray();
        for (var i = 0; i + 1 < code.Length; i++)
        {
            if ((byte)code[i] != LoadImmediate) continue;
            var value = (code[i] >> 32) | (code[i + 1] & 0xFFFF_FFFF_0000_0000);
            var map = value == FlowsMark ? _flows : value == Flows6Mark ? _flows6 : value == CountsMark ? _counts : -1;
            if (map >= 0)
            {
                // Code and destination register stay; the source register says what the value is.
                code[i] = (code[i] & 0x0FFF) | (MapDescriptor << 12) | ((ulong)map << 32);
                code[i + 1] = 0;
            }

            i++;
        }

        return code;
    }

    private static int Opened(int fd, string what, string? log = null) =>
        fd >= 0 ? fd : throw new FastPathException($"The kernel does not take {what}: {Reason(-fd)}{(string.IsNullOrEmpty(log) ? "" : "; " + log)}", Kind(-fd));

    private static FastPathLack Kind(int error) => error == Libc.NotPermitted ? FastPathLack.NotPermitted : FastPathLack.Kernel;

    /// <summary>What an error number means here.</summary>
    public static string Reason(int error) => error switch
    {
        Libc.NotPermitted => "it needs CAP_BPF and CAP_NET_ADMIN (EPERM)",
        Libc.Invalid => "it needs Linux 6.6 (EINVAL)",
        _ => Marshal.GetPInvokeErrorMessage(error),
    };
}

/// <summary>The kernel refuses the fast path, and why.</summary>
internal sealed class FastPathException(string message, FastPathLack lack) : Exception(message)
{
    /// <summary>What kind of reason it is.</summary>
    public FastPathLack Lack { get; } = lack;
}
