using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>What a peer is told of a call's numbers.</summary>
/// <param name="Called">The called one.</param>
/// <param name="Caller">User of From; null where no account calls and no number was given.</param>
/// <param name="Uri">Request-URI.</param>
public sealed record SipTold(string Called, string? Caller, string Uri);

/// <summary>An outgoing call.</summary>
/// <param name="Account">Key of the account that calls (From, Contact, credentials).</param>
/// <param name="Peer">The peer to call; usually the account's own.</param>
/// <param name="CalledUser">User part to call, unescaped (<c>5551234</c>, <c>*98#</c>): the layer escapes it.</param>
/// <param name="Offer">SDP offer; empty for a delayed offer.</param>
/// <param name="Withheld">Whether the caller's number shall be withheld (RFC 3323, RFC 3325).</param>
public sealed record SipInvite(string Account, string Peer, string CalledUser, ReadOnlyMemory<byte> Offer, bool Withheld = false)
{
    /// <summary>Who sent the call on before, the last one first: written as Diversion and History-Info.</summary>
    public ImmutableArray<SipDiversion> Diversions { get; init; } = [];

    /// <summary>Replaces header: the dialog whose place this call takes at the callee (RFC 3891); null for none.</summary>
    public string? Replaces { get; init; }

    /// <summary>Whether it is a call for help: told so by Priority, and held back by nothing.</summary>
    public bool Emergency { get; init; }

    /// <summary>Whether somebody else can be called if this peer does not answer: then its silence is not waited for (<see cref="SipSettings.FailoverAfter"/>).</summary>
    public bool HasAlternative { get; init; }

    /// <summary>The caller's number as the peer shall see it in From and what asserts it, unescaped; null: the account's user.</summary>
    public string? Caller { get; init; }

    /// <summary>Headers to carry along as they are (User-to-User, private ones); see <see cref="SipEvent.TransferAsked.Carried"/>.</summary>
    public ImmutableArray<(string Name, string Value)> Carried { get; init; } = [];

    /// <summary>Who asked for this call (Referred-By, RFC 3892): user part; null for nobody.</summary>
    public string? ReferredBy { get; init; }
}

/// <summary>Where an incoming call is sent on to, at the peer that it came from.</summary>
/// <param name="User">User part to call there, unescaped.</param>
/// <param name="By">Who sends it on: the line that was called.</param>
/// <param name="Reason">Why.</param>
public sealed record SipRedirection(string User, string By, SipDiversionReason Reason)
{
    /// <summary>Display name of who sends it on; null for none.</summary>
    public string? Name { get; init; }
}

/// <summary>
/// The border of the SIP side: everything the engine wants from a SIP stack and nothing more, so that a stack can be swapped (decision 0003).
/// Sans-IO: after every call drain <see cref="TryTake"/>, then wake it at <see cref="NextDeadline"/>. SDP bodies are opaque here.
/// </summary>
/// <remarks>
/// Calls on a handle whose call has ended are ignored: the two sides may cross. The layer authenticates, retransmits, acknowledges, forks,
/// answers OPTIONS and refuses what it does not know by itself.
/// </remarks>
public interface ISipLayer
{
    /// <summary>When <see cref="FireDue"/> wants to be called; null for never.</summary>
    Instant? NextDeadline { get; }

    /// <summary>Does everything that is due.</summary>
    void FireDue(Instant now);

    /// <summary>Takes the next output.</summary>
    bool TryTake(out SipOutput output);

    /// <summary>Reads one whole message (the host frames streams with <see cref="SipStreamFramer"/>). Nothing is kept of the buffer.</summary>
    void Receive(ReadOnlySpan<byte> message, SipFlow flow, Instant now);

    /// <summary>A send failed or a stream connection ended (ICMP unreachable, refused, reset).</summary>
    void FlowFailed(SipFlow flow, Instant now);

    /// <summary>
    /// Answers a <see cref="SipOutput.LookUp"/>; an empty list means that the name does not resolve. <paramref name="lifetime"/> is how long the answer
    /// holds by DNS, null where nobody knows.
    /// </summary>
    void Resolved(long query, ImmutableArray<SipTarget> targets, Instant now, TimeSpan? lifetime = null);

    /// <summary>Replaces the peers. Only they may send us requests; a peer is recognised by its host, whatever the port.</summary>
    void SetPeers(ImmutableArray<SipPeerModel> peers, Instant now);

    /// <summary>Adds or replaces an account and, if it says so, registers it and keeps it registered.</summary>
    void SetAccount(SipAccount account, Instant now);

    /// <summary>Unregisters and forgets an account.</summary>
    void RemoveAccount(string key, Instant now);

    /// <summary>Unregisters every account (shutdown); RegistrationChanged(Off) follows for each.</summary>
    void UnregisterAll(Instant now);

    /// <summary>Whether new INVITEs are refused with 503 and OPTIONS answered 503 (drain).</summary>
    void SetDraining(bool draining, Instant now);

    /// <summary>Places a call: Progressed*, then Answered or Rejected, finally Gone.</summary>
    SipCallHandle Invite(SipInvite invite, Instant now);

    /// <summary>Sends a provisional response (180, 183), with SDP or none.</summary>
    void Progress(SipCallHandle call, int status, ReadOnlyMemory<byte> description, Instant now);

