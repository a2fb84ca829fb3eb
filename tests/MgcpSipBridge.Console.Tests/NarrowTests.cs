using Microsoft.Playwright;

namespace MgcpSipBridge.Console.Tests;

/// <summary>What is asked and filled in on a telephone's screen.</summary>
public sealed class NarrowTests(Chromium chromium)
{
    [Fact]
    public async Task A_number_finds_its_route_for_a_peer_that_calls_and_at_another_time_by_keyboard()
    {
        await using var plant = await Plant.StartAsync();
        await plant.SendAsync("/v1/peers", new
        {
            name = "carrier",
            uri = "sip:127.0.0.2:9",
            registration = "NONE",
            numbersIn = new object[] { new { prefix = "+4930", stripDigits = 5 }, new { prefix = "+49", stripDigits = 3, prepend = "0" } },
        });
        await plant.SendAsync("/v1/routes", new { name = "xmas", prefix = "7", peer = "carrier", schedule = new { timeZone = "UTC", dates = (string[])["12-25"] } });
        await using var visitor = await Visitor.ComeAsync(chromium, plant.Home, "/#/routes", width: 390);
        var (page, keys) = (visitor.Page, visitor.Page.Keyboard);
        await page.Locator("#peers option[value=carrier]").WaitForAsync(new() { State = WaitForSelectorState.Attached });
        Assert.True(await page.GetByLabel("Caller", new() { Exact = true }).IsDisabledAsync());
        await page.GetByLabel("Number", new() { Exact = true }).FocusAsync();
        await keys.TypeAsync("+49301002");
        await keys.PressAsync("Tab");
        await keys.PressAsync("Tab");
        await keys.TypeAsync("carrier");
        Assert.True(await page.GetByLabel("Dialled by").IsDisabledAsync());
        await keys.PressAsync("Tab");
        await keys.TypeAsync("+4989123");
        await keys.PressAsync("Enter");
        await visitor.SeesAsync("089123", ".answer");
        await visitor.FindsAsync(".answer a[href='#/lines/1002']");
        await visitor.PictureAsync("routes-peer");
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= document.documentElement.clientWidth"));

        await page.GetByLabel("Called by the peer").FillAsync("");
        await page.GetByLabel("Number", new() { Exact = true }).FillAsync("71");
        foreach (var (at, says) in ((string, string)[])[("2030-12-25T12:00", "takes it"), ("2030-12-20T12:00", "NOT_NOW"), ("2030-12-25T12:00", "takes it")])
        {
            await page.GetByLabel("At", new() { Exact = true }).FillAsync(at);
            await ClickAsync(visitor, "Test");
            await visitor.SeesAsync(says == "NOT_NOW" ? "xmas: not now" : says, ".answer");
        }

        visitor.IsContent();
    }

    [Theory]
    [InlineData("peers", "New peer…")]
    [InlineData("gateways", "New gateway…")]
    public async Task A_form_is_no_wider_than_a_telephone(string path, string opens)
    {
        await using var plant = await Plant.StartAsync();
        await using var visitor = await Visitor.ComeAsync(chromium, plant.Home, "/#/" + path, width: 390);
        await ClickAsync(visitor, opens);
        var dialog = visitor.Page.Locator("dialog[open]");
        await dialog.Locator("details").EvaluateAllAsync<object?>("all => all.forEach(one => one.open = true)");
        await visitor.PictureAsync("narrow-" + path);
        Assert.Empty(await dialog.Locator("*").EvaluateAllAsync<string[]>("all => all.filter(one => one.getBoundingClientRect().right > document.querySelector('dialog').getBoundingClientRect().right).map(one => one.outerHTML)"));
        Assert.True(await dialog.EvaluateAsync<bool>("box => box.scrollWidth <= box.clientWidth"));
        visitor.IsContent();
    }

    private static Task ClickAsync(Visitor visitor, string button, string within = "main") => visitor.Page.Locator(within).GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();
}
