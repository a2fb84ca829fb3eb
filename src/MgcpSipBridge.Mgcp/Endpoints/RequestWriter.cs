using System.Collections.Immutable;

namespace MgcpSipBridge.Mgcp;

/// <summary>Writes the lines of a NotificationRequest, be it a command of its own or a part of a connection command.</summary>
internal static class RequestWriter
{
    /// <summary>Writes the lines: X: stands before R: because old gateways want it so. With <paramref name="hasBearer"/> the command has a B: line already.</summary>
    public static void Write(MgcpWriter writer, NotificationRequest request, uint requestId, string notifiedEntity, bool hasBearer = false)
    {
        writer.Parameter(MgcpParameter.NotifiedEntity, notifiedEntity);
        if (request.Backups is { } backups) writer.Parameter(Concession.BackupList, backups);
        if (!hasBearer && request.Bearer is { } bearer) writer.Parameter(MgcpParameter.BearerInformation, bearer.WireName());
        writer.Begin(MgcpParameter.RequestIdentifier).AppendHex(requestId).EndLine();
        writer.Begin(MgcpParameter.RequestedEvents);
        Events(writer, request.Events, request.Loop);
        writer.EndLine().Begin(MgcpParameter.SignalRequests);
        Signals(writer, request.Signals);
        writer.EndLine();
        if (request.DigitMap is { } map) writer.Parameter(MgcpParameter.DigitMap, map);
        // The defaults are left out, for some gateways take no Q: at all (§3.2.2.14).
        if (request.Loop || request.Discard)
        {
            writer.Begin(MgcpParameter.QuarantineHandling).Append(request.Discard ? "discard" : "process").Append(request.Loop ? ",loop" : "").EndLine();
        }

        if (request.DetectEvents is { } detected) writer.Parameter(MgcpParameter.DetectEvents, string.Join(", ", detected));
        if (request.PersistentEvents is not { } persistent) return;
        writer.Append("B/PR: ");
        Events(writer, persistent, request.Loop);
        writer.EndLine();
    }

    private static void Events(MgcpWriter writer, ImmutableArray<RequestedEvent> events, bool loop)
    {
        var first = true;
        foreach (var requested in events)
        {
            if (!first) writer.Append(", ");
            first = false;
            writer.Append(requested.Event).Append('(');
            if (requested.Embedded is { } embedded)
            {
                // N beside E is legal in loop mode only (§2.3.3).
                if (requested.Action is not "N" || loop) writer.Append(requested.Action).Append(',');
                Embedded(writer, embedded, loop);
            }
            else
            {
                writer.Append(requested.Action);
            }

            writer.Append(')');
            if (requested.Parameters is { } parameters) writer.Append('(').Append(parameters).Append(')');
        }
    }

    /// <summary><c>E(R(…),S(…),D(…))</c>: at least one part, in this order, which every gateway takes (§3.2.2.16).</summary>
    private static void Embedded(MgcpWriter writer, NotificationRequest request, bool loop)
    {
        var hasEvents = !request.Events.IsEmpty;
        var hasSignals = !request.Signals.IsEmpty;
        writer.Append("E(");
        if (hasEvents)
        {
            writer.Append("R(");
            Events(writer, request.Events, loop);
            writer.Append(')');
        }

        if (hasSignals)
        {
            writer.Append(hasEvents ? ",S(" : "S(");
            Signals(writer, request.Signals);
            writer.Append(')');
        }

        if (request.DigitMap is { } map) writer.Append(hasEvents || hasSignals ? ",D(" : "D(").Append(map).Append(')');
        writer.Append(')');
    }

    private static void Signals(MgcpWriter writer, ImmutableArray<SignalRequest> signals)
    {
        var first = true;
        foreach (var signal in signals)
        {
            if (!first) writer.Append(", ");
            first = false;
            writer.Append(signal.Signal);
            if (signal.Parameters is { } parameters) writer.Append('(').Append(parameters).Append(')');
        }
    }
}
