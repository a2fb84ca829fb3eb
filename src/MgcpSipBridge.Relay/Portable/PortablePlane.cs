using System.Net;
using MgcpSipBridge.Media;

namespace MgcpSipBridge.Relay;

/// <summary>The plane of every system that .NET runs on: a receiving loop per socket on the runtime's threads.</summary>
internal sealed class PortablePlane(PlaneContext context) : MediaPlane
{
    public override MediaPorts Bind(IPAddress address, int port)
    {
        var rtp = MediaSocket.Bind(address, port, context.Settings);
        try
        {
            return new PortablePorts(port, rtp, MediaSocket.Bind(address, port + 1, context.Settings));
        }
        catch
        {
            rtp.Dispose();
            throw;
        }
    }

    public override MediaSession Start(MediaId media, MediaPorts gateway, MediaPorts sip)
    {
        var session = new RelayedSession(media, (PortablePorts)gateway, (PortablePorts)sip, context);
        session.Start();
        return session;
    }

    public override ValueTask CheckAsync(IEnumerable<MediaSession> sessions)
    {
        foreach (var session in sessions) ((RelayedSession)session).Check();
        return ValueTask.CompletedTask;
    }
}

/// <summary>A pair of sockets.</summary>
internal sealed class PortablePorts(int port, MediaSocket rtp, MediaSocket rtcp) : MediaPorts(port)
{
    public MediaSocket Rtp { get; } = rtp;

    public MediaSocket Rtcp { get; } = rtcp;

    public override void Dispose()
    {
        Rtp.Dispose();
        Rtcp.Dispose();
    }
}
