using static MgcpSipBridge.Sip.SipTransactionActions;
using static MgcpSipBridge.Sip.SipTransactionInput;
using static MgcpSipBridge.Sip.SipTransactionState;

namespace MgcpSipBridge.Sip;

/// <summary>The INVITE client machine: RFC 3261 §17.1.1 with figure 5 of RFC 6026.</summary>
internal static class SipInviteClientMachine
{
    public static readonly SipTransition Begin = new(Calling, Send, SipTimers.A | SipTimers.B);

    public static SipTransition Step(SipTransactionState state, SipTransactionInput input) => (state, input) switch
    {
        (Calling, Provisional) => new(Proceeding, PassUp),
        (Calling, Success) => new(Accepted, PassUp, SipTimers.M),
        (Calling, Failure) => new(Completed, PassUp | Acknowledge, SipTimers.D),
        (Calling, TransportError) => new(Terminated, ReportTransport),
        (Calling, TimerA) => new(Calling, Send, SipTimers.A),
        (Calling, TimerB) => new(Terminated, ReportTimeout),

        (Proceeding, Provisional) => new(Proceeding, PassUp),
        (Proceeding, Success) => new(Accepted, PassUp, SipTimers.M),
        (Proceeding, Failure) => new(Completed, PassUp | Acknowledge, SipTimers.D),
        (Proceeding, TransportError) => Ignore(state, "nothing of ours is under way; the server may answer over a connection of its own (RFC 3261 18.2.2)"),
        (Proceeding, TimerCancel) => new(Terminated, ReportTimeout),

        (Accepted, Success) => new(Accepted, PassUp),
        (Accepted, Provisional) => Ignore(state, "overtaken by a 2xx; other early dialogs end with it (RFC 3261 13.2.2.4)"),
        (Accepted, Failure) => Ignore(state, "a fork's failure after another's 2xx means nothing any more"),
        (Accepted, TransportError) => Ignore(state, "the ACKs are the user's; more 2xx may still come over another connection"),
        (Accepted, TimerM) => new(Terminated),

        (Completed, Failure) => new(Completed, Acknowledge),
        (Completed, Provisional) => Ignore(state, "overtaken by the final response"),
        (Completed, Success) => Ignore(state, "the first final response counts; a proxy never sends a 2xx after it"),
        (Completed, TransportError) => new(Terminated),
        (Completed, TimerD) => new(Terminated),

        _ => Ignore(state, "cannot happen: the state has no such input or timer"),
    };

    /// <summary>Timers that may run in a state.</summary>
    public static SipTimers TimersOf(SipTransactionState state) => state switch
    {
        Calling => SipTimers.A | SipTimers.B,
        Proceeding => SipTimers.Cancel,
        Accepted => SipTimers.M,
        Completed => SipTimers.D,
        _ => SipTimers.None,
    };

    private static SipTransition Ignore(SipTransactionState state, string why) => new(state, Ignored: why);
}

/// <summary>The non-INVITE client machine: RFC 3261 §17.1.2, figure 6.</summary>
internal static class SipNonInviteClientMachine
{
    public static readonly SipTransition Begin = new(Trying, Send, SipTimers.E | SipTimers.F);

    public static SipTransition Step(SipTransactionState state, SipTransactionInput input) => (state, input) switch
    {
        (Trying or Proceeding, Provisional) => new(Proceeding, PassUp),
        (Trying or Proceeding, Success or Failure) => new(Completed, PassUp, SipTimers.K),
        (Trying or Proceeding, TransportError) => new(Terminated, ReportTransport),
        (Trying or Proceeding, TimerE) => new(state, Send, SipTimers.E),
        (Trying or Proceeding, TimerF) => new(Terminated, ReportTimeout),

        (Completed, Provisional or Success or Failure) => Ignore(state, "a repeat, or overtaken by the final response"),
        (Completed, TransportError) => Ignore(state, "nothing of ours is under way"),
        (Completed, TimerK) => new(Terminated),

        _ => Ignore(state, "cannot happen: the state has no such input or timer"),
    };

    /// <summary>Timers that may run in a state.</summary>
    public static SipTimers TimersOf(SipTransactionState state) => state switch
    {
        Trying or Proceeding => SipTimers.E | SipTimers.F,
        Completed => SipTimers.K,
        _ => SipTimers.None,
    };

    private static SipTransition Ignore(SipTransactionState state, string why) => new(state, Ignored: why);
}
