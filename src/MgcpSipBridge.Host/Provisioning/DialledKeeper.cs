using System.Collections.Immutable;
using System.Text.Json;
using System.Threading.Channels;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Storage;

namespace MgcpSipBridge.Host.Provisioning;

/// <summary>
/// Keeps what was set at phones by service codes, so that a restart does not undo it. Whoever dialled has the tone of confirmation already: a storage that cannot be
/// written is tried again until it can be, and an operator is told.
/// </summary>
internal sealed partial class DialledKeeper : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull };
    private readonly Channel<EngineNote.LineDialled> _notes = Channel.CreateUnbounded<EngineNote.LineDialled>(new UnboundedChannelOptions { SingleReader = true });
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly IProvisioningStore _store;
    private readonly StoreHealth _health;
    private readonly ILogger _log;
    private readonly Task _writing;

    public DialledKeeper(IProvisioningStore store, StoreHealth health, ILogger log)
    {
        (_store, _health, _log) = (store, health, log);
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>What is kept, by the lines' numbers.</summary>
    /// <exception cref="StoreException">It cannot be read.</exception>
    public ImmutableDictionary<string, DialledFeatures> Load()
    {
        try
        {
            return _store.Dialled.Load().ToImmutableDictionary(kept => kept.Key, kept => JsonSerializer.Deserialize<DialledFeatures>(kept.Value, Json) ?? DialledFeatures.None, StringComparer.Ordinal);
        }
        catch (JsonException e)
        {
            throw new StoreException($"{_store.Name}: what was set at a phone cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Follows the engine's notes. Called by the shard's loop, so that writing is done elsewhere.</summary>
    public void Apply(EngineNote note)
    {
        if (note is EngineNote.LineDialled dialled) _notes.Writer.TryWrite(dialled);
    }

    /// <summary>Ends when all is written.</summary>
    public async ValueTask DisposeAsync()
    {
        _notes.Writer.TryComplete();
        await _writing;
    }

    private async Task WriteAsync()
    {
        // The latest of each line; what could not be written stays here.
        var waiting = new Dictionary<string, DialledFeatures>(StringComparer.Ordinal);
        while (true)
        {
            using var pause = new CancellationTokenSource();
            if (waiting.Count > 0) pause.CancelAfter(Pause);
            try
            {
                if (!await _notes.Reader.WaitToReadAsync(pause.Token)) break;
            }
            catch (OperationCanceledException)
            {
                // Nothing new: time to try the old again.
            }

            while (_notes.Reader.TryRead(out var note)) waiting[note.Line] = note.Dialled;
            Write(waiting);
        }

        Write(waiting);
        if (waiting.Count > 0) Log.Lost(_log, waiting.Count);
    }

    private void Write(Dictionary<string, DialledFeatures> waiting)
    {
        foreach (var (line, dialled) in waiting.ToList())
        {
            try
            {
                _store.Dialled.Write(line, dialled == DialledFeatures.None ? null : JsonSerializer.Serialize(dialled, Json));
                waiting.Remove(line);
            }
            catch (StoreException e)
            {
                // The others would fare no better.
                if (_health.Trouble is null) Log.NotKept(_log, e.Message);
                _health.Failed("write", e.Message);
                return;
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 6013, EventName = "DialledNotKept", Level = LogLevel.Warning, Message = "What a phone set by a service code cannot be kept yet, and is tried again: {Reason}")]
        internal static partial void NotKept(ILogger logger, string reason);

        [LoggerMessage(EventId = 6014, EventName = "DialledLost", Level = LogLevel.Warning, Message = "What {Lines} phones set by service codes could not be kept until the end, and is lost")]
        internal static partial void Lost(ILogger logger, int lines);
    }
}
