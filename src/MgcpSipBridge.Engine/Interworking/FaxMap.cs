using System.Collections.Immutable;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;

namespace MgcpSipBridge.Engine;

/// <summary>Fax in MGCP's words: RFC 5347's package FXR, and what gateways without it can tell (RFC 3660 §2.1; NCS has it in package L).</summary>
internal static class FaxMap
{
    private const string Package = "FXR";

    /// <summary>What holds between a line and a peer.</summary>
    public static FaxHandling Between(FaxHandling line, FaxHandling peer) => line > peer ? line : peer;

    /// <summary>Whether T.38 may pass. A gateway may speak it without the package, and then only the peer can begin.</summary>
    public static bool Relays(FaxHandling handling, EndpointAudit audit) => handling switch
    {
        FaxHandling.T38 => true,
        FaxHandling.Auto => Has(audit) || (!audit.Codecs.IsDefault && audit.Codecs.Contains("image/t38", StringComparer.OrdinalIgnoreCase)),
        _ => false,
    };

    /// <summary>Whether a clear channel may be made of the audio.</summary>
    public static bool Clears(FaxHandling handling) => handling is FaxHandling.Auto or FaxHandling.Passthrough;

    /// <summary>
    /// The procedure that a connection is made with: <c>fxr/fx:t38-loose</c>, for peers hardly ever say beforehand that they can T.38 (RFC 5347 §2.1.6), or
    /// <c>fxr/fx:off</c>; null: nothing is said, and the gateway does as it likes.
    /// </summary>
    public static string? Procedure(FaxHandling handling, EndpointAudit audit) => handling switch
    {
        FaxHandling.T38 when Has(audit) || audit.Packages.IsDefaultOrEmpty => "fxr/fx:t38-loose",
        FaxHandling.Auto when Has(audit) => "fxr/fx:t38-loose",
        FaxHandling.Passthrough when Has(audit) => "fxr/fx:off",
        _ => null,
    };

    /// <summary>The events that tell of a fax, as far as this gateway has them.</summary>
    public static IEnumerable<RequestedEvent> Events(FaxHandling handling, EndpointAudit audit, GatewayTraits traits)
    {
        if (Procedure(handling, audit) is not null) return [new("fxr/gwfax"), new("fxr/nopfax"), new("fxr/t38")];
        // Without the package only where it is wanted for sure: these tones are in speech, too, and not every gateway reports them rightly.
        return handling == FaxHandling.Passthrough ? [new(traits.CallProgressPackage + "/ft"), new(traits.CallProgressPackage + "/mt")] : [];
    }

    /// <summary>What an event means; null when it is none of fax.</summary>
    public static FaxEvent? Read(ObservedEvent evt)
    {
        var name = evt.Name.ToUpperInvariant();
        if (!evt.Package.Equals(Package, StringComparison.OrdinalIgnoreCase))
            return name is "FT" or "MT" && evt.Package.ToUpperInvariant() is "G" or "L" ? FaxEvent.GatewayFinds : null;
        // What it says stands first; there may be more (RFC 5347 §2.2).
        var said = (evt.Parameters ?? "").Split(',')[0].Trim().ToUpperInvariant();
        return (name, said) switch
        {
            ("T38", "START") => FaxEvent.GatewayStarts,
            ("T38" or "GWFAX", "STOP") => FaxEvent.GatewayStops,
            ("T38" or "GWFAX", "FAILURE") => FaxEvent.GatewayFails,
            ("GWFAX", "START") => FaxEvent.GatewayActs,
            ("NOPFAX", _) => FaxEvent.GatewayFinds,
            _ => null,
        };
    }

    /// <summary>
    /// L: for a clear channel, the fullest first and shorter with every refusal; null when nothing is left to try. Where the ends share none of G.711 the codecs stay as they
    /// are, though hardly any fax survives them; they are told because <c>a:image/t38</c> may have been told before.
    /// </summary>
    /// <param name="formats">What both ends have, in the order wanted.</param>
    /// <param name="package">Whether the gateway has the package.</param>
    /// <param name="attempt">0 for the first.</param>
    public static string? ClearOptions(ImmutableArray<RtpFormat> formats, bool package, int attempt)
    {
        var clear = formats.Any(IsG711) ? formats.Where(IsG711) : formats.Where(static format => format.IsVoice);
        var names = string.Join(';', clear.Select(static format => format.Name).Distinct(StringComparer.OrdinalIgnoreCase));
        var codecs = names.Length > 0 ? $"a:{names}, " : "";
        return (attempt, package) switch
        {
            (0, true) => codecs + "e:off, s:off, fxr/fx:off",
            (0, false) or (1, true) => codecs + "e:off, s:off",
            // The mouth that a T.38 procedure shut has to be opened (RFC 5347 §2.1.1).
            (2, true) => codecs + "fxr/fx:off",
            _ => null,
        };
    }

    /// <summary>L: for T.38 (RFC 5347 §3.1, step 13).</summary>
    public const string RelayOptions = "a:image/t38";

    /// <summary>Whether a gateway says that it has the package.</summary>
    public static bool Has(EndpointAudit audit) => !audit.Packages.IsDefault && audit.Packages.Contains(Package, StringComparer.OrdinalIgnoreCase);

    private static bool IsG711(RtpFormat format) => format.SameEncoding(RtpFormat.Pcmu) || format.SameEncoding(RtpFormat.Pcma);
}
