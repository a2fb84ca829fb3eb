using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Observability;
using MgcpSipBridge.Media;
using MgcpSipBridge.Relay;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Host.Serving;

/// <summary>The real relay, set up from the settings.</summary>
internal sealed partial class RelayAdapter : IMediaRelay
{
    private static readonly (RelayDrop Reason, string Label)[] Drops = [.. Enum.GetValues<RelayDrop>().Where(r => r != RelayDrop.None).Select(r => (r, BridgeMetrics.Snake(r)))];
    private readonly RtpRelay _relay;
    private readonly int _ports;

    private readonly SoundLibrary _sounds;

    private RelayAdapter(RelaySettings settings, int ports, BridgeConfig config, Action<RelayEvent> happened, Action<RecordingId> cut, ILogger log)
    {
        _sounds = AudioSettings.Read(config.Sounds, problem => Log.SoundLeftOut(log, problem));
        if (config.Sounds.Folder is { } folder) Log.SoundsRead(log, _sounds.Count, folder);
        foreach (var name in AudioSettings.MissingMusic(AudioSettings.HoldMusic(config), HasSound)) Log.NoHoldMusic(log, name);
        _ports = ports;
        var fastPath = new FastPathLog(log);
        _relay = new RtpRelay(settings, happened, fault => Log.Failed(log, fault), sounds: _sounds, onFastPath: fastPath.Tell, onRecordingFault: (file, problem) => Log.RecordingFault(log, file, problem), onRecordingCut: cut);
        Log.Started(log, _relay.Engine, _relay.Threads);
        fastPath.Tell(_relay.FastPath);
        if (settings.Priority > 0 && !_relay.HasPriority) Log.NoPriority(log, settings.Priority);
    }

    /// <summary>Makes the relay that the settings describe.</summary>
    public static RelayMaker Maker(BridgeModel model, ILoggerFactory logs) => (happened, fallback, cut) =>
    {
        var media = model.Config.Media;
        var relay = model.Config.Relay;
        return new RelayAdapter(new RelaySettings
        {
            GatewayAddress = model.GatewayMedia.Address.ToIPAddress(),
            SipAddress = model.SipMedia.Address.ToIPAddress(),
            GatewayAdvertise = Told(model.GatewayMedia, fallback).ToIPAddress(),
            SipAdvertise = Told(model.SipMedia, fallback).ToIPAddress(),
            FirstPort = model.FirstMediaPort,
            LastPort = model.LastMediaPort,
            Quarantine = media.Quarantine,
            MaxSessions = media.MaxSessions,
            TrafficClass = (byte)media.TrafficClass,
            Engine = relay.Engine,
            Threads = relay.Threads,
            Coalesce = relay.Coalesce,
            CountStrangers = relay.CountStrangers,
            Priority = relay.Priority,
            FastPath = relay.FastPath,
            RtpPerSecond = relay.RtpPerSecond,
            RtcpPerSecond = relay.RtcpPerSecond,
            SilenceAfter = relay.SilenceAfter,
            MediaTimeout = relay.MediaTimeout > TimeSpan.Zero && relay.MediaTimeout < relay.SilenceAfter ? relay.SilenceAfter : relay.MediaTimeout,
            RecordingFolder = model.Config.Recordings.Folder,
            MaxRecordings = model.Config.Recordings.MaxCount,
            MaxRecordingBytes = model.Config.Recordings.MaxBytes,
        }, model.MediaPorts, model.Config, happened, cut, logs.CreateLogger("MgcpSipBridge.Relay"));
    };

    /// <inheritdoc/>
    public void Post(RelayCommand command) => _relay.Post(command);

    /// <inheritdoc/>
    public bool HasSound(string name) => _sounds.Find(name) is not null;

    /// <inheritdoc/>
    public IEnumerable<(string Name, TimeSpan Length)> Sounds => _sounds.All;

    /// <inheritdoc/>
    public bool IsRecording(string file) => _relay.IsRecording(file);

    /// <inheritdoc/>
    public bool HasRoomToRecord => _relay.HasRoomToRecord;

    /// <inheritdoc/>
    public FastPathState? FastPath => _relay.FastPath;

    /// <inheritdoc/>
    public void Read(IMetricsIntake intake)
    {
        var counters = _relay.Counters;
        intake.FastPath(_relay.FastPath.Interfaces, _relay.FastPath.Lack, counters.KernelFlows, counters.ByKernel);
        intake.RelayPorts(counters.PortsInUse, _ports);
        foreach (var side in (RelaySide[])[RelaySide.Gateway, RelaySide.Sip]) intake.RtpPackets(side, counters.Received(side), counters.Sent(side), counters.Fax(side));
        foreach (var (reason, label) in Drops) intake.RtpDropped(label, counters.Dropped(reason));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    private static NetAddress Told(MediaSide side, NetAddress fallback) => side.Advertise.IsUnspecified ? fallback : side.Advertise;

    private static partial class Log
    {
        [LoggerMessage(EventId = 5002, EventName = "RelayFailed", Level = LogLevel.Error, Message = "The relay failed")]
        internal static partial void Failed(ILogger logger, Exception exception);

        [LoggerMessage(EventId = 5003, EventName = "RelayStarted", Level = LogLevel.Information, Message = "RTP is relayed by the {Engine} engine, threads of its own: {Threads}")]
        internal static partial void Started(ILogger logger, RelayEngine engine, int threads);

        [LoggerMessage(EventId = 5020, EventName = "SoundsRead", Level = LogLevel.Information, Message = "{Count} announcements can be played, from {Folder}")]
        internal static partial void SoundsRead(ILogger logger, int count, string folder);

        [LoggerMessage(EventId = 5021, EventName = "SoundLeftOut", Level = LogLevel.Warning, Message = "An announcement cannot be played: {Problem}")]
        internal static partial void SoundLeftOut(ILogger logger, string problem);

        [LoggerMessage(EventId = 5023, EventName = "HoldMusicMissing", Level = LogLevel.Warning, Message = "Media:HoldMusic names {Name}, which is not in Sounds:Folder: whoever waits on hold hears nothing")]
        internal static partial void NoHoldMusic(ILogger logger, string name);

        [LoggerMessage(EventId = 5022, EventName = "RecordingFileFailed", Level = LogLevel.Warning, Message = "The recording {File} cannot be made or goes no further: {Problem}")]
        internal static partial void RecordingFault(ILogger logger, string file, string problem);

        [LoggerMessage(EventId = 5004, EventName = "RelayPriorityRefused", Level = LogLevel.Warning, Message = "The system does not grant the relay's threads real-time priority {Priority}: it needs CAP_SYS_NICE")]
        internal static partial void NoPriority(ILogger logger, int priority);
    }
}
