using Microsoft.Playwright;

namespace MgcpSipBridge.Console.Tests;

/// <summary>What the bridge finds around itself, for who looks at a page.</summary>
public sealed class DoctorTests(Chromium chromium)
{
    [Theory]
    [InlineData(1280, false)]
    [InlineData(390, true)]
    public async Task The_bridge_looks_for_trouble_when_it_is_asked_to(int width, bool dark)
    {
        await using var plant = await Plant.StartAsync();
        await plant.SendAsync("/v1/peers", new { name = "trunk", uri = "sip:127.0.0.2:9", registration = "NONE" });
        await using var visitor = await Visitor.ComeAsync(chromium, plant.Home, dark: dark, width: width);
        var button = visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Look for trouble…" });
        await button.FocusAsync();
        await visitor.Page.Keyboard.PressAsync("Enter");
        await visitor.SeesAsync("nobody listens there", "dialog .findings li:has-text('peer trunk')");
        await visitor.SeesAsync("200 OK in", "dialog .findings li:has-text('peer pbx')");
        // What is wrong stands first.
        Assert.Equal("wrong", await visitor.Page.Locator("dialog .findings .badge").First.InnerTextAsync());
        Assert.Empty(await visitor.Page.EvaluateAsync<string[]>(Readable.Script));
        Assert.True(await visitor.Page.EvaluateAsync<bool>("(d => d.scrollWidth <= d.clientWidth)(document.querySelector('dialog'))"));
        await visitor.PictureAsync($"doctor-{width}");
        await visitor.Page.Keyboard.PressAsync("Escape");
        await visitor.Page.Locator("dialog").WaitForAsync(new() { State = WaitForSelectorState.Detached });
        // Whoever came by keyboard is where he was.
        Assert.True(await button.EvaluateAsync<bool>("b => b === document.activeElement"));
        visitor.IsContent();
    }
}
