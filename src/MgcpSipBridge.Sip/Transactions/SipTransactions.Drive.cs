using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

public sealed partial class SipTransactions
{
    /// <summary>Timer D's least value on unreliable transports (RFC 3261 table 4).</summary>
    private static readonly TimeSpan LeastTimerD = TimeSpan.FromSeconds(32);

    /// <summary>One step of a transaction's machine and everything that follows from it.</summary>
    private void Drive(SipTransaction transaction, SipTransactionInput input, SipMessage? message, Instant now) =>
        Apply(transaction, Step(transaction, input), message, now);

    private static SipTransition Step(SipTransaction transaction, SipTransactionInput input) =>
        (transaction is SipClientTransaction, transaction.Method == SipMethod.Invite) switch
        {
            (true, true) => SipInviteClientMachine.Step(transaction.State, input),
            (true, false) => SipNonInviteClientMachine.Step(transaction.State, input),
            (false, true) => SipInviteServerMachine.Step(transaction.State, input),
            (false, false) => SipNonInviteServerMachine.Step(transaction.State, input),
        };

    private static SipTimers TimersOf(SipTransaction transaction) =>
        (transaction is SipClientTransaction, transaction.Method == SipMethod.Invite) switch
        {
            (true, true) => SipInviteClientMachine.TimersOf(transaction.State),
            (true, false) => SipNonInviteClientMachine.TimersOf(transaction.State),
            (false, true) => SipInviteServerMachine.TimersOf(transaction.State),
            (false, false) => SipNonInviteServerMachine.TimersOf(transaction.State),
        };

    private void Apply(SipTransaction transaction, SipTransition transition, SipMessage? message, Instant now)
    {
        if (transition.Ignored is not null) return;
        if (transition.State != transaction.State) Enter(transaction, transition.State);
        var actions = transition.Actions;
        if ((actions & SipTransactionActions.Send) != 0) SendMessage(transaction);
        if ((actions & SipTransactionActions.Acknowledge) != 0) Acknowledge((SipClientTransaction)transaction, message!);
        if ((actions & SipTransactionActions.SendTrying) != 0) SendTrying((SipServerTransaction)transaction);
        if ((actions & SipTransactionActions.PassUp) != 0) PassUp(transaction, message!);
        if ((actions & SipTransactionActions.ReportTimeout) != 0) Report(transaction, timeout: true);
        if ((actions & SipTransactionActions.ReportTransport) != 0) Report(transaction, timeout: false);
        if (transition.State == SipTransactionState.Terminated)
        {
            Forget(transaction);
            return;
        }

        for (var timers = (int)transition.Start; timers != 0; timers &= timers - 1)
        {
            Start(transaction, (SipTimers)(timers & -timers), now);
        }

        if (transaction is SipClientTransaction { CancelIsWanted: true, State: SipTransactionState.Proceeding } invite) SendCancel(invite, now);
    }

    private void Enter(SipTransaction transaction, SipTransactionState state)
    {
        var before = TimersOf(transaction);
        transaction.State = state;
        for (var stop = (int)(before & ~TimersOf(transaction)); stop != 0; stop &= stop - 1)
        {
            _timers.Cancel((transaction, InputOf((SipTimers)(stop & -stop))));
        }

        if (state is not (SipTransactionState.Completed or SipTransactionState.Accepted)) return;
        transaction.Interval = TimeSpan.Zero;
        // The request will not be sent again. (The ACK to a 300-699 is still made of it.)
        if (transaction is SipClientTransaction && (transaction.Method != SipMethod.Invite || state == SipTransactionState.Accepted)) transaction.Message = default;
    }

