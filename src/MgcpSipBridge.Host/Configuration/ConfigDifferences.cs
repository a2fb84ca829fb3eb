using MgcpSipBridge.Host.Provisioning;

namespace MgcpSipBridge.Host.Configuration;

/// <summary>A resource of lines.yaml that is another than it was. Values are not in it: one may be a password.</summary>
/// <param name="Key">Which.</param>
/// <param name="Verb">create, update or delete.</param>
/// <param name="Fields">The fields that differ, for an update.</param>
internal sealed record ConfigDifference(ResourceKey Key, string Verb, IReadOnlyList<string> Fields)
{
    /// <summary>How it is found: <c>gateways/gw1</c>.</summary>
    public string Path { get; } = Key.Path;
}

/// <summary>Tells what differs between what is in force and what was read anew; where things stand in a file is no difference.</summary>
internal static class ConfigDifferences
{
    /// <summary>Paths of settings whose values differ, in the order of the sections.</summary>
    public static IReadOnlyList<string> Settings(BridgeConfig now, BridgeConfig next) =>
        [.. SettingBinder.Describe(now).Zip(SettingBinder.Describe(next)).Where(pair => pair.First.Default != pair.Second.Default).Select(pair => pair.First.Path)];

    /// <summary>Resources that differ, by kind and name. Each has one name, and no two of a kind the same.</summary>
    public static IReadOnlyList<ConfigDifference> Resources(ProvisioningConfig now, ProvisioningConfig next)
    {
        var all = new List<ConfigDifference>();
        Compare(ResourceKind.Peer, now.Peers.AsSpan(), next.Peers.AsSpan(), static peer => peer.Name, FieldComparison<PeerConfig>.Fields, all);
        // A gateway's lines are resources of their own.
        Compare(ResourceKind.Gateway, now.Gateways.AsSpan(), next.Gateways.AsSpan(), static gateway => gateway.Name, static (was, becomes) => FieldComparison<GatewayConfig>.Fields(was, becomes, "lines"), all);
        Compare(ResourceKind.Line, Lines(now), Lines(next), static at => at.Line.Number, Fields, all);
        Compare(ResourceKind.Route, now.Routes.AsSpan(), next.Routes.AsSpan(), static route => route.Name, FieldComparison<RouteConfig>.Fields, all);
        return all;
    }

    private static (LineConfig Line, string? Gateway)[] Lines(ProvisioningConfig config) => [.. config.Gateways.SelectMany(static gateway => gateway.Lines.Select(line => (line, gateway.Name)))];

    private static IReadOnlyList<string> Fields((LineConfig Line, string? Gateway) was, (LineConfig Line, string? Gateway) becomes)
    {
        var fields = FieldComparison<LineConfig>.Fields(was.Line, becomes.Line);
        return was.Gateway == becomes.Gateway ? fields : [.. fields.Append("gateway").Order(StringComparer.Ordinal)];
    }

    // Nearly all stand where they stood, beside the same ones: a hundred thousand are not looked up by their names.
    private static void Compare<T>(
        ResourceKind kind, ReadOnlySpan<T> before, ReadOnlySpan<T> after, Func<T, string?> nameOf, Func<T, T, IReadOnlyList<string>> fieldsOf, List<ConfigDifference> all)
    {
        List<T> gone = [], come = [];
        var first = all.Count;
        var (old, fresh) = (0, 0);
        while (old < before.Length && fresh < after.Length)
        {
            var (was, becomes) = (nameOf(before[old]), nameOf(after[fresh]));
            if (was == becomes) Update(before[old++], after[fresh++]);
            else if (fresh + 1 < after.Length && nameOf(after[fresh + 1]) == was) come.Add(after[fresh++]);
            else if (old + 1 < before.Length && nameOf(before[old + 1]) == becomes) gone.Add(before[old++]);
            else
            {
                gone.Add(before[old++]);
                come.Add(after[fresh++]);
            }
        }

        gone.AddRange(before[old..]);
        come.AddRange(after[fresh..]);
        var elsewhere = new Dictionary<string, T>(gone.Count, StringComparer.Ordinal);
        foreach (var one in gone) elsewhere[nameOf(one) ?? ""] = one;
        foreach (var one in come)
            if (elsewhere.Remove(nameOf(one) ?? "", out var was)) Update(was, one);
            else Add(one, "create", []);
        foreach (var one in elsewhere.Values) Add(one, "delete", []);
        all.Sort(first, all.Count - first, ByName);

        void Update(T was, T becomes)
        {
            if (fieldsOf(was, becomes) is { Count: > 0 } fields) Add(becomes, "update", fields);
        }

        void Add(T one, string verb, IReadOnlyList<string> fields) => all.Add(new ConfigDifference(new ResourceKey(kind, nameOf(one) ?? ""), verb, fields));
    }

    private static Comparer<ConfigDifference> ByName { get; } = Comparer<ConfigDifference>.Create(static (one, other) => string.CompareOrdinal(one.Key.Name, other.Key.Name));
}
