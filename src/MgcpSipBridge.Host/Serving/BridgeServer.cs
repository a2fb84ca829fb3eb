using System.Net.Sockets;
using System.Security.Cryptography;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Api;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Events;
using MgcpSipBridge.Host.Net;
using MgcpSipBridge.Host.Net.Tls;
using MgcpSipBridge.Host.Observability;
using MgcpSipBridge.Host.Observability.Tracing;
using MgcpSipBridge.Host.Observability.Wire;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Records;
using MgcpSipBridge.Host.Routing;
using MgcpSipBridge.Host.Shards;
using MgcpSipBridge.Host.Storage;
using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Serving;

/// <summary>
/// The whole bridge in one process: sockets, shard, relay, API. <see cref="StartAsync"/> returns when every listener is bound and the lines
/// are loaded, or throws with nothing left open.
/// </summary>
internal sealed partial class BridgeServer : IShardOutputs, IAsyncDisposable
{
    private static readonly TimeSpan DrainPoll = TimeSpan.FromMilliseconds(50);
    private readonly BridgeModel _model;
    private readonly ILogger _log;
    private readonly Shard _shard;
    private readonly BridgeMetrics _metrics;
    private readonly NoteLog _notes;
    private readonly Happenings _happenings;
    private readonly RecordClerk _clerk;
    private readonly SipRefusals _refusals;
    private readonly RoutingMetrics _routing;
    private readonly SrtpMetrics _srtp;
    private readonly EmergencyRoutes _emergencies;
    private readonly RouterHub _routers;
    private readonly List<UdpPort> _sipPorts = [];
    private readonly List<Task> _receiving = [];
    private readonly LiveModel _live;
    private readonly Adoptions _adoptions;
    private readonly Provisioner _provisioner;
    private readonly IProvisioningStore _store;
    private readonly StoreHealth _health;
    private readonly ReloaderPlace _reloading = new();
    private readonly DialledKeeper _dialled;
    private readonly MgcpPorts _mgcpPorts = new();
    private readonly WireEnds _ends;
    private readonly HepSender? _hep;
    private readonly CallTracer? _tracer;
    private GatewayLocator? _locator;
    private SipStreams? _streams;
    private SipTls? _tls;
    private SipResolver? _resolver;
    private IMediaRelay? _relay;
    private ApiHost? _api;

    private BridgeServer(BridgeModel model, ILoggerFactory logs, Provisioned provisioned, IProvisioningStore store)
    {
        (_model, _store) = (model, store);
        _log = logs.CreateLogger("MgcpSipBridge.Host");
        var clock = new MonotonicClock();
        State = new BridgeState(model.Config.Bridge.Node, ProgramVersion.Version, clock)
        {
            Provisioned = provisioned,
            GatewayPatience = model.Config.Mgcp.TMax + model.Config.Api.Timeout,
            AnswerPatience = model.Config.Api.Timeout,
        };
        _metrics = new BridgeMetrics(ProgramVersion.Version, ProgramVersion.Revision);
        _happenings = new Happenings(model.Config.Events, State, _metrics.Registry);
        _clerk = RecordOffice.Open(model.Config, State, store.Records, _happenings, _metrics.Registry, _log);
        _refusals = new SipRefusals(logs, () => clock.Now);
        _notes = new NoteLog(logs, new Redaction(model.Config.Logging.PersonalData), () => clock.Now, _refusals);
        _shard = new Shard(clock, model.Config.Bridge.MailboxLimit, model.Config.Api.Timeout, _metrics.Shed, _log) { Published = () => _happenings.Log.Next - 1 };
        _routing = new RoutingMetrics(_metrics.Registry);
        _routers = new RouterHub(_shard.Post, model.Config.Routing.Deadline, _happenings, _routing, logs.CreateLogger("MgcpSipBridge.Calls"));
        _srtp = new SrtpMetrics(_metrics.Registry, _happenings.Alarms, logs.CreateLogger("MgcpSipBridge.Sip"));
        _emergencies = new EmergencyRoutes(_log);
        _live = new LiveModel(State, _metrics, _shard.ConfigureAsync, next =>
        {
            _srtp.Provisioned(next);
            _emergencies.Provisioned(next);
        });
        _ = new EngineMetrics(_metrics.Factory, _metrics.Registry, _shard);
        _ = new ProcessMetrics(_metrics.Factory, _metrics.Registry);
        _provisioner = new Provisioner(_live, State, store, model.Validate);
        _ends = new WireEnds(_mgcpPorts.BoundFor);
        var hep = new HepMetrics(_metrics.Factory);
        if (model.Config.Observability.Hep.Address is not null) _hep = new HepSender(model.Config.Observability.Hep, _ends, clock, hep, _log);
        _health = new StoreHealth(store, _metrics.Provisioning, _happenings.Alarms, _log) { Rereads = _provisioner };
        _dialled = new DialledKeeper(store, _health, _log);
        var traces = new TraceMetrics(_metrics.Factory);
        if (model.Config.Observability.Otlp.Endpoint is not null) _tracer = new CallTracer(model.Config.Observability.Otlp, State.Node, State.Version, traces, _log);
        _adoptions = new Adoptions(_live, _shard, model.Config.Mgcp.MaxDiscovered, logs.CreateLogger("MgcpSipBridge.Mgcp"));
    }

