using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Storage;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Who waits for the storage waits for his turn, and no longer than the storage is silent to the one before him.</summary>
public sealed class StoreTurnsTests
{
    private readonly StoreTurns _turns = new();
    private readonly List<int> _done = [];

    [Fact]
    public async Task Turns_are_taken_in_the_order_in_which_they_were_asked_for()
    {
        var (first, let) = Hold(new TaskCompletionSource<int>());
        var others = Enumerable.Range(1, 5).Select(number => Do(number)).ToList();
        Assert.Empty(_done);
        let.SetResult(0);
        var answers = await Task.WhenAll([first, .. others]);
        Assert.Equal([0, 1, 2, 3, 4, 5], answers);
        Assert.Equal([1, 2, 3, 4, 5], _done);
    }

    [Fact]
    public async Task Who_waits_while_the_storage_is_silent_is_told_so_at_once_and_who_comes_later_tries_himself()
    {
        var (first, let) = Hold(new TaskCompletionSource<int>());
        var stays = Do(6, stays: true);
        var others = Enumerable.Range(1, 5).Select(number => Do(number)).ToList();
        let.SetException(new StoreException("the storage: no answer", new TimeoutException()));
        foreach (var refused in (Task[])[first, .. others]) Assert.Equal("the storage: no answer", (await Assert.ThrowsAsync<StoreException>(() => refused)).Message);
        Assert.Equal(6, await stays);
        Assert.Equal([6], _done);
        Assert.Equal(7, await Do(7));
        Assert.Equal(8, _turns.Take(() => 8));
    }

    [Fact]
    public async Task What_is_wrong_with_one_request_is_no_matter_of_the_others()
    {
        var (first, let) = Hold(new TaskCompletionSource<int>());
        var other = Do(1);
        let.SetException(new StoreException("the key cannot be read"));
        await Assert.ThrowsAsync<StoreException>(() => first);
        Assert.Equal(1, await other);
        var (second, refuse) = Hold(new TaskCompletionSource<int>());
        other = Do(2);
        refuse.SetException(new InvalidOperationException());
        await Assert.ThrowsAsync<InvalidOperationException>(() => second);
        Assert.Equal(2, await other);
    }

    private (Task<int> Done, TaskCompletionSource<int> Let) Hold(TaskCompletionSource<int> let) => (_turns.TakeAsync(() => let.Task), let);

    private Task<int> Do(int number, bool stays = false) => _turns.TakeAsync(() =>
    {
        _done.Add(number);
        return Task.FromResult(number);
    }, stays);
}
