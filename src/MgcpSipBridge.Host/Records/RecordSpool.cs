using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace MgcpSipBridge.Host.Records;

/// <summary>
/// A file in which records wait for the places they go to. It only grows at its end, is flushed before anything is taken for kept, and is begun anew when
/// nothing in it is waited for. How far each place has got stands in a second file beside it, which is replaced whole. A crash at any moment leaves both readable.
/// </summary>
/// <remarks>
/// A line is <c>E</c> and a record that is not whole yet, or <c>W</c> and a whole one; the first line names the file's generation, so that places of another
/// file are not taken for this one's. What ended and was never made whole, because the process died in between, is made whole as it is at the next start.
/// </remarks>
internal sealed class RecordSpool
{
    private const char EndedMark = 'E';
    private const char WholeMark = 'W';
    private const long WorthRenewing = 1 << 20;
    private const int BatchBytes = 1 << 18;
    private readonly string _file;
    private readonly Dictionary<string, string> _ended = [];
    private readonly Dictionary<string, long> _places = [];
    private readonly Dictionary<string, int> _waiting = [];
    private string _generation = "";
    private long _start;
    private long _length;

    /// <summary>Opens the spool, or makes one.</summary>
    /// <param name="file">The file.</param>
    /// <param name="places">Names of the places that records go to.</param>
    /// <exception cref="IOException">It cannot be read or written.</exception>
    public RecordSpool(string file, IReadOnlyCollection<string> places)
    {
        _file = file;
        foreach (var place in places) (_places[place], _waiting[place]) = (0, 0);
        if (File.Exists(file)) Recover();
        else Begin([]);
    }

    /// <summary>Whole records that a place has not got yet.</summary>
    public int Waiting(string place) => _waiting[place];

    /// <summary>Keeps records; they are on the disk when this returns.</summary>
    /// <exception cref="IOException">They are not.</exception>
    public void Keep(IReadOnlyList<(V1.CallRecord Record, bool Whole)> records)
    {
        var text = new StringBuilder();
        foreach (var (record, whole) in records) text.Append(whole ? WholeMark : EndedMark).Append(RecordJson.Write(record)).Append('\n');
        Append(Encoding.UTF8.GetBytes(text.ToString()));
        foreach (var (record, whole) in records) Note(record, whole);
    }

    /// <summary>Some whole records that a place has not got yet, and how far it has got when it has them.</summary>
    public (List<V1.CallRecord> Records, long Next) Read(string place)
    {
        var from = _places[place];
        var bytes = new byte[Math.Min(BatchBytes, _length - from)];
        using (var file = new FileStream(_file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
        {
            file.Position = from;
            file.ReadExactly(bytes);
        }

        var end = Array.LastIndexOf(bytes, (byte)'\n') + 1;
        // A record longer than a batch: never by what the bridge writes, and not to be stuck at.
        if (end == 0) return ([], _length);
        var records = new List<V1.CallRecord>();
        foreach (var line in Encoding.UTF8.GetString(bytes.AsSpan(0, end)).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            if (line[0] == WholeMark && RecordJson.Read(line[1..]) is { } record) records.Add(record);
        return (records, from + end);
    }

    /// <summary>A place has got so far.</summary>
    /// <exception cref="IOException">It cannot be written down.</exception>
    public void Advance(string place, long next, int records)
    {
        (_places[place], _waiting[place]) = (next, _waiting[place] - records);
        SavePlaces();
        if (_length > WorthRenewing) Renew();
    }

    /// <summary>Begins the file anew if nothing whole in it is waited for.</summary>
    public void Renew()
    {
        if (_length > _start && _places.Values.All(p => p == _length)) Begin([.. _ended.Values]);
    }

    private void Note(V1.CallRecord record, bool whole)
    {
        if (!whole)
        {
            _ended[record.Id] = EndedMark + RecordJson.Write(record) + "\n";
            return;
        }

        _ended.Remove(record.Id);
        foreach (var place in _waiting.Keys) _waiting[place]++;
    }

    private void Append(byte[] bytes)
    {
        using var file = new FileStream(_file, FileMode.Open, FileAccess.Write, FileShare.Read);
        try
        {
            file.Position = _length;
            file.Write(bytes);
            file.Flush(flushToDisk: true);
            _length += bytes.Length;
        }
        catch (IOException)
        {
            // Half a line is none.
            file.SetLength(_length);
            throw;
        }
    }

    private void Begin(IReadOnlyList<string> carried)
    {
        _generation = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        var head = Encoding.UTF8.GetBytes($"spool {_generation}\n");
        var body = Encoding.UTF8.GetBytes(string.Concat(carried));
        Replace(_file, [.. head, .. body]);
        (_start, _length) = (head.Length, head.Length + body.Length);
        // What is carried is not whole: nobody waits for it.
        foreach (var place in _places.Keys) _places[place] = _length;
        SavePlaces();
    }

    private void Recover()
    {
        var bytes = File.ReadAllBytes(_file);
        var end = Array.LastIndexOf(bytes, (byte)'\n') + 1;
        var lines = Encoding.UTF8.GetString(bytes.AsSpan(0, end)).Split('\n');
        if (end == 0 || !lines[0].StartsWith("spool ", StringComparison.Ordinal))
        {
            // Not even its first line was written: there was nothing in it, or it is not ours.
            if (end > 0) throw new IOException($"{_file} is not a spool of call records");
            Begin([]);
            return;
        }

        _generation = lines[0][6..];
        (_start, _length) = (lines[0].Length + 1, end);
        if (end < bytes.Length)
            using (var file = new FileStream(_file, FileMode.Open, FileAccess.Write)) file.SetLength(end);
        ReadPlaces();
        long at = _start;
        foreach (var line in lines.Skip(1))
        {
            if (line.Length == 0) continue;
            if (RecordJson.Read(line[1..]) is { } record)
            {
                if (line[0] == EndedMark) _ended[record.Id] = line + "\n";
                else
                {
                    _ended.Remove(record.Id);
                    foreach (var (place, reached) in _places)
                        if (reached <= at) _waiting[place]++;
                }
            }

            at += Encoding.UTF8.GetByteCount(line) + 1;
        }

        // The process died before these were whole.
        if (_ended.Count > 0) Keep([.. _ended.Values.Select(line => (RecordJson.Read(line[1..])!, true)).ToList()]);
    }

    private void ReadPlaces()
    {
        foreach (var place in _places.Keys) _places[place] = _start;
        try
        {
            var known = JsonSerializer.Deserialize<Places>(File.ReadAllText(PlacesFile));
            if (known is null || known.Generation != _generation) return;
            foreach (var place in _places.Keys)
                if (known.At.TryGetValue(place, out var at) && at >= _start && at <= _length) _places[place] = at;
        }
        catch (Exception e) when (e is FileNotFoundException or JsonException)
        {
            // Then every place begins at the beginning, and what it has already it knows itself.
        }
    }

    private void SavePlaces() => Replace(PlacesFile, JsonSerializer.SerializeToUtf8Bytes(new Places(_generation, _places)));

    private string PlacesFile => _file + ".places";

    private static void Replace(string path, byte[] bytes)
    {
        var next = path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        // Who called whom is nobody else's business.
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(next, options))
        {
            file.Write(bytes);
            file.Flush(flushToDisk: true);
        }

        File.Move(next, path, overwrite: true);
    }

    private sealed record Places(string Generation, Dictionary<string, long> At);
}
