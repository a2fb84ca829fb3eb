using System.Runtime.InteropServices;
using System.Text;

namespace MgcpSipBridge.Sip;

/// <summary>
/// One SIP message: a copy of its bytes and an index of its headers, in one array. Accessors are views that read when asked; nothing is
/// parsed twice that was validated on arrival. Immutable. Folded lines have been unfolded in the copy (RFC 3261 §7.3.1), so that no
/// value holds a line end.
/// </summary>
public sealed partial class SipMessage
{
    private readonly byte[] _storage;
    private readonly int _length;
    private readonly int _bodyStart;
    private readonly int _headerCount;
    private readonly SipKeyParts _key;
    private string? _callId;

    internal SipMessage(byte[] storage, int length, int bodyStart, int headerCount, in SipKeyParts key)
    {
        _storage = storage;
        _length = length;
        _bodyStart = bodyStart;
        _headerCount = headerCount;
        _key = key;
    }

    /// <summary>
    /// Reads one message; never throws, in time linear to its length. With an error <paramref name="message"/> is null, or a request that can
    /// still be answered (<see cref="SipParseErrors.StatusOf"/>): it names a Via, From, To, Call-ID and CSeq and is no ACK.
    /// </summary>
    public static SipParseError TryParse(ReadOnlySpan<byte> bytes, SipLimits limits, out SipMessage? message) => SipReader.Read(bytes, limits, out message);

    /// <summary>Why it cannot be taken; <see cref="SipParseError.None"/> for a good one. A message with an error is only good for answering it.</summary>
    public SipParseError Error => _key.Error;

    /// <summary>The bytes, ending with the body (RFC 3261 §18.3: what follows it in a datagram is dropped).</summary>
    public ReadOnlyMemory<byte> Bytes => _storage.AsMemory(0, _length);

    /// <summary>Whether it is a request.</summary>
    public bool IsRequest => _key.Status == 0;

    /// <summary>Method of a request; for a response that of its CSeq.</summary>
    public SipMethod Method => _key.Method;

    /// <summary>Name of <see cref="Method"/>, also of an unknown one.</summary>
    public ReadOnlySpan<byte> MethodName => View(_key.MethodName);

    /// <summary>Status code of a response, 100 to 699; 0 for a request.</summary>
    public int Status => _key.Status;

    /// <summary>Reason phrase of a response.</summary>
    public ReadOnlySpan<byte> Phrase => _key.Status == 0 ? default : View(_key.Target);

    /// <summary>Request-URI of a request.</summary>
    public ReadOnlySpan<byte> RequestUri => _key.Status == 0 ? View(_key.Target) : default;

    /// <summary>Sequence number of CSeq.</summary>
    public uint CSeqNumber => _key.CSeqNumber;

    /// <summary>Call-ID (compared byte for byte: §20.8).</summary>
    public ReadOnlySpan<byte> CallId => View(_key.CallId);

    /// <summary>Call-ID as text; made once.</summary>
    public string CallIdText => _callId ??= Encoding.UTF8.GetString(CallId);

    /// <summary>Tag of From; empty for none.</summary>
    public ReadOnlySpan<byte> FromTag => View(_key.FromTag);

    /// <summary>Tag of To; empty for none.</summary>
    public ReadOnlySpan<byte> ToTag => View(_key.ToTag);

    /// <summary>The first Via value as it stands.</summary>
    public ReadOnlySpan<byte> TopViaValue => View(_key.TopVia);

    /// <summary>The first Via.</summary>
    public SipVia TopVia => SipVia.TryParseHead(TopViaValue, out var via, out _) ? via : default;

    /// <summary>From.</summary>
    public SipAddress From => AddressOf(SipHeader.From);

    /// <summary>To.</summary>
    public SipAddress To => AddressOf(SipHeader.To);

    /// <summary>Max-Forwards; null when there is none (a request of RFC 2543's time).</summary>
    public int? MaxForwards => NumberOf(SipHeader.MaxForwards) is { } hops ? (int)Math.Min(hops, 255) : null;

    /// <summary>The body; empty for none.</summary>
    public ReadOnlyMemory<byte> Body => _storage.AsMemory(_bodyStart, _length - _bodyStart);

    /// <summary>Content-Type without its parameters: <c>application/sdp</c>; empty for none.</summary>
    public ReadOnlySpan<byte> MediaType
    {
        get
        {
            var type = First(SipHeader.ContentType);
            var semicolon = type.IndexOf((byte)';');
            return SipChars.Trim(semicolon < 0 ? type : type[..semicolon]);
        }
    }

    /// <summary>Number of header lines.</summary>
    public int HeaderCount => _headerCount;

    /// <summary>The header line at a position from 0, in the order of the message.</summary>
    public SipHeaderLine HeaderAt(int index)
    {
        var entry = Entries[index];
        return new SipHeaderLine(entry.Header, _storage.AsSpan(entry.NameStart, entry.NameLength), _storage.AsSpan(entry.ValueStart, entry.ValueLength));
    }

