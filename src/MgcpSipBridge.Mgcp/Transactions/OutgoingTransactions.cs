using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>Our commands without an answer: numbers, retransmission, giving up (RFC 3435 §3.5, §4.3).</summary>
internal sealed class OutgoingTransactions(MgcpSettings settings, Entropy entropy, TimerQueue<AgentTimer> timers, Outbox outbox)
{
    private const uint LastId = 999_999_999;
    private readonly Dictionary<uint, OutgoingTransaction> _transactions = [];
    private readonly uint _beginning = 1 + (uint)entropy.Next((int)LastId);
    private uint? _lastId;

    /// <summary>Commands of all gateways that wait for an answer, or for their turn.</summary>
    public int Pending { get; private set; }

    /// <summary>The unpredictable number that ids count up from.</summary>
    public uint Beginning => _beginning;

    /// <summary>
    /// A new transaction id. They count up from an unpredictable start through a thousand million numbers, so none comes back within three minutes
    /// of its end (§3.2.1.2); one that is still out is passed over.
    /// </summary>
    public uint NewId()
    {
        while (true)
        {
            var id = _lastId is not { } last ? _beginning : last == LastId ? 1 : last + 1;
            _lastId = id;
            if (!_transactions.ContainsKey(id)) return id;
        }
    }

    /// <summary>Sends what was written as a command.</summary>
    public OutgoingTransaction Send(
        uint id, MgcpVerb verb, Gateway gateway, EndpointId? subject, IAnswerTarget target, byte[] datagram, Instant now, int? repeatLimit = null)
    {
        var transaction = new OutgoingTransaction(id, verb, gateway, subject, target, datagram, repeatLimit ?? settings.Max2)
        {
            To = gateway.Address,
            FirstSent = now,
        };
        _transactions.Add(id, transaction);
        gateway.Pending++;
        Pending++;
        if (gateway.Throttle.Holds(now))
        {
            transaction.IsHeld = true;
            gateway.Throttle.Enqueue(transaction);
        }
        else
        {
            Launch(transaction, now);
        }

        return transaction;
    }

    /// <summary>Sends what waited for the gateway to recover, as far as its window goes.</summary>
    public void Release(Gateway gateway, Instant now)
    {
        while (gateway.Throttle.TryNext(now, out var transaction))
        {
            transaction.IsHeld = false;
            Launch(transaction, now);
        }
    }

    /// <summary>The gateway begins anew, or is down: nothing is known of its load.</summary>
    public void Unthrottle(Gateway gateway, Instant now)
    {
        if (!gateway.Throttle.IsOn) return;
        gateway.Throttle.Reset();
        timers.Cancel(new AgentTimer(AgentTimerKind.Throttle, gateway));
        outbox.Note(new MgcpNote.Throttled(gateway.Name, IsOn: false));
        Release(gateway, now);
    }

    /// <summary>Finds a command by its id, also one that was given up.</summary>
    public OutgoingTransaction? Find(uint id) => _transactions.GetValueOrDefault(id);

    /// <summary>Whether a command waits for its answer still.</summary>
    public bool IsOut(OutgoingTransaction transaction) => !transaction.IsAbandoned && Find(transaction.Id) == transaction;

    /// <summary>A provisional answer: LONGTRAN takes over (§3.5.6).</summary>
    public void Provisional(OutgoingTransaction transaction, int code, Instant now)
    {
        if (transaction.IsAbandoned) return;
        if (code == MgcpResponseCodes.Queued) Overloaded(transaction.Gateway, now);
        if (!transaction.IsProvisional) Sample(transaction, now);
        transaction.IsProvisional = true;
        timers.Set(new AgentTimer(AgentTimerKind.Retransmit, transaction), now + settings.LongTran);
    }

    /// <summary>A final answer: tells its owner.</summary>
    public void Final(OutgoingTransaction transaction, in MgcpResponse response, Instant now)
    {
        Remove(transaction);
        var gateway = transaction.Gateway;
        if (response.Code == MgcpResponseCodes.Overload) Overloaded(gateway, now);
        else if (gateway.Throttle.Succeeded(now)) outbox.Note(new MgcpNote.Throttled(gateway.Name, IsOn: false));
        if (transaction.IsAbandoned)
        {
            transaction.Target.AnsweredLate(transaction, response, now);
            return;
        }

        if (!transaction.IsProvisional) Sample(transaction, now);
        outbox.Note(new MgcpNote.TransactionEnded(
            transaction.Verb.Name(), response.Code, transaction.Gateway.Name, now - transaction.FirstSent, FromGateway: false));
        if (gateway.Traits.ConfirmAnswers) gateway.Unconfirmed.Add(transaction.Id, now);
        transaction.Target.Answered(transaction, response, now);
        Release(gateway, now);
    }

