namespace MgcpSipBridge.Mgcp;

/// <summary>How a signal ends (RFC 3435 §2.1.7).</summary>
internal enum SignalKind : byte
{
    /// <summary>It is no signal.</summary>
    None,

    /// <summary>By <c>(-)</c> only.</summary>
    OnOff,

    /// <summary>By a time-out, an event, or a request that leaves it out.</summary>
    TimeOut,

    /// <summary>By itself.</summary>
    Brief,

    /// <summary>RFC 2705's tables leave it open.</summary>
    Untyped,
}

/// <summary>How an event can be detected, by the column R of the RFCs' tables.</summary>
[Flags]
internal enum Detection : byte
{
    /// <summary>It is no event.</summary>
    None = 0,

    /// <summary>On the endpoint, where it is requested (x).</summary>
    Event = 1,

    /// <summary>On connections (C).</summary>
    OnConnection = 2,

    /// <summary>As a state that an audit shows (S).</summary>
    State = 4,

    /// <summary>Without a request, too (P).</summary>
    Persistent = 8,
}

/// <summary>A line of a package's table.</summary>
/// <param name="Package">Package in upper case; <c>Script</c> as RFC 3660 spells it.</param>
/// <param name="Version">Package version: 0 is RFC 2705's where the package has a newer one.</param>
/// <param name="Name">Event or signal without parameters.</param>
/// <param name="Detection">Whether, and how, it is an event.</param>
/// <param name="Signal">Whether it is a signal, and how that ends.</param>
/// <param name="TimeOut">Default time-out; zero for an infinite one as in <c>to=</c>; null where there is none, or it depends on what is played.</param>
/// <param name="PlaysOnConnection">Whether the signal can be played on a connection (C).</param>
internal sealed record PackageSymbol(
    string Package, int Version, string Name, Detection Detection, SignalKind Signal, TimeSpan? TimeOut, bool PlaysOnConnection)
{
    /// <summary>
    /// Whether the signal takes a parameter by this name: <c>to</c> for time-out signals of packages that are not of RFC 2705's days (RFC 3435 §3.2.2.4; RFC 3660
    /// §2 allows it in SST's version 0), <c>rep</c> for ringing and <c>del</c> for stutter dial tone (RFC 3660 §2.4).
    /// </summary>
    public bool Takes(ReadOnlySpan<char> parameter) => parameter switch
    {
        "to" => Signal == SignalKind.TimeOut && (Version > 0 || Package == "SST"),
        "rep" => Version > 0 && Package is "L" or "H" && (Name == "rg" || Name is ['r', >= '0' and <= '7']),
        "del" => Version > 0 && Package is "L" or "H" && Name == "sl",
        _ => false,
    };
}
