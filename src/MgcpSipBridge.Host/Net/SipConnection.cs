using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Threading.Channels;
using MgcpSipBridge.Host.Net.Tls;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Net;

/// <summary>One TCP or TLS connection of SIP: a reader that frames messages and a writer with a bounded queue.</summary>
internal sealed class SipConnection : IDisposable
{
    private static readonly byte[] Ping = "\r\n\r\n"u8.ToArray();
    private static readonly byte[] Pong = "\r\n"u8.ToArray();
    // RFC 5626 §4.4.1.
    private static readonly TimeSpan PongTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);
    // Of whom we have never heard nobody expects much, least of all that a connection is kept for nothing.
    private static readonly TimeSpan StrangersIdleTimeout = TimeSpan.FromSeconds(30);
    private readonly Channel<ReadOnlyMemory<byte>> _queue = Channel.CreateUnbounded<ReadOnlyMemory<byte>>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Socket _socket;
    private readonly SipStreams _owner;
    private readonly CancellationTokenSource _stop = new();
    private readonly bool _ours;
    private int _queued;
    private int _closed;
    private long _lastMessage;
    private Instant _pinged;
    private long _nextPing = long.MaxValue;
    private volatile bool _awaitsPong;
    private volatile bool _answersPings;
    private volatile TlsSession? _session;

    /// <summary>A connection that is yet to be made, or that was accepted.</summary>
    /// <param name="owner">Who holds it.</param>
    /// <param name="id">Its number, never 0.</param>
    /// <param name="socket">The socket.</param>
    /// <param name="flow">Its addresses; TLS that we make has the domain to be spoken with.</param>
    /// <param name="ours">Whether we make it.</param>
    /// <param name="listener">Address of its listener, which may be a wildcard.</param>
    public SipConnection(SipStreams owner, long id, Socket socket, SipFlow flow, bool ours, NetAddress listener)
    {
        (_owner, Id, _socket, _ours) = (owner, id, socket, ours);
        (Transport, Local, Remote, Domain, Listener) = (flow.Transport, flow.Local, flow.Remote, flow.Domain, listener);
        _lastMessage = owner.Clock.Now.Ticks;
    }

    /// <summary>Its number, never 0.</summary>
    public long Id { get; }

    /// <summary>TCP or TLS.</summary>
    public SipTransport Transport { get; }

    /// <summary>Our end; while it is being made, the listener's address.</summary>
    public NetAddress Local { get; private set; }

    /// <summary>The listener that it belongs to, from or to whose address it was made.</summary>
    public NetAddress Listener { get; }

    /// <summary>The other end.</summary>
    public NetAddress Remote { get; }

    /// <summary>Whom its certificate names, of TLS that we made.</summary>
    public string? Domain { get; }

    /// <summary>What TLS agreed on; null before that, and for other transports.</summary>
    public TlsSession? Session => _session;

    /// <summary>Whether somebody opened it who was no peer then.</summary>
    public bool IsStranger { get; init; }

    /// <summary>When the last whole message or keep-alive of the other side came, or a message of ours went.</summary>
    public Instant LastMessage => new(Volatile.Read(ref _lastMessage));

    /// <summary>The flow of its messages.</summary>
    public SipFlow Flow => new(Transport, Local, Remote, Id) { Domain = Domain };

    /// <summary>Queues a message; false, and the connection ends, when too much waits.</summary>
    public bool TrySend(ReadOnlyMemory<byte> bytes)
    {
        if (Interlocked.Add(ref _queued, bytes.Length) <= _owner.Limits.MaxQueuedBytes && _queue.Writer.TryWrite(bytes)) return true;
        Close();
        return false;
    }

    /// <summary>Connects, unless it was accepted, secures TLS, and then reads and writes until one of both ends.</summary>
    public async Task RunAsync()
    {
        Stream? stream = null;
        try
        {
            if (_ours) await ConnectAsync();
            _socket.NoDelay = true;
            _socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            stream = new NetworkStream(_socket, ownsSocket: true);
            if (Transport == SipTransport.Tls)
            {
                var secured = await _owner.Tls!.SecureAsync(stream, Remote, _ours ? Domain ?? Remote.UriHost : null, _stop.Token);
                _session = TlsSession.Of(secured);
                stream = secured;
            }

            if (_ours && _owner.Limits.KeepAlive > TimeSpan.Zero) Volatile.Write(ref _nextPing, NextPing(_owner.Clock.Now).Ticks);
            await ExchangeAsync(stream);
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // Told below, as any end is; why there never was one is for who asks.
            if (_ours && stream is null) _owner.NotConnected(this, (e as SocketException)?.SocketErrorCode ?? SocketError.TimedOut);
        }
        finally
        {
            Close();
            if (stream is not null) await stream.DisposeAsync();
            _socket.Dispose();
        }
    }

    /// <summary>Closes it if nothing was said for too long or a keep-alive stayed unanswered, and sends the next one when it is time.</summary>
    public void Tick(Instant now)
    {
        var idle = _owner.Limits.IdleTimeout;
        if (LastMessage < now - (IsStranger && StrangersIdleTimeout < idle ? StrangersIdleTimeout : idle))
        {
            Close();
            return;
        }

        if (_awaitsPong && now - _pinged < PongTimeout) return;
        // Only of a peer that is known to answer does silence mean anything.
        if (_awaitsPong && _answersPings)
        {
            Close();
            return;
        }

        if (now.Ticks < Volatile.Read(ref _nextPing)) return;
        Volatile.Write(ref _nextPing, NextPing(now).Ticks);
        _pinged = now;
        _awaitsPong = true;
        TrySend(Ping);
    }

    /// <summary>Ends the connection and tells the owner, once.</summary>
    public void Close()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0) return;
        _queue.Writer.TryComplete();
        _owner.Ended(this);
        _stop.Cancel();
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private async Task ConnectAsync()
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        timeout.CancelAfter(_owner.Limits.ConnectTimeout);
        // From the listener's address: peers recognise us by it.
        if (!Local.IsUnspecified && !Local.IsNone) _socket.Bind(new IPEndPoint(Local.ToIPAddress(), 0));
        await _socket.ConnectAsync(new IPEndPoint(Remote.ToIPAddress(), Remote.Port), timeout.Token);
        Local = SocketAddresses.From(_socket.LocalEndPoint);
        _owner.Connected(this);
    }

    private async Task ExchangeAsync(Stream stream)
    {
        var (reading, writing) = (ReadAsync(stream), WriteAsync(stream));
        await Task.WhenAny(reading, writing);
        Close();
        await Task.WhenAll(reading, writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // close_notify (RFC 8446 §6.1), so that the other side need not suspect that somebody cut the line.
        if (stream is SslStream tls) await tls.ShutdownAsync().WaitAsync(Farewell);
    }

    private async Task ReadAsync(Stream stream)
    {
        var framer = new SipStreamFramer(_owner.MaxMessageBytes);
        var buffer = new byte[16_384];
        while (true)
        {
            var length = await stream.ReadAsync(buffer, _stop.Token);
            if (length == 0) return;
            // Two pongs in a row must not be taken for a ping.
            if (_awaitsPong && framer.IsEmpty && buffer.AsSpan(0, length).SequenceEqual(Pong))
            {
                _answersPings = true;
                length = 0;
                Touch();
            }

            _awaitsPong = false;
            framer.Append(buffer.AsSpan(0, length));
            while (framer.TryRead(out var message))
            {
                Touch();
                if (message.Span.SequenceEqual(Ping)) TrySend(Pong);
                else _owner.Take(Flow, message.Span);
            }

            if (!framer.Broken) continue;
            _owner.Broken(Remote);
            return;
        }
    }

    private async Task WriteAsync(Stream stream)
    {
        await foreach (var message in _queue.Reader.ReadAllAsync(_stop.Token))
        {
            await stream.WriteAsync(message, _stop.Token);
            Interlocked.Add(ref _queued, -message.Length);
            // A keep-alive of ours says nothing about whether anybody needs the connection.
            if (message.Length > Ping.Length) Touch();
        }
    }

    // RFC 5626 §4.4: between 80 and 100 % of the longest interval, so that a thousand connections do not ping as one.
    private Instant NextPing(Instant now) => now + (_owner.Limits.KeepAlive * (0.8 + (0.2 * Random.Shared.NextDouble())));

    private void Touch() => Volatile.Write(ref _lastMessage, _owner.Clock.Now.Ticks);
}
