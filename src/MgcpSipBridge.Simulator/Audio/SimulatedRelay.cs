using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

/// <summary>
/// The relay of a bridge in virtual time: obeys <see cref="RelayCommand"/>, leases ports, and lets a <see cref="RelaySession"/> decide about every packet, as the real one
/// does. Complains when it is told nonsense.
/// </summary>
public sealed partial class SimulatedRelay
{
    private readonly Dictionary<MediaId, Session> _sessions = [];
    private readonly Dictionary<NetAddress, (Session Session, RelaySide Side)> _ports = [];
    private readonly Queue<int> _free;
    private readonly Queue<RelayEvent> _events = new();
    private readonly TimerQueue<MediaId> _due = new();
    private readonly Queue<Transmit> _outbox = new();
    private readonly List<string> _violations = [];
    private readonly MediaOutput _made = new();
    private readonly NetAddress _gatewaySide;
    private readonly NetAddress _sipSide;

    /// <summary>A relay with ports from <paramref name="firstPort"/> on, <paramref name="sessions"/> sessions at most.</summary>
    public SimulatedRelay(NetAddress gatewaySide, NetAddress sipSide, int firstPort, int sessions)
    {
        _gatewaySide = gatewaySide;
        _sipSide = sipSide;
        // RTP on even ports (RFC 3550 §11), one pair for each side.
        _free = new Queue<int>(Enumerable.Range(0, 2 * sessions).Select(pair => firstPort + (2 * pair)));
        Capacity = sessions;
    }

    /// <summary>Most sessions at once.</summary>
    public int Capacity { get; }

    /// <summary>How many sessions are a reason to open no more, but for calls for help.</summary>
    public int MaxSessions { get; set; } = int.MaxValue;

    /// <summary>Sessions open.</summary>
    public int Open => _sessions.Count;

    /// <summary>Sessions opened since the start.</summary>
    public int Opened { get; private set; }

    /// <summary>Whether no more ports are given (to try a bridge without media).</summary>
    public bool IsExhausted { get; set; }

    /// <summary>RTP packets by what became of them.</summary>
    public Dictionary<RelayDrop, long> Drops { get; } = [];

    /// <summary>What the engine did wrong.</summary>
    public IReadOnlyList<string> Violations => _violations;

    /// <summary>How long an end that should be heard may say nothing before it is told; zero: it is never told.</summary>
    public TimeSpan SilenceAfter { get; set; }

    /// <summary>How long both may say nothing before the call is told to be dead; zero: it never is. Looked at only with <see cref="SilenceAfter"/>.</summary>
    public TimeSpan MediaTimeout { get; set; }

    /// <summary>Whether it looks every second for keys that are near their end.</summary>
    public bool WatchesKeys { get; set; }

    /// <summary>When <see cref="FireDue"/> wants to be called; null for never.</summary>
    public Instant? NextDeadline => _due.NextDeadline;

    private sealed class Session(MediaId id, NetAddress gateway, NetAddress sip)
    {
        public MediaId Id { get; } = id;

        public NetAddress Gateway { get; } = gateway;

        public NetAddress Sip { get; } = sip;

        public RelaySession Decisions { get; } = new(new RelayLimits(1700), id, (ulong)id.Value);

        public RelayRemote? GatewayRemote { get; set; }

        public RelayRemote? SipRemote { get; set; }

        public Instant? CheckAt { get; set; }

        public SimulatedWork Work { get; } = new();

        public NetAddress Port(RelaySide side) => side == RelaySide.Gateway ? Gateway : Sip;
    }

    /// <summary>Obeys.</summary>
    public void Do(RelayCommand command, Instant now)
    {
        ArgumentNullException.ThrowIfNull(command);
        if (command is RelayCommand.Open open)
        {
            DoOpen(open, now);
            return;
        }

        if (!_sessions.TryGetValue(command.Media, out var session))
        {
            _violations.Add($"relay: {command} for a session that is not open");
            return;
        }

        switch (command)
        {
            case RelayCommand.SetRemote set:
                if (set.Side == RelaySide.Gateway) session.GatewayRemote = set.Remote;
                else session.SipRemote = set.Remote;
                if (set.Remote.Send && (set.Remote.Rtp.Port == 0 || set.Remote.Rtp.IsUnspecified)) _violations.Add($"relay: told to send to {set.Remote.Rtp}");
                session.Decisions.SetRemote(set.Side, set.Remote);
                break;
            case RelayCommand.Close:
                Close(session, now);
                return;
            case RelayCommand.Measure:
                _events.Enqueue(new RelayEvent.Measured(command.Media, session.Decisions.Statistics));
                break;
            default:
                DoWork(session, command, now);
                break;
        }

        Follow(session);
    }

    /// <summary>Does what is due.</summary>
    public void FireDue(Instant now)
    {
        while (_due.TryTakeDue(now, out var id))
        {
            var session = _sessions[id];
            if (session.Decisions.NextDeadline <= now) session.Decisions.Tick(now, _made);
            if (session.CheckAt <= now) Check(session, now);
            Follow(session);
        }
    }

    /// <summary>Takes the next event for the engine.</summary>
    public bool TryTakeEvent(out RelayEvent happened) => _events.TryDequeue(out happened!);

