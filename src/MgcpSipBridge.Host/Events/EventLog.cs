using System.Globalization;
using System.Security.Cryptography;
using MgcpSipBridge.Host.Observability;

namespace MgcpSipBridge.Host.Events;

/// <summary>
/// The latest events in their order, in a ring. Whoever publishes writes a slot and, if somebody is waiting, raises a flag: that costs the same with no reader
/// and with a thousand, and no reader can hold it up. Readers come by themselves and take what is there, each at its own pace; those who come too late find
/// their slots written over and know how many.
/// </summary>
internal sealed class EventLog : IDisposable
{
    private readonly BridgeEvent?[] _ring;
    private readonly Lock _order = new();
    private readonly SemaphoreSlim _flag = new(0, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly EventMetrics _metrics;
    private readonly int _mostReaders;
    private readonly Task _waking;
    private long _next = 1;
    private int _readers;
    private int _raised;
    private volatile TaskCompletionSource _news = NewNews();

    /// <param name="kept">Events that are kept.</param>
    /// <param name="mostReaders">Readers at a time.</param>
    /// <param name="metrics">Counts.</param>
    public EventLog(int kept, int mostReaders, EventMetrics metrics)
    {
        (_ring, _mostReaders, _metrics) = (new BridgeEvent[kept], mostReaders, metrics);
        _waking = Task.Run(WakeAsync);
    }

    /// <summary>Tells this run of the program from others, in tokens.</summary>
    public string Epoch { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6));

    /// <summary>Sequence of the event that comes next.</summary>
    public long Next => Volatile.Read(ref _next);

    /// <summary>Ends with the bridge.</summary>
    public CancellationToken Stopping => _stop.Token;

    /// <summary>Takes an event in. Never waits for a reader.</summary>
    public void Publish(BridgeEvent happened)
    {
        lock (_order)
        {
            happened.Sequence = _next;
            Volatile.Write(ref _ring[_next % _ring.Length], happened);
            Volatile.Write(ref _next, _next + 1);
        }

        _metrics.Published();
        if (Volatile.Read(ref _readers) > 0 && Interlocked.Exchange(ref _raised, 1) == 0) _flag.Release();
    }

    /// <summary>Copies what there is from <paramref name="next"/> on and moves it; how many events were written over before they could be read.</summary>
    public (int Count, long Missed) Read(ref long next, Span<BridgeEvent> into)
    {
        var end = Next;
        var missed = 0L;
        if (next < end - _ring.Length)
        {
            missed = end - _ring.Length - next;
            next = end - _ring.Length;
        }

        var count = 0;
        while (count < into.Length && next < end)
        {
            var found = Volatile.Read(ref _ring[next % _ring.Length])!;
            // Written over between the look at the end and this one.
            if (found.Sequence != next)
            {
                if (count > 0) break;
                missed += found.Sequence - next;
                next = found.Sequence;
            }

            into[count++] = found;
            next++;
        }

        if (missed > 0) _metrics.Missed(missed);
        return (count, missed);
    }

    /// <summary>Whether everything from an event on is still there.</summary>
    public bool Holds(long next) => next >= 1 && next <= Next && next >= Next - _ring.Length;

    /// <summary>Waits until there is something from <paramref name="next"/> on; false when it took longer than that.</summary>
    public async Task<bool> WaitAsync(long next, TimeSpan most, CancellationToken cancel)
    {
        var news = _news;
        // Looked at after the news were taken: what comes between the two is not slept through.
        if (Next > next) return true;
        try
        {
            await news.Task.WaitAsync(most, cancel);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Counts a reader; false when there are too many. Each that was counted is taken off by <see cref="Leave"/>.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _readers) <= _mostReaders)
        {
            _metrics.Readers(1);
            return true;
        }

        Interlocked.Decrement(ref _readers);
        return false;
    }

    /// <summary>A reader has gone.</summary>
    public void Leave()
    {
        Interlocked.Decrement(ref _readers);
        _metrics.Readers(-1);
    }

    /// <summary>The token that leads to what follows an event.</summary>
    public string TokenAfter(long sequence) => string.Create(CultureInfo.InvariantCulture, $"{Epoch}.{sequence:x}");

    /// <summary>The event that a token leads to; null when it is not of this run.</summary>
    public long? Resume(string token)
    {
        var parts = token.Split('.');
        return parts.Length == 2 && parts[0] == Epoch && long.TryParse(parts[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var sequence) ? sequence + 1 : null;
    }

    /// <summary>Sends the readers away.</summary>
    public void Stop() => _stop.Cancel();

    /// <inheritdoc/>
    public void Dispose()
    {
        Stop();
        _waking.Wait(TimeSpan.FromSeconds(1));
    }

    private static TaskCompletionSource NewNews() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task WakeAsync()
    {
        try
        {
            while (true)
            {
                await _flag.WaitAsync(_stop.Token);
                // What happens in a while is told at once: the more readers, the longer, so that waking them stays a small part of the time.
                await Task.Delay(TimeSpan.FromMilliseconds(5 + (Volatile.Read(ref _readers) / 10)), _stop.Token);
                Volatile.Write(ref _raised, 0);
                var news = _news;
                _news = NewNews();
                news.TrySetResult();
            }
        }
        catch (OperationCanceledException)
        {
            // The bridge ends.
        }
    }
}
