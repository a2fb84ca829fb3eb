using System.Net;
using System.Net.Sockets;
using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay;

/// <summary>One bound UDP socket of a session. Receiving and sending allocate nothing once the destination is known.</summary>
internal sealed class MediaSocket : IDisposable
{
    // IPV6_TCLASS of Linux (linux/in6.h); .NET has no name for it.
    private const int IPv6Level = 41;
    private const int IPv6TrafficClass = 67;

    private const int TurnPackets = 64;

    // A destination without a route fails for every packet; the system is asked again this often.
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly Socket _socket;
    private readonly byte[] _buffer;
    private readonly int _capacity;
    private readonly SocketAddress _from;
    private NetAddress _destination;
    private SocketAddress? _destinationAddress;
    private Instant _blockedUntil = Instant.Zero;

    private MediaSocket(Socket socket, int maxPacketBytes)
    {
        _socket = socket;
        // One more than is relayed: a longer datagram is cut to this and so recognized. Behind it is room for what encryption adds.
        _capacity = maxPacketBytes + 1;
        _buffer = GC.AllocateUninitializedArray<byte>(_capacity + SrtpSender.MostAdded);
        _from = new SocketAddress(socket.AddressFamily);
    }

    /// <summary>What a datagram is given to: who sent it, and its bytes with room behind them, valid during the call.</summary>
    public delegate void Receiver(NetAddress source, Span<byte> buffer, int length);

    /// <summary>Binds a socket.</summary>
    /// <exception cref="SocketException">The system refused, for instance because the port is taken.</exception>
    public static MediaSocket Bind(IPAddress address, int port, RelaySettings settings)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (address.Equals(IPAddress.IPv6Any)) socket.DualMode = true;
            // A full send buffer is a dropped packet, never a waiting thread.
            socket.Blocking = false;
            if (settings.TrafficClass != 0) SetTrafficClass(socket, settings.TrafficClass);
            socket.Bind(new IPEndPoint(address, port));
            return new MediaSocket(socket, settings.MaxPacketBytes);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Hands every datagram to the receiver until the socket is disposed; what the receiver throws is told and survived.</summary>
    public async Task PumpAsync(Receiver receiver, Action<Exception>? onFault)
    {
        for (var inTurn = 0; ; inTurn++)
        {
            // Receiving ends at once while datagrams are waiting: a flooded socket must not keep its thread from the others.
            if (inTurn % TurnPackets == 0) await Task.Yield();
            int length;
            try
            {
                length = await _socket.ReceiveFromAsync(_buffer.AsMemory(0, _capacity), SocketFlags.None, _from).ConfigureAwait(false);
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.OperationAborted or SocketError.Interrupted or SocketError.NotSocket)
            {
                return;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.MessageSize)
            {
                length = _capacity; // where the system reports a cut datagram as an error
            }
            catch (SocketException)
            {
                // An ICMP error of an earlier send (Windows reports it here), or memory is short: neither concerns the next datagram.
                await Task.Delay(1).ConfigureAwait(false);
                continue;
            }

            try
            {
                receiver(SocketAddresses.Read(_from), _buffer, length);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                onFault?.Invoke(e);
            }
        }
    }

    /// <summary>Sends a datagram; false when the system did not take it.</summary>
    public bool TrySend(ReadOnlySpan<byte> datagram, NetAddress destination, Instant now)
    {
        if (destination != _destination)
        {
            _destination = destination;
            _destinationAddress = SocketAddresses.Write(destination, _socket.AddressFamily, _socket.AddressFamily == AddressFamily.InterNetworkV6 && _socket.DualMode);
            _blockedUntil = Instant.Zero;
        }

        if (_destinationAddress is null || now < _blockedUntil) return false;
        try
        {
            return _socket.SendTo(datagram, SocketFlags.None, _destinationAddress) == datagram.Length;
        }
        catch (SocketException e)
        {
            if (e.SocketErrorCode is not (SocketError.WouldBlock or SocketError.NoBufferSpaceAvailable)) _blockedUntil = now + RetryAfter;
            return false;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    public void Dispose() => _socket.Dispose();

    private static void SetTrafficClass(Socket socket, byte value)
    {
        try
        {
            if (socket.AddressFamily == AddressFamily.InterNetwork) socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.TypeOfService, value);
            else if (OperatingSystem.IsLinux()) socket.SetRawSocketOption(IPv6Level, IPv6TrafficClass, BitConverter.GetBytes((int)value));
        }
        catch (SocketException)
        {
            // A system that does not let us mark packets still lets us send them.
        }
    }
}
