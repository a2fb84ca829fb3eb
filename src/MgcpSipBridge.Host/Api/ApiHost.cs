using System.Net.Sockets;
using Google.Protobuf.Reflection;
using Google.Rpc;
using MgcpSipBridge.Host.Api.Documents;
using MgcpSipBridge.Host.Api.Security;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Diagnosis;
using MgcpSipBridge.Host.Net;
using MgcpSipBridge.Host.WebConsole;
using MgcpSipBridge.SansIo;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Prometheus;

namespace MgcpSipBridge.Host.Api;

/// <summary>The control API: REST, metrics and health over HTTP/1.1 on one port, gRPC over HTTP/2 on another.</summary>
internal sealed class ApiHost : IAsyncDisposable
{
    private const string ReadyTag = "ready";
    private const int StopTurns = 20;
    private static readonly TimeSpan StopTurn = TimeSpan.FromMilliseconds(100);
    private readonly WebApplication _app;
    private readonly ApiGuard _guard;

    private ApiHost(WebApplication app, ApiGuard guard, NetAddress http, NetAddress grpc) => (_app, _guard, Http, Grpc) = (app, guard, http, grpc);

    /// <summary>Where REST is bound.</summary>
    public NetAddress Http { get; }

    /// <summary>Where gRPC is bound.</summary>
    public NetAddress Grpc { get; }

    /// <summary>Who is let in.</summary>
    public ApiGuard Guard => _guard;

