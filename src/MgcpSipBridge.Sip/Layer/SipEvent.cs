using System.Collections.Immutable;

namespace MgcpSipBridge.Sip;

/// <summary>A call's name between the engine and the SIP layer; never 0, never used twice.</summary>
public readonly record struct SipCallHandle(long Value);

/// <summary>A person or line as SIP names it.</summary>
/// <param name="User">User part with escapes undone: a number or a name; empty when withheld.</param>
/// <param name="DisplayName">Display name with quotes and escapes undone; null for none.</param>
/// <param name="Withheld">Whether the caller asked for privacy (anonymous, Privacy: id).</param>
public sealed record SipIdentity(string User, string? DisplayName, bool Withheld = false);

/// <summary>How a call ended on the SIP side.</summary>
/// <param name="Status">Final status; 408 for a time-out of our own, 503 for a transport failure (RFC 3261 §8.1.3.1); 0 for BYE and CANCEL.</param>
/// <param name="Q850">Cause of a Reason header with protocol Q.850 (RFC 3326, RFC 6432); 0 for none.</param>
/// <param name="Local">Whether the status is our own (time-out, transport), not the peer's word.</param>
public sealed record SipEnd(int Status, int Q850 = 0, bool Local = false)
{
    /// <summary>Whether it was withdrawn because another phone answered (RFC 3326 §2: Reason SIP, cause 200).</summary>
    public bool AnsweredElsewhere { get; init; }

    /// <summary>For how long the peer wants no other attempt (RFC 3261 §20.33); null when it does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>What the peer warned of; null for nothing.</summary>
    public SipWarning? Warning { get; init; }

    internal static SipEnd Of(SipMessage message) => new(message.Status, message.ReasonQ850)
    {
        // Some say it by SIP's status, some by the cause of ISDN: non-selected user clearing.
        AnsweredElsewhere = message.IsRequest && (message.ReasonSip == 200 || (message.Method == SipMethod.Cancel && message.ReasonQ850 == 26)),
        RetryAfter = message.NumberOf(SipHeader.RetryAfter) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        Warning = message.IsRequest ? null : SipWarning.Of(message),
    };
}

/// <summary>Where a registration stands.</summary>
public enum SipRegistrationState
{
    /// <summary>Not registered, and not trying (not asked to, or shut down).</summary>
    Off,

    /// <summary>First attempt under way, or waiting its turn.</summary>
    Trying,

    /// <summary>Registered.</summary>
    Registered,

    /// <summary>Refused; waits before it tries again.</summary>
    Refused,

    /// <summary>Unanswered; waits before it tries again.</summary>
    Unreachable,
}

/// <summary>What the SIP side tells the engine. Delivered in order.</summary>
public abstract record SipEvent
{
    private SipEvent()
    {
    }

    /// <summary>A new INVITE from a peer; 100 has been sent. The engine owes it Progress, Answer or Reject.</summary>
    /// <param name="Call">The call.</param>
    /// <param name="SipCallId">Call-ID, for ladders and records.</param>
    /// <param name="Peer">The peer that it came from.</param>
    /// <param name="CalledUser">User part of the Request-URI, escapes undone.</param>
    /// <param name="Caller">Who calls, by the peer's most trusted header.</param>
    /// <param name="Offer">SDP offer; empty when the INVITE has none (then our answer is the offer).</param>
    public sealed record IncomingCall(SipCallHandle Call, string SipCallId, string Peer, string CalledUser, SipIdentity Caller, ReadOnlyMemory<byte> Offer) : SipEvent
    {
        /// <summary>
        /// Whether the first provisional response has to hold our offer: the INVITE has none and asks for reliable responses (RFC 3262 §5).
        /// </summary>
        public bool WantsOfferEarly { get; init; }

        /// <summary>Who sent the call on before it came here, the last one first (RFC 5806, RFC 7044).</summary>
        public ImmutableArray<SipDiversion> Diversions { get; init; } = [];

        /// <summary>The bell that Alert-Info asks for, 0 to 7; null for the ordinary one.</summary>
        public int? Ring { get; init; }

        /// <summary>Whether a trusted peer says that somebody who was called for help calls back (<c>Priority: psap-callback</c>, RFC 7090).</summary>
        public bool CallsBack { get; init; }

        /// <summary>Headers of somebody else's that were sent along and are kept (<see cref="SipSettings.KeepHeaders"/>).</summary>
        public ImmutableArray<(string Name, string Value)> Carried { get; init; } = [];

        /// <summary>The call whose place it takes once it is answered (RFC 3891); null for none.</summary>
        public SipCallHandle? Replaced { get; init; }
    }

    /// <summary>A provisional response other than 100. <paramref name="EarlyDialog"/> is its To tag; forks have several.</summary>
    public sealed record Progressed(SipCallHandle Call, int Status, string EarlyDialog, ReadOnlyMemory<byte> Description) : SipEvent;

