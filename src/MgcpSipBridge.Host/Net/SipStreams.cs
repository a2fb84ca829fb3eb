using System.Collections.Concurrent;
using System.Net.Sockets;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Net.Tls;
using MgcpSipBridge.Host.Shards;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Net;

/// <summary>Takes a whole SIP message; the bytes are good until it returns.</summary>
internal delegate void SipTaker(SipFlow flow, ReadOnlySpan<byte> message);

/// <summary>
/// SIP over TCP and TLS (RFC 3261 §18): listeners, and connections made on demand and reused by their remote address, those of TLS for the domain that
/// they were made for. Everything is bounded: connections in all and per address, bytes waiting per connection, time without a message.
/// </summary>
internal sealed partial class SipStreams : IAsyncDisposable
{
    private readonly ConcurrentDictionary<long, SipConnection> _connections = new();
    private readonly ConcurrentDictionary<Way, SipConnection> _byWay = new();
    private readonly ConcurrentDictionary<(SipTransport Transport, NetAddress Remote), SocketError> _troubles = new();
    private const int MostTroubles = 1024;
    private readonly List<(Socket Socket, SipTransport Transport)> _listeners = [];
    private readonly List<Task> _accepting = [];
    private static readonly TimeSpan SweepPeriod = TimeSpan.FromSeconds(1);
    private readonly SipTaker _take;
    private readonly Action<SipFlow> _failed;
    private readonly ILogger _log;
    private readonly Timer _sweep;
    private readonly Lock _admission = new();
    private readonly Dictionary<UInt128, int> _perAddress = [];
    private int _strangers;
    private long _lastId;
    private volatile bool _stopping;

    /// <summary>No listeners yet.</summary>
    public SipStreams(SipTcpSection limits, int maxMessageBytes, MonotonicClock clock, SipTaker take, Action<SipFlow> failed, ILogger log)
    {
        (Limits, MaxMessageBytes, Clock, _take, _failed, _log) = (limits, maxMessageBytes, clock, take, failed, log);
        _sweep = new Timer(_ => Sweep(Clock.Now), null, SweepPeriod, SweepPeriod);
    }

    /// <summary>DSCP of what is sent; 0 leaves it to the system.</summary>
    public int Dscp { get; init; }

    /// <summary>TLS; null where there is none.</summary>
    public SipTls? Tls { get; init; }

    /// <summary>Whether an address is a peer's: strangers get few connections, and for a short time.</summary>
    public Func<NetAddress, bool> IsPeer { get; init; } = _ => true;

    /// <summary>Told whose connection was refused or cut, and why.</summary>
    public Action<NetAddress, string>? Refused { get; init; }

    /// <summary>The limits in force.</summary>
    public SipTcpSection Limits { get; }

    /// <summary>Largest message taken.</summary>
    public int MaxMessageBytes { get; }

    /// <summary>The time line.</summary>
    public MonotonicClock Clock { get; }

    /// <summary>Connections that are open or being made.</summary>
    public int Open => _connections.Count;

    /// <summary>Those of a transport.</summary>
    public int OpenOf(SipTransport transport) => _connections.Values.Count(c => c.Transport == transport);

    /// <summary>Binds a listener; nothing is accepted before <see cref="Start"/>.</summary>
    public NetAddress Listen(NetAddress address, string setting, SipTransport transport = SipTransport.Tcp)
    {
        var socket = BindException.Open(address, SocketType.Stream, ProtocolType.Tcp, setting, opened => Marking.Apply(opened, Dscp));
        _listeners.Add((socket, transport));
        return SocketAddresses.From(socket.LocalEndPoint);
    }

    /// <summary>Begins to accept.</summary>
    public void Start()
    {
        foreach (var (socket, transport) in _listeners) _accepting.Add(AcceptAsync(socket, transport));
    }

