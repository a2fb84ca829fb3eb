using System.Collections.Immutable;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Events;
using MgcpSipBridge.Host.Observability;

namespace MgcpSipBridge.Host.Routing;

/// <summary>
/// The clients that route calls. Questions are put where each of them fetches its own; one that does not fetch them loses them, and the engine goes on without it when the
/// time is up. Nothing here is waited for by a call.
/// </summary>
internal sealed partial class RouterHub(Action<EngineInput> post, TimeSpan deadline, Happenings happenings, RoutingMetrics metrics, ILogger log)
{
    /// <summary>Most routers at a time.</summary>
    public const int MostRouters = 100;

    private const string Alarm = "ROUTER_LEFT";
    private readonly Lock _gate = new();
    private readonly Dictionary<long, Station> _stations = [];
    private readonly HashSet<long> _serving = [];
    private readonly Queue<string> _lost = [];
    private long _lastId;

    /// <summary>Those that route at the moment, in the order in which they registered.</summary>
    public IReadOnlyList<Station> All
    {
        get
        {
            lock (_gate) return [.. _serving.Order().Select(id => _stations[id])];
        }
    }

    /// <summary>A place for a client that is about to route; null when there are too many. Nothing is asked of it before it begins.</summary>
    public Station? Enter(RouterModel model, string who)
    {
        lock (_gate)
        {
            if (_stations.Count >= MostRouters) return null;
            var station = new Station(model with { Id = ++_lastId }, deadline, who);
            return _stations[station.Model.Id] = station;
        }
    }

    /// <summary>It routes from now on.</summary>
    public void Begin(Station station)
    {
        var name = station.Model.Name;
        lock (_gate)
        {
            _serving.Add(station.Model.Id);
            Tell();
            happenings.Feed.Publish("router.joined", "routers/", name);
            happenings.Alarms.Set(Alarm, "routers/" + name, false, V1.Alarm.Types.Severity.Warning);
        }

        Log.Joined(log, name, station.Client);
    }

    /// <summary>It routes no more; <paramref name="orderly"/>: it said so, and did not just vanish.</summary>
    public void Leave(Station station, bool orderly)
    {
        var name = station.Model.Name;
        bool lost;
        lock (_gate)
        {
            if (!_stations.Remove(station.Model.Id) || !_serving.Remove(station.Model.Id)) return;
            lost = !orderly && !_serving.Any(other => _stations[other].Model.Name == name);
            Tell();
            happenings.Feed.Publish("router.left", "routers/", name);
            if (lost) Miss(name);
        }

        station.Close();
        if (lost) Log.Lost(log, name);
        else Log.Left(log, name);
    }

    /// <summary>The engine wants to know. Never waits.</summary>
    public void Ask(EngineOutput.AskRouter question)
    {
        Station? station;
        lock (_gate) station = _stations.GetValueOrDefault(question.Router);
        station?.Put(question);
    }

    /// <summary>A router answers. What it was not asked, or has answered already, does not come to the engine.</summary>
    public void Answer(Station station, long query, RouterDecision decision)
    {
        if (station.Take(query)) post(new EngineInput.Decided(query, station.Model.Id, station.Model.Name, decision));
        else metrics.Late();
    }

    // Under the gate: the engine hears of changes in their order.
    private void Tell()
    {
        metrics.Routers(_serving.Count);
        post(new EngineInput.Routers([.. _serving.Select(id => _stations[id].Model)]));
    }

    // Names are the clients' to choose: as many as may route are missed, and no more.
    private void Miss(string name)
    {
        _lost.Enqueue(name);
        if (_lost.Count > MostRouters) happenings.Alarms.Set(Alarm, "routers/" + _lost.Dequeue(), false, V1.Alarm.Types.Severity.Warning);
        happenings.Alarms.Set(Alarm, "routers/" + name, true, V1.Alarm.Types.Severity.Warning, "was cut off; calls go by the routes");
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 4015, EventName = "RouterJoined", Level = LogLevel.Information, Message = "Router {Router} decides about calls from now on; registered by {Client}")]
        internal static partial void Joined(ILogger logger, string router, string client);

        [LoggerMessage(EventId = 4016, EventName = "RouterLeft", Level = LogLevel.Information, Message = "Router {Router} no longer decides about calls")]
        internal static partial void Left(ILogger logger, string router);

        [LoggerMessage(EventId = 4017, EventName = "RouterLost", Level = LogLevel.Warning, Message = "Router {Router} was cut off: calls go by the routes")]
        internal static partial void Lost(ILogger logger, string router);
    }
}
