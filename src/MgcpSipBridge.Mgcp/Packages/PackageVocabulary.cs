using System.Collections.Frozen;

namespace MgcpSipBridge.Mgcp;

/// <summary>What this side has to know of event packages (RFC 3660, RFC 2705 §6) to shape requests to a gateway's taste.</summary>
internal static class PackageVocabulary
{
    /// <summary>Package that analog lines use where a name has none (RFC 3660 §2.4).</summary>
    public const string DefaultPackage = "L";

    /// <summary>On/off signals that show a state instead of sounding, so that nothing but a request ends them.</summary>
    private static readonly FrozenSet<string> Indicators = new[] { "vmwi", "lsa", "hd", "hu", "tdd" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenDictionary<string, FrozenDictionary<string, PackageSymbol>[]> Tables = PackageTables.All
        .GroupBy(static table => table.Name)
        .ToFrozenDictionary(
            static group => group.Key,
            static group => group.OrderBy(static table => table.Version).Select(static table => PackageTables.Read(table.Name, table.Version, table.Table)).ToArray(),
            StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenDictionary<string, PackageSymbol> NcsLine = PackageTables.Read("L", 0, PackageTables.NcsLine);

    /// <summary>Packages in which an analog line can be served: each has hook events, dial tone and ringing.</summary>
    private static readonly FrozenSet<string> LinePackages = new[] { "L", "BL", "H" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly string[] Searched = ["L", "D", "G", "BL", "H", "T", "R", "FXR"];

    /// <summary>What a person hears instead when a gateway refuses a signal; nothing for those that can be left out.</summary>
    private static readonly FrozenDictionary<string, string[]> Substitutes = new Dictionary<string, string[]>
    {
        // The last is for gateways that know the package but not its name (D-Link DPH-100).
        ["G/rt"] = ["L/rt", "rt"],
        ["L/rt"] = ["G/rt", "rt"],
        ["G/cg"] = ["L/ro", "L/cg", "L/bz"],
        ["L/cg"] = ["G/cg", "L/ro", "L/bz"],
        ["L/ro"] = ["G/cg", "L/bz"],
        ["L/bz"] = ["L/ro", "G/cg"],
        ["L/sit"] = ["L/ro", "G/cg", "L/bz"],
        ["G/it"] = ["L/ro", "G/cg", "L/bz"],
        ["G/pt"] = ["L/ro", "G/cg", "L/bz"],
        ["G/rbk"] = ["G/rt", "L/rt"],
        ["G/cf"] = ["L/cf", "L/p"],
        ["L/nbz"] = ["L/ro", "G/cg", "L/bz"],
        ["L/ot"] = ["L/ro", "L/bz"],
        ["L/v"] = ["L/wt1", "L/wt"],
        ["L/ht"] = ["SST/ht"],
        ["L/e"] = ["L/ro", "L/bz"],
        ["T/ro"] = ["L/ro", "G/cg"],
        ["T/bz"] = ["L/bz"],
        ["L/sl"] = ["L/dl"],
        ["L/mwi"] = ["L/dl"],
        ["L/r0"] = ["L/rg"],
        ["L/r1"] = ["L/rg"],
        ["L/r2"] = ["L/rg"],
        ["L/r3"] = ["L/rg"],
        ["L/r4"] = ["L/rg"],
        ["L/r5"] = ["L/rg"],
        ["L/r6"] = ["L/rg"],
        ["L/r7"] = ["L/rg"],
        ["L/wt"] = ["L/wt1"],
        ["L/wt1"] = ["L/wt"],
        ["L/rs"] = ["L/rg"],
        ["L/wt2"] = ["L/wt1", "L/wt"],
        ["L/wt3"] = ["L/wt1", "L/wt"],
        ["L/wt4"] = ["L/wt1", "L/wt"],
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>Splits <c>L/rg</c>; the package is empty when there is none. A connection after '@' stays with the name.</summary>
    public static SplitName Split(ReadOnlySpan<char> name)
    {
        var slash = name.IndexOf('/');
        return slash < 0 ? new SplitName([], name) : new SplitName(name[..slash], name[(slash + 1)..]);
    }

    /// <summary>The name without a connection: <c>G/rt@1F</c> is <c>G/rt</c>.</summary>
    public static string WithoutConnection(string name)
    {
        var at = name.IndexOf('@', StringComparison.Ordinal);
        return at < 0 ? name : name[..at];
    }

    /// <summary>The same, of a part of a name.</summary>
    public static ReadOnlySpan<char> WithoutConnection(ReadOnlySpan<char> name)
    {
        var at = name.IndexOf('@');
        return at < 0 ? name : name[..at];
    }

    /// <summary>The table of a package as this gateway has it; null for one that is not known here.</summary>
    public static FrozenDictionary<string, PackageSymbol>? TableOf(ReadOnlySpan<char> package, GatewayTraits traits)
    {
        if (traits.IsNcs && package is "L" or "l") return NcsLine;
        if (!Tables.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(package, out var versions)) return null;
        // Version 1 of these packages came with RFC 3660, beside MGCP 1.0; what a gateway says of itself counts for more.
        var version = traits.VersionOf(package) ?? (traits.IsOld ? 0 : 1);
        return versions[Math.Min(version, versions.Length - 1)];
    }

    /// <summary>What a name means at this gateway, <c>L/rg</c> or <c>G/rt@1F</c>; without a package, in its default package. Null when it is not known here.</summary>
    public static PackageSymbol? Find(string name, GatewayTraits traits)
    {
        var bare = WithoutConnection(name.AsSpan());
        var slash = bare.IndexOf('/');
        var table = TableOf(slash < 0 ? traits.DefaultPackage : bare[..slash], traits);
        return table is not null && table.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(bare[(slash + 1)..], out var found) ? found : null;
    }

    /// <summary>Whether a signal sounds until something ends it: tones and ringing. Names that no table has end by themselves, for all that is known.</summary>
    public static bool IsTone(string signal, GatewayTraits traits) =>
        Find(signal, traits) is { Signal: SignalKind.TimeOut or SignalKind.OnOff or SignalKind.Untyped } found && !Indicators.Contains(found.Name);

    /// <summary>Whether a tone ends at this gateway only when it is told so by name (RFC 3435 §2.1.7: on/off signals; RFC 2705 has more of them).</summary>
    public static bool NeedsStop(string tone, GatewayTraits traits) =>
        traits.ExplicitToneStop || Find(tone, traits) is { Signal: SignalKind.OnOff };

    /// <summary>Whether analog lines can be served with this package.</summary>
    public static bool IsLinePackage(string package) => LinePackages.Contains(package);

    /// <summary>
    /// The package of an event that was reported without one: the default package if it has such an event, else one that lines use and that has; some gateways
    /// leave packages away altogether.
    /// </summary>
    public static string PackageOf(ReadOnlySpan<char> name, string fallback, GatewayTraits traits)
    {
        if (HasEvent(fallback, name, traits)) return fallback;
        foreach (var package in Searched)
        {
            if (HasEvent(package, name, traits)) return package;
        }

        return fallback;
    }

    private static bool HasEvent(ReadOnlySpan<char> package, ReadOnlySpan<char> name, GatewayTraits traits) =>
        TableOf(package, traits) is { } table && table.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out var found) && found.Detection != Detection.None;

    /// <summary>Whether a signal is caller id.</summary>
    public static bool IsCallerId(string signal) => Split(WithoutConnection(signal.AsSpan())).Name.Equals("ci", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether an event is DTMF digits, one or a range, in package D or in NCS's L.</summary>
    public static bool IsDigits(string name)
    {
        var (package, rest) = Split(name);
        return (package.Equals("D", StringComparison.OrdinalIgnoreCase) || package.Equals("L", StringComparison.OrdinalIgnoreCase))
            && (rest is ['[', ..] || (rest.Length == 1 && "0123456789*#ABCDTabcdt".Contains(rest[0], StringComparison.Ordinal)));
    }

    /// <summary>What to try in place of a refused signal, best first.</summary>
    public static ReadOnlySpan<string> SubstitutesOf(string signal) => Substitutes.TryGetValue(signal, out var found) ? found : [];
}

/// <summary>The two parts of <c>L/rg</c>.</summary>
internal readonly ref struct SplitName(ReadOnlySpan<char> package, ReadOnlySpan<char> name)
{
    public ReadOnlySpan<char> Package { get; } = package;

    public ReadOnlySpan<char> Name { get; } = name;

    public void Deconstruct(out ReadOnlySpan<char> package, out ReadOnlySpan<char> name)
    {
        package = Package;
        name = Name;
    }
}
