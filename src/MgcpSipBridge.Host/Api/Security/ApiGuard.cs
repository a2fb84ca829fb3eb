using System.Net;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Events;
using MgcpSipBridge.Host.Observability;
using MgcpSipBridge.Host.Shards;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Prometheus;

namespace MgcpSipBridge.Host.Api.Security;

/// <summary>All that guards the API's doors: TLS, tokens, certificates, and the files behind them, which are looked at again and again.</summary>
internal sealed partial class ApiGuard : IDisposable
{
    private const string TlsAlarm = "API_TLS_REFUSED";
    private const string TokensAlarm = "API_TOKENS_REFUSED";
    private static readonly TimeSpan SoonExpired = TimeSpan.FromDays(14);
    private readonly TokenBook _tokens;
    private readonly ApiTls? _tls;
    private readonly Timer _reload;
    private readonly Lock _one = new();
    private readonly ILogger _log;
    private readonly AlarmBoard _alarms;

    public ApiGuard(BridgeModel model, CollectorRegistry registry, AlarmBoard alarms, ILoggerFactory logs)
    {
        var settings = model.Config.Api;
        (_log, _alarms) = (logs.CreateLogger("MgcpSipBridge.Security"), alarms);
        _tokens = new TokenBook(settings, model.Api.Variable, _log);
        Access = new ApiAccess(model.Api, settings, _tokens, TimeProvider.System) { IsRevoked = certificate => _tls?.IsRevoked(certificate) == true, IsUnchecked = () => _tls?.Unchecked is not null };
        Metrics = new ApiMetrics(registry);
        var clock = new MonotonicClock();
        Log = new SecurityLog(logs, () => clock.Now);
        if (model.Api.Http.Tls || model.Api.Grpc.Tls) _tls = new ApiTls(settings.Tls, _log) { Refused = Refuse };
        foreach (var (setting, listen) in ((string, ApiListen)[])[("Api:Http", model.Api.Http), ("Api:Grpc", model.Api.Grpc)])
            if (!ApiSettings.IsLoopback(listen.Address) && !(listen.Tls && Access.IsGuarded)) Lines.Insecure(_log, setting, Access.IsGuarded ? "without TLS" : "without anybody having to show who he is");
        WatchCertificate();
        SetAlarms();
        _reload = new Timer(_ => Refresh(), null, settings.ReloadInterval, settings.ReloadInterval);
    }

    /// <summary>Tells who is asking.</summary>
    public ApiAccess Access { get; }

    /// <summary>Counts.</summary>
    public ApiMetrics Metrics { get; }

    /// <summary>Says who was not let in.</summary>
    public SecurityLog Log { get; }

    /// <summary>Makes a door speak TLS where its address says so; a door without it speaks one version of HTTP.</summary>
    public void Secure(ListenOptions listen, ApiListen door, HttpProtocols without)
    {
        listen.Protocols = door.Tls && without == HttpProtocols.Http1 ? HttpProtocols.Http1AndHttp2 : without;
        if (door.Tls) listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = context => ValueTask.FromResult(_tls!.Options((context.Connection.RemoteEndPoint as IPEndPoint)?.Address)), HandshakeTimeout = TimeSpan.FromSeconds(10) });
    }

    /// <summary>Reads the files again that have changed.</summary>
    public void Refresh()
    {
        lock (_one)
        {
            _tokens.Refresh();
            var before = _tls?.NotAfter;
            _tls?.Refresh();
            if (_tls?.NotAfter != before) WatchCertificate();
            SetAlarms();
        }

        Access.Changed();
    }

    /// <inheritdoc/>
    public void Dispose() => _reload.Dispose();

    private void Refuse(IPAddress? from, ApiRefusal why)
    {
        Metrics.Refused(why);
        Log.Refused(from, why, null, null);
    }

    private void SetAlarms()
    {
        _alarms.Set(TlsAlarm, "", _tls?.Problem is not null, V1.Alarm.Types.Severity.Warning, _tls?.Problem ?? "");
        _alarms.Set(TokensAlarm, "", _tokens.Problem is not null, V1.Alarm.Types.Severity.Warning, _tokens.Problem ?? "");
    }

    private void WatchCertificate()
    {
        if (_tls is null) return;
        Metrics.CertificateExpires(_tls.NotAfter);
        if (_tls.NotAfter < DateTimeOffset.UtcNow + SoonExpired) Lines.SoonExpired(_log, _tls.NotAfter);
    }

    private static partial class Lines
    {
        [LoggerMessage(EventId = 6037, EventName = "ApiInsecure", Level = LogLevel.Warning, Message = "{Setting} can be reached from other machines {Lack}: Api:AllowInsecure is on")]
        internal static partial void Insecure(ILogger logger, string setting, string lack);

        [LoggerMessage(EventId = 6038, EventName = "ApiTlsSoonExpired", Level = LogLevel.Warning, Message = "The certificate of Api:Tls:Certificate runs out at {NotAfter}")]
        internal static partial void SoonExpired(ILogger logger, DateTimeOffset notAfter);
    }
}
