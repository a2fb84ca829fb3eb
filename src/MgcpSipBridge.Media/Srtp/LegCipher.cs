namespace MgcpSipBridge.Media;

/// <summary>The encryption of one end of a session, while signalling has keys for it.</summary>
internal sealed class LegCipher
{
    private readonly SrtpSender _sender;
    private readonly SrtpSender? _senderBefore; // an offer has two keys of ours, and the answer may choose the one and, later, the other again
    private readonly SrtpReceiver _receiver;

    // What came before the present key: packets under it may be on their way until the first one under the new key (RFC 4568 §7.1.4).
    private SrtpReceiver? _before;

    private LegCipher(SrtpKeys keys, LegCipher? before)
    {
        (_sender, _senderBefore) =
            before is null ? (new SrtpSender(keys.Ours), null)
            : before._sender.Key.Equals(keys.Ours) ? (before._sender, before._senderBefore)
            : before._senderBefore is { } old && old.Key.Equals(keys.Ours) ? (old, before._sender)
            : (new SrtpSender(keys.Ours), before._sender);
        if (before?._receiver is not { } receiver)
        {
            _receiver = new(keys.Theirs);
        }
        else if (receiver.Key.Equals(keys.Theirs))
        {
            (_receiver, _before) = (receiver, before._before);
        }
        else if (before._before is { } older && older.Key.Equals(keys.Theirs))
        {
            (_receiver, _before) = (older, receiver);
        }
        else
        {
            _receiver = new(keys.Theirs, receiver);
            _before = receiver;
        }

        _sender.Limit(keys.Life);
        _receiver.Limit(keys.Life);
    }

    /// <summary>How far the older of the two keys is used up.</summary>
    public SrtpKeyAge Age => (SrtpKeyAge)Math.Max((int)_sender.Age, (int)_receiver.Age);

    /// <summary>What holds from now on. What is known of a key's packets is kept as long as the key is, whatever else signalling changes.</summary>
    public static LegCipher After(LegCipher? before, SrtpKeys keys) => new(keys, before);

    /// <summary>Proves and decrypts an RTP packet from the end.</summary>
    public RelayDrop OpenRtp(Span<byte> buffer, ref int length)
    {
        var result = _receiver.TryTakeRtp(buffer[..length], out var left);
        if (result == SrtpResult.NotAuthentic && _before is not null) result = _before.TryTakeRtp(buffer[..length], out left);
        else if (result == SrtpResult.Done) _before = null;
        length = left;
        return Reason(result);
    }

    /// <summary>Proves and decrypts an RTCP packet from the end.</summary>
    public RelayDrop OpenRtcp(Span<byte> buffer, ref int length)
    {
        var result = _receiver.TryTakeRtcp(buffer[..length], out var left);
        if (result == SrtpResult.NotAuthentic && _before is not null) result = _before.TryTakeRtcp(buffer[..length], out left);
        length = left;
        return Reason(result);
    }

    /// <summary>Encrypts and signs a packet for the end; it has room behind it.</summary>
    public RelayDrop Seal(Span<byte> buffer, ref int length, bool isRtcp) =>
        (isRtcp ? _sender.TryProtectRtcp(buffer, ref length) : _sender.TryProtectRtp(buffer, ref length)) switch
        {
            SrtpResult.TooShort => RelayDrop.Oversize,
            var result => Reason(result),
        };

    private static RelayDrop Reason(SrtpResult result) => result switch
    {
        SrtpResult.Done => RelayDrop.None,
        SrtpResult.TooShort => RelayDrop.TooShort,
        SrtpResult.NotAuthentic => RelayDrop.NotAuthentic,
        SrtpResult.KeyEnded => RelayDrop.KeyEnded,
        _ => RelayDrop.Replayed,
    };
}
