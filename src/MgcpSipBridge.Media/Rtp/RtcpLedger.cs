using System.Buffers.Binary;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>What RTCP tells of one end: how it receives, how far away it is (RFC 3550 §6.4.1), and what we have to tell it.</summary>
internal sealed class RtcpLedger(RtpReceiverStatistics received)
{
    private const int Kept = 4; // sender reports that an answer may name
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private readonly (uint Middle, Instant At)[] _sent = new (uint, Instant)[Kept];
    private int _next;
    private uint _lastReport; // of this end, by its middle bits
    private Instant _lastReportAt;
    private long _expectedBefore;
    private long _lostBefore;

    /// <summary>To it and back, without the time that it took to answer; zero when it has not been measured.</summary>
    public TimeSpan RoundTrip { get; private set; }

    /// <summary>Packets that it says it has lost; may be negative where some came twice.</summary>
    public long ReportedLost { get; private set; }

    /// <summary>The jitter that it says it has seen.</summary>
    public TimeSpan ReportedJitter { get; private set; }

    /// <summary>A sender report is on its way to this end, whoever wrote it.</summary>
    public void Sent(ulong ntp, Instant now)
    {
        _sent[_next] = (RtcpWriter.Middle(ntp), now);
        _next = (_next + 1) % Kept;
    }

    /// <summary>Takes a compound from this end, one that <see cref="RtcpReader.Validate"/> found good; its sender reports go on to another.</summary>
    public void Take(ReadOnlySpan<byte> compound, RtcpLedger? onTo, Instant now)
    {
        var reader = new RtcpReader(compound);
        while (reader.TryRead(out var packet, out _))
        {
            if (packet.Type is not (RtcpType.SenderReport or RtcpType.ReceiverReport)) continue;
            if (packet.Type == RtcpType.SenderReport)
            {
                var ntp = BinaryPrimitives.ReadUInt64BigEndian(packet.Body[4..]);
                (_lastReport, _lastReportAt) = (RtcpWriter.Middle(ntp), now);
                onTo?.Sent(ntp, now);
            }

            for (var i = 0; i < packet.Count; i++) Take(packet.ReportBlock(i), now);
        }
    }

    /// <summary>What we report about what this end sends; false when it has sent nothing.</summary>
    public bool TryReport(Instant now, out RtcpReportBlock block)
    {
        block = default;
        if (!received.TryLast(now, out var last)) return false;
        var expected = received.Expected - _expectedBefore;
        var lost = received.Lost - _lostBefore;
        (_expectedBefore, _lostBefore) = (received.Expected, received.Lost);
        block = new(
            last.Ssrc,
            (byte)(expected <= 0 ? 0 : Math.Clamp(256 * lost / expected, 0, 255)),
            (int)Math.Min(received.Lost, 0x7F_FFFF),
            received.ExtendedHighest,
            (uint)(received.Jitter.TotalSeconds * G711.SampleRate),
            _lastReport,
            _lastReport == 0 ? 0 : (uint)Math.Min((now - _lastReportAt).TotalSeconds * 65_536, uint.MaxValue));
        return true;
    }

    private void Take(in RtcpReportBlock block, Instant now)
    {
        ReportedLost = block.CumulativeLost;
        ReportedJitter = TimeSpan.FromSeconds((double)block.Jitter / G711.SampleRate);
        if (block.LastSenderReport == 0) return;
        foreach (var (middle, at) in _sent)
        {
            if (middle != block.LastSenderReport) continue;
            var roundTrip = now - at - TimeSpan.FromSeconds(block.DelaySinceLastSenderReport / 65_536d);
            // Clocks of 1/65536 s; what is negative beyond their grain is a lie.
            if (roundTrip > TimeSpan.FromMilliseconds(-1) && roundTrip < Longest) RoundTrip = roundTrip > TimeSpan.Zero ? roundTrip : TimeSpan.Zero;
            return;
        }
    }
}
