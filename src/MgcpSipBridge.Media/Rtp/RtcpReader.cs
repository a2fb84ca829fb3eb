using System.Buffers.Binary;

namespace MgcpSipBridge.Media;

/// <summary>RTCP packet types (RFC 3550 §12.1).</summary>
public enum RtcpType
{
    /// <summary>Sender report.</summary>
    SenderReport = 200,

    /// <summary>Receiver report.</summary>
    ReceiverReport = 201,

    /// <summary>Source description.</summary>
    SourceDescription = 202,

    /// <summary>A source leaves.</summary>
    Goodbye = 203,

    /// <summary>Defined by an application.</summary>
    Application = 204,
}

/// <summary>Why a datagram is no compound RTCP packet (RFC 3550 A.2).</summary>
public enum RtcpParseError
{
    /// <summary>It is one.</summary>
    None,

    /// <summary>Shorter than a header, or than a header inside says.</summary>
    TooShort,

    /// <summary>A version that is not 2.</summary>
    BadVersion,

    /// <summary>A type outside 192 to 223, where RTCP lives (RFC 5761 §4).</summary>
    BadType,

    /// <summary>A count of blocks or sources that its packet does not hold.</summary>
    BadCount,

    /// <summary>Padding that is not in the last packet, or longer than it.</summary>
    BadPadding,
}

/// <summary>What a receiver tells a sender about its stream (RFC 3550 §6.4.1).</summary>
/// <param name="Ssrc">The sender.</param>
/// <param name="FractionLost">Lost since the last report, in 1/256.</param>
/// <param name="CumulativeLost">Lost since the beginning; negative with duplicates.</param>
/// <param name="HighestSequence">Highest sequence number, its cycles in the upper half.</param>
/// <param name="Jitter">In timestamp units.</param>
/// <param name="LastSenderReport">The middle 32 bits of that report's NTP time; 0 for none.</param>
/// <param name="DelaySinceLastSenderReport">In 1/65536 s.</param>
public readonly record struct RtcpReportBlock(
    uint Ssrc, byte FractionLost, int CumulativeLost, uint HighestSequence, uint Jitter, uint LastSenderReport, uint DelaySinceLastSenderReport)
{
    internal const int Bytes = 24;

    internal static RtcpReportBlock Read(ReadOnlySpan<byte> block) => new(
        BinaryPrimitives.ReadUInt32BigEndian(block),
        block[4],
        BinaryPrimitives.ReadInt32BigEndian(block[4..]) << 8 >> 8,
        BinaryPrimitives.ReadUInt32BigEndian(block[8..]),
        BinaryPrimitives.ReadUInt32BigEndian(block[12..]),
        BinaryPrimitives.ReadUInt32BigEndian(block[16..]),
        BinaryPrimitives.ReadUInt32BigEndian(block[20..]));

    internal void Write(Span<byte> block)
    {
        BinaryPrimitives.WriteUInt32BigEndian(block, Ssrc);
        BinaryPrimitives.WriteInt32BigEndian(block[4..], CumulativeLost & 0xFF_FFFF);
        block[4] = FractionLost;
        BinaryPrimitives.WriteUInt32BigEndian(block[8..], HighestSequence);
        BinaryPrimitives.WriteUInt32BigEndian(block[12..], Jitter);
        BinaryPrimitives.WriteUInt32BigEndian(block[16..], LastSenderReport);
        BinaryPrimitives.WriteUInt32BigEndian(block[20..], DelaySinceLastSenderReport);
    }
}

/// <summary>
/// One packet of a compound, as <see cref="RtcpReader"/> hands it out: its lengths and counts hold.
/// </summary>
public readonly ref struct RtcpPacket
{
    private readonly ReadOnlySpan<byte> _body;

    internal RtcpPacket(RtcpType type, int count, ReadOnlySpan<byte> body)
    {
        Type = type;
        Count = count;
        _body = body;
    }

    /// <summary>The type; also one that the enumeration does not name.</summary>
    public RtcpType Type { get; }

    /// <summary>Report blocks, chunks or sources, by type.</summary>
    public int Count { get; }

    /// <summary>What follows the first four bytes, without padding.</summary>
    public ReadOnlySpan<byte> Body => _body;

    /// <summary>The packet's own source; 0 when it has none.</summary>
    public uint Ssrc => _body.Length < 4 ? 0 : BinaryPrimitives.ReadUInt32BigEndian(_body);

    /// <summary>A report block of a sender or receiver report.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such block, or the packet is no report.</exception>
    public RtcpReportBlock ReportBlock(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Type is RtcpType.SenderReport or RtcpType.ReceiverReport ? Count : 0);
        return RtcpReportBlock.Read(_body[(RtcpReader.ReportBytes(Type) + (index * RtcpReportBlock.Bytes))..]);
    }
}

/// <summary>Reads a compound RTCP packet; never throws on input.</summary>
/// <remarks>A reduced-size packet (RFC 5506), one that does not begin with a report, is taken too: gateways send a BYE alone.</remarks>
public ref struct RtcpReader(ReadOnlySpan<byte> datagram)
{
    private ReadOnlySpan<byte> _rest = datagram;

    /// <summary>Whether the whole datagram is a well-formed compound; None also says that it holds at least one packet.</summary>
    public static RtcpParseError Validate(ReadOnlySpan<byte> datagram)
    {
        if (datagram.IsEmpty) return RtcpParseError.TooShort;
        var reader = new RtcpReader(datagram);
        RtcpParseError error;
        while (reader.TryRead(out _, out error)) { }
        return error;
    }

    /// <summary>Reads the next packet; false at the end (error None) and at the first fault.</summary>
    public bool TryRead(out RtcpPacket packet, out RtcpParseError error)
    {
        packet = default;
        error = RtcpParseError.None;
        if (_rest.IsEmpty) return false;
        error = Read(out packet);
        if (error != RtcpParseError.None) _rest = [];
        return error == RtcpParseError.None;
    }

    /// <summary>Bytes of the body before its report blocks: the source, and in a sender report its clock and counts.</summary>
    internal static int ReportBytes(RtcpType type) => type == RtcpType.SenderReport ? 24 : 4;

    private RtcpParseError Read(out RtcpPacket packet)
    {
        packet = default;
        if (_rest.Length < 4) return RtcpParseError.TooShort;
        if (_rest[0] >> 6 != 2) return RtcpParseError.BadVersion;
        if (_rest[1] is < 192 or > 223) return RtcpParseError.BadType;
        var length = 4 + (4 * BinaryPrimitives.ReadUInt16BigEndian(_rest[2..]));
        if (_rest.Length < length) return RtcpParseError.TooShort;
        var body = _rest[4..length];
        var type = (RtcpType)_rest[1];
        var count = _rest[0] & 0x1F;
        if ((_rest[0] & 0x20) != 0)
        {
            if (_rest.Length != length || body.IsEmpty || body[^1] == 0 || body[^1] > body.Length) return RtcpParseError.BadPadding;
            body = body[..^body[^1]];
        }

        var least = type switch
        {
            RtcpType.SenderReport or RtcpType.ReceiverReport => ReportBytes(type) + (count * RtcpReportBlock.Bytes),
            RtcpType.SourceDescription => count * 8, // a source and at least the end mark, padded to a word: §6.5
            RtcpType.Goodbye => count * 4,
            RtcpType.Application => 8, // a source and a name: §6.7
            _ => 0,
        };
        if (body.Length < least) return RtcpParseError.BadCount;
        packet = new(type, count, body);
        _rest = _rest[length..];
        return RtcpParseError.None;
    }
}
