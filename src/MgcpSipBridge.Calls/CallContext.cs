using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Calls;

/// <summary>What a step may know beside the state and the event.</summary>
/// <param name="Now">The present.</param>
/// <param name="Plan">What the line may dial.</param>
/// <param name="Times">Its time-outs.</param>
/// <param name="Line">What it is set to do.</param>
/// <param name="Refuses">Why new calls are refused at the moment; null when they are not. Calls for help are taken all the same.</param>
public readonly record struct CallContext(Instant Now, DialPlan Plan, CallTimes Times, LineSettings Line, CallCause? Refuses);

/// <summary>Time-outs of a line.</summary>
/// <param name="FirstDigit">From dial tone to the first digit.</param>
/// <param name="InterDigit">After a digit while the number cannot be complete.</param>
/// <param name="Critical">After a digit when the number may be complete.</param>
/// <param name="RingNoAnswer">How long the phone rings.</param>
/// <param name="FarEndNoAnswer">How long the far end may take to answer.</param>
/// <param name="FailureTone">How long a failure tone plays.</param>
/// <param name="OffHookWarning">How long the off-hook warning plays.</param>
/// <param name="ForwardNoAnswer">How long the phone rings before the call is sent on, where it is.</param>
public sealed record CallTimes(
    TimeSpan FirstDigit,
    TimeSpan InterDigit,
    TimeSpan Critical,
    TimeSpan RingNoAnswer,
    TimeSpan FarEndNoAnswer,
    TimeSpan FailureTone,
    TimeSpan OffHookWarning,
    TimeSpan ForwardNoAnswer);
