using System.Text;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>Puts into words what the readers make of bytes, for expectations that a person can review.</summary>
internal static class Describe
{
    public static string Datagram(ReadOnlySpan<byte> datagram)
    {
        StringBuilder text = new();
        var messages = new MgcpDatagram(datagram);
        while (messages.TryNext(out var message)) Message(message, text);
        return text.ToString();
    }

    private static void Message(ReadOnlySpan<byte> message, StringBuilder text)
    {
        if (MgcpDatagram.KindOf(message) == MgcpMessageKind.Response)
        {
            var error = MgcpResponse.TryParse(message, out var response);
            text.Append(null, $"response {error} {response.Code:000} tid {response.TransactionId}");
            if (!response.Package.IsEmpty) text.Append(" package ").Append(Text(response.Package));
            text.Append(null, $" comment '{Text(response.Comment)}'\n");
            Parameters(response.Parameters, text);
            MgcpResponse.SplitBodies(response.Body, out var first, out var second);
            Body(first, text);
            Body(second, text);
            return;
        }

        var failed = MgcpCommand.TryParse(message, out var command);
        text.Append(null, $"command {failed} {command.Verb.Name()} tid {command.TransactionId?.ToString(null, null) ?? "none"}");
        text.Append(null, $" local '{Text(command.Endpoint.Local)}' domain '{Text(command.Endpoint.Domain)}' version '{Text(command.Version)}'\n");
        Parameters(command.Parameters, text);
        Body(command.Body, text);
    }

    private static void Parameters(MgcpParameters parameters, StringBuilder text)
    {
        foreach (var line in parameters)
        {
            var name = line.Parameter == MgcpParameter.Extension ? $"extension {Text(line.Name)}" : line.Parameter.ToString();
            text.Append(null, $"  {name} = '{Text(line.Value)}'\n");
            if (line.Parameter is MgcpParameter.ObservedEvents)
            {
                var observed = new ObservedEventsReader(line.Value);
                while (observed.TryNext(out var entry, out var digit)) text.Append(null, $"    {Text(entry.Package)}/{Text(digit)}{Groups(entry)}\n");
            }
            else if (line.Parameter is MgcpParameter.RequestedEvents or MgcpParameter.SignalRequests or MgcpParameter.EventStates)
            {
                var events = new MgcpEventReader(line.Value);
                while (events.TryNext(out var entry)) text.Append(null, $"    {Text(entry.Package)}/{Text(entry.Name)}{Groups(entry)}\n");
                if (events.Failed) text.Append("    unreadable from here\n");
            }
        }
    }

    private static string Groups(MgcpEventView entry) =>
        (entry.Connection.IsEmpty ? "" : $" @{Text(entry.Connection)}")
        + (entry.Groups > 0 ? $" ({Text(entry.Arguments)})" : "") + (entry.Groups > 1 ? $" ({Text(entry.MoreArguments)})" : "");

    private static void Body(ReadOnlySpan<byte> body, StringBuilder text)
    {
        if (!body.IsEmpty) text.Append(null, $"  body of {body.Length} bytes, begins '{Text(body[..Math.Min(12, body.Length)])}'\n");
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes).Replace("\r", "\\r", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
