using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Observability;
using MgcpSipBridge.Media;

namespace MgcpSipBridge.Host.Serving;

internal sealed class RelayAdapter : IMediaRelay
{
    public static RelayMaker Maker(BridgeModel model, ILoggerFactory logs) => _ => new RelayAdapter();

    public void Post(RelayCommand command)
    {
    }

    public void Read(IMetricsIntake intake)
    {
    }

    public void Dispose()
    {
    }
}
