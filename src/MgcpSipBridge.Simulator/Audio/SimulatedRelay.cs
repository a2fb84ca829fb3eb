using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

/// <summary>
/// The relay of a bridge in virtual time: obeys <see cref="RelayCommand"/>, leases ports, passes packets between the two ends that signalling
/// named and refuses all others. Complains when it is told nonsense.
/// </summary>
public sealed partial class SimulatedRelay
{
    private readonly Dictionary<MediaId, Session> _sessions = [];
    private readonly Dictionary<NetAddress, (Session Session, RelaySide Side)> _ports = [];
    private readonly Queue<int> _free;
    private readonly Queue<RelayEvent> _events = new();
    private readonly Queue<Transmit> _outbox = new();
    private readonly List<string> _violations = [];
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

    /// <summary>Sessions open.</summary>
    public int Open => _sessions.Count;

    /// <summary>Sessions opened since the start.</summary>
    public int Opened { get; private set; }

    /// <summary>Whether no more ports are given (to try a bridge without media).</summary>
    public bool IsExhausted { get; set; }

    /// <summary>What the engine did wrong.</summary>
    public IReadOnlyList<string> Violations => _violations;

    private sealed class Session(MediaId id, NetAddress gateway, NetAddress sip)
    {
        public MediaId Id { get; } = id;

        public NetAddress Gateway { get; } = gateway;

        public NetAddress Sip { get; } = sip;

        public RelayRemote? GatewayRemote { get; set; }

        public RelayRemote? SipRemote { get; set; }

        public long FromGateway { get; set; }

        public long FromSip { get; set; }

        public long Refused { get; set; }

        public SimulatedWork Work { get; } = new();
    }

    /// <summary>Obeys.</summary>
    public void Do(RelayCommand command)
    {
        switch (command)
        {
            case RelayCommand.Open open:
                DoOpen(open.Media);
                break;
            case RelayCommand.SetRemote set when _sessions.TryGetValue(set.Media, out var session):
                if (set.Side == RelaySide.Gateway) session.GatewayRemote = set.Remote;
                else session.SipRemote = set.Remote;
                if (set.Remote.Send && (set.Remote.Rtp.Port == 0 || set.Remote.Rtp.IsUnspecified)) _violations.Add($"relay: told to send to {set.Remote.Rtp}");
                break;
            case RelayCommand.Close close when _sessions.Remove(close.Media, out var session):
                _ports.Remove(session.Gateway);
                _ports.Remove(session.Sip);
                _free.Enqueue(session.Gateway.Port);
                _free.Enqueue(session.Sip.Port);
                EndRecording(session, RecordingEnd.Closed);
                _events.Enqueue(new RelayEvent.Closed(close.Media, new RelayStatistics(
                    new RelaySideStatistics(session.FromGateway, session.FromSip, 0, session.Refused, TimeSpan.Zero),
                    new RelaySideStatistics(session.FromSip, session.FromGateway, 0, 0, TimeSpan.Zero))));
                break;
            case not (RelayCommand.SetRemote or RelayCommand.Close) when _sessions.TryGetValue(command.Media, out var session):
                DoWork(session, command);
                break;
            default:
                _violations.Add($"relay: {command} for a session that is not open");
                break;
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

    /// <summary>Passes a packet on.</summary>
    public void Receive(ReadOnlyMemory<byte> packet, NetAddress local, NetAddress from)
    {
        if (!_ports.TryGetValue(local, out var port)) return;
        var session = port.Session;
        var near = port.Side == RelaySide.Gateway ? session.GatewayRemote : session.SipRemote;
        var far = port.Side == RelaySide.Gateway ? session.SipRemote : session.GatewayRemote;
        var type = packet.Length > 1 ? packet.Span[1] & 0x7F : -1;
        var mapping = near?.PayloadTypes.FirstOrDefault(one => one.From == type) ?? default;
        if (near is null || far is null || !near.Receive || !far.Send || near.Rtp != from || !near.PayloadTypes.Any(one => one.From == type))
        {
            session.Refused++;
            return;
        }

        if (port.Side == RelaySide.Gateway && session.FromGateway++ == 0) _events.Enqueue(new RelayEvent.FirstPacket(session.Id, RelaySide.Gateway));
        if (port.Side == RelaySide.Sip && session.FromSip++ == 0) _events.Enqueue(new RelayEvent.FirstPacket(session.Id, RelaySide.Sip));
        HearKeys(session, port.Side, near, packet.Span);
        if (IsReplaced(session, port.Side)) return;
        var copy = packet.ToArray();
        copy[1] = (byte)((copy[1] & 0x80) | mapping.To);
        _outbox.Enqueue(new Transmit(port.Side == RelaySide.Gateway ? session.Sip : session.Gateway, far.Rtp, copy));
    }

    private void DoOpen(MediaId media)
    {
        if (IsExhausted || _free.Count < 2)
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

        Opened++;
        _ports[session.Gateway] = (session, RelaySide.Gateway);
        _ports[session.Sip] = (session, RelaySide.Sip);
        _events.Enqueue(new RelayEvent.Opened(media, session.Gateway, session.Sip));
    }
}
