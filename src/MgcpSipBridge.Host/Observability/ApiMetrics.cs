using Grpc.Core;
using MgcpSipBridge.Host.Api.Security;
using Prometheus;

namespace MgcpSipBridge.Host.Observability;

/// <summary>Counts what is asked of the API, and who is not let in.</summary>
internal sealed class ApiMetrics
{
    private readonly Counter _requests;
    private readonly Counter _refused;
    private readonly Gauge _certificateExpiry;

    public ApiMetrics(CollectorRegistry registry)
    {
        var metrics = Metrics.WithCustomRegistry(registry);
        _requests = metrics.CreateCounter("mgcpsipbridge_rpc_requests_total", "Requests of the API that have ended, REST's too, by RPC and status.", ["method", "code"]);
        _refused = metrics.CreateCounter("mgcpsipbridge_api_refused_total", "Requests of the API from somebody who was not let in, by why not.", ["reason"]);
        _certificateExpiry = metrics.CreateGauge("mgcpsipbridge_api_certificate_expiry_timestamp_seconds", "When our certificate for the API runs out, in seconds since 1970; 0 without TLS.");
        foreach (var reason in Enum.GetValues<ApiRefusal>()) _refused.WithLabels(BridgeMetrics.Snake(reason)).Inc(0);
    }

    /// <summary>A request has ended. Methods are those that are served, for others never come here.</summary>
    public void Ended(string method, StatusCode code) => _requests.WithLabels(method, code == StatusCode.OK ? "ok" : BridgeMetrics.Snake(code)).Inc();

    /// <summary>Somebody was not let in.</summary>
    public void Refused(ApiRefusal why) => _refused.WithLabels(BridgeMetrics.Snake(why)).Inc();

    /// <summary>When the certificate runs out.</summary>
    public void CertificateExpires(DateTimeOffset at) => _certificateExpiry.Set(at.ToUnixTimeSeconds());
}
