namespace MgcpSipBridge.Sip;

/// <summary>A stretch of a message.</summary>
internal readonly record struct SipSlice(ushort Start, ushort Length);

/// <summary>One line of the header index, 8 bytes: a message is at most 65,535 bytes long, a header name 255.</summary>
internal readonly record struct SipHeaderEntry(ushort NameStart, ushort ValueStart, ushort ValueLength, byte NameLength, SipHeader Header);

/// <summary>What every message is routed by, read once on arrival.</summary>
internal struct SipKeyParts
{
    public uint CSeqNumber;
    public SipSlice Target;
    public SipSlice MethodName;
    public SipSlice CallId;
    public SipSlice FromTag;
    public SipSlice ToTag;
    public SipSlice TopVia;
    public ushort Status;
    public SipMethod Method;
    public SipParseError Error;
}

/// <summary>A header line of a message.</summary>
public readonly ref struct SipHeaderLine
{
    internal SipHeaderLine(SipHeader header, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        Header = header;
        Name = name;
        Value = value;
    }

    /// <summary>Which header.</summary>
    public SipHeader Header { get; }

    /// <summary>Name as it stands, perhaps compact.</summary>
    public ReadOnlySpan<byte> Name { get; }

    /// <summary>Value without blanks around it.</summary>
    public ReadOnlySpan<byte> Value { get; }
}

/// <summary>How much of a message is taken.</summary>
/// <param name="MaxMessageBytes">Bytes of a message at most, up to 65,535.</param>
/// <param name="MaxHeaders">Header lines at most.</param>
public readonly record struct SipLimits(int MaxMessageBytes, int MaxHeaders)
{
    /// <summary>65,535 bytes and 256 header lines.</summary>
    public static readonly SipLimits Default = new(65_535, 256);
}
