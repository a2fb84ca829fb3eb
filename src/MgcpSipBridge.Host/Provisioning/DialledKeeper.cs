using System.Collections.Immutable;
using System.Text.Json;
using System.Threading.Channels;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Observability;

namespace MgcpSipBridge.Host.Provisioning;

/// <summary>
/// Keeps what was set at phones by service codes, so that a restart does not undo it. Whoever dialled has the tone of confirmation already: a storage that cannot be
/// written loses it with the next restart, and an operator is told.
/// </summary>
internal sealed partial class DialledKeeper : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull };
    private readonly Channel<EngineNote.LineDialled> _notes = Channel.CreateUnbounded<EngineNote.LineDialled>(new UnboundedChannelOptions { SingleReader = true });
    private readonly IProvisioningStore _store;
    private readonly ProvisioningMetrics _metrics;
    private readonly ILogger _log;
    private readonly Task _writing;

    public DialledKeeper(IProvisioningStore store, ProvisioningMetrics metrics, ILogger log)
    {
        (_store, _metrics, _log) = (store, metrics, log);
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
        await foreach (var note in _notes.Reader.ReadAllAsync())
        {
            try
            {
                _store.Dialled.Write(note.Line, note.Dialled == DialledFeatures.None ? null : JsonSerializer.Serialize(note.Dialled, Json));
            }
            catch (StoreException e)
            {
                _metrics.StoreFailed("write");
                Log.NotKept(_log, e.Message);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 6013, EventName = "DialledNotKept", Level = LogLevel.Warning, Message = "What a phone set by a service code holds only until the next restart, because it cannot be kept: {Reason}")]
        internal static partial void NotKept(ILogger logger, string reason);
    }
}
