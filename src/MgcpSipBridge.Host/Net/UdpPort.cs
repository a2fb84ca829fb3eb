using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Host.Net;

/// <summary>Takes a datagram; the bytes are good until it returns.</summary>
internal delegate void DatagramTaker(NetAddress from, ReadOnlySpan<byte> bytes);

/// <summary>A bound UDP socket: a receiving thread of its own that allocates nothing, and sends that do not wait.</summary>
internal sealed partial class UdpPort : IDisposable
{
    private const int RememberedAddresses = 8192;
    // Blocking receives cost one system call and no change of thread; that makes the sends blocking too, so these are bounded (the least there is).
    private const int SendWaitMilliseconds = 1;
    private readonly Socket _socket;
    private readonly ConcurrentDictionary<NetAddress, SocketAddress> _addresses = new();
    private readonly Action<NetAddress>? _unreachable;
    private readonly ILogger _log;

    private UdpPort(Socket socket, Action<NetAddress>? unreachable, ILogger log)
    {
        (_socket, _unreachable, _log) = (socket, unreachable, log);
        Bound = SocketAddresses.From(socket.LocalEndPoint);
    }

    /// <summary>Where it is bound, with the real port.</summary>
    public NetAddress Bound { get; }

    /// <summary>Opens a port.</summary>
    /// <param name="address">Where; port 0 takes any free one.</param>
    /// <param name="setting">The setting that asked for it, for errors.</param>
    /// <param name="receiveBufferBytes">Receive buffer asked for; a start of many gateways comes as one burst.</param>
    /// <param name="unreachable">Told of destinations that ICMP says cannot be reached; null when nobody cares.</param>
    /// <param name="log">Where errors go.</param>
    /// <param name="dscp">DSCP of what is sent; 0 leaves it to the system.</param>
    public static UdpPort Open(NetAddress address, string setting, int receiveBufferBytes, Action<NetAddress>? unreachable, ILogger log, int dscp = 0)
    {
        var port = new UdpPort(BindException.Open(address, SocketType.Dgram, ProtocolType.Udp, setting, socket =>
        {
            socket.ReceiveBufferSize = receiveBufferBytes;
            socket.SendBufferSize = receiveBufferBytes;
            socket.SendTimeout = SendWaitMilliseconds;
            Marking.Apply(socket, dscp);
            if (unreachable is not null) IcmpErrors.Enable(socket);
        }), unreachable, log);
        // Linux tells twice what it granted (socket(7)).
        var granted = OperatingSystem.IsLinux() ? port._socket.ReceiveBufferSize / 2 : port._socket.ReceiveBufferSize;
        if (granted < receiveBufferBytes) Log.SmallBuffer(log, setting, port.Bound, granted, receiveBufferBytes);
        return port;
    }

    /// <summary>Hands every datagram to <paramref name="take"/>, on a thread of its own, until the port is disposed.</summary>
    /// <returns>Ends with the thread.</returns>
    public Task RunAsync(DatagramTaker take) =>
        Task.Factory.StartNew(() => Receive(take), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void Receive(DatagramTaker take)
    {
        var buffer = GC.AllocateUninitializedArray<byte>(65_536, pinned: true);
        var from = new SocketAddress(_socket.AddressFamily);
        while (true)
        {
            int length;
            try
            {
                length = _socket.ReceiveFrom(buffer, SocketFlags.None, from);
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.OperationAborted or SocketError.Interrupted)
            {
                return;
            }
            catch (SocketException e)
            {
                ReadUnreachable();
                Log.ReceiveFailed(_log, Bound, e.SocketErrorCode);
                continue;
            }

            take(SocketAddresses.Read(from.Buffer.Span, _socket.AddressFamily), buffer.AsSpan(0, length));
        }
    }

    /// <summary>Sends a datagram. What the system does not take at once is dropped: the protocols above send again.</summary>
    public void Send(NetAddress to, ReadOnlySpan<byte> bytes)
    {
        if (!_addresses.TryGetValue(to, out var address))
        {
            if (_addresses.Count >= RememberedAddresses) _addresses.Clear();
            _addresses[to] = address = SocketAddresses.Write(to, _socket.AddressFamily);
        }

        // A pending ICMP error of an earlier datagram, to whomever, is reported by the next call on the socket: then once more.
        for (var attempt = 0; attempt < 2; attempt++)
        {
            try
            {
                _socket.SendTo(bytes, SocketFlags.None, address);
                return;
            }
            catch (SocketException e)
            {
                if (attempt == 0 && _unreachable is not null && e.SocketErrorCode is SocketError.ConnectionRefused or SocketError.HostUnreachable or SocketError.NetworkUnreachable)
                {
                    ReadUnreachable();
                    continue;
                }

                Log.SendFailed(_log, Bound, to, bytes.Length, e.SocketErrorCode);
                // No route, or forbidden: waiting for a timer would not help. A full buffer is not the destination's fault.
                if (e.SocketErrorCode is not (SocketError.WouldBlock or SocketError.TimedOut or SocketError.NoBufferSpaceAvailable)) _unreachable?.Invoke(to);
                return;
            }
            catch (ObjectDisposedException)
            {
                return;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private void ReadUnreachable()
    {
        if (_unreachable is null) return;
        while (IcmpErrors.TryRead(_socket, out var destination))
        {
            Log.Unreachable(_log, destination);
            _unreachable(destination);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1001, EventName = "UdpReceiveFailed", Level = LogLevel.Debug, Message = "Receiving on {Port} failed: {Error}")]
        internal static partial void ReceiveFailed(ILogger logger, NetAddress port, SocketError error);

        [LoggerMessage(EventId = 1002, EventName = "UdpSendFailed", Level = LogLevel.Debug, Message = "Sending {Bytes} bytes from {Port} to {Destination} failed: {Error}")]
        internal static partial void SendFailed(ILogger logger, NetAddress port, NetAddress destination, int bytes, SocketError error);

        [LoggerMessage(EventId = 1004, EventName = "ReceiveBufferSmall", Level = LogLevel.Information, Message = "{Setting}: {Port} has a receive buffer of {Granted} bytes, not {Wanted}: a burst may lose datagrams (raise net.core.rmem_max)")]
        internal static partial void SmallBuffer(ILogger logger, string setting, NetAddress port, int granted, int wanted);

        [LoggerMessage(EventId = 1003, EventName = "DestinationUnreachable", Level = LogLevel.Debug, Message = "{Destination} cannot be reached, says ICMP")]
        internal static partial void Unreachable(ILogger logger, NetAddress destination);
    }
}
