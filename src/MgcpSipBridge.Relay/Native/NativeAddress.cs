using System.Buffers.Binary;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay;

/// <summary>Between <see cref="NetAddress"/> and the kernel's socket address (<c>sockaddr_in</c>, <c>sockaddr_in6</c>).</summary>
internal static class NativeAddress
{
    /// <summary>Bytes of the longer of the two.</summary>
    public const int Bytes = 28;

    private const int IPv4Bytes = 16;

    /// <summary>Reads an address that a receive filled in; None for a family that is neither IPv4 nor IPv6.</summary>
    public static NetAddress Read(ReadOnlySpan<byte> address)
    {
        var port = BinaryPrimitives.ReadUInt16BigEndian(address[2..]);
        return BitConverter.ToUInt16(address) switch
        {
            Libc.InterNetwork => NetAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(address[4..]), port),
            Libc.InterNetworkV6 => new NetAddress(BinaryPrimitives.ReadUInt128BigEndian(address[8..]), port),
            _ => NetAddress.None,
        };
    }

    /// <summary>
    /// Writes the address under which a socket of a family reaches a destination and says how long it is; 0 when it cannot: IPv6 from IPv4.
    /// IPv4 is reached from IPv6 in its mapped form, which a socket that is not dual refuses.
    /// </summary>
    public static uint Write(NetAddress address, int family, Span<byte> destination)
    {
        if (family == Libc.InterNetwork && !address.IsIPv4) return 0;
        destination[..Bytes].Clear();
        BitConverter.TryWriteBytes(destination, (ushort)family);
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], address.Port);
        if (family == Libc.InterNetwork) BinaryPrimitives.WriteUInt32BigEndian(destination[4..], (uint)address.Address);
        else BinaryPrimitives.WriteUInt128BigEndian(destination[8..], address.Address);
        return family == Libc.InterNetwork ? (uint)IPv4Bytes : Bytes;
    }
}