    /// <summary>Binds both ports and serves.</summary>
    /// <exception cref="BindException">A port is taken.</exception>
    public static async Task<ApiHost> StartAsync(BridgeModel model, ApiParts parts, ILoggerFactory logs)
    {
        // Bound here and handed over, so that a conflict names its setting and a port of 0 is known at once.
        var http = Listen(model.Api.Http, "Api:Http");
        Socket? grpc = null;
        ApiGuard? guard = null;
        try
        {
            grpc = Listen(model.Api.Grpc, "Api:Grpc");
            guard = new ApiGuard(model, parts.Metrics.Registry, parts.Happenings.Alarms, logs);
            var app = Build(model, parts, guard, logs, http, grpc);
            await app.StartAsync();
            return new ApiHost(app, guard, SocketAddresses.From(http.LocalEndPoint), SocketAddresses.From(grpc.LocalEndPoint));
        }
        catch (BindException)
        {
            http.Dispose();
            grpc?.Dispose();
            guard?.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource();
        var stopping = _app.StopAsync(patience.Token);
        // Streams end by themselves and tell why, which a connection that is broken off does not. A machine that stands still meanwhile costs them one turn, whatever the time.
        using var turns = new PeriodicTimer(StopTurn);
        for (var turn = 0; turn < StopTurns && !stopping.IsCompleted; turn++) await Task.WhenAny(stopping, turns.WaitForNextTickAsync().AsTask());
        await patience.CancelAsync();
        await stopping;
        await _app.DisposeAsync();
        _guard.Dispose();
    }

    private static Socket Listen(ApiListen listen, string setting) => BindException.Open(listen.Address, SocketType.Stream, ProtocolType.Tcp, setting, _ => { });

    private static WebApplication Build(BridgeModel model, ApiParts parts, ApiGuard guard, ILoggerFactory logs, Socket http, Socket grpc)
    {
        var state = parts.State;
        // Empty: no appsettings.json, no ASPNETCORE_ variables. What configures the bridge is documented, and nothing else does.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "mgcp-sip-bridge" });
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = RequestSizes.Usual;
            kestrel.Limits.MaxRequestLineSize = RestStatus.LongestLine;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            // A stream to a machine that is gone without a word ends: a router there would be asked in vain.
            kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(15);
            kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(10);
            kestrel.ListenHandle((ulong)http.Handle, listen => guard.Secure(listen, model.Api.Http, HttpProtocols.Http1));
            kestrel.ListenHandle((ulong)grpc.Handle, listen => guard.Secure(listen, model.Api.Grpc, HttpProtocols.Http2));
        });
        builder.WebHost.UseKestrelHttpsConfiguration();
        var services = builder.Services;
        services.AddSingleton<ILoggerFactory>(new DiscreetLogs(logs));
        // Signals are the verb's: while calls drain, the API goes on.
        services.AddSingleton<IHostLifetime, NoLifetime>();
        services.AddLogging();
        services.AddRoutingCore();
        services.AddSingleton(state);
        services.AddSingleton(new EngineAnswers(parts.Shard));
        services.AddSingleton<LadderWatch>();
        services.AddSingleton<ApiTurns>();
        services.AddSingleton(parts.Adoptions);
        services.AddSingleton(parts.Writes);
        services.AddSingleton(parts.Trail);
        services.AddSingleton(parts.Audit);
        services.AddSingleton(parts.Records);
        services.AddSingleton(parts.Ends);
        services.AddSingleton(new AudioWishes(model.Config.Sounds, model.Config.Recordings, parts.Relay.HasSound, () => parts.Relay.HasRoomToRecord));
        services.AddSingleton(parts.Relay);
        services.AddSingleton(model.Config.Recordings);
        services.AddSingleton(parts.Store);
        services.AddSingleton(parts.Health);
        services.AddSingleton(parts.Reloading);
        services.AddSingleton(services => new PeerProber(services.GetRequiredService<EngineAnswers>(), state, parts.Streams));
        services.AddSingleton(services => new Doctor(model, state, parts.Store, parts.Happenings.Alarms, Machine.Real, parts.Relay, services.GetRequiredService<PeerProber>()));
        services.AddSingleton<StorageResource>();
        services.AddSingleton(new RequestIds(TimeProvider.System));
        services.AddSingleton(guard.Metrics);
        services.AddSingleton(guard.Access);
        services.AddSingleton(parts.Happenings.Log);
        services.AddSingleton(parts.Happenings.Turns);
        services.AddSingleton(parts.Happenings.Alarms);
        services.AddSingleton(parts.Happenings.Metrics);
        services.AddSingleton(model.Config.Events);
        services.AddSingleton(model.Config.Routing);
        services.AddSingleton(parts.Routers);
        services.AddGrpc(options => options.Interceptors.Add<ApiInterceptor>()).AddJsonTranscoding(json => json.TypeRegistry = TypeRegistry.FromFiles(ErrorDetailsReflection.Descriptor))
            .AddServiceOptions<ProvisioningResource>(options => options.MaxReceiveMessageSize = model.Config.Api.MaxRequestBytes);
        services.AddGrpcReflection();
        // Each service is as ready as the whole.
        services.AddGrpcHealthChecks(options =>
        {
            foreach (var name in (string[])["", .. Services.Select(service => service.FullName)]) options.Services.Map(name, check => check.Tags.Contains(ReadyTag));
        })
            .AddCheck("ready", () => state.Phase == BridgePhase.Ready ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy(state.Phase.ToString()), [ReadyTag]);
        // The publisher's first round is after 5 s by default; readiness is told sooner.
        services.Configure<HealthCheckPublisherOptions>(options => (options.Delay, options.Period) = (TimeSpan.Zero, TimeSpan.FromSeconds(1)));

