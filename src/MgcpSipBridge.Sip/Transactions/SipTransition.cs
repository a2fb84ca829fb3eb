namespace MgcpSipBridge.Sip;

/// <summary>What can happen to a transaction.</summary>
internal enum SipTransactionInput : byte
{
    /// <summary>Client: a 100-199 came.</summary>
    Provisional,

    /// <summary>Client: a 200-299 came.</summary>
    Success,

    /// <summary>Client: a 300-699 came.</summary>
    Failure,

    /// <summary>Server: the request came again.</summary>
    Repeat,

    /// <summary>INVITE server: an ACK came.</summary>
    Ack,

    /// <summary>Server: the user sends a 100-199.</summary>
    SendProvisional,

    /// <summary>Server: the user sends a 200-299.</summary>
    SendSuccess,

    /// <summary>Server: the user sends a 300-699.</summary>
    SendFailure,

    /// <summary>The flow cannot be used.</summary>
    TransportError,

    /// <summary>INVITE client: send again (T1, doubling without bound; unreliable transports).</summary>
    TimerA,

    /// <summary>INVITE client: no response at all (64*T1).</summary>
    TimerB,

    /// <summary>INVITE client: repeats of the final response have died out (at least 32 s; 0 on reliable transports).</summary>
    TimerD,

    /// <summary>Non-INVITE client: send again (T1, doubling up to T2; unreliable transports).</summary>
    TimerE,

    /// <summary>Non-INVITE client: no final response (64*T1).</summary>
    TimerF,

    /// <summary>INVITE server: send the 300-699 again (T1, doubling up to T2; unreliable transports).</summary>
    TimerG,

    /// <summary>INVITE server: no ACK (64*T1).</summary>
    TimerH,

    /// <summary>INVITE server: repeats of the ACK have died out (T4; 0 on reliable transports).</summary>
    TimerI,

    /// <summary>Non-INVITE server: repeats of the request have died out (64*T1; 0 on reliable transports).</summary>
    TimerJ,

    /// <summary>Non-INVITE client: repeats of the response have died out (T4; 0 on reliable transports).</summary>
    TimerK,

    /// <summary>INVITE server: no more 2xx will be sent, no more INVITEs will come (64*T1: RFC 6026 §7.1).</summary>
    TimerL,

    /// <summary>INVITE client: no more 2xx will come (64*T1: RFC 6026 §7.2).</summary>
    TimerM,

    /// <summary>Non-INVITE server: when the client's Timer E has grown to T2, it is owed a 100 (RFC 4320 §4.1).</summary>
    TimerTrying,

    /// <summary>Non-INVITE server: the client has given up; nothing may be sent any more (64*T1: RFC 4320 §4.2).</summary>
    TimerLapse,

    /// <summary>INVITE client: nothing final 64*T1 after our CANCEL (RFC 3261 §9.1).</summary>
    TimerCancel,
}

/// <summary>What a transition does besides changing the state.</summary>
[Flags]
internal enum SipTransactionActions : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Sends the request, or the latest response.</summary>
    Send = 1,

    /// <summary>Hands the message to the user.</summary>
    PassUp = 2,

    /// <summary>Sends the ACK to a 300-699.</summary>
    Acknowledge = 4,

    /// <summary>Makes and sends a 100.</summary>
    SendTrying = 8,

    /// <summary>Tells the user that time is up.</summary>
    ReportTimeout = 16,

    /// <summary>Tells the user that the flow failed.</summary>
    ReportTransport = 32,
}

/// <summary>Sets of timers.</summary>
[Flags]
internal enum SipTimers : ushort
{
    None = 0,
    A = 1 << 0,
    B = 1 << 1,
    D = 1 << 2,
    E = 1 << 3,
    F = 1 << 4,
    G = 1 << 5,
    H = 1 << 6,
    I = 1 << 7,
    J = 1 << 8,
    K = 1 << 9,
    L = 1 << 10,
    M = 1 << 11,
    Trying = 1 << 12,
    Lapse = 1 << 13,
    Cancel = 1 << 14,
}

/// <summary>A row of a machine's table.</summary>
/// <param name="State">Next state.</param>
/// <param name="Actions">What is done, in the order of the enum.</param>
/// <param name="Start">Timers that are started. Those that the next state does not have are stopped.</param>
/// <param name="Ignored">Why nothing happens; null if something does.</param>
internal readonly record struct SipTransition(
    SipTransactionState State, SipTransactionActions Actions = SipTransactionActions.None, SipTimers Start = SipTimers.None, string? Ignored = null);