    /// <summary>Takes the next packet to send.</summary>
    public bool TryTake(out Transmit transmit) => _outbox.TryDequeue(out transmit);

    /// <summary>Whether the address is one of its leased ports.</summary>
    public bool Owns(NetAddress address) => _ports.ContainsKey(address);

    /// <summary>The other ends of a session as signalling named them, found by the relay's own address on the gateway's side.</summary>
    public (RelayRemote? Gateway, RelayRemote? Sip, NetAddress SipSide)? Find(NetAddress gatewaySide) =>
        _ports.TryGetValue(gatewaySide, out var port) && port.Side == RelaySide.Gateway
            ? (port.Session.GatewayRemote, port.Session.SipRemote, port.Session.Sip)
            : null;

    /// <summary>Takes a packet: passes it on, works on it, or refuses it.</summary>
    public void Receive(ReadOnlyMemory<byte> packet, NetAddress local, NetAddress from, Instant now)
    {
        if (!_ports.TryGetValue(local, out var port)) return;
        var (session, side) = port;
        var length = packet.Length;
        var buffer = new byte[length + SrtpSender.MostAdded];
        packet.Span.CopyTo(buffer);
        var drop = session.Decisions.TryRelayRtp(side, from, buffer, ref length, now, out var destination);
        Drops[drop] = Drops.GetValueOrDefault(drop) + 1;
        if (drop != RelayDrop.None) return;
        var copy = buffer.AsMemory(0, length);
        if (destination.IsNone) session.Decisions.Take(side, copy.Span, now, _made);
        else _outbox.Enqueue(new Transmit(session.Port(Other(side)), destination, copy));
        var first = destination.IsNone ? session.Decisions.Worked(side) : session.Decisions.Sent(side);
        if (first) _events.Enqueue(new RelayEvent.FirstPacket(session.Id, side));
        Follow(session);
    }

    private void DoOpen(RelayCommand.Open open, Instant now)
    {
        var media = open.Media;
        if (IsExhausted || _free.Count < 2 || (_sessions.Count >= MaxSessions && !open.Urgent))
        {
            _events.Enqueue(new RelayEvent.OpenFailed(media));
            return;
        }

        var session = new Session(media, _gatewaySide.WithPort(_free.Dequeue()), _sipSide.WithPort(_free.Dequeue()));
        if (!_sessions.TryAdd(media, session))
        {
            _violations.Add($"relay: session {media} opened twice");
            return;
        }

        if (SilenceAfter > TimeSpan.Zero || WatchesKeys) session.CheckAt = now + TimeSpan.FromSeconds(1);
        Schedule(session);
        Opened++;
        _ports[session.Gateway] = (session, RelaySide.Gateway);
        _ports[session.Sip] = (session, RelaySide.Sip);
        _events.Enqueue(new RelayEvent.Opened(media, session.Gateway, session.Sip));
    }

    private void Close(Session session, Instant now)
    {
        session.Decisions.StopRecording(now, RecordingEnd.Closed);
        session.Decisions.Leave();
        Follow(session);
        _sessions.Remove(session.Id);
        _due.Cancel(session.Id);
        _ports.Remove(session.Gateway);
        _ports.Remove(session.Sip);
        _free.Enqueue(session.Gateway.Port);
        _free.Enqueue(session.Sip.Port);
        _events.Enqueue(new RelayEvent.Closed(session.Id, session.Decisions.Statistics));
    }

    // Sends what a session has made; RTCP goes nowhere in this world.
    private void Follow(Session session)
    {
        for (var i = 0; i < _made.Count; i++)
        {
            if (session.Decisions.TryLeave(_made, i, out var packet, out var to, out var isRtcp, out var destination) != RelayDrop.None || isRtcp) continue;
            _outbox.Enqueue(new Transmit(session.Port(to), destination, packet.ToArray()));
            session.Decisions.SentOwn(to);
        }

        _made.Clear();
        while (session.Decisions.TryTakeEvent(out var happened)) _events.Enqueue(happened);
        Schedule(session);
    }

    private void Check(Session session, Instant now)
    {
        session.CheckAt = now + TimeSpan.FromSeconds(1);
        if (SilenceAfter > TimeSpan.Zero && session.Decisions.AudioChanged(now, SilenceAfter, out var audio)) _events.Enqueue(new RelayEvent.AudioChanged(session.Id, audio));
        if (SilenceAfter > TimeSpan.Zero && session.Decisions.Died(now, MediaTimeout)) _events.Enqueue(new RelayEvent.Dead(session.Id));
        foreach (var side in (ReadOnlySpan<RelaySide>)[RelaySide.Gateway, RelaySide.Sip])
            if (session.Decisions.KeyAged(side, out var ended)) _events.Enqueue(new RelayEvent.KeyAged(session.Id, side, ended));
    }

    private void Schedule(Session session)
    {
        var next = session.CheckAt;
        if (session.Decisions.NextDeadline is var due && due != Instant.Never) next = Instant.Earliest(next, due);
        if (next is { } at) _due.Set(session.Id, at);
        else _due.Cancel(session.Id);
    }

    private static RelaySide Other(RelaySide side) => side == RelaySide.Gateway ? RelaySide.Sip : RelaySide.Gateway;
}