    /// <summary>What the API shows beside the engine's answers.</summary>
    public BridgeState State { get; }

    /// <summary>Who is let into the API.</summary>
    public Api.Security.ApiGuard Guard => _api!.Guard;

    /// <summary>What is wrong at the moment.</summary>
    public IReadOnlyList<V1.Alarm> Alarms => _happenings.Alarms.All;

    /// <summary>Asks the engine.</summary>
    public IShardQueries Queries => _shard;

    /// <summary>Told every note of the engine, after it was counted and logged; for those who watch a bridge in the same process.</summary>
    public event Action<EngineNote>? NoteTaken;

    /// <summary>The first MGCP port.</summary>
    public NetAddress Mgcp => _mgcpPorts.Bound[0];

    /// <summary>The SIP listeners.</summary>
    public IReadOnlyList<(SipTransport Transport, NetAddress Bound)> Sip { get; private set; } = [];

    /// <summary><c>ready</c> with every address, as <c>serve</c> prints it.</summary>
    public string ReadyLine
    {
        get
        {
            var sip = string.Join(',', Sip.Select(l => $"{l.Transport.ToString().ToLowerInvariant()}://{l.Bound}"));
            var hosts = _model.GatewayMedia.Address == _model.SipMedia.Address ? [_model.GatewayMedia] : new[] { _model.GatewayMedia, _model.SipMedia };
            var media = string.Join(',', hosts.Select(h => $"{h.Address.UriHost}:{_model.FirstMediaPort}-{_model.LastMediaPort}"));
            return $"ready mgcp={string.Join(',', _mgcpPorts.Bound)} sip={sip} http={Scheme(_model.Api.Http)}://{_api!.Http} grpc={Scheme(_model.Api.Grpc)}://{_api.Grpc} media={media}";
        }
    }

