using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Shards;
using MgcpSipBridge.Mgcp;

namespace MgcpSipBridge.Console.Tests;

/// <summary>The pages, as somebody sees them who has them open while things happen.</summary>
public sealed partial class PageTests(Chromium chromium)
{
    private static readonly string[] Pages =
        ["now", "calls", "gateways", "gateways/vg224", "lines", "lines/1001", "peers", "peers/pbx", "routes", "sounds", "events", "records", "audit", "import"];

    [Fact]
    public async Task The_theme_can_be_chosen_and_stays()
    {
        await using var plant = await Plant.StartAsync();
        await using var visitor = await Visitor.ComeAsync(chromium, plant.Home);
        var ground = "() => getComputedStyle(document.body.parentElement).backgroundColor";
        var light = await visitor.Page.EvaluateAsync<string>(ground);
        await visitor.Page.Locator("#theme").ClickAsync();
        await visitor.SeesAsync("Dark", "#theme");
        var dark = await visitor.Page.EvaluateAsync<string>(ground);
        Assert.NotEqual(light, dark);
        await visitor.Page.ReloadAsync();
        await visitor.SeesAsync("Dark", "#theme");
        Assert.Equal(dark, await visitor.Page.EvaluateAsync<string>(ground));
        visitor.IsContent();
    }

