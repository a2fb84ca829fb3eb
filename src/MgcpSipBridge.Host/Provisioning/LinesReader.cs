using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using MgcpSipBridge.Host.Configuration;

namespace MgcpSipBridge.Host.Provisioning;

/// <summary>
/// Reads lines.yaml, again and again. The file is cut into parts (<see cref="YamlParts"/>) that several processors read side by side; those that are as they were the last time are
/// taken from then, and those that are written as usual (<see cref="UsualYaml"/>) take little. A file that cannot be cut, or is no YAML, is read in one piece, which says where the trouble is.
/// </summary>
internal sealed class LinesReader
{
    private const int MostWorkers = 4;
    private readonly Lock _gate = new();
    private readonly Section<PeerConfig> _peers = new("peers", LinesYaml.ReadPeer, null);
    private readonly Section<GatewayConfig> _gateways = new("gateways", LinesYaml.ReadGateway, static (gateway, lines, items) => gateway.Moved(lines, items));
    private readonly Section<RouteConfig> _routes = new("routes", LinesYaml.ReadRoute, static (route, lines, items) => route.Moved(lines, items));
    private string? _file;
    private ProvisioningConfig? _last;

    /// <summary>How many items the last reading took over from the one before.</summary>
    public int Kept => _peers.Kept + _gateways.Kept + _routes.Kept;

    /// <summary>What the text provisions; problems go where the others are. The very same as the last time when the text is.</summary>
    public ProvisioningConfig Read(string file, string text, ConfigProblems problems)
    {
        // A mark of the encoding, as some editors set it.
        if (text.StartsWith('\uFEFF')) text = text[1..];
        lock (_gate)
        {
            if (YamlParts.Cut(text, [_peers.Name, _gateways.Name, _routes.Name]) is { } parts)
            {
                // A bridge that runs has calls to see to: it keeps a processor for them.
                var workers = Math.Clamp(Environment.ProcessorCount - (_file is null ? 0 : 1), 1, MostWorkers);
                if (_file != file) Forget();
                _file = file;
                List<Func<ReadingRoom, bool>> work = [.. _peers.Work(file, text, parts[0]), .. _gateways.Work(file, text, parts[1]), .. _routes.Work(file, text, parts[2])];
                if (Parallel.ForEach(work, new ParallelOptions { MaxDegreeOfParallelism = workers }, static () => new ReadingRoom(), static (part, all, room) =>
                {
                    if (!part(room)) all.Stop();
                    return room;
                }, static _ => { }).IsCompleted)
                {
                    var config = new ProvisioningConfig { Peers = _peers.Take(problems), Gateways = _gateways.Take(problems), Routes = _routes.Take(problems) };
                    // Nobody has to look for what differs.
                    return _last = _last is not null && _peers.IsAsBefore && _gateways.IsAsBefore && _routes.IsAsBefore ? _last : config;
                }
            }

            Forget();
            return LinesYaml.ReadWhole(file, text, problems);
        }
    }

    private void Forget()
    {
        _last = null;
        _peers.Forget();
        _gateways.Forget();
        _routes.Forget();
    }

    /// <summary>Items that were read; none of them had a problem if it is kept.</summary>
    private sealed record Part<T>(T[] Items, int LinesBefore, int ItemsBefore);

    /// <summary>One list of the file.</summary>
    private sealed class Section<T>(string name, Func<MapReader, T> read, Func<T, int, int, T>? move)
    {
        private Dictionary<UInt128, Part<T>> _before = [];
        private int _parts;
        private (UInt128 Sum, Part<T> Part, ConfigProblems Problems)[] _now = [];

        public string Name => name;

        public int Kept { get; private set; }

        /// <summary>Whether every part is the one of the last time, in its place.</summary>
        public bool IsAsBefore { get; private set; }

