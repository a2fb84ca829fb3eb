using System.Collections.Immutable;

namespace MgcpSipBridge.Media;

/// <summary>What a payload type means where it arrives.</summary>
internal enum PayloadKind : byte
{
    /// <summary>Nothing: it is not taken.</summary>
    Unknown,

    /// <summary>G.711 µ-law.</summary>
    MuLaw,

    /// <summary>G.711 A-law.</summary>
    ALaw,

    /// <summary>Telephone events (RFC 4733).</summary>
    Event,

    /// <summary>Comfort noise (RFC 3389).</summary>
    Noise,

    /// <summary>Anything else that was negotiated: passed as it is.</summary>
    Other,
}

/// <summary>What signalling says of an end, in the shape in which packets are looked up.</summary>
internal sealed class SideForm
{
    public const byte NoType = 0xFF;

    /// <summary>Of an end that nothing is known of.</summary>
    public static readonly SideForm Unknown = new([], null);

    // Few of 128 types mean anything, and every call has two of these.
    private readonly Meaning[] _meanings;

    public SideForm(ImmutableArray<PayloadMapping> mappings, RelayForm? form)
    {
        Span<Meaning> meanings = stackalloc Meaning[128];
        var count = 0;
        foreach (var (from, to) in mappings.AsSpan())
        {
            if (from > 127 || to > 127) continue;
            At(meanings, ref count, from) = new(from, to, from == RtpFormat.ComfortNoise.PayloadType ? PayloadKind.Noise : PayloadKind.Other);
        }

        foreach (var format in form is null ? [] : form.Sends.AsSpan())
            if (format.PayloadType <= 127)
                At(meanings, ref count, format.PayloadType).Kind = KindOf(format);
        // Many send it without saying so, also to who did not ask for it.
        ref var noise = ref At(meanings, ref count, RtpFormat.ComfortNoise.PayloadType);
        if (noise.Kind == PayloadKind.Unknown) noise.Kind = PayloadKind.Noise;
        _meanings = meanings[..count].ToArray();
        if (form is null) return;
        foreach (var format in form.Wants.AsSpan())
        {
            switch (KindOf(format))
            {
                case PayloadKind.MuLaw when MuLawType == NoType:
                    MuLawType = format.PayloadType;
                    if (Voice == PayloadKind.Unknown) Voice = PayloadKind.MuLaw;
                    break;
                case PayloadKind.ALaw when ALawType == NoType:
                    ALawType = format.PayloadType;
                    if (Voice == PayloadKind.Unknown) Voice = PayloadKind.ALaw;
                    break;
                case PayloadKind.Event when EventType == NoType:
                    EventType = format.PayloadType;
                    break;
                case PayloadKind.Noise when NoiseType == NoType:
                    NoiseType = format.PayloadType;
                    break;
            }
        }

        Ptime = form.Ptime is >= 10 and <= 200 ? form.Ptime / 10 * 10 : 0;
        Dtmf = form.Dtmf;
        SendsEvents = form.Sends.Any(static format => format.IsTelephoneEvent);
    }

    /// <summary>The G.711 law in which it wants what we make ourselves; Unknown for an end without G.711.</summary>
    public PayloadKind Voice { get; }

    public byte MuLawType { get; } = NoType;

    public byte ALawType { get; } = NoType;

    public byte EventType { get; } = NoType;

    public byte NoiseType { get; } = NoType;

    /// <summary>Length of the packets that it wants, in ms; 0 for any.</summary>
    public int Ptime { get; }

    public DtmfForm Dtmf { get; }

    /// <summary>Whether it can send telephone events.</summary>
    public bool SendsEvents { get; }

    /// <summary>Samples in a packet that we make ourselves.</summary>
    public int Frame => 8 * (Ptime == 0 ? 20 : Ptime);

    /// <summary>What a payload type that it sends means.</summary>
    public PayloadKind Kind(byte type)
    {
        foreach (ref readonly var meaning in _meanings.AsSpan())
            if (meaning.Type == type)
                return meaning.Kind;
        return PayloadKind.Unknown;
    }

    /// <summary>Under which type the other end wants a payload type that it sends; <see cref="NoType"/> for none.</summary>
    public byte PassedAs(byte type)
    {
        foreach (ref readonly var meaning in _meanings.AsSpan())
            if (meaning.Type == type)
                return meaning.PassedAs;
        return NoType;
    }

    /// <summary>The payload type under which it wants a law; <see cref="NoType"/> when it does not want it.</summary>
    public byte TypeOf(PayloadKind law) => law == PayloadKind.MuLaw ? MuLawType : ALawType;

    private static ref Meaning At(Span<Meaning> meanings, ref int count, byte type)
    {
        for (var i = 0; i < count; i++)
            if (meanings[i].Type == type)
                return ref meanings[i];
        meanings[count] = new(type, NoType, PayloadKind.Unknown);
        return ref meanings[count++];
    }

    private static PayloadKind KindOf(RtpFormat format) =>
        format.SameEncoding(RtpFormat.Pcmu) ? PayloadKind.MuLaw
        : format.SameEncoding(RtpFormat.Pcma) ? PayloadKind.ALaw
        : format.IsTelephoneEvent ? PayloadKind.Event
        : format.SameEncoding(RtpFormat.ComfortNoise) ? PayloadKind.Noise
        : PayloadKind.Other;

    private record struct Meaning(byte Type, byte PassedAs, PayloadKind Kind);
}
