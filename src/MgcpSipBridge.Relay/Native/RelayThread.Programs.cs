using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay;

/// <summary>Sessions whose audio is worked on: their packets, their deadlines, their events.</summary>
internal sealed unsafe partial class RelayThread
{
    private readonly MediaOutput _output = new();
    private readonly List<NativeSession> _timed = [];
    private Instant _nextTick = Instant.Never;

    /// <summary>Something has happened to a session: its events are told, its deadline is watched. On the thread.</summary>
    public void Follow(NativeSession session)
    {
        Send(session);
        while (session.Decisions.TryTakeEvent(out var happened)) _context.OnEvent(happened);
        var deadline = session.Decisions.NextDeadline;
        if (deadline == Instant.Never) return;
        if (deadline < _nextTick) _nextTick = deadline;
        if (session.IsTimed) return;
        session.IsTimed = true;
        _timed.Add(session);
    }

    /// <summary>A session ends. On the thread.</summary>
    public void Forget(NativeSession session)
    {
        if (session.IsTimed) _timed.Remove(session);
        session.IsTimed = false;
    }

    // What was made and not sent is nobody else's.
    private void Failed(Exception fault)
    {
        _output.Clear();
        _context.OnFault?.Invoke(fault);
    }

    private void Work(NativePort port, ReadOnlySpan<byte> datagram)
    {
        var session = port.Session;
        if (port.IsRtcp)
        {
            session.Decisions.TakeRtcp(port.Side, datagram, _output);
        }
        else
        {
            _tally.CountReceived(port.Side);
            session.Decisions.Take(port.Side, datagram, _now, _output);
            if (session.Decisions.Worked(port.Side)) _context.OnEvent(new RelayEvent.FirstPacket(session.Media, port.Side));
        }

        Follow(session);
    }

    private void Send(NativeSession session)
    {
        for (var i = 0; i < _output.Count; i++)
        {
            // An end that is on hold, or not known yet, is sent nothing; that is no loss.
            if (session.Decisions.TryLeave(_output, i, out var packet, out var to, out var isRtcp, out var destination) != RelayDrop.None) continue;
            bool sent;
            fixed (byte* bytes = packet) sent = session.Port(to, isRtcp).TrySend(bytes, packet.Length, destination);
            if (!sent)
            {
                _tally.CountDropped(RelayDrop.SendFailed);
                continue;
            }

            if (isRtcp)
            {
                _tally.CountRtcp();
                continue;
            }

            _tally.CountSent(to);
            session.Decisions.SentOwn(to);
        }

        _output.Clear();
    }

    private void Tick()
    {
        _nextTick = Instant.Never;
        for (var i = _timed.Count - 1; i >= 0; i--)
        {
            var session = _timed[i];
            try
            {
                if (session.Decisions.NextDeadline <= _now) session.Decisions.Tick(_now, _output);
                Follow(session);
                if (session.Decisions.NextDeadline != Instant.Never) continue;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // Its deadline may be due for ever: the next packet of it has it watched again.
                Failed(e);
            }

            session.IsTimed = false;
            _timed[i] = _timed[^1];
            _timed.RemoveAt(_timed.Count - 1);
        }
    }

    /// <summary>How long the thread may wait for packets, in milliseconds; -1 without end.</summary>
    private int Patience()
    {
        var patience = _flooded.Count == 0 ? -1 : FloodGate.WindowMilliseconds;
        if (_nextTick == Instant.Never) return patience;
        // Rounded up, since it is of no use to wake before it is due.
        var tick = (int)Math.Clamp(Math.Ceiling((_nextTick - _context.Now()).TotalMilliseconds), 0, 1000);
        return patience < 0 ? tick : Math.Min(patience, tick);
    }
}
