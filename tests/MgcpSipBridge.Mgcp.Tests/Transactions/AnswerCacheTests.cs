using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>At-most-once execution of commands (RFC 3435 §3.5.1, §3.5.2).</summary>
public class AnswerCacheTests
{
    private static readonly TimeSpan THist = TimeSpan.FromSeconds(30);
    private static readonly Instant Start = new(TimeSpan.TicksPerHour);

    [Fact]
    public void A_command_is_new_then_running_then_answered_then_forgotten()
    {
        var cache = new AnswerCache(THist);
        Assert.Equal(CommandRepeat.New, cache.Begin(5, Start, out _));
        Assert.False(cache.WantsAck(5));
        Assert.Equal(CommandRepeat.Running, cache.Begin(5, Start, out _));
        Assert.True(cache.WantsAck(5));
        cache.Complete(5, new AnswerCache.Answer(200, WantsAck: true));
        cache.Complete(5, new AnswerCache.Answer(510, WantsAck: false));
        Assert.Equal(CommandRepeat.Answered, cache.Begin(5, Start + TimeSpan.FromSeconds(29.9), out var answer));
        Assert.Equal(new AnswerCache.Answer(200, WantsAck: true), answer);
        Assert.Equal(Start + THist, cache.NextExpiry);
        Assert.Equal(CommandRepeat.New, cache.Begin(5, Start + THist, out _));
    }

    [Fact]
    public void A_confirmed_answer_is_dropped_and_its_repeats_are_ignored()
    {
        var cache = new AnswerCache(THist);
        for (uint id = 1; id <= 5; id++) Assert.Equal(CommandRepeat.New, cache.Begin(id, Start, out _));
        cache.Complete(1, new AnswerCache.Answer(200, WantsAck: false));
        cache.Complete(3, new AnswerCache.Answer(200, WantsAck: false));
        cache.Confirm(1, 4);
        Assert.Equal(CommandRepeat.Confirmed, cache.Begin(1, Start, out var answer));
        Assert.Equal(default, answer);
        // What still runs has no answer that could be confirmed.
        Assert.Equal(CommandRepeat.Running, cache.Begin(2, Start, out _));
        cache.Confirm(1, 999_999_999);
        Assert.Equal(CommandRepeat.Confirmed, cache.Begin(3, Start, out _));
        Assert.Equal(CommandRepeat.New, cache.Begin(6, Start, out _));
        Assert.Equal(CommandRepeat.New, cache.Begin(1, Start + THist, out _));
    }

    [Fact]
    public void Memory_is_bounded()
    {
        var cache = new AnswerCache(THist);
        for (uint id = 1; id <= 3 * AnswerCache.Capacity; id++)
        {
            cache.Begin(id, Start, out _);
            cache.Complete(id, new AnswerCache.Answer(200, WantsAck: false));
        }

        Assert.Equal(AnswerCache.Capacity, cache.Count);
        Assert.Equal(CommandRepeat.Answered, cache.Begin(3 * AnswerCache.Capacity, Start, out _));
        cache.Forget(Start + THist);
        Assert.Equal(0, cache.Count);
        Assert.Null(cache.NextExpiry);
    }
}
