namespace MgcpSipBridge.Simulator;

/// <summary>How a signal ends (RFC 3435 §2.1.7).</summary>
public enum SignalKind
{
    /// <summary>Plays out by itself.</summary>
    Brief,

    /// <summary>Until a time-out, an event or a new request.</summary>
    TimeOut,

    /// <summary>Until it is turned off.</summary>
    OnOff,
}

/// <summary>What an endpoint of the textbook (RFC 3660 §2.1, §2.2, §2.4) can play and detect.</summary>
public static class SignalTable
{
    private static readonly TimeSpan Infinite = TimeSpan.Zero;

    /// <summary>Kind and default time-out of a signal; null when the package has no such signal.</summary>
    public static (SignalKind Kind, TimeSpan Default)? Find(string package, string name, bool ncs) => (package, name) switch
    {
        ("L", "dl" or "sl") => (SignalKind.TimeOut, Seconds(16)),
        ("L", "bz" or "ro") => (SignalKind.TimeOut, Seconds(30)),
        ("L", "rg" or "r0" or "r1" or "r2" or "r3" or "r4" or "r5" or "r6" or "r7") => (SignalKind.TimeOut, Seconds(180)),
        ("L", "wt" or "wt1" or "wt2" or "wt3" or "wt4") => (SignalKind.TimeOut, Seconds(12)),
        ("L", "ot" or "nbz" or "y") => (SignalKind.TimeOut, Infinite),
        ("L", "sit" or "e") => (SignalKind.TimeOut, Seconds(2)),
        ("L", "mwi") => (SignalKind.TimeOut, Seconds(16)),
        ("L", "osi") => (SignalKind.TimeOut, TimeSpan.FromMilliseconds(900)),
        ("L", "ci" or "rs" or "s" or "p" or "adsi" or "z") => (SignalKind.Brief, Infinite),
        ("L", "vmwi" or "aw" or "ht" or "lsa" or "v") => (SignalKind.OnOff, Infinite),
        ("L", "rt") when ncs => (SignalKind.TimeOut, Seconds(180)),
        ("G", "rt" or "rbk") => (SignalKind.TimeOut, Seconds(180)),
        ("G", "cg" or "it" or "pt") => (SignalKind.TimeOut, Infinite),
        ("G", "cf") => (SignalKind.Brief, Infinite),
        ("D", { Length: 1 }) => (SignalKind.Brief, Infinite),
        _ => null,
    };

    /// <summary>Whether the package can report the event; ranges count when their package has digits.</summary>
    public static bool Detects(string package, string name, bool ncs) => (package, name) switch
    {
        ("L", "hd" or "hu" or "hf" or "oc" or "of") => true,
        ("L", _) when ncs && IsDigits(name) => true,
        ("G", "ft" or "mt" or "ld" or "oc" or "of" or "rt") => true,
        ("D", "oc" or "of" or "l") => true,
        ("D", _) => IsDigits(name),
        // RFC 5347 §2.2.
        ("FXR", "gwfax" or "nopfax" or "t38") => true,
        ("L", "ft" or "mt") when ncs => true,
        (_, "*" or "all") => true,
        _ => false,
    };

    /// <summary>
    /// 401 or 402 when the hook is not where the signal needs it (RFC 3660 §2.1, §2.4); 0 when all is well.
    /// </summary>
    public static int HookCode(string package, string name, bool offHook) => (package, name) switch
    {
        ("L", "rg" or "r0" or "r1" or "r2" or "r3" or "r4" or "r5" or "r6" or "r7") when offHook => 401,
        ("L", "dl" or "bz" or "sl" or "wt" or "wt1" or "wt2" or "wt3" or "wt4" or "ot" or "mwi") when !offHook => 402,
        ("G", "rt" or "cf") when !offHook => 402,
        _ => 0,
    };

    private static bool IsDigits(string name) =>
        name.StartsWith('[') || name == "x" || (name.Length == 1 && (char.IsAsciiDigit(name[0]) || "*#abcdt".Contains(name[0])));

    private static TimeSpan Seconds(int seconds) => TimeSpan.FromSeconds(seconds);
}
