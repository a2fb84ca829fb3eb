using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>A provisioned gateway as it is now.</summary>
internal sealed class Gateway
{
    public Gateway(MgcpGatewayModel model, AgentServices services)
    {
        Model = model;
        Traits = Profiles.Traits(model.Profile);
        WireDomain = model.Domain;
        Address = model.Address ?? NetAddress.None;
        RoundTrip = new RoundTrip(services.Settings, services.Entropy);
        Answers = new AnswerCache(services.Settings.THist);
        Audits = new AuditQueue();
    }

    public MgcpGatewayModel Model { get; set; }

    public string Name => Model.Name;

    public GatewayTraits Traits { get; set; }

    /// <summary>Where commands go; <see cref="NetAddress.None"/> until known.</summary>
    public NetAddress Address { get; set; }

    public GatewayState State { get; set; }

    /// <summary>The domain as the gateway spells it: some compare it to the letter.</summary>
    public string WireDomain { get; set; }

    /// <summary>Endpoints by local name in any case.</summary>
    public Dictionary<string, Endpoint> Endpoints { get; } = new(StringComparer.OrdinalIgnoreCase);

    public RoundTrip RoundTrip { get; }

    public AnswerCache Answers { get; }

    public AuditQueue Audits { get; }

    /// <summary>When it last sent anything that we took; null for never.</summary>
    public Instant? LastHeard { get; set; }

    /// <summary>Commands without an answer.</summary>
    public int Pending { get; set; }

    /// <summary>Whether it has just come back, so that its endpoints must be audited once the message at hand is done with.</summary>
    public bool NeedsRecovery { get; set; }

    /// <summary>Wait before the next question to a gateway that is down.</summary>
    public TimeSpan ProbeDelay { get; set; }

    /// <summary>Versions tried since it refused one (528).</summary>
    public int VersionsRefused { get; set; }
}

/// <summary>Paces a gateway's audits: a few at a time, in order, so that a gateway with hundreds of lines is not flooded (RFC 3435 §4.4.8).</summary>
internal sealed class AuditQueue
{
    /// <summary>Audits under way at once.</summary>
    private const int Window = 4;

    private readonly Queue<EndpointAuditor> _waiting = [];
    private readonly HashSet<EndpointAuditor> _members = [];
    private int _running;

    /// <summary>Runs an audit when its turn comes; one that waits already keeps its place.</summary>
    public void Enqueue(EndpointAuditor audit, Instant now)
    {
        if (_members.Add(audit)) _waiting.Enqueue(audit);
        Advance(now);
    }

    /// <summary>Forgets those that wait: the gateway is down.</summary>
    public void Clear()
    {
        _waiting.Clear();
        _members.Clear();
    }

    /// <summary>A running audit has ended, or was called off.</summary>
    public void Ended(Instant now)
    {
        _running--;
        Advance(now);
    }

    private void Advance(Instant now)
    {
        while (_running < Window && _waiting.TryDequeue(out var next))
        {
            _members.Remove(next);
            if (!next.IsWaiting) continue;
            _running++;
            next.Run(now);
        }
    }
}
