using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Net;

/// <summary>One TCP connection of SIP: a reader that frames messages and a writer with a bounded queue.</summary>
internal sealed class SipConnection : IDisposable
{
    private static readonly byte[] Pong = "\r\n"u8.ToArray();
    private readonly Channel<ReadOnlyMemory<byte>> _queue = Channel.CreateUnbounded<ReadOnlyMemory<byte>>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Socket _socket;
    private readonly SipStreams _owner;
    private readonly CancellationTokenSource _stop = new();
    private int _queued;
    private int _closed;
    private long _lastMessage;

    /// <summary>A connection that was accepted, or is yet to be made.</summary>
    public SipConnection(SipStreams owner, long id, Socket socket, NetAddress local, NetAddress remote)
    {
        (_owner, Id, _socket, Local, Remote) = (owner, id, socket, local, remote);
        _lastMessage = owner.Clock.Now.Ticks;
    }

    /// <summary>Its number, never 0.</summary>
    public long Id { get; }

    /// <summary>Our end; while it is being made, the listener's address.</summary>
    public NetAddress Local { get; private set; }

    /// <summary>The other end.</summary>
    public NetAddress Remote { get; }

    /// <summary>When the last whole message came or went.</summary>
    public Instant LastMessage => new(Volatile.Read(ref _lastMessage));

    /// <summary>The flow of its messages.</summary>
    public SipFlow Flow => new(SipTransport.Tcp, Local, Remote, Id);

    /// <summary>Queues a message; false, and the connection ends, when too much waits.</summary>
    public bool TrySend(ReadOnlyMemory<byte> bytes)
    {
        if (Interlocked.Add(ref _queued, bytes.Length) <= _owner.Limits.MaxQueuedBytes && _queue.Writer.TryWrite(bytes)) return true;
        Close();
        return false;
    }

    /// <summary>Connects, unless it was accepted, and then reads and writes until one of both ends.</summary>
    public async Task RunAsync(bool connect, NetAddress bindTo)
    {
        try
        {
            if (connect)
            {
                using var timeout = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                timeout.CancelAfter(_owner.Limits.ConnectTimeout);
                // From the listener's address: peers recognise us by it.
                if (!bindTo.IsUnspecified && !bindTo.IsNone) _socket.Bind(new IPEndPoint(bindTo.ToIPAddress(), 0));
                await _socket.ConnectAsync(new IPEndPoint(Remote.ToIPAddress(), Remote.Port), timeout.Token);
                Local = SocketAddresses.From(_socket.LocalEndPoint);
            }

            _socket.NoDelay = true;
            _socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            await Task.WhenAny(ReadAsync(), WriteAsync());
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Told below, as any end is.
        }

        Close();
    }

    /// <summary>Ends the connection and tells the owner, once.</summary>
    public void Close()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0) return;
        _queue.Writer.TryComplete();
        _stop.Cancel();
        _socket.Dispose();
        _owner.Ended(this);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Close();
        _stop.Dispose();
    }

    private async Task ReadAsync()
    {
        var framer = new SipStreamFramer(_owner.MaxMessageBytes);
        var buffer = new byte[16_384];
        while (true)
        {
            var length = await _socket.ReceiveAsync(buffer, SocketFlags.None, _stop.Token);
            if (length == 0) return;
            framer.Append(buffer.AsSpan(0, length));
            while (framer.TryRead(out var message))
            {
                Touch();
                if (message.Span.SequenceEqual("\r\n\r\n"u8)) TrySend(Pong);
                else _owner.Take(Flow, message.Span);
            }

            if (!framer.Broken) continue;
            _owner.Broken(Remote);
            return;
        }
    }

    private async Task WriteAsync()
    {
        await foreach (var message in _queue.Reader.ReadAllAsync(_stop.Token))
        {
            var rest = message;
            while (!rest.IsEmpty) rest = rest[await _socket.SendAsync(rest, SocketFlags.None, _stop.Token)..];
            Interlocked.Add(ref _queued, -message.Length);
            Touch();
        }
    }

    private void Touch() => Volatile.Write(ref _lastMessage, _owner.Clock.Now.Ticks);
}
