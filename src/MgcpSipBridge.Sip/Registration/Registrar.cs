using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>All registrations, and the pace at which each peer sees them begin.</summary>
internal sealed class Registrar(SipCore core)
{
    // Shutdown must not take minutes, and taking back costs a registrar little.
    private const int LeaveFaster = 4;

    private readonly Dictionary<long, Registration> _byId = [];
    private readonly Dictionary<string, Registration> _byKey = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Pace> _paces = new(StringComparer.Ordinal);
    private long _lastId;

    /// <summary>Registrations in any state.</summary>
    public int Count => _byId.Count;

    /// <summary>Sees to it that an account is registered as it wants to be.</summary>
    public void Apply(AccountEntry? old, AccountEntry account, Instant now)
    {
        var running = _byKey.GetValueOrDefault(account.Key);
        var peer = core.Peers.Find(account.Peer);
        if (running is not null && old is not null && account.Model.Register && old.Peer == account.Peer && old.Model.User == account.Model.User)
        {
            running.Replace(account, peer, PaceOf(account.Peer), now);
            return;
        }

        if (running is not null)
        {
            // Another address of record: the old binding is taken back on its own while the new one is made.
            running.IsQuiet = account.Model.Register;
            _byKey.Remove(account.Key);
            running.Stop(now);
        }

        if (!account.Model.Register) return;
        Begin(account, peer, now);
    }

    /// <summary>Takes a binding back.</summary>
    public void Remove(string key, Instant now)
    {
        if (_byKey.Remove(key, out var registration)) registration.Stop(now);
    }

    /// <summary>Takes every binding back.</summary>
    public void RemoveAll(Instant now)
    {
        foreach (var peer in _paces.Keys.ToArray()) _paces[peer] = new Pace(core.Settings.RegisterRate * LeaveFaster);
        foreach (var registration in _byId.Values.ToArray()) registration.Stop(now);
        _byKey.Clear();
    }

    /// <summary>The peers changed: registrations at them use what is new, at once.</summary>
    public void PeersChanged(IReadOnlySet<string> changed, Instant now)
    {
        foreach (var key in _byKey.Keys.ToArray())
        {
            // A peer that is gone is still told that its bindings are: by those who take the accounts away.
            if (core.Accounts.Find(key) is not { } account || !changed.Contains(account.Peer) || core.Peers.Find(account.Peer) is not { } peer) continue;
            var registration = _byKey[key];
            if (registration.IsElsewhere(peer))
            {
                // Another registrar: what is bound at the one before is taken back there.
                registration.IsQuiet = true;
                _byKey.Remove(key);
                registration.Stop(now);
                Begin(account, peer, now);
                continue;
            }

            registration.Replace(account, peer, PaceOf(account.Peer), now);
            registration.RefreshSoon(now);
        }
    }

    /// <summary>A connection broke: bindings made over it are renewed, for the registrar cannot reach us through it any more.</summary>
    public void FlowFailed(SipFlow flow, Instant now)
    {
        if (!SipTransports.IsReliable(flow.Transport)) return;
        foreach (var registration in _byKey.Values)
        {
            if (registration.BoundOver is { } over && over.Transport == flow.Transport && over.Remote == flow.Remote) registration.RefreshSoon(now);
        }
    }

    /// <summary>A peer answers again, or for the first time.</summary>
    public void PeerUp(string peer, SipFlow flow, bool wasAway, Instant now)
    {
        foreach (var registration in _byKey.Values)
        {
            if (registration.Peer == peer) registration.PeerUp(flow, wasAway, now);
        }
    }

    /// <summary>
    /// A peer answers no more over a path. What is bound there cannot be reached: it is bound elsewhere, if there is an elsewhere; else one looks after the peer for all.
    /// </summary>
    public void PeerDown(string peer, SipFlow flow, bool hasOther, Instant now)
    {
        foreach (var registration in _byKey.Values)
        {
            if (registration.Peer != peer || !registration.PeerDown(flow, now)) continue;
            if (!hasOther) break;
        }
    }

    public void OnTimer(long id, Instant now)
    {
        if (_byId.TryGetValue(id, out var registration)) registration.OnTimer(now);
    }

    private Pace PaceOf(string peer)
    {
        if (!_paces.TryGetValue(peer, out var pace)) _paces[peer] = pace = new Pace(core.Settings.RegisterRate);
        return pace;
    }

    private void Begin(AccountEntry account, SipPeer? peer, Instant now)
    {
        var registration = new Registration(core, ++_lastId, account, peer, PaceOf(account.Peer), Forget);
        _byId[registration.Id] = registration;
        _byKey[account.Key] = registration;
        if (LeaverOf(registration) is { } leaver) leaver.Successor = registration;
        else registration.Start(now);
    }

    /// <summary>Who takes the same binding back at the moment. The end of any other of the same account is nobody's concern now.</summary>
    private Registration? LeaverOf(Registration successor)
    {
        if (_byId.Count == _byKey.Count) return null;
        Registration? leaver = null;
        foreach (var other in _byId.Values)
        {
            if (_byKey.GetValueOrDefault(other.Key) == other) continue;
            if (other.BindsAs(successor)) leaver = other;
            else if (other.Key == successor.Key) other.IsQuiet = true;
        }

        return leaver;
    }

    private void Forget(Registration registration, Instant now)
    {
        _byId.Remove(registration.Id);
        if (_byKey.GetValueOrDefault(registration.Key) == registration) _byKey.Remove(registration.Key);
        registration.Successor?.Start(now);
    }
}
