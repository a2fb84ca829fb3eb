using System.Collections.Immutable;
using MgcpSipBridge.Host.Configuration;

namespace MgcpSipBridge.Host.Provisioning;

/// <summary>
/// All that is wrong with a text that was to be applied, as <c>check</c> tells it of lines.yaml: its shape and its sense, with the lines in which it stands. Sought only once something is
/// wrong, for it takes as long as applying does.
/// </summary>
internal static class ProvisioningMistakes
{
    /// <summary>The mistakes; none when the text by itself has none.</summary>
    /// <param name="yaml">The text.</param>
    /// <param name="prune">Whether what it does not have would be gone.</param>
    /// <param name="now">What is there.</param>
    /// <param name="check">Checks a whole.</param>
    public static ConfigProblems Of(string yaml, bool prune, Provisioned now, Action<ProvisioningConfig, ConfigProblems> check)
    {
        var (shape, all) = (new ConfigProblems(), new ConfigProblems());
        var text = LinesYaml.ReadWhole("yaml", yaml, shape);
        // A gateway of lines.yaml stands there with its name and the lines of the API alone.
        var borrowed = text.Gateways.Where(g => g.Written.Fields.All(field => field.Name is "name" or "lines") && g.Name is { } name && now.Declared(new ResourceKey(ResourceKind.Gateway, name)) is not null).ToList();
        var needless = borrowed.Select(g => g.Written.PathOf("domain")).ToHashSet(StringComparer.Ordinal);
        foreach (var (place, path, message) in shape.Items)
            if (!needless.Contains(path)) all.Add(place, path, message);

        var stored = (prune ? ImmutableDictionary<ResourceKey, StoredResource>.Empty : now.Stored).ToBuilder();
        var count = 0;
        foreach (var peer in text.Peers) Put(ResourceKind.Peer, peer.Name, "", peer with { Password = peer.Password ?? Kept<PeerConfig>(ResourceKind.Peer, peer.Name)?.Password });
        foreach (var gateway in text.Gateways)
        {
            foreach (var line in gateway.Lines) Put(ResourceKind.Line, line.Number, gateway.Name ?? "", line with { Password = line.Password ?? Kept<LineConfig>(ResourceKind.Line, line.Number)?.Password });
            if (!borrowed.Contains(gateway)) Put(ResourceKind.Gateway, gateway.Name, "", gateway with { Lines = [] });
        }

        foreach (var route in text.Routes) Put(ResourceKind.Route, route.Name, "", route);
        check(now.With(stored.ToImmutable()).Combined(all), all);
        return all;

        // One that is there twice, or has no name, must not be the one that another is.
        void Put(ResourceKind kind, string? name, string gateway, object config)
        {
            var key = new ResourceKey(kind, name ?? "");
            if (name is null || stored.TryGetValue(key, out var there) && there.Revision > long.MaxValue / 2) key = new ResourceKey(kind, $"{name} {count}");
            stored[key] = new StoredResource(key, gateway, [], long.MaxValue / 2 + ++count, config);
        }

        T? Kept<T>(ResourceKind kind, string? name)
            where T : class => name is not null && now.Stored.TryGetValue(new ResourceKey(kind, name), out var old) ? old.Config as T : null;
    }
}
