using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay;

/// <summary>
/// A thread with its own epoll, sockets, buffer and counters. It takes one datagram from each socket that has some, in turn, judges it and
/// sends it on at once; nothing on that way locks or allocates. Commands wait in a queue and are obeyed between two turns.
/// </summary>
internal sealed unsafe partial class RelayThread : IDisposable
{
    private const int EventsPerTurn = 256;
    private const int FewEvents = 32;
    private const ulong WakeUp = ulong.MaxValue;
    private const uint TwinBit = 1;
    private const int MostQueued = 64; // datagrams that can have met a twin before it was connected
    private const int SetTimerSlack = 29; // PR_SET_TIMERSLACK

    // struct epoll_event { uint32 events; uint64 data; }: packed on x86-64 alone.
    private static readonly int EventBytes = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int EventData = EventBytes - sizeof(ulong);

    private readonly PlaneContext _context;
    private readonly RelayTally _tally;
    private readonly FastLane? _fast;
    private readonly ConcurrentQueue<Action> _commands = new();
    private readonly Thread _thread;
    private readonly int _epoll;
    private readonly int _wake;
    private readonly byte* _events;
    private readonly byte* _buffer;
    private readonly int _capacity;
    private readonly uint _coalesceMicroseconds;
    private readonly List<NativePort> _flooded = [];
    private readonly Stack<int> _free = new();
    private NativePort?[] _ports = new NativePort?[64];
    private int _used;
    private long _reopenAt;
    private Instant _now;
    private int _called;
    private bool _stopping;

    /// <summary>Starts the thread.</summary>
    /// <exception cref="PlatformNotSupportedException">The system refuses what it needs.</exception>
    public RelayThread(int number, PlaneContext context)
    {
        _context = context;
        _tally = context.Counters.NewTally();
        _fast = context.Kernel is { } kernel ? new FastLane(kernel, context, _tally) : null;
        // One more than is relayed: a longer datagram is cut to this and so recognized.
        _capacity = context.Settings.MaxPacketBytes + 1;
        _coalesceMicroseconds = (uint)context.Settings.Coalesce.TotalMicroseconds;
        _epoll = Libc.EpollCreate(Libc.CloseOnExec);
        _wake = Libc.EventFd(0, Libc.NonBlocking | Libc.CloseOnExec);
        if (_epoll < 0 || _wake < 0 || !Watch(_wake, WakeUp))
        {
            if (_epoll >= 0) _ = Libc.Close(_epoll);
            if (_wake >= 0) _ = Libc.Close(_wake);
            throw new PlatformNotSupportedException("The system gives the relay no epoll.");
        }

        _events = (byte*)NativeMemory.AllocZeroed((nuint)(EventsPerTurn * EventBytes));
        _buffer = (byte*)NativeMemory.AllocZeroed((nuint)(_capacity + SrtpSender.MostAdded));
        _thread = new Thread(Run) { IsBackground = true, Name = $"relay {number}" };
        _thread.UnsafeStart();
        // It is known now whether it has its priority.
        DoAsync(() => true).GetAwaiter().GetResult();
    }

    /// <summary>Sessions that it serves; read and written while no command of the control loop is under way, or by one.</summary>
    public int Sessions { get; set; }

    /// <summary>False when the system refused the priority that the settings ask for.</summary>
    public bool HasPriority { get; private set; } = true;

    /// <summary>Does something on the thread before it looks at any packet that is sent from now on. Until there is one, the thread is not woken.</summary>
    public void DoBeforePackets(Action work) => _commands.Enqueue(work);

    /// <summary>Does something on the thread now, between two turns.</summary>
    public void Do(Action work)
    {
        _commands.Enqueue(work);
        if (Interlocked.Exchange(ref _called, 1) != 0) return;
        var one = 1UL;
        _ = Libc.Write(_wake, &one, sizeof(ulong));
    }

