using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>What every part of one call agent shares.</summary>
internal sealed class AgentServices
{
    private readonly string? _backups;

    public AgentServices(MgcpSettings settings, MgcpAdmission admission, Entropy entropy)
    {
        Settings = settings;
        Admission = admission;
        Pacer = new AuditPacer(admission, Timers);
        Entropy = entropy;
        Transactions = new OutgoingTransactions(settings, entropy, Timers, Outbox);
        if (!settings.BackupCallAgents.IsEmpty) _backups = string.Join(", ", settings.BackupCallAgents);
    }

    public MgcpSettings Settings { get; }

    public MgcpAdmission Admission { get; }

    public Entropy Entropy { get; }

    public AuditPacer Pacer { get; }

    public TimerQueue<AgentTimer> Timers { get; } = new();

    public Outbox Outbox { get; } = new();

    public SharedValues Shared { get; } = new();

    public OutgoingTransactions Transactions { get; }

    /// <summary>One buffer for whatever is being written; it is copied before anything else writes.</summary>
    public MgcpWriter Writer { get; } = new();

    /// <summary>Begins a command in <see cref="Writer"/>: first line, and K: where the gateway takes it. Gives its transaction id.</summary>
    public uint Begin(MgcpVerb verb, Gateway gateway, string localName, Instant now)
    {
        var id = Transactions.NewId();
        Writer.Clear().Command(verb, id, localName, gateway.WireDomain, gateway.Traits.Version);
        if (gateway.Traits.ConfirmAnswers) gateway.Unconfirmed.Write(Writer, now);
        return id;
    }

    /// <summary>The address of the socket that the datagram at hand came to.</summary>
    public NetAddress ArrivedOn { get; set; }

    /// <summary>Whom a gateway is told to obey. It is not told before it was heard: what goes to it before that is audits, which have no N:.</summary>
    public string NotifiedEntityFor(Gateway gateway) => Settings.NotifiedEntities.GetValueOrDefault(gateway.HeardOn, Settings.NotifiedEntity);

    /// <summary>Whom an endpoint turns to when that one is silent (RED/NL, RFC 3991 §2.1); null where nobody is configured or the package is not there.</summary>
    public string? BackupsFor(Endpoint endpoint, GatewayTraits traits)
    {
        if (_backups is null || traits.RefusedNames.Contains(Concession.BackupList)) return null;
        var has = endpoint.Audit.Packages.Contains("RED") || traits.VersionOf("RED") is not null;
        return has ? _backups : null;
    }

    /// <summary>Writes who is to be notified into a connection command, where the gateway bears it; whether it does, which its transaction is told.</summary>
    public bool WriteEntity(Gateway gateway)
    {
        if (!gateway.Traits.EntityInConnections) return false;
        Writer.Parameter(MgcpParameter.NotifiedEntity, NotifiedEntityFor(gateway));
        return true;
    }

    /// <summary>
    /// Whether a connection command that was refused with <paramref name="code"/> is worth another try without N:, which the gateway gets no more. What counts is what this
    /// one had: of several under way the first alone teaches, and all are sent again.
    /// </summary>
    public bool GivesUpEntity(OutgoingTransaction transaction, int code)
    {
        if (code != 539 || !transaction.NamesEntity) return false;
        var gateway = transaction.Gateway;
        Learn(gateway, "entity-in-connections", static t => t with { EntityInConnections = false });
        return !gateway.Traits.EntityInConnections;
    }

    /// <summary>A gateway's trait was learnt; told only if that changed anything.</summary>
    public void Learn(Gateway gateway, string word, Func<GatewayTraits, GatewayTraits> change)
    {
        if (gateway.Learn(change)) Outbox.Note(new MgcpNote.TraitLearnt(gateway.Name, word));
    }

    /// <summary>The wait before try number <paramref name="tries"/> (from 1) after a transient error: 250 ms doubling up to 8 s, with jitter.</summary>
    public TimeSpan BackOff(int tries)
    {
        var longest = TimeSpan.FromMilliseconds(250 << Math.Min(tries - 1, 5));
        return Entropy.Between(longest / 2, longest);
    }

    /// <summary>An interval give or take a tenth, so that a thousand gateways do not keep step.</summary>
    public TimeSpan Jittered(TimeSpan interval) => Entropy.Between(interval * 0.9, interval * 1.1);
}
