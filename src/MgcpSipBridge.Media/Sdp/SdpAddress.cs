using System.Net;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>The address of an o=, c= or a=rtcp line.</summary>
internal static class SdpAddress
{
    /// <summary>
    /// Reads a unicast address; None for a name and for a multicast group (<c>224.2.1.1/127</c>). Brackets around IPv6, which some
    /// gateways write, are taken off.
    /// </summary>
    public static NetAddress Read(ReadOnlySpan<byte> text, int port)
    {
        var slash = text.IndexOf((byte)'/');
        if (slash >= 0) text = text[..slash];
        if (text is [(byte)'[', .. var inner, (byte)']']) text = inner;
        if (!text.Contains((byte)':')) return TryReadIPv4(text, out var number) && number >> 28 != 0xE ? NetAddress.FromIPv4(number, (ushort)port) : NetAddress.None;

        // A zone (%eth0) means something only on the machine that wrote it.
        if (text.Length > 45 || text.Contains((byte)'%') || text.ContainsAny((byte)'[', (byte)']')) return NetAddress.None;
        if (!IPAddress.TryParse(text, out var address)) return NetAddress.None;
        var read = NetAddress.From(address, port);
        var multicast = read.IsIPv4 ? ((uint)read.Address >> 28) == 0xE : (byte)(read.Address >> 120) == 0xFF;
        return multicast ? NetAddress.None : read;
    }

    // Decimal whatever the zeros in front: the platform's reader takes 010 for octal, gateways that pad with zeros mean ten.
    private static bool TryReadIPv4(ReadOnlySpan<byte> text, out uint address)
    {
        address = 0;
        var part = 0u;
        var digits = 0;
        var parts = 1;
        foreach (var c in text)
        {
            if (c == '.')
            {
                if (digits == 0 || ++parts > 4) return false;
                address = (address << 8) | part;
                part = 0;
                digits = 0;
            }
            else
            {
                if (c is < (byte)'0' or > (byte)'9' || ++digits > 3) return false;
                part = (part * 10) + c - '0';
                if (part > 255) return false;
            }
        }

        address = (address << 8) | part;
        return parts == 4 && digits > 0;
    }
}
