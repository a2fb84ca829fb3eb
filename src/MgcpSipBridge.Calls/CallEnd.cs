namespace MgcpSipBridge.Calls;

/// <summary>Which side ended a call.</summary>
public enum CallSide
{
    /// <summary>The analog line, its phone or its gateway.</summary>
    Line,

    /// <summary>The SIP peer and what is behind it.</summary>
    Peer,

    /// <summary>The bridge itself: time-outs, limits, operators, faults.</summary>
    Bridge,
}

/// <summary>How far a call had come when it ended.</summary>
public enum CallStage
{
    /// <summary>The number was not complete.</summary>
    Dialing,

    /// <summary>The bearer was being made.</summary>
    Preparing,

    /// <summary>The far end had been called and did not ring yet.</summary>
    Proceeding,

    /// <summary>One of the phones rang.</summary>
    Alerting,

    /// <summary>It was answered.</summary>
    Talking,
}

/// <summary>Why a call ended, in telephony words.</summary>
public enum CallCause
{
    /// <summary>Somebody hung up.</summary>
    NormalClearing,

    /// <summary>The called party is busy.</summary>
    Busy,

    /// <summary>It rang and nobody answered.</summary>
    NoAnswer,

    /// <summary>The called party, or someone on its behalf, declined.</summary>
    Declined,

    /// <summary>There is no such number.</summary>
    UnknownNumber,

    /// <summary>The number has changed or is out of use.</summary>
    NumberChanged,

    /// <summary>The number is not complete, or cannot be one.</summary>
    InvalidNumber,

    /// <summary>The caller may not call there, or its credentials were refused.</summary>
    Forbidden,

    /// <summary>The called line is temporarily not reachable.</summary>
    Unavailable,

    /// <summary>The network or the far side has no room for the call now.</summary>
    Congestion,

    /// <summary>Nobody answered us where the call should have gone.</summary>
    NetworkFailure,

    /// <summary>The two sides share no way to talk.</summary>
    IncompatibleMedia,

    /// <summary>The call went in circles.</summary>
    Loop,

    /// <summary>The line's gateway or endpoint left service.</summary>
    LineOutOfService,

    /// <summary>The gateway restarts and can serve the call a little later.</summary>
    LineRestarting,

    /// <summary>The connection on the gateway could not be made or was lost.</summary>
    BearerFailure,

    /// <summary>Neither end said anything for so long that nobody can be there any more.</summary>
    MediaTimeout,

    /// <summary>The bridge had answered it for a client, and the client did nothing with it any more.</summary>
    Unattended,

    /// <summary>The line sends its calls on to another number.</summary>
    Forwarded,

    /// <summary>What was dialled set the line anew; nobody was to be called.</summary>
    ServiceDone,

    /// <summary>Another phone answered.</summary>
    AnsweredElsewhere,

    /// <summary>The bridge is shutting down.</summary>
    ShuttingDown,

    /// <summary>A fault of the bridge.</summary>
    InternalError,

    /// <summary>Anything else.</summary>
    Unspecified,
}

/// <summary>How a call ended: which side, at which stage and why. The raw SIP and MGCP codes are kept beside it in the call's record.</summary>
public sealed record CallEnd(CallSide Side, CallStage Stage, CallCause Cause);
