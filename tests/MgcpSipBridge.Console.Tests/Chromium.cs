using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(MgcpSipBridge.Console.Tests.Chromium))]

namespace MgcpSipBridge.Console.Tests;

/// <summary>Debian's Chromium, started once and driven by Playwright; nothing is downloaded. Without it the tests are skipped, unless CI says that it is required.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private const string Program = "/usr/bin/chromium";
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        if (!File.Exists(Program)) return;
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Program,
            Headless = true,
            Timeout = 180_000,
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
            ],
        });
    }

    /// <summary>A browser with nothing in it, as somebody has who opens the console for the first time.</summary>
    /// <param name="dark">Whether the system is dark.</param>
    /// <param name="width">Of the window, in pixels.</param>
    public async Task<IBrowserContext> OpenAsync(bool dark = false, int width = 1440)
    {
        if (_browser is null)
        {
            const string why = "needs Debian package chromium (/usr/bin/chromium was not found)";
            Assert.False(Environment.GetEnvironmentVariable("MGCPSIP_REQUIRE_PEERS") == "1", why);
            Assert.Skip(why);
        }

        var context = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light,
            ViewportSize = new ViewportSize { Width = width, Height = 900 },
            Locale = "en-GB",
            TimezoneId = "Europe/Berlin",
        });
        // A browser beside other things on two processors.
        context.SetDefaultTimeout(60_000);
        return context;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
    }
}
