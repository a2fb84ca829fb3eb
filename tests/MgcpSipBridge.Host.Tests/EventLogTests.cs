using MgcpSipBridge.Host.Events;
using MgcpSipBridge.Host.Observability;
using Prometheus;

namespace MgcpSipBridge.Host.Tests;

/// <summary>The ring of events: order, what slow readers miss, and that no reader holds a publisher up.</summary>
public sealed class EventLogTests : IDisposable
{
    private readonly CollectorRegistry _registry = Metrics.NewCustomRegistry();
    private readonly EventLog _log;

    public EventLogTests() => _log = new EventLog(16, 10_000, new EventMetrics(_registry));

    public void Dispose() => _log.Dispose();

    [Fact]
    public void What_is_read_is_in_order_and_what_was_written_over_is_counted()
    {
        var next = _log.Next;
        Publish(10);
        Assert.Equal((Numbers(1, 10), 0), Read(ref next));
        Publish(40);
        // 50 have happened, 16 are kept: of the 40 that are new 24 are gone.
        Assert.Equal((Numbers(35, 16), 24), Read(ref next));
        Assert.Equal(("", 0), Read(ref next));
        Assert.Equal(51, next);
    }

    [Fact]
    public void A_token_leads_on_while_what_follows_is_kept()
    {
        Publish(20);
        Assert.Equal(11, _log.Resume(_log.TokenAfter(10)));
        Assert.True(_log.Holds(5));
        Assert.False(_log.Holds(4));
        // The end itself is a place to go on from; what has not happened is not.
        Assert.True(_log.Holds(21));
        Assert.False(_log.Holds(22));
        Assert.Null(_log.Resume("somebody else's"));
        using var other = new EventLog(16, 1, new EventMetrics(Metrics.NewCustomRegistry()));
        Assert.Null(other.Resume(_log.TokenAfter(10)));
    }

    [Fact]
    public async Task A_thousand_readers_that_read_nothing_cost_a_publisher_nothing()
    {
        // They wait, and are woken; what the publisher does for them is raise a flag now and then.
        var cancel = Patience.Token;
        for (var i = 0; i < 1000; i++) Assert.True(_log.TryEnter());
        var waiting = Enumerable.Range(0, 1000).Select(_ => _log.WaitAsync(_log.Next, TimeSpan.FromSeconds(60), cancel)).ToArray();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Publish(10_000);
        var each = (GC.GetAllocatedBytesForCurrentThread() - before) / 10_000;
        Assert.InRange(each, 1, 400);
        Assert.All(await Task.WhenAll(waiting), Assert.True);
    }

    [Fact]
    public async Task Readers_of_every_pace_see_the_same_order_while_others_publish()
    {
        const int all = 20_000;
        var readers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            var (next, seen, missed, last) = (1L, 0L, 0L, 0L);
            var batch = new BridgeEvent[7];
            while (seen + missed < all)
            {
                await _log.WaitAsync(next, TimeSpan.FromSeconds(10), Patience.Token);
                var (count, lost) = _log.Read(ref next, batch);
                missed += lost;
                for (var i = 0; i < count; i++)
                {
                    Assert.True(batch[i].Sequence > last);
                    last = batch[i].Sequence;
                }

                seen += count;
            }

            Assert.Equal((all, (long)all), (seen + missed, last));
        })).ToArray();
        for (var i = 0; i < 4; i++) Assert.True(_log.TryEnter());
        var cancel = Patience.Token;
        await Task.WhenAll(Task.Run(() => Publish(all / 2), cancel), Task.Run(() => Publish(all / 2), cancel));
        await Task.WhenAll(readers);
    }

    private static string Numbers(long first, int count) => string.Join(' ', Enumerable.Range(0, count).Select(i => first + i));

    private void Publish(int count)
    {
        for (var i = 0; i < count; i++) _log.Publish(new BridgeEvent<int>(DateTime.UtcNow, "a.test", "tests/", "1", 0, static (_, _) => { }));
    }

    private (string, long) Read(ref long next)
    {
        var batch = new BridgeEvent[64];
        var (count, missed) = _log.Read(ref next, batch);
        return (string.Join(' ', batch.Take(count).Select(e => e.Sequence)), missed);
    }
}
