namespace MgcpSipBridge.Engine;

/// <summary>Why nothing was done with a call.</summary>
public enum CallOrderRefusal
{
    /// <summary>It was done, or is being done.</summary>
    None,

    /// <summary>There is no such call (any more).</summary>
    NoSuchCall,

    /// <summary>The call has ended.</summary>
    Ended,

    /// <summary>The call is not answered (yet).</summary>
    NotAnswered,

    /// <summary>The far end is being handed on already.</summary>
    Transferring,

    /// <summary>There is no such other call.</summary>
    NoSuchOther,

    /// <summary>The other call is not answered, has ended, or is the call itself.</summary>
    OtherNotAnswered,

    /// <summary>The bridge itself has answered the call, and it has not been routed on yet.</summary>
    NotRouted,

    /// <summary>There is nothing to be routed on: the call was not answered by the bridge, or has been routed on already.</summary>
    NotOurs,

    /// <summary>No route takes the number, or for a peer's call: no line has it.</summary>
    NoRoute,

    /// <summary>The line that is to ring cannot now: it is busy, out of service, not to be disturbed, or sends its calls on.</summary>
    LineBusy,

    /// <summary>That end has no audio (yet).</summary>
    NoAudio,

    /// <summary>That end speaks no G.711; for digits: it takes them in no form.</summary>
    NoCommonCodec,

    /// <summary>The conference is full.</summary>
    ConferenceFull,

    /// <summary>Nothing is recorded.</summary>
    NotRecording,

    /// <summary>Too many digits wait to be sent already.</summary>
    TooManyDigits,
}

/// <summary>What came of <see cref="EngineQuery.Hold"/>, <see cref="EngineQuery.Transfer"/> and <see cref="EngineQuery.RouteOn"/>.</summary>
/// <param name="Refusal">Why not, if not.</param>
/// <param name="Call">The call as it was left; null when there is none.</param>
public sealed record CallOrderAnswer(CallOrderRefusal Refusal, CallView? Call);
