using MgcpSipBridge.Engine;
using MgcpSipBridge.Media;
using Prometheus;

namespace MgcpSipBridge.Host.Observability;

/// <summary>Counts events and those who read them.</summary>
internal sealed class EventMetrics
{
    private readonly Counter _events;
    private readonly Counter _missed;
    private readonly Gauge _readers;
    private readonly Counter _resumes;
    private readonly Counter _features;
    private readonly Counter _transfers;
    private readonly Counter _faxes;
    private readonly Counter _routed;
    private readonly Counter _sounds;
    private readonly Counter _musicFailed;
    private readonly Counter _collected;
    private readonly Counter _recordings;
    private readonly Counter _recordedBytes;
    private readonly Gauge _conferees;

    public EventMetrics(CollectorRegistry registry)
    {
        var metrics = Metrics.WithCustomRegistry(registry);
        _events = metrics.CreateCounter("mgcpsipbridge_events_total", "Events of the event stream.");
        _missed = metrics.CreateCounter("mgcpsipbridge_events_missed_total", "Events that readers of the event stream were too slow for, over all readers.");
        _readers = metrics.CreateGauge("mgcpsipbridge_event_watchers", "Readers of the event stream.");
        _resumes = metrics.CreateCounter("mgcpsipbridge_watch_resumes_total", "Readers that came back with a token: resumed, or expired when what follows it was no longer kept.", ["result"]);
        _features = metrics.CreateCounter("mgcpsipbridge_features_used_total", "Times a feature was used in a call.", ["feature"]);
        foreach (var feature in Enum.GetValues<CallFeature>()) _features.WithLabels(BridgeMetrics.Snake(feature)).Inc(0);
        _transfers = metrics.CreateCounter("mgcpsipbridge_transfers_total", "Transfers that the line's side asked for, by what the peer said of them in the end.", ["result"]);
        _faxes = metrics.CreateCounter("mgcpsipbridge_fax_calls_total", "Calls in which a fax passed that way, or failed; a call can count in more than one.", ["mode"]);
        foreach (var mode in Enum.GetValues<FaxMode>()) if (mode != FaxMode.None) _faxes.WithLabels(BridgeMetrics.Snake(mode)).Inc(0);
        foreach (var result in (string[])["done", "failed"]) _transfers.WithLabels(result).Inc(0);
        _routed = metrics.CreateCounter("mgcpsipbridge_attended_routings_total", "Calls that the bridge had answered and clients had routed on, by whether somebody answered.", ["result"]);
        foreach (var result in (string[])["done", "failed"]) _routed.WithLabels(result).Inc(0);
        _sounds = metrics.CreateCounter("mgcpsipbridge_sounds_played_total", "What clients had played to calls, by how it ended.", ["end"]);
        foreach (var end in Enum.GetValues<PlayEnd>()) _sounds.WithLabels(BridgeMetrics.Snake(end)).Inc(0);
        _musicFailed = metrics.CreateCounter("mgcpsipbridge_hold_music_failed_total", "Times that a far end on hold heard nothing of Media:HoldMusic: not_found, or not_possible because it takes no G.711.", ["reason"]);
        foreach (var reason in (PlayEnd[])[PlayEnd.NotFound, PlayEnd.NotPossible]) _musicFailed.WithLabels(BridgeMetrics.Snake(reason)).Inc(0);
        _collected = metrics.CreateCounter("mgcpsipbridge_digits_collected_total", "Times that clients had digits collected, by how it ended.", ["end"]);
        foreach (var end in Enum.GetValues<CollectEnd>()) _collected.WithLabels(BridgeMetrics.Snake(end)).Inc(0);
        _recordings = metrics.CreateCounter("mgcpsipbridge_recordings_total", "Recordings of calls, by how they ended.", ["end"]);
        foreach (var end in Enum.GetValues<RecordingEnd>()) _recordings.WithLabels(BridgeMetrics.Snake(end)).Inc(0);
        _recordedBytes = metrics.CreateCounter("mgcpsipbridge_recorded_bytes_total", "Bytes of recordings that have ended.");
        _conferees = metrics.CreateGauge("mgcpsipbridge_conference_members", "Ends of calls that are in conferences.");
        foreach (var result in (string[])["resumed", "expired"]) _resumes.WithLabels(result).Inc(0);
    }

    public void Used(CallFeature feature) => _features.WithLabels(BridgeMetrics.Snake(feature)).Inc();

    public void Faxed(FaxMode mode) => _faxes.WithLabels(BridgeMetrics.Snake(mode)).Inc();

    public void Transferred(bool done) => _transfers.WithLabels(done ? "done" : "failed").Inc();

    /// <summary>Counts what was done with the audio of calls.</summary>
    public void Apply(EngineNote note)
    {
        switch (note)
        {
            case EngineNote.RouteEnded ended:
                _routed.WithLabels(ended.Done ? "done" : "failed").Inc();
                break;
            case EngineNote.SoundEnded ended:
                _sounds.WithLabels(BridgeMetrics.Snake(ended.Reason)).Inc();
                break;
            case EngineNote.MusicFailed failed:
                _musicFailed.WithLabels(BridgeMetrics.Snake(failed.Reason)).Inc();
                break;
            case EngineNote.DigitsCollected collected:
                _collected.WithLabels(BridgeMetrics.Snake(collected.Reason)).Inc();
                break;
            case EngineNote.RecordingEnded ended:
                _recordings.WithLabels(BridgeMetrics.Snake(ended.Reason)).Inc();
                _recordedBytes.Inc(ended.Bytes);
                break;
            case EngineNote.ConferenceChanged changed:
                _conferees.Inc(changed.Joined ? 1 : -1);
                break;
        }
    }

    public void Published() => _events.Inc();

    public void Missed(long count) => _missed.Inc(count);

    public void Readers(int more) => _readers.Inc(more);

    public void Resumed(bool well) => _resumes.WithLabels(well ? "resumed" : "expired").Inc();
}