    [Theory]
    [InlineData("lines", "New line")]
    [InlineData("lines/1002", "Call…")]
    [InlineData("routes", "?")]
    public async Task Going_back_leaves_no_dialog_behind(string path, string opens)
    {
        await using var plant = await Plant.StartAsync();
        await using var visitor = await Visitor.ComeAsync(chromium, plant.Home);
        var page = visitor.Page;
        await visitor.GoAsync("events");
        await visitor.GoAsync(path);
        if (opens == "?") await page.Keyboard.PressAsync("?");
        else await page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = opens }).First.ClickAsync();
        await visitor.FindsAsync("dialog[open]");
        await page.GoBackAsync();
        await page.Locator("dialog").WaitForAsync(new() { State = Microsoft.Playwright.WaitForSelectorState.Detached });
        await visitor.FindsAsync(".page-events h1");
        await page.GoForwardAsync();
        await visitor.FindsAsync($".page-{path.Split('/')[0]} h1");
        Assert.Equal(0, await page.Locator("dialog").CountAsync());
        // Nothing lies over the page any more.
        await page.GetByRole(Microsoft.Playwright.AriaRole.Link, new() { Name = "Calls" }).ClickAsync();
        await visitor.FindsAsync(".page-calls h1");
        visitor.IsContent();
    }

    [Fact]
    public async Task The_first_page_says_what_is_wrong_and_why()
    {
        await using var plant = await Plant.StartAsync();
        await using var visitor = await Visitor.ComeAsync(chromium, plant.Home);
        await visitor.SeesAsync("1 line is out of service", ".verdict");
        await visitor.SeesAsync("look for a misspelt name");
        await plant.AliceCallsBobAsync();
        await plant.DoAsync(now => plant.Gateways[1].LeaveService("*", "forced", now));
        await visitor.SeesAsync("1 gateway down", ".verdict");
        await visitor.FindsAsync(".wrong .critical a[href='#/gateways/iad-7']");
        await visitor.FindsAsync(".short a[href^='#/calls/']");
        await visitor.SeesAsync("gateway.down", ".short");
        // Whose gateway is down is not told a second time.
        await visitor.Page.Locator(".wrong a[href='#/lines/1004']").WaitForAsync(new() { State = Microsoft.Playwright.WaitForSelectorState.Detached });
        await visitor.PictureAsync("now");
        await plant.DoAsync(now => plant.Gateways[1].EnterService("*", now));
        await visitor.SeesAsync("1 line is out of service", ".verdict");
        visitor.IsContent();
    }

    [Theory]
    [InlineData(0, 2, "2 gateways have not been heard yet")]
    [InlineData(1, 1, "1 gateway has not been heard yet")]
    [InlineData(2, 0, "Everything works")]
    public async Task Whatever_has_not_been_heard_does_not_work_yet(int up, int unknown, string says)
    {
        await using var plant = await Plant.StartAsync();
        await using var visitor = await Visitor.ComeAsync(chromium, plant.Home, "/#/lines");
        await visitor.Page.RouteAsync("**/v1/status", async route =>
        {
            var answer = await route.FetchAsync();
            var status = JsonNode.Parse(await answer.TextAsync())!;
            (status["gateways"]!["up"], status["gateways"]!["down"], status["gateways"]!["unknown"]) = (up, 0, unknown);
            foreach (var trouble in (string[])["refused", "silent", "restarting"]) status["lines"]![trouble] = 0;
            await route.FulfillAsync(new() { Response = answer, Body = status.ToJsonString() });
        });
        await visitor.Page.RouteAsync("**/v1/alarms", route => route.FulfillAsync(new() { ContentType = "application/json", Body = """{"alarms":[]}""" }));
        await visitor.GoAsync("now");
        await visitor.SeesAsync(says, ".verdict");
        Assert.Equal(unknown == 0, await visitor.Page.Locator(".verdict.good").CountAsync() == 1);
        visitor.IsContent();
    }

    [Fact]
    public async Task A_ladder_grows_while_its_call_goes_on_and_stays_when_it_is_over()
    {
        await using var plant = await Plant.StartAsync();
        await using var visitor = await Visitor.ComeAsync(chromium, plant.Home);
        var page = visitor.Page;
        var call = await plant.AliceCallsBobAsync(answers: false);
        await visitor.GoAsync("calls");
        await visitor.PictureAsync("calls");
        await page.Locator($"a[href='#/calls/{call}']").First.ClickAsync();
        await visitor.SeesAsync("180 Ringing", ".ladder");
        var before = await page.Locator(".message").CountAsync();
        await plant.DoAsync(plant.Bob.OffHook);
        await visitor.SeesAsync("ACK", ".ladder");
        Assert.True(await page.Locator(".message").CountAsync() > before);
        await visitor.SeesAsync("talking", ".callhead");

        // The chosen message, in short and whole.
        await page.Locator(".message").Filter(new() { HasText = "INVITE" }).First.ClickAsync();
        await visitor.SeesAsync("INVITE sip:1002@", ".inspector");
        await page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = "Show whole messages" }).ClickAsync();
        await visitor.SeesAsync("Content-Type: application/sdp", ".inspector");
        await visitor.SeesAsync("m=audio", ".inspector");
        await visitor.PictureAsync("ladder");

        // Both phones are of this bridge: the other's leg stands beside.
        await page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = "Show the other phone" }).ClickAsync();
        await page.Locator(".ladderhead").Nth(4).WaitForAsync();
        await visitor.SeesAsync("line 1002", ".ladderheads");
        await visitor.PictureAsync("ladder-both");

        await plant.AllHangUpAsync();
        await visitor.SeesAsync("the call is over", ".laddernote");
        await visitor.SeesAsync("DLCX", ".ladder");
        await visitor.SeesAsync("What was counted");
        Assert.Equal(0, await page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = "Hang up" }).CountAsync());

        await visitor.GoAsync("records");
        await page.Locator("tbody tr").Nth(1).WaitForAsync();
        await visitor.PictureAsync("records");
        await page.Locator("tbody button.link").First.ClickAsync();
        await visitor.SeesAsync("Cause (Q.850)", "dialog");
        await visitor.PictureAsync("record");
        visitor.IsContent();
    }

    [Theory]
    [InlineData(false, 1440)]
    [InlineData(true, 1440)]
    [InlineData(false, 1024)]
    [InlineData(true, 390)]
    public async Task Every_page_can_be_read(bool dark, int width)
    {
        await using var plant = await Plant.StartAsync();
        await plant.SendAsync("/v1/peers", new { name = "trunk", uri = "sip:127.0.0.2:9", registration = "NONE" });
        var call = await plant.AliceCallsBobAsync();
        await using var visitor = await Visitor.ComeAsync(chromium, plant.Home, dark: dark, width: width);
        foreach (var path in (string[])[.. Pages, "calls/" + call])
        {
            await visitor.GoAsync(path);
            // What is asked for has come, or is told to be missing.
            await visitor.FindsAsync("main :is(tbody tr, .tile, .facts, .nothing, .empty, .message, textarea)");
            // What comes when somebody asks for it, too.
            if (path == "routes")
            {
                await visitor.Page.Locator("#number").FillAsync("1002");
                await visitor.Page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = "Test", Exact = true }).ClickAsync();
                await visitor.FindsAsync(".answer table");
            }
            else if (path == "peers/pbx")
            {
                await visitor.Page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = "Ask it now" }).ClickAsync();
                await visitor.SeesAsync("200 OK", ".probed");
            }

            await visitor.SettlesAsync();
            await visitor.PictureAsync($"{(dark ? "dark" : "light")}-{width}-{path.Split('/')[0]}{(path.Contains('/', StringComparison.Ordinal) ? "-one" : "")}");
            Assert.Empty(await visitor.Page.EvaluateAsync<string[]>(Readable.Script));
            Assert.True(await visitor.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), $"{path} is wider than {width}");
        }

        visitor.IsContent();
    }

    [Fact]
    public async Task A_storm_of_events_does_not_stop_the_page()
    {
        await using var plant = await Plant.StartAsync();
        await using var visitor = await Visitor.ComeAsync(chromium, plant.Home, "/#/events");
        await visitor.FindsAsync(".filters");
        await visitor.ListensAsync();
        for (var i = 0; i < 20_000; i++) ((IShardOutputs)plant.Server).Noted(new EngineNote.LineChanged("1001", LineState.Idle, LineState.Dialing));
        ((IShardOutputs)plant.Server).Noted(new EngineNote.Mgcp(new MgcpNote.Restarted("the-last", "restart")));
        await visitor.SeesAsync("the-last: restart", ".events");
        Assert.InRange(await visitor.Page.Locator(".events > li").CountAsync(), 1, 400);
        await visitor.Page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        ((IShardOutputs)plant.Server).Noted(new EngineNote.Mgcp(new MgcpNote.Restarted("while-paused", "restart")));
        // It waits, perhaps not alone: the plant goes on.
        await visitor.Page.Locator("main").GetByText(Waiting()).First.WaitForAsync();
        Assert.Equal(0, await visitor.Page.GetByText("while-paused").CountAsync());
        await visitor.Page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        await visitor.SeesAsync("while-paused: restart", ".events");

        await visitor.Page.Locator("input[type=search]").FillAsync("no such field = 1");
        await visitor.FindsAsync(".problem:not(:empty)");
        visitor.Expected.Add("400");
        visitor.IsContent();
    }

    [Fact]
    public async Task Of_many_gateways_a_page_is_shown_and_any_is_found()
    {
        var many = string.Concat(Enumerable.Range(0, 400).Select(i => string.Create(CultureInfo.InvariantCulture,
            $"  - {{ name: far{i:000}, domain: far{i:000}.example.net, lines: [{{ endpoint: aaln/1, number: \"5{i:000}\", peer: trunk }}] }}\n")));
        await using var plant = await Plant.StartAsync(more: many);
        await using var visitor = await Visitor.ComeAsync(chromium, plant.Home, "/#/gateways");
        await visitor.Page.Locator("tbody tr").Nth(49).WaitForAsync();
        Assert.Equal(50, await visitor.Page.Locator(".listing").First.Locator("tbody tr").CountAsync());
        await visitor.Page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = "Next" }).First.ClickAsync();
        await visitor.SeesAsync("Page 2");
        await visitor.FindsAsync("a[href='#/gateways/far060']");
        await visitor.GoAsync("lines");
        await visitor.Page.Locator("input[type=search]").FillAsync("far399");
        await visitor.FindsAsync("a[href='#/lines/5399']");
        await visitor.Page.Locator("tbody tr").Nth(1).WaitForAsync(new() { State = Microsoft.Playwright.WaitForSelectorState.Detached });
        Assert.Equal(1, await visitor.Page.Locator("tbody tr").CountAsync());
        await visitor.Page.WaitForURLAsync(url => url.Contains("q=far399", StringComparison.Ordinal));
        visitor.IsContent();
    }

    [GeneratedRegex("Paused; [1-9][0-9]* wait")]
    private static partial Regex Waiting();
}
