using System.Collections.Immutable;
using static MgcpSipBridge.Sip.SipCallAction;
using static MgcpSipBridge.Sip.SipCallInput;
using static MgcpSipBridge.Sip.SipCallState;

namespace MgcpSipBridge.Sip;

/// <summary>Where a call stands between us and its peer.</summary>
internal enum SipCallState
{
    /// <summary>Ours: the peer's address is being looked up; nothing was sent.</summary>
    Locating,

    /// <summary>Ours: INVITE sent, nothing came back.</summary>
    Calling,

    /// <summary>Ours: a provisional response came.</summary>
    Proceeding,

    /// <summary>
    /// Ours: hung up. CANCEL was sent, or is held back until a provisional response allows it (RFC 3261 §9.1); the INVITE's final response
    /// is awaited.
    /// </summary>
    Cancelling,

    /// <summary>Theirs: INVITE taken, no final response sent.</summary>
    Offering,

    /// <summary>Theirs: 200 sent and repeated until the ACK.</summary>
    Answered,

    /// <summary>Theirs: 200 sent, hung up by us; the callee's BYE waits for the ACK (§15).</summary>
    HungUpUnacknowledged,

    /// <summary>Both: the dialog is confirmed.</summary>
    Talking,

    /// <summary>Both: BYE sent, its response is awaited.</summary>
    Clearing,

    /// <summary>Both: over; the engine waits for Gone at most.</summary>
    Over,
}

/// <summary>What happens to a call.</summary>
internal enum SipCallInput
{
    /// <summary>The engine hangs up.</summary>
    HangUp,

    /// <summary>The engine answers.</summary>
    Answer,

    /// <summary>The engine refuses.</summary>
    Reject,

    /// <summary>The peer's address is known; INVITE was handed to a transaction.</summary>
    Located,

    /// <summary>100 or another provisional response to our INVITE.</summary>
    Provisional,

    /// <summary>The first 2xx to our INVITE.</summary>
    Success,

    /// <summary>Our INVITE failed for good: final status, no target left, unresolvable, no final response in time or 64*T1 after CANCEL (§9.1).</summary>
    Failure,

    /// <summary>It rang too long.</summary>
    RingTimeout,

    /// <summary>The peer cancelled its INVITE.</summary>
    PeerCancel,

    /// <summary>ACK to our 200.</summary>
    Ack,

    /// <summary>No ACK to our 200 within 64*T1 (§13.3.1.4).</summary>
    AckTimeout,

    /// <summary>No PRACK to a reliable provisional response of ours within 64*T1 (RFC 3262 §3).</summary>
    PrackTimeout,

    /// <summary>A request inside the dialog was answered 481 or 408 or not at all (§12.2.1.2), or the session was not refreshed in time (RFC 4028 §10).</summary>
    DialogLost,

    /// <summary>BYE from the peer; it has been answered 200.</summary>
    PeerBye,

    /// <summary>Our BYE was answered, whatever the answer, or timed out (§15.1.1).</summary>
    ByeDone,
}

/// <summary>What the table orders.</summary>
internal enum SipCallAction
{
    /// <summary>CANCEL the INVITE as soon as it may be; from then on 64*T1 for something final.</summary>
    SendCancel,

    /// <summary>BYE in the call's dialog.</summary>
    SendBye,

    /// <summary>200 with the engine's description, repeated until ACK.</summary>
    Send200,

    /// <summary>Stop repeating the 200.</summary>
    StopRepeating200,

    /// <summary>The engine's status to the INVITE.</summary>
    SendRefusal,

    /// <summary>487 to the INVITE.</summary>
    Send487,

    /// <summary>480 to the INVITE.</summary>
    Send480,

    /// <summary>Event Answered.</summary>
    ReportAnswered,

    /// <summary>Event Rejected.</summary>
    ReportRejected,

    /// <summary>Event Confirmed.</summary>
    ReportConfirmed,

    /// <summary>Event HungUp.</summary>
    ReportHungUp,
}

/// <summary>A row's answer.</summary>
/// <param name="Next">The state after it.</param>
/// <param name="Actions">What to do, in order.</param>
/// <param name="Ignored">Why nothing happens; null when something does.</param>
internal readonly record struct SipCallStep(SipCallState Next, ImmutableArray<SipCallAction> Actions, string? Ignored = null);

