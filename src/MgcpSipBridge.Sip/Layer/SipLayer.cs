using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>
/// Our own SIP stack behind <see cref="ISipLayer"/>: transactions, dialogs, calls and registrations of one shard. One thread at a time; nothing
/// here waits, sleeps or does I/O.
/// </summary>
public sealed partial class SipLayer : ISipLayer
{
    private readonly SipCore _core;
    private readonly Registrar _registrar;
    private readonly PeerWatch _watch;
    private readonly PeerInquiries _inquiries;
    private readonly MailboxTable _mailboxes;
    private readonly Dictionary<long, SipCall> _calls = [];
    private readonly Dictionary<string, SipCall> _callsByTag = new(StringComparer.Ordinal);
    private readonly SipLimits _limits;
    private long _lastHandle;
    private bool _draining;

    /// <summary>A layer.</summary>
    /// <param name="settings">Listeners, timers, limits.</param>
    /// <param name="entropy">Source of tags, branches, Call-IDs and jitter; seeded by the operating system in earnest (RFC 3261 §19.3).</param>
    /// <param name="shard">
    /// Name of the shard, at most 16 ASCII letters and digits, put into every tag, branch and Call-ID of ours so that a dispatcher can route by it
    /// (<see cref="SipTokens.ShardOf"/>); empty for none.
    /// </param>
    public SipLayer(SipSettings settings, Entropy entropy, string shard = "")
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(entropy);
        if (settings.Listeners.IsDefaultOrEmpty) throw new ArgumentException("A SIP layer needs a listener.", nameof(settings));
        _core = new SipCore(settings, entropy, shard);
        _registrar = new Registrar(_core);
        _watch = new PeerWatch(_core);
        _inquiries = new PeerInquiries(_core);
        _mailboxes = new MailboxTable(_core);
        _limits = new SipLimits(settings.MaxMessageBytes, settings.MaxHeaders);
        _core.Circuits.WentDown = _registrar.PeerDown;
        _core.Circuits.CameUp = (peer, flow, wasAway, now) =>
        {
            _registrar.PeerUp(peer, flow, wasAway, now);
            if (wasAway) _mailboxes.PeerIsBack(peer, now);
        };
    }

    /// <inheritdoc/>
    public Instant? NextDeadline => Instant.Earliest(_core.Transactions.NextDeadline, _core.Timers.NextDeadline);

    /// <inheritdoc/>
    public SipCounts Counts => new(_calls.Count, _core.Dialogs, _core.Transactions.ClientCount, _core.Transactions.ServerCount);

    /// <inheritdoc/>
    public bool TryTake(out SipOutput output) => _core.TryTake(out output);

    /// <inheritdoc/>
    public SipTold? Told(SipInvite invite)
    {
        ArgumentNullException.ThrowIfNull(invite);
        if (_core.Peers.Find(invite.Peer) is not { } peer) return null;
        var user = _core.Accounts.Find(invite.Account)?.Model.User;
        var told = peer.Address(invite, user ?? "");
        return new SipTold(told.Called, invite.Withheld ? "anonymous" : user is null && invite.Caller is null ? null : told.Caller, told.Target);
    }

    /// <inheritdoc/>
    public (string Called, string Caller) Heard(string peer, string called, string caller) =>
        _core.Peers.Find(peer) is { } found ? (found.CalledBy(called, _core.Accounts.Find(peer, called) is not null), found.Model.Numbers.In(caller)) : (called, caller);

    /// <inheritdoc/>
    public string? CallIdOf(SipCallHandle call) => _calls.GetValueOrDefault(call.Value)?.CallId;

    /// <inheritdoc/>
    public SipPeerState StateOf(string peer, Instant now) => _core.Settings.PingInterval > TimeSpan.Zero ? _watch.StateOf(peer) : _core.Circuits.StateOf(peer, now);

    /// <inheritdoc/>
    public NetAddress SourceOf(SipCallHandle call) => _calls.GetValueOrDefault(call.Value)?.Source ?? default;

    /// <inheritdoc/>
    public NetAddress AddressOf(string peer) => _core.Peers.Find(peer) is { Sources: [var first, ..] } ? first : default;

    /// <inheritdoc/>
    public void FireDue(Instant now)
    {
        _core.Transactions.FireDue(now);
        Pump(now);
        while (_core.Timers.TryTakeDue(now, out var due))
        {
            switch (due.Timer)
            {
                case SipTimer.Registration:
                    _registrar.OnTimer(due.Owner, now);
                    break;
                case SipTimer.Subscription:
                    _mailboxes.OnTimer(due.Owner, now);
                    break;
                case SipTimer.LookUp:
                    _core.Names.Resolved(due.Owner, [], now);
                    break;
                case SipTimer.PeerPing:
                    _watch.OnTimer(due.Owner, now);
                    break;
                case SipTimer.ProbeEnd:
                    _inquiries.OnTimer(due.Owner, now);
                    break;
                case SipTimer.PeerNames:
                    FindPeers(now);
                    break;
                default:
                    _calls.GetValueOrDefault(due.Owner)?.OnTimer(due.Timer, now);
                    break;
            }
        }

        Pump(now);
    }

    /// <inheritdoc/>
    public void FlowFailed(SipFlow flow, Instant now)
    {
        _core.Transactions.FlowFailed(flow, now);
        _registrar.FlowFailed(flow, now);
        Pump(now);
    }

    /// <inheritdoc/>
    public void Resolved(long query, ImmutableArray<SipTarget> targets, Instant now, TimeSpan? lifetime = null)
    {
        _core.Timers.Cancel(new(SipTimer.LookUp, query));
        _core.Names.Resolved(query, targets, now, lifetime);
        Pump(now);
    }

    /// <inheritdoc/>
    public void SetPeers(ImmutableArray<SipPeerModel> peers, Instant now)
    {
        var before = _core.Peers.All.ToDictionary(peer => peer.Model.Name, peer => peer.Model, StringComparer.Ordinal);
        _core.Peers.Replace(peers);
        _core.Guard.Forget();
        _core.Circuits.Keep(name => _core.Peers.Find(name) is not null);
        var changed = peers.Where(peer => before.GetValueOrDefault(peer.Name) != peer).Select(peer => peer.Name)
            .Concat(before.Keys.Where(name => _core.Peers.Find(name) is null)).ToHashSet(StringComparer.Ordinal);
        // Another realm decides who may see a password; nonces of another server are worth nothing.
        foreach (var account in _core.Accounts.All.Where(account => changed.Contains(account.Peer)).ToArray()) _core.Accounts.Put(account.Model);
        FindPeers(now);
        _registrar.PeersChanged(changed, now);
        _watch.PeersChanged(now);
        _inquiries.PeersChanged();
        Pump(now);
    }

    /// <inheritdoc/>
    public void SetAccount(SipAccount account, Instant now)
    {
        ArgumentNullException.ThrowIfNull(account);
        var old = _core.Accounts.Find(account.Key);
        if (old?.Model == account) return;
        var entry = _core.Accounts.Put(account);
        _registrar.Apply(old, entry, now);
        _mailboxes.Apply(entry, now);
        Pump(now);
    }

    /// <inheritdoc/>
    public void RemoveAccount(string key, Instant now)
    {
        _registrar.Remove(key, now);
        _mailboxes.Remove(key, now);
        _core.Accounts.Remove(key);
        Pump(now);
    }

    /// <inheritdoc/>
    public void UnregisterAll(Instant now)
    {
        _watch.End();
        _inquiries.EndAll(now);
        _registrar.RemoveAll(now);
        _mailboxes.RemoveAll(now);
        Pump(now);
    }

    /// <inheritdoc/>
    public SipProbeStart Probe(long probe, string peer, TimeSpan patience, Instant now)
    {
        var start = _inquiries.Begin(probe, peer, patience, now);
        Pump(now);
        return start;
    }

    /// <inheritdoc/>
    public void SetDraining(bool draining, Instant now) => _draining = draining;

    /// <inheritdoc/>
    public SipCallHandle Invite(SipInvite invite, Instant now)
    {
        ArgumentNullException.ThrowIfNull(invite);
        var call = SipCall.Place(_core, new SipCallHandle(++_lastHandle), invite, Forget);
        Remember(call);
        call.Start(invite, now);
        Pump(now);
        return call.Handle;
    }

    /// <inheritdoc/>
    public void Progress(SipCallHandle call, int status, ReadOnlyMemory<byte> description, Instant now) =>
        With(call, now, found => found.Progress(status, description, now));

    /// <inheritdoc/>
    public void Answer(SipCallHandle call, ReadOnlyMemory<byte> description, Instant now) =>
        With(call, now, found => found.Answer(description, now));

    /// <inheritdoc/>
    public void Reject(SipCallHandle call, int status, int q850, TimeSpan? retryAfter, Instant now) =>
        With(call, now, found => found.Reject(status, q850, retryAfter, now));

    /// <inheritdoc/>
    public void Redirect(SipCallHandle call, SipRedirection to, Instant now) => With(call, now, found => found.Redirect(to, now));

    /// <inheritdoc/>
    public void HangUp(SipCallHandle call, int q850, Instant now) => With(call, now, found => found.HangUp(q850, now));

    /// <inheritdoc/>
    public void AnswerOffer(SipCallHandle call, ReadOnlyMemory<byte> description, Instant now) =>
        With(call, now, found => found.AnswerOffer(description, now));

    /// <inheritdoc/>
    public void RefuseOffer(SipCallHandle call, int status, Instant now) => With(call, now, found => found.RefuseOffer(status, now));

    /// <inheritdoc/>
    public void Offer(SipCallHandle call, ReadOnlyMemory<byte> description, Instant now) => With(call, now, found => found.Offer(description, now));

    /// <inheritdoc/>
    public void ForgetOffer(SipCallHandle call, Instant now) => With(call, now, found => found.ForgetOffer());

    /// <inheritdoc/>
    public void AcceptTransfer(SipCallHandle call, Instant now) => With(call, now, found => found.AcceptTransfer(now));

    /// <inheritdoc/>
    public void RefuseTransfer(SipCallHandle call, int status, Instant now) => With(call, now, found => found.RefuseTransfer(status, now));

    /// <inheritdoc/>
    public void TellTransfer(SipCallHandle call, int status, Instant now) => With(call, now, found => found.TellTransfer(status, now));

    /// <inheritdoc/>
    public void Transfer(SipCallHandle call, string target, SipCallHandle? other, Instant now) =>
        With(call, now, found => found.Transfer(target, other is not null, other is { } handle ? _calls.GetValueOrDefault(handle.Value) : null, now));

    /// <inheritdoc/>
    public void SendDigits(SipCallHandle call, string symbols, TimeSpan duration, Instant now) =>
        With(call, now, found => found.SendDigits(symbols, duration, now));

    private void With(SipCallHandle handle, Instant now, Action<SipCall> act)
    {
        if (!_calls.TryGetValue(handle.Value, out var call)) return;
        act(call);
        Pump(now);
    }

    private void Remember(SipCall call)
    {
        _calls[call.Handle.Value] = call;
        _callsByTag[call.LocalTag] = call;
    }

    private void Forget(SipCall call)
    {
        _calls.Remove(call.Handle.Value);
        _callsByTag.Remove(call.LocalTag);
    }

    // Addresses of named peers are needed before we ever send to them: their requests are recognised by them.
    private void FindPeers(Instant now)
    {
        foreach (var peer in _core.Peers.All)
        {
            // Asked again before the answer's time is up, so that no call waits for DNS.
            _core.Locate(peer, SipMethod.Options, now, (_, at) => RefreshPeers(at));
        }

        RefreshPeers(now);
    }

    private void RefreshPeers(Instant now)
    {
        Instant? next = null;
        foreach (var peer in _core.Peers.All)
        {
            foreach (var hop in peer.Hops) next = Instant.Earliest(next, _core.Names.RefreshAt(hop, now));
        }

        if (next is { } at) _core.Timers.Set(new(SipTimer.PeerNames, 0), at);
        else _core.Timers.Cancel(new(SipTimer.PeerNames, 0));
    }
}
