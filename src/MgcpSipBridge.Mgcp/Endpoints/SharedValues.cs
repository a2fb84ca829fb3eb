using System.Collections.Immutable;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// Equal values kept once, whichever gateway has them. A fleet has a few kinds of gateway, which all call their lines <c>aaln/1</c> to <c>aaln/24</c> and say the same of
/// themselves: what every message is compared with should be in the processor's cache, and a hundred thousand lines should not each keep a copy.
/// </summary>
internal sealed class SharedValues
{
    /// <summary>Kinds kept at most: a gateway that invents new ones all the time costs no more than this.</summary>
    private const int Capacity = 256;

    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly HashSet<GatewayTraits> _traits = [];
    private readonly HashSet<ImmutableHashSet<string>> _refused = new(SetComparer.Instance);
    private readonly HashSet<EndpointAudit> _audits = new(AuditComparer.Instance);

    /// <summary>The one string for a local name. Names come from the configuration alone, so they are not limited.</summary>
    public string Name(string localName) => One(_names, localName, int.MaxValue);

    /// <summary>The one record for these traits.</summary>
    public GatewayTraits Traits(GatewayTraits traits)
    {
        // Records compare sets as objects: traits with refused names are only alike when those are one object.
        var refused = One(_refused, traits.RefusedNames, Capacity);
        return One(_traits, ReferenceEquals(refused, traits.RefusedNames) ? traits : traits with { RefusedNames = refused }, Capacity);
    }

    /// <summary>The one record for this audit.</summary>
    public EndpointAudit Audit(EndpointAudit audit) => One(_audits, audit, Capacity);

    private static T One<T>(HashSet<T> known, T value, int capacity)
    {
        if (known.TryGetValue(value, out var same)) return same;
        if (known.Count == capacity) known.Clear();
        known.Add(value);
        return value;
    }

    private sealed class SetComparer : IEqualityComparer<ImmutableHashSet<string>>
    {
        public static readonly SetComparer Instance = new();

        public bool Equals(ImmutableHashSet<string>? x, ImmutableHashSet<string>? y) =>
            ReferenceEquals(x, y) || (x is not null && y is not null && ReferenceEquals(x.KeyComparer, y.KeyComparer) && x.Count == y.Count && x.SetEquals(y));

        public int GetHashCode(ImmutableHashSet<string> names)
        {
            // The order in which a set tells its names is nobody's choice.
            var hash = names.Count;
            foreach (var name in names) hash ^= names.KeyComparer.GetHashCode(name);
            return hash;
        }
    }

    private sealed class AuditComparer : IEqualityComparer<EndpointAudit>
    {
        public static readonly AuditComparer Instance = new();

        public bool Equals(EndpointAudit? x, EndpointAudit? y) =>
            x is not null && y is not null && x.OffHook == y.OffHook && Same(x.Codecs, y.Codecs) && Same(x.Packages, y.Packages);

        public int GetHashCode(EndpointAudit audit)
        {
            var hash = default(HashCode);
            hash.Add(audit.OffHook);
            foreach (var codec in audit.Codecs) hash.Add(codec, StringComparer.Ordinal);
            foreach (var package in audit.Packages) hash.Add(package, StringComparer.Ordinal);
            return hash.ToHashCode();
        }

        private static bool Same(ImmutableArray<string> one, ImmutableArray<string> other) => one.AsSpan().SequenceEqual(other.AsSpan());
    }
}
