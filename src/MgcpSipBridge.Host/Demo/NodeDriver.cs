using System.Threading.Channels;
using MgcpSipBridge.Host.Net;
using MgcpSipBridge.Host.Shards;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.Host.Demo;

/// <summary>
/// Lets simulated gateways and peers live on real UDP sockets: one loop that receives, fires what is due, acts and sends, so that a node
/// is never touched by two threads.
/// </summary>
internal sealed class NodeDriver : IAsyncDisposable
{
    private readonly Channel<Action<Instant>> _mailbox = Channel.CreateUnbounded<Action<Instant>>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Dictionary<NetAddress, UdpPort> _ports = [];
    private readonly List<ISimulatedNode> _nodes = [];
    private readonly List<(Func<bool> Holds, TaskCompletionSource Done)> _waiting = [];
    private readonly List<Task> _receiving = [];
    private readonly MonotonicClock _clock;
    private readonly ILogger _log;
    private readonly Timer _timer;
    private readonly Task _loop;

    /// <summary>A driver without nodes, on the time line of <paramref name="clock"/>.</summary>
    public NodeDriver(MonotonicClock clock, ILogger log)
    {
        (_clock, _log) = (clock, log);
        _timer = new Timer(_ => _mailbox.Writer.TryWrite(_ => { }));
        _loop = Task.Run(RunAsync);
    }

    /// <summary>A free loopback port, even as RTP's should be (RFC 3550 §11).</summary>
    public NetAddress Open()
    {
        var odd = new List<UdpPort>();
        try
        {
            while (true)
            {
                var port = UdpPort.Open(NetAddress.FromIPv4(0x7F000001, 0), "demo", 1 << 18, null, _log);
                if (port.Bound.Port % 2 == 0)
                {
                    _ports[port.Bound] = port;
                    return port.Bound;
                }

                // Held until an even one is found, or the system would offer it again.
                odd.Add(port);
            }
        }
        finally
        {
            foreach (var port in odd) port.Dispose();
        }
    }

    /// <summary>Brings a node to life on the ports that it was built with.</summary>
    public Task AddAsync(ISimulatedNode node) => DoAsync(_ =>
    {
        _nodes.Add(node);
        foreach (var address in node.Addresses)
        {
            var port = _ports[address];
            _receiving.Add(Task.Run(() => port.RunAsync((from, bytes) =>
            {
                var copy = bytes.ToArray();
                _mailbox.Writer.TryWrite(now => node.Receive(copy, port.Bound, from, now));
            })));
        }
    });

    /// <summary>Acts on the nodes, between two of their inputs.</summary>
    public Task DoAsync(Action<Instant> act)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _mailbox.Writer.TryWrite(now =>
        {
            try
            {
                act(now);
                done.SetResult();
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        return done.Task;
    }

    /// <summary>Waits until something holds of the nodes; it is looked at after every input.</summary>
    /// <exception cref="TimeoutException">It did not come to hold in time.</exception>
    public async Task UntilAsync(Func<bool> holds, TimeSpan most)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await DoAsync(_ => _waiting.Add((holds, done)));
        await done.Task.WaitAsync(most);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _mailbox.Writer.TryComplete();
        await _loop;
        await _timer.DisposeAsync();
        foreach (var port in _ports.Values) port.Dispose();
        await Task.WhenAll(_receiving);
    }

    private async Task RunAsync()
    {
        while (await _mailbox.Reader.WaitToReadAsync())
        {
            while (_mailbox.Reader.TryRead(out var act)) act(_clock.Now);
            Instant? next = null;
            foreach (var node in _nodes)
            {
                node.FireDue(_clock.Now);
                while (node.TryTake(out var transmit)) _ports[transmit.From].Send(transmit.To, transmit.Bytes.Span);
                next = Instant.Earliest(next, node.NextDeadline);
            }

            for (var i = _waiting.Count - 1; i >= 0; i--)
            {
                try
                {
                    if (!_waiting[i].Holds()) continue;
                    _waiting[i].Done.TrySetResult();
                }
                catch (Exception e)
                {
                    // Whoever asked so is told; the nodes live on.
                    _waiting[i].Done.TrySetException(e);
                }

                _waiting.RemoveAt(i);
            }

            if (next is { } at) _timer.Change(Math.Max(0, (long)Math.Ceiling((at - _clock.Now).TotalMilliseconds)), Timeout.Infinite);
        }
    }
}
