using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

/// <summary>Where a call stands at the simulated peer.</summary>
public enum PeerCallState
{
    /// <summary>INVITE is out or in, nothing heard yet.</summary>
    Trying,

    /// <summary>180 or 183 was sent or received.</summary>
    Ringing,

    /// <summary>200 was sent, its ACK is awaited.</summary>
    Answered,

    /// <summary>Both sides know that the call is up.</summary>
    Talking,

    /// <summary>Over.</summary>
    Ended,
}

/// <summary>A call at the simulated SIP peer, with what the person at its phone can do.</summary>
public sealed partial class PeerCall
{
    private readonly SimulatedSipPeer _peer;
    private readonly List<Agenda.Entry> _pending = [];
    private SimulatedSipPeer.ClientTransaction? _inviteOut;
    private PlainSip? _inviteSent;
    private string _offered = "";
    private bool _cancelWanted;
    private bool _hangUpWanted;
    private bool _byeSent;
    private bool _cancelSent;
    private string? _ackTarget;
    private long _sequence = 1;

    internal PeerCall(SimulatedSipPeer peer, string sipCallId, bool fromPeer, string calledNumber, string callerNumber)
    {
        _peer = peer;
        SipCallId = sipCallId;
        FromPeer = fromPeer;
        CalledNumber = calledNumber;
        CallerNumber = callerNumber;
    }

    /// <summary>Call-ID.</summary>
    public string SipCallId { get; }

    /// <summary>Whether the peer placed the call (else a line did).</summary>
    public bool FromPeer { get; }

    /// <summary>User part that was called.</summary>
    public string CalledNumber { get; }

    /// <summary>Caller's user part.</summary>
    public string CallerNumber { get; }

    /// <summary>From as it came in.</summary>
    public string CallerHeader { get; internal set; } = "";

    /// <summary>A header of the INVITE that came in; null for none.</summary>
    public string? InviteHeader(string name) => Invitation?.Request[name];

    /// <summary>Whether the line does not show who calls (RFC 3323).</summary>
    public bool CallerWithheld => CallerHeader.Contains("anonymous.invalid", StringComparison.Ordinal);

    /// <summary>URI that the line sent the call on to (302); null when it did not.</summary>
    public string? MovedTo { get; private set; }

    /// <summary>Diversion of that answer; null for none.</summary>
    public string? MovedBy { get; private set; }

    /// <summary>Where it stands.</summary>
    public PeerCallState State { get; private set; }

    /// <summary>Final status of the INVITE, given or received; 0 while there is none.</summary>
    public int FinalStatus { get; private set; }

    /// <summary>Whether the line's side ended it with CANCEL or BYE.</summary>
    public bool EndedByLine { get; private set; }

    /// <summary>Reason header of the CANCEL, BYE or failure that ended it; null for none.</summary>
    public string? EndReason { get; private set; }

    /// <summary>When the INVITE was sent or came.</summary>
    public Instant StartedAt { get; internal set; }

    /// <summary>When it ended; null while it lives.</summary>
    public Instant? EndedAt { get; private set; }

    /// <summary>The line's description as last received; null for none.</summary>
    public PlainSdp? RemoteDescription { get; internal set; }

    /// <summary>The peer's own RTP address in it; null before there is one.</summary>
    public NetAddress? LocalMedia { get; internal set; }

    /// <summary>Tone that the person at the peer's phone "speaks", in Hz; 0 for silence. Only with <see cref="PeerSetup.Audio"/>.</summary>
    public int Voice { get; set; }

    /// <summary>What that person heard: frequency in Hz and for how many 20 ms frames.</summary>
    public Dictionary<int, int> HeardFrequencies { get; } = [];

    /// <summary>Keys that the other end pressed, told by telephone events (RFC 4733), in order.</summary>
    public string KeysHeard { get; internal set; } = "";

    /// <summary>Packets of T.38 that came. Only with <see cref="PeerSetup.Audio"/>.</summary>
    public long FaxReceived => Media?.FaxReceived ?? 0;

    /// <summary>The other leg when the peer joins two lines; null otherwise.</summary>
    public PeerCall? Partner { get; internal set; }

    /// <summary>The peer's tag.</summary>
    public string LocalTag { get; internal set; } = "";

    /// <summary>The bridge's tag; empty before it is known.</summary>
    public string RemoteTag { get; internal set; } = "";

    internal string LocalUri { get; set; } = "";

    internal string? LocalName { get; set; }

    internal string? AssertedIdentity { get; set; }

    internal string RemoteUri { get; set; } = "";

    internal string Target { get; set; } = "";

    internal long RemoteSequence { get; set; }

    internal SimulatedSipPeer.ServerTransaction? Invitation { get; set; }

    internal MediaEnd? Media { get; set; }

    internal ulong SessionId { get; } = 1;

    internal ulong LocalVersion { get; private set; } = 1;

    internal string Contact => $"<sip:{_peer.Setup.Address}>";

    /// <summary>180 without SDP (an incoming call).</summary>
    public void Ring(Instant now, string? tag = null)
    {
        if (Invitation is not { HasFinal: false } invitation) return;
        if (State == PeerCallState.Trying) State = PeerCallState.Ringing;
        Provisionally(invitation, 180, "Ringing", tag ?? LocalTag, "", now);
    }

