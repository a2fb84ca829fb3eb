using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>
/// What is known of each address of each peer: one that left a request unanswered is tried last for a while, so that callers do not wait for it again and again, and
/// one that asked to be left alone (RFC 3261 §21.5.4) is left alone. Addresses that no peer has are nobody's business here.
/// </summary>
/// <param name="settings">For how long.</param>
/// <param name="note">Tells of changes.</param>
internal sealed class SipCircuits(SipSettings settings, Action<SipNote> note)
{
    private readonly Dictionary<(SipTransport, NetAddress), Circuit> _all = [];
    private readonly Dictionary<string, ImmutableArray<(SipTransport, NetAddress)>> _byPeer = new(StringComparer.Ordinal);

    private sealed class Circuit
    {
        public SipPeerState State;
        public Instant Failed;
        public Instant Down;
        public Instant BlockedUntil = new(long.MinValue);
        public readonly List<string> Peers = [];
    }

    // Who misses a single call was not away: it has forgotten nothing.
    private static readonly TimeSpan LeastOutage = TimeSpan.FromSeconds(2);

    /// <summary>Hears of a peer that answers over a path on which it did not, and whether it was away so long that it may have started anew.</summary>
    public Action<string, SipFlow, bool, Instant>? CameUp { get; set; }

    /// <summary>Hears of a peer that does not answer over a path any more, and whether it has another that may.</summary>
    public Action<string, SipFlow, bool, Instant>? WentDown { get; set; }

    /// <summary>A peer's addresses are these now; those that it had before keep what is known of them.</summary>
    public void Follow(string peer, ImmutableArray<SipTarget> targets)
    {
        ImmutableArray<(SipTransport, NetAddress)> keys = [.. targets.Select(target => (target.Transport, target.Address)).Distinct()];
        var before = _byPeer.GetValueOrDefault(peer, []);
        if (before.AsSpan().SequenceEqual(keys.AsSpan())) return;
        foreach (var key in before.Except(keys))
        {
            note(new SipNote.TargetChanged(peer, key.Item1, key.Item2, null));
            _all[key].Peers.Remove(peer);
            if (_all[key].Peers.Count == 0) _all.Remove(key);
        }

        foreach (var key in keys.Except(before))
        {
            if (!_all.TryGetValue(key, out var circuit)) _all[key] = circuit = new Circuit();
            circuit.Peers.Add(peer);
            note(new SipNote.TargetChanged(peer, key.Item1, key.Item2, circuit.State));
        }

        if (keys.IsEmpty) _byPeer.Remove(peer);
        else _byPeer[peer] = keys;
    }

    /// <summary>Peers that are no more.</summary>
    public void Keep(Func<string, bool> stays)
    {
        foreach (var peer in _byPeer.Keys.Where(peer => !stays(peer)).ToArray()) Follow(peer, []);
    }

    /// <summary>Something came back over a path: whoever is there answers.</summary>
    public void Answered(SipFlow flow, Instant now)
    {
        if (!_all.TryGetValue((flow.Transport, flow.Remote), out var circuit) || circuit.State == SipPeerState.Up) return;
        var wasAway = circuit.State == SipPeerState.Down && now - circuit.Down >= LeastOutage;
        Become(flow, circuit, SipPeerState.Up);
        foreach (var peer in circuit.Peers) CameUp?.Invoke(peer, flow, wasAway, now);
    }

    /// <summary>Nothing came back, or there is no way.</summary>
    public void Failed(SipFlow flow, Instant now)
    {
        if (!_all.TryGetValue((flow.Transport, flow.Remote), out var circuit)) return;
        circuit.Failed = now;
        if (circuit.State == SipPeerState.Down) return;
        circuit.Down = now;
        Become(flow, circuit, SipPeerState.Down);
        foreach (var peer in circuit.Peers) WentDown?.Invoke(peer, flow, _byPeer[peer].Any(key => _all[key].State != SipPeerState.Down), now);
    }

    /// <summary>It asked to get nothing for so long; more than <see cref="SipSettings.RetryAfterMax"/> is not believed.</summary>
    public void Blocked(SipFlow flow, TimeSpan time, Instant now)
    {
        if (_all.TryGetValue((flow.Transport, flow.Remote), out var circuit))
            circuit.BlockedUntil = now + (time < settings.RetryAfterMax ? time : settings.RetryAfterMax);
    }

    /// <summary>
    /// Targets in the order in which they should be tried: as they come, those that did not answer lately at the end. One that asked to be left alone is left out, unless
    /// somebody calls for help.
    /// </summary>
    public ImmutableArray<SipTarget> Order(ImmutableArray<SipTarget> targets, Instant now, bool isCall, bool emergency = false)
    {
        if (targets.All(target => RankOf(target, now, isCall) == 0)) return targets;
        return [.. targets.Where(target => emergency || RankOf(target, now, isCall) < 2).OrderBy(target => RankOf(target, now, isCall))];
    }

    /// <summary>How much later a peer's requests try one path than another; negative: sooner.</summary>
    public int Compare(string peer, SipFlow one, SipFlow other)
    {
        var keys = _byPeer.GetValueOrDefault(peer, []);
        return keys.IndexOf((one.Transport, one.Remote)) - keys.IndexOf((other.Transport, other.Remote));
    }

    /// <summary>Where a peer stands: down when none of its addresses answers.</summary>
    public SipPeerState StateOf(string peer, Instant now)
    {
        var best = SipPeerState.Down;
        foreach (var key in _byPeer.GetValueOrDefault(peer, []))
        {
            var circuit = _all[key];
            var state = circuit.State == SipPeerState.Down && now >= circuit.Failed + settings.TargetRetry ? SipPeerState.Unknown : circuit.State;
            if (state == SipPeerState.Up) return state;
            if (state == SipPeerState.Unknown) best = state;
        }

        return _byPeer.ContainsKey(peer) ? best : SipPeerState.Unknown;
    }

    // Who waits at a phone is the last to find out whether a server is back; registrations may try it sooner.
    private int RankOf(SipTarget target, Instant now, bool isCall)
    {
        if (!_all.TryGetValue((target.Transport, target.Address), out var circuit)) return 0;
        if (now < circuit.BlockedUntil) return 2;
        return circuit.State == SipPeerState.Down && now < circuit.Failed + (isCall ? settings.TargetRetry : settings.TargetRetry / 10) ? 1 : 0;
    }

    private void Become(SipFlow flow, Circuit circuit, SipPeerState state)
    {
        circuit.State = state;
        foreach (var peer in circuit.Peers) note(new SipNote.TargetChanged(peer, flow.Transport, flow.Remote, state));
    }
}
