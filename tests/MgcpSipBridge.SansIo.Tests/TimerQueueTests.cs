using CsCheck;

namespace MgcpSipBridge.SansIo.Tests;

/// <summary>The queue against a model that cannot be wrong: a list, searched from end to end.</summary>
public sealed class TimerQueueTests
{
    private abstract record Step
    {
        public sealed record Set(int Key, long At) : Step;

        public sealed record Cancel(int Key) : Step;

        public sealed record TakeDue(long Now) : Step;
    }

    private static readonly Gen<Step> AnyStep = Gen.Frequency(
        (5, Gen.Select(Gen.Int[0, 40], Gen.Long[0, 30]).Select((key, at) => (Step)new Step.Set(key, at))),
        (2, Gen.Int[0, 40].Select(key => (Step)new Step.Cancel(key))),
        (2, Gen.Long[0, 30].Select(now => (Step)new Step.TakeDue(now))));

    [Fact]
    public void It_does_what_a_sorted_list_does() => AnyStep.List[0, 200].Sample(steps =>
    {
        var queue = new TimerQueue<int>();
        var model = new List<(int Key, Instant At)>(); // in the order the deadlines were set
        foreach (var step in steps)
        {
            switch (step)
            {
                case Step.Set set:
                    queue.Set(set.Key, new Instant(set.At));
                    model.RemoveAll(m => m.Key == set.Key);
                    model.Add((set.Key, new Instant(set.At)));
                    break;
                case Step.Cancel cancel:
                    Assert.Equal(model.RemoveAll(m => m.Key == cancel.Key) == 1, queue.Cancel(cancel.Key));
                    break;
                case Step.TakeDue take:
                    while (queue.TryTakeDue(new Instant(take.Now), out var key))
                    {
                        var expected = model.OrderBy(m => m.At).First(); // a stable sort: equal deadlines stay in the order they were set
                        Assert.Equal(expected.Key, key);
                        Assert.True(expected.At <= new Instant(take.Now));
                        model.Remove(expected);
                    }

                    Assert.DoesNotContain(model, m => m.At <= new Instant(take.Now));
                    break;
            }

            Assert.Equal(model.Count, queue.Count);
            Assert.Equal(model.Count == 0 ? null : model.Min(m => m.At), queue.NextDeadline);
            Assert.All(model, m => Assert.Equal(m.At, queue.DeadlineOf(m.Key)));
        }
    });

    [Fact]
    public void A_deadline_that_is_moved_goes_behind_its_equals()
    {
        var queue = new TimerQueue<string>();
        queue.Set("first", new Instant(5));
        queue.Set("second", new Instant(5));
        queue.Set("first", new Instant(5));
        Assert.Equal(["second", "first"], Drain(queue, new Instant(5)));
    }

    [Fact]
    public void A_deadline_is_due_at_its_instant_not_before()
    {
        var queue = new TimerQueue<string>();
        queue.Set("a", new Instant(5));
        Assert.False(queue.TryTakeDue(new Instant(4), out _));
        Assert.True(queue.TryTakeDue(new Instant(5), out var key));
        Assert.Equal("a", key);
        Assert.Null(queue.NextDeadline);
        Assert.Null(queue.DeadlineOf("a"));
        Assert.False(queue.Cancel("a"));
    }

    [Fact]
    public void Once_grown_it_allocates_nothing()
    {
        var queue = new TimerQueue<int>();
        for (var round = 0; round < 2; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 1000; i++) queue.Set(i, new Instant(i * 7919 % 1000));
            for (var i = 0; i < 1000; i += 3) queue.Cancel(i);
            while (queue.TryTakeDue(Instant.Never, out _)) { }
            if (round == 1) Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    private static List<string> Drain(TimerQueue<string> queue, Instant now)
    {
        var taken = new List<string>();
        while (queue.TryTakeDue(now, out var key)) taken.Add(key);
        return taken;
    }
}
