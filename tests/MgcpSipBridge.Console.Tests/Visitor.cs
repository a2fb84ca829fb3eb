using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Playwright;

namespace MgcpSipBridge.Console.Tests;

/// <summary>
/// Somebody who looks at the console. Whatever he does: no error or violation may stand in the browser's console, no dialog of the browser may open, and nothing may be asked of
/// any other server.
/// </summary>
internal sealed class Visitor : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly ConcurrentQueue<string> _trouble = new();
    private readonly IBrowserContext _context;
    private readonly Uri _home;
    private int _asked;

    private Visitor(IBrowserContext context, IPage page, Uri home) => (_context, Page, _home) = (context, page, home);

    public IPage Page { get; }

    /// <summary>Pieces of what the browser's console says that a test expects.</summary>
    public List<string> Expected { get; } = [];

    public static async Task<Visitor> ComeAsync(Chromium chromium, Uri home, string path = "", bool dark = false, int width = 1440)
    {
        var context = await chromium.OpenAsync(dark, width);
        var page = await context.NewPageAsync();
        var visitor = new Visitor(context, page, home);
        page.Console += (_, message) =>
        {
            // A call that ends while it is asked how good it is says that it is over.
            if (message.Type is "error" or "warning" && !message.Location.Contains("/quality", StringComparison.Ordinal)) visitor._trouble.Enqueue($"{message.Type}: {message.Text}");
        };
        page.PageError += (_, error) => visitor._trouble.Enqueue("uncaught: " + error);
        page.Dialog += async (_, dialog) =>
        {
            visitor._trouble.Enqueue("dialog: " + dialog.Message);
            await dialog.DismissAsync();
        };
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(home.ToString(), StringComparison.Ordinal) && !request.Url.StartsWith("blob:", StringComparison.Ordinal)) visitor._trouble.Enqueue("asked elsewhere: " + request.Url);
        };
        page.Request += (_, request) => visitor.Count(request, 1);
        page.RequestFinished += (_, request) => visitor.Count(request, -1);
        page.RequestFailed += (_, request) => visitor.Count(request, -1);
        await page.GotoAsync(new Uri(home, path).ToString());
        return visitor;
    }

    /// <summary>Opens a page of the console, such as <c>calls</c>.</summary>
    public async Task GoAsync(string page)
    {
        var there = new Uri(_home, "/#/" + page).ToString();
        // The page that is left has a head, too.
        if (Page.Url != there) await Page.EvaluateAsync("() => document.querySelectorAll('main h1').forEach(head => head.dataset.left = '')");
        await Page.GotoAsync(there);
        await Page.Locator("main h1:not([data-left])").First.WaitForAsync();
    }

    /// <summary>Waits until all that was asked for has come and is drawn; what is told all the time is not waited for.</summary>
    public async Task SettlesAsync()
    {
        var watch = Stopwatch.StartNew();
        for (var calm = 0; calm < 2; calm = Volatile.Read(ref _asked) == 0 ? calm + 1 : 0)
        {
            Assert.True(watch.Elapsed < Patience, $"{Page.Url} goes on asking");
            await Page.EvaluateAsync("() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))");
        }
    }

    /// <summary>Waits until somewhere on the page stands a text.</summary>
    public Task SeesAsync(string text, string within = "main") => WaitAsync(Page.Locator(within).GetByText(text).First);

    /// <summary>Waits until something is there.</summary>
    public Task FindsAsync(string selector) => WaitAsync(Page.Locator(selector).First);

    /// <summary>Waits until the page of events misses nothing that happens from now on.</summary>
    public Task ListensAsync() => Page.Locator(".events:not([aria-busy])").WaitForAsync(new() { State = WaitForSelectorState.Attached });

    /// <summary>A picture for people, in the folder of the test's program.</summary>
    public async Task PictureAsync(string name, bool whole = false)
    {
        var folder = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "pictures"));
        await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder.FullName, name + ".png"), FullPage = whole });
    }

    /// <summary>Nothing went wrong.</summary>
    public void IsContent() => Assert.DoesNotContain(_trouble, t => !Expected.Exists(e => t.Contains(e, StringComparison.Ordinal)));

    public ValueTask DisposeAsync() => _context.DisposeAsync();

    // What is waited for in vain is told with what the page looks like, and what the browser had to say.
    private async Task WaitAsync(ILocator wanted)
    {
        try
        {
            await wanted.WaitForAsync();
        }
        catch (TimeoutException e)
        {
            await PictureAsync("in-vain");
            throw new TimeoutException($"{e.Message}\n{Page.Url}: {await Page.Locator("body").InnerTextAsync()}\n{string.Join('\n', _trouble)}", e);
        }
    }

    private void Count(IRequest request, int by)
    {
        if (!request.Url.Contains(":watch", StringComparison.Ordinal)) Interlocked.Add(ref _asked, by);
    }
}
