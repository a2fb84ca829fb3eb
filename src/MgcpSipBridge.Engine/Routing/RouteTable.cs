using System.Collections.Frozen;
using System.Collections.Immutable;
using MgcpSipBridge.Calls;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine;

/// <summary>Where a call goes, one step of several: the peer, and the numbers as it shall see them.</summary>
/// <param name="Peer">The peer.</param>
/// <param name="Number">The called number.</param>
/// <param name="Caller">The caller's number; null: as it is.</param>
/// <param name="Route">The route that says so; empty when there are none.</param>
internal readonly record struct RouteHop(string Peer, string Number, string? Caller, string Route)
{
    /// <summary>The call that takes this step, without its offer.</summary>
    public SipInvite Invite(string line, bool emergency, bool withheld) => new(line, Peer, Number, default, withheld) { Emergency = emergency, Caller = Caller };
}

/// <summary>Where a dialled number goes.</summary>
/// <param name="Route">The route's name.</param>
/// <param name="Hops">What is to be tried, in order; never empty.</param>
internal sealed record RouteChoice(string Route, ImmutableArray<RouteHop> Hops)
{
    /// <summary>Whether somebody calls for help: nothing that is there to spare a peer holds such a call back.</summary>
    public bool Emergency { get; init; }

    /// <summary>The called number as the first peer shall see it.</summary>
    public string Number => Hops[0].Number;
}

/// <summary>
/// The routes, made ready for being searched: by the longest fixed beginning, then by rank. What a search takes does not depend on how many routes there are, but on how
/// many begin as the number does. Immutable.
/// </summary>
public sealed class RouteTable
{
    private readonly RouteHeads _toPeers;
    private readonly FrozenDictionary<string, RouteHeads> _fromPeers;
    private readonly ImmutableArray<RouteEntry> _restricted;
    private readonly FrozenSet<string> _origins;
    private readonly bool _isEmpty;

    /// <summary>A table of these routes, which are valid.</summary>
    /// <param name="routes">The routes.</param>
    /// <param name="expressions">Those that are made ready already.</param>
    /// <param name="emergencies">Numbers of whoever sends help; null for <see cref="UsualEmergencies"/>.</param>
    public RouteTable(ImmutableArray<RouteModel> routes, RouteExpressions? expressions = null, FrozenSet<string>? emergencies = null)
    {
        Emergencies = emergencies ?? UsualEmergencies;
        var ready = expressions ?? new RouteExpressions();
        var (toPeers, fromPeers) = (new List<RouteEntry>(routes.Length), new List<RouteEntry>());
        foreach (var route in routes) (route.Direction == NumberDirection.ToPeer ? toPeers : fromPeers).Add(new RouteEntry(route, ready));
        _isEmpty = toPeers.Count == 0;
        _toPeers = new RouteHeads(toPeers);
        _fromPeers = fromPeers.GroupBy(static entry => entry.Route.Peer, StringComparer.Ordinal)
            .ToFrozenDictionary(static group => group.Key, static group => new RouteHeads([.. group]), StringComparer.Ordinal);
        var reachable = _toPeers.Reachable();
        _restricted = [.. reachable.Where(static entry => !entry.Route.From.IsEmpty)];
        _origins = _restricted.SelectMany(static entry => entry.Route.From).Select(static from => OriginKey(from.Line, from.Gateway)).ToFrozenSet(StringComparer.Ordinal);
        Expressions = ready.Complete();
        Numbers = new NumberSet(_isEmpty ? Anything : Patterns(reachable, static entry => entry.Route.From.IsEmpty));
    }

    /// <summary>What people call for help in most countries.</summary>
    public static FrozenSet<string> UsualEmergencies { get; } = new[] { "000", "110", "112", "113", "118", "119", "911", "999" }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Numbers of whoever sends help: they may be dialled whatever the routes, and no limit holds a call to them back.</summary>
    public FrozenSet<string> Emergencies { get; }

    /// <summary>The expressions of the routes, which the next table may need again.</summary>
    public RouteExpressions Expressions { get; }

    /// <summary>What every line may dial.</summary>
    internal NumberSet Numbers { get; }

    private static ImmutableArray<NumberPattern> Anything { get; } = [new("", 1, 0), new("*", 2, 0), new("#", 2, 0)];

    /// <summary>Numbers of whoever sends help that no route takes, in their order: calls to them go to the line's own peer as dialled.</summary>
    public IEnumerable<string> UnroutedEmergencies => _isEmpty ? [] : Emergencies.Order(StringComparer.Ordinal).Where(number => !Candidates(null, number).Any(one => one.Entry.Covers(number)));

    /// <summary>A text that lines have in common for which the same routes are; empty for those that no route names.</summary>
    internal string OriginOf(string line, string gateway) => _origins.Count == 0 ? "" :
        OriginKey(line, null) is var own && _origins.Contains(own) ? own : OriginKey(null, gateway) is var all && _origins.Contains(all) ? all : "";

    /// <summary>What a line may dial, given its gateway.</summary>
    internal NumberSet NumbersFor(string line, string gateway) => OriginOf(line, gateway).Length == 0
        ? Numbers
        : new NumberSet(Patterns(_restricted, entry => entry.IsFrom(line, gateway)), _isEmpty ? null : Numbers);

