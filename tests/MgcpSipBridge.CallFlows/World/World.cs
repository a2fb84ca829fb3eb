using System.Collections.Immutable;
using System.Globalization;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Simulator;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.CallFlows;

/// <summary>
/// Everything in virtual time: bridges, gateways, peers and the network between them. Always the earliest thing happens next; nothing waits.
/// The same seed gives the same run to the last byte.
/// </summary>
internal sealed class World
{
    private static readonly DateTime Epoch = new(2026, 3, 14, 9, 26, 0, DateTimeKind.Utc);
    private readonly List<ISimulatedNode> _nodes = [];
    private readonly Dictionary<NetAddress, ISimulatedNode> _owners = [];
    private readonly List<SimulatedBridge> _bridges = [];
    private readonly List<string> _violations = [];
    private ulong _hash = 14695981039346656037;

    /// <summary>An empty world.</summary>
    public World(ulong seed)
    {
        Seed = seed;
        Entropy = new Entropy(seed);
        Network = new VirtualNetwork(Entropy);
    }

    /// <summary>The seed; a failure names it.</summary>
    public ulong Seed { get; }

    /// <summary>The world's own luck.</summary>
    public Entropy Entropy { get; }

    /// <summary>The network.</summary>
    public VirtualNetwork Network { get; }

    /// <summary>Now.</summary>
    public Instant Now { get; private set; } = Instant.Zero;

    /// <summary>Date and time of day now.</summary>
    public DateTime Utc => Epoch + (Now - Instant.Zero);

    /// <summary>Things that a test has arranged for later.</summary>
    public Agenda Agenda { get; } = new();

    /// <summary>Steps taken.</summary>
    public long Steps { get; private set; }

    /// <summary>FNV-1a over everything that any bridge sent, with its time: equal for equal runs.</summary>
    public ulong Hash => _hash;

    /// <summary>Messages of the bridges, as a ladder; null unless a test wants one.</summary>
    public LadderRecorder? Ladder { get; set; }

    /// <summary>Names and what they resolve to; literals need no entry.</summary>
    public Dictionary<string, ImmutableArray<SipTarget>> Names { get; } = [];

    /// <summary>The bridges.</summary>
    public IReadOnlyList<SimulatedBridge> Bridges => _bridges;

    /// <summary>The nodes.</summary>
    public IReadOnlyList<ISimulatedNode> Nodes => _nodes;

    /// <summary>Broken rules and broken invariants of everyone, with seed, step and time where the world itself saw them.</summary>
    public IEnumerable<string> Violations =>
        _violations.Concat(_nodes.SelectMany(node => node.Violations)).Concat(_bridges.SelectMany(bridge => bridge.Relay.Violations)).Concat(_bridges.SelectMany(bridge => bridge.Watch.Violations));

    /// <summary>Adds a node.</summary>
    public T Add<T>(T node)
        where T : ISimulatedNode
    {
        _nodes.Add(node);
        foreach (var address in node.Addresses) _owners[address] = node;
        return node;
    }

    /// <summary>Adds a bridge.</summary>
    public SimulatedBridge Add(SimulatedBridge bridge)
    {
        ArgumentNullException.ThrowIfNull(bridge);
        _bridges.Add(bridge);
        return bridge;
    }

    /// <summary>Writes down a broken invariant.</summary>
    public void Complain(string text) =>
        _violations.Add(string.Create(CultureInfo.InvariantCulture, $"seed {Seed}, step {Steps}, {Now}: {text}"));

    /// <summary>Lets time pass.</summary>
    public void Run(TimeSpan time)
    {
        var end = Now + time;
        while (NextDeadline is { } next && next <= end) Step(next);
        Now = end;
    }

    /// <summary>Lets time pass until something is so; false if it is not within <paramref name="most"/>.</summary>
    public bool RunUntil(Func<bool> isSo, TimeSpan most)
    {
        ArgumentNullException.ThrowIfNull(isSo);
        var end = Now + most;
        Settle();
        while (!isSo())
        {
            if (NextDeadline is not { } next || next > end)
            {
                Now = end;
                return isSo();
            }

            Step(next);
        }

        return true;
    }

    /// <summary>Sends what nodes and bridges have to send after a test acted on them directly.</summary>
    public void Settle()
    {
        foreach (var node in _nodes)
            while (node.TryTake(out var transmit)) Network.Send(transmit, Now);
        foreach (var bridge in _bridges) bridge.Drain(this);
    }

    /// <summary>Sends a datagram that a bridge wants sent.</summary>
    internal void SendFromBridge(SimulatedBridge bridge, Transmit transmit, bool isSip)
    {
        Mix(transmit);
        Ladder?.Sent(transmit, isSip, Now);
        bridge.Watch.Sent(transmit, isSip, Now);
        Network.Send(transmit, Now);
    }

    private Instant? NextDeadline
    {
        get
        {
            var next = Instant.Earliest(Network.NextDeadline, Agenda.NextDeadline);
            foreach (var node in _nodes) next = Instant.Earliest(next, node.NextDeadline);
            foreach (var bridge in _bridges) next = Instant.Earliest(next, bridge.NextDeadline);
            return next;
        }
    }

    private void Step(Instant at)
    {
        // A deadline in the past is served now: time does not run back.
        if (at > Now) Now = at;
        Steps++;
        while (Network.TryDeliver(Now, out var transmit)) Deliver(transmit);
        Agenda.FireDue(Now);
        foreach (var node in _nodes)
            if (node.NextDeadline is { } due && due <= Now) node.FireDue(Now);
        foreach (var bridge in _bridges)
            if (bridge.NextDeadline is { } due && due <= Now) bridge.FireDue(this);
        Settle();
        if (Steps % 256 == 0)
            foreach (var node in _nodes) Check(node);
    }

    private void Check(ISimulatedNode node)
    {
        if (node is not SimulatedGateway gateway) return;
        foreach (var bridge in _bridges)
            if (bridge.Mgcp == gateway.Setup.CallAgent) bridge.Watch.Check(gateway, this);
    }

    private void Deliver(Transmit transmit)
    {
        foreach (var bridge in _bridges)
        {
            if (bridge.Mgcp == transmit.To || bridge.Sip == transmit.To)
            {
                var isSip = bridge.Sip == transmit.To;
                Ladder?.Received(transmit, isSip, Now);
                bridge.Watch.Received(transmit, isSip, Now);
                bridge.Receive(this, transmit);
                return;
            }

            if (!bridge.Relay.Owns(transmit.To)) continue;
            bridge.Relay.Receive(transmit.Bytes, transmit.To, transmit.From, Now);
            bridge.Drain(this);
            return;
        }

        if (!_owners.TryGetValue(transmit.To, out var node)) return;
        node.Receive(transmit.Bytes, transmit.To, transmit.From, Now);
        // What a gateway holds changes when it is told something; the rest is looked at now and then.
        Check(node);
    }

    private void Mix(Transmit transmit)
    {
        foreach (var b in transmit.Bytes.Span) Add(b);
        for (var shift = 0; shift < 64; shift += 8) Add((byte)(Now.Ticks >> shift));
        Add((byte)transmit.To.Port);

        void Add(byte b) => _hash = (_hash ^ b) * 1099511628211;
    }
}
