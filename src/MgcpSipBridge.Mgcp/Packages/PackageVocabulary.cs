using System.Collections.Frozen;

namespace MgcpSipBridge.Mgcp;

/// <summary>What this side has to know of event packages (RFC 3660, RFC 2705 §6) to shape requests to a gateway's taste.</summary>
internal static class PackageVocabulary
{
    /// <summary>Package that analog lines use where a name has none (RFC 3660 §2.4).</summary>
    public const string DefaultPackage = "L";

    /// <summary>Tones that old gateways play until told otherwise (RFC 2705 §6.1; IOS <c>signals v0.1</c>).</summary>
    private static readonly FrozenSet<string> Tones = new[]
    {
        "dl", "sl", "mwi", "bz", "ro", "nbz", "ot", "rt", "cg", "rbk", "it", "pt", "wt", "wt1", "wt2", "wt3", "wt4", "rg", "r0", "r1", "r2", "r3", "r4", "r5",
        "r6", "r7", "sit", "osi",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>What a person hears instead when a gateway refuses a signal; nothing for those that can be left out.</summary>
    private static readonly FrozenDictionary<string, string[]> Substitutes = new Dictionary<string, string[]>
    {
        ["G/rt"] = ["L/rt"],
        ["L/rt"] = ["G/rt"],
        ["G/cg"] = ["L/ro", "L/cg", "L/bz"],
        ["L/cg"] = ["G/cg", "L/ro", "L/bz"],
        ["L/ro"] = ["G/cg", "L/bz"],
        ["L/bz"] = ["L/ro", "G/cg"],
        ["L/sit"] = ["L/ro", "G/cg", "L/bz"],
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
        ["L/wt2"] = ["L/wt1", "L/wt"],
        ["L/wt3"] = ["L/wt1", "L/wt"],
        ["L/wt4"] = ["L/wt1", "L/wt"],
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>Splits <c>L/rg</c>; the package is empty when there is none. A connection after '@' stays with the name.</summary>
    public static (string Package, string Name) Split(string name)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? ("", name) : (name[..slash], name[(slash + 1)..]);
    }

    /// <summary>The name without a connection: <c>G/rt@1F</c> is <c>G/rt</c>.</summary>
    public static string WithoutConnection(string name)
    {
        var at = name.IndexOf('@', StringComparison.Ordinal);
        return at < 0 ? name : name[..at];
    }

    /// <summary>Whether a signal is a tone or ringing, which goes on by itself.</summary>
    public static bool IsTone(string signal) => Tones.Contains(Split(WithoutConnection(signal)).Name);

    /// <summary>Whether a signal is caller id.</summary>
    public static bool IsCallerId(string signal) => Split(signal).Name.Equals("ci", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether an event is DTMF digits, one or a range, in package D or in NCS's L.</summary>
    public static bool IsDigits(string name)
    {
        var (package, rest) = Split(name);
        return (package.Equals("D", StringComparison.OrdinalIgnoreCase) || package.Equals("L", StringComparison.OrdinalIgnoreCase))
            && (rest.StartsWith('[') || (rest.Length == 1 && "0123456789*#ABCDTabcdt".Contains(rest[0], StringComparison.Ordinal)));
    }

    /// <summary>What to try in place of a refused signal, best first.</summary>
    public static ReadOnlySpan<string> SubstitutesOf(string signal) => Substitutes.TryGetValue(signal, out var found) ? found : [];
}
