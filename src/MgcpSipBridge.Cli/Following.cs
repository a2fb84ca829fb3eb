using Google.Protobuf;
using Grpc.Core;
using MgcpSipBridge.V1;

namespace MgcpSipBridge.Cli;

/// <summary>Things of one kind as they are, kept so by events: an event says which may be another, and that one is asked for.</summary>
internal sealed class Following<T>(Watched<T> watched)
    where T : class, IMessage<T>
{
    // So many at once are asked for by asking for all.
    private const int MostAtOnce = 50;
    private readonly SortedDictionary<string, T> _things = new(StringComparer.Ordinal);
    private readonly HashSet<string> _noted = new(StringComparer.Ordinal);
    private bool _missed;

    /// <summary>What is followed.</summary>
    public Watched<T> Watched { get; } = watched;

    /// <summary>All that there are.</summary>
    public IEnumerable<T> Things => _things.Values;

    /// <summary>How many.</summary>
    public int Count => _things.Count;

    /// <summary>Asks for all.</summary>
    /// <returns>What that changed.</returns>
    public async Task<List<(WatchedChange Change, T Thing)>> AllAsync()
    {
        var now = new Dictionary<string, T>(StringComparer.Ordinal);
        foreach (var thing in await Watched.All()) now[Watched.Key(thing)] = thing;
        var changes = new List<(WatchedChange, T)>();
        foreach (var (key, gone) in _things.Where(t => !now.ContainsKey(t.Key)).ToList())
        {
            _things.Remove(key);
            changes.Add((WatchedChange.Gone, gone));
        }

        foreach (var (key, thing) in now) Set(key, thing, changes);
        return changes;
    }

    /// <summary>Asks for what an event may have changed.</summary>
    /// <returns>What it did change.</returns>
    public async Task<List<(WatchedChange Change, T Thing)>> HappenedAsync(Event happened)
    {
        if (happened.WhatCase == Event.WhatOneofCase.Missed) return await AllAsync();
        var changes = new List<(WatchedChange, T)>();
        foreach (var key in Watched.KeysOf(happened, Things).ToList()) await OneAsync(key, changes);
        return changes;
    }

    /// <summary>Remembers what an event may have changed.</summary>
    public void Note(Event happened)
    {
        if (happened.WhatCase == Event.WhatOneofCase.Missed) _missed = true;
        else _noted.UnionWith(Watched.KeysOf(happened, Things));
    }

    /// <summary>Asks for what was noted.</summary>
    public async Task CatchUpAsync()
    {
        var (noted, all) = (_noted.ToList(), _missed || _noted.Count > MostAtOnce);
        _noted.Clear();
        _missed = false;
        if (all) await AllAsync();
        else
            foreach (var key in noted) await OneAsync(key, []);
    }

    private async Task OneAsync(string key, List<(WatchedChange, T)> changes)
    {
        T? now = null;
        try
        {
            now = await Watched.One(key);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            // Gone, and shown as it was last.
        }

        if (now is not null && !Watched.IsOver(now)) Set(key, now, changes);
        else if (_things.Remove(key, out var last)) changes.Add((WatchedChange.Gone, now ?? last));
    }

    private void Set(string key, T thing, List<(WatchedChange, T)> changes)
    {
        var before = _things.GetValueOrDefault(key);
        if (thing.Equals(before)) return;
        _things[key] = thing;
        changes.Add((before is null ? WatchedChange.New : WatchedChange.Changed, thing));
    }
}
