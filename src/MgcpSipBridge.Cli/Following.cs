using Google.Protobuf;
using Grpc.Core;
using MgcpSipBridge.V1;

namespace MgcpSipBridge.Cli;

/// <summary>
/// Things of one kind, kept by events as they are: an event says which is another and in what state, and that one is asked for what else there is to it. Events that a thing knew of when it was
/// listed are passed over, so that none is told twice.
/// </summary>
internal sealed class Following<T>(Watched<T> watched, Persistence bridge)
    where T : class, IMessage<T>
{
    // So many at once are asked for by asking for all.
    private const int MostAtOnce = 50;
    private readonly SortedDictionary<string, (T Thing, long Sequence)> _things = new(StringComparer.Ordinal);
    private readonly HashSet<string> _noted = new(StringComparer.Ordinal);
    private long _listed;
    private bool _missed;

    /// <summary>What is followed.</summary>
    public Watched<T> Watched { get; } = watched;

    /// <summary>All that there are.</summary>
    public IEnumerable<T> Things => _things.Values.Select(known => known.Thing);

    /// <summary>How many.</summary>
    public int Count => _things.Count;

    /// <summary>Asks for all.</summary>
    /// <returns>What that changed.</returns>
    public async Task<List<(WatchedChange Change, T Thing)>> AllAsync()
    {
        var now = new Dictionary<string, (T Thing, long Sequence)>(StringComparer.Ordinal);
        long? first = null;
        foreach (var page in await bridge.AskAsync(Watched.All))
        {
            // Of what is on no page, nothing later than the first is known for sure.
            _listed = first ??= page.Sequence;
            foreach (var thing in page.Things) now[Watched.Key(thing)] = (thing, page.Sequence);
        }

        var changes = new List<(WatchedChange, T)>();
        foreach (var (key, (gone, _)) in _things.Where(t => !now.ContainsKey(t.Key)).ToList())
        {
            _things.Remove(key);
            changes.Add((WatchedChange.Gone, gone));
        }

        foreach (var (key, (thing, sequence)) in now) Set(key, thing, sequence, changes);
        return changes;
    }

    /// <summary>Asks for what an event changed.</summary>
    /// <returns>What it did change.</returns>
    public async Task<List<(WatchedChange Change, T Thing)>> HappenedAsync(Event happened)
    {
        if (happened.WhatCase == Event.WhatOneofCase.Missed) return await AllAsync();
        var changes = new List<(WatchedChange, T)>();
        if (Watched.KeyOf(happened) is not { } key) return changes;
        var known = _things.GetValueOrDefault(key);
        if (happened.Sequence <= (known.Thing is null ? _listed : known.Sequence)) return changes;
        if (Watched.End(happened) is { } end)
        {
            if (_things.Remove(key)) changes.Add((WatchedChange.Gone, end));
        }
        else if (Watched.At(happened, await OneAsync(key), known.Thing) is { } then) Set(key, then, happened.Sequence, changes);
        else if (_things.Remove(key)) changes.Add((WatchedChange.Gone, known.Thing!));
        return changes;
    }

    /// <summary>Remembers what an event may have changed.</summary>
    public void Note(Event happened)
    {
        if (happened.WhatCase == Event.WhatOneofCase.Missed) _missed = true;
        else if (Watched.KeyOf(happened) is { } key) _noted.Add(key);
    }

    /// <summary>Asks for what was noted.</summary>
    public async Task CatchUpAsync()
    {
        var (noted, all) = (_noted.ToList(), _missed || _noted.Count > MostAtOnce);
        _noted.Clear();
        _missed = false;
        if (all)
        {
            await AllAsync();
            return;
        }

        foreach (var key in noted)
            if (await OneAsync(key) is { } now && !Watched.IsOver(now)) Set(key, now, 0, []);
            else _things.Remove(key);
    }

    private async Task<T?> OneAsync(string key)
    {
        try
        {
            return await bridge.AskAsync(() => Watched.One(key));
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return null;
        }
    }

    private void Set(string key, T thing, long sequence, List<(WatchedChange, T)> changes)
    {
        var before = _things.GetValueOrDefault(key).Thing;
        _things[key] = (thing, sequence);
        if (!thing.Equals(before)) changes.Add((before is null ? WatchedChange.New : WatchedChange.Changed, thing));
    }
}
