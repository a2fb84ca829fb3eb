using System.Buffers.Binary;

namespace MgcpSipBridge.Media;

/// <summary>
/// Reports of one end for the other where numbers differ between what was sent and what left (RFC 3550 §7.2): a sender report gets our source,
/// timestamp and counts, a report block the numbers that its sender used. What concerns only what we played stays here.
/// </summary>
internal static class RtcpTranslator
{
    /// <summary>Passes a compound on, as far as it means anything to the receiver.</summary>
    public static void Pass(ProgramSide near, ProgramSide far, ReadOnlySpan<byte> compound, MediaOutput output)
    {
        if (IsPlain(near) && IsPlain(far))
        {
            var copy = output.Room(compound.Length);
            if (copy.IsEmpty) return;
            compound.CopyTo(copy);
            output.Add(far.Side, isRtcp: true, compound.Length);
            return;
        }

        // The receiver hears us now: it gets reports of our own.
        if (far.Speaker.IsSpeaking) return;
        var room = output.Room(compound.Length);
        if (room.IsEmpty) return;
        var writer = new RtcpWriter(room);
        var reader = new RtcpReader(compound);
        Span<RtcpReportBlock> blocks = stackalloc RtcpReportBlock[31];
        while (reader.TryRead(out var packet, out _))
        {
            // An end of which nothing was passed yet is known by its own name.
            var name = far.Stream.HasBegun ? far.Stream.Ssrc : packet.Ssrc;
            switch (packet.Type)
            {
                case RtcpType.SenderReport:
                    writer.TrySenderReport(
                        name,
                        BinaryPrimitives.ReadUInt64BigEndian(packet.Body[4..]),
                        far.Outlet.Timestamp(BinaryPrimitives.ReadUInt32BigEndian(packet.Body[12..])),
                        far.Stream.Packets,
                        far.Stream.Octets,
                        blocks[..Blocks(near, packet, blocks)]);
                    break;
                case RtcpType.ReceiverReport:
                    writer.TryReceiverReport(name, blocks[..Blocks(near, packet, blocks)]);
                    break;
                case RtcpType.SourceDescription when packet.Count == 1:
                    writer.TryCopy(packet, name);
                    break;
                    // A source that says good-bye does so to us; the stream towards the receiver goes on. What applications say names sources that are
                    // not there.
            }
        }

        if (writer.Length > 0) output.Add(far.Side, isRtcp: true, writer.Length);
    }

    private static bool IsPlain(ProgramSide side) => side.Outlet.IsTransparent && !side.Speaker.IsSpeaking;

    /// <summary>The blocks of a report about what its sender hears, as the one who said it knows it.</summary>
    private static int Blocks(ProgramSide near, in RtcpPacket packet, Span<RtcpReportBlock> blocks)
    {
        var count = 0;
        if (near.Speaker.IsSpeaking || !near.Outlet.TrySource(out var source)) return 0;
        for (var i = 0; i < packet.Count; i++)
        {
            var block = packet.ReportBlock(i);
            if (block.Ssrc != near.Stream.Ssrc) continue;
            blocks[count++] = block with { Ssrc = source, HighestSequence = near.Outlet.SequenceBefore(block.HighestSequence) };
        }

        return count;
    }
}