        var app = builder.Build();
        app.UseMiddleware<RestStatus>();
        app.UseRouting();
        app.UseMiddleware<RestMethods>();
        app.UseGrpcWeb(new GrpcWebOptions { DefaultEnabled = true });
        app.UseMiddleware<ApiGate>(guard.Access, guard.Metrics, guard.Log);
        app.UseMiddleware<RequestSizes>(model.Config.Api);
        app.UseMiddleware<StrictJson>();
        app.MapGrpcService<GatewayResource>();
        app.MapGrpcService<PeerResource>();
        app.MapGrpcService<RouteResource>();
        app.MapGrpcService<ProvisioningResource>();
        app.MapGrpcService<CallResource>();
        app.MapGrpcService<SystemResource>();
        app.MapGrpcService<AuditResource>();
        app.MapGrpcService<EventResource>();
        app.MapGrpcService<CallRecordResource>();
        app.MapGrpcService<StorageResource>();
        app.MapGrpcService<ConfigurationResource>();
        app.MapGrpcService<RoutingResource>();
        app.MapGrpcService<SoundResource>();
        app.MapGrpcReflectionService();
        app.MapGrpcHealthChecksService();
        var everybody = new NeedsRole(ApiRole.Everybody);
        app.MapHealthChecks("/healthz", new HealthCheckOptions { Predicate = _ => false }).WithMetadata(everybody);
        app.MapHealthChecks("/readyz", new HealthCheckOptions { Predicate = check => check.Tags.Contains(ReadyTag) }).WithMetadata(everybody);
        app.MapMetrics("/metrics", parts.Metrics.Registry).WithMetadata(new NeedsRole(model.Config.Api.PublicMetrics ? ApiRole.Everybody : ApiRole.Viewer));
        var document = new Lazy<string>(() => OpenApiDocument.Write(Services, state.Version));
        app.MapGet("/openapi.json", () => Results.Text(document.Value, "application/json")).WithMetadata(everybody);
        app.MapGet("/help", () => Results.Text(Welcome)).WithMetadata(everybody);
        app.MapConsole();
        return app;
    }

    private static IEnumerable<Google.Protobuf.Reflection.ServiceDescriptor> Services =>
    [
        V1.SystemService.Descriptor, V1.GatewayService.Descriptor, V1.PeerService.Descriptor, V1.RouteService.Descriptor, V1.ProvisioningService.Descriptor, V1.CallService.Descriptor,
        V1.CallRecordService.Descriptor, V1.EventService.Descriptor, V1.AuditService.Descriptor, V1.RoutingService.Descriptor, V1.StorageService.Descriptor, V1.ConfigurationService.Descriptor,
        V1.SoundService.Descriptor,
    ];

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private const string Welcome = """
        MgcpSipBridge

        /                                      the console page
        /healthz                               alive
        /readyz                                ready to take calls
        /metrics                               Prometheus
        /openapi.json                          all of it, as an OpenAPI document
        /v1/status                             the bridge in numbers; /v1/identity: who you are to it
        /v1/gateways                           gateways; /v1/gateways/{name}
        /v1/gateways/{name}/lines              lines; /v1/gateways/{name}/lines/{number}
                                               POST /v1/gateways/{name}:audit and …/lines/{number}:audit ask the gateway what it has, and what it does
        /v1/discoveredGateways                 gateways that nobody configured; POST /v1/discoveredGateways/{domain}:adopt
        /v1/peers                              SIP peers; /v1/peers/{name}
        /v1/routes                             routes; /v1/routes/{name}; POST /v1/routes:test {"number", "from"} tells where a number would go
                                               POST to the lists, PATCH and DELETE on gateways, lines, peers and routes change them
        /v1/routers                            clients that route calls at the moment
        /v1/provisioning                       what the API made, as lines.yaml; POST /v1/provisioning:apply makes it so
        /v1/calls                              live calls; POST {"line", "destination"} makes a line call, DELETE hangs up; /v1/calls/{id}, /v1/calls/{id}/ladder;
                                               /v1/calls/{id}/ladder:watch goes on as messages come
                                               POST /v1/calls/{id}:hold, :resume, and :transfer {"destination"} or {"otherCall"}
                                               POST /v1/calls/{id}:play {"sounds"}, :stop, :collect, :sendDigits {"digits"}, :mute, :unmute, :record, :stopRecording,
                                               :join {"conference"}, :leave; :route {"destination"} one that the bridge answered; /v1/calls/{id}/quality
                                               /v1/calls/{id}/capture: its messages as a pcap file

        /v1/sounds                             what can be played; /v1/recordings: what was recorded, DELETE /v1/recordings/{name}
        /v1/callRecords                        what was written down of calls that are over; /v1/callRecords/{id}
        /v1/events:watch                       what happens, as it happens; /v1/alarms: what is wrong
        /v1/configuration:reload               POST: reads bridge.json and lines.yaml again
        /v1/storage                            whether the storage works; /v1/storage:backup copies it, POST /v1/storage:rekey changes its key
        /v1/auditEntries                       who did what through the API; /v1/auditEntries/{id}

        The same, and health and reflection, by gRPC on its own port; gRPC-Web on this one.

        """;
}
