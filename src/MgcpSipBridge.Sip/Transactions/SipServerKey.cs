namespace MgcpSipBridge.Sip;

/// <summary>Tables keyed by bytes, searched by a view on the stack.</summary>
internal sealed class SipKeyComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    public static readonly SipKeyComparer Instance = new();

    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

    // Seeded per process, so that peers cannot aim at one bucket; the tables are never walked in hash order.
    public int GetHashCode(ReadOnlySpan<byte> alternate)
    {
        var hash = default(HashCode);
        hash.AddBytes(alternate);
        return hash.ToHashCode();
    }

    public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
}

/// <summary>Builds the keys by which requests are matched (RFC 3261 §17.2.3 and §8.2.2.2).</summary>
internal ref struct SipKeyBuilder(Span<byte> buffer)
{
    private readonly Span<byte> _buffer = buffer;
    private int _length;

    /// <summary>Room that a key of this message takes at most.</summary>
    public static int RoomFor(SipMessage request) => request.TopViaValue.Length + request.CallId.Length + request.FromTag.Length + request.RequestUri.Length +
        request.MethodName.Length + 64;

    /// <summary>
    /// Branch, sent-by and method: ACK matches as INVITE, and a CANCEL looks for the INVITE with <paramref name="method"/>. Without the magic cookie
    /// the fields of RFC 2543 take the place of the branch; To tags are left out, since an ACK bears the one of our response.
    /// </summary>
    public static ReadOnlySpan<byte> Match(SipMessage request, SipMethod method, Span<byte> buffer)
    {
        var key = new SipKeyBuilder(buffer);
        var via = request.TopVia;
        if (via.HasMagicCookie)
        {
            key.AddLower(via.Branch[SipVia.MagicCookie.Length..]);
            key.AddLower(via.Host);
            key.AddNumber((uint)via.Port);
        }
        else
        {
            key.Add("2543 "u8);
            key.Add(request.TopViaValue);
            key.Add(request.CallId);
            key.Add(request.FromTag);
            key.AddNumber(request.CSeqNumber);
            key.Add(request.RequestUri);
        }

        if (method == SipMethod.Other) key.Add(request.MethodName);
        else key.AddNumber((uint)(method == SipMethod.Ack ? SipMethod.Invite : method));
        return key._buffer[..key._length];
    }

    /// <summary>From tag, Call-ID and CSeq: the same request that came by another way has them too (§8.2.2.2).</summary>
    public static ReadOnlySpan<byte> Merge(SipMessage request, Span<byte> buffer)
    {
        var key = new SipKeyBuilder(buffer);
        key.Add(request.FromTag);
        key.Add(request.CallId);
        key.AddNumber(request.CSeqNumber);
        if (request.Method == SipMethod.Other) key.Add(request.MethodName);
        else key.AddNumber((uint)request.Method);
        return key._buffer[..key._length];
    }

    private void Add(ReadOnlySpan<byte> part)
    {
        part.CopyTo(_buffer[_length..]);
        _length += part.Length;
        // No part holds a line end: parts cannot run into one another.
        _buffer[_length++] = (byte)'\n';
    }

    // Via parameters and hosts are case-insensitive (§7.3.1).
    private void AddLower(ReadOnlySpan<byte> part)
    {
        foreach (var c in part) _buffer[_length++] = c is >= (byte)'A' and <= (byte)'Z' ? (byte)(c | 0x20) : c;
        _buffer[_length++] = (byte)'\n';
    }

    private void AddNumber(uint number)
    {
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(_buffer[_length..], number);
        _length += 4;
    }
}
