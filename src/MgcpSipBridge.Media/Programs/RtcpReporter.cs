using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>Our own reports to an end, as long as it hears what we say ourselves, or nobody else hears what it says (RFC 3550 §6.2: five seconds apart, more or less by chance).</summary>
internal sealed class RtcpReporter(ProgramSide side, RtcpLedger ledger, Entropy entropy)
{
    private const int MostBytes = 128;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private string? _name;

    /// <summary>When the next is due; Never while none is.</summary>
    public Instant NextDeadline { get; private set; } = Instant.Never;

    /// <summary>Whether reports must be ours now.</summary>
    public void Follow(bool reports, Instant now)
    {
        // §6.3.1: the first comes after half the time.
        if (!reports) NextDeadline = Instant.Never;
        else if (NextDeadline == Instant.Never) NextDeadline = now + (Interval * (0.25 + (0.5 * entropy.NextDouble())));
    }

    /// <summary>Reports when it is due.</summary>
    public void Tick(Instant now, MediaOutput output)
    {
        if (now < NextDeadline) return;
        NextDeadline = now + (Interval * (0.5 + entropy.NextDouble()));
        var room = output.Room(MostBytes);
        var stream = side.Stream;
        if (room.IsEmpty || !stream.HasBegun) return;
        _name ??= entropy.Hex(24); // RFC 7022 §4.2: by chance, of 96 bits
        Span<RtcpReportBlock> block = stackalloc RtcpReportBlock[1];
        var blocks = ledger.TryReport(now, out block[0]) ? block : [];
        var writer = new RtcpWriter(room);
        if (side.Speaker.IsSpeaking)
        {
            var ntp = RtcpWriter.Ntp(now);
            writer.TrySenderReport(stream.Ssrc, ntp, stream.TimestampAt(now), stream.Packets, stream.Octets, blocks);
            ledger.Sent(ntp, now);
        }
        else
        {
            writer.TryReceiverReport(stream.Ssrc, blocks);
        }

        writer.TryCanonicalName(stream.Ssrc, _name);
        output.Add(side.Side, isRtcp: true, writer.Length);
    }
}
