using System.Collections.Concurrent;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Net;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Host.Observability.Wire;

/// <summary>
/// Both ends of a message, as they stood on the wire: where a socket takes all addresses, its own end is the address that the system sends from on the way to
/// the other.
/// </summary>
internal sealed class WireEnds(Func<NetAddress, NetAddress> mgcpSocketFor)
{
    private const int Remembered = 65_536;
    private readonly ConcurrentDictionary<UInt128, NetAddress> _ways = new();

    /// <summary>From where to where a message went.</summary>
    public (NetAddress From, NetAddress To) Of(TracedMessage message)
    {
        var local = message.Local.IsNone ? mgcpSocketFor(message.Remote) : message.Local;
        if (local.IsUnspecified && !message.Remote.IsNone) local = SourceTowards(message.Remote).WithPort(local.Port);
        return message.Inbound ? (message.Remote, local) : (local, message.Remote);
    }

    private NetAddress SourceTowards(NetAddress remote)
    {
        if (_ways.TryGetValue(remote.Address, out var known)) return known;
        if (_ways.Count >= Remembered) _ways.Clear();
        return _ways[remote.Address] = MgcpPorts.SourceTowards(remote.Port == 0 ? remote.WithPort(9) : remote) ?? remote with { Address = remote.IsIPv4 ? NetAddress.FromIPv4(0, 0).Address : 0 };
    }
}
