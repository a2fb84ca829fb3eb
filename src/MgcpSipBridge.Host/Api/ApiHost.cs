using System.Net.Sockets;
using Google.Protobuf.Reflection;
using Google.Rpc;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Net;
using MgcpSipBridge.Host.Observability;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Shards;
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
    private readonly WebApplication _app;

    private ApiHost(WebApplication app, NetAddress http, NetAddress grpc) => (_app, Http, Grpc) = (app, http, grpc);

    /// <summary>Where REST is bound.</summary>
    public NetAddress Http { get; }

    /// <summary>Where gRPC is bound.</summary>
    public NetAddress Grpc { get; }

    /// <summary>Binds both ports and serves.</summary>
    /// <exception cref="BindException">A port is taken.</exception>
    public static async Task<ApiHost> StartAsync(BridgeModel model, BridgeState state, IShardQueries shard, BridgeMetrics metrics, Adoptions adoptions, ProvisioningWrites writes, ILoggerFactory logs)
    {
        // Bound here and handed over, so that a conflict names its setting and a port of 0 is known at once.
        var http = Listen(model.Http, "Api:Http");
        Socket grpc;
        try
        {
            grpc = Listen(model.Grpc, "Api:Grpc");
        }
        catch (BindException)
        {
            http.Dispose();
            throw;
        }

        var app = Build(state, shard, metrics, adoptions, writes, logs, http, grpc);
        await app.StartAsync();
        return new ApiHost(app, SocketAddresses.From(http.LocalEndPoint), SocketAddresses.From(grpc.LocalEndPoint));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _app.StopAsync(timeout.Token);
        await _app.DisposeAsync();
    }

    private static Socket Listen(NetAddress address, string setting) => BindException.Open(address, SocketType.Stream, ProtocolType.Tcp, setting, _ => { });

    private static WebApplication Build(BridgeState state, IShardQueries shard, BridgeMetrics metrics, Adoptions adoptions, ProvisioningWrites writes, ILoggerFactory logs, Socket http, Socket grpc)
    {
        // Empty: no appsettings.json, no ASPNETCORE_ variables. What configures the bridge is documented, and nothing else does.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "mgcp-sip-bridge" });
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 4 << 20;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.ListenHandle((ulong)http.Handle, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.ListenHandle((ulong)grpc.Handle, listen => listen.Protocols = HttpProtocols.Http2);
        });
        var services = builder.Services;
        services.AddSingleton(logs);
        // Signals are the verb's: while calls drain, the API goes on.
        services.AddSingleton<IHostLifetime, NoLifetime>();
        services.AddLogging();
        services.AddRoutingCore();
        services.AddSingleton(state);
        services.AddSingleton(new EngineAnswers(shard));
        services.AddSingleton(adoptions);
        services.AddSingleton(writes);
        services.AddGrpc().AddJsonTranscoding(json => json.TypeRegistry = TypeRegistry.FromFiles(ErrorDetailsReflection.Descriptor));
        services.AddGrpcReflection();
        services.AddGrpcHealthChecks(options => options.Services.Map("", check => check.Tags.Contains(ReadyTag)))
            .AddCheck("ready", () => state.Phase == BridgePhase.Ready ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy(state.Phase.ToString()), [ReadyTag]);
        // The publisher's first round is after 5 s by default; readiness is told sooner.
        services.Configure<HealthCheckPublisherOptions>(options => (options.Delay, options.Period) = (TimeSpan.Zero, TimeSpan.FromSeconds(1)));

        var app = builder.Build();
        app.MapGrpcService<GatewayResource>();
        app.MapGrpcService<PeerResource>();
        app.MapGrpcService<RouteResource>();
        app.MapGrpcService<ProvisioningResource>();
        app.MapGrpcService<CallResource>();
        app.MapGrpcService<SystemResource>();
        app.MapGrpcReflectionService();
        app.MapGrpcHealthChecksService();
        app.MapHealthChecks("/healthz", new HealthCheckOptions { Predicate = _ => false });
        app.MapHealthChecks("/readyz", new HealthCheckOptions { Predicate = check => check.Tags.Contains(ReadyTag) });
        app.MapMetrics("/metrics", metrics.Registry);
        app.MapGet("/", () => Results.Text(Welcome));
        return app;
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private const string Welcome = """
        MgcpSipBridge

        /healthz                               alive
        /readyz                                ready to take calls
        /metrics                               Prometheus
        /v1/status                             the bridge in numbers
        /v1/gateways                           gateways; /v1/gateways/{name}
        /v1/gateways/{name}/lines              lines; /v1/gateways/{name}/lines/{number}
        /v1/discoveredGateways                 gateways that nobody configured; POST /v1/discoveredGateways/{domain}:adopt
        /v1/peers                              SIP peers; /v1/peers/{name}
        /v1/routes                             routes; /v1/routes/{name}
                                               POST to the lists, PATCH and DELETE on gateways, lines, peers and routes change them
        /v1/provisioning                       what the API made, as lines.yaml; POST /v1/provisioning:apply makes it so
        /v1/calls                              live calls; POST {"line", "destination"} makes a line call, DELETE hangs up; /v1/calls/{id}, /v1/calls/{id}/ladder

        The same, and health and reflection, by gRPC on its own port.

        """;
}
