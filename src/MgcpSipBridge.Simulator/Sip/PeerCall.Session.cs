using System.Globalization;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

/// <summary>How a simulated peer treats an extension.</summary>
public enum PeerExtension
{
    /// <summary>It never heard of it.</summary>
    Unknown,

    /// <summary>It says that it can.</summary>
    Supported,

    /// <summary>It insists.</summary>
    Required,
}

/// <summary>A new offer of the simulated peer inside a call.</summary>
public sealed record PeerOffer
{
    /// <summary>Whether it travels in UPDATE (RFC 3311); else in a re-INVITE.</summary>
    public bool Update { get; init; }

    /// <summary>Direction attribute; empty for none.</summary>
    public string Direction { get; init; } = "sendrecv";

    /// <summary>Whether c= is 0.0.0.0, the hold of RFC 2543's time (RFC 3264 §8.4).</summary>
    public bool ZeroAddress { get; init; }

    /// <summary>Whether the stream is given up: port 0 (RFC 3264 §8.2).</summary>
    public bool ZeroPort { get; init; }

    /// <summary>Another RTP address, as after a direct-media re-INVITE; null for the same.</summary>
    public NetAddress? Media { get; init; }

    /// <summary>Other codecs, by name; null for the same.</summary>
    public IReadOnlyList<string>? Codecs { get; init; }

    /// <summary>Whether the re-INVITE has no offer: the other side's 200 has it, the ACK the answer.</summary>
    public bool Delayed { get; init; }

    /// <summary>Whether T.38 is offered in place of audio.</summary>
    public bool Fax { get; init; }

    /// <summary>With <see cref="Fax"/>, whether the audio's section stays, with port 0.</summary>
    public bool Beside { get; init; }

    /// <summary>Whether video is offered in place of audio.</summary>
    public bool Video { get; init; }

    /// <summary>Whether a peer that encrypts changes its key.</summary>
    public bool NewKey { get; init; }

    /// <summary>Whether a peer that encrypts does so no longer.</summary>
    public bool Plain { get; init; }

    /// <summary>P-Asserted-Identity to send along; null for none.</summary>
    public string? Identity { get; init; }
}

// Reliable provisional responses (RFC 3262), session timers (RFC 4028) and offers inside the call (RFC 3311, RFC 3261 §14).
public sealed partial class PeerCall
{
    private PlainSip? _unprackedResponse;
    private Agenda.Entry? _session;
    private long _rseq;
    private long _heardRseq;

    /// <summary>PRACKs that came in.</summary>
    public int Pracks { get; private set; }

    /// <summary>Refreshes of the session that came in: UPDATE or re-INVITE with Session-Expires.</summary>
    public int Refreshes { get; private set; }

    /// <summary>Final status of the last offer inside the call; 0 while it is open.</summary>
    public int OfferStatus { get; private set; }

    /// <summary>Makes an offer inside the call.</summary>
    public void Offer(PeerOffer offer, Instant now)
    {
        ArgumentNullException.ThrowIfNull(offer);
        if (State is not (PeerCallState.Talking or PeerCallState.Answered)) return;
        OfferStatus = 0;
        if (offer.Media is { } media) LocalMedia = media;
        // RFC 3264 §8: another description, another version.
        if (!offer.Delayed) LocalVersion++;
        var body = offer.Delayed ? "" : _peer.Description(this, null, offer);
        var request = NewRequest(offer.Update ? "UPDATE" : "INVITE").With("contact", Contact).With("allow", SimulatedSipPeer.Methods);
        if (offer.Identity is { } identity) request.With("p-asserted-identity", identity);
        if (body.Length > 0)
        {
            request.With("content-type", "application/sdp");
            request.Body = body;
        }

        _offered = body;
        if (!offer.Update) _inviteSent = request;
        Send(request, now, (response, at) => Offered(offer, response, at));
    }