    /// <summary>Whether there is such a header.</summary>
    public bool Has(SipHeader header) => IndexOf(header, 0) >= 0;

    /// <summary>The value of the first line of that header, all of it; empty for none. Tell an empty value from none with <see cref="Has"/>.</summary>
    public ReadOnlySpan<byte> First(SipHeader header)
    {
        var index = IndexOf(header, 0);
        return index < 0 ? default : ValueAt(index);
    }

    /// <summary>The value of the first line of a header that <see cref="SipHeader"/> does not list; empty for none.</summary>
    public ReadOnlySpan<byte> First(ReadOnlySpan<byte> name)
    {
        var entries = Entries;
        for (var i = 0; i < entries.Length; i++)
        {
            if (entries[i].Header == SipHeader.Other && Ascii.EqualsIgnoreCase(_storage.AsSpan(entries[i].NameStart, entries[i].NameLength), name)) return ValueAt(i);
        }

        return default;
    }

    /// <summary>The value as text; null when there is no such header.</summary>
    public string? TextOf(SipHeader header) => IndexOf(header, 0) is var index && index < 0 ? null : Encoding.UTF8.GetString(ValueAt(index));

    /// <summary>
    /// A header whose value begins with a number (Expires, Min-Expires, RSeq, Retry-After, Session-Expires, Max-Forwards…); null when it is
    /// missing or no number. Parameters and comments after the number are skipped.
    /// </summary>
    public uint? NumberOf(SipHeader header)
    {
        var value = First(header);
        var end = value.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (end >= 0 && !(SipChars.IsBlank(value[end]) || value[end] is (byte)';' or (byte)'(')) return null;
        return SipChars.TryNumber(end < 0 ? value : value[..end], out var number) ? number : null;
    }

    /// <summary>Walks the lines of one header: use it for the authentication headers, whose values hold commas (§7.3.1).</summary>
    public LineList Lines(SipHeader header) => new(this, header);

    /// <summary>Walks the values of one header across its lines and commas, in order.</summary>
    public ValueList Values(SipHeader header) => new(this, header);

    /// <summary>Whether a header's list of tokens holds one, whatever its case (Require, Supported, Allow, Privacy…).</summary>
    public bool Lists(SipHeader header, ReadOnlySpan<byte> token)
    {
        foreach (var value in Values(header))
        {
            if (Ascii.EqualsIgnoreCase(value, token)) return true;
        }

        return false;
    }

    /// <summary>The first value of a header that holds addresses; <c>default</c> (an empty URI) when it is missing or cannot be read.</summary>
    public SipAddress AddressOf(SipHeader header)
    {
        var value = header is SipHeader.From or SipHeader.To ? First(header) : FirstValue(header);
        return SipAddress.TryParse(value, out var address) ? address : default;
    }

    /// <summary>The first value of a header: up to the first comma that separates; empty for none.</summary>
    public ReadOnlySpan<byte> FirstValue(SipHeader header)
    {
        foreach (var value in Values(header)) return value;
        return default;
    }

    /// <summary>Cause of a Reason header with protocol Q.850 (RFC 3326 §2, RFC 6432); 0 for none.</summary>
    public int ReasonQ850 => ReasonOf("Q.850"u8, 127);

    /// <summary>Cause of a Reason header with protocol SIP: a status (RFC 3326 §2); 0 for none.</summary>
    public int ReasonSip => ReasonOf("SIP"u8, 699);

    private int ReasonOf(ReadOnlySpan<byte> protocol, uint most)
    {
        foreach (var value in Values(SipHeader.Reason))
        {
            var semicolon = value.IndexOf((byte)';');
            if (semicolon < 0 || !Ascii.EqualsIgnoreCase(SipChars.Trim(value[..semicolon]), protocol)) continue;
            if (new SipParameters(value[semicolon..]).NumberOf("cause"u8) is { } cause && cause <= most) return (int)cause;
        }

        return 0;
    }

    /// <summary>First line, for logs and ladders.</summary>
    public override string ToString()
    {
        var end = _storage.AsSpan(0, _length).IndexOfAny((byte)'\r', (byte)'\n');
        return Encoding.UTF8.GetString(_storage.AsSpan(0, end < 0 ? _length : end));
    }

    internal ReadOnlySpan<SipHeaderEntry> Entries => MemoryMarshal.Cast<byte, SipHeaderEntry>(_storage.AsSpan(Padded(_length)))[.._headerCount];

    internal static int Padded(int length) => (length + 7) & ~7;

    internal int IndexOf(SipHeader header, int from)
    {
        var entries = Entries;
        for (var i = from; i < entries.Length; i++)
        {
            if (entries[i].Header == header) return i;
        }

        return -1;
    }

    internal ReadOnlySpan<byte> ValueAt(int index)
    {
        var entry = Entries[index];
        return _storage.AsSpan(entry.ValueStart, entry.ValueLength);
    }

    private ReadOnlySpan<byte> View(SipSlice slice) => _storage.AsSpan(slice.Start, slice.Length);
}
