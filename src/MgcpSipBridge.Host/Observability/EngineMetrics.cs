using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Shards;
using Prometheus;

namespace MgcpSipBridge.Host.Observability;

/// <summary>What the engine holds, asked before each scrape: all of it returns to zero when the phones are on hook.</summary>
internal sealed class EngineMetrics
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private readonly IShardQueries _shard;
    private readonly Gauge _mgcp;
    private readonly Gauge _sip;
    private readonly Gauge _dialogs;
    private readonly Gauge _connections;
    private readonly Gauge _timers;

    public EngineMetrics(IMetricFactory metrics, CollectorRegistry registry, IShardQueries shard)
    {
        _shard = shard;
        _mgcp = metrics.CreateGauge("mgcpsipbridge_mgcp_transactions_pending", "MGCP commands of ours that wait for an answer, or for their turn.");
        _sip = metrics.CreateGauge("mgcpsipbridge_sip_transactions_pending", "SIP transactions of either side that are not forgotten yet.");
        _dialogs = metrics.CreateGauge("mgcpsipbridge_sip_dialogs", "SIP dialogs that stand.");
        _connections = metrics.CreateGauge("mgcpsipbridge_mgcp_connections", "Connections that gateways hold for us, or may hold.");
        _timers = metrics.CreateGauge("mgcpsipbridge_engine_timers", "Deadlines that are set for calls and lines.");
        registry.AddBeforeCollectCallback(ReadAsync);
    }

    private async Task ReadAsync(CancellationToken cancel)
    {
        try
        {
            if (await _shard.AskAsync(new EngineQuery.Counts(), cancel, Patience) is not EngineCounts counts) return;
            _mgcp.Set(counts.MgcpTransactions);
            _sip.Set(counts.Sip.ClientTransactions + counts.Sip.ServerTransactions);
            _dialogs.Set(counts.Sip.Dialogs);
            _connections.Set(counts.Connections);
            _timers.Set(counts.Timers);
        }
        catch (TimeoutException)
        {
            // An engine that does not answer is seen elsewhere; a scrape does not fail for it.
        }
    }
}
