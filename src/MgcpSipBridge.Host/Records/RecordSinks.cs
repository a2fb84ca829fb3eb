using System.Text;

namespace MgcpSipBridge.Host.Records;

/// <summary>A place that records go to. Used by one caller at a time.</summary>
internal interface IRecordSink
{
    /// <summary>Its name, one of a closed set.</summary>
    string Name { get; }

    /// <summary>Which of these it has already; asked after a start and after a failure, when nobody else knows.</summary>
    /// <exception cref="IOException">It cannot tell.</exception>
    IReadOnlySet<string> Known(IReadOnlyCollection<string> ids);

    /// <summary>Takes records in; they are on the disk when this returns.</summary>
    /// <exception cref="IOException">None, or only some, are.</exception>
    void Write(IReadOnlyList<V1.CallRecord> records);
}

/// <summary>
/// A file with a line for each record. It is opened for each batch, so that it may be renamed by whoever rotates logs.
/// </summary>
/// <param name="name">The sink's name.</param>
/// <param name="path">The file.</param>
/// <param name="line">Writes a record as a line, without its end; the record's id is in it.</param>
internal sealed class LineFileSink(string name, string path, Func<V1.CallRecord, string> line) : IRecordSink
{
    // A thousand records and more: what one interrupted batch can have left.
    private const int Tail = 4 << 20;

    public string Name => name;

    public IReadOnlySet<string> Known(IReadOnlyCollection<string> ids)
    {
        if (!File.Exists(path)) return new HashSet<string>();
        using var file = Open();
        file.Position = Math.Max(0, file.Length - Tail);
        var bytes = new byte[file.Length - file.Position];
        file.ReadExactly(bytes);
        var text = Encoding.UTF8.GetString(bytes);
        // Half a line is a crash's, and in the spool whole.
        var end = Array.LastIndexOf(bytes, (byte)'\n') + 1;
        if (end < bytes.Length && (end > 0 || bytes.Length < Tail)) file.SetLength(file.Length - bytes.Length + end);
        var whole = text[..(text.LastIndexOf('\n') + 1)];
        return ids.Where(id => whole.Contains(id, StringComparison.Ordinal)).ToHashSet();
    }

    public void Write(IReadOnlyList<V1.CallRecord> records)
    {
        var bytes = Encoding.UTF8.GetBytes(string.Concat(records.Select(record => line(record) + "\n")));
        using var file = Open();
        var before = file.Length;
        try
        {
            file.Position = before;
            file.Write(bytes);
            file.Flush(flushToDisk: true);
        }
        catch (IOException)
        {
            file.SetLength(before);
            throw;
        }
    }

    private FileStream Open()
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite };
        // Who called whom is nobody else's business.
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        return new FileStream(path, options);
    }
}

/// <summary>The storage.</summary>
internal sealed class StoreSink(ICallRecords records) : IRecordSink
{
    public string Name => "storage";

    // It takes no record twice.
    public IReadOnlySet<string> Known(IReadOnlyCollection<string> ids) => new HashSet<string>();

    public void Write(IReadOnlyList<V1.CallRecord> whole)
    {
        try
        {
            records.Add(whole);
        }
        catch (Provisioning.StoreException e)
        {
            throw new IOException(e.Message, e);
        }
    }
}