    /// <summary>
    /// Where a number goes; null when no route takes it. Without any routes everything goes to the line's own peer, and so does a call for help that
    /// none takes. Of routes that share, <paramref name="chance"/> draws the one that goes first, and the others come after it in case it fails (as RFC 2782 has it);
    /// without chance the greater weights go first.
    /// </summary>
    internal RouteChoice? Choose(in RouteQuestion question, string linePeer, Entropy? chance)
    {
        var emergency = Emergencies.Contains(question.Number);
        Span<int> nodes = stackalloc int[RouteHeads.MaxDepth + 1];
        if (_isEmpty || First(_toPeers, _toPeers.Walk(question.Number, nodes), nodes, question, emergency, out var at, out var index) is not { } first)
            return _isEmpty || emergency ? new RouteChoice("", [new RouteHop(linePeer, question.Number, null, "")]) { Emergency = emergency } : null;
        var hops = ImmutableArray.CreateBuilder<RouteHop>();
        Add(hops, first.Route.Weight == 0 ? [first] : Ordered(at, index, question, chance), question);
        return new RouteChoice(hops[0].Route, hops.ToImmutable()) { Emergency = emergency };
    }

    /// <summary>The route for a number that a peer calls; null when none takes it.</summary>
    internal RouteEntry? FindFrom(string peer, in RouteQuestion question)
    {
        if (!_fromPeers.TryGetValue(peer, out var heads)) return null;
        Span<int> nodes = stackalloc int[RouteHeads.MaxDepth + 1];
        return First(heads, heads.Walk(question.Number, nodes), nodes, question, whole: false, out _, out _);
    }

    /// <summary>
    /// Every route that a number begins like, the one that should go first in front, with the length of the beginning. What is not here begins otherwise.
    /// </summary>
    /// <param name="peer">The peer that calls; null when a line does.</param>
    /// <param name="number">The number.</param>
    internal IEnumerable<(int Length, RouteEntry Entry)> Candidates(string? peer, string number)
    {
        var heads = peer is null ? _toPeers : _fromPeers.GetValueOrDefault(peer);
        if (heads is null) yield break;
        var nodes = new int[RouteHeads.MaxDepth + 1];
        for (var depth = heads.Walk(number, nodes); depth >= 0; depth--)
            foreach (var entry in heads.At(nodes[depth]))
                yield return (depth, entry);
    }

    private static string OriginKey(string? line, string? gateway) => line is not null ? "line " + line : "gateway " + gateway;

    private static RouteEntry? First(RouteHeads heads, int depth, Span<int> nodes, in RouteQuestion question, bool whole, out ArraySegment<RouteEntry> at, out int index)
    {
        // What else has too few digits for a route is not dialled; a call for help is, and must not go where longer numbers go.
        for (; depth >= 0; depth--)
        {
            at = heads.At(nodes[depth]);
            for (index = 0; index < at.Count; index++)
                if (at[index].Fits(question) && (!whole || at[index].Covers(question.Number))) return at[index];
        }

        (at, index) = (ArraySegment<RouteEntry>.Empty, 0);
        return null;
    }

    private static List<RouteEntry> Ordered(ArraySegment<RouteEntry> at, int index, in RouteQuestion question, Entropy? chance)
    {
        var sharing = new List<RouteEntry>();
        for (var i = index; i < at.Count && at[index].Shares(at[i]); i++)
            if (at[i].Fits(question)) sharing.Add(at[i]);
        if (chance is null) return [.. sharing.OrderByDescending(static entry => entry.Route.Weight)];
        var ordered = new List<RouteEntry>(sharing.Count);
        while (sharing.Count > 1)
        {
            var drawn = chance.Next(sharing.Sum(static entry => entry.Route.Weight));
            var which = 0;
            while (drawn >= sharing[which].Route.Weight) drawn -= sharing[which++].Route.Weight;
            ordered.Add(sharing[which]);
            sharing.RemoveAt(which);
        }

        return [.. ordered, .. sharing];
    }

    private static void Add(ImmutableArray<RouteHop>.Builder hops, IEnumerable<RouteEntry> entries, in RouteQuestion question)
    {
        foreach (var entry in entries)
        {
            var (number, caller) = (entry.Called(question.Number), entry.Caller(question.Line));
            foreach (var peer in entry.Route.Failover.IsDefault ? [entry.Route.Peer] : entry.Route.Failover.Insert(0, entry.Route.Peer))
                if (!hops.Any(hop => hop.Peer == peer && hop.Number == number)) hops.Add(new RouteHop(peer, number, caller, entry.Route.Name));
        }
    }

    private List<NumberPattern> Patterns(IReadOnlyList<RouteEntry> entries, Predicate<RouteEntry> which)
    {
        var patterns = new List<NumberPattern>(entries.Count);
        foreach (var entry in entries)
        {
            if (!which(entry)) continue;
            if (entry.Shape is { } shape) patterns.AddRange(shape.Patterns.AsSpan());
            else if (entry.Route is { Prefix: "", MaxDigits: 0, MinDigits: <= 1 }) patterns.AddRange(Anything.AsSpan());
            else patterns.Add(Pattern(entry.Route));
        }

        return patterns;
    }

    // A number that calls for help is complete the moment it is dialled when a route is named after it: nobody waits for a timer then. A route with digits of its
    // own (minDigits, maxDigits) says otherwise.
    private NumberPattern Pattern(RouteModel route) => route.MaxDigits == 0 && route.MinDigits <= 1 && Emergencies.Contains(route.Prefix)
        ? new NumberPattern(route.Prefix, route.Prefix.Length, route.Prefix.Length)
        : new NumberPattern(route.Prefix, Math.Max(route.MinDigits, Math.Max(1, route.Prefix.Length)), route.MaxDigits);
}
