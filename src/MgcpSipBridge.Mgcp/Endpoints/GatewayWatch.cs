using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// Whether gateways answer: takes them over at our start, asks those that have been silent, gives up those that do not answer and asks on until they do
/// (RFC 3435 §4.4.7 seen from the call agent's side).
/// </summary>
internal sealed class GatewayWatch(AgentServices services, GatewayDirectory directory) : IAnswerTarget
{
    /// <summary>Retransmissions of a question to a gateway that is known to be down; the next question is a retransmission, too.</summary>
    private const int ProbeRepeats = 2;

    /// <summary>Where gateways listen unless they are told otherwise (RFC 3435 §3.5).</summary>
    private const int GatewayPort = 2427;

    private static readonly TimeSpan FirstProbe = TimeSpan.FromSeconds(2);

    /// <summary>A gateway with a known address is new: its endpoints are audited within the start's spread.</summary>
    public void TakeOver(Gateway gateway, Instant now)
    {
        if (gateway.Address.IsNone) return;
        services.Timers.Set(new AgentTimer(AgentTimerKind.Contact, gateway), now + services.Entropy.Between(TimeSpan.Zero, services.Settings.StartSpread));
    }

    /// <summary>The gateway sent something. Audits wait for <see cref="Recover"/>, so that an answer goes before them.</summary>
    public void Heard(Gateway gateway, Instant now)
    {
        gateway.LastHeard = now;
        gateway.HeardOn = services.ArrivedOn;
        if (gateway.State == GatewayState.Up) return;
        gateway.State = GatewayState.Up;
        gateway.AwaySince = null;
        gateway.NeedsRecovery = true;
        gateway.ProbeDelay = TimeSpan.Zero;
        SetContact(gateway, now, services.Settings.AuditInterval);
        services.Outbox.Happened(new MgcpEvent.GatewayChanged(gateway.Name, GatewayState.Up));
    }

    /// <summary>Audits the endpoints of a gateway that has come back, if it has.</summary>
    public static void Recover(Gateway gateway, Instant now)
    {
        if (!gateway.NeedsRecovery) return;
        gateway.NeedsRecovery = false;
        AuditWaiting(gateway, now);
    }

    /// <summary>Endpoints were added to a gateway that answers.</summary>
    public static void AuditNew(Gateway gateway, Instant now) => AuditWaiting(gateway, now);

    /// <summary>Whatever was found out of its endpoints is asked for again; what lives on them lives on.</summary>
    public static void AuditAll(Gateway gateway, Instant now)
    {
        gateway.Audits.Hold();
        foreach (var endpoint in gateway.Endpoints.Values) endpoint.Recover(keep: true, atOurStart: !endpoint.IsLive, now);
        gateway.Audits.Release(now);
    }

    /// <summary>The gateway said that it goes out of service as a whole.</summary>
    public void WentDown(Gateway gateway, Instant now)
    {
        gateway.NeedsRecovery = false;
        gateway.AwaySince = now;
        if (gateway.State == GatewayState.Down) return;
        gateway.State = GatewayState.Down;
        services.Outbox.Happened(new MgcpEvent.GatewayChanged(gateway.Name, GatewayState.Down));
        // It is believed for a while before it is asked.
        SetContact(gateway, now, services.Settings.AuditInterval);
    }

    /// <summary>A command stayed unanswered: the gateway is down unless it was heard since that command went out.</summary>
    public void Silent(Gateway gateway, Instant since, Instant now)
    {
        if (gateway.State == GatewayState.Down || (gateway.LastHeard is { } heard && heard > since)) return;
        gateway.State = GatewayState.Down;
        services.Outbox.Happened(new MgcpEvent.GatewayChanged(gateway.Name, GatewayState.Down));
        gateway.Audits.Clear();
        foreach (var pending in services.Transactions.PendingOf(gateway)) services.Transactions.Abandon(pending, now);
        foreach (var endpoint in gateway.Endpoints.Values) endpoint.LeaveService(OutOfServiceReason.GatewaySilent, null, now);
        services.Transactions.Unthrottle(gateway, now);
        ProbeLater(gateway, now);
    }

