using System.Globalization;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Shards;
using Microsoft.Extensions.Hosting.Systemd;

namespace MgcpSipBridge.Host.Serving;

/// <summary>
/// Tells systemd how we are (sd_notify(3)): READY=1 once everything is bound and loaded, STOPPING=1 at the drain, and, if it watches,
/// WATCHDOG=1 as long as the engine answers. Without systemd nothing happens.
/// </summary>
internal sealed class SystemdWatch : IAsyncDisposable
{
    private readonly SystemdNotifier _notifier = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _watching = Task.CompletedTask;

    /// <summary>Everything is bound and loaded.</summary>
    public void Ready(IShardQueries shard)
    {
        if (!_notifier.IsEnabled) return;
        _notifier.Notify(ServiceState.Ready);
        if (!long.TryParse(Environment.GetEnvironmentVariable("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds) || microseconds == 0) return;
        // Twice per interval, as sd_watchdog_enabled(3) advises.
        _watching = WatchAsync(shard, TimeSpan.FromMicroseconds(microseconds / 2.0));
    }

    /// <summary>The drain begins; it may take <paramref name="most"/>, which systemd is asked to grant.</summary>
    public void Stopping(TimeSpan most)
    {
        if (!_notifier.IsEnabled) return;
        _notifier.Notify(ServiceState.Stopping);
        _notifier.Notify(new ServiceState(string.Create(CultureInfo.InvariantCulture, $"EXTEND_TIMEOUT_USEC={(long)(most + TimeSpan.FromSeconds(5)).TotalMicroseconds}")));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    private async Task WatchAsync(IShardQueries shard, TimeSpan period)
    {
        var alive = new ServiceState("WATCHDOG=1");
        using var timer = new PeriodicTimer(period);
        try
        {
            do
            {
                try
                {
                    await shard.AskAsync(new EngineQuery.Counts(), _stop.Token);
                    _notifier.Notify(alive);
                }
                catch (TimeoutException)
                {
                    // Not a word: systemd restarts us.
                }
            }
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }
}
