namespace MgcpSipBridge.Calls;

/// <summary>Timers of a line. At most one runs at a time.</summary>
public enum CallTimer
{
    /// <summary>From dial tone to the first digit.</summary>
    FirstDigit,

    /// <summary>From a digit to the next.</summary>
    InterDigit,

    /// <summary>From the phone's first ring to giving up.</summary>
    RingNoAnswer,

    /// <summary>From calling the far end to giving up.</summary>
    FarEndNoAnswer,

    /// <summary>From the failure tone to the off-hook warning.</summary>
    FailureTone,

    /// <summary>From the off-hook warning to silence.</summary>
    OffHookWarning,
}

/// <summary>What can happen to a line, in telephony words.</summary>
public abstract record CallEvent
{
    private CallEvent()
    {
    }

    /// <summary>The handset was lifted. <paramref name="Fresh"/> names the call, should this begin one.</summary>
    public sealed record OffHook(CallId Fresh) : CallEvent;

    /// <summary>The phone turned out to be off hook although it was to ring: nobody has answered, somebody wants to dial.</summary>
    public sealed record FoundOffHook(CallId Fresh) : CallEvent;

    /// <summary>The handset was put down, or turned out to be.</summary>
    public sealed record OnHook : CallEvent
    {
        /// <summary>The only one.</summary>
        public static readonly OnHook Instance = new();
    }

    /// <summary>The hook was flashed.</summary>
    public sealed record Flash : CallEvent
    {
        /// <summary>The only one.</summary>
        public static readonly Flash Instance = new();
    }

    /// <summary>Symbols were dialled: 0-9, *, #, A-D.</summary>
    /// <param name="Symbols">In order; at least one.</param>
    /// <param name="Ended">Whether the gateway says that the number ends here (its digit map matched or its timer ran out).</param>
    public sealed record Digits(string Symbols, bool Ended) : CallEvent;

    /// <summary>The dialler paused for good without more digits: the gateway's own timer.</summary>
    public sealed record DialingEnded : CallEvent
    {
        /// <summary>The only one.</summary>
        public static readonly DialingEnded Instance = new();
    }

    /// <summary>A tone ended by itself.</summary>
    public sealed record ToneEnded : CallEvent
    {
        /// <summary>The only one.</summary>
        public static readonly ToneEnded Instance = new();
    }

    /// <summary>The phone could not be made to ring, or to play what it should.</summary>
    public sealed record SignalRefused : CallEvent
    {
        /// <summary>The only one.</summary>
        public static readonly SignalRefused Instance = new();
    }

    /// <summary>The endpoint is in service. A null hook state is unknown.</summary>
    /// <param name="IsOffHook">Whether the phone is off hook.</param>
    /// <param name="KeepsCalls">Whether connections survived (it was only cut off from us).</param>
    /// <param name="Fresh">Names the call, should an off-hook phone begin one.</param>
    public sealed record LineUp(bool? IsOffHook, bool KeepsCalls, CallId Fresh) : CallEvent;

    /// <summary>The endpoint left service and lost its connections.</summary>
    /// <param name="Restarting">Whether its gateway said so: it restarts, or takes it out of service.</param>
    public sealed record LineDown(bool Restarting) : CallEvent;

    /// <summary>The bearer exists: the line's connection and the relay's ports.</summary>
    public sealed record BearerReady(CallId Call) : CallEvent;

    /// <summary>The bearer could not be made, or was lost.</summary>
    public sealed record BearerFailed(CallId Call, CallCause Cause) : CallEvent;

    /// <summary>The line's connection speaks otherwise than the far end was told.</summary>
    public sealed record BearerChanged(CallId Call) : CallEvent;

    /// <summary>The line lets the far end wait, or takes it back.</summary>
    public sealed record HoldWanted(bool Held) : CallEvent;

    /// <summary>The line hands its far end on to somebody.</summary>
    /// <param name="Number">Whom to.</param>
    /// <param name="Other">A call with that somebody, whose place the far end takes; null to have them called.</param>
    public sealed record TransferWanted(string Number, CallId? Other = null) : CallEvent;

    /// <summary>The transfer that the line wanted was done, or failed.</summary>
    public sealed record TransferEnded(CallId Call, bool Done) : CallEvent;

    /// <summary>The far end says who it is now.</summary>
    public sealed record PeerIdentified(CallId Call, Party Who) : CallEvent;

    /// <summary>The far end needs more digits.</summary>
    public sealed record PeerWantsDigits(CallId Call) : CallEvent;

    /// <summary>The far end dials, told beside the sound; each symbol so long, zero where that is not told.</summary>
    public sealed record PeerDials(CallId Call, string Symbols, TimeSpan Length = default) : CallEvent;

    /// <summary>The far end hands the line on to somebody.</summary>
    public sealed record PeerTransfers(CallId Call, Party Target) : CallEvent;

    /// <summary>Whoever is to take the far end's place rings.</summary>
    public sealed record NextPeerRings(CallId Call) : CallEvent;

    /// <summary>Whoever is to take the far end's place is heard, or is not coming: ringback is over.</summary>
    public sealed record NextPeerHeard(CallId Call) : CallEvent;

    /// <summary>Whether messages wait for the line.</summary>
    public sealed record MessagesWaiting(bool Waiting) : CallEvent;

    /// <summary>Somebody calls this line.</summary>
    public sealed record PeerCalls(Call Call) : CallEvent;

    /// <summary>The far end rings.</summary>
    public sealed record PeerRings(CallId Call) : CallEvent;

    /// <summary>The far end is heard before it answers.</summary>
    public sealed record PeerHeard(CallId Call) : CallEvent;

    /// <summary>The far end answered.</summary>
    public sealed record PeerAnswers(CallId Call) : CallEvent;

    /// <summary>The far end refused, gave up or hung up.</summary>
    public sealed record PeerEnds(CallId Call, CallCause Cause) : CallEvent;

    /// <summary>Somebody wants this line to call: its phone is to ring, and lifting it places the call.</summary>
    /// <param name="Call">The call to be; its far party is the number to call.</param>
    public sealed record Summoned(Call Call) : CallEvent;

    /// <summary>An operator or the shutdown ends whatever call the line is in.</summary>
    public sealed record Cleared(CallCause Cause) : CallEvent;

    /// <summary>The line's timer ran out.</summary>
    public sealed record TimerFired(CallTimer Timer) : CallEvent;
}