    /// <summary>
    /// A command was repeated Max1 times. A gateway with several addresses is sought at the next one that the command was not sent to (RFC 3435 §4.3), and there with
    /// all that follows.
    /// </summary>
    public void TryNextAddress(OutgoingTransaction unanswered)
    {
        var gateway = unanswered.Gateway;
        if (unanswered.IsAbandoned || unanswered.IsProvisional || unanswered.RepeatsHere < services.Settings.Max1) return;
        if (unanswered.AddressesTried > gateway.Model.FurtherAddresses.Length || !directory.IsConfigured(gateway) || gateway.Model.After(unanswered.To) is not { } next) return;
        services.Outbox.Note(new MgcpNote.Suspected(gateway.Name));
        if (gateway.Address.SameHost(unanswered.To)) Seek(gateway, next);
        unanswered.MoveTo(next);
    }

    /// <summary>
    /// A command stayed unanswered. A gateway that has spoken from a port which it did not speak from when it last answered, or never answered at all, may be
    /// listening elsewhere on its host than where it is sought: where it speaks from, where it is configured, or on the gateways' own port (RFC 3435 §3.5). Each is
    /// tried once; then it is silent.
    /// </summary>
    public bool TryOtherPort(Gateway gateway, OutgoingTransaction unanswered, Instant now)
    {
        if (unanswered.To != gateway.Address) return unanswered.To.SameHost(gateway.Address) && gateway.PortsTried > 0;
        if (gateway.CommandsFrom.IsNone || gateway.CommandsFrom == gateway.KnownToCommandFrom || !gateway.CommandsFrom.SameHost(gateway.Address) || gateway.State != GatewayState.Up) return false;
        List<NetAddress> ports = [];
        foreach (var port in (ReadOnlySpan<NetAddress>)[gateway.Model.At(gateway.Address) ?? gateway.Address, gateway.CommandsFrom, gateway.Address.WithPort(GatewayPort)])
        {
            if (!ports.Contains(port) && !directory.IsOthers(gateway, port)) ports.Add(port);
        }

        var next = ports[(ports.IndexOf(gateway.Address) + 1) % ports.Count];
        var isRoundOver = ++gateway.PortsTried >= ports.Count;
        if (isRoundOver)
        {
            // Nowhere: it speaks, but does not listen. Back to where it should be.
            gateway.PortsTried = 0;
            gateway.KnownToCommandFrom = gateway.CommandsFrom;
            if (next != gateway.Address) directory.Change(gateway, gateway.Model, next);
            return false;
        }

        services.Outbox.Note(new MgcpNote.TraitLearnt(gateway.Name, "port"));
        AskAllAt(gateway, next, now);
        return true;
    }

    /// <summary>
    /// A command that was given up is answered after all, where it was sent; but its gateway is sought at another of its ports by now (<see cref="TryOtherPort"/>). It was
    /// only slow: that is where it listens, and what was asked at the other port is asked there.
    /// </summary>
    public void AnsweredLate(OutgoingTransaction transaction, Instant now)
    {
        var gateway = transaction.Gateway;
        if (!transaction.IsAbandoned || gateway.PortsTried == 0 || transaction.To == gateway.Address || !transaction.To.SameHost(gateway.Address)) return;
        if (gateway.State == GatewayState.Up) AskAllAt(gateway, transaction.To, now);
        else directory.Change(gateway, gateway.Model, transaction.To);
    }

    /// <summary>
    /// A restart under the gateway's domain came from another host than where it was learnt to be. Perhaps it has moved, perhaps somebody lies: it is asked where it
    /// was, and if it is silent there, the restart's next repetition is believed.
    /// </summary>
    public void Claimed(Gateway gateway, NetAddress from, Instant now)
    {
        services.Outbox.Note(new MgcpNote.Claimed(gateway.Name, from));
        if (gateway.AskedAboutClaim is { } asked && now - asked < FirstProbe) return;
        gateway.AskedAboutClaim = now;
        Ask(gateway, ProbeRepeats, now);
    }