    /// <summary>183 with SDP (an incoming call).</summary>
    public void EarlyMedia(Instant now)
    {
        if (Invitation is not { HasFinal: false } invitation) return;
        if (State == PeerCallState.Trying) State = PeerCallState.Ringing;
        Provisionally(invitation, 183, "Session Progress", LocalTag, _peer.Description(this, RemoteDescription), now);
        _peer.StartMedia(this, now);
    }

    /// <summary>200 (an incoming call).</summary>
    public void Answer(Instant now, string? tag = null, bool withoutDescription = false, string? body = null)
    {
        if (Invitation is not { HasFinal: false } invitation) return;
        if (tag is not null) LocalTag = tag;
        State = PeerCallState.Answered;
        FinalStatus = 200;
        var description = withoutDescription ? "" : body ?? _peer.Description(this, RemoteDescription);
        _peer.Respond(invitation, 200, "OK", LocalTag, now, response =>
        {
            response.With("contact", Contact).With("allow", SimulatedSipPeer.Methods);
            WriteSession(invitation.Request, response, now);
        }, description);
        if (body is null) _peer.StartMedia(this, now);
    }

    /// <summary>A final refusal (an incoming call).</summary>
    public void Reject(int status, string reason, int q850, Instant now, int retryAfter = 0, string? warning = null)
    {
        if (Invitation is not { HasFinal: false } invitation) return;
        FinalStatus = status;
        _peer.Respond(invitation, status, reason, LocalTag, now, response =>
        {
            if (retryAfter != 0) response.With("retry-after", retryAfter.ToString(System.Globalization.CultureInfo.InvariantCulture));
            if (q850 != 0) response.With("reason", $"Q.850;cause={q850}");
            if (warning is not null) response.With("warning", warning);
            if (status is >= 300 and < 400) response.With("contact", _peer.RedirectsTo is { } user ? $"<sip:{user}@{_peer.Setup.Address}>" : Contact);
        });
        End(status, now);
    }

    /// <summary>Gives up an outgoing call (CANCEL, held back until a 1xx allows it), or hangs up (BYE), or refuses (480).</summary>
    public void HangUp(Instant now)
    {
        if (State == PeerCallState.Ended) return;
        if (!FromPeer && State < PeerCallState.Answered) Reject(480, "Temporarily Unavailable", 0, now);
        else if (FromPeer && State < PeerCallState.Answered)
        {
            _cancelWanted = true;
            TryCancel(now);
        }
        // §15: the callee's BYE waits for the ACK.
        else if (State == PeerCallState.Answered) _hangUpWanted = true;
        else Bye(now);
    }

    /// <summary>Loses the call, as a restart of the peer does: its dialog is not known any more.</summary>
    public void Forget(Instant now) => End(FinalStatus, now);

    /// <summary>BYE at once even if the ACK has not come: against §15, to provoke a race.</summary>
    public void ByeNow(Instant now)
    {
        if (State is PeerCallState.Answered or PeerCallState.Talking) Bye(now);
    }

    /// <summary>Sends a re-INVITE with the same description, or sendonly when <paramref name="hold"/>.</summary>
    public void Reinvite(bool hold, Instant now) => Offer(new PeerOffer { Direction = hold ? "sendonly" : "sendrecv" }, now);

    /// <summary>Sends and hears no more RTP: whoever was there is gone, and the signalling does not know.</summary>
    public void StopMedia() => Media?.Stop();

    /// <summary>RTP packets that were taken.</summary>
    public long PacketsHeard => Media?.PacketsReceived ?? 0;

    /// <summary>Keys whose tones were heard in the sound, in order.</summary>
    public string TonesHeard { get; private set; } = "";

    /// <summary>Presses a key that the other side hears as a telephone event.</summary>
    public void PressEvent(char key) => Media?.Press(key);

    /// <summary>Presses a key whose tones go out with the sound.</summary>
    public void Sound(char key) => Media?.Sound(key);

    internal ImmutableArray<string> Codecs { get; set; } = [];

    internal void ToneHeard(char key) => TonesHeard += key;

    internal void Heard(int frequency) => HeardFrequencies[frequency] = HeardFrequencies.GetValueOrDefault(frequency) + 1;

    internal void End(int status, Instant now)
    {
        if (State == PeerCallState.Ended) return;
        State = PeerCallState.Ended;
        if (FinalStatus == 0) FinalStatus = status;
        EndedAt = now;
        foreach (var entry in _pending) entry.Cancel();
        _peer.Ended(this);
    }

    private void After(TimeSpan delay, Instant now, Action<Instant> action) => _pending.Add(_peer.Agenda.At(now + delay, at =>
    {
        if (State != PeerCallState.Ended) action(at);
    }));

    internal void Follow(CalledPlan plan, Instant now)
    {
        var forkTag = plan.ForkRingsAfter is null ? null : _peer.NewId();
        if (plan.RingsAfter is { } rings) After(rings, now, at => Ring(at));
        if (plan.EarlyMediaAfter is { } early) After(early, now, EarlyMedia);
        if (plan.ForkRingsAfter is { } fork) After(fork, now, at => Ring(at, forkTag));
        if (plan.AnswersAfter is { } answers) After(answers, now, at => Answer(at, plan.ForkAnswers ? forkTag : null, plan.AnswerWithoutDescription));
        if (plan.RejectWith != 0) After(plan.RejectAfter, now, at => Reject(plan.RejectWith, "Refused", plan.Q850, at, plan.RetryAfter, plan.Warning));
        _hangUpAfter = plan.HangsUpAfter;
    }
}