        /// <summary>What is to be done for each part; false when it turns out to be none.</summary>
        public IEnumerable<Func<ReadingRoom, bool>> Work(string file, string text, IReadOnlyList<YamlPart> parts)
        {
            Kept = 0;
            var now = _now = new (UInt128, Part<T>, ConfigProblems)[parts.Count];
            return parts.Select((part, i) => (Func<ReadingRoom, bool>)(room =>
            {
                if (Of(file, text.AsSpan(part.Start, part.Length), part, room) is not { } done) return false;
                now[i] = done;
                return true;
            }));
        }

        /// <summary>All items.</summary>
        public ImmutableArray<T> Take(ConfigProblems problems)
        {
            var (before, parts) = (_before, _parts);
            _parts = _now.Length;
            IsAsBefore = _now.Length == parts && _now.All(one => before.TryGetValue(one.Sum, out var was) && ReferenceEquals(was, one.Part));
            _before = new Dictionary<UInt128, Part<T>>(_now.Length);
            var all = ImmutableArray.CreateBuilder<T>(_now.Sum(one => one.Part.Items.Length));
            foreach (var (sum, part, wrong) in _now)
            {
                all.AddRange(part.Items);
                problems.Add(wrong);
                if (wrong.None) _before[sum] = part;
                if (before.ContainsKey(sum)) Kept += part.Items.Length;
            }

            _now = [];
            return all.DrainToImmutable();
        }

        public void Forget() => (_before, _now, Kept) = ([], [], 0);

        private (UInt128, Part<T>, ConfigProblems)? Of(string file, ReadOnlySpan<char> text, in YamlPart at, ReadingRoom room)
        {
            // What stands there decides what is taken for the same, so that no two texts may have one sum.
            var sum = MemoryMarshal.Read<UInt128>(SHA256.HashData(MemoryMarshal.AsBytes(text)));
            if (_before.TryGetValue(sum, out var known))
            {
                var (lines, items) = (at.LinesBefore - known.LinesBefore, at.ItemsBefore - known.ItemsBefore);
                if ((lines, items) == (0, 0)) return (sum, known, new ConfigProblems());
                if (move is not null) return (sum, new Part<T>(Array.ConvertAll(known.Items, item => move(item, lines, items)), at.LinesBefore, at.ItemsBefore), new ConfigProblems());
            }

            var found = Usual(file, text, at, room) ?? Any(file, text, at, room);
            return found is { } all && all.Count == at.Items ? (sum, new Part<T>(all.Items, at.LinesBefore, at.ItemsBefore), all.Problems) : null;
        }

        /// <summary>The items of a part that is written as usual; null when it is not.</summary>
        private Found? Usual(string file, ReadOnlySpan<char> text, in YamlPart at, ReadingRoom room)
        {
            var reader = new UsualYaml(file, text, at.LinesBefore, room);
            var found = new Found(name, read, at, room);
            while (reader.Next() is { } node) found.Take(node);
            return reader.IsOdd ? null : found;
        }

        /// <summary>The items of any part; null when it is none.</summary>
        private Found? Any(string file, ReadOnlySpan<char> text, in YamlPart at, ReadingRoom room)
        {
            var found = new Found(name, read, at, room);
            return YamlTree.ReadItems(file, text.ToString(), at.LinesBefore, found.Take) ? found : null;
        }

        /// <summary>The items of a part, as far as it is read.</summary>
        private sealed class Found
        {
            private readonly Func<MapReader, T> _read;
            private readonly List<T> _items;
            private readonly MapReader _reader;
            private readonly string _name;
            private readonly int _before;

            public Found(string name, Func<MapReader, T> read, in YamlPart at, ReadingRoom room) =>
                (_name, _read, _items, _before, _reader) = (name, read, new List<T>(at.Items), at.ItemsBefore, new MapReader(Problems, room));

            /// <summary>How many there are, mistaken ones included.</summary>
            public int Count { get; private set; }

            /// <summary>Those that are what they should be.</summary>
            public T[] Items => [.. _items];

            public ConfigProblems Problems { get; } = new();

            public void Take(YamlTree node)
            {
                if (!_reader.TryOpen(node, null, _name, _before + Count++)) return;
                _items.Add(_read(_reader));
                _reader.Close();
            }
        }
    }
}
