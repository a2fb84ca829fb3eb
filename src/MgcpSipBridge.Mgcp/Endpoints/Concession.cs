namespace MgcpSipBridge.Mgcp;

/// <summary>
/// One thing to do without at a gateway that refused a request. Each is tried alone, then all together, so that caller id is not given up for the
/// fault of a distinctive ring; then the substitutes' substitutes. What helps is remembered.
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

    /// <summary>Lines in another package than L (RFC 3064's BL, RFC 3660's H).</summary>
    private static Concession OtherLinePackage(string package) => new("line-package", t => t with { LinePackage = package });

    private const string SeveralWord = "several";

    /// <summary>A digit map this short is not refused for its size.</summary>
    private const int SmallestMap = 128;

    /// <summary>
    /// No digit map as long as one that was refused, at any endpoint of the gateway. A map itself belongs to its endpoint (RFC 3435 §2.1.5, 519 speaks of one endpoint),
    /// but how long one may be is its program's: to find it out once for each of a thousand lines would cost as many refusals, and a coarser map costs only that the
    /// bridge decides.
    /// </summary>
    private static Concession SmallerMap(int refused)
    {
        var limit = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)refused) / 2;
        return new("digit-map-size", t => t with { MaxDigitMapBytes = limit });
    }

    /// <summary>The list of backup call agents, in the refused names too.</summary>
    public const string BackupList = "RED/NL";

    private static readonly Concession NoBackups = Without("backup-call-agents", BackupList);

    private static readonly Concession NoEmbedding = new("embedded", static t => t with { EmbeddedRequests = false });

    private static readonly Concession NoDetectEvents = new("detect-events", static t => t with { DetectEvents = false });

    private static readonly Concession NoPersistentEvents = new("persistent-events", static t => t with { PersistentEvents = false });

    private static readonly Concession NoCallerId = new("caller-id", static t => t with { CallerId = false });

    /// <summary>What may be done without after <paramref name="code"/>, the likeliest first; empty when nothing is left.</summary>
    /// <param name="shaped">The request as it was refused.</param>
    /// <param name="traits">The traits that shaped it.</param>
    /// <param name="code">Response code.</param>
    /// <param name="mapRefused">Whether a digit map is at the bottom of it (519 although one was sent, 523, 537).</param>
    public static List<Concession> After(NotificationRequest shaped, GatewayTraits traits, int code, bool mapRefused)
    {
        List<Concession> all = [];
        if (shaped.Loop && code is 507 or 508 or 510 or 511 or 523 or 539) all.Add(NoLoop);
        if (code == 508 && shaped.Loop) return all;
        if (code is not (513 or 514 or 519 or 537))
        {
            if (shaped.Backups is not null) all.Add(NoBackups);
            if (shaped.PersistentEvents is not null) all.Add(NoPersistentEvents);
            if (shaped.DetectEvents is not null) all.Add(NoDetectEvents);
            if (shaped.Events.Any(static e => e.Embedded is not null)) all.Add(NoEmbedding);
            // What few gateways know goes first, and all of it before anything that every gateway knows.
            if (all.Count > 1) all.Add(Several([.. all]));
        }

        var usesMap = shaped.DigitMap is not null || HasAccumulation(shaped);
        if (mapRefused || code is 507 or 508 or 510 or 523 or 537 or 539)
        {
            if (shaped.DigitMap is { Length: > SmallestMap } map && code is not (508 or 523 or 537)) all.Add(SmallerMap(map.Length));
            if (usesMap) all.Add(NoDigitMaps);
            if (mapRefused || code is 523 or 537) return all;
        }

        if (code != 512) AddSignals(shaped, traits, all);
        if (code is not (513 or 514)) AddEvents(shaped, usesMap && all.TrueForAll(c => c != NoDigitMaps), all);
        if (all.Count > 1) all.Add(Several([.. all]));
        // A substitute may be refused in its turn.
        var last = code == 512 ? [] : AddSubstitutes(shaped, traits, all);
        if (last.Count > 0 && all.Count > last.Count + 1) all.Add(Several([.. all]));

        // Hook events are what a line lives by: nothing replaces them but the same in another package.
        if (code is 518 or 522 && traits.LinePackage == PackageVocabulary.DefaultPackage && shaped.Events.Any(static e => IsHook(e.Event)))
        {
            all.Add(OtherLinePackage("BL"));
            all.Add(OtherLinePackage("H"));
        }

        return all;
    }

    private static void AddSignals(NotificationRequest shaped, GatewayTraits traits, List<Concession> all)
    {
        var stops = false;
        foreach (var signal in shaped.Signals)
        {
            if (signal.Parameters == "-" && PackageVocabulary.IsTone(signal.Signal, traits))
            {
                // Only the stop is given up, not the tone.
                if (!traits.ExplicitToneStop) all.Add(Without("tone-stop", signal.Signal, "(-)"));
                else if (!stops) all.Add(NoToneStops);
                stops = true;
            }
            else if (PackageVocabulary.IsCallerId(signal.Signal)) all.Insert(0, NoCallerId);
            else all.Add(Without("signal", signal.Signal));
        }
    }

    /// <summary>For each signal in turn: without it and the first of its substitutes, without it and the first two, and so on. Gives each one's last.</summary>
    private static List<Concession> AddSubstitutes(NotificationRequest shaped, GatewayTraits traits, List<Concession> all)
    {
        List<Concession> last = [];
        foreach (var signal in shaped.Signals)
        {
            if (signal.Parameters == "-" || PackageVocabulary.IsCallerId(signal.Signal)) continue;
            var without = Without("signal", signal.Signal);
            var before = all.Count;
            foreach (var substitute in PackageVocabulary.SubstitutesOf(PackageVocabulary.WithoutConnection(signal.Signal)))
            {
                if (traits.Refuses(substitute)) continue;
                var (less, one) = (without, Without("signal", substitute));
                without = new Concession("signal", t => one.Apply(less.Apply(t)));
                all.Add(without);
            }

            if (all.Count > before) last.Add(without);
        }

        return last;
    }

    private static Concession Several(Concession[] each) => new(SeveralWord, t =>
    {
        foreach (var one in each)
        {
            // Those that are several themselves are made of the others; some undo themselves when they are made twice.
            if (one.Word != SeveralWord) t = one.Apply(t);
        }

        return t;
    });

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
            else if (!IsHook(requested.Event))
            {
                all.Add(Without("event", requested.Event));
            }
        }
    }

    private static bool IsHook(string name) => PackageVocabulary.Split(name).Name is var bare && (bare.Equals("hd", StringComparison.OrdinalIgnoreCase) || bare.Equals("hu", StringComparison.OrdinalIgnoreCase));

    private static Concession Without(string word, string name, string suffix = "")
    {
        var refused = PackageVocabulary.WithoutConnection(name) + suffix;
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
