using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Api;
using MgcpSipBridge.Host.Events;
using MgcpSipBridge.Host.Observability;
using MgcpSipBridge.Media;

namespace MgcpSipBridge.Host.Records;

/// <summary>
/// Puts the records together from the engine's notes. What a call was is known at its end; what its gateway and the relay counted comes a moment later. So a
/// record is told twice: at once, that it may be kept, and whole, when all is there or the moment is over.
/// </summary>
/// <param name="state">The node's name and clock.</param>
/// <param name="ended">Is told a record that is not whole yet. The object is the taker's own.</param>
/// <param name="whole">Is told the whole record.</param>
internal sealed class RecordBook(BridgeState state, Action<V1.CallRecord> ended, Action<V1.CallRecord> whole)
{
    /// <summary>How long is waited for what is still missing.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // Notes come from the shard, the passing of time from the clerk.
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _open = [];

    /// <summary>Calls that are not written down yet.</summary>
    public int Open
    {
        get
        {
            lock (_gate) return _open.Count;
        }
    }

    /// <summary>Takes a note.</summary>
    public void Apply(EngineNote note)
    {
        // One for each message on the wire: not worth the lock.
        if (note is EngineNote.Sip or EngineNote.Mgcp) return;
        lock (_gate)
        {
            switch (note)
            {
                case EngineNote.CallStarted started:
                    _open[started.CallId] = new Entry();
                    break;
                case EngineNote.PostDialDelay ringing when Of(ringing.CallId) is { } entry:
                    entry.Record.PostDialDelay = Duration.FromTimeSpan(ringing.Delay);
                    break;
                case EngineNote.AudioChanged audio when audio.Audio != RelayAudio.Flowing && Of(audio.CallId) is { } entry:
                    if (entry.Record.Silences.IndexOf(EventFeed.Word(audio.Audio)) < 0) entry.Record.Silences.Add(EventFeed.Word(audio.Audio));
                    break;
                case EngineNote.MediaChanged { CallId.Length: > 0 } media when Of(media.CallId) is { } entry:
                    entry.MediaOpen = media.Open;
                    if (media.Statistics is { } counted) (entry.Record.GatewayMedia, entry.Record.SipMedia) = (Counted(counted.Gateway), Counted(counted.Sip));
                    Close(media.CallId, entry);
                    break;
                case EngineNote.FeatureUsed used when Of(used.CallId) is { } entry:
                    if (entry.Record.Features.IndexOf(EventFeed.Word(used.Feature)) < 0) entry.Record.Features.Add(EventFeed.Word(used.Feature));
                    break;
                case EngineNote.GatewayCounted told when Of(told.CallId) is { } entry:
                    entry.Record.GatewayCounters = told.Counted.ToMessage();
                    Close(told.CallId, entry);
                    break;
                case EngineNote.CallEnded end:
                    End(end.Record);
                    break;
            }
        }
    }

    /// <summary>Closes what has waited long enough; all that has ended when <paramref name="now"/> is null.</summary>
    public void Sweep(DateTime? now)
    {
        lock (_gate)
            foreach (var (call, entry) in _open.Where(e => e.Value.Ended is { } at && (now is null || now - at > Patience)).ToList())
            {
                _open.Remove(call);
                whole(entry.Record);
            }
    }

    private Entry? Of(string call) => _open.GetValueOrDefault(call);

    private void End(CallRecord record)
    {
        var call = record.Call;
        if (Of(call.CallId) is not { } entry) _open[call.CallId] = entry = new Entry();
        var (started, over) = (state.Clock.ToUtc(call.Started), state.Clock.ToUtc(call.Ended ?? call.Started));
        var into = entry.Record;
        into.Id = $"{started.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture)}-{call.CallId}";
        into.Node = state.Node;
        into.Call = call.CallId;
        into.Line = call.Line;
        into.Gateway = call.Gateway;
        into.Peer = call.Peer ?? "";
        into.Direction = call.FromLine ? V1.Call.Types.Direction.MgcpToSip : V1.Call.Types.Direction.SipToMgcp;
        into.Caller = call.Caller;
        into.Called = call.Called;
        into.StartTime = Timestamp.FromDateTime(started);
        into.AnswerTime = call.Answered is { } answered ? Timestamp.FromDateTime(state.Clock.ToUtc(answered)) : null;
        into.EndTime = Timestamp.FromDateTime(over);
        into.Duration = Duration.FromTimeSpan(over - started);
        into.Talked = Duration.FromTimeSpan(record.Duration);
        into.Outcome = call.ToMessage(state.Clock).Outcome;
        into.EndedByLine = record.EndedByLine;
        into.SipStatus = record.SipStatus;
        into.MgcpCode = record.MgcpCode;
        into.Q850Cause = record.Q850;
        into.EndCause = BridgeMetrics.Snake(record.Cause).ToUpperInvariant();
        into.MgcpCallId = call.MgcpCallId ?? "";
        into.SipCallId = call.SipCallId ?? "";
        into.SipWarning = call.Warning ?? "";
        foreach (var (name, value) in call.Headers.ToMap()) into.Headers[name] = value;
        if (call.Counted is { } counted) into.GatewayCounters = counted.ToMessage();
        entry.Ended = DateTime.UtcNow;
        ended(into.Clone());
        Close(call.CallId, entry);
    }

    // A gateway tells what it counted, if it does, with the deletion of its connection, which a call without audio never had.
    private void Close(string call, Entry entry)
    {
        if (entry.Ended is null || entry.MediaOpen || (entry.Record is { GatewayMedia: not null, GatewayCounters: null, Gateway.Length: > 0 }) || (entry.Record.GatewayMedia is null && entry.Record.AnswerTime is not null)) return;
        _open.Remove(call);
        whole(entry.Record);
    }

    private static V1.MediaCounters Counted(RelaySideStatistics side) => new()
    {
        PacketsReceived = side.PacketsReceived,
        PacketsSent = side.PacketsSent,
        PacketsLost = side.PacketsLost,
        PacketsDropped = side.PacketsDropped,
        JitterMilliseconds = side.Jitter.TotalMilliseconds,
        PacketsDuplicated = side.Duplicates,
        PacketsReordered = side.Reordered,
        RoundTripMilliseconds = side.RoundTrip.TotalMilliseconds,
        PacketsReportedLost = side.ReportedLost,
        JitterReportedMilliseconds = side.ReportedJitter.TotalMilliseconds,
        Mos = Math.Round(side.Mos, 2),
        FaxPackets = side.FaxPackets,
        FaxPacketsLost = side.FaxLost,
        FaxPacketsDuplicated = side.FaxDuplicates,
    };

    private sealed class Entry
    {
        public V1.CallRecord Record { get; } = new();

        public bool MediaOpen { get; set; }

        public DateTime? Ended { get; set; }
    }
}