    /// <summary>Starts a timer; one of zero fires at once, one that the transport does not need never.</summary>
    private void Start(SipTransaction transaction, SipTimers timer, Instant now)
    {
        var reliable = SipTransports.IsReliable(transaction.Flow.Transport);
        TimeSpan delay;
        switch (timer)
        {
            case SipTimers.A or SipTimers.E or SipTimers.G:
                if (reliable) return;
                delay = transaction.Interval = NextInterval(transaction, timer);
                break;
            case SipTimers.D:
                delay = reliable ? TimeSpan.Zero : _timeout > LeastTimerD ? _timeout : LeastTimerD;
                break;
            case SipTimers.I or SipTimers.K:
                delay = reliable ? TimeSpan.Zero : _settings.T4;
                break;
            case SipTimers.J:
                delay = reliable ? TimeSpan.Zero : _timeout;
                break;
            case SipTimers.Trying:
                delay = _tryingDelay;
                break;
            default:
                delay = _timeout;
                break;
        }

        if (delay > TimeSpan.Zero) _timers.Set((transaction, InputOf(timer)), now + delay);
        else Drive(transaction, InputOf(timer), null, now);
    }

    private TimeSpan NextInterval(SipTransaction transaction, SipTimers timer)
    {
        if (transaction.Interval == TimeSpan.Zero) return _settings.T1;
        // §17.1.1.2: Timer A doubles without bound; Timer B ends it.
        if (timer == SipTimers.A) return transaction.Interval * 2;
        // §17.1.2.2: in Proceeding Timer E is always T2.
        if (timer == SipTimers.E && transaction.State == SipTransactionState.Proceeding) return _settings.T2;
        var doubled = transaction.Interval * 2;
        return doubled < _settings.T2 ? doubled : _settings.T2;
    }

    private static SipTransactionInput InputOf(SipTimers timer) => timer switch
    {
        SipTimers.A => SipTransactionInput.TimerA,
        SipTimers.B => SipTransactionInput.TimerB,
        SipTimers.D => SipTransactionInput.TimerD,
        SipTimers.E => SipTransactionInput.TimerE,
        SipTimers.F => SipTransactionInput.TimerF,
        SipTimers.G => SipTransactionInput.TimerG,
        SipTimers.H => SipTransactionInput.TimerH,
        SipTimers.I => SipTransactionInput.TimerI,
        SipTimers.J => SipTransactionInput.TimerJ,
        SipTimers.K => SipTransactionInput.TimerK,
        SipTimers.L => SipTransactionInput.TimerL,
        SipTimers.M => SipTransactionInput.TimerM,
        SipTimers.Trying => SipTransactionInput.TimerTrying,
        SipTimers.Lapse => SipTransactionInput.TimerLapse,
        _ => SipTransactionInput.TimerCancel,
    };

    private void PassUp(SipTransaction transaction, SipMessage message)
    {
        if (transaction is SipServerTransaction server)
        {
            _events.Enqueue(message.Method == SipMethod.Ack
                ? new SipTransactionEvent.AckArrived(message, server.Flow)
                : new SipTransactionEvent.RequestArrived(server, message));
        }
        else if (transaction.Method != SipMethod.Cancel)
        {
            _events.Enqueue(new SipTransactionEvent.ResponseArrived((SipClientTransaction)transaction, message));
        }
    }

    private void Report(SipTransaction transaction, bool timeout)
    {
        // Nobody waits for a CANCEL of ours: the INVITE has a timer of its own.
        if (transaction.Method == SipMethod.Cancel) return;
        _events.Enqueue((transaction, timeout) switch
        {
            (SipClientTransaction client, true) => new SipTransactionEvent.TimedOut(client),
            (SipClientTransaction client, false) => new SipTransactionEvent.TransportFailed(client),
            (SipServerTransaction server, true) => new SipTransactionEvent.AckMissing(server),
            _ => new SipTransactionEvent.ResponseUndeliverable((SipServerTransaction)transaction),
        });
    }

    private void Forget(SipTransaction transaction)
    {
        if (transaction is SipClientTransaction client)
        {
            _clients.Remove((client.Branch, client.Method == SipMethod.Cancel));
        }
        else
        {
            var server = (SipServerTransaction)transaction;
            server.Request = null;
            Settle(server);
            _servers.Remove(server.Key);
            if (server.MergeKey is { } merge) _merges.Remove(merge);
        }

        // CANCEL transactions were never shown to the user.
        if (transaction.Method != SipMethod.Cancel) _events.Enqueue(new SipTransactionEvent.Terminated(transaction));
    }
}
