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
}

/// <summary>What came of <see cref="EngineQuery.Hold"/> and <see cref="EngineQuery.Transfer"/>.</summary>
/// <param name="Refusal">Why not, if not.</param>
/// <param name="Call">The call as it was left; null when there is none.</param>
public sealed record CallOrderAnswer(CallOrderRefusal Refusal, CallView? Call);
