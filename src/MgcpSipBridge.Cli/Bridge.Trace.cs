using Grpc.Core;
using MgcpSipBridge.V1;

namespace MgcpSipBridge.Cli;

/// <content>A line's calls, message by message, as they happen.</content>
internal sealed partial class Bridge
{
    /// <summary>Follows a line, by its number or its endpoint, until interrupted or so many calls are over.</summary>
    public async Task TraceAsync(string what, int most)
    {
        var line = await LineOfAsync(what);
        try
        {
            // Listened to before it is asked what there is: no call gets lost in between.
            var bridge = new Persistence(writer.Remark, writer.Remark, cancel);
            using var events = new EventStream(invoker, bridge, $"type = \"stream.*\" OR type = \"call.started\" AND call.line = \"{line}\"", "", cancel);
            var seen = new HashSet<string>(StringComparer.Ordinal);
            // With the first heartbeat, and where events were missed, it is asked what there is.
            for (var all = true; await events.MoveNext(cancel); all = false)
            {
                if (all || events.Current.WhatCase == Event.WhatOneofCase.Missed)
                    foreach (var call in (await bridge.AskAsync(async () => await Calls.ListCallsAsync(new ListCallsRequest { Filter = $"line = \"{line}\"" }, cancellationToken: cancel))).Calls)
                        if (await FollowAsync(call.Id, seen, bridge) && seen.Count == most) return;
                if (events.Current.Call is { Line: var of, Call: var begun } && of == line && await FollowAsync(begun, seen, bridge) && seen.Count == most) return;
            }
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
            0 => throw new UsageException($"no line has endpoint {what}", ExitCodes.NotFound),
            _ => throw new UsageException($"endpoint {endpoint} is on several gateways: {string.Join(", ", found.Take(5).Select(l => $"{l.Endpoint}@{l.Gateway}"))}"),
        };
    }

    // False when it was followed before.
    private async Task<bool> FollowAsync(string id, HashSet<string> seen, Persistence bridge)
    {
        if (!seen.Add(id)) return false;
        var (shown, lane) = (0, LadderDrawing.LaneIn(writer.Room));
        Call? call = null;
        AsyncServerStreamingCall<LadderUpdate>? watch = null;
        async Task<LadderUpdate?> NextAsync()
        {
            try
            {
                watch ??= Calls.WatchLadder(new WatchLadderRequest { Call = id }, cancellationToken: cancel);
                return await watch.ResponseStream.MoveNext(cancel) ? watch.ResponseStream.Current : null;
            }
            catch (RpcException e)
            {
                watch?.Dispose();
                watch = null;
                // It went with the bridge, which is another now.
                if (e.StatusCode == StatusCode.NotFound && call is not null) return null;
                throw;
            }
        }

        while (await bridge.AskAsync(NextAsync) is { } update)
        {
            var first = call is null;
            call = update.Call;
            if (writer.IsData)
            {
                writer.Next(update);
                continue;
            }

            if (first) writer.Text($"call {id} of line {update.Call.Line}, {Text(update.Call.Direction)}\n{LadderDrawing.Header(lane)}");
            // What was shown stays so, though a message may since have been repeated.
            foreach (var message in update.Messages.Skip(shown - update.Kept)) writer.Text(LadderDrawing.Row(message, lane));
            shown = Math.Max(shown, update.Kept + update.Messages.Count);
        }

        watch?.Dispose();
        // Ended by the bridge, when the last messages of a call that is over have come.
        if (!writer.IsData) writer.Text($"call {id} is over: {Text(call?.Outcome ?? Call.Types.Outcome.Unspecified)}\n\n");
        return true;
    }
}
