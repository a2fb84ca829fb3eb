using static MgcpSipBridge.Sip.SipTransactionActions;
using static MgcpSipBridge.Sip.SipTransactionInput;
using static MgcpSipBridge.Sip.SipTransactionState;

namespace MgcpSipBridge.Sip;

/// <summary>The INVITE server machine: RFC 3261 §17.2.1 with figure 7 of RFC 6026.</summary>
internal static class SipInviteServerMachine
{
    /// <summary>100 goes out at once: whether the user will answer within 200 ms nobody knows, and a lost 100 costs nothing.</summary>
    public static readonly SipTransition Begin = new(Proceeding, PassUp | SendTrying);

    public static SipTransition Step(SipTransactionState state, SipTransactionInput input) => (state, input) switch
    {
        (Proceeding, Repeat) => new(Proceeding, Send),
        (Proceeding, Ack) => Ignore(state, "there is nothing to acknowledge yet"),
        (Proceeding, SendProvisional) => new(Proceeding, Send),
        (Proceeding, SendSuccess) => new(Accepted, Send, SipTimers.L),
        (Proceeding, SendFailure) => new(Completed, Send, SipTimers.G | SipTimers.H),
        (Proceeding, TransportError) => new(Proceeding, ReportTransport),

        (Accepted, Repeat) => Ignore(state, "absorbed: the 2xx is repeated by the user only (RFC 6026 7.1)"),
        (Accepted, Ack) => new(Accepted, PassUp),
        (Accepted, SendProvisional or SendFailure) => Ignore(state, "the first final response counts"),
        (Accepted, SendSuccess) => new(Accepted, Send),
        (Accepted, TransportError) => new(Accepted, ReportTransport),
        (Accepted, TimerL) => new(Terminated),

        (Completed, Repeat) => new(Completed, Send),
        (Completed, Ack) => new(Confirmed, None, SipTimers.I),
        (Completed, SendProvisional or SendSuccess or SendFailure) => Ignore(state, "the first final response counts"),
        (Completed, TransportError) => new(Completed, ReportTransport),
        (Completed, TimerG) => new(Completed, Send, SipTimers.G),
        (Completed, TimerH) => new(Terminated, ReportTimeout),

        (Confirmed, Repeat) => Ignore(state, "a late copy of an INVITE that is over"),
        (Confirmed, Ack) => Ignore(state, "absorbed: that is what the state is for"),
        (Confirmed, SendProvisional or SendSuccess or SendFailure) => Ignore(state, "the first final response counts"),
        (Confirmed, TransportError) => Ignore(state, "the response has arrived"),
        (Confirmed, TimerI) => new(Terminated),

        _ => Ignore(state, "cannot happen: the state has no such input or timer"),
    };

    /// <summary>Timers that may run in a state.</summary>
    public static SipTimers TimersOf(SipTransactionState state) => state switch
    {
        Accepted => SipTimers.L,
        Completed => SipTimers.G | SipTimers.H,
        Confirmed => SipTimers.I,
        _ => SipTimers.None,
    };

    private static SipTransition Ignore(SipTransactionState state, string why) => new(state, Ignored: why);
}

/// <summary>The non-INVITE server machine: RFC 3261 §17.2.2, figure 8, with RFC 4320.</summary>
internal static class SipNonInviteServerMachine
{
    public static readonly SipTransition Begin = new(Trying, PassUp, SipTimers.Trying | SipTimers.Lapse);

    public static SipTransition Step(SipTransactionState state, SipTransactionInput input) => (state, input) switch
    {
        (Trying, Repeat) => Ignore(state, "there is no response yet"),
        (_, SendProvisional) => Ignore(state, "only a 100 is allowed, and TimerTrying sends it when it is due (RFC 4320 4.1)"),
        (Trying or Proceeding, SendSuccess or SendFailure) => new(Completed, Send, SipTimers.J),
        (Trying, TransportError) => Ignore(state, "nothing was sent; the response will find another way or fail by itself"),
        (Trying, TimerTrying) => new(Proceeding, SendTrying),
        (Trying or Proceeding, TimerLapse) => new(Terminated),

        (Proceeding, Repeat) => new(Proceeding, Send),
        (Proceeding, TransportError) => new(Terminated, ReportTransport),

        (Completed, Repeat) => new(Completed, Send),
        (Completed, SendSuccess or SendFailure) => Ignore(state, "the first final response counts"),
        (Completed, TransportError) => new(Terminated, ReportTransport),
        (Completed, TimerJ) => new(Terminated),

        _ => Ignore(state, "cannot happen: the state has no such input or timer"),
    };

    /// <summary>Timers that may run in a state.</summary>
    public static SipTimers TimersOf(SipTransactionState state) => state switch
    {
        Trying => SipTimers.Trying | SipTimers.Lapse,
        Proceeding => SipTimers.Lapse,
        Completed => SipTimers.J,
        _ => SipTimers.None,
    };

    private static SipTransition Ignore(SipTransactionState state, string why) => new(state, Ignored: why);
}
