namespace MgcpSipBridge.Mgcp;

/// <summary>
/// One thing to do without at a gateway that refused a request. Each is tried alone, then all together, so that caller id is not given up for the
/// fault of a distinctive ring; what helps is remembered.
/// </summary>
/// <param name="Word">What it is, of a closed set: goes into <see cref="MgcpNote.TraitLearnt"/>.</param>
/// <param name="Apply">The traits with the concession made.</param>
internal sealed record Concession(string Word, Func<GatewayTraits, GatewayTraits> Apply)
{
    /// <summary>No digit maps: every digit is reported.</summary>
    public static readonly Concession NoDigitMaps = new("digit-map", static t => t with { DigitMaps = false });

    /// <summary>Digits in the other package: D or, with NCS, L.</summary>
    public static readonly Concession OtherDigitPackage = new("digit-package", static t => t with { DigitPackage = t.DigitPackage == "D" ? "L" : "D" });

    /// <summary>One NTFY at a time.</summary>
    public static readonly Concession NoLoop = new("loop", static t => t with { LoopMode = false });

    /// <summary>Tones end by being left out.</summary>
    public static readonly Concession NoToneStops = new("tone-stop", static t => t with { ExplicitToneStop = false });

    private static readonly Concession NoCallerId = new("caller-id", static t => t with { CallerId = false });

    /// <summary>What may be done without after <paramref name="code"/>, the likeliest first; empty when nothing is left.</summary>
    /// <param name="shaped">The request as it was refused.</param>
    /// <param name="code">Response code.</param>
    /// <param name="mapRefused">Whether a digit map is at the bottom of it (519 although one was sent, 523, 537).</param>
    public static List<Concession> After(NotificationRequest shaped, int code, bool mapRefused)
    {
        List<Concession> all = [];
        if (shaped.Loop && code is 507 or 508 or 510 or 511 or 523 or 539) all.Add(NoLoop);
        if (code == 508 && shaped.Loop) return all;
        var usesMap = shaped.DigitMap is not null || HasAccumulation(shaped);
        if (mapRefused || code is 507 or 508 or 510 or 523 or 537)
        {
            if (usesMap) all.Add(NoDigitMaps);
            if (mapRefused || code is 523 or 537) return all;
        }

        if (code != 512) AddSignals(shaped, all);
        if (code is not (513 or 514)) AddEvents(shaped, usesMap && all.TrueForAll(c => c != NoDigitMaps), all);
        if (all.Count > 1)
        {
            var each = all.ToArray();
            all.Add(new Concession("several", t =>
            {
                foreach (var one in each) t = one.Apply(t);
                return t;
            }));
        }

        return all;
    }

    private static void AddSignals(NotificationRequest shaped, List<Concession> all)
    {
        var stops = false;
        foreach (var signal in shaped.Signals)
        {
            if (signal.Parameters == "-")
            {
                // Only the stop is given up, not the tone.
                if (!stops) all.Add(NoToneStops);
                stops = true;
            }
            else if (PackageVocabulary.IsCallerId(signal.Signal)) all.Insert(0, NoCallerId);
            else all.Add(Without("signal", signal.Signal));
        }
    }

    private static void AddEvents(NotificationRequest shaped, bool usesMap, List<Concession> all)
    {
        foreach (var requested in shaped.Events)
        {
            if (PackageVocabulary.IsDigits(requested.Event))
            {
                all.Add(OtherDigitPackage);
                if (usesMap) all.Add(NoDigitMaps);
                usesMap = false;
            }
            else if (PackageVocabulary.Split(requested.Event).Name.ToUpperInvariant() is not ("HD" or "HU"))
            {
                // Hook events are what a line lives by: nothing replaces them.
                all.Add(Without("event", requested.Event));
            }
        }
    }

    private static Concession Without(string word, string name)
    {
        var refused = PackageVocabulary.WithoutConnection(name);
        return new Concession(word, t => t with { RefusedNames = t.RefusedNames.WithComparer(StringComparer.OrdinalIgnoreCase).Add(refused) });
    }

    private static bool HasAccumulation(NotificationRequest shaped)
    {
        foreach (var requested in shaped.Events)
        {
            if (requested.Action.Equals("D", StringComparison.OrdinalIgnoreCase)) return true;
        }

        return false;
    }
}
