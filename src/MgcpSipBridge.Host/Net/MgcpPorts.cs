using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net.Sockets;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Host.Net;

/// <summary>Takes a datagram of a gateway, and the address of the socket that it came to; the bytes are good until it returns.</summary>
internal delegate void MgcpTaker(NetAddress from, NetAddress on, ReadOnlySpan<byte> bytes);

/// <summary>
/// The sockets on which gateways are heard. What goes to a gateway leaves from the one that it was last heard on: a gateway takes answers, and passes its
/// own firewall, from where it sent to.
/// </summary>
internal sealed class MgcpPorts : IDisposable
{
    private const int RememberedAddresses = 131_072;
    private readonly List<UdpPort> _ports = [];
    private readonly ConcurrentDictionary<NetAddress, UdpPort> _heardOn = new();

    /// <summary>Where they are bound, in the order of the settings.</summary>
    public ImmutableArray<NetAddress> Bound => [.. _ports.Select(p => p.Bound)];

    /// <summary>Opens one.</summary>
    /// <exception cref="BindException">The address is taken, or not ours.</exception>
    public void Open(MgcpListen listen, int receiveBufferBytes, int dscp, ILogger log) =>
        _ports.Add(UdpPort.Open(listen.Address, listen.Setting, receiveBufferBytes, null, log, dscp));

    /// <summary>Receives on all of them, telling which of several; each task ends when its socket is closed.</summary>
    public IEnumerable<Task> Run(MgcpTaker take)
    {
        if (_ports.Count == 1) return [_ports[0].RunAsync((from, bytes) => take(from, NetAddress.None, bytes))];
        return [.. _ports.Select(port => port.RunAsync((from, bytes) =>
        {
            Remember(from, port);
            take(from, port.Bound, bytes);
        }))];
    }

    /// <summary>Sends from the socket on which the destination, or else its host, was last heard; from the one that the way there begins at if never.</summary>
    public void Send(NetAddress to, ReadOnlySpan<byte> bytes) => PortFor(to).Send(to, bytes);

    /// <summary>Where the socket is bound that such a datagram leaves from.</summary>
    public NetAddress BoundFor(NetAddress to) => PortFor(to).Bound;

    /// <summary>Whether a socket bound to <paramref name="bound"/> can send to <paramref name="to"/>: one of the family, or the IPv6 wildcard, which takes both.</summary>
    public static bool Reaches(NetAddress bound, NetAddress to) => bound.IsIPv4 == to.IsIPv4 || (!bound.IsIPv4 && bound.IsUnspecified);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var port in _ports) port.Dispose();
    }

    private UdpPort PortFor(NetAddress to)
    {
        if (_ports.Count == 1) return _ports[0];
        return _heardOn.TryGetValue(to, out var port) || _heardOn.TryGetValue(to.WithPort(0), out port) ? port : FirstFor(to);
    }

    /// <summary>The socket to begin with: the one at the address that the system would send from, for a gateway perhaps answers, or passes, no other.</summary>
    private UdpPort FirstFor(NetAddress to)
    {
        var port = _ports.Find(p => Reaches(p.Bound, to)) ?? _ports[0];
        if (SourceTowards(to) is { } source) port = _ports.Find(p => p.Bound.SameHost(source)) ?? port;
        if (_heardOn.Count < RememberedAddresses) _heardOn.TryAdd(to.WithPort(0), port);
        return port;
    }

    /// <summary>The address that the system sends from on the way to another; null when there is no way.</summary>
    public static NetAddress? SourceTowards(NetAddress to)
    {
        try
        {
            // Connecting a UDP socket sends nothing; it asks the system for the way.
            using var probe = new Socket(to.IsIPv4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
            probe.Connect(to.ToIPAddress(), to.Port);
            return SocketAddresses.From(probe.LocalEndPoint);
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private void Remember(NetAddress from, UdpPort port)
    {
        if (_heardOn.TryGetValue(from, out var known) && known == port && _heardOn.TryGetValue(from.WithPort(0), out known) && known == port) return;
        // A flood of made-up sources may make us forget; then the socket that the way begins at serves until the next datagram.
        if (_heardOn.Count >= RememberedAddresses) _heardOn.Clear();
        _heardOn[from] = port;
        _heardOn[from.WithPort(0)] = port;
    }
}
