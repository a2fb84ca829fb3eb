using System.Collections.Immutable;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.Interop;

/// <summary>The MGCP room alone, as a node on the network: what it tells the engine is kept in a list.</summary>
internal sealed class CallAgentNode(MgcpCallAgent agent, NetAddress address) : ISimulatedNode
{
    public MgcpCallAgent Agent { get; } = agent;

    /// <summary>What happened so far.</summary>
    public List<MgcpEvent> Events { get; } = [];

    /// <summary>What was to be counted so far.</summary>
    public List<MgcpNote> Notes { get; } = [];

    public string Name => "call agent";

    public ImmutableArray<NetAddress> Addresses { get; } = [address];

    public Instant? NextDeadline => Agent.NextDeadline;

    public IReadOnlyList<string> Violations => [];

    public void Receive(ReadOnlyMemory<byte> datagram, NetAddress local, NetAddress from, Instant now) => Agent.Receive(datagram.Span, from, now);

    public void FireDue(Instant now) => Agent.FireDue(now);

    public bool TryTake(out Transmit transmit)
    {
        while (Agent.TryTake(out var output))
        {
            switch (output)
            {
                case MgcpOutput.Send send:
                    transmit = new Transmit(address, send.To, send.Datagram);
                    return true;
                case MgcpOutput.Happened happened:
                    Events.Add(happened.Event);
                    break;
                case MgcpOutput.Noted noted:
                    Notes.Add(noted.Note);
                    break;
            }
        }

        transmit = default;
        return false;
    }
}
