using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.Interop;

/// <summary>
/// Drives a pure node over real UDP: it owns the sockets and the clock, and touches the node from one loop only. Whoever wants something of the
/// node goes through <see cref="Do"/> and <see cref="Until"/>.
/// </summary>
internal sealed class NodePump : IAsyncDisposable
{
    private const int FirstMediaPort = 16_384;
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(1);

    private readonly Dictionary<NetAddress, Socket> _sockets;
    private readonly Channel<Action> _mailbox = Channel.CreateUnbounded<Action>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Waiter> _waiters = [];
    private readonly List<Task> _tasks = [];
    private ISimulatedNode? _node;

    private NodePump(Dictionary<NetAddress, Socket> sockets) => _sockets = sockets;

    private sealed record Waiter(Func<bool> Condition, TaskCompletionSource Done);

    /// <summary>The bound addresses, in the order of <see cref="Bind"/>'s ports.</summary>
    public IReadOnlyList<NetAddress> Addresses { get; private init; } = [];

    /// <summary>Datagrams sent and received by the first address: the signalling.</summary>
    public (int Sent, int Received) Signalling { get; private set; }

    public static Instant Now => new(TimeProvider.System.GetElapsedTime(0).Ticks);

    /// <summary>A gateway's ports: MGCP's own, and so many for RTP, even ones as RFC 3550 §11 wants them.</summary>
    public static NodePump BindGateway(LoopbackHost host, int connections) => Bind(host, [2427, .. Enumerable.Range(0, connections).Select(i => FirstMediaPort + (2 * i))]);

    /// <summary>Binds a UDP socket per port of <paramref name="host"/>; 0 takes any free one.</summary>
    public static NodePump Bind(LoopbackHost host, params ReadOnlySpan<int> ports)
    {
        var sockets = new Dictionary<NetAddress, Socket>();
        foreach (var port in ports)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 1 << 20 };
            socket.Bind(new IPEndPoint(host.Address, port));
            sockets.Add(NetAddress.From(host.Address, ((IPEndPoint)socket.LocalEndPoint!).Port), socket);
        }

        return new NodePump(sockets) { Addresses = [.. sockets.Keys] };
    }

    /// <summary>Starts driving.</summary>
    public void Start(ISimulatedNode node)
    {
        _node = node;
        foreach (var (local, socket) in _sockets) _tasks.Add(Task.Run(() => ReceiveAsync(local, socket)));
        _tasks.Add(Task.Run(LoopAsync));
    }

    /// <summary>Does something to the node between two datagrams.</summary>
    public Task Do(Action<Instant> action)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _mailbox.Writer.TryWrite(() =>
        {
            try
            {
                action(Now);
                done.SetResult();
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        return done.Task;
    }

    /// <summary>Waits until something holds, looked at after every step of the node.</summary>
    /// <exception cref="TimeoutException">It did not come to hold; the message says what.</exception>
    public async Task Until(string what, Func<bool> condition, TimeSpan limit, Func<string>? describe = null)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _mailbox.Writer.TryWrite(() => _waiters.Add(new Waiter(condition, done)));
        try
        {
            await done.Task.WaitAsync(limit);
        }
        catch (TimeoutException) when (!done.Task.IsCompleted)
        {
            // What is described is the loop's own, too.
            var seen = "";
            await Do(_ => seen = describe?.Invoke()).WaitAsync(limit);
            throw new TimeoutException($"Not within {limit.TotalSeconds} s: {what}. {seen}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _mailbox.Writer.TryComplete();
        foreach (var socket in _sockets.Values) socket.Dispose();
        await Task.WhenAll(_tasks);
        _stopping.Dispose();
    }

    private async Task ReceiveAsync(NetAddress local, Socket socket)
    {
        var buffer = new byte[65_536];
        var any = new IPEndPoint(IPAddress.Any, 0);
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var got = await socket.ReceiveFromAsync(buffer, SocketFlags.None, any, _stopping.Token);
                var bytes = buffer.AsSpan(0, got.ReceivedBytes).ToArray();
                var peer = (IPEndPoint)got.RemoteEndPoint;
                var from = NetAddress.From(peer.Address, peer.Port);
                _mailbox.Writer.TryWrite(() =>
                {
                    if (local == Addresses[0]) Signalling = Signalling with { Received = Signalling.Received + 1 };
                    _node!.Receive(bytes, local, from, Now);
                });
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // ICMP unreachable from a peer that is gone: UDP goes on.
            }
        }
    }

    private async Task LoopAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            while (_mailbox.Reader.TryRead(out var action)) action();
            if (_node!.NextDeadline is { } due && due <= Now) _node.FireDue(Now);
            Drain();
            for (var i = _waiters.Count - 1; i >= 0; i--)
            {
                try
                {
                    if (!_waiters[i].Condition()) continue;
                    _waiters[i].Done.TrySetResult();
                }
                catch (Exception e)
                {
                    // It is the test that fails, not whoever waits beside it.
                    _waiters[i].Done.TrySetException(e);
                }

                _waiters.RemoveAt(i);
            }

            var wait = _node.NextDeadline is { } next ? next - Now : Idle;
            if (wait <= TimeSpan.Zero) continue;
            using var sleep = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
            sleep.CancelAfter(wait < Idle ? wait : Idle);
            try
            {
                await _mailbox.Reader.WaitToReadAsync(sleep.Token);
            }
            catch (OperationCanceledException)
            {
                // The deadline has come, or the end.
            }
        }
    }

    private void Drain()
    {
        while (_node!.TryTake(out var transmit))
        {
            if (transmit.From == Addresses[0]) Signalling = Signalling with { Sent = Signalling.Sent + 1 };
            try
            {
                _sockets[transmit.From].SendTo(transmit.Bytes.Span, new IPEndPoint(transmit.To.ToIPAddress(), transmit.To.Port));
            }
            catch (SocketException)
            {
                // As above; the protocol's own retransmission copes.
            }
        }
    }
}
