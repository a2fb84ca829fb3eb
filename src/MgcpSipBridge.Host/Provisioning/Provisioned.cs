using System.Collections.Immutable;
using System.Text.Json.Nodes;
using MgcpSipBridge.Host.Configuration;

namespace MgcpSipBridge.Host.Provisioning;

/// <summary>What can be provisioned.</summary>
internal enum ResourceKind
{
    /// <summary>A SIP peer.</summary>
    Peer,

    /// <summary>An MGCP gateway.</summary>
    Gateway,

    /// <summary>An analog line; its name is its number.</summary>
    Line,

    /// <summary>A route.</summary>
    Route,
}

/// <summary>Which resource.</summary>
internal readonly record struct ResourceKey(ResourceKind Kind, string Name)
{
    /// <summary>How its problems are found: <c>gateways/gw1</c>.</summary>
    public string Path => Word + "s/" + Name;

    /// <summary>In words: <c>gateway gw1</c>.</summary>
    public override string ToString() => Word + " " + Name;

    private string Word => Kind switch
    {
        ResourceKind.Peer => "peer",
        ResourceKind.Gateway => "gateway",
        ResourceKind.Line => "line",
        _ => "route",
    };
}

/// <summary>A resource that the API made.</summary>
/// <param name="Key">Which.</param>
/// <param name="Gateway">A line's gateway; else empty.</param>
/// <param name="Body">What it says, in lines.yaml's shape, its password included. Never changed.</param>
/// <param name="Revision">Grows with every change of any resource.</param>
/// <param name="Config">The same, read.</param>
internal sealed record StoredResource(ResourceKey Key, string Gateway, JsonObject Body, long Revision, object Config)
{
    /// <summary>Its state as an entity tag, quoted (RFC 9110 §8.8.3).</summary>
    public string Etag => $"\"{Revision:x}\"";
}

/// <summary>All that is provisioned, with where it comes from; swapped whole. What lines.yaml declares changes only when it is read again.</summary>
internal sealed class Provisioned
{
    /// <summary>Nothing.</summary>
    public static readonly Provisioned Empty = new(ProvisioningConfig.Empty, ImmutableDictionary<ResourceKey, StoredResource>.Empty);

    // Who changes nothing through the API needs none of it.
    private readonly Lazy<Dictionary<ResourceKey, Written>> _declared;

    private Provisioned(ProvisioningConfig file, ImmutableDictionary<ResourceKey, StoredResource> stored) => (File, Stored, _declared) = (file, stored, new(() => AllOf(file)));

    private Provisioned(Provisioned other, ImmutableDictionary<ResourceKey, StoredResource> stored) =>
        (File, Stored, _declared) = (other.File, stored, other._declared);

    /// <summary>What lines.yaml declares.</summary>
    public ProvisioningConfig File { get; }

    /// <summary>What the API made.</summary>
    public ImmutableDictionary<ResourceKey, StoredResource> Stored { get; }

    /// <summary>What a file declares and a storage holds.</summary>
    public static Provisioned Of(ProvisioningConfig file, IEnumerable<StoredResource> stored) =>
        new(file, stored.ToImmutableDictionary(r => r.Key));

    /// <summary>The same with other resources of the API.</summary>
    public Provisioned With(ImmutableDictionary<ResourceKey, StoredResource> stored) => new(this, stored);

    /// <summary>Where lines.yaml declares a resource; null when it does not.</summary>
    public Written? Declared(ResourceKey key) => _declared.Value.GetValueOrDefault(key);

    /// <summary>Whether it is a gateway of which lines.yaml says all that <paramref name="body"/> does: then it only carries lines.</summary>
    public bool Says(ResourceKey key, JsonObject body)
    {
        if (key.Kind != ResourceKind.Gateway || Declared(key) is null || File.Gateways.FirstOrDefault(one => one.Name == key.Name) is not { } declared) return false;
        var whole = (JsonObject)body.DeepClone();
        whole.TryAdd("domain", declared.Domain);
        var problems = new ConfigProblems();
        return ResourceTree.Read(key, whole, key.Path, problems) is GatewayConfig said && problems.None && declared.Says(said, body.Select(field => field.Key));
    }

    /// <summary>
    /// Everything as one configuration: lines.yaml first, then the API's resources in the order of their last changes, so that of two which exclude one another
    /// the younger is the mistake. A line whose gateway is not there is a problem.
    /// </summary>
    public ProvisioningConfig Combined(ConfigProblems problems)
    {
        if (Stored.IsEmpty) return File;
        var ordered = Stored.Values.OrderBy(r => r.Revision).ToList();
        var gateways = File.Gateways.AddRange(ordered.Select(r => r.Config).OfType<GatewayConfig>());
        var lines = ordered.Where(r => r.Key.Kind == ResourceKind.Line).ToLookup(r => r.Gateway, StringComparer.Ordinal);
        var names = gateways.Select(g => g.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var lost in lines.Where(g => !names.Contains(g.Key)).SelectMany(g => g))
        {
            var written = ((LineConfig)lost.Config).Written;
            problems.Add(written.At, written.PathOf("gateway"), $"there is no gateway \"{lost.Gateway}\"");
        }

        return new ProvisioningConfig
        {
            Peers = File.Peers.AddRange(ordered.Select(r => r.Config).OfType<PeerConfig>()),
            Gateways = [.. gateways.Select(g => lines.Contains(g.Name ?? "") ? g with { Lines = g.Lines.AddRange(lines[g.Name!].Select(r => (LineConfig)r.Config)) } : g)],
            Routes = File.Routes.AddRange(ordered.Select(r => r.Config).OfType<RouteConfig>()),
        };
    }

    private static Dictionary<ResourceKey, Written> AllOf(ProvisioningConfig file)
    {
        var all = new Dictionary<ResourceKey, Written>(file.Routes.Length);
        foreach (var peer in file.Peers) Declare(ResourceKind.Peer, peer.Name, peer.Written);
        foreach (var gateway in file.Gateways) Declare(ResourceKind.Gateway, gateway.Name, gateway.Written);
        foreach (var line in file.Gateways.SelectMany(g => g.Lines)) Declare(ResourceKind.Line, line.Number, line.Written);
        foreach (var route in file.Routes) Declare(ResourceKind.Route, route.Name, route.Written);
        return all;

        void Declare(ResourceKind kind, string? name, Written written)
        {
            if (name is not null) all.TryAdd(new ResourceKey(kind, name), written);
        }
    }
}
