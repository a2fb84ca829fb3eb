namespace MgcpSipBridge.Host.Tests;

/// <summary>Waiting for what another thread or process brings about, for a while and not for ever.</summary>
internal static class Patience
{
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Looks again and again until <paramref name="condition"/> holds.</summary>
    /// <exception cref="TimeoutException">It did not come to hold; the message says what.</exception>
    public static async Task UntilAsync(string what, Func<Task<bool>> condition, TimeSpan? most = null)
    {
        var limit = most ?? Most;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(limit);
        try
        {
            while (!await condition().WaitAsync(timeout.Token)) await Task.Delay(Pause, timeout.Token);
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"Not within {limit.TotalSeconds} s: {what}.");
        }
    }
}
