using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay;

/// <summary>A session whose audio is worked on: its packets, its deadline, its events. All of it under the session's lock.</summary>
internal sealed partial class RelayedSession
{
    private MediaOutput? _made;
    private Timer? _timer;
    private Instant _armed = Instant.Never;

    private MediaOutput Output => _made ??= new();

    public override ValueTask DoAsync(RelayCommand command)
    {
        lock (_gate)
        {
            lock (_room ?? _gate)
            {
                _decisions.Do(command, context.Now());
                Follow();
            }
        }

        return ValueTask.CompletedTask;
    }

    public override ValueTask<bool> JoinAsync(RelaySide side, ConferenceRoom room)
    {
        lock (_gate)
        {
            // It may have been in another one before; nothing of that is left.
            _room = room.Gate;
            lock (_room)
            {
                var joined = _decisions.Join(side, room.Conference, context.Now());
                Follow();
                return ValueTask.FromResult(joined);
            }
        }
    }

    public override ValueTask RecordAsync(RelayCommand.Record command, IRecordingSink sink, DateTimeOffset utc)
    {
        lock (_gate)
        {
            lock (_room ?? _gate)
            {
                _decisions.Record(command, sink, utc, context.Now());
                Follow();
            }
        }

        return ValueTask.CompletedTask;
    }

    public override ValueTask<RelayStatistics> MeasureAsync()
    {
        lock (_gate) return ValueTask.FromResult(_decisions.Statistics);
    }

    private void Work(RelaySide from, ReadOnlySpan<byte> datagram, Instant now)
    {
        context.Counters.Shared.CountReceivedShared(from);
        _decisions.Take(from, datagram, now, Output);
        if (_decisions.Worked(from)) context.OnEvent(new RelayEvent.FirstPacket(media, from));
        Follow();
    }

    private void Follow()
    {
        if (_made is { Count: > 0 } output) Send(output);
        while (_decisions.TryTakeEvent(out var happened)) context.OnEvent(happened);
        var deadline = _decisions.NextDeadline;
        if (deadline == _armed) return;
        _armed = deadline;
        if (deadline == Instant.Never) return;
        if (_timer is null)
        {
            using var still = ExecutionContext.SuppressFlow();
            _timer = new Timer(static session => ((RelayedSession)session!).Tick(), this, Timeout.Infinite, Timeout.Infinite);
        }

        _timer.Change((long)Math.Clamp(Math.Ceiling((deadline - context.Now()).TotalMilliseconds), 0, 1000), Timeout.Infinite);
    }

    private void Send(MediaOutput output)
    {
        var now = context.Now();
        for (var i = 0; i < output.Count; i++)
        {
            // An end that is on hold, or not known yet, is sent nothing; that is no loss.
            if (_decisions.TryLeave(output, i, out var packet, out var to, out var isRtcp, out var destination) != RelayDrop.None) continue;
            var ports = to == RelaySide.Gateway ? gateway : sip;
            if (!(isRtcp ? ports.Rtcp : ports.Rtp).TrySend(packet, destination, now))
            {
                context.Counters.Shared.CountDroppedShared(RelayDrop.SendFailed);
                continue;
            }

            if (isRtcp)
            {
                context.Counters.Shared.CountRtcpShared();
                continue;
            }

            context.Counters.Shared.CountSentShared(to);
            _decisions.SentOwn(to);
        }

        output.Clear();
    }

    private void Tick()
    {
        try
        {
            lock (_gate)
            {
                _armed = Instant.Never;
                if (_closed) return;
                lock (_room ?? _gate)
                {
                    _decisions.Tick(context.Now(), Output);
                    Follow();
                }
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            context.OnFault?.Invoke(e);
        }
    }
}
