using System.Buffers.Binary;
using System.Runtime.InteropServices;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay;

/// <summary>The two ends of a packet as they stand on the wire (<c>struct ends</c>): addresses and ports in network order.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct KernelEnds
{
    private readonly uint _source;
    private readonly uint _destination;
    private readonly ushort _sourcePort;
    private readonly ushort _destinationPort;

    /// <summary>From one IPv4 address to another.</summary>
    public KernelEnds(NetAddress source, NetAddress destination)
    {
        _source = BinaryPrimitives.ReverseEndianness((uint)source.Address);
        _destination = BinaryPrimitives.ReverseEndianness((uint)destination.Address);
        _sourcePort = BinaryPrimitives.ReverseEndianness(source.Port);
        _destinationPort = BinaryPrimitives.ReverseEndianness(destination.Port);
    }
}

/// <summary>What the kernel does with the packets of one direction (<c>struct flow</c>).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KernelFlow
{
    public KernelEnds To;
    public int Interface;
    public int Index;
    public uint Ssrc;
    public uint IntervalNanoseconds;
    public ushort MaxLength;
    public byte Payload;
    public byte OtherPayload;
    public byte TrafficClass;
    public byte IsLoopback;
    public ushort Unused;
}

/// <summary>What the kernel counted of one direction (<c>struct counts</c>); it goes on while it is read.</summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
internal struct KernelCounts
{
    public const int Bytes = 128;

    public long Packets, PayloadBytes, LastNanoseconds;
    public ulong DueNanoseconds;
    public ulong Seen;
    public long Duplicates, Reordered;
    public uint Highest, Transit, Timestamp;
    public uint Jitter;
    public uint Failed, Limited, Started;
}
