using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Shards;
using MgcpSipBridge.Media;

namespace MgcpSipBridge.Host.Observability.Wire;

/// <summary>
/// A call's messages as a capture file. Addresses, ports and times are those of the wire; what went over TCP or TLS stands in datagrams, too, a message
/// in each.
/// </summary>
internal static class CaptureFile
{
    /// <summary>The type of such files.</summary>
    public const string ContentType = "application/vnd.tcpdump.pcap";

    /// <summary>The file.</summary>
    public static byte[] Write(CaptureView capture, WireEnds ends, MonotonicClock clock)
    {
        using var file = new MemoryStream();
        Span<byte> head = stackalloc byte[Pcap.MostPacketHead];
        Pcap.WriteFileHead(head);
        file.Write(head[..Pcap.FileHead]);
        foreach (var message in capture.Messages)
        {
            var (from, to) = ends.Of(message);
            var payload = message.Bytes.Span;
            var length = Pcap.WritePacketHead(head, from, to, clock.ToUtc(message.At), ref payload);
            file.Write(head[..length]);
            file.Write(payload);
        }

        return file.ToArray();
    }
}
