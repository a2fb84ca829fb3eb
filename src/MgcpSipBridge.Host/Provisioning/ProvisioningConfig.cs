using System.Collections.Immutable;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Provisioning;

/// <summary>Where a resource and its fields were written.</summary>
internal sealed record Written(Place At, string Path, IReadOnlyDictionary<string, Place> Fields)
{
    /// <summary>The place of a field; the resource's own when it was left out.</summary>
    public Place Of(string field) => Fields.TryGetValue(field, out var place) ? place : At;

    /// <summary>The path of a field.</summary>
    public string PathOf(string field) => Path.Length == 0 ? field : $"{Path}.{field}";
}

/// <summary>A peer as the user wrote it. Texts that were left out are null.</summary>
internal sealed record PeerConfig(Written Written)
{
    public string? Name { get; init; }
    public string? Uri { get; init; }
    public SipRegistrationMode Registration { get; init; }
    public string? Realm { get; init; }
    public string? Username { get; init; }
    public string? Password { get; init; }
    public SourceLearning Media { get; init; }
    public DtmfForm Dtmf { get; init; }
    public FaxHandling Fax { get; init; }
    public SrtpPolicy Srtp { get; init; }
    public bool Trusted { get; init; } = true;
    public bool SubscribesToMessages { get; init; }
    public SipIdentityHeader CallerFrom { get; init; }
    public SipIdentityHeader CallerIn { get; init; }
    public string? LocalAddress { get; init; }
    public bool Challenge { get; init; }
    public ImmutableArray<string> BackupUris { get; init; } = [];
    public ImmutableArray<NumberRuleConfig> NumbersOut { get; init; } = [];
    public ImmutableArray<NumberRuleConfig> NumbersIn { get; init; } = [];
    public bool UserPhone { get; init; }
}

/// <summary>How numbers that begin alike are rewritten, as the user wrote it.</summary>
internal sealed record NumberRuleConfig(Written Written)
{
    public string Prefix { get; init; } = "";
    public int StripDigits { get; init; }
    public string Prepend { get; init; } = "";
    public int MinDigits { get; init; }
    public int MaxDigits { get; init; }
}

/// <summary>A gateway as the user wrote it.</summary>
internal sealed record GatewayConfig(Written Written)
{
    public string? Name { get; init; }
    public string? Domain { get; init; }
    public string? Address { get; init; }
    public MgcpProfile Profile { get; init; }
    public ImmutableArray<string> AlsoFrom { get; init; } = [];
    public TraitOverrides? Traits { get; init; }
    public Written? TraitsWritten { get; init; }
    public ConfigurationConfig? Configuration { get; init; }
    public SourceLearning Media { get; init; }
    public DtmfForm Dtmf { get; init; }
    public FaxHandling Fax { get; init; }
    public ImmutableArray<LineConfig> Lines { get; init; } = [];
}

/// <summary>What a gateway's endpoints are told (EPCF) as the user wrote it.</summary>
internal sealed record ConfigurationConfig(Written Written)
{
    public BearerEncoding? Bearer { get; init; }
    public ImmutableArray<string> Parameters { get; init; } = [];
}

/// <summary>A line as the user wrote it.</summary>
internal sealed record LineConfig(Written Written)
{
    public string? Endpoint { get; init; }
    public string? Number { get; init; }
    public string? DisplayName { get; init; }
    public string? Peer { get; init; }
    public string? Username { get; init; }
    public string? Password { get; init; }
    public FaxHandling? Fax { get; init; }
    public LineFeatures Features { get; init; } = new();
    public Written? FeaturesWritten { get; init; }
}

/// <summary>A route as the user wrote it.</summary>
internal sealed record RouteConfig(Written Written)
{
    public string? Name { get; init; }
    public string? Prefix { get; init; }
    public string? Peer { get; init; }
    public int Priority { get; init; }
    public int StripDigits { get; init; }
    public string Prepend { get; init; } = "";
    public ImmutableArray<string> Failover { get; init; } = [];
    public int? MinDigits { get; init; }
    public int MaxDigits { get; init; }
    public NumberDirection Direction { get; init; }
    public string? Regex { get; init; }
    public RewriteConfig? Called { get; init; }
    public RewriteConfig? Caller { get; init; }
    public ScheduleConfig? Schedule { get; init; }
    public int Weight { get; init; }
    public ImmutableArray<string> From { get; init; } = [];
}

/// <summary>How a number is written anew, as the user wrote it.</summary>
internal sealed record RewriteConfig(Written Written)
{
    public int StripDigits { get; init; }
    public string Prepend { get; init; } = "";
    public string? Regex { get; init; }
    public string? Replace { get; init; }
}

/// <summary>When a route holds, as the user wrote it.</summary>
internal sealed record ScheduleConfig(Written Written)
{
    public string? TimeZone { get; init; }
    public ImmutableArray<string> Times { get; init; } = [];
    public ImmutableArray<string> Weekdays { get; init; } = [];
    public ImmutableArray<string> Dates { get; init; } = [];
}

/// <summary>Everything provisioned as the user wrote it.</summary>
internal sealed record ProvisioningConfig
{
    /// <summary>Nothing.</summary>
    public static readonly ProvisioningConfig Empty = new();

    public ImmutableArray<PeerConfig> Peers { get; init; } = [];
    public ImmutableArray<GatewayConfig> Gateways { get; init; } = [];
    public ImmutableArray<RouteConfig> Routes { get; init; } = [];
}
