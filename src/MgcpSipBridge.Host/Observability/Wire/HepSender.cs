using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Shards;

namespace MgcpSipBridge.Host.Observability.Wire;

/// <summary>
/// Sends every traced message to a capture server. Whoever hands one over never waits: it goes into a queue, or, when that is full, is dropped and counted.
/// </summary>
internal sealed partial class HepSender : IAsyncDisposable
{
    private const int MaxDatagram = 65_507;
    private static readonly TimeSpan LookAgain = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(10);
    private readonly Channel<(string CallId, TracedMessage Message)> _queue;
    private readonly (string Host, int Port) _server;
    private readonly uint _captureId;
    private readonly byte[] _key;
    private readonly WireEnds _ends;
    private readonly MonotonicClock _clock;
    private readonly HepMetrics _metrics;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _sending;
    private readonly byte[] _packet = new byte[MaxDatagram];
    private Socket? _socket;
    private long _looked;
    private bool _troubled;

    public HepSender(HepSection settings, WireEnds ends, MonotonicClock clock, HepMetrics metrics, ILogger log)
    {
        _queue = Channel.CreateBounded<(string, TracedMessage)>(new BoundedChannelOptions(settings.Queue) { SingleReader = true });
        _server = ObservabilitySettings.HostAndPort(settings.Address!)!.Value;
        (_captureId, _key) = ((uint)settings.CaptureId, Encoding.UTF8.GetBytes(settings.Password ?? ""));
        (_ends, _clock, _metrics, _log) = (ends, clock, metrics, log);
        _sending = Task.Run(SendAsync);
    }

    /// <summary>Takes a message.</summary>
    public void Take(string callId, TracedMessage message)
    {
        if (!_queue.Writer.TryWrite((callId, message))) _metrics.Dropped(HepDrop.QueueFull);
    }

    /// <summary>Sends what waits, for a moment, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        _stop.CancelAfter(TimeSpan.FromSeconds(1));
        await _sending;
        _socket?.Dispose();
        _stop.Dispose();
    }

    private async Task SendAsync()
    {
        try
        {
            await foreach (var (callId, message) in _queue.Reader.ReadAllAsync(_stop.Token))
            {
                if (await OpenAsync() is { } socket) Send(socket, callId, message);
                else _metrics.Dropped(HepDrop.Unreachable);
            }
        }
        catch (OperationCanceledException)
        {
            // The bridge ends.
        }
    }

    private void Send(Socket socket, string callId, TracedMessage message)
    {
        var (from, to) = _ends.Of(message);
        var overStream = message.Transport is Sip.SipTransport.Tcp or Sip.SipTransport.Tls;
        if (HepPacket.Write(from, to, overStream, message.IsMgcp, _clock.ToUtc(message.At), callId, _captureId, _key, message.Bytes.Span, _packet) is not { } packet)
        {
            _metrics.Dropped(HepDrop.TooLong);
            return;
        }

        try
        {
            socket.Send(packet.Span);
            _metrics.Sent();
            if (_troubled) Log.Reachable(_log, _server.Host, _server.Port);
            _troubled = false;
        }
        catch (SocketException e)
        {
            _metrics.Dropped(HepDrop.Unreachable);
            Trouble(e.Message);
        }
    }

    // A name is looked up again now and then, and soon after nobody was there.
    private async Task<Socket?> OpenAsync()
    {
        var age = _clock.Now.Ticks - _looked;
        if (_looked != 0 && age < (_socket is null || _troubled ? TryAgain : LookAgain).Ticks) return _socket;
        _looked = _clock.Now.Ticks;
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(_server.Host, _stop.Token);
            var server = new IPEndPoint(addresses.FirstOrDefault() ?? throw new SocketException((int)SocketError.HostNotFound), _server.Port);
            if (_socket?.RemoteEndPoint?.Equals(server) == true) return _socket;
            _socket?.Dispose();
            // Whatever fails from here on: nothing is sent by a socket that is closed.
            _socket = null;
            _socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            await _socket.ConnectAsync(server, _stop.Token);
        }
        catch (SocketException e)
        {
            Trouble(e.Message);
        }

        return _socket;
    }

    private void Trouble(string problem)
    {
        if (!_troubled) Log.Unreachable(_log, _server.Host, _server.Port, problem);
        _troubled = true;
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 6050, EventName = "HepUnreachable", Level = LogLevel.Warning, Message = "The capture server {Host}:{Port} (Observability:Hep) cannot be sent to: {Problem}. Calls go on")]
        internal static partial void Unreachable(ILogger logger, string host, int port, string problem);

        [LoggerMessage(EventId = 6051, EventName = "HepReachable", Level = LogLevel.Information, Message = "The capture server {Host}:{Port} is sent messages again")]
        internal static partial void Reachable(ILogger logger, string host, int port);
    }
}
