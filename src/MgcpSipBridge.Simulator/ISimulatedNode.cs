using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

/// <summary>
/// A simulated party on the network (gateway with its phones, SIP peer), without any socket: whoever drives it owns the sockets and the clock.
/// </summary>
/// <remarks>
/// How to drive one over real UDP, in one loop with one reader:
/// <list type="number">
/// <item>bind a socket per address, give the bound addresses to the node's constructor; <see cref="Addresses"/> lists them again;</item>
/// <item>hand every datagram to <see cref="Receive"/> with the address of the socket it came to;</item>
/// <item>call <see cref="FireDue"/> when <see cref="NextDeadline"/> has come;</item>
/// <item>after either, and after every action on a phone or a call, send what <see cref="TryTake"/> yields from the socket it names, and
/// look at <see cref="NextDeadline"/> anew.</item>
/// </list>
/// In virtual time the simulated world does the same. Media runs through the same four members as signalling.
/// </remarks>
public interface ISimulatedNode
{
    /// <summary>A name for ladders and complaints.</summary>
    string Name { get; }

    /// <summary>Every address that this node sends from and wants datagrams for, signalling first. Fixed from the construction on.</summary>
    ImmutableArray<NetAddress> Addresses { get; }

    /// <summary>When <see cref="FireDue"/> wants to be called; null for never.</summary>
    Instant? NextDeadline { get; }

    /// <summary>
    /// What the other side did against the letter of an RFC, in the order it was seen. A run with an entry here has failed, however well
    /// the calls went.
    /// </summary>
    IReadOnlyList<string> Violations { get; }

    /// <summary>Takes a datagram (or, on a stream transport, one whole message) that arrived at <paramref name="local"/>.</summary>
    void Receive(ReadOnlyMemory<byte> datagram, NetAddress local, NetAddress from, Instant now);

    /// <summary>Does everything that is due.</summary>
    void FireDue(Instant now);

    /// <summary>Takes the next datagram to send.</summary>
    bool TryTake(out Transmit transmit);
}

/// <summary>A datagram on its way.</summary>
/// <param name="From">The socket it leaves from: one of the node's <see cref="ISimulatedNode.Addresses"/>.</param>
/// <param name="To">Where to.</param>
/// <param name="Bytes">Its bytes; they do not change later.</param>
public readonly record struct Transmit(NetAddress From, NetAddress To, ReadOnlyMemory<byte> Bytes);