    /// <summary>
    /// The retransmission timer has run out. Before each repetition the time since the first sending is checked (§4.3); a command that had a
    /// provisional answer waits on, silently, until 2*T-HIST. True when the gateway did not answer it at all.
    /// </summary>
    public bool TimerElapsed(OutgoingTransaction transaction, Instant now)
    {
        if (transaction.IsAbandoned)
        {
            Remove(transaction);
            return false;
        }

        var age = now - transaction.FirstSent;
        if (age <= settings.TMax && (transaction.IsProvisional || transaction.RepeatsHere < transaction.RepeatLimit))
        {
            Repeat(transaction, now);
            return false;
        }

        if (transaction.IsProvisional && age < 2 * settings.THist)
        {
            timers.Set(new AgentTimer(AgentTimerKind.Retransmit, transaction), transaction.FirstSent + (2 * settings.THist));
            return false;
        }

        Abandon(transaction, now);
        return true;
    }

    /// <summary>Gives a command up and tells its owner; a late answer is still recognised.</summary>
    public void Abandon(OutgoingTransaction transaction, Instant now)
    {
        if (transaction.IsAbandoned) return;
        Silence(transaction, now);
        if (!transaction.IsHeld) outbox.Note(new MgcpNote.TransactionEnded(transaction.Verb.Name(), 0, transaction.Gateway.Name, now - transaction.FirstSent, FromGateway: false));
        transaction.Target.Unanswered(transaction, now);
        Release(transaction.Gateway, now);
    }

    /// <summary>Stops a command whose owner no longer cares, without telling it.</summary>
    public void Silence(OutgoingTransaction transaction, Instant now)
    {
        if (transaction.IsAbandoned) return;
        transaction.IsAbandoned = true;
        transaction.Gateway.Pending--;
        Pending--;
        if (transaction.IsHeld)
        {
            // It never was on the wire, so no answer can come.
            _transactions.Remove(transaction.Id);
            return;
        }

        transaction.Gateway.Throttle.InFlight--;
        outbox.Withdraw(transaction);
        var until = transaction.FirstSent + (2 * settings.THist);
        if (until > now) timers.Set(new AgentTimer(AgentTimerKind.Retransmit, transaction), until);
        else Remove(transaction);
    }

    /// <summary>The commands to a gateway that are neither answered nor given up, in the order they were sent.</summary>
    public List<OutgoingTransaction> PendingOf(Gateway gateway)
    {
        List<OutgoingTransaction> pending = [];
        foreach (var transaction in _transactions.Values)
        {
            if (transaction.Gateway == gateway && !transaction.IsAbandoned) pending.Add(transaction);
        }

        pending.Sort(static (a, b) => a.FirstSent == b.FirstSent ? a.Id.CompareTo(b.Id) : a.FirstSent.CompareTo(b.FirstSent));
        return pending;
    }

    private void Repeat(OutgoingTransaction transaction, Instant now)
    {
        if (transaction.RepeatsHere == settings.Max1) outbox.Note(new MgcpNote.Suspected(transaction.Gateway.Name));
        transaction.Repeats++;
        if (transaction.IsProvisional)
        {
            transaction.Timer = settings.LongTran;
        }
        else if (transaction.RepeatsHere == 0)
        {
            transaction.Delay = transaction.Gateway.RoundTrip.FirstDelay;
            transaction.Timer = transaction.Gateway.RoundTrip.First;
        }
        else
        {
            var delay = transaction.Delay;
            transaction.Timer = transaction.Gateway.RoundTrip.Next(ref delay);
            transaction.Delay = delay;
        }

        timers.Set(new AgentTimer(AgentTimerKind.Retransmit, transaction), now + transaction.Timer);
        outbox.Repeat(transaction);
        outbox.Note(new MgcpNote.Retransmitted(transaction.Verb.Name(), transaction.Gateway.Name));
    }

    /// <summary>Karn's rule: only a command that was sent once measures the delay (§3.5.3).</summary>
    private static void Sample(OutgoingTransaction transaction, Instant now)
    {
        if (transaction.Repeats == 0) transaction.Gateway.RoundTrip.Measured(now - transaction.FirstSent);
        else transaction.Gateway.RoundTrip.AnsweredAfterRepeats(transaction.Timer);
    }

    private void Remove(OutgoingTransaction transaction)
    {
        if (!_transactions.Remove(transaction.Id)) return;
        timers.Cancel(new AgentTimer(AgentTimerKind.Retransmit, transaction));
        if (transaction.IsAbandoned) return;
        transaction.Gateway.Pending--;
        Pending--;
        transaction.Gateway.Throttle.InFlight--;
    }

    private void Launch(OutgoingTransaction transaction, Instant now)
    {
        var gateway = transaction.Gateway;
        gateway.Throttle.InFlight++;
        transaction.To = gateway.Address;
        transaction.FirstSent = now;
        transaction.Delay = gateway.RoundTrip.FirstDelay;
        transaction.Timer = gateway.RoundTrip.First;
        timers.Set(new AgentTimer(AgentTimerKind.Retransmit, transaction), now + transaction.Timer);
        outbox.Command(transaction);
    }

    private void Overloaded(Gateway gateway, Instant now)
    {
        var wasOn = gateway.Throttle.IsOn;
        if (gateway.Throttle.Overloaded(entropy, now) is not { } until) return;
        timers.Set(new AgentTimer(AgentTimerKind.Throttle, gateway), until);
        if (!wasOn) outbox.Note(new MgcpNote.Throttled(gateway.Name, IsOn: true));
    }
}
