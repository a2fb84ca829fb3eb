namespace MgcpSipBridge.Media;

/// <summary>Payload types that need no a=rtpmap (RFC 3551 §6, tables 4 and 5) and the spelling of encoding names.</summary>
internal static class StaticPayloadTypes
{
    private static readonly RtpFormat?[] Table = Build();

    private static readonly string[] Names =
    [
        "telephone-event", "PCMU", "PCMA", "CN", "G729", "G722", "G723", "G728", "GSM", "DVI4", "LPC", "L16", "QCELP", "iLBC", "opus",
        "G726-16", "G726-24", "G726-32", "G726-40", "G729D", "G729E", "X-NSE", "red", "tone", "speex", "AMR", "AMR-WB",
    ];

    /// <summary>The format of a static payload type; null for one that is dynamic, reserved or unassigned.</summary>
    public static RtpFormat? Find(int payloadType) => payloadType < Table.Length ? Table[payloadType] : null;

    /// <summary>An encoding name in its registered spelling; as written when it is not one of the usual.</summary>
    public static string Name(ReadOnlySpan<byte> written)
    {
        foreach (var name in Names)
            if (System.Text.Ascii.EqualsIgnoreCase(written, name))
                return name;
        return System.Text.Encoding.UTF8.GetString(written);
    }

    private static RtpFormat?[] Build()
    {
        var table = new RtpFormat?[35];
        Add(RtpFormat.Pcmu);
        Add(new(3, "GSM", 8000));
        Add(new(4, "G723", 8000));
        Add(new(5, "DVI4", 8000));
        Add(new(6, "DVI4", 16000));
        Add(new(7, "LPC", 8000));
        Add(RtpFormat.Pcma);
        Add(new(9, "G722", 8000)); // samples at 16 kHz, yet its clock is 8 kHz: RFC 3551 §4.5.2
        Add(new(10, "L16", 44100) { Channels = 2 });
        Add(new(11, "L16", 44100));
        Add(new(12, "QCELP", 8000));
        Add(RtpFormat.ComfortNoise);
        Add(new(14, "MPA", 90000));
        Add(new(15, "G728", 8000));
        Add(new(16, "DVI4", 11025));
        Add(new(17, "DVI4", 22050));
        Add(new(18, "G729", 8000));
        Add(new(25, "CelB", 90000));
        Add(new(26, "JPEG", 90000));
        Add(new(28, "nv", 90000));
        Add(new(31, "H261", 90000));
        Add(new(32, "MPV", 90000));
        Add(new(33, "MP2T", 90000));
        Add(new(34, "H263", 90000));
        return table;

        void Add(RtpFormat format) => table[format.PayloadType] = format;
    }
}
