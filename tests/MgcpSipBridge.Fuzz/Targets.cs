using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Fuzz;

/// <summary>Something that takes any bytes. It throws when it is wrong.</summary>
internal interface ITarget
{
    string Name { get; }

    void Run(ReadOnlySpan<byte> input);
}

/// <summary>Every reader of MGCP messages: none throws, each ends, and what was found lies within the message.</summary>
internal sealed class MgcpReaders : ITarget
{
    public string Name => "mgcp";

    public void Run(ReadOnlySpan<byte> input)
    {
        var datagram = new MgcpDatagram(input);
        var bytes = 0;
        while (datagram.TryNext(out var message))
        {
            bytes += message.Length;
            if (MgcpDatagram.KindOf(message) == MgcpMessageKind.Command)
            {
                MgcpCommand.TryParse(message, out var command);
                Walk(command.Parameters);
                MgcpEndpointName.Covers(command.Endpoint.Local, "aaln/s1/1");
                if (command.Body.Length > message.Length) throw new InvalidOperationException("The body is longer than its message.");
            }
            else if (MgcpResponse.TryParse(message, out var response) == MgcpParseError.None)
            {
                Walk(response.Parameters);
                MgcpResponse.SplitBodies(response.Body, out var first, out var second);
                if (first.Length + second.Length > message.Length) throw new InvalidOperationException("The bodies are longer than their message.");
                if (MgcpResponseCodes.Normalize(response.Code) is < 0 or > 541) throw new InvalidOperationException("A code outside the table.");
            }
        }

        if (bytes > input.Length) throw new InvalidOperationException("The messages are longer than their datagram.");
    }

    private static void Walk(MgcpParameters parameters)
    {
        foreach (var line in parameters)
        {
            var budget = line.Value.Length + 2;
            var events = new MgcpEventReader(line.Value);
            while (events.TryNext(out _)) Spend(ref budget);
            budget = (2 * line.Value.Length) + 2;
            var observed = new ObservedEventsReader(line.Value);
            while (observed.TryNext(out _, out _)) Spend(ref budget);
            budget = line.Value.Length + 2;
            var options = new MgcpOptionReader(line.Value);
            while (options.TryNext(out _, out _)) Spend(ref budget);
            budget = line.Value.Length + 2;
            var tokens = new MgcpTokenReader(line.Value, (byte)';');
            while (tokens.TryNext(out _)) Spend(ref budget);
            budget = line.Value.Length + 2;
            var ranges = new MgcpTransactionRanges(line.Value);
            while (ranges.TryNext(out var from, out var to))
            {
                Spend(ref budget);
                if (to < from || to > 999_999_999) throw new InvalidOperationException("A range that is none.");
            }

            ConnectionStatistics.Read(line.Value);
        }
    }

    /// <summary>Work is counted: a reader gives at most one element a byte.</summary>
    private static void Spend(ref int budget)
    {
        if (--budget < 0) throw new InvalidOperationException("A reader does not end.");
    }
}

/// <summary>The reader of SIP messages.</summary>
internal sealed class SipReaders : ITarget
{
    public string Name => "sip";

    public void Run(ReadOnlySpan<byte> input)
    {
        if (SipMessage.TryParse(input, SipLimits.Default, out var message) == SipParseError.None && message is null) throw new InvalidOperationException("No error and no message.");
        _ = SipUri.TryParse(input, out _);
    }
}

/// <summary>The reader of session descriptions.</summary>
internal sealed class SdpReaders : ITarget
{
    public string Name => "sdp";

    public void Run(ReadOnlySpan<byte> input)
    {
        if (SessionDescription.TryParse(input, out var description) == SdpParseError.None && description is null) throw new InvalidOperationException("No error and no description.");
    }
}
