using System.Collections.Concurrent;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Waiting for what another thread or process brings about, for a while and not for ever.</summary>
internal static class Patience
{
    // Longer than anything takes on a machine that has other things to do.
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan MostOfATest = TimeSpan.FromMinutes(4);
    /// <summary>How long calls wait for a router that does answer: a machine that stands still for seconds must not be taken for one that does not.</summary>
    public static readonly TimeSpan OfRouters = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);
    private static readonly ConcurrentDictionary<string, CancellationToken> Tokens = new(StringComparer.Ordinal);

    /// <summary>Ends what the test waits for: when it is called off, and when it has taken longer than any test does, so that one that waits in vain fails instead of staying for ever.</summary>
    public static CancellationToken Token => Tokens.GetOrAdd(TestContext.Current.Test?.UniqueID ?? "", _ =>
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        if (TestContext.Current.Test is not null) limit.CancelAfter(MostOfATest);
        return limit.Token;
    });

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

    /// <summary>The same of what is known at once.</summary>
    public static Task UntilAsync(string what, Func<bool> condition) => UntilAsync(what, () => Task.FromResult(condition()));

    /// <summary>Looks at /metrics until it has all of the lines, each as it is exposed, less the prefix that all have.</summary>
    public static async Task UntilMetricsAsync(HttpClient http, params string[] lines)
    {
        var missing = lines[0];
        try
        {
            await UntilAsync("metrics", async () =>
            {
                var text = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Token);
                return (missing = Array.Find(lines, line => !text.Contains($"\nmgcpsipbridge_{line}\n", StringComparison.Ordinal))) is null;
            });
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"Not in /metrics: {missing}");
        }
    }
}
