using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>A provisioned gateway as it is now.</summary>
internal sealed class Gateway
{
    private readonly SharedValues _shared;
    private GatewayTraits _traits = new();

    public Gateway(MgcpGatewayModel model, AgentServices services)
    {
        Model = model;
        _shared = services.Shared;
        Traits = Profiles.Traits(model.Profile);
        WireDomain = model.Domain;
        Address = model.Address ?? NetAddress.None;
        RoundTrip = new RoundTrip(services.Settings, services.Entropy);
        Answers = new AnswerCache(services.Settings.THist);
        Audits = new AuditQueue(services.Pacer);
        Bulk = new BulkAuditor(this, services);
        Unconfirmed = new Unconfirmed(services.Settings.THist);
    }

    public MgcpGatewayModel Model { get; set; }

    public string Name => Model.Name;

    /// <summary>What was presumed and learnt; what the operator decided stands, whatever is learnt.</summary>
    public GatewayTraits Traits
    {
        get => _traits;
        set => _traits = _shared.Traits(Model.Overrides?.Apply(value) ?? value);
    }

    /// <summary>Where commands go; <see cref="NetAddress.None"/> until known.</summary>
    public NetAddress Address { get; set; }

    public GatewayState State { get; set; }

    /// <summary>The domain as the gateway spells it: some compare it to the letter.</summary>
    public string WireDomain { get; set; }

    /// <summary>Endpoints by local name in any case.</summary>
    public Dictionary<string, Endpoint> Endpoints { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Endpoints that left the configuration and are still to be told something, by local name in any case.</summary>
    public Dictionary<string, Farewell> Farewells { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>What endpoints are owed that are to be begun anew, by local name in any case.</summary>
    public Dictionary<string, EndpointDebt> Vacated { get; } = new(StringComparer.OrdinalIgnoreCase);

    public RoundTrip RoundTrip { get; }

    public AnswerCache Answers { get; }

    public AuditQueue Audits { get; }

    public BulkAuditor Bulk { get; }

    public Throttle Throttle { get; } = new();

    /// <summary>Its answers that our next command can confirm.</summary>
    public Unconfirmed Unconfirmed { get; }

    /// <summary>When it last sent anything that we took; null for never.</summary>
    public Instant? LastHeard { get; set; }

    /// <summary>The socket that it was last heard on, where there are several.</summary>
    public NetAddress HeardOn { get; set; } = NetAddress.None;

    /// <summary>Where its last command came from, if that is its own host.</summary>
    public NetAddress CommandsFrom { get; set; } = NetAddress.None;

    /// <summary><see cref="CommandsFrom"/> when it last answered one of ours: from then on that is how it speaks.</summary>
    public NetAddress KnownToCommandFrom { get; set; } = NetAddress.None;

    /// <summary>Ports tried since it last answered.</summary>
    public int PortsTried { get; set; }

    /// <summary>Another port of its host that an answer came from; believed when that happens again.</summary>
    public NetAddress AnsweredFrom { get; set; } = NetAddress.None;

    /// <summary>Commands without an answer.</summary>
    public int Pending { get; set; }

    /// <summary>When it said that it goes out of service as a whole; null when it did not, or has been heard since.</summary>
    public Instant? AwaySince { get; set; }

    /// <summary>Whether it has just come back, so that its endpoints must be audited once the message at hand is done with.</summary>
    public bool NeedsRecovery { get; set; }

    /// <summary>Whether one of its endpoints is finding out whether it refuses requests that suppose the wrong hook state.</summary>
    public bool OnTrial { get; set; }

    /// <summary>Wait before the next question to a gateway that is down.</summary>
    public TimeSpan ProbeDelay { get; set; }

    /// <summary>When it was last asked whether it is still where it was learnt to be.</summary>
    public Instant? AskedAboutClaim { get; set; }

    /// <summary>Versions tried since it refused one (528).</summary>
    public int VersionsRefused { get; set; }

    /// <summary>A request to an endpoint of this name that was there before has ended: what waited for that goes on.</summary>
    public void Proceed(string localName, Instant now)
    {
        if (Endpoints.TryGetValue(localName, out var endpoint)) endpoint.Pump(now);
        else if (Farewells.TryGetValue(localName, out var farewell)) farewell.Due(now);
    }

    /// <summary>Changes the traits; false when the operator has decided otherwise.</summary>
    public bool Learn(Func<GatewayTraits, GatewayTraits> change)
    {
        var before = _traits;
        Traits = change(before);
        return _traits != before;
    }
}