    private void Offered(PeerOffer offer, PlainSip response, Instant now)
    {
        if (response.Status < 200) return;
        OfferStatus = response.Status;
        if (response.Status >= 300)
        {
            // RFC 3261 §14.1: the other side waits 2.1 to 4 s or 0 to 2 s, by who owns the Call-ID.
            if (response.Status == 491) After(TimeSpan.FromMilliseconds(FromPeer ? 3000 : 1000), now, at => Offer(offer, at));
            return;
        }

        TakeAnswer(response);
        if (offer.Update)
        {
            _peer.StartMedia(this, now);
            return;
        }

        _ack = null;
        _ackTarget = Target = PlainSip.UriOf(response["contact"] ?? Target);
        AcknowledgeAnswer(now, offer.Delayed ? _peer.Description(this, RemoteDescription) : "");
        _peer.StartMedia(this, now);
    }

    /// <summary>What the peer adds to its INVITE about extensions.</summary>
    private void AskForExtensions(PlainSip invite)
    {
        var supported = new List<string>();
        var required = new List<string>();
        if (_peer.Setup.Reliable == PeerExtension.Supported) supported.Add("100rel");
        if (_peer.Setup.Reliable == PeerExtension.Required) required.Add("100rel");
        if (_peer.Setup.SessionExpires > 0)
        {
            supported.Add("timer");
            invite.With("session-expires", _peer.Setup.SessionExpires.ToString(CultureInfo.InvariantCulture));
        }

        if (supported.Count > 0) invite.With("supported", string.Join(", ", supported));
        if (required.Count > 0) invite.With("require", string.Join(", ", required));
    }

    /// <summary>RFC 4028 §9: what the peer's 200 says about the session.</summary>
    internal void WriteSession(PlainSip request, PlainSip response, Instant now)
    {
        var expires = _peer.Setup.SessionExpires;
        if (expires <= 0 || !request.All("supported").Contains("timer")) return;
        var asked = SessionOf(request);
        var seconds = asked is { } wish ? Math.Min(expires, wish.Seconds) : expires;
        var refresher = asked is { Refresher.Length: > 0 } roles ? roles.Refresher : _peer.Setup.PeerRefreshes ? "uas" : "uac";
        response.With("require", "timer").With("session-expires", string.Create(CultureInfo.InvariantCulture, $"{seconds};refresher={refresher}"));
        Count(seconds, weRefresh: refresher == "uas", now);
    }

    private void SessionDecided(PlainSip response, Instant now)
    {
        if (SessionOf(response) is { } session) Count(session.Seconds, session.Refresher != "uas", now);
        else _session?.Cancel();
    }

    private static (int Seconds, string Refresher)? SessionOf(PlainSip message)
    {
        if (message["session-expires"] is not { } value) return null;
        return (int.Parse(value.Split(';')[0], CultureInfo.InvariantCulture), PlainSip.Parameter("<>" + value, "refresher"));
    }

    private void Count(int seconds, bool weRefresh, Instant now)
    {
        _session?.Cancel();
        // RFC 4028 §4: 90 s is the least there is.
        if (seconds < 90) _peer.Complain($"RFC 4028 §4: a session of {seconds} s");
        var span = TimeSpan.FromSeconds(weRefresh ? seconds / 2.0 : seconds);
        _session = _peer.Agenda.At(now + span, at =>
        {
            if (State != PeerCallState.Talking) return;
            if (weRefresh)
            {
                Refresh(seconds, at);
            }
            else
            {
                _peer.Complain($"RFC 4028 §10: no refresh within {seconds} s");
                Bye(at);
            }
        });
    }

    private void Refresh(int seconds, Instant now)
    {
        var update = NewRequest("UPDATE").With("contact", Contact).With("allow", SimulatedSipPeer.Methods).With("supported", "timer")
            .With("session-expires", string.Create(CultureInfo.InvariantCulture, $"{seconds};refresher=uac"));
        Send(update, now, (response, at) =>
        {
            if (response.Status is >= 200 and < 300)
            {
                // RFC 3311 §5.2: no answer to what was no offer.
                if (response.Body.Length > 0) _peer.Complain("RFC 3311 §5.2: a description in the 200 to an UPDATE without one");
                SessionDecided(response, at);
            }
        });
    }

    internal void RefreshReceived(PlainSip request)
    {
        if (request["session-expires"] is not null) Refreshes++;
    }