    /// <summary>Sends a message over the connection that the flow names, or over any to its remote address (and domain). Never blocks.</summary>
    public void Send(SipFlow flow, ReadOnlyMemory<byte> message)
    {
        if (flow.Connection != 0)
        {
            if (!_connections.TryGetValue(flow.Connection, out var named) || !named.TrySend(message)) _failed(flow);
            return;
        }

        if (!_byWay.TryGetValue(Way.Of(flow), out var connection))
        {
            if (_stopping || (flow.Transport == SipTransport.Tls && Tls is null) || !Admit(flow.Remote, stranger: false))
            {
                _failed(flow);
                return;
            }

            var socket = new Socket(flow.Remote.IsIPv4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
            Marking.Apply(socket, Dscp);
            connection = new SipConnection(this, Interlocked.Increment(ref _lastId), socket, flow, ours: true, flow.Local);
            Add(connection);
            connection.TrySend(message);
            Log.Connecting(_log, flow.Remote);
            _ = Task.Run(connection.RunAsync);
            return;
        }

        if (!connection.TrySend(message)) _failed(flow);
    }

    /// <summary>A whole message arrived.</summary>
    public void Take(SipFlow flow, ReadOnlySpan<byte> message) => _take(flow, message);

    /// <summary>A connection of ours was not made.</summary>
    public void NotConnected(SipConnection connection, SocketError error)
    {
        if (_troubles.Count >= MostTroubles) _troubles.Clear();
        _troubles[(connection.Transport, connection.Remote)] = error;
    }

    /// <summary>A connection of ours was made.</summary>
    public void Connected(SipConnection connection) => _troubles.TryRemove((connection.Transport, connection.Remote), out _);

    /// <summary>Why the last connection to an address was not made; null when it was, and when nobody tried.</summary>
    public SocketError? TroubleWith(SipTransport transport, NetAddress remote) => _troubles.TryGetValue((transport, remote), out var error) ? error : null;

    /// <summary>What TLS agreed on with an address for a domain; null when there is no such connection.</summary>
    public TlsSession? SessionWith(NetAddress remote, string? domain) =>
        _byWay.FirstOrDefault(pair => pair.Key.Transport == SipTransport.Tls && pair.Key.Remote == remote && pair.Key.Domain == domain).Value?.Session;

    /// <summary>A stream could not be followed any more.</summary>
    public void Broken(NetAddress remote)
    {
        Log.Broken(_log, remote);
        Refused?.Invoke(remote, "not_sip");
    }

    /// <summary>A connection is over.</summary>
    public void Ended(SipConnection connection)
    {
        if (!_connections.TryRemove(connection.Id, out _)) return;
        _byWay.TryRemove(KeyValuePair.Create(Way.Of(connection.Flow with { Local = connection.Listener }), connection));
        lock (_admission)
        {
            if (connection.IsStranger) _strangers--;
            if (--_perAddress.GetValueRef(connection.Remote.Address) == 0) _perAddress.Remove(connection.Remote.Address);
        }

        Log.Ended(_log, connection.Remote);
        // Once, by its number: said without one, it would also strike a connection that has been made to the same address since.
        if (!_stopping) _failed(connection.Flow);
    }

    /// <summary>Closes what was silent for too long and keeps the rest alive; happens by itself every second.</summary>
    internal void Sweep(Instant now)
    {
        foreach (var connection in _connections.Values) connection.Tick(now);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _stopping = true;
        await _sweep.DisposeAsync();
        foreach (var (socket, _) in _listeners) socket.Dispose();
        foreach (var connection in _connections.Values) connection.Close();
        await Task.WhenAll(_accepting);
    }

    private async Task AcceptAsync(Socket listener, SipTransport transport)
    {
        var bound = SocketAddresses.From(listener.LocalEndPoint);
        while (true)
        {
            Socket socket;
            try
            {
                socket = await listener.AcceptAsync();
            }
            catch (Exception e) when (e is ObjectDisposedException || (e is SocketException && _stopping))
            {
                return;
            }
            catch (SocketException e)
            {
                // Out of descriptors, most likely: accepting again at once would spin.
                Log.AcceptFailed(_log, e.SocketErrorCode);
                await Task.Delay(100);
                continue;
            }

            var remote = SocketAddresses.From(socket.RemoteEndPoint);
            var stranger = !IsPeer(remote);
            if (!Admit(remote, stranger))
            {
                Log.TooMany(_log, remote);
                Refused?.Invoke(remote, "too_many_connections");
                socket.Dispose();
                continue;
            }

            var flow = new SipFlow(transport, SocketAddresses.From(socket.LocalEndPoint), remote);
            var connection = new SipConnection(this, Interlocked.Increment(ref _lastId), socket, flow, ours: false, bound) { IsStranger = stranger };
            Add(connection);
            _ = connection.RunAsync();
        }
    }

    private bool Admit(NetAddress remote, bool stranger)
    {
        lock (_admission)
        {
            if (_connections.Count >= Limits.MaxConnections || (stranger && _strangers >= Limits.MaxStrangerConnections)) return false;
            ref var count = ref _perAddress.GetValueRef(remote.Address);
            if (count >= Limits.MaxConnectionsPerAddress) return false;
            count++;
            if (stranger) _strangers++;
            return true;
        }
    }

    private void Add(SipConnection connection)
    {
        _connections[connection.Id] = connection;
        _byWay[Way.Of(connection.Flow with { Local = connection.Listener })] = connection;
    }

    // A connection of TLS is only for the domain whose certificate was seen (RFC 5923 §8.2); one that others opened is for nobody's requests but their own.
    // What shall leave from one of our addresses does not leave from another.
    private readonly record struct Way(SipTransport Transport, NetAddress Local, NetAddress Remote, string? Domain)
    {
        public static Way Of(SipFlow flow) => new(flow.Transport, flow.Local, flow.Remote, flow.Domain);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1010, EventName = "SipConnecting", Level = LogLevel.Debug, Message = "Connecting to {Remote}")]
        internal static partial void Connecting(ILogger logger, NetAddress remote);

        [LoggerMessage(EventId = 1011, EventName = "SipConnectionEnded", Level = LogLevel.Debug, Message = "The connection with {Remote} has ended")]
        internal static partial void Ended(ILogger logger, NetAddress remote);

        [LoggerMessage(EventId = 1012, EventName = "SipStreamBroken", Level = LogLevel.Debug, Message = "The stream from {Remote} is not SIP or a message is too large: closed")]
        internal static partial void Broken(ILogger logger, NetAddress remote);

        [LoggerMessage(EventId = 1013, EventName = "SipConnectionRefused", Level = LogLevel.Debug, Message = "Too many connections: one from {Remote} was refused")]
        internal static partial void TooMany(ILogger logger, NetAddress remote);

        [LoggerMessage(EventId = 1014, EventName = "SipAcceptFailed", Level = LogLevel.Warning, Message = "Accepting a connection failed: {Error}")]
        internal static partial void AcceptFailed(ILogger logger, SocketError error);
    }
}

file static class Counts
{
    public static ref int GetValueRef(this Dictionary<UInt128, int> counts, UInt128 key) =>
        ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(counts, key, out _);
}
