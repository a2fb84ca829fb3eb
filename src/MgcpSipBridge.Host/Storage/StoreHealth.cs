using MgcpSipBridge.Host.Events;
using MgcpSipBridge.Host.Observability;
using MgcpSipBridge.Host.Provisioning;

namespace MgcpSipBridge.Host.Storage;

/// <summary>
/// Whether the storage works: asks it now and then, listens to those who use it, and tells operators once when it stops working and once when it works again.
/// </summary>
internal sealed partial class StoreHealth : IAsyncDisposable
{
    private const string Alarm = "STORE_UNAVAILABLE";
    private readonly IProvisioningStore _store;
    private readonly ProvisioningMetrics _metrics;
    private readonly AlarmBoard _alarms;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private Task _watching = Task.CompletedTask;
    private string? _trouble;
    private string? _toldOfCopy;

    public StoreHealth(IProvisioningStore store, ProvisioningMetrics metrics, AlarmBoard alarms, ILogger log)
    {
        (_store, _metrics, _alarms, _log) = (store, metrics, alarms, log);
        _metrics.StoreUp(true);
        store.Timed = metrics.StoreTook;
        if (store.Away is not { } away) return;
        Log.Copied(log, away);
        Failed("read", away);
    }

    /// <summary>Reads the storage when it is back after a start without it.</summary>
    public Provisioner? Rereads { get; init; }

    /// <summary>What is wrong; null when nothing is.</summary>
    public string? Trouble => Volatile.Read(ref _trouble);

    /// <summary>Looks at the storage from now on, each time when so much has passed.</summary>
    public void Start(TimeSpan every) => _watching = Task.Run(() => WatchAsync(every));

    /// <summary>Somebody could not <c>read</c> or <c>write</c> it.</summary>
    public void Failed(string op, string problem)
    {
        _metrics.StoreFailed(op);
        lock (_gate)
        {
            if (_trouble is null) Log.Away(_log, problem);
            _trouble = problem;
            _metrics.StoreUp(false);
            _alarms.Set(Alarm, "", true, V1.Alarm.Types.Severity.Warning, problem);
        }
    }

    /// <summary>Somebody wrote into it.</summary>
    public void Works()
    {
        lock (_gate)
        {
            // Somebody may write already what the bridge has yet to read.
            if (_trouble is null || Rereads?.Unread is not null) return;
            _trouble = null;
            _metrics.StoreUp(true);
            _alarms.Set(Alarm, "", false, V1.Alarm.Types.Severity.Warning);
            Log.Back(_log, _store.Name);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    private async Task WatchAsync(TimeSpan every)
    {
        using var timer = new PeriodicTimer(every);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token)) await LookAsync();
        }
        catch (OperationCanceledException)
        {
            // The bridge ends.
        }
    }

    private async Task LookAsync()
    {
        // What stopped a write is over when a write goes through; for the rest, reading is enough and wears no disk.
        var ailing = Trouble is not null;
        try
        {
            _store.Check(write: ailing);
            if (Rereads is { Unread: not null } late)
            {
                await late.RereadAsync();
                if (late.Unread is { } problem) throw new StoreException(problem);
                Log.Read(_log, _store.Name);
            }

            if (ailing) Works();
            if (_store.CopyProblem is { } reason && reason != _toldOfCopy) Log.NotCopied(_log, _store.Name, reason);
            _toldOfCopy = _store.CopyProblem;
        }
        catch (StoreException e)
        {
            Failed("check", e.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 6060, EventName = "StoreAway", Level = LogLevel.Warning, Message = "The storage does not work: {Problem}. Changes are refused, calls go on")]
        internal static partial void Away(ILogger logger, string problem);

        [LoggerMessage(EventId = 6065, EventName = "StoreCopyUsed", Level = LogLevel.Warning, Message = "The bridge starts without its storage: {Problem}. Changes are refused until it has been read")]
        internal static partial void Copied(ILogger logger, string problem);

        [LoggerMessage(EventId = 6066, EventName = "StoreReadLate", Level = LogLevel.Information, Message = "The storage {Store} has been read, and what it keeps is in force")]
        internal static partial void Read(ILogger logger, string store);

        [LoggerMessage(EventId = 6067, EventName = "StoreNotCopied", Level = LogLevel.Warning, Message = "What {Store} keeps cannot be copied onto this machine, so that a restart without it would fail: {Problem}")]
        internal static partial void NotCopied(ILogger logger, string store, string problem);

        [LoggerMessage(EventId = 6061, EventName = "StoreBack", Level = LogLevel.Information, Message = "The storage {Store} works again")]
        internal static partial void Back(ILogger logger, string store);
    }
}
