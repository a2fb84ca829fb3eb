using System.Buffers.Binary;
using System.Runtime.InteropServices;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay;

/// <summary>The two ends of a packet, of one family; on the wire <c>struct ends</c> or <c>struct ends6</c>: addresses and ports in network order.</summary>
internal readonly record struct KernelEnds(NetAddress Source, NetAddress Destination)
{
    /// <summary>Bytes of the longer of the two.</summary>
    public const int MostBytes = 36;

    /// <summary>Bytes of IPv4.</summary>
    public const int IPv4Bytes = 12;

    /// <summary>Whether both are IPv4.</summary>
    public bool IsIPv4 => Source.IsIPv4;

    /// <summary>Writes them as they stand in a packet; how many bytes that takes.</summary>
    public int Write(Span<byte> to)
    {
        var ports = IsIPv4 ? 8 : 32;
        if (IsIPv4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(to, (uint)Source.Address);
            BinaryPrimitives.WriteUInt32BigEndian(to[4..], (uint)Destination.Address);
        }
        else
        {
            BinaryPrimitives.WriteUInt128BigEndian(to, Source.Address);
            BinaryPrimitives.WriteUInt128BigEndian(to[16..], Destination.Address);
        }

        BinaryPrimitives.WriteUInt16BigEndian(to[ports..], Source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(to[(ports + 2)..], Destination.Port);
        return ports + 4;
    }
}

/// <summary>What the kernel does with the packets of one direction (<c>struct rule</c>), beside giving them new ends.</summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
internal struct KernelRule
{
    public const int Bytes = 24;

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