    /// <summary>As <see cref="Do"/>, for whoever must know the outcome.</summary>
    public Task<T> DoAsync<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Do(() =>
        {
            try
            {
                done.SetResult(work());
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                done.SetException(e);
            }
        });
        return done.Task;
    }

    /// <summary>Ends the thread and waits for it.</summary>
    public void Dispose()
    {
        _ = DoAsync(() => _stopping = true);
        _thread.Join();
        // Not on the thread, which may be done before the call that wakes it has written.
        _ = Libc.Close(_epoll);
        _ = Libc.Close(_wake);
        NativeMemory.Free(_events);
        NativeMemory.Free(_buffer);
    }

    /// <summary>Begins to listen on a pair. On the thread.</summary>
    public void Add(NativePorts pair, RelaySide side, NativePorts opposite, NativeSession session)
    {
        Add(pair.Rtp, side, opposite.Rtp, session);
        Add(pair.Rtcp, side, opposite.Rtcp, session);
    }

    /// <summary>Ends listening on a pair and closes it. On the thread.</summary>
    public void Remove(NativePorts pair)
    {
        Remove(pair.Rtp);
        Remove(pair.Rtcp);
    }

    /// <summary>Takes back what the kernel passes on of a session by itself. On the thread.</summary>
    public void Withdraw(NativePorts gateway, NativePorts sip)
    {
        _fast?.Withdraw(gateway.Rtp, _context.Now());
        _fast?.Withdraw(sip.Rtp, _context.Now());
    }

    /// <summary>Ends listening on a pair that goes on on another thread. On the thread.</summary>
    public void Release(NativePorts pair)
    {
        Release(pair.Rtp);
        Release(pair.Rtcp);
    }

    private void Add(NativePort port, RelaySide side, NativePort opposite, NativeSession session)
    {
        if (!_free.TryPop(out var index))
        {
            index = _used++;
            if (index == _ports.Length) Array.Resize(ref _ports, 2 * _ports.Length);
        }

        (port.Index, port.Side, port.Opposite, port.Session, port.Decisions) = (index, side, opposite, session, session.Decisions);
        _ports[index] = port;
        if ((port.Fd >= 0 && !Watch(port.Fd, Data(port, twin: false))) || (port.Twin >= 0 && !Watch(port.Twin, Data(port, twin: true))))
            throw new InvalidOperationException("The system does not watch a socket: " + Libc.LastError);
    }

    private void Remove(NativePort port)
    {
        Forget(port);
        port.Close();
    }

    private void Release(NativePort port)
    {
        Forget(port);
        if (port.Fd >= 0) Watch(port.Fd, 0, Libc.EpollDelete);
        if (port.Twin >= 0) Watch(port.Twin, 0, Libc.EpollDelete);
        port.Everybody.IsShut = port.End.IsShut = false;
    }

    private void Forget(NativePort port)
    {
        // A session of which the system did not watch every socket has ports without a place.
        if (port.Index < 0) return;
        CountOverflow(port);
        _flooded.Remove(port);
        _ports[port.Index] = null;
        _free.Push(port.Index);
        port.Index = -1;
    }

    private void Run()
    {
        // The kernel may round a sleep up by 50 us; coalescing must not grow by that.
        if (_coalesceMicroseconds > 0) _ = Libc.ProcessControl(SetTimerSlack, 1, 0, 0, 0);
        if (_context.Settings.Priority > 0) RaisePriority();
        while (!_stopping)
        {
            var ready = Libc.EpollWait(_epoll, _events, EventsPerTurn, Patience());
            // All that this turn will read has arrived by now: a later look at the clock would add our own work to the jitter.
            _now = _context.Now();
            // What was commanded before a packet was sent holds for that packet.
            Obey();
            for (var i = 0; i < ready; i++)
            {
                var data = Event(i);
                Bring(i, ready);
                try
                {
                    if (data == WakeUp) Answer();
                    else if (_ports[data >> 1] is { } port) Receive(port, (data & TwinBit) != 0);
                }
                catch (Exception e) when (e is not OutOfMemoryException)
                {
                    Failed(e);
                }
            }

            if (_now >= _nextTick) Tick();
            if (_flooded.Count > 0 && Environment.TickCount64 >= _reopenAt) Reopen();
            if (_coalesceMicroseconds > 0 && ready is > 0 and < FewEvents) _ = Libc.Sleep(_coalesceMicroseconds);
        }
    }

    private void RaisePriority()
    {
        var parameter = _context.Settings.Priority; // struct sched_param
        if (Libc.SetScheduler(0, Libc.RoundRobin, &parameter) != 0) HasPriority = false;
    }

    // At the end of a turn at the latest a port that a command closed is not looked at any more: its place in the table is empty or another's,
    // and an event of the old one then finds nothing to read.
    private void Obey()
    {
        while (_commands.TryDequeue(out var command))
        {
            try
            {
                command();
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                Failed(e);
            }
        }
    }

    private void Answer()
    {
        ulong count;
        _ = Libc.Read(_wake, &count, sizeof(ulong));
        // Who commands from here on calls again.
        Interlocked.Exchange(ref _called, 0);
        Obey();
    }

    private void Receive(NativePort port, bool twin)
    {
        if (twin)
        {
            var length = Libc.Receive(port.Twin, _buffer, (nuint)_capacity, 0);
            // Below zero: nothing, or the ICMP error of an earlier send, which is cleared by this.
            if (length < 0) return;
            port.HeardAt = _now;
            Judge(port, port.TwinEnd, (int)length, twin);
            return;
        }

        _ = TryReceive(port, port.Fd);
    }

    private bool TryReceive(NativePort port, int fd)
    {
        var address = stackalloc byte[NativeAddress.Bytes];
        var addressLength = (uint)NativeAddress.Bytes;
        var length = Libc.ReceiveFrom(fd, _buffer, (nuint)_capacity, 0, address, &addressLength);
        if (length < 0) return false;
        port.AloneSince = _now;
        Judge(port, NativeAddress.Read(new(address, NativeAddress.Bytes)), (int)length, twin: false);
        return true;
    }

    private void Judge(NativePort port, in NetAddress source, int length, bool twin)
    {
        var decisions = port.Decisions;
        var buffer = new Span<byte>(_buffer, _capacity + SrtpSender.MostAdded);
        // Both: the packet may begin a program, which goes on with both streams.
        if (port.Flow is not null || port.Opposite.Flow is not null)
        {
            _fast!.Settle(port, _now);
            _fast.Settle(port.Opposite, _now);
        }

        var drop = port.IsRtcp
            ? decisions.TryRelayRtcp(port.Side, source, buffer, ref length, _now, out var destination)
            : decisions.TryRelayRtp(port.Side, source, buffer, ref length, _now, out destination);
        if (drop == RelayDrop.None && destination.IsNone)
        {
            // What is worked on passes by no other way.
            _fast?.Withdraw(port, _now);
            _fast?.Withdraw(port.Opposite, _now);
            Work(port, buffer[..length]);
            if (!port.IsRtcp && source != port.TwinEnd) Connect(port, source);
            return;
        }

        if (drop == RelayDrop.None && !port.Opposite.TrySend(_buffer, length, destination))
        {
            drop = RelayDrop.SendFailed;
            decisions.SendFailed(port.Side);
        }

        if (drop != RelayDrop.None)
        {
            _tally.CountDropped(drop);
            Wasted(port, twin);
            return;
        }

        if (port.IsRtcp)
        {
            _tally.CountRtcp();
            return;
        }

        if (decisions.IsFax(port.Side)) _tally.CountFax(port.Side);
        else _tally.CountRtp(port.Side);
        if (decisions.Sent(port.Side)) _context.OnEvent(new RelayEvent.FirstPacket(port.Session.Media, port.Side));
        // It was let through, so it is settled who sends.
        if (source != port.TwinEnd) Connect(port, source);
        else _fast?.Relayed(port, _buffer, _now);
    }

    private void Connect(NativePort port, NetAddress end)
    {
        _fast?.Withdraw(port, _now);
        _fast?.Withdraw(port.Opposite, _now);
        Disconnect(port);
        if (!port.TryConnect(end)) return;
        port.AloneSince = port.HeardAt = _now;
        if (!Watch(port.Twin, Data(port, twin: true)))
        {
            port.Disconnect();
            return;
        }

        // In order: first what came before there was a twin, then what met it before it was connected, from whomever. Both lie in the
        // kernel's queues already; a flood must not keep us here.
        for (var i = 0; i < MostQueued && TryReceive(port, port.Fd); i++) { }
        for (var i = 0; i < MostQueued && port.Twin >= 0 && TryReceive(port, port.Twin); i++) { }
    }

    /// <summary>Whoever the other end of a port is, it is heard as everybody is. On the thread.</summary>
    public void Disconnect(NativePort port)
    {
        // The socket stays and changes its meaning. While it is left unread it remains so.
        if (port.Disconnect()) Watch(port.Fd, Data(port, twin: false), Libc.EpollModify, port.Everybody.IsShut ? 0 : Libc.EpollIn);
    }

    private void Wasted(NativePort port, bool twin)
    {
        var now = Environment.TickCount64;
        if (!(twin ? ref port.End : ref port.Everybody).Wasted(now)) return;
        (twin ? ref port.End : ref port.Everybody).IsShut = true;
        Watch(twin ? port.Twin : port.Fd, Data(port, twin), Libc.EpollModify, events: 0);
        if (_flooded.Count == 0) _reopenAt = now + FloodGate.WindowMilliseconds;
        if (!_flooded.Contains(port)) _flooded.Add(port);
    }

    private void Reopen()
    {
        foreach (var port in _flooded)
        {
            CountOverflow(port);
            if (port.Everybody.IsShut) Watch(port.Fd, Data(port, twin: false), Libc.EpollModify);
            if (port.End.IsShut) Watch(port.Twin, Data(port, twin: true), Libc.EpollModify);
            port.Everybody.IsShut = port.End.IsShut = false;
        }

        _flooded.Clear();
    }

    private void CountOverflow(NativePort port)
    {
        if (port.Fd >= 0) CountOverflow(port.Fd, ref port.Everybody);
        if (port.Twin >= 0) CountOverflow(port.Twin, ref port.End);
    }

    private void CountOverflow(int fd, ref FloodGate gate)
    {
        var unread = NativeSocket.Unread(fd);
        _tally.CountDropped(RelayDrop.Overflow, unread - gate.Unread);
        gate.Unread = unread;
    }

    private static ulong Data(NativePort port, bool twin) => ((ulong)port.Index << 1) | (twin ? TwinBit : 0);

    private bool Watch(int fd, ulong data, int operation = Libc.EpollAdd, uint events = Libc.EpollIn)
    {
        var change = stackalloc byte[sizeof(uint) + sizeof(uint) + sizeof(ulong)];
        *(uint*)change = events;
        *(ulong*)(change + EventData) = data;
        return Libc.EpollControl(_epoll, operation, fd, change) == 0;
    }
}