/// <summary>
/// The life of a call on the SIP side, to be read aloud. Challenges, next targets, retransmissions and forks that lose are beneath it:
/// they never change what the call is.
/// </summary>
internal static class SipCallTable
{
    public static SipCallStep Step(SipCallState state, SipCallInput input) => (state, input) switch
    {
        (Locating, Located) => Go(Calling),
        (Locating, Failure) => Go(Over, ReportRejected),
        (Locating, HangUp) => Go(Over),
        (Locating, RingTimeout) => Go(Over, ReportRejected),

        (Calling, Provisional) => Go(Proceeding),
        (Calling, Success) => Go(Talking, ReportAnswered),
        (Calling, Failure) => Go(Over, ReportRejected),
        (Calling, HangUp) => Go(Cancelling, SendCancel),
        (Calling, RingTimeout) => Go(Cancelling, ReportRejected, SendCancel),

        (Proceeding, Success) => Go(Talking, ReportAnswered),
        (Proceeding, Failure) => Go(Over, ReportRejected),
        (Proceeding, HangUp) => Go(Cancelling, SendCancel),
        (Proceeding, RingTimeout) => Go(Cancelling, ReportRejected, SendCancel),
        // The callee may not send BYE before its 200 was acknowledged (§15); if it gave up waiting because every 200 was lost, this is all we hear.
        (Proceeding, PeerBye) => Go(Cancelling, ReportRejected, SendCancel),

        // CANCEL and 200 crossed: the call stands, so it is taken down (§15).
        (Cancelling, Success) => Go(Clearing, SendBye),
        (Cancelling, Failure) => Go(Over),

        (Offering, Answer) => Go(Answered, Send200),
        (Offering, Reject) => Go(Over, SendRefusal),
        (Offering, HangUp) => Go(Over, Send480),
        (Offering, PeerCancel) => Go(Over, Send487, ReportHungUp),
        (Offering, PeerBye) => Go(Over, Send487, ReportHungUp),

        (Offering, PrackTimeout) => Go(Over, SendRefusal, ReportHungUp),

        (Answered, Ack) => Go(Talking, StopRepeating200, ReportConfirmed),
        (Answered, HangUp) => Go(HungUpUnacknowledged),
        (Answered, AckTimeout) => Go(Clearing, StopRepeating200, ReportHungUp, SendBye),
        (Answered, PeerBye) => Go(Over, StopRepeating200, ReportHungUp),

        (HungUpUnacknowledged, Ack) => Go(Clearing, StopRepeating200, SendBye),
        (HungUpUnacknowledged, AckTimeout) => Go(Clearing, StopRepeating200, SendBye),
        (HungUpUnacknowledged, PeerBye) => Go(Over, StopRepeating200),

        (Talking, HangUp) => Go(Clearing, SendBye),
        (Talking, PeerBye) => Go(Over, ReportHungUp),
        // The 200 to a re-INVITE stayed unacknowledged (§14.2).
        (Talking, AckTimeout) => Go(Clearing, StopRepeating200, ReportHungUp, SendBye),
        (Talking, DialogLost) => Go(Clearing, StopRepeating200, ReportHungUp, SendBye),

        (Clearing, ByeDone) => Go(Over),

        (Cancelling or HungUpUnacknowledged or Clearing or Over, HangUp) => Ignore(state, "hung up already"),
        (not Offering, Answer or Reject) => Ignore(state, "crossed with the peer giving up, or not an incoming call"),
        (Proceeding or Cancelling, Provisional) => Ignore(state, "the first one counted"),
        (Talking or Clearing or Over, Provisional) => Ignore(state, "another fork, or late"),
        (Talking or Clearing or Over, Success) => Ignore(state, "another fork answered; its dialog is taken down beside the call"),
        (Talking or Clearing or Over, Failure) => Ignore(state, "the INVITE was decided before"),
        (Cancelling, RingTimeout) => Ignore(state, "on its way out"),
        (Talking or Clearing or Over, RingTimeout) => Ignore(state, "the timer lost the race"),
        (Cancelling, PeerBye) => Ignore(state, "the INVITE's final response ends it"),
        (Clearing, PeerBye) => Ignore(state, "BYE and BYE crossed; ours still awaits its answer"),
        (Over, PeerBye) => Ignore(state, "over"),
        (Answered or HungUpUnacknowledged or Talking or Clearing or Over, PeerCancel) => Ignore(state, "CANCEL has no effect after the final response (§9.2)"),
        (Talking or Clearing or Over, Ack) => Ignore(state, "a repeat, or of a re-INVITE"),
        (not Offering, PrackTimeout) => Ignore(state, "only an unanswered call of theirs waits for a PRACK"),
        (not Talking, DialogLost) => Ignore(state, "not up yet, or on its way out"),
        (Clearing or Over, AckTimeout) => Ignore(state, "acknowledged or over"),
        (Over, ByeDone) => Ignore(state, "over"),

        _ => new SipCallStep(state, [], "cannot happen: that input belongs to the other side's calls or to an earlier state"),
    };

    private static SipCallStep Go(SipCallState next, params ImmutableArray<SipCallAction> actions) => new(next, actions);

    private static SipCallStep Ignore(SipCallState state, string why) => new(state, [], why);
}
