using System.Threading.Channels;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Api;
using MgcpSipBridge.Host.Events;
using MgcpSipBridge.Host.Observability;

namespace MgcpSipBridge.Host.Records;

/// <summary>
/// Carries records from the calls to the places where they belong: first into the spool, then, from there, to each place at its own pace. A place that cannot
/// take them is tried again; nothing is lost meanwhile, and nothing is taken twice. Calls never wait for any of it.
/// </summary>
internal sealed partial class RecordClerk : IAsyncDisposable
{
    // What may wait in memory while the spool cannot be written.
    private const int MostUnkept = 100_000;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(20);
    private readonly Channel<(V1.CallRecord Record, bool Whole)> _inbox = Channel.CreateUnbounded<(V1.CallRecord, bool)>(new UnboundedChannelOptions { SingleReader = true });
    private readonly List<(V1.CallRecord Record, bool Whole)> _unkept = [];
    private readonly Dictionary<IRecordSink, bool> _sinks;
    private readonly HashSet<string> _stuck = [];
    private readonly string _file;
    private readonly ICallRecords _shown;
    private readonly Happenings _happenings;
    private readonly RecordMetrics _metrics;
    private readonly ILogger _log;
    private readonly RecordBook _book;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _working;
    private RecordSpool? _spool;
    private string? _trouble;

    /// <param name="state">The node's name and clock.</param>
    /// <param name="shown">Where records can be asked for.</param>
    /// <param name="sinks">The places that they go to.</param>
    /// <param name="file">The spool.</param>
    /// <param name="happenings">Is told what was written down, and what is wrong.</param>
    /// <param name="metrics">Counts.</param>
    /// <param name="log">The log.</param>
    public RecordClerk(BridgeState state, ICallRecords shown, IReadOnlyList<IRecordSink> sinks, string file, Happenings happenings, RecordMetrics metrics, ILogger log)
    {
        (_shown, _file, _happenings, _metrics, _log) = (shown, file, happenings, metrics, log);
        // True: what it has already is not known.
        _sinks = sinks.ToDictionary(sink => sink, _ => true);
        _book = new RecordBook(state, record => Take(record, whole: false), record => Take(record, whole: true));
        _working = Task.Run(WorkAsync);
    }

    /// <summary>Where records can be asked for.</summary>
    public ICallRecords Shown => _shown;

    /// <summary>Takes a note of the engine.</summary>
    public void Apply(EngineNote note) => _book.Apply(note);

