using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using MgcpSipBridge.Host.Audit;
using MgcpSipBridge.Host.Events;
using MgcpSipBridge.Host.Observability;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Storage;

namespace MgcpSipBridge.Host.Api;

/// <summary>Creates, changes and takes away what the API provisions; the same for every kind of resource.</summary>
internal sealed partial class ProvisioningWrites(Provisioner provisioner, BridgeMetrics metrics, Redaction redaction, AuditTrail trail, Happenings happenings, StoreHealth health, ILogger log)
{
    // An import may have a hundred thousand; the audit log has them all.
    private const int MostSaid = 20;

    /// <summary>Stands for every gateway where a path needs one (AIP-159).</summary>
    public const string AnyGateway = "-";

    /// <summary>A new resource.</summary>
    public Task CreateAsync(ResourceKind kind, string name, IMessage? given, ServerCallContext context, string gateway = "")
    {
        if (given is null) throw ApiErrors.BadField(kind.ToString().ToLowerInvariant(), "is missing");
        var key = new ResourceKey(kind, name);
        return ChangeAsync(key, "create", context, now =>
        {
            if (now.Declared(key) is { } declared) throw ApiErrors.Exists(key, $"in {declared.At}");
            if (now.Stored.ContainsKey(key)) throw ApiErrors.Exists(key, "made through the API");
            if (kind == ResourceKind.Line) RequireGateway(now, gateway);
            return [new StoreChange(key, new KeptResource(key, gateway, MessageJson.Of(kind, given), 0))];
        });
    }

    /// <summary>A change of what the mask names, or of all that is given.</summary>
    public Task UpdateAsync(ResourceKind kind, string name, IMessage? given, FieldMask? mask, string etag, ServerCallContext context, string gateway = AnyGateway)
    {
        if (given is null) throw ApiErrors.BadField(kind.ToString().ToLowerInvariant(), "is missing");
        var key = new ResourceKey(kind, name);
        var paths = MessageJson.Paths(kind, given, mask);
        return ChangeAsync(key, "update", context, now =>
        {
            var old = Changeable(now, key, etag, gateway);
            if (Identity.Changed(old, mask, context) is { Count: > 0 } fields) throw ApiErrors.Immutable(key, fields);
            var body = ResourceTree.Merge(old.Body, MessageJson.Of(kind, given), paths);
            // Its id is in the path; a mask of everything must not lose it.
            body[kind == ResourceKind.Line ? "number" : "name"] = name;
            return [new StoreChange(key, new KeptResource(key, old.Gateway, body, 0))];
        });
    }

    /// <summary>Takes a resource away, and with <paramref name="force"/> the lines of a gateway too.</summary>
    public Task DeleteAsync(ResourceKind kind, string name, string etag, ServerCallContext context, string gateway = AnyGateway, bool force = false)
    {
        var key = new ResourceKey(kind, name);
        return ChangeAsync(key, "delete", context, now =>
        {
            Changeable(now, key, etag, gateway);
            // A route that names it would be another one without it: that is for whoever made it to say.
            if (Routes(now, key) is { Count: > 0 } routes) throw ApiErrors.InUse(key, routes);
            var users = Users(now, key);
            if (users.Count > 0 && !(force && kind == ResourceKind.Gateway)) throw ApiErrors.InUse(key, users);
            return [.. users.Select(user => new StoreChange(user, null)), new StoreChange(key, null)];
        });
    }

    /// <summary>All that is wrong with a text that could not be applied.</summary>
    public Configuration.ConfigProblems Mistakes(string yaml, bool prune) => ProvisioningMistakes.Of(yaml, prune, provisioner.Now, provisioner.Check);

    /// <summary>Says, as the storage's trouble, that many changes cannot be kept.</summary>
    public async Task<T> KeepAsync<T>(Func<Task<T>> apply)
    {
        try
        {
            return await apply();
        }
        catch (StoreException e)
        {
            health.Failed("write", e.Message);
            Log.NoneKept(log, e.Message);
            throw ApiErrors.StoreUnavailable(e.Message);
        }
    }

    /// <summary>Many changes as one.</summary>
    /// <exception cref="StoreException">They cannot be kept.</exception>
    public async Task ApplyAsync(Func<Provisioned, IReadOnlyList<StoreChange>> plan, bool validateOnly, ServerCallContext context)
    {
        IReadOnlyList<StoreChange> made = [];
        Provisioned? before = null;
        AuditEntry? done = null;
        if (!await provisioner.ChangeAsync(now => made = plan(before = now), problems => ApiErrors.Invalid("provisioning", problems), changes => done = trail.Entry(context, changes), validateOnly)) return;
        Told(done!);
        var said = 0;
        foreach (var (key, next) in made)
        {
            var verb = next is null ? "delete" : before!.Stored.ContainsKey(key) ? "update" : "create";
            metrics.Provisioning.Changed(key.Kind.ToString().ToLowerInvariant(), verb);
            if (said++ >= MostSaid) continue;
            var name = Shown(key);
            var who = context.Who();
            Log.Changed(log, verb, key.Kind, name, who);
        }

        if (said <= MostSaid) return;
        var client = context.Who();
        Log.MoreChanged(log, said - MostSaid, client);
    }

