using System.Collections.Concurrent;
using System.Collections.Immutable;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Shards;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Api;

/// <summary>Whether the bridge takes calls.</summary>
internal enum BridgePhase
{
    /// <summary>Not yet.</summary>
    Starting,

    /// <summary>Yes.</summary>
    Ready,

    /// <summary>No more.</summary>
    Draining,
}

/// <summary>What the control API shows beside the engine's answers: the model in force, the phase, where registrations stand.</summary>
internal sealed class BridgeState(string node, string version, MonotonicClock clock)
{
    private readonly ConcurrentDictionary<string, (string Peer, SipRegistrationState State)> _registrations = new();
    private readonly ConcurrentDictionary<string, (SipPeerState State, DateTime Since)> _peers = new();
    private readonly ConcurrentDictionary<string, ImmutableArray<(SipTransport Transport, NetAddress Address, SipPeerState State)>> _targets = new();
    private volatile EngineModel _model = EngineModel.Empty;
    private volatile Provisioned _provisioned = Provisioned.Empty;
    private volatile BridgePhase _phase = BridgePhase.Starting;

    /// <summary>The node's name.</summary>
    public string Node { get; } = node;

    /// <summary>The program's version.</summary>
    public string Version { get; } = version;

    /// <summary>The engines' time line.</summary>
    public MonotonicClock Clock { get; } = clock;

    /// <summary>What the status counts.</summary>
    public StatusTally Tally { get; } = new();

    /// <summary>How long is waited for a gateway's answer: a command is given up before.</summary>
    public TimeSpan GatewayPatience { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>How long is waited for an answer that the engine itself gives.</summary>
    public TimeSpan AnswerPatience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>When the process started.</summary>
    public DateTime Started { get; } = DateTime.UtcNow;

    /// <summary>The provisioning in force; swapped whole.</summary>
    public EngineModel Model
    {
        get => _model;
        set => _model = value;
    }

    /// <summary>What is provisioned, and by whom; swapped whole.</summary>
    public Provisioned Provisioned
    {
        get => _provisioned;
        set => _provisioned = value;
    }

    /// <summary>Whether the bridge takes calls.</summary>
    public BridgePhase Phase
    {
        get => _phase;
        set => _phase = value;
    }

    /// <summary>Why the name of a gateway gives no address; null when it does.</summary>
    public Func<GatewayHost, string?> AddressProblem { get; set; } = _ => null;

    /// <summary>Registrations that stand or are being tried: unregistering is over when there is none.</summary>
    public int LiveRegistrations => _registrations.Values.Count(r => r.State is SipRegistrationState.Registered or SipRegistrationState.Trying);

    /// <summary>Whether a peer answers.</summary>
    public SipPeerState PeerStateOf(string peer) => PeerOf(peer).State;

    /// <summary>Whether a peer answers, and since when (UTC) that is so.</summary>
    public (SipPeerState State, DateTime Since) PeerOf(string peer) => _peers.GetValueOrDefault(peer);

    /// <summary>A peer's addresses and whether they answer, in the order in which they became known.</summary>
    public ImmutableArray<(SipTransport Transport, NetAddress Address, SipPeerState State)> TargetsOf(string peer) => _targets.GetValueOrDefault(peer, []);

    /// <summary>Whether an address is one of a peer's, whatever the port.</summary>
    public bool IsPeer(NetAddress address)
    {
        // Asked for every INVITE that is shed: no lock, no copy of the values.
        foreach (var (_, targets) in _targets)
            foreach (var target in targets)
                if (target.Address.SameHost(address)) return true;
        return false;
    }

    /// <summary>Follows the engine's notes.</summary>
    public void Apply(EngineNote note)
    {
        Tally.Apply(note);
        if (note is EngineNote.Sip { Note: SipNote.PeerChanged peer })
        {
            if (peer.State is { } state) _peers[peer.Peer] = (state, DateTime.UtcNow);
            else _peers.TryRemove(peer.Peer, out _);
        }

        if (note is EngineNote.Sip { Note: SipNote.TargetChanged target }) Apply(target);
        if (note is not EngineNote.RegistrationChanged change) return;
        if (change.To is { } to) _registrations[change.Key] = (change.Peer, to);
        else _registrations.TryRemove(change.Key, out _);
    }

    private void Apply(SipNote.TargetChanged target)
    {
        var others = TargetsOf(target.Peer);
        var at = others.ToList().FindIndex(t => t.Transport == target.Transport && t.Address == target.Address);
        if (target.State is { } now) _targets[target.Peer] = at < 0 ? others.Add((target.Transport, target.Address, now)) : others.SetItem(at, (target.Transport, target.Address, now));
        else if (at >= 0 && others.Length == 1) _targets.TryRemove(target.Peer, out _);
        else if (at >= 0) _targets[target.Peer] = others.RemoveAt(at);
    }

    /// <summary>Where all registrations at a peer stand, by their keys.</summary>
    public ImmutableArray<(string Key, SipRegistrationState State)> RegistrationsAt(string peer) =>
        [.. _registrations.Where(r => r.Value.Peer == peer).Select(r => (r.Key, r.Value.State))];
}
