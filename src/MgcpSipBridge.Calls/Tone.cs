namespace MgcpSipBridge.Calls;

/// <summary>What the person at the phone may be given to hear, besides the far end.</summary>
public enum Tone
{
    /// <summary>Dial.</summary>
    Dial,

    /// <summary>The far phone rings.</summary>
    Ringback,

    /// <summary>The far phone is busy.</summary>
    Busy,

    /// <summary>The call cannot go on; hang up.</summary>
    Reorder,

    /// <summary>The network is busy.</summary>
    Congestion,

    /// <summary>No such number; ends by itself after a moment.</summary>
    VacantCode,

    /// <summary>The number was refused or has changed.</summary>
    Intercept,

    /// <summary>What was dialled has been done.</summary>
    Confirmation,

    /// <summary>The phone was left off the hook.</summary>
    OffHookWarning,
}

/// <summary>Which tone tells which cause.</summary>
public static class CauseTone
{
    /// <summary>
    /// The tone after a call that ended with <paramref name="cause"/> while the phone is still off hook. A person who is declined hears
    /// busy: the difference is the called party's secret.
    /// </summary>
    public static Tone For(CallCause cause) => cause switch
    {
        CallCause.Busy or CallCause.Declined => Tone.Busy,
        CallCause.UnknownNumber => Tone.VacantCode,
        CallCause.NumberChanged or CallCause.Forbidden => Tone.Intercept,
        CallCause.Congestion or CallCause.NetworkFailure => Tone.Congestion,
        _ => Tone.Reorder,
    };
}
