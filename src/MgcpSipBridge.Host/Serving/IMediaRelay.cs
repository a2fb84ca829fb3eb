using MgcpSipBridge.Host.Observability;
using MgcpSipBridge.Media;

namespace MgcpSipBridge.Host.Serving;

/// <summary>The RTP relay as the host drives it.</summary>
internal interface IMediaRelay : IDisposable
{
    /// <summary>Takes a command; never blocks.</summary>
    void Post(RelayCommand command);

    /// <summary>Tells its numbers before a scrape.</summary>
    void Read(IMetricsIntake intake);
}

/// <summary>Makes the relay, which tells <paramref name="happened"/> what it has to say.</summary>
internal delegate IMediaRelay RelayMaker(Action<RelayEvent> happened);
