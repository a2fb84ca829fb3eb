using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>A next hop as a URI names it: what RFC 3263 starts from.</summary>
/// <param name="Host">Host, IPv6 in brackets or not, in lower case.</param>
/// <param name="Port">Port; 0 for none.</param>
/// <param name="Transport">Transport; null for none.</param>
internal readonly record struct HopName(string Host, int Port, SipTransport? Transport)
{
    /// <summary>The only target of an address literal; false for a name, which somebody has to look up (RFC 3263 §4.1, §4.2).</summary>
    public bool TryGetLiteral(out SipTarget target)
    {
        var transport = Transport ?? SipTransport.Udp;
        var port = Port == 0 ? SipTransports.DefaultPort(transport) : Port;
        var isAddress = NetAddress.TryParse(Host, port, out var address);
        target = new(transport, address.WithPort(port));
        return isAddress;
    }
}

/// <summary>
/// Turns next hops into targets. Names are looked up by the host (an output), answers kept as long as they hold; the first one who asks when that is
/// almost over still gets the old answer, and a new one is fetched. While a first look-up runs, everybody who asks for that name waits for it.
/// </summary>
/// <param name="ask">Emits a look-up.</param>
/// <param name="arm">Sets the deadline of a look-up that nobody answers.</param>
internal sealed class NameCache(Action<SipOutput> ask, Action<long, Instant> arm)
{
    /// <summary>How long an answer is used when nobody knows how long it holds.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(60);

    /// <summary>How long a name that does not resolve is not asked for again (RFC 2308).</summary>
    public static readonly TimeSpan NegativeLifetime = TimeSpan.FromSeconds(10);

    // What name servers say, within reason.
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    // The host answers every look-up; this is for the one that it loses.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private const int MostNames = 1024;

    private readonly Dictionary<HopName, Entry> _entries = [];
    private readonly Dictionary<long, HopName> _queries = [];
    private long _lastQuery;

    private sealed class Entry
    {
        public ImmutableArray<SipTarget> Targets = [];
        public Instant FreshUntil = new(long.MinValue);
        public Instant RefreshAt = new(long.MinValue);
        public long Query;
        public readonly List<Action<ImmutableArray<SipTarget>, Instant>> Waiting = [];
    }

    /// <summary>
    /// Calls <paramref name="found"/> with the targets in order, at once if they are known; with none if the name does not resolve. In a
    /// <paramref name="hurry"/> the last answer will do, however old it is.
    /// </summary>
    public void Find(HopName name, Instant now, Action<ImmutableArray<SipTarget>, Instant> found, bool hurry = false)
    {
        if (name.TryGetLiteral(out var literal))
        {
            found([literal], now);
            return;
        }

        if (!_entries.TryGetValue(name, out var entry))
        {
            if (_entries.Count >= MostNames) MakeRoom(now);
            _entries[name] = entry = new Entry();
        }

        if (now < entry.FreshUntil)
        {
            if (now >= entry.RefreshAt) Ask(name, entry, now);
            found(entry.Targets, now);
            return;
        }

        if (!hurry || entry.Targets.IsEmpty) entry.Waiting.Add(found);
        Ask(name, entry, now);
        if (hurry && !entry.Targets.IsEmpty) found(entry.Targets, now);
    }

    /// <summary>Whether an answer is there, however old.</summary>
    public bool Knows(HopName name) => name.TryGetLiteral(out _) || (_entries.TryGetValue(name, out var entry) && !entry.Targets.IsEmpty);

    /// <summary>When a name should be asked for again so that its answer never runs out; null for a literal.</summary>
    public Instant? RefreshAt(HopName name, Instant now)
    {
        if (name.TryGetLiteral(out _)) return null;
        // While a look-up runs its answer decides; the patience is for the one that is lost.
        return _entries.TryGetValue(name, out var entry) && entry.Query == 0 && entry.RefreshAt > now ? entry.RefreshAt : now + Lifetime;
    }

    private void Ask(HopName name, Entry entry, Instant now)
    {
        if (entry.Query != 0) return;
        entry.Query = ++_lastQuery;
        _queries[entry.Query] = name;
        arm(entry.Query, now + Patience);
        ask(new SipOutput.LookUp(entry.Query, name.Host, name.Port, name.Transport));
    }

    /// <summary>The answer to a look-up. When a name stops resolving, its last addresses serve on: a DNS outage is no reason to stop calls.</summary>
    public void Resolved(long query, ImmutableArray<SipTarget> targets, Instant now, TimeSpan? lifetime = null)
    {
        if (!_queries.Remove(query, out var name)) return;
        var entry = _entries[name];
        entry.Query = 0;
        if (!targets.IsDefaultOrEmpty)
        {
            // DNS is not to be trusted with the name: the certificate has to be of the domain that was asked for (RFC 5922 §7.3).
            entry.Targets = [.. targets.Select(target => target.Transport == SipTransport.Tls ? target with { Domain = name.Host } : target)];
            var holds = lifetime is not { } told ? Lifetime : told < Shortest ? Shortest : told > Longest ? Longest : told;
            entry.FreshUntil = now + holds;
            entry.RefreshAt = now + (holds * 0.9);
        }
        else if (entry.FreshUntil <= now)
        {
            entry.FreshUntil = entry.RefreshAt = now + NegativeLifetime;
        }
        else
        {
            entry.RefreshAt = now + NegativeLifetime;
        }

        var waiting = entry.Waiting.ToArray();
        entry.Waiting.Clear();
        foreach (var found in waiting) found(entry.Targets, now);
    }

    /// <summary>A target of that name failed: the next one who needs the name asks again.</summary>
    public void Distrust(HopName name)
    {
        if (_entries.TryGetValue(name, out var entry)) entry.FreshUntil = new(long.MinValue);
    }

    /// <summary>Names that are kept.</summary>
    internal int Count => _entries.Count;

    // A peer may name another host in every Contact: then the answers that hold shortest go, too.
    private void MakeRoom(Instant now)
    {
        foreach (var (name, entry) in _entries.ToArray())
        {
            if (entry.Query == 0 && entry.FreshUntil <= now) _entries.Remove(name);
        }

        if (_entries.Count < MostNames) return;
        foreach (var (name, _) in _entries.Where(pair => pair.Value.Query == 0).OrderBy(pair => pair.Value.FreshUntil).Take(MostNames / 4).ToArray()) _entries.Remove(name);
    }
}
