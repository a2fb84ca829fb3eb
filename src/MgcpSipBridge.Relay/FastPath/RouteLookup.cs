using System.Buffers.Binary;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay;

/// <summary>Asks the kernel's routing (rtnetlink(7)) by which interface a packet leaves, and hears when the answer may have changed.</summary>
internal sealed unsafe class RouteLookup : IDisposable
{
    private const int NetlinkRoute = 0; // NETLINK_ROUTE
    private const uint Groups = 0x1 | 0x10 | 0x40 | 0x100 | 0x400; // RTMGRP_LINK, RTMGRP_IPV4_IFADDR, _ROUTE, RTMGRP_IPV6_IFADDR, _ROUTE
    private const ushort GetRoute = 26; // RTM_GETROUTE
    private const ushort NewRoute = 24; // RTM_NEWROUTE
    private const ushort Request = 1; // NLM_F_REQUEST
    private const ushort Destination = 1; // RTA_DST
    private const ushort Source = 2; // RTA_SRC
    private const ushort OutInterface = 4; // RTA_OIF
    private const int HeaderBytes = 16; // struct nlmsghdr
    private const int RouteBytes = 12; // struct rtmsg
    private const int RouteType = 7; // in it
    private const int Unicast = 1; // RTN_UNICAST
    private const int Local = 2; // RTN_LOCAL
    private const int AttributeHeaderBytes = 4;
    private const int AnswerBytes = 4096;

    private readonly Lock _lock = new();
    private readonly int _questions;
    private readonly int _changes;

    /// <summary>Opens both sockets.</summary>
    /// <exception cref="FastPathException">The system refuses.</exception>
    public RouteLookup()
    {
        _questions = Open(0);
        _changes = Open(Groups);
        if (_questions >= 0 && _changes >= 0) return;
        Dispose();
        throw new FastPathException("The kernel does not tell its routes.", FastPathLack.Kernel);
    }

    /// <summary>The interface by which packets leave; false when there is none.</summary>
    public bool TryFind(NetAddress from, NetAddress to, byte trafficClass, out int interfaceIndex)
    {
        interfaceIndex = 0;
        var addressBytes = to.IsIPv4 ? 4 : 16;
        var attributeBytes = AttributeHeaderBytes + addressBytes;
        Span<byte> question = stackalloc byte[HeaderBytes + RouteBytes + (2 * (AttributeHeaderBytes + 16))];
        question = question[..(HeaderBytes + RouteBytes + (2 * attributeBytes))];
        question.Clear();
        BitConverter.TryWriteBytes(question, question.Length);
        BitConverter.TryWriteBytes(question[4..], GetRoute);
        BitConverter.TryWriteBytes(question[6..], Request);
        var route = question[HeaderBytes..];
        (route[0], route[1], route[2], route[3]) = ((byte)(to.IsIPv4 ? Libc.InterNetwork : Libc.InterNetworkV6), (byte)(8 * addressBytes), (byte)(8 * addressBytes), (byte)(trafficClass & ~3));
        WriteAddress(route[RouteBytes..], Destination, to);
        WriteAddress(route[(RouteBytes + attributeBytes)..], Source, from);
        Span<byte> answer = stackalloc byte[AnswerBytes];
        lock (_lock)
        {
            fixed (byte* bytes = question)
                if (Libc.Send(_questions, bytes, (nuint)question.Length, 0) != question.Length) return false;
            // The kernel answers before send returns.
            fixed (byte* bytes = answer)
            {
                var length = Libc.Receive(_questions, bytes, AnswerBytes, 0);
                if (length < HeaderBytes + RouteBytes) return false;
                answer = answer[..(int)length];
            }
        }

        return BitConverter.ToUInt16(answer[4..]) == NewRoute && answer[HeaderBytes + RouteType] is Unicast or Local && TryReadInterface(answer[(HeaderBytes + RouteBytes)..], out interfaceIndex);
    }

    /// <summary>Whether anything about routes, addresses or interfaces has changed since the last time.</summary>
    public bool Changed()
    {
        var changed = false;
        var news = stackalloc byte[AnswerBytes];
        // Too much news at once is news as well (ENOBUFS), told once.
        while (Libc.Receive(_changes, news, AnswerBytes, 0) >= 0 || Libc.LastError == Libc.NoBuffers) changed = true;
        return changed;
    }

    /// <summary>Closes the sockets.</summary>
    public void Dispose()
    {
        if (_questions >= 0) _ = Libc.Close(_questions);
        if (_changes >= 0) _ = Libc.Close(_changes);
    }

    private static int Open(uint groups)
    {
        var fd = Libc.Socket(Libc.Netlink, Libc.Raw | Libc.NonBlocking | Libc.CloseOnExec, NetlinkRoute);
        if (fd < 0) return fd;
        // struct sockaddr_nl: family, padding, port (0: the kernel's choice), groups.
        var address = stackalloc uint[3];
        (address[0], address[1], address[2]) = (Libc.Netlink, 0, groups);
        if (Libc.Bind(fd, (byte*)address, 3 * sizeof(uint)) == 0) return fd;
        _ = Libc.Close(fd);
        return -1;
    }

    private static void WriteAddress(Span<byte> attribute, ushort type, NetAddress address)
    {
        BitConverter.TryWriteBytes(attribute, (ushort)(AttributeHeaderBytes + (address.IsIPv4 ? 4 : 16)));
        BitConverter.TryWriteBytes(attribute[2..], type);
        if (address.IsIPv4) BinaryPrimitives.WriteUInt32BigEndian(attribute[AttributeHeaderBytes..], (uint)address.Address);
        else BinaryPrimitives.WriteUInt128BigEndian(attribute[AttributeHeaderBytes..], address.Address);
    }

    private static bool TryReadInterface(ReadOnlySpan<byte> attributes, out int interfaceIndex)
    {
        interfaceIndex = 0;
        while (attributes.Length >= AttributeHeaderBytes + sizeof(int))
        {
            int length = BitConverter.ToUInt16(attributes);
            if (length < 4 || length > attributes.Length) return false;
            if (BitConverter.ToUInt16(attributes[2..]) == OutInterface)
            {
                interfaceIndex = BitConverter.ToInt32(attributes[4..]);
                return interfaceIndex > 0;
            }

            attributes = attributes[Math.Min(attributes.Length, (length + 3) & ~3)..];
        }

        return false;
    }
}
