using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using MgcpSipBridge.Host.Api.Filters;
using MgcpSipBridge.Host.Api.Security;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Events;
using MgcpSipBridge.Host.Observability;

namespace MgcpSipBridge.Host.Api;

/// <summary>The event stream, and what is wrong at the moment.</summary>
internal sealed class EventResource(EventLog log, EventTurns turns, AlarmBoard alarms, BridgeState state, ApiAccess access, EventsSection settings, EventMetrics metrics) : V1.EventService.EventServiceBase
{
    private const int Batch = 256;

    public override Task<V1.ListAlarmsResponse> ListAlarms(V1.ListAlarmsRequest request, ServerCallContext context) =>
        Task.FromResult(new V1.ListAlarmsResponse { Alarms = { alarms.All } });

    public override async Task WatchEvents(V1.WatchEventsRequest request, IServerStreamWriter<V1.Event> stream, ServerCallContext context)
    {
        var filter = Listing.Filter(request.Filter, V1.Event.Descriptor);
        var next = From(request.ResumeToken);
        if (!log.TryEnter()) throw ApiErrors.Exhausted("TOO_MANY_WATCHERS", $"{settings.MaxWatchers} watch already");
        try
        {
            var http = context.GetHttpContext();
            using var open = access.Begin(http, ApiRole.Viewer, context.CancellationToken, log.Stopping);
            try
            {
                await turns.RunAsync(() => PumpAsync(next, filter, new EventWriter(stream, http), http, open.Ends));
            }
            catch (OperationCanceledException) when (open.IsWithdrawn)
            {
                throw ApiErrors.CredentialWithdrawn();
            }
        }
        catch (OperationCanceledException) when (log.Stopping.IsCancellationRequested)
        {
            throw ApiErrors.Ending();
        }
        catch (OperationCanceledException)
        {
            // The reader went away: nobody is left to be told.
        }
        finally
        {
            log.Leave();
        }
    }

    private async Task PumpAsync(long next, MessageFilter? filter, EventWriter reader, HttpContext http, CancellationToken cancel)
    {
        var batch = new BridgeEvent[Batch];
        await reader.TellAsync(Heartbeat(next), cancel);
        var said = TimeProvider.System.GetTimestamp();
        var seen = said;
        while (true)
        {
            // A stream is as good as the token that opened it, however much it has to tell.
            if (TimeProvider.System.GetElapsedTime(seen) >= settings.Heartbeat)
            {
                if (!access.StillMay(http, ApiRole.Viewer)) throw ApiErrors.CredentialWithdrawn();
                seen = TimeProvider.System.GetTimestamp();
            }

            var (count, missed) = log.Read(ref next, batch);
            if (missed > 0) await reader.TellAsync(Missed(next - count - missed, missed), cancel);
            for (var i = 0; i < count; i++)
            {
                var message = batch[i].Message(log, state.Node);
                if (filter is not null && !filter.Matches(message)) continue;
                await reader.AddAsync(batch[i], message, cancel);
                said = TimeProvider.System.GetTimestamp();
            }

            if (count > 0)
            {
                await reader.FlushAsync(cancel);
                // It is the others' turn.
                await Task.Yield();
            }

            var quiet = settings.Heartbeat - TimeProvider.System.GetElapsedTime(said);
            if (quiet > TimeSpan.Zero)
            {
                if (count == 0) await log.WaitAsync(next, quiet, cancel);
                continue;
            }

            await reader.TellAsync(Heartbeat(next), cancel);
            said = TimeProvider.System.GetTimestamp();
        }
    }

    private long From(string token)
    {
        if (token.Length == 0) return log.Next;
        var next = log.Resume(token);
        var well = next is { } at && log.Holds(at);
        metrics.Resumed(well);
        return well ? next!.Value : throw ApiErrors.OutOfRange("RESUME_TOKEN_EXPIRED", "what follows the token is no longer kept: list what is needed, then watch without a token");
    }

    private V1.Event Heartbeat(long next) => Own("stream.heartbeat", next - 1);

    private V1.Event Missed(long first, long count)
    {
        var message = Own("stream.missed", first + count - 1);
        message.Missed = new V1.MissedEvents { Count = count, FirstSequence = first, LastSequence = first + count - 1 };
        return message;
    }

    private V1.Event Own(string type, long last) => new() { Type = type, Node = state.Node, Time = Timestamp.FromDateTime(DateTime.UtcNow), ResumeToken = log.TokenAfter(last) };
}
