using Grpc.Core;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Api.Security;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Events;

namespace MgcpSipBridge.Host.Api;

/// <summary>
/// Tells a reader what is new in a call's ladder. The engine is asked again and again, a question that copies no more than the list: what it would cost to tell of each message,
/// every call would pay, and few are looked at.
/// </summary>
internal sealed class LadderWatch(EngineAnswers engine, EventLog log, EventTurns turns, BridgeState state, ApiAccess access, EventsSection settings)
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(2); // longest: however many look at calls in which nothing happens, the others' turns come in time
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Aftermath = TimeSpan.FromSeconds(5);

    /// <summary>Writes updates until the call is over and its last messages are told.</summary>
    public async Task PumpAsync(string call, IServerStreamWriter<V1.LadderUpdate> stream, ServerCallContext context)
    {
        if (!log.TryEnter()) throw ApiErrors.Exhausted("TOO_MANY_WATCHERS", $"{settings.MaxWatchers} watch already");
        try
        {
            var http = context.GetHttpContext();
            using var open = access.Begin(http, ApiRole.Viewer, context.CancellationToken, log.Stopping);
            try
            {
                // In turns with all who read events: however many look on, calls keep their processor.
                await turns.RunAsync(() => PumpAsync(call, stream, http, open.Ends));
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
            // The reader went away.
        }
        finally
        {
            log.Leave();
        }
    }

    /// <summary>How many messages at the beginning are the same in both.</summary>
    public static int Common(LadderView? before, LadderView now)
    {
        if (before is null) return 0;
        var most = Math.Min(before.Entries.Length, now.Entries.Length);
        var same = 0;
        while (same < most && before.Entries[same] == now.Entries[same]) same++;
        return same;
    }

    private async Task PumpAsync(string call, IServerStreamWriter<V1.LadderUpdate> stream, HttpContext http, CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(Pace);
        LadderView? told = null;
        var said = TimeProvider.System.GetTimestamp();
        do
        {
            var now = await engine.OneAsync<LadderView>(new EngineQuery.Ladder(call), $"call {call}", cancel);
            var kept = Common(told, now);
            var isNew = told is null || kept < now.Entries.Length || now.Entries.Length < told.Entries.Length || now.NotKept != told.NotKept || now.Call != told.Call;
            var silence = TimeProvider.System.GetElapsedTime(said);
            if (!isNew && now.Call.Ended is not null && silence >= Aftermath) return;
            timer.Period = isNew ? Pace : timer.Period < Calm ? timer.Period * 1.2 : Calm;
            if (!isNew && silence < Quiet) continue;
            // A stream is as good as the token that opened it.
            if (!access.StillMay(http, ApiRole.Viewer)) throw ApiErrors.CredentialWithdrawn();
            var whole = now.ToMessage(state.Clock);
            await stream.WriteAsync(new V1.LadderUpdate { Call = whole.Call, Kept = kept, Messages = { whole.Messages.Skip(kept) }, NotKept = now.NotKept }, cancel);
            (told, said) = (now, TimeProvider.System.GetTimestamp());
        }
        while (await timer.WaitForNextTickAsync(cancel));
    }
}