    /// <summary>Writes down what there is, and tries each place once more.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _working;
        _book.Sweep(null);
        Step();
        _stop.Dispose();
    }

    private void Take(V1.CallRecord record, bool whole)
    {
        if (_sinks.Count > 0 && !_inbox.Writer.TryWrite((record, whole))) _metrics.Lost(1);
        if (!whole) return;
        _metrics.Recorded();
        if (!_shown.Lasts) _shown.Add([record]);
        _happenings.Feed.Publish("call.recorded", "calls/", record.Call, record, static (e, r) => e.Record = r);
    }

    private async Task WorkAsync()
    {
        var swept = TimeProvider.System.GetTimestamp();
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                Step();
                if (TimeProvider.System.GetElapsedTime(swept) > Pause)
                {
                    _book.Sweep(DateTime.UtcNow);
                    swept = TimeProvider.System.GetTimestamp();
                }

                // Something new, or the time to try again what did not work and to close what waits for nothing any more.
                using var pause = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                pause.CancelAfter(Pause);
                try
                {
                    await _inbox.Reader.WaitToReadAsync(pause.Token);
                    // What comes together is kept together: one flush of the disk for many.
                    await Task.Delay(Gather, _stop.Token);
                }
                catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
                {
                    // Nothing new.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The bridge ends.
        }
    }

    private void Step()
    {
        while (_inbox.Reader.TryRead(out var one)) _unkept.Add(one);
        if (_sinks.Count == 0) return;
        if (_unkept.Count > MostUnkept)
        {
            _metrics.Lost(_unkept.Count(r => r.Whole) - _unkept.Skip(_unkept.Count - MostUnkept).Count(r => r.Whole));
            _unkept.RemoveRange(0, _unkept.Count - MostUnkept);
        }

        // The spool is made with the first record, and looked at once at the start.
        if (_spool is null && _unkept.Count == 0 && !File.Exists(_file)) return;
        try
        {
            _spool ??= new RecordSpool(_file, [.. _sinks.Keys.Select(s => s.Name)]);
            if (_unkept.Count > 0) _spool.Keep(_unkept);
            _unkept.Clear();
            foreach (var sink in _sinks.Keys.ToList()) Deliver(_spool, sink);
            if (_stop.IsCancellationRequested) _spool.Renew();
            Say(null);
        }
#pragma warning disable CA1031 // Records must be written again, whatever the bug.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _metrics.Failed("spool");
            Say(e.Message);
        }

        foreach (var sink in _sinks.Keys) _metrics.Waiting(sink.Name, (_spool?.Waiting(sink.Name) ?? 0) + _unkept.Count(r => r.Whole));
    }

    private void Deliver(RecordSpool spool, IRecordSink sink)
    {
        try
        {
            while (spool.Waiting(sink.Name) > 0)
            {
                var (records, next) = spool.Read(sink.Name);
                var missing = records;
                if (_sinks[sink] && records.Count > 0)
                {
                    var known = sink.Known([.. records.Select(r => r.Id)]);
                    missing = [.. records.Where(r => !known.Contains(r.Id))];
                }

                _sinks[sink] = true;
                if (missing.Count > 0) sink.Write(missing);
                // It has them, also where that cannot be written down now; the spool knows it as long as we live, so that they do not come again.
                _metrics.Written(sink.Name, missing.Count);
                spool.Advance(sink.Name, next, records.Count);
                _sinks[sink] = false;
            }

            Alarm(sink, null);
        }
#pragma warning disable CA1031 // A bug in one place must not keep records from the others.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _metrics.Failed(sink.Name);
            Alarm(sink, e.Message);
        }
    }

    private void Alarm(IRecordSink sink, string? problem)
    {
        _happenings.Alarms.Set("RECORDS_WAITING", "cdr/" + sink.Name, problem is not null, V1.Alarm.Types.Severity.Warning, problem ?? "");
        // Said when it begins, not with every try.
        if (problem is null) _stuck.Remove(sink.Name);
        else if (_stuck.Add(sink.Name)) Log.SinkFailed(_log, sink.Name, problem);
    }

    // Said when it begins and when it is over, not with every try.
    private void Say(string? problem)
    {
        if (problem is not null && _trouble is null) Log.SpoolFailed(_log, _file, problem);
        if (problem is null && _trouble is not null) Log.SpoolWorks(_log, _file);
        if ((problem is null) != (_trouble is null)) _happenings.Alarms.Set("RECORDS_WAITING", "cdr/spool", problem is not null, V1.Alarm.Types.Severity.Critical, problem ?? "");
        _trouble = problem;
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 6040, EventName = "CallRecordSpoolFailed", Level = LogLevel.Error, Message = "Call records wait in memory, for {File} cannot be written: {Problem}. Calls go on")]
        internal static partial void SpoolFailed(ILogger logger, string file, string problem);

        [LoggerMessage(EventId = 6041, EventName = "CallRecordSpoolWorks", Level = LogLevel.Information, Message = "Call records are written into {File} again")]
        internal static partial void SpoolWorks(ILogger logger, string file);

        [LoggerMessage(EventId = 6042, EventName = "CallRecordSinkFailed", Level = LogLevel.Warning, Message = "Call records wait in the spool, for {Sink} does not take them: {Problem}")]
        internal static partial void SinkFailed(ILogger logger, string sink, string problem);
    }
}
