using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>The mailboxes of the accounts: subscriptions to them, and what is told about them unasked.</summary>
internal sealed class MailboxTable(SipCore core)
{
    private readonly Dictionary<string, MailboxSubscription> _byKey = new(StringComparer.Ordinal);
    private readonly Dictionary<string, MailboxSubscription> _byTag = new(StringComparer.Ordinal);
    private readonly Dictionary<long, MailboxSubscription> _byId = [];
    private readonly Pace _pace = new(core.Settings.RegisterRate);
    private long _lastId;

    /// <summary>An account was set.</summary>
    public void Apply(AccountEntry account, Instant now)
    {
        Remove(account.Key, now);
        if (!account.Model.AsksForMessages || core.Peers.Find(account.Peer) is null) return;
        var subscription = new MailboxSubscription(core, ++_lastId, account, Forget);
        _byKey[account.Key] = subscription;
        _byTag[subscription.LocalTag] = subscription;
        _byId[subscription.Id] = subscription;
        subscription.Start(now);
    }

    public void Remove(string key, Instant now)
    {
        if (_byKey.Remove(key, out var subscription)) subscription.Stop(now);
    }

    public void RemoveAll(Instant now)
    {
        foreach (var key in _byKey.Keys.Order(StringComparer.Ordinal).ToArray()) Remove(key, now);
    }

    /// <summary>A peer that was away may have lost what was subscribed to there.</summary>
    public void PeerIsBack(string peer, Instant now)
    {
        foreach (var subscription in _byKey.Values)
        {
            if (subscription.Peer == peer) subscription.RefreshSoon(_pace, now);
        }
    }

    public void OnTimer(long id, Instant now) => _byId.GetValueOrDefault(id)?.OnTimer(now);

    /// <summary>A NOTIFY of that package outside the calls: of a subscription, or unasked.</summary>
    public void OnNotify(SipServerTransaction transaction, SipMessage notify, Instant now)
    {
        var summary = MessageSummary.Read(notify);
        if (!notify.Body.IsEmpty && !Ascii.EqualsIgnoreCase(notify.MediaType, "application/simple-message-summary"u8))
        {
            transaction.BeginResponse(core.Writer, 415);
            core.Writer.Header(SipHeader.Accept, MessageSummary.Type);
            core.Writer.End();
            core.Transactions.Respond(transaction, core.Writer, now);
            return;
        }

        string? key = null;
        if (_byTag.TryGetValue(Encoding.ASCII.GetString(notify.ToTag), out var subscription))
        {
            if (subscription.TryTake(notify, now)) key = subscription.Key;
        }
        else if (notify.ToTag.IsEmpty && core.Peers.From(transaction.Source) is { } peer)
        {
            // Unasked: the contact that it was sent to names the line, or, on a trunk, the mailbox's account.
            var account = core.Accounts.Find(peer.Model.Name, Identity.NumberOf(notify.RequestUri))
                ?? (summary?.Account is { } user ? core.Accounts.Find(peer.Model.Name, user) : null);
            key = account?.Key;
        }

        core.Transactions.Respond(transaction, key is null ? 481 : 200, now);
        if (key is not null && summary is { } told) core.Raise(new SipEvent.MessagesWaiting(key, told.Waiting, told.New, told.Old));
    }

    private void Forget(MailboxSubscription subscription)
    {
        _byTag.Remove(subscription.LocalTag);
        _byId.Remove(subscription.Id);
        core.Timers.Cancel(new(SipTimer.Subscription, subscription.Id));
    }
}
