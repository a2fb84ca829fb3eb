using System.Buffers.Binary;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

/// <content>T.38 in UDPTL in place of speech: a packet every 20 ms with the message before it as redundancy (T.38 §9.1), numbered from 0.</content>
public sealed partial class MediaEnd
{
    // Data, V.21, HDLC, one byte of it: FF (T.38 §7.3, Annex A).
    private static readonly byte[] Message = [0xC0, 0x01, 0x80, 0x00, 0x00, 0xFF];
    private bool _isFax;
    private ushort _faxNumber;

    /// <summary>UDPTL packets sent.</summary>
    public long FaxSent { get; private set; }

    /// <summary>UDPTL packets taken.</summary>
    public long FaxReceived { get; private set; }

    /// <summary>Speaks T.38 from now on; to nobody while the address is null.</summary>
    public void SetFax(NetAddress? remote, Instant now)
    {
        if (!_isFax) _faxNumber = 0;
        _isFax = true;
        _remote = remote;
        _sends = _hears = remote is { Port: > 0, IsUnspecified: false };
        if (!_sends) _next = null;
        else _next ??= now + PacketTime;
    }

    private void ReceiveFax(ReadOnlySpan<byte> packet, NetAddress from)
    {
        // As SendFax writes it, and nothing else.
        if (!_hears || _remote != from || packet.Length != 18 || !packet[3..9].SequenceEqual(Message))
        {
            PacketsRefused++;
            return;
        }

        FaxReceived++;
    }

    private void SendFax(NetAddress remote)
    {
        Span<byte> packet = [0, 0, 6, .. Message, 0, 1, 6, .. Message];
        BinaryPrimitives.WriteUInt16BigEndian(packet, _faxNumber++);
        FaxSent++;
        _outbox.Enqueue(new Transmit(Local, remote, packet.ToArray()));
    }
}
