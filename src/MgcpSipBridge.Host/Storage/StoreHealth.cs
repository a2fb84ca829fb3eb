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

    public StoreHealth(IProvisioningStore store, ProvisioningMetrics metrics, AlarmBoard alarms, ILogger log)
    {
        (_store, _metrics, _alarms, _log) = (store, metrics, alarms, log);
        _metrics.StoreUp(true);
    }

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
            if (_trouble is null) return;
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
            while (await timer.WaitForNextTickAsync(_stop.Token)) Look();
        }
        catch (OperationCanceledException)
        {
            // The bridge ends.
        }
    }

    private void Look()
    {
        // What stopped a write is over when a write goes through; for the rest, reading is enough and wears no disk.
        var ailing = Trouble is not null;
        try
        {
            _store.Check(write: ailing);
            if (ailing) Works();
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

        [LoggerMessage(EventId = 6061, EventName = "StoreBack", Level = LogLevel.Information, Message = "The storage {Store} works again")]
        internal static partial void Back(ILogger logger, string store);
    }
}
