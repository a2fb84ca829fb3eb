using MgcpSipBridge.Engine;

namespace MgcpSipBridge.Host.Observability.Tracing;

/// <summary>A stretch of a call.</summary>
internal readonly record struct CallPhase(string Name, DateTime Start, DateTime End);

/// <summary>A call that is over, with all that was told of it.</summary>
/// <param name="Record">How it ended.</param>
/// <param name="Start">When it began (UTC).</param>
/// <param name="End">When nothing of it was left.</param>
/// <param name="Phases">Its stretches, one after the other.</param>
/// <param name="Features">What was used in it, and when.</param>
internal sealed record TracedCall(CallRecord Record, DateTime Start, DateTime End, IReadOnlyList<CallPhase> Phases, IReadOnlyList<(DateTime At, CallFeature Feature)> Features);

/// <summary>
/// Follows calls by the engine's notes: who dials until when, from when it rings, from when they talk. Holds no more than so many calls; what is not told to its end
/// is forgotten.
/// </summary>
internal sealed class CallTimes(int most)
{
    // What the gateway and the relay tell last comes a moment after the end; a gateway that answers no more is waited for so long.
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(2);
    private readonly Dictionary<string, Times> _calls = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Times> _dialling = new(StringComparer.Ordinal);
    private readonly List<Times> _ending = [];
    private DateTime _swept;

    /// <summary>Calls that are followed.</summary>
    public int Count => _calls.Count;

    /// <summary>Whether a note is of use here.</summary>
    public static bool Wants(EngineNote note) => note
        is EngineNote.CallStarted or EngineNote.LineChanged { From: LineState.Dialing } or EngineNote.PostDialDelay or EngineNote.CallAnswered or EngineNote.FeatureUsed or EngineNote.CallEnded
        or EngineNote.MediaChanged or EngineNote.GatewayCounted;

    /// <summary>Takes a note; false when there is no room for another call.</summary>
    public bool Take(DateTime at, EngineNote note)
    {
        switch (note)
        {
            case EngineNote.CallStarted started:
                if (_calls.Count >= most) return false;
                var call = _calls[started.CallId] = new Times(at, started.Line);
                if (started.FromLine) _dialling[started.Line] = call;
                else call.Dialled = at;
                break;
            case EngineNote.LineChanged { From: LineState.Dialing } line when _dialling.Remove(line.Line, out var dialling):
                dialling.Dialled = at;
                break;
            case EngineNote.PostDialDelay ringing when Find(ringing.CallId) is { } known:
                (known.Ringing, known.Dialled) = (at, known.Since(at - ringing.Delay));
                break;
            case EngineNote.CallAnswered answered when Find(answered.CallId) is { } known:
                (known.Answered, known.Dialled) = (at, known.Since(at - answered.Setup));
                break;
            case EngineNote.FeatureUsed used when Find(used.CallId) is { } known:
                known.Features.Add((at, used.Feature));
                break;
            case EngineNote.MediaChanged media when Find(media.CallId) is { } known:
                known.Media += media.Open ? 1 : -1;
                known.Last = at;
                break;
            case EngineNote.GatewayCounted counted when Find(counted.CallId) is { } known:
                known.Last = at;
                break;
            case EngineNote.CallEnded ended when Find(ended.Record.Call.CallId) is { } known:
                (known.Ended, known.Last, known.Record) = (at, at, ended.Record);
                if (_dialling.TryGetValue(known.Line, out var still) && still == known) _dialling.Remove(known.Line);
                _ending.Add(known);
                break;
        }

        return true;
    }

    /// <summary>The calls of which nothing more will be told.</summary>
    public IReadOnlyList<TracedCall> Finish(DateTime now)
    {
        var over = _ending.Where(call => now - call.Last > (call.Media > 0 ? LongestRest : Rest)).ToList();
        foreach (var call in over)
        {
            _ending.Remove(call);
            _calls.Remove(call.Record!.Call.CallId);
        }

        // An end that was not told, for the queue was full then.
        if (now - _swept > TimeSpan.FromHours(1))
        {
            foreach (var (id, _) in _calls.Where(c => now - c.Value.Start > Longest).ToList()) _calls.Remove(id);
            foreach (var (line, _) in _dialling.Where(c => now - c.Value.Start > Longest).ToList()) _dialling.Remove(line);
            _swept = now;
        }

        return [.. over.Select(Told)];
    }

    private static TracedCall Told(Times call)
    {
        var phases = new List<CallPhase>();
        var end = call.Ended!.Value;
        void Add(string name, DateTime? from, params ReadOnlySpan<DateTime?> until)
        {
            if (from is not { } start) return;
            var stop = end;
            foreach (var at in until)
            {
                if (at is not { } first) continue;
                stop = first;
                break;
            }

            // Clocks that were set meanwhile must not make a stretch end before it began.
            if (stop >= start) phases.Add(new CallPhase(name, start, stop));
        }

        if (call.Record!.Call.FromLine) Add("dialling", call.Start, call.Dialled);
        Add("setup", call.Dialled, call.Ringing, call.Answered);
        Add("ringing", call.Ringing, call.Answered);
        Add("talking", call.Answered);
        if (call.Last > end) phases.Add(new CallPhase("teardown", end, call.Last));
        return new TracedCall(call.Record, call.Start, call.Last, phases, call.Features);
    }

    private Times? Find(string id) => _calls.GetValueOrDefault(id);

    private sealed class Times(DateTime start, string line)
    {
        public DateTime Start { get; } = start;
        public string Line { get; } = line;
        public DateTime? Dialled { get; set; }
        public DateTime? Ringing { get; set; }
        public DateTime? Answered { get; set; }
        public DateTime? Ended { get; set; }
        public DateTime Last { get; set; }
        public int Media { get; set; }
        public CallRecord? Record { get; set; }
        public List<(DateTime, CallFeature)> Features { get; } = [];

        // The engine's clock is not the wall's.
        public DateTime Since(DateTime at) => at < Start ? Start : at;
    }
}