    /// <summary>180 or 183, reliable where the peer's set-up says so and the caller knows it (RFC 3262 §3).</summary>
    private void Provisionally(SimulatedSipPeer.ServerTransaction invitation, int status, string reason, string tag, string body, Instant now)
    {
        var reliable = _peer.Setup.Reliable != PeerExtension.Unknown && invitation.Request.All("supported").Concat(invitation.Request.All("require")).Contains("100rel") && tag == LocalTag;
        if (reliable && _unprackedResponse is not null)
        {
            // §3: not before the PRACK to the last one.
            After(TimeSpan.FromMilliseconds(100), now, at => { if (!invitation.HasFinal) Provisionally(invitation, status, reason, tag, body, at); });
            return;
        }

        _peer.Respond(invitation, status, reason, tag, now, response =>
        {
            response.With("contact", Contact).With("allow", SimulatedSipPeer.Methods);
            if (!reliable) return;
            _rseq = _rseq == 0 ? 4711 : _rseq + 1;
            response.With("require", "100rel").With("rseq", _rseq.ToString(CultureInfo.InvariantCulture));
            _unprackedResponse = response;
        }, body);
        if (reliable) RepeatUntilPrack(invitation, SimulatedSipPeer.T1, now, now);
    }

    private void RepeatUntilPrack(SimulatedSipPeer.ServerTransaction invitation, TimeSpan interval, Instant begun, Instant now)
    {
        var waiting = _unprackedResponse;
        _peer.Agenda.At(now + interval, at =>
        {
            if (waiting is null || _unprackedResponse != waiting || invitation.HasFinal) return;
            if (at - begun >= SimulatedSipPeer.SixtyFourT1)
            {
                if (_peer.ExpectsAnswers) _peer.Complain("RFC 3262 §4: no PRACK to a reliable provisional response");
                Reject(504, "Server Time-out", 0, at);
                return;
            }

            _peer.Send(invitation.From, waiting);
            RepeatUntilPrack(invitation, interval * 2, begun, at);
        });
    }

    internal void PrackReceived(SimulatedSipPeer.ServerTransaction transaction, Instant now)
    {
        var prack = transaction.Request;
        if (_unprackedResponse is not { } waiting || prack["rack"] != $"{waiting["rseq"]} {waiting.Sequence} INVITE")
        {
            _peer.Complain($"RFC 3262 §4: PRACK with RAck {prack["rack"]}");
            _peer.Respond(transaction, 481, "Call/Transaction Does Not Exist", LocalTag, now);
            return;
        }

        Pracks++;
        _unprackedResponse = null;
        _peer.Respond(transaction, 200, "OK", LocalTag, now);
    }

    /// <summary>A provisional response to the peer's INVITE: PRACK where it is reliable. False for one that was seen.</summary>
    private bool AcknowledgeProvisional(PlainSip response, Instant now)
    {
        if (!response.All("require").Contains("100rel"))
        {
            if (_peer.Setup.Reliable == PeerExtension.Required && response.Status > 100) _peer.Complain($"RFC 3262 §3: {response.Status} is not reliable");
            return true;
        }

        var number = long.Parse(response["rseq"] ?? "0", CultureInfo.InvariantCulture);
        if (number is < 1 or > int.MaxValue) _peer.Complain($"RFC 3262 §3: RSeq {response["rseq"]}");
        if (number <= _heardRseq) return false;
        if (_heardRseq != 0 && number != _heardRseq + 1) _peer.Complain($"RFC 3262 §3: RSeq {number} after {_heardRseq}");
        _heardRseq = number;
        RemoteTag = response.ToTag;
        Target = PlainSip.UriOf(response["contact"] ?? Target);
        var prack = NewRequest("PRACK").With("rack", $"{number} {_inviteSent!.Sequence} INVITE");
        if (response.Body.Length > 0 && _offered.Length == 0)
        {
            RemoteDescription = PlainSdp.Read(response.Body);
            prack.With("content-type", "application/sdp");
            prack.Body = _peer.Description(this, RemoteDescription);
        }

        Send(prack, now, (answer, _) =>
        {
            if (answer.Status is >= 300) _peer.Complain($"RFC 3262 §3: {answer.Status} to PRACK");
        });
        return true;
    }
}
