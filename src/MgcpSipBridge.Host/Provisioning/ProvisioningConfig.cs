using System.Collections.Immutable;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Provisioning;

/// <summary>Where a field was written.</summary>
/// <param name="Name">The field.</param>
/// <param name="Line">How many lines below the beginning of its resource: a resource that moves in its file takes its fields along.</param>
/// <param name="Column">The column.</param>
internal readonly record struct FieldPlace(string Name, int Line, int Column);

/// <summary>Where a resource and its fields were written.</summary>
/// <param name="At">The place of the resource.</param>
/// <param name="Parent">What it stands in; null for what stands in nothing.</param>
/// <param name="Name">The field of the parent that holds it, or its own path when it has none.</param>
/// <param name="Index">Which item of that field, from 0; -1 when it is no list.</param>
/// <param name="Fields">Its fields.</param>
internal sealed record Written(Place At, Written? Parent, string Name, int Index, FieldPlace[] Fields)
{
    /// <summary>How it is found: <c>gateways[0].lines[1]</c>. Made when asked for: most are never wrong.</summary>
    public string Path => (Parent?.PathOf(Name) ?? Name) + (Index < 0 ? "" : $"[{Index}]");

    /// <summary>The place of a field, where it was written last; the resource's own when it was left out.</summary>
    public Place Of(string field)
    {
        for (var i = Fields.Length - 1; i >= 0; i--)
            if (Fields[i].Name == field) return new Place(At.Source, At.Line + Fields[i].Line, Fields[i].Column);
        return At;
    }

    /// <summary>The path of a field.</summary>
    public string PathOf(string field) => Path is { Length: > 0 } path ? $"{path}.{field}" : field;

    /// <summary>The same, so many lines and items further down in its file.</summary>
    public Written Moved(int lines, int items, Written? parent) => new(At with { Line = At.Line + lines }, parent, Name, Index < 0 ? -1 : Index + items, Fields);
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
    public ImmutableArray<string> HoldMusic { get; init; } = [];
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

    /// <summary>Whether both say the same in these fields.</summary>
    public bool Says(GatewayConfig other, IEnumerable<string> fields) => fields.All(field => field switch
    {
        "name" => Name == other.Name,
        "domain" => string.Equals(Domain, other.Domain, StringComparison.OrdinalIgnoreCase),
        "address" => Address == other.Address,
        "profile" => Profile == other.Profile,
        "alsoFrom" => AlsoFrom.SequenceEqual(other.AlsoFrom),
        "traits" => Traits == other.Traits,
        "configuration" => Configuration?.Bearer == other.Configuration?.Bearer && (Configuration?.Parameters ?? []).SequenceEqual(other.Configuration?.Parameters ?? []),
        "media" => Media == other.Media,
        "dtmf" => Dtmf == other.Dtmf,
        "fax" => Fax == other.Fax,
        _ => false,
    });

    /// <summary>The same, so many lines and gateways further down in its file.</summary>
    public GatewayConfig Moved(int lines, int items)
    {
        var written = Written.Moved(lines, items, Written.Parent);
        return this with
        {
            Written = written,
            TraitsWritten = TraitsWritten?.Moved(lines, 0, written),
            Configuration = Configuration is { } told ? told with { Written = told.Written.Moved(lines, 0, written) } : null,
            Lines = [.. Lines.Select(line => line.Moved(lines, written))],
        };
    }
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

    /// <summary>The same, so many lines further down in its file, in a gateway that is there.</summary>
    public LineConfig Moved(int lines, Written gateway)
    {
        var written = Written.Moved(lines, 0, gateway);
        return this with { Written = written, FeaturesWritten = FeaturesWritten?.Moved(lines, 0, written) };
    }
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

    /// <summary>The same, so many lines and routes further down in its file.</summary>
    public RouteConfig Moved(int lines, int items)
    {
        var written = Written.Moved(lines, items, Written.Parent);
        return this with
        {
            Written = written,
            Called = Called is { } called ? called with { Written = called.Written.Moved(lines, 0, written) } : null,
            Caller = Caller is { } caller ? caller with { Written = caller.Written.Moved(lines, 0, written) } : null,
            Schedule = Schedule is { } schedule ? schedule with { Written = schedule.Written.Moved(lines, 0, written) } : null,
        };
    }
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
