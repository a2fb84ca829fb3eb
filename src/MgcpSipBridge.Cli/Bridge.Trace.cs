using Grpc.Core;
using MgcpSipBridge.V1;

namespace MgcpSipBridge.Cli;

/// <content>A line's calls, message by message, as they happen.</content>
internal sealed partial class Bridge
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    /// <summary>Follows a line, by its number or its endpoint, until interrupted or so many calls are over.</summary>
    public async Task TraceAsync(string what, int most)
    {
        var line = await LineOfAsync(what);
        try
        {
            // Listened to before it is asked what there is: no call gets lost in between.
            using var watch = new EventService.EventServiceClient(channel).WatchEvents(new WatchEventsRequest { Filter = $"type = \"stream.*\" OR type = \"call.started\" AND call.line = \"{line}\"" }, cancellationToken: cancel);
            await watch.ResponseStream.MoveNext(cancel);
            var seen = new HashSet<string>(StringComparer.Ordinal);
            foreach (var call in (await Calls.ListCallsAsync(new ListCallsRequest { Filter = $"line = \"{line}\"" }, cancellationToken: cancel)).Calls)
                if (await FollowAsync(call.Id, seen) && seen.Count == most) return;
            await foreach (var happened in watch.ResponseStream.ReadAllAsync(cancel))
                if (happened.WhatCase == Event.WhatOneofCase.Call && happened.Call.Line == line && await FollowAsync(happened.Call.Call, seen) && seen.Count == most) return;
        }
        catch (Exception e) when (cancel.IsCancellationRequested && e is RpcException or OperationCanceledException)
        {
            // Interrupted: that is how one stops looking.
        }
    }

    private async Task<string> LineOfAsync(string what)
    {
        if (what.Contains('"', StringComparison.Ordinal)) throw new UsageException($"\"{what}\" is neither a number nor an endpoint");
        if (!what.Contains('/', StringComparison.Ordinal) && !what.Contains('@', StringComparison.Ordinal)) return (await Gateways.GetLineAsync(new GetLineRequest { Gateway = "-", Line = what }, cancellationToken: cancel)).Number;
        var (endpoint, at) = what.IndexOf('@', StringComparison.Ordinal) is > 0 and var cut ? (what[..cut], what[(cut + 1)..]) : (what, "");
        var filter = $"endpoint = \"{endpoint}\"";
        var found = (await Gateways.ListLinesAsync(new ListLinesRequest { Gateway = at.Length > 0 ? at : "-", Filter = filter, PageSize = PageSize }, cancellationToken: cancel)).Lines;
        return found.Count switch
        {
            1 => found[0].Number,
            0 => throw new UsageException($"no line has endpoint {what}"),
            _ => throw new UsageException($"endpoint {endpoint} is on several gateways: {string.Join(", ", found.Take(5).Select(l => $"{l.Endpoint}@{l.Gateway}"))}"),
        };
    }

    // False when it was followed before.
    private async Task<bool> FollowAsync(string id, HashSet<string> seen)
    {
        if (!seen.Add(id)) return false;
        var (shown, begun) = (0, false);
        while (true)
        {
            var call = await Calls.GetCallAsync(new GetCallRequest { Call = id }, cancellationToken: cancel);
            var ladder = await Calls.GetLadderAsync(new GetLadderRequest { Call = id }, cancellationToken: cancel);
            if (!begun) writer.Text($"call {id} of line {call.Line}, {Text(call.Direction)}\n{LadderDrawing.Header}");
            begun = true;
            foreach (var message in ladder.Messages.Skip(shown)) writer.Text(LadderDrawing.Row(message));
            shown = Math.Max(shown, ladder.Messages.Count);
            if (call.EndTime is not null)
            {
                writer.Text($"call {id} is over: {Text(call.Outcome)}\n\n");
                return true;
            }

            await Task.Delay(Look, cancel);
        }
    }
}
