using Grpc.Core;
using MgcpSipBridge.V1;

namespace MgcpSipBridge.Cli;

/// <summary>Events as they come, from where they were when the connection broke; <see cref="Gap"/> where the bridge no longer keeps what followed.</summary>
internal sealed class EventStream(CallInvoker invoker, Persistence bridge, string filter, string since, CancellationToken cancel) : IAsyncStreamReader<Event>, IDisposable
{
    private AsyncServerStreamingCall<Event>? _watch;
    private string _token = since;
    private bool _begun;
    private bool _gap;

    /// <summary>Stands for all that happened while nobody was told. More has to be asked for now: what comes after this is told.</summary>
    public static Event Gap { get; } = new() { Type = "stream.missed", Missed = new MissedEvents() };

    /// <inheritdoc/>
    public Event Current { get; private set; } = new();

    /// <inheritdoc/>
    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        var more = await bridge.AskAsync(NextAsync);
        if (ReferenceEquals(Current, Gap)) bridge.Tell("not all that happened meanwhile is told: the bridge was restarted, or no longer keeps it");
        return more;
    }

    /// <inheritdoc/>
    public void Dispose() => _watch?.Dispose();

    private async Task<bool> NextAsync()
    {
        try
        {
            _watch ??= new EventService.EventServiceClient(invoker).WatchEvents(new WatchEventsRequest { Filter = filter, ResumeToken = _token }, cancellationToken: cancel);
            // Never by itself, but a proxy may.
            if (!await _watch.ResponseStream.MoveNext(cancel)) throw new RpcException(new Status(StatusCode.Unavailable, "the stream of events ended"));
        }
        catch (RpcException e)
        {
            _watch?.Dispose();
            _watch = null;
            if (e.StatusCode != StatusCode.OutOfRange || !_begun) throw;
            (_token, _gap) = ("", true);
            return await NextAsync();
        }

        (Current, _begun, _token) = (_watch.ResponseStream.Current, true, _watch.ResponseStream.Current.ResumeToken);
        if (!_gap) return true;
        _gap = false;
        // In the place of the first heartbeat: the stream is open, so that nothing gets lost between what is asked for now and what it tells.
        Current = Gap;
        return true;
    }
}