    /// <summary>Binds everything, builds the engine with the real ports, loads the lines, and only then listens.</summary>
    /// <param name="model">The settings.</param>
    /// <param name="lines">All that is provisioned, validated.</param>
    /// <param name="makeEngine">Makes the engine.</param>
    /// <param name="makeRelay">Makes the relay.</param>
    /// <param name="logs">Where log lines go.</param>
    /// <param name="provisioned">The same as it was written, and by whom.</param>
    /// <param name="store">Keeps what the API changes; whoever opened it closes it.</param>
    /// <exception cref="BindException">A port is taken; the message names the setting.</exception>
    public static async Task<BridgeServer> StartAsync(BridgeModel model, EngineModel lines, Func<EngineSettings, IShardEngine> makeEngine, RelayMaker makeRelay, ILoggerFactory logs,
        Provisioned? provisioned = null, IProvisioningStore? store = null)
    {
        var server = new BridgeServer(model, logs, provisioned ?? Provisioned.Empty, store ?? new NoStore());
        try
        {
            await server.OpenAsync(lines, makeEngine, makeRelay, logs);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>The engine as it is when nobody replaces it, seeded by the operating system.</summary>
    public static IShardEngine MakeEngine(EngineSettings settings) =>
        new RealEngine(new BridgeEngine(settings, new Entropy(RandomNumberGenerator.GetBytes(Entropy.SeedBytes))));

    /// <summary>
    /// Ends the service: no new calls from now on; when the time is up, or <paramref name="hurry"/> asks for it, calls are hung up and
    /// registrations ended, which again is waited for only so long.
    /// </summary>
    public async Task DrainAsync(CancellationToken hurry)
    {
        State.Phase = BridgePhase.Draining;
        Log.Draining(_log, _model.Drain.TotalSeconds);
        _shard.Post(new EngineInput.Drain(Final: false));
        await WaitAsync(counts => counts.Calls == 0, _model.Drain, hurry);
        _shard.Post(new EngineInput.Drain(Final: true));
        var clean = await WaitAsync(
            counts => counts is { Calls: 0, Connections: 0, MediaSessions: 0 } && State.LiveRegistrations == 0, _model.Stop, CancellationToken.None);
        if (!clean) Log.NotClean(_log);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _happenings.Log.Stop();
        if (_api is not null) await _api.DisposeAsync();
        if (_locator is not null) await _locator.DisposeAsync();
        _mgcpPorts.Dispose();
        foreach (var port in _sipPorts) port.Dispose();
        if (_streams is not null) await _streams.DisposeAsync();
        _tls?.Dispose();
        await Task.WhenAll(_receiving);
        if (_relay is not null) await _relay.DisposeAsync();
        await _shard.DisposeAsync();
        if (_hep is not null) await _hep.DisposeAsync();
        if (_tracer is not null) await _tracer.DisposeAsync();
        await _dialled.DisposeAsync();
        await _health.DisposeAsync();
        _reloading.Reloader?.Dispose();
        _live.Dispose();
        await _clerk.DisposeAsync();
        _happenings.Dispose();
    }

    void IShardOutputs.SendMgcp(NetAddress to, ReadOnlyMemory<byte> bytes) => _mgcpPorts.Send(to, bytes.Span);

    void IShardOutputs.SendSip(SipFlow flow, ReadOnlyMemory<byte> bytes)
    {
        if (flow.Transport != SipTransport.Udp) _streams!.Send(flow, bytes);
        else if ((_sipPorts.Find(p => p.Bound == flow.Local) ?? _sipPorts.FirstOrDefault()) is { } port) port.Send(flow.Remote, bytes.Span);
        else _shard.Post(new EngineInput.SipFlowFailed(flow));
    }

    void IShardOutputs.LookUp(EngineOutput.LookUp question) => _ = ResolveAsync(question);

    void IShardOutputs.AskRouter(EngineOutput.AskRouter question) => _routers.Ask(question);

    void IShardOutputs.Relay(RelayCommand command) => _relay!.Post(command);

    void IShardOutputs.Traced(string callId, TracedMessage message) => _hep?.Take(callId, message);

    void IShardOutputs.Noted(EngineNote note)
    {
        _metrics.Apply(note);
        State.Apply(note);
        _notes.Apply(note);
        _routing.Apply(note);
        _srtp.Apply(note);
        _happenings.Apply(note);
        _clerk.Apply(note);
        _adoptions.Apply(note);
        _dialled.Apply(note);
        _tracer?.Take(note);
        NoteTaken?.Invoke(note);
    }

    /// <summary>Lets the files be read again by <paramref name="read"/>, through the API or <see cref="ReloadAsync"/>.</summary>
    public void Reloads(Func<LoadedConfig> read, LogLevels levels) =>
        _reloading.Reloader = new ConfigReloader(read, _model, _provisioner, levels, _store, _health, _happenings, _metrics.Reloads, _log) { AlsoLook = Guard.Refresh };

    /// <summary>Reads the files again because a signal asked for it: there is nobody to throw to.</summary>
    public async Task ReloadAsync()
    {
        if (_reloading.Reloader is not { } reloader) return;
        try
        {
            await reloader.ReloadAsync(false, changes => new Audit.AuditEntry(0, DateTime.UtcNow, "SIGHUP", "", "reload", State.Node, changes));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Log.ReloadFailed(_log, e);
        }
    }

    private async Task OpenAsync(EngineModel lines, Func<EngineSettings, IShardEngine> makeEngine, RelayMaker makeRelay, ILoggerFactory logs)
    {
        var net = logs.CreateLogger("MgcpSipBridge.Net");
        var config = _model.Config;
        foreach (var listen in _model.MgcpListen) _mgcpPorts.Open(listen, config.Mgcp.ReceiveBufferBytes, config.Mgcp.Dscp, net);
        if (_model.SipListen.Any(l => l.Transport == SipTransport.Tls)) _tls = new SipTls(config.Sip.Tls, _model.SipPins, () => State.Model.Peers.SelectMany(p => p.Sip.Backups.All.Select(hop => hop.Host).Prepend(p.Sip.Host)), net) { Refused = _refusals.Refused };
        _streams = new SipStreams(config.Sip.Tcp, config.Sip.MaxMessageBytes, State.Clock, _shard.PostSip, flow => _shard.Post(new EngineInput.SipFlowFailed(flow)), net)
        {
            Dscp = config.Sip.Dscp,
            Tls = _tls,
            IsPeer = State.IsPeer,
            Refused = _refusals.Refused,
        };
        Sip = [.. _model.SipListen.Select(listen => (listen.Transport, OpenSip(listen, net)))];
        Probe(_model.GatewayMedia.Address, "Media:Gateway:Address");
        Probe(_model.SipMedia.Address, "Media:Sip:Address");
        var interfaces = LocalInterface.All();
        var fallback = Fallback(interfaces);
        _relay = makeRelay(happened => _shard.Post(new EngineInput.Relay(happened)), fallback, _happenings.Alarms.RecordingCut);
        var trail = new AuditTrail(_store.Audit, State.Node, _health, _log);
        var writes = new ProvisioningWrites(_provisioner, _metrics, new Redaction(config.Logging.PersonalData), trail, _happenings, _health, _log);
        _api = await ApiHost.StartAsync(_model, new ApiParts(State, _shard, _metrics, _adoptions, writes, trail, _store.Audit, _happenings, _clerk.Shown, _routers, _ends, _relay, _store, _health, _reloading, _streams), logs);

        if (_model.GatewayMedia.Advertise.IsUnspecified || _model.SipMedia.Advertise.IsUnspecified) Log.Guessed(_log, "Media:…:Advertise", fallback.Host);
        if (_mgcpPorts.Bound.Any(a => a.IsUnspecified) && _model.CallAgent is null) Log.Guessed(_log, "Mgcp:CallAgent", fallback.Host);
        if (_model.SipAdvertise.Hosts.IsEmpty && Sip.Any(l => l.Bound.IsUnspecified)) Log.Guessed(_log, "Sip:Advertise", fallback.Host);
        var settings = _model.ToEngineSettings(_mgcpPorts.Bound, Sip, fallback, interfaces);
        _resolver = new SipResolver(settings.Sip.Listeners, config.Sip.LookUpTimeout, [.. _model.NameServers.Select(server => new System.Net.IPEndPoint(server.ToIPAddress(), server.Port))], net);
        _shard.Start(makeEngine(settings), this, new SipOverload(settings.Sip, new Entropy(RandomNumberGenerator.GetBytes(Entropy.SeedBytes)), State.IsPeer));
        _metrics.ReadBeforeScrape(intake =>
        {
            intake.SipConnections(SipTransport.Tcp, _streams.OpenOf(SipTransport.Tcp));
            intake.SipConnections(SipTransport.Tls, _streams.OpenOf(SipTransport.Tls));
            if (_tls is not null) intake.SipTls(_tls);
            _relay.Read(intake);
        });
        if (_dialled.Load() is { IsEmpty: false } dialled) _shard.Post(new EngineInput.Recall(dialled));
        await _live.SetAsync(lines);

        _receiving.AddRange(_mgcpPorts.Run(_shard.PostMgcp));
        foreach (var port in _sipPorts)
            _receiving.Add(Task.Run(() => port.RunAsync((from, bytes) => _shard.PostSip(new SipFlow(SipTransport.Udp, port.Bound, from), bytes))));
        _streams.Start();
        _locator = new GatewayLocator(
            _live, () => State.Model, GatewayLocator.BySystem(config.Sip.LookUpTimeout), to => _mgcpPorts.Bound.Any(a => MgcpPorts.Reaches(a, to)), TimeProvider.System,
            logs.CreateLogger("MgcpSipBridge.Mgcp"));
        State.AddressProblem = _locator.ProblemOf;
        _locator.Start();
        _health.Start(config.Storage.CheckInterval);
        _metrics.Reloads.Started();
        State.Phase = BridgePhase.Ready;
    }

    private static string Scheme(ApiListen listen) => listen.Tls ? "https" : "http";

    // The relay binds when a call comes; an address that is not ours must not wait for it.
    private static void Probe(NetAddress address, string setting) =>
        BindException.Open(address.WithPort(0), SocketType.Dgram, ProtocolType.Udp, setting, _ => { }).Dispose();

    private NetAddress OpenSip(SipListen listen, ILogger net)
    {
        if (listen.Transport != SipTransport.Udp) return _streams!.Listen(listen.Address, listen.Setting, listen.Transport);
        var bound = listen.Address;
        var port = UdpPort.Open(listen.Address, listen.Setting, _model.Config.Sip.ReceiveBufferBytes,
            to => _shard.Post(new EngineInput.SipFlowFailed(new SipFlow(SipTransport.Udp, bound, to))), net, _model.Config.Sip.Dscp);
        bound = port.Bound;
        _sipPorts.Add(port);
        return bound;
    }

    private async Task ResolveAsync(EngineOutput.LookUp question)
    {
        var answer = await _resolver!.ResolveAsync(question.Host, question.Port, question.Transport);
        _shard.Post(new EngineInput.Resolved(question.Query, answer.Targets) { Lifetime = answer.Lifetime });
    }

    private async Task<bool> WaitAsync(Predicate<EngineCounts> done, TimeSpan most, CancellationToken hurry)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(hurry);
        timeout.CancelAfter(most);
        try
        {
            while (true)
            {
                if (await _shard.AskAsync(new EngineQuery.Counts(), timeout.Token) is EngineCounts counts && done(counts)) return true;
                await Task.Delay(DrainPoll, timeout.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or TimeoutException)
        {
            return false;
        }
    }

    // What to tell others when we listen everywhere and nobody said how we are reached: the first address that is not loopback.
    private static NetAddress Fallback(IReadOnlyList<LocalInterface> interfaces) =>
        interfaces.FirstOrDefault(i => i.Address is { IsIPv4: true, IsLoopback: false })?.Address ?? NetAddress.FromIPv4(0x7F000001, 0);

    private static partial class Log
    {
        [LoggerMessage(EventId = 6002, EventName = "Draining", Level = LogLevel.Information, Message = "Draining: no new calls; calls may go on for {Seconds} s")]
        internal static partial void Draining(ILogger logger, double seconds);

        [LoggerMessage(EventId = 6003, EventName = "StoppedUnclean", Level = LogLevel.Warning, Message = "Stopped before every call and registration had ended in order")]
        internal static partial void NotClean(ILogger logger);

        [LoggerMessage(EventId = 6004, EventName = "AddressGuessed", Level = LogLevel.Warning, Message = "{Setting} is not set and we listen on all addresses: others are told {Address}")]
        internal static partial void Guessed(ILogger logger, string setting, string address);

        [LoggerMessage(EventId = 6073, EventName = "ReloadFailed", Level = LogLevel.Error, Message = "The reload that a signal asked for failed")]
        internal static partial void ReloadFailed(ILogger logger, Exception exception);
    }
}