    /// <summary>The gateway's own deadline has come.</summary>
    public void ContactDue(Gateway gateway, Instant now)
    {
        switch (gateway.State)
        {
            case GatewayState.Unknown:
                SetContact(gateway, now, services.Settings.AuditInterval);
                AuditWaiting(gateway, now);
                if (gateway.Endpoints.Count == 0) Ask(gateway, null, now);
                break;
            case GatewayState.Up when gateway.LastHeard is { } heard && now - heard < services.Settings.AuditInterval * 0.9:
                SetContact(gateway, heard, services.Settings.AuditInterval);
                break;
            case GatewayState.Up:
                SetContact(gateway, now, services.Settings.AuditInterval);
                if (gateway.Pending == 0) Ask(gateway, null, now);
                break;
            default:
                // The answer, or its absence, sets the next deadline.
                Ask(gateway, ProbeRepeats, now);
                break;
        }
    }

    /// <inheritdoc/>
    public void Answered(OutgoingTransaction transaction, in MgcpResponse response, Instant now)
    {
        // Any answer is a sign of life, and it was noticed when it arrived.
    }

    /// <inheritdoc/>
    public void Unanswered(OutgoingTransaction transaction, Instant now)
    {
        var gateway = transaction.Gateway;
        if (gateway.State != GatewayState.Down) return;
        if (gateway.Model.After(gateway.Address) is { } next) Seek(gateway, next);
        ProbeLater(gateway, now);
    }

    private void AskAllAt(Gateway gateway, NetAddress address, Instant now)
    {
        directory.Change(gateway, gateway.Model, address);
        gateway.Audits.Clear();
        foreach (var pending in services.Transactions.PendingOf(gateway)) services.Transactions.Abandon(pending, now);
        AuditAll(gateway, now);
        if (gateway.Endpoints.Count == 0) Ask(gateway, null, now);
    }

    /// <summary>From now on it is spoken to at this one of its addresses.</summary>
    private void Seek(Gateway gateway, NetAddress address)
    {
        gateway.PortsTried = 0;
        directory.Change(gateway, gateway.Model, address);
    }

    private static void AuditWaiting(Gateway gateway, Instant now)
    {
        gateway.Audits.Hold();
        foreach (var endpoint in gateway.Endpoints.Values)
        {
            var isSilent = endpoint.Service == ServiceState.OutOfService && endpoint.Reason == OutOfServiceReason.GatewaySilent;
            if (endpoint.Service == ServiceState.Unknown || isSilent) endpoint.Recover(keep: false, atOurStart: true, now);
        }

        gateway.Audits.Release(now);
    }

    private void ProbeLater(Gateway gateway, Instant now)
    {
        var longest = services.Settings.AuditInterval;
        gateway.ProbeDelay = gateway.ProbeDelay == TimeSpan.Zero ? FirstProbe : gateway.ProbeDelay * 2;
        if (gateway.ProbeDelay > longest) gateway.ProbeDelay = longest;
        SetContact(gateway, now, gateway.ProbeDelay);
    }

    private void SetContact(Gateway gateway, Instant from, TimeSpan interval)
    {
        if (!gateway.Address.IsNone) services.Timers.Set(new AgentTimer(AgentTimerKind.Contact, gateway), from + services.Jittered(interval));
    }

    /// <summary>AUEP without F: asks for nothing but an answer (RFC 3435 §2.3.10).</summary>
    private void Ask(Gateway gateway, int? repeatLimit, Instant now)
    {
        var local = "*";
        foreach (var endpoint in gateway.Endpoints.Values)
        {
            local = endpoint.LocalName;
            break;
        }

        var id = services.Begin(MgcpVerb.Auep, gateway, local, now);
        services.Transactions.Send(id, MgcpVerb.Auep, gateway, null, this, services.Writer.ToArray(), now, repeatLimit);
    }
}