    /// <summary>Our INVITE was answered; ACK has been sent. The description may be empty if an earlier one of the same dialog counts.</summary>
    public sealed record Answered(SipCallHandle Call, string Dialog, ReadOnlyMemory<byte> Description) : SipEvent;

    /// <summary>Our INVITE failed for good (challenges are answered and locally resolvable targets tried before this).</summary>
    public sealed record Rejected(SipCallHandle Call, SipEnd End) : SipEvent;

    /// <summary>Our 200 was acknowledged; the description is the answer if our 200 held the offer, else empty.</summary>
    public sealed record Confirmed(SipCallHandle Call, ReadOnlyMemory<byte> Description) : SipEvent;

    /// <summary>The peer ended the call by BYE or CANCEL, or the dialog broke (no ACK to our 200: RFC 3261 §13.3.1.4).</summary>
    public sealed record HungUp(SipCallHandle Call, SipEnd End) : SipEvent;

    /// <summary>A new offer inside the call (re-INVITE or UPDATE); empty when the peer wants ours. The engine owes it AnswerOffer or RefuseOffer.</summary>
    public sealed record Offered(SipCallHandle Call, ReadOnlyMemory<byte> Offer) : SipEvent
    {
        /// <summary>To tag of the dialog that it came in, as in <see cref="Progressed"/>: before the answer there may be several. Empty where there is but one.</summary>
        public string Dialog { get; init; } = "";
    }

    /// <summary>The answer to the offer of a reliable provisional response of ours; the 200 will hold none.</summary>
    public sealed record EarlyAnswer(SipCallHandle Call, ReadOnlyMemory<byte> Description) : SipEvent;

    /// <summary>Our own offer inside the call was answered; the description may be empty if the peer left it out.</summary>
    public sealed record OfferAnswered(SipCallHandle Call, ReadOnlyMemory<byte> Description) : SipEvent
    {
        /// <summary>Which offer: what <see cref="ISipLayer.Offer"/> was given, the very same memory.</summary>
        public ReadOnlyMemory<byte> Offer { get; init; }
    }

    /// <summary>Our own offer inside the call was refused; the call goes on as it was (RFC 3261 §14.1).</summary>
    public sealed record OfferRefused(SipCallHandle Call, int Status) : SipEvent
    {
        /// <summary>Which offer, as in <see cref="OfferAnswered"/>.</summary>
        public ReadOnlyMemory<byte> Offer { get; init; }
    }

    /// <summary>The peer says who it is now (connected line): P-Asserted-Identity or Remote-Party-ID in a response, re-INVITE or UPDATE.</summary>
    public sealed record PeerIdentified(SipCallHandle Call, SipIdentity Peer) : SipEvent;

    /// <summary>Digits pressed at the peer, told by INFO; one of 0-9, *, #, A-D each.</summary>
    public sealed record DigitsPressed(SipCallHandle Call, string Symbols, TimeSpan Duration) : SipEvent;

    /// <summary>
    /// The peer asks us to call somebody in its place (REFER, RFC 3515). The engine owes it AcceptTransfer and TellTransfer, or RefuseTransfer.
    /// </summary>
    /// <param name="Call">The call.</param>
    /// <param name="User">User part to call, escapes undone.</param>
    /// <param name="Host">Host of the target.</param>
    /// <param name="Replaces">Replaces header for the new call (RFC 3891); null for a blind transfer.</param>
    /// <param name="By">Who asks (Referred-By, RFC 3892); null when it is not said.</param>
    public sealed record TransferAsked(SipCallHandle Call, string User, string Host, string? Replaces, string? By) : SipEvent
    {
        /// <summary>Headers of the target's URI that the new call shall carry: User-to-User and private ones, nothing else.</summary>
        public ImmutableArray<(string Name, string Value)> Carried { get; init; } = [];
    }

    /// <summary>How a transfer that we asked the peer for goes: below 200 under way, 2xx done, else failed; then the call goes on.</summary>
    public sealed record TransferProgressed(SipCallHandle Call, int Status) : SipEvent;

    /// <summary>Whether messages wait for an account (RFC 3842).</summary>
    public sealed record MessagesWaiting(string Key, bool Waiting, int New, int Old) : SipEvent;

    /// <summary>Nothing of the call is left: dialog and transactions are gone. Always the last event of a call, exactly once.</summary>
    public sealed record Gone(SipCallHandle Call) : SipEvent;

    /// <summary>A registration changed.</summary>
    public sealed record RegistrationChanged(string Key, string Peer, SipRegistrationState State, SipEnd? Reason) : SipEvent;

    /// <summary>What came of <see cref="ISipLayer.Probe"/>, once for each that was begun.</summary>
    public sealed record Probed(long Probe, SipProbeReport Report) : SipEvent;
}
