using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Api;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Observability;
using Prometheus;

namespace MgcpSipBridge.Host.Events;

/// <summary>What happens and what is wrong, put together.</summary>
internal sealed class Happenings : IDisposable
{
    public Happenings(EventsSection settings, BridgeState state, CollectorRegistry registry)
    {
        Metrics = new EventMetrics(registry);
        Log = new EventLog(settings.Kept, settings.MaxWatchers, Metrics);
        Turns = new EventTurns(Log.Stopping);
        Feed = new EventFeed(Log, state);
        Alarms = new AlarmBoard(Feed);
    }

    /// <summary>Counts.</summary>
    public EventMetrics Metrics { get; }

    /// <summary>The events.</summary>
    public EventLog Log { get; }

    /// <summary>Where they are written to those who read them.</summary>
    public EventTurns Turns { get; }

    /// <summary>Makes them.</summary>
    public EventFeed Feed { get; }

    /// <summary>What is wrong.</summary>
    public AlarmBoard Alarms { get; }

    /// <summary>Takes a note of the engine.</summary>
    public void Apply(EngineNote note)
    {
        if (note is EngineNote.FeatureUsed used) Metrics.Used(used.Feature);
        if (note is EngineNote.FaxChanged { First: true } fax) Metrics.Faxed(fax.Mode);
        if (note is EngineNote.TransferEnded ended) Metrics.Transferred(ended.Done);
        Metrics.Apply(note);
        Feed.Apply(note);
        Alarms.Apply(note);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Alarms.Dispose();
        Log.Dispose();
        Turns.Dispose();
    }
}