    private async Task ChangeAsync(ResourceKey key, string verb, ServerCallContext context, Func<Provisioned, IReadOnlyList<StoreChange>> plan)
    {
        var name = Shown(key);
        AuditEntry? done = null;
        try
        {
            await provisioner.ChangeAsync(plan, problems => ApiErrors.Invalid(key, problems), changes => done = trail.Entry(context, changes));
        }
        catch (StoreException e)
        {
            health.Failed("write", e.Message);
            Log.NotKept(log, key.Kind, name, e.Message);
            throw ApiErrors.StoreUnavailable(e.Message);
        }

        if (done is not null) Told(done);
        metrics.Provisioning.Changed(key.Kind.ToString().ToLowerInvariant(), verb);
        var who = context.Who();
        Log.Changed(log, verb, key.Kind, name, who);
    }

    // What was kept shows that the storage works.
    private void Told(AuditEntry done)
    {
        health.Works();
        happenings.Feed.Changed(done);
    }

    // The number of a line is somebody's.
    private Redacted Shown(ResourceKey key) => key.Kind == ResourceKind.Line ? redaction[key.Name] : new Redacted(key.Name, Shown: true);

    private StoredResource Changeable(Provisioned now, ResourceKey key, string etag, string gateway)
    {
        if (!now.Stored.TryGetValue(key, out var found))
        {
            if (now.Declared(key) is { } declared) throw ApiErrors.ReadOnly(key, declared.At);
            if (key.Kind == ResourceKind.Gateway && provisioner.Model.Gateways.Any(g => g.IsAdopted && g.Mgcp.Name == key.Name)) throw ApiErrors.Adopted(key);
            throw ApiErrors.NotFound(key);
        }

        if (key.Kind == ResourceKind.Line && gateway != AnyGateway && found.Gateway != gateway) throw ApiErrors.NotFound(key);
        if (etag.Length > 0 && etag != found.Etag) throw ApiErrors.Stale(key);
        return found;
    }

    private void RequireGateway(Provisioned now, string gateway)
    {
        var key = new ResourceKey(ResourceKind.Gateway, gateway);
        if (now.Stored.ContainsKey(key) || now.Declared(key) is not null) return;
        if (provisioner.Model.Gateways.Any(g => g.IsAdopted && g.Mgcp.Name == gateway)) throw ApiErrors.Adopted(key);
        throw ApiErrors.NotFound(key);
    }

    private static List<ResourceKey> Users(Provisioned now, ResourceKey key)
    {
        var all = now.Combined(new Configuration.ConfigProblems());
        return key.Kind switch
        {
            ResourceKind.Peer =>
            [
                .. all.Gateways.SelectMany(g => g.Lines).Where(l => l.Peer == key.Name).Select(l => new ResourceKey(ResourceKind.Line, l.Number ?? "")),
                .. all.Routes.Where(r => r.Peer == key.Name || r.Failover.Contains(key.Name)).Select(r => new ResourceKey(ResourceKind.Route, r.Name ?? "")),
            ],
            ResourceKind.Gateway => [.. all.Gateways.Where(g => g.Name == key.Name).SelectMany(g => g.Lines).Select(l => new ResourceKey(ResourceKind.Line, l.Number ?? ""))],
            _ => [],
        };
    }

    /// <summary>Routes that name a gateway or a line.</summary>
    private static List<ResourceKey> Routes(Provisioned now, ResourceKey key)
    {
        if (key.Kind is not (ResourceKind.Gateway or ResourceKind.Line)) return [];
        var all = now.Combined(new Configuration.ConfigProblems());
        if (all.Routes.All(r => r.From.IsEmpty)) return [];
        var names = all.Gateways.SelectMany(g => g.Lines.Where(l => key.Kind == ResourceKind.Gateway ? g.Name == key.Name : l.Number == key.Name)
            .SelectMany(l => (string?[])[l.Number, $"{g.Name}/{l.Endpoint}"])).Append(key.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return [.. all.Routes.Where(r => r.From.Any(names.Contains)).Select(r => new ResourceKey(ResourceKind.Route, r.Name ?? ""))];
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 6010, EventName = "ProvisioningChanged", Level = LogLevel.Information, Message = "{Verb} {Kind} {Name} through the API, asked by {Client}")]
        internal static partial void Changed(ILogger logger, string verb, ResourceKind kind, Redacted name, string client);

        [LoggerMessage(EventId = 6015, EventName = "ProvisioningMoreChanged", Level = LogLevel.Information, Message = "And {Count} more resources through the API, asked by {Client}")]
        internal static partial void MoreChanged(ILogger logger, int count, string client);

        [LoggerMessage(EventId = 6012, EventName = "StoreUnavailableForAll", Level = LogLevel.Error, Message = "Provisioning is not applied, for it cannot be kept: {Problem}. Calls go on")]
        internal static partial void NoneKept(ILogger logger, string problem);

        [LoggerMessage(EventId = 6011, EventName = "StoreUnavailable", Level = LogLevel.Error, Message = "{Kind} {Name} is not changed, for it cannot be kept: {Problem}. Calls go on")]
        internal static partial void NotKept(ILogger logger, ResourceKind kind, Redacted name, string problem);
    }
}
