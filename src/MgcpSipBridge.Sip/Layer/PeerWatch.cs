using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>Whether a peer answers.</summary>
public enum SipPeerState
{
    /// <summary>Not asked, or not heard of yet.</summary>
    Unknown,

    /// <summary>It answers.</summary>
    Up,

    /// <summary>It does not answer, or says 503.</summary>
    Down,
}

/// <summary>Asks every peer again and again, by OPTIONS (RFC 3261 §11), whether it is there. What a peer that is down means for calls is not decided here.</summary>
/// <param name="core">Transactions, timers, names.</param>
internal sealed class PeerWatch(SipCore core)
{
    private readonly Dictionary<string, PeerProbe> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<long, PeerProbe> _byId = [];
    private long _lastId;
    private bool _over;

    /// <summary>Watches the peers that there are; one that changed is asked anew.</summary>
    public void PeersChanged(Instant now)
    {
        if (_over || core.Settings.PingInterval <= TimeSpan.Zero) return;
        foreach (var (name, probe) in _byName.ToArray())
        {
            if (core.Peers.Find(name) == probe.Peer) continue;
            _byName.Remove(name);
            _byId.Remove(probe.Id);
            probe.Stop();
        }

        foreach (var peer in core.Peers.All)
        {
            if (_byName.ContainsKey(peer.Model.Name)) continue;
            var probe = new PeerProbe(core, ++_lastId, peer);
            _byName[peer.Model.Name] = probe;
            _byId[probe.Id] = probe;
            probe.Start(now);
        }
    }

    /// <summary>It is time to ask.</summary>
    public void OnTimer(long id, Instant now) => _byId.GetValueOrDefault(id)?.Ask(now);

    /// <summary>Nobody is asked any more (shutdown).</summary>
    public void End()
    {
        _over = true;
        foreach (var probe in _byId.Values) probe.Stop();
    }

    /// <summary>Where a peer stands.</summary>
    public SipPeerState StateOf(string peer) => _byName.GetValueOrDefault(peer)?.State ?? SipPeerState.Unknown;
}

/// <summary>The watch over one peer.</summary>
/// <param name="core">Transactions, timers, names.</param>
/// <param name="id">Owner of its timer.</param>
/// <param name="peer">The peer.</param>
internal sealed class PeerProbe(SipCore core, long id, SipPeer peer) : IClientRequestOwner
{
    /// <summary>Questions without an answer until a peer that answered counts as down: one may be lost with a restart of its network.</summary>
    private const int Patience = 2;

    /// <summary>A peer that is down is asked ever more rarely, down to one question in so many intervals.</summary>
    private const int RarestBackOff = 4;

    /// <summary>Addresses of one name that are asked; more is a mistake of somebody's.</summary>
    private const int MostTargets = 16;

    private readonly List<ClientRequest> _open = [];
    private readonly string _callId = core.Tokens.NewCallId();
    private readonly string _tag = core.Tokens.NewTag();
    private uint _sequence;
    private int _failures;
    private bool _stopped;
    private bool _answered;

    public long Id => id;

    public SipPeer Peer => peer;

    public SipPeerState State { get; private set; }

    /// <summary>The first question comes within an interval, so that many peers are not asked at once.</summary>
    public void Start(Instant now)
    {
        core.Note(new SipNote.PeerChanged(peer.Model.Name, State));
        SetTimer(now + core.Entropy.Between(TimeSpan.Zero, core.Settings.PingInterval * 0.1));
    }

    /// <summary>No more; an answer that is still to come counts no more either.</summary>
    public void Stop()
    {
        _stopped = true;
        core.Timers.Cancel(new(SipTimer.PeerPing, id));
        if (core.Peers.Find(peer.Model.Name) is null) core.Note(new SipNote.PeerChanged(peer.Model.Name, null));
    }

    /// <summary>Each of its addresses is asked by itself, so that it is known of each; the peer is there when one of them is.</summary>
    public void Ask(Instant now) => core.Locate(peer, SipMethod.Options, now, (targets, at) =>
    {
        if (_stopped) return;
        _answered = false;
        var flows = core.FlowsTo(targets);
        var uri = SipUri.Create(null, peer.HostPort, peer.UriParameters);
        foreach (var flow in flows.Take(MostTargets))
        {
            // Still waiting for its answer to the question before.
            if (_open.Any(request => request.Flow == flow)) continue;
            var request = new ClientRequest(core, this, new RequestDraft
            {
                Method = SipMethod.Options,
                Uri = uri,
                From = $"<{SipUri.Create(null, core.HostAt([flow]))}>;tag={_tag}",
                To = $"<{uri}>",
                CallId = _callId,
                Sequence = ++_sequence,
                Headers = [(SipHeader.Accept, SipCore.Sdp)],
            }, account: null);
            _open.Add(request);
            request.Start([flow], at);
        }

        if (_open.Count == 0) Heard(false, at);
    });

    public void OnProvisional(ClientRequest request, SipMessage response, Instant now)
    {
        // A final one follows, or none does.
    }

    // Whoever answers is there, whatever it says; but 503 asks to be left alone (§21.5.4).
    public void OnFinal(ClientRequest request, SipMessage response, Instant now)
    {
        if (response.Status == 503) core.Circuits.Failed(request.Flow, now);
        Heard(request, response.Status != 503, now);
    }

    public void OnFailed(ClientRequest request, int status, Instant now) => Heard(request, false, now);

    public void OnTerminated(ClientRequest request)
    {
        // The next question has a transaction of its own.
    }

    private void Heard(ClientRequest request, bool answered, Instant now)
    {
        _open.Remove(request);
        if (_answered || (!answered && _open.Count > 0)) return;
        _answered = answered;
        Heard(answered, now);
    }

    private void Heard(bool answered, Instant now)
    {
        if (_stopped) return;
        _failures = answered ? 0 : _failures + 1;
        if (answered) Become(SipPeerState.Up);
        else if (_failures >= Patience || State == SipPeerState.Unknown) Become(SipPeerState.Down);
        // The second question after a silence comes at once: a peer that was up shall not be taken for it longer than need be.
        var pause = answered || State == SipPeerState.Down
            ? core.Settings.PingInterval * Math.Clamp(_failures - Patience + 1, 1, RarestBackOff)
            : core.Settings.T1;
        SetTimer(now + core.Entropy.Between(pause * 0.9, pause * 1.1));
    }

    private void Become(SipPeerState state)
    {
        if (State == state) return;
        State = state;
        core.Note(new SipNote.PeerChanged(peer.Model.Name, state));
    }

    private void SetTimer(Instant at) => core.Timers.Set(new(SipTimer.PeerPing, id), at);
}
