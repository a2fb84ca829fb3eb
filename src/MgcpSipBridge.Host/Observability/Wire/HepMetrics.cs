using Prometheus;

namespace MgcpSipBridge.Host.Observability.Wire;

/// <summary>Counts what is sent to a capture server, and what is not.</summary>
internal sealed class HepMetrics
{
    private readonly Counter _sent;
    private readonly Counter _dropped;

    public HepMetrics(IMetricFactory metrics)
    {
        _sent = metrics.CreateCounter("mgcpsipbridge_hep_messages_total", "Messages sent to the capture server (HEP3).");
        _dropped = metrics.CreateCounter("mgcpsipbridge_hep_dropped_total", "Messages that were not sent to the capture server, and why not.", ["reason"]);
        foreach (var reason in Enum.GetValues<HepDrop>()) _dropped.WithLabels(BridgeMetrics.Snake(reason)).Inc(0);
    }

    public void Sent() => _sent.Inc();

    public void Dropped(HepDrop why) => _dropped.WithLabels(BridgeMetrics.Snake(why)).Inc();
}

/// <summary>Why a message was not sent to the capture server.</summary>
internal enum HepDrop
{
    /// <summary>Too many wait already.</summary>
    QueueFull,

    /// <summary>It does not fit into a datagram.</summary>
    TooLong,

    /// <summary>The server's name gives no address, or nobody is there.</summary>
    Unreachable,
}
