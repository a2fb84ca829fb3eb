using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// Outputs in their order. For a gateway that piggybacks, messages are held back until everything else has been taken, so that the answer to a
/// Notify and the request that follows it share a datagram (RFC 3435 §3.5.5: fate sharing).
/// </summary>
internal sealed class Outbox
{
    /// <summary>Messages are joined as long as the datagram fits an Ethernet frame, so that joining never causes fragments.</summary>
    private const int MaxJoinedBytes = 1400;

    private readonly Queue<MgcpOutput> _ready = [];
    private readonly List<Held> _held = [];
    private readonly MgcpWriter _joiner = new();

    private readonly record struct Held(NetAddress To, Func<byte[]>? Answer, EndpointId? Subject, OutgoingTransaction? Command)
    {
        public byte[] Finish() => Command is null ? Answer!() : Command.Datagram;
    }

    /// <summary>Takes the next output; messages that were held back go when nothing else is left.</summary>
    public bool TryTake(out MgcpOutput output)
    {
        if (_ready.Count == 0 && _held.Count > 0) Join();
        return _ready.TryDequeue(out output!);
    }

    public void Happened(MgcpEvent what) => _ready.Enqueue(new MgcpOutput.Happened(what));

    public void Note(MgcpNote note) => _ready.Enqueue(new MgcpOutput.Noted(note));

    public void Received(NetAddress from, ReadOnlySpan<byte> message, EndpointId? subject) =>
        _ready.Enqueue(new MgcpOutput.Received(from, message.ToArray(), subject));

    /// <summary>Sends a command for the first time.</summary>
    public void Command(OutgoingTransaction command)
    {
        if (command.Gateway.Traits.Piggyback) _held.Add(new Held(command.To, null, command.Subject, command));
        else Send(command.To, command.Datagram, command.Subject, repeat: false);
    }

    /// <summary>Sends a command again.</summary>
    public void Repeat(OutgoingTransaction command) => Send(command.To, command.Datagram, command.Subject, repeat: true);

    /// <summary>Takes back a command that is not on the wire yet.</summary>
    public void Withdraw(OutgoingTransaction command) => _held.RemoveAll(held => held.Command == command);

    /// <summary>
    /// Holds a final answer back, for a gateway that piggybacks; <paramref name="finish"/> gives its bytes when it is really on its way.
    /// </summary>
    public void Hold(NetAddress to, EndpointId? subject, Func<byte[]> finish) => _held.Add(new Held(to, finish, subject, null));

    /// <summary>Sends bytes at once.</summary>
    public void Send(NetAddress to, ReadOnlyMemory<byte> bytes, EndpointId? subject, bool repeat) =>
        _ready.Enqueue(new MgcpOutput.Send(to, bytes, subject, repeat));

    private void Join()
    {
        var messages = _held.ConvertAll(static held => held.Finish());
        var from = 0;
        while (from < _held.Count)
        {
            var bytes = messages[from].Length;
            var end = from + 1;
            while (end < _held.Count && _held[end].To == _held[from].To && bytes + 3 + messages[end].Length <= MaxJoinedBytes)
            {
                bytes += 3 + messages[end++].Length;
            }

            SendJoined(messages, from, end);
            from = end;
        }

        _held.Clear();
    }

    private void SendJoined(List<byte[]> messages, int from, int end)
    {
        var datagram = messages[from];
        if (end - from > 1)
        {
            _joiner.Clear().Bytes(datagram);
            for (var i = from + 1; i < end; i++) _joiner.Separator().Bytes(messages[i]);
            datagram = _joiner.ToArray();
        }

        OutgoingTransaction? only = null;
        var commands = 0;
        for (var i = from; i < end; i++)
        {
            if (_held[i].Command is not { } command) continue;
            only = command;
            commands++;
        }

        // Answers stay with the one command they went with when it is sent again; several commands repeat each for itself.
        if (commands == 1) only!.Datagram = datagram;
        Send(_held[from].To, datagram, _held[from].Subject, repeat: false);
    }
}
