using System.Collections.Immutable;
using System.Globalization;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;

namespace MgcpSipBridge.Engine;

/// <summary>LocalConnectionOptions (L:, RFC 3435 §2.3.5) for a line's connection, and the formats that the bridge passes through.</summary>
internal static class LocalOptions
{
    /// <summary>What a gateway is supposed to speak when it does not tell.</summary>
    public static readonly ImmutableArray<RtpFormat> Usual = [RtpFormat.Pcmu, RtpFormat.Pcma, RtpFormat.TelephoneEvent];

    /// <summary>
    /// The L: value that asks for these formats. The second attempt, after a refusal, asks for the voice codecs alone: some gateways take
    /// telephone-event for an unknown codec. The third asks for the first of them: some take no list (Motorola SB5120).
    /// </summary>
    /// <param name="formats">The formats.</param>
    /// <param name="attempt">0 for the first.</param>
    /// <param name="ptime">Length of packets in ms.</param>
    /// <param name="fax">The fax procedure (<see cref="FaxMap.Procedure"/>), asked for in the first attempt; null for none.</param>
    public static string For(ImmutableArray<RtpFormat> formats, int attempt, int ptime = 20, string? fax = null)
    {
        var names = formats
            .Where(format => attempt == 0 || !format.IsTelephoneEvent)
            .Select(format => format.Name)
            .Distinct(StringComparer.OrdinalIgnoreCase);
        var codecs = string.Join(';', attempt < 2 ? names : names.Take(1));
        // Silence suppression off: a bridge does not know how well the far end fills gaps.
        return attempt == 0 ? string.Create(CultureInfo.InvariantCulture, $"p:{ptime}, a:{codecs}, s:off{(fax is null ? "" : ", " + fax)}") : $"a:{codecs}";
    }

    /// <summary>How many attempts differ from one another for these formats.</summary>
    public static int Attempts(ImmutableArray<RtpFormat> formats) =>
        formats.Where(format => !format.IsTelephoneEvent).Select(format => format.Name).Distinct(StringComparer.OrdinalIgnoreCase).Skip(1).Any() ? 3 : 2;

    /// <summary>
    /// Of the formats, those that need less than the 64 kbit/s of G.711 and G.722, for a gateway that lacks bandwidth (404, 526); empty when that would be no other
    /// request than before.
    /// </summary>
    public static ImmutableArray<RtpFormat> LowRate(ImmutableArray<RtpFormat> formats)
    {
        var low = formats.Where(format => format.IsTelephoneEvent || !IsWide(format)).ToImmutableArray();
        return low.Length < formats.Length && low.Any(format => !format.IsTelephoneEvent) ? low : [];
    }

    /// <summary>Of the offered formats, those that this gateway may speak, in the offer's order with its payload types.</summary>
    public static ImmutableArray<RtpFormat> Acceptable(ImmutableArray<RtpFormat> offered, EndpointAudit audit) =>
        [.. offered.Where(format => format.IsTelephoneEvent || Speaks(audit, format))];

    private static bool IsWide(RtpFormat format) => format.Name.ToUpperInvariant() is "PCMU" or "PCMA" or "G722" or "L16" or "CLEARMODE";

    private static bool Speaks(EndpointAudit audit, RtpFormat format) =>
        audit.Codecs.IsDefaultOrEmpty
            ? Usual.Any(usual => usual.SameEncoding(format))
            : format.ClockRate == 8000 && audit.Codecs.Contains(format.Name, StringComparer.OrdinalIgnoreCase);
}
