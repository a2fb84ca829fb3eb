using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay;

/// <summary>
/// Hands the settled flows of one relay thread to the kernel and takes over what it counted. The sessions' decisions stay what they are: the
/// kernel's flows are a copy of them, taken away before anything of a session changes.
/// </summary>
internal sealed class FastLane(KernelPath kernel, PlaneContext context, RelayTally tally)
{
    private const int MostStrays = 16; // packets of a flow that were on their way to the socket when the kernel took it over
    private const int MostReturns = 8; // flows that keep coming back to the socket, or have no way, stay there
    private const int JitterScale = 16; // the kernel keeps 16 times the jitter (RFC 3550 A.8)

    /// <summary>Takes over what the kernel has counted of a port's flow; before the session judges a packet of that port.</summary>
    public void Settle(NativePort port, Instant now)
    {
        if (port.Flow is not { } flow) return;
        var counts = kernel.Read(flow.Index);
        var before = flow.Counted;
        flow.Counted = counts;
        var packets = counts.Packets - before.Packets;
        var refused = counts.Limited - before.Limited;
        if (packets == 0 && refused == 0) return;
        port.Session.Decisions.Carried(
            port.Side,
            new(
                packets,
                (ushort)counts.Highest,
                counts.Seen,
                counts.Duplicates - before.Duplicates,
                counts.Reordered - before.Reordered,
                TimeSpan.FromSeconds(counts.Jitter / (double)JitterScale / G711.SampleRate),
                refused),
            now);
        tally.CountKernel(port.Side, packets);
        tally.CountDropped(RelayDrop.RateLimited, refused);
    }

    /// <summary>A packet of a port has been relayed by us: it may have completed a flow, or the kernel did not want it.</summary>
    public unsafe void Relayed(NativePort port, byte* datagram, Instant now)
    {
        if (port.Flow is { } flow)
        {
            var isSource = *(uint*)(datagram + 8) == flow.Ssrc;
            var isSpeech = (datagram[1] & 0x7F) is var type && (type == flow.Payload || type == flow.OtherPayload);
            if (isSource && (!isSpeech || ++flow.Strays <= MostStrays)) return;
            Withdraw(port, now);
            port.FlowReturns++;
            return;
        }

        if (!kernel.IsOn || port.FlowReturns > MostReturns || port.Twin < 0 || port.Opposite.Twin < 0 || !port.Session.Decisions.TryGetFlow(port.Side, out var settled)) return;
        // Before anything is asked of the system: this is passed by every packet of a call that stays at the socket.
        if (!IsPossible(settled.Source, settled.Destination)) return;
        // What already waits at the socket would arrive behind what the kernel passes on.
        if (settled.Source != port.TwinEnd || settled.Destination != port.Opposite.TwinEnd || port.HasUnread()) return;
        var (here, there) = (port.Local, port.Opposite.Local);
        if (here.IsNone || there.IsNone) return;
        if (!kernel.TryRoute(there, settled.Destination, context.Settings.TrafficClass, out var card))
        {
            port.FlowReturns++;
            return;
        }

        Install(port, settled, here, there, card);
    }

    /// <summary>Takes a port's flow back: from now on every packet meets the socket.</summary>
    public void Withdraw(NativePort port, Instant now)
    {
        if (port.Flow is not { } flow) return;
        kernel.Remove(flow.Ends);
        Settle(port, now);
        kernel.Release(flow.Index);
        port.Flow = null;
        tally.CountFlows(-1);
    }

    // The kernel changes addresses, not the family; and link-local ones need to know by which interface.
    private static bool IsPossible(NetAddress source, NetAddress destination) =>
        source.IsIPv4 == destination.IsIPv4 && (source.IsIPv4 || !(IsLinkLocal(source) || IsLinkLocal(destination)));

    private static bool IsLinkLocal(NetAddress address) => address.Address >> 118 == 0xFE80 >> 6; // fe80::/10 (RFC 4291 §2.5.6)

    private void Install(NativePort port, in RelayFlow settled, NetAddress here, NetAddress there, int card)
    {
        var settings = context.Settings;
        var ends = new KernelEnds(settled.Source, here);
        var rule = new KernelRule
        {
            Interface = card,
            Ssrc = System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(settled.Ssrc),
            IntervalNanoseconds = (uint)(1_000_000_000 / settings.RtpPerSecond),
            MaxLength = (ushort)Math.Min(settings.MaxPacketBytes, ushort.MaxValue),
            Payload = settled.PayloadType,
            OtherPayload = settled.OtherPayloadType,
            TrafficClass = settings.TrafficClass,
        };
        var start = new KernelCounts
        {
            Highest = settled.Highest,
            Seen = settled.Recent,
            Jitter = (uint)(settled.Jitter.TotalSeconds * G711.SampleRate * JitterScale),
        };
        var index = kernel.Install(ends, new KernelEnds(there, settled.Destination), rule, start);
        if (index < 0)
        {
            port.FlowReturns++;
            return;
        }

        port.Flow = new(index, ends, rule.Ssrc, rule.Payload, rule.OtherPayload) { Counted = start };
        tally.CountFlows(1);
    }
}

/// <summary>A flow of a port that the kernel passes on.</summary>
internal sealed class PortFlow(int index, KernelEnds ends, uint ssrc, byte payload, byte otherPayload)
{
    /// <summary>Where the kernel's counts are.</summary>
    public int Index { get; } = index;

    /// <summary>Under which the kernel finds it.</summary>
    public KernelEnds Ends { get; } = ends;

    /// <summary>As on the wire.</summary>
    public uint Ssrc { get; } = ssrc;

    public byte Payload { get; } = payload;

    public byte OtherPayload { get; } = otherPayload;

    /// <summary>What has been taken over of the counts.</summary>
    public KernelCounts Counted { get; set; }

    /// <summary>Packets of it that met the socket.</summary>
    public int Strays { get; set; }
}
