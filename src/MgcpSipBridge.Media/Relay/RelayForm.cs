using System.Collections.Immutable;

namespace MgcpSipBridge.Media;

/// <summary>How an end sends the digits that its user presses, and how it wants those of the other end.</summary>
public enum DtmfForm
{
    /// <summary>Not known, or of no matter: what comes is passed as it is.</summary>
    Unchanged,

    /// <summary>As telephone events in the stream (RFC 4733).</summary>
    Events,

    /// <summary>
    /// In signalling: MGCP <c>D/</c> events, SIP INFO. The relay tells the engine of digits for this end, and the engine the relay of digits from it. Where their tones are in its
    /// audio as well, they are taken out of it.
    /// </summary>
    OutOfBand,

    /// <summary>As tones within the audio.</summary>
    InBand,
}

/// <summary>What an end of a session speaks, as far as the relay may have to change what it is sent.</summary>
/// <param name="Sends">Formats that it may send, under the payload types that arrive.</param>
/// <param name="Wants">Formats that it wants to be sent, the best first, under the payload types that it asks for.</param>
/// <param name="Ptime">Length of the packets that it wants, 10 to 200 ms in steps of 10; 0: as they come.</param>
/// <param name="Dtmf">How it sends and wants digits.</param>
public sealed record RelayForm(ImmutableArray<RtpFormat> Sends, ImmutableArray<RtpFormat> Wants, int Ptime = 0, DtmfForm Dtmf = DtmfForm.Unchanged)
{
    /// <summary>Whether both say the same, formats compared one by one.</summary>
    public bool Equals(RelayForm? other) =>
        other is not null
        && Ptime == other.Ptime
        && Dtmf == other.Dtmf
        && Sends.AsSpan().SequenceEqual(other.Sends.AsSpan())
        && Wants.AsSpan().SequenceEqual(other.Wants.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Sends.AsSpan().Length, Wants.AsSpan().Length, Ptime, Dtmf);

    /// <summary>
    /// Whether what these two send each other must be worked on all the time: they share no codec but both have G.711, they want packets of
    /// different length, or digits in different form or in signalling alone. Otherwise packets are passed as they are.
    /// </summary>
    public static bool MustConvert(RelayForm? left, RelayForm? right) =>
        left is not null
        && right is not null
        && ((left.Ptime != 0 && right.Ptime != 0 && left.Ptime != right.Ptime)
            || ConvertsDigits(left.Dtmf, right.Dtmf)
            || MustTranscode(left, right)
            || MustTranscode(right, left));

    /// <summary>
    /// Whether it must, or one of them may send a law of G.711 that the other does not want but for the other law: then a session that knows these forms begins to work with the
    /// first such packet.
    /// </summary>
    public static bool MayConvert(RelayForm? left, RelayForm? right) =>
        left is not null && right is not null && (MustConvert(left, right) || MayTranscode(left, right) || MayTranscode(right, left));

    /// <summary>Whether what two ends send each other must be freed of digits: the other wants them in another form, or both tell them in signalling, where tones beside it are one digit too many.</summary>
    internal static bool ConvertsDigits(DtmfForm left, DtmfForm right) =>
        left != DtmfForm.Unchanged && right != DtmfForm.Unchanged && (left != right || left == DtmfForm.OutOfBand);

    private static bool MustTranscode(RelayForm from, RelayForm to)
    {
        foreach (var format in from.Sends.AsSpan())
            if (format.IsVoice && Has(to.Wants, format))
                return false;
        return MayTranscode(from, to);
    }

    private static bool MayTranscode(RelayForm from, RelayForm to)
    {
        if (!Has(to.Wants, RtpFormat.Pcmu) && !Has(to.Wants, RtpFormat.Pcma)) return false;
        foreach (var format in from.Sends.AsSpan())
            if (IsG711(format) && !Has(to.Wants, format))
                return true;
        return false;
    }

    private static bool IsG711(RtpFormat format) => format.SameEncoding(RtpFormat.Pcmu) || format.SameEncoding(RtpFormat.Pcma);

    private static bool Has(ImmutableArray<RtpFormat> formats, RtpFormat wanted)
    {
        foreach (var format in formats.AsSpan())
            if (format.SameEncoding(wanted))
                return true;
        return false;
    }
}