    /// <summary>Answers an incoming call with 200 and SDP; retransmitted until the ACK comes.</summary>
    void Answer(SipCallHandle call, ReadOnlyMemory<byte> description, Instant now);

    /// <summary>Refuses an incoming call: a final status of 300 to 699, with Reason Q.850 unless 0 and Retry-After unless null.</summary>
    void Reject(SipCallHandle call, int status, int q850, TimeSpan? retryAfter, Instant now);

    /// <summary>Asks the caller of an incoming call to call somebody else instead (302).</summary>
    void Redirect(SipCallHandle call, SipRedirection to, Instant now);

    /// <summary>
    /// Ends the call in whatever way its state asks for: CANCEL (held back until a provisional response allows it, RFC 3261 §9.1), BYE
    /// (after the ACK where §15 wants it), or, for an unanswered incoming call, 480.
    /// </summary>
    void HangUp(SipCallHandle call, int q850, Instant now);

    /// <summary>Answers <see cref="SipEvent.Offered"/> with 200 and SDP.</summary>
    void AnswerOffer(SipCallHandle call, ReadOnlyMemory<byte> description, Instant now);

    /// <summary>Refuses <see cref="SipEvent.Offered"/>, usually with 488; the call goes on as it was.</summary>
    void RefuseOffer(SipCallHandle call, int status, Instant now);

    /// <summary>
    /// Offers a new description inside an answered call (re-INVITE): OfferAnswered or OfferRefused follows. It waits while another offer is under
    /// way, and comes again after glare (RFC 3261 §14.1); a later one replaces one that still waits.
    /// </summary>
    void Offer(SipCallHandle call, ReadOnlyMemory<byte> description, Instant now);

    /// <summary>Forgets our own offer inside a call while it waits to be sent, or to be sent again after a 491; one that is under way goes on.</summary>
    void ForgetOffer(SipCallHandle call, Instant now);

    /// <summary>Answers <see cref="SipEvent.TransferAsked"/> with 202; <see cref="TellTransfer"/> follows.</summary>
    void AcceptTransfer(SipCallHandle call, Instant now);

    /// <summary>Refuses <see cref="SipEvent.TransferAsked"/>.</summary>
    void RefuseTransfer(SipCallHandle call, int status, Instant now);

    /// <summary>Tells the peer what became of the call that it asked for: the status of that call's INVITE.</summary>
    void TellTransfer(SipCallHandle call, int status, Instant now);

    /// <summary>
    /// Asks the peer to call somebody in our place (REFER); with <paramref name="other"/>, a call of ours to that somebody, to take its place
    /// there. TransferProgressed follows.
    /// </summary>
    /// <param name="call">The call.</param>
    /// <param name="target">A user of its peer, or a whole URI: it has a colon then, and is the caller's own and valid. Not looked at with <paramref name="other"/>.</param>
    /// <param name="other">The other call; null for none.</param>
    /// <param name="now">The present.</param>
    void Transfer(SipCallHandle call, string target, SipCallHandle? other, Instant now);

    /// <summary>Tells the peer of digits by INFO (<c>application/dtmf-relay</c>).</summary>
    void SendDigits(SipCallHandle call, string symbols, TimeSpan duration, Instant now);

    /// <summary>What <see cref="Invite"/> would tell a peer of both numbers, without a call; null when there is no such peer.</summary>
    SipTold? Told(SipInvite invite) => null;

    /// <summary>What the bridge would make of the numbers of a peer's call.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="called">The user that it would call.</param>
    /// <param name="caller">The user that it would call for.</param>
    (string Called, string Caller) Heard(string peer, string called, string caller) => (called, caller);

    /// <summary>The Call-ID of a call that is not Gone; null for others. For ladders and records.</summary>
    string? CallIdOf(SipCallHandle call) => null;

    /// <summary>Whether a peer answered when it was asked last; where nobody asks, whether an address of it answered the last request.</summary>
    SipPeerState StateOf(string peer, Instant now) => SipPeerState.Unknown;

    /// <summary>Where the other end's last answer or its INVITE came from, or where our INVITE goes; none while that is not known.</summary>
    NetAddress SourceOf(SipCallHandle call) => default;

    /// <summary>Where a peer is: the first of its addresses; none while it has none.</summary>
    NetAddress AddressOf(string peer) => default;

    /// <summary>
    /// Asks each address of a peer by OPTIONS, now and once (RFC 3261 §11); <see cref="SipEvent.Probed"/> follows within <paramref name="patience"/>. Few at once, and one
    /// every five seconds for each peer.
    /// </summary>
    /// <param name="probe">The caller's number for it, never given twice.</param>
    /// <param name="peer">Name of the peer.</param>
    /// <param name="patience">How long is waited for names, connections and answers, all together.</param>
    /// <param name="now">The present.</param>
    SipProbeStart Probe(long probe, string peer, TimeSpan patience, Instant now) => SipProbeStart.NoSuchPeer;

    /// <summary>Numbers for gauges, invariants and leak tests.</summary>
    SipCounts Counts { get; }
}

/// <summary>What a SIP layer holds at the moment.</summary>
/// <param name="Calls">Calls that are not Gone.</param>
/// <param name="Dialogs">Early and confirmed dialogs.</param>
/// <param name="ClientTransactions">Client transactions in any state.</param>
/// <param name="ServerTransactions">Server transactions in any state.</param>
public readonly record struct SipCounts(int Calls, int Dialogs, int ClientTransactions, int ServerTransactions);
