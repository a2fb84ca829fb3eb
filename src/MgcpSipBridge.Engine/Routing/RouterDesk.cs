using System.Collections.Immutable;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine;

/// <summary>The clients that route calls, and the questions that wait for their answers. Each has one deadline, after which the routes decide.</summary>
internal sealed class RouterDesk(EngineCore core)
{
    /// <summary>Questions that may wait for one router; whoever has more to answer will be late with them.</summary>
    private const int MostWaiting = 1000;

    /// <summary>Deadlines missed in a row after which only one call at a time waits for a router, until it answers one.</summary>
    private const int MostSilences = 5;

    private readonly Dictionary<long, PendingRouting> _pending = [];
    private readonly Dictionary<string, PendingRouting> _ofLines = new(StringComparer.Ordinal);
    private readonly Dictionary<SipCallHandle, PendingRouting> _ofPeers = [];
    private readonly HashSet<string> _sipCallIds = new(StringComparer.Ordinal);
    private readonly Queue<string> _left = new();
    private readonly TimerQueue<long> _deadlines = new();
    private ImmutableArray<Asked> _routers = [];
    private long _lastQuery;

    /// <summary>When the first question is given up; null when none waits.</summary>
    public Instant? NextDeadline => _deadlines.NextDeadline;

    /// <summary>Questions that wait.</summary>
    public int Count => _pending.Count;

    /// <summary>Whether there is anybody who routes.</summary>
    public bool AsksAnybody => !_routers.IsEmpty;

    /// <summary>These are all that route; answers those questions that one who has left will not.</summary>
    public IReadOnlyList<PendingRouting> Set(ImmutableArray<RouterModel> routers)
    {
        var known = _routers.ToDictionary(static router => router.Model.Id);
        _routers = [.. routers.OrderByDescending(static router => router.Priority).ThenByDescending(static router => router.Id).Select(router => known.GetValueOrDefault(router.Id) ?? new Asked(router))];
        var left = _pending.Values.Where(pending => !_routers.Contains(pending.Router)).OrderBy(static pending => pending.Query).ToList();
        foreach (var pending in left) Remove(pending);
        return left;
    }

    /// <summary>Asks whoever wants to route such a call; false when nobody does, or he is not to be waited for. Nobody who calls for help waits for an answer.</summary>
    public bool Ask(RouterQuestion question, SipEvent.IncomingCall? incoming = null)
    {
        if (_routers.IsEmpty || core.Routes.Emergencies.Contains(question.Number)) return false;
        foreach (var router in _routers)
        {
            if (!router.Model.Wants(question)) continue;
            if (router.Waiting >= (router.Silences < MostSilences ? MostWaiting : 1))
            {
                core.Note(new EngineNote.RoutingDecided(question.CallId, router.Model.Name, RoutingResult.Busy, TimeSpan.Zero));
                return false;
            }

            var pending = new PendingRouting(++_lastQuery, router, core.Now, question, incoming);
            router.Waiting++;
            _pending[pending.Query] = pending;
            if (incoming is null) _ofLines[question.CallId] = pending;
            else
            {
                _ofPeers[incoming.Call] = pending;
                _sipCallIds.Add(incoming.SipCallId);
            }

            _deadlines.Set(pending.Query, core.Now + core.Settings.RouterDeadline);
            core.Emit(new EngineOutput.AskRouter(pending.Query, router.Model.Id, question));
            return true;
        }

        return false;
    }

    /// <summary>Takes a question that its router answers; null when it waits no longer, or was another's.</summary>
    public PendingRouting? Answer(long query, long router)
    {
        if (!_pending.TryGetValue(query, out var pending) || pending.Router.Model.Id != router) return null;
        Remove(pending);
        pending.Router.Silences = 0;
        return pending;
    }

    /// <summary>Takes the next question whose time is up.</summary>
    public PendingRouting? TakeDue()
    {
        if (!_deadlines.TryTakeDue(core.Now, out var query) || !_pending.TryGetValue(query, out var pending)) return null;
        Remove(pending);
        pending.Router.Silences++;
        return pending;
    }

    /// <summary>A line's call is given up: what was asked of it needs no answer.</summary>
    public void Abandon(string callId)
    {
        if (_ofLines.TryGetValue(callId, out var waiting)) Abandon(waiting);
    }

    /// <summary>A peer's call is given up; whether one waited.</summary>
    public bool Abandon(SipCallHandle call)
    {
        if (!_ofPeers.TryGetValue(call, out var waiting)) return false;
        Abandon(waiting);
        return true;
    }

    /// <summary>Whether a peer's call with this Call-ID waits.</summary>
    public bool Waits(string sipCallId) => _sipCallIds.Contains(sipCallId);

    /// <summary>Takes the Call-ID of a peer's call that waits no longer, whatever became of it.</summary>
    public bool TryTakeLeft(out string sipCallId) => _left.TryDequeue(out sipCallId!);

    /// <summary>Says what came of a question.</summary>
    public void Note(PendingRouting pending, RoutingResult result) =>
        core.Note(new EngineNote.RoutingDecided(pending.Question.CallId, pending.Router.Model.Name, result, core.Now - pending.Asked));

    private void Abandon(PendingRouting pending)
    {
        Remove(pending);
        Note(pending, RoutingResult.Abandoned);
    }

    private void Remove(PendingRouting pending)
    {
        _pending.Remove(pending.Query);
        pending.Router.Waiting--;
        _ofLines.Remove(pending.Question.CallId);
        if (pending.Incoming is { } incoming)
        {
            _ofPeers.Remove(incoming.Call);
            _sipCallIds.Remove(incoming.SipCallId);
            _left.Enqueue(incoming.SipCallId);
        }

        _deadlines.Cancel(pending.Query);
    }

    /// <summary>A router, and how it does.</summary>
    internal sealed class Asked(RouterModel model)
    {
        public RouterModel Model { get; } = model;

        /// <summary>Its questions that wait.</summary>
        public int Waiting { get; set; }

        /// <summary>Deadlines that it has missed since its last answer.</summary>
        public int Silences { get; set; }
    }
}
