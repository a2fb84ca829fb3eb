using MgcpSipBridge.Host.Api.Security;
using MgcpSipBridge.Simulator;
using Microsoft.Playwright;

namespace MgcpSipBridge.Console.Tests;

/// <summary>What the page of a live call says of its audio, and what can be done with it there.</summary>
public sealed class AudioTests(Chromium chromium)
{
    [Fact]
    public async Task One_sees_how_good_a_call_is_and_works_on_its_audio()
    {
        var folder = Directory.CreateTempSubdirectory("mgcp-sip-bridge-recordings");
        try
        {
            await using var plant = await Plant.StartAsync([$"--Recordings:Folder={folder.FullName}"]);
            var call = await plant.AliceCallsBobAsync();
            await using var visitor = await Visitor.ComeAsync(chromium, plant.Home, "/#/calls/" + call);
            await visitor.SeesAsync("PCMU, not encrypted", ".facts");
            Assert.Equal(2, await visitor.Page.Locator(".audio tbody tr").CountAsync());

            // How good it is comes with the packets.
            await visitor.Page.Locator(".audio tr:has-text('The line') .badge.good").GetByText("good").First.WaitForAsync();
            await visitor.PictureAsync("audio");

            await ClickAsync(visitor, "Mute the far end");
            await visitor.SeesAsync("muted", ".audio tr:has-text('The far end')");
            await plant.UntilAsync("/v1/calls/" + call, c => c.GetProperty("muted").EnumerateArray().Any(m => m.GetString() == "PEER"));
            await ClickAsync(visitor, "Unmute the far end");
            await plant.UntilAsync("/v1/calls/" + call, c => c.GetProperty("muted").GetArrayLength() == 0);

            await ClickAsync(visitor, "Send digits…");
            await visitor.Page.Locator("dialog [name=digits]").FillAsync("12,#");
            await ClickAsync(visitor, "Send", "dialog");
            await visitor.SeesAsync("3 digits sent to the far end.", ".result");

            await ClickAsync(visitor, "Play…");
            await visitor.Page.Locator("dialog [name=sounds]").FillAsync("no/such");
            visitor.Expected.Add("404");
            await ClickAsync(visitor, "Play", "dialog");
            await visitor.FindsAsync("dialog .problem:not(:empty)");
            await visitor.Page.Locator("dialog [name=sounds]").FillAsync("tone:busy@de");
            await visitor.Page.Locator("dialog [name=towards]").SelectOptionAsync("LINE");
            await visitor.PictureAsync("audio-play");
            await ClickAsync(visitor, "Play", "dialog");
            await visitor.SeesAsync("tone:busy@de is played to the line.", ".result");
            await ClickAsync(visitor, "Stop playing");
            await visitor.SeesAsync("It was stopped.", ".result");

            await ClickAsync(visitor, "Collect digits…");
            await ClickAsync(visitor, "Collect", "dialog");
            await visitor.SeesAsync("Digits are waited for.", ".result");
            await ClickAsync(visitor, "Give up");
            await visitor.SeesAsync("Digits are no longer waited for.", ".result");

            await ClickAsync(visitor, "Record…");
            await ClickAsync(visitor, "Record", "dialog");
            await visitor.SeesAsync("recording", ".audio h2");
            await ClickAsync(visitor, "Stop recording");
            await visitor.SeesAsync("The recording is over:", ".result");
            Assert.Single(folder.GetFiles("*.wav"));

            await ClickAsync(visitor, "Conference…");
            await visitor.Page.Locator("dialog [name=conference]").FillAsync("monday");
            await ClickAsync(visitor, "Enter", "dialog");
            await visitor.SeesAsync("in monday", ".audio tr:has-text('The line')");
            await visitor.PictureAsync("audio-conference");
            await ClickAsync(visitor, "Leave the conference");
            await visitor.Page.Locator(".audio").GetByText("in monday").First.WaitForAsync(new() { State = WaitForSelectorState.Detached });

            await plant.AllHangUpAsync();
            await visitor.Page.Locator(".audio").WaitForAsync(new() { State = WaitForSelectorState.Hidden });
            await visitor.SeesAsync("The far end sounded");
            await visitor.GoAsync("audit");
            await visitor.SeesAsync("record call");
            visitor.IsContent();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Digits_that_a_phone_dials_are_shown_to_who_collects_them_and_to_nobody_else()
    {
        await using var plant = await Plant.StartAsync();
        await using var visitor = await Visitor.ComeAsync(chromium, plant.Home);
        await using var other = await Visitor.ComeAsync(chromium, plant.Home, "/#/events");
        await other.ListensAsync();

        // As many as were wanted.
        await CollectAsync("6");
        await plant.DoAsync(now => plant.Alice.Dial("975319", TimeSpan.FromMilliseconds(250), now));
        await visitor.SeesAsync("975319", ".result");
        await visitor.SeesAsync("(as many as were wanted)", ".result");
        await visitor.PictureAsync("audio-collected");
        await plant.AllHangUpAsync();

        // A key that ends it is none of them.
        await CollectAsync("9");
        await plant.DoAsync(now => plant.Alice.Dial("86420#", TimeSpan.FromMilliseconds(250), now));
        await visitor.SeesAsync("86420", ".result");
        await visitor.SeesAsync("(ended by a key)", ".result");
        await plant.AllHangUpAsync();

        // Whoever hangs up dials no more.
        await CollectAsync("4");
        await plant.AllHangUpAsync();
        await visitor.SeesAsync("the call is over", ".result");

        await other.SeesAsync("digits.collected", ".events");
        foreach (var button in await other.Page.Locator(".disclose").AllAsync()) await button.ClickAsync();
        await visitor.GoAsync("audit");
        foreach (var page in (Visitor[])[other, visitor])
        {
            await page.SettlesAsync();
            Assert.DoesNotMatch("975319|86420", await page.Page.Locator("body").InnerTextAsync());
        }

        visitor.IsContent();
        other.IsContent();

        async Task CollectAsync(string most)
        {
            await visitor.GoAsync("calls/" + await plant.AliceCallsBobAsync());
            var before = await plant.MetricAsync("features_used_total{feature=\"collected\"}");
            await ClickAsync(visitor, "Collect digits…");
            await visitor.Page.Locator("dialog [name=maxDigits]").FillAsync(most);
            await visitor.Page.Locator("dialog [name=from]").SelectOptionAsync("LINE");
            await visitor.Page.Locator("dialog [name=prompt]").FillAsync("tone:dial@de=60");
            await ClickAsync(visitor, "Collect", "dialog");
            await visitor.SeesAsync("Digits are waited for.", ".result");
            // What is dialled before the bridge listens is dialled to the far end.
            while (await plant.MetricAsync("features_used_total{feature=\"collected\"}") == before)
            {
                await Task.Delay(20, TestContext.Current.CancellationToken);
                Assert.Contains("Digits are waited for.", await visitor.Page.Locator(".result").InnerTextAsync(), StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Recordings_are_saved_and_deleted_where_announcements_are_listed()
    {
        var (folder, sounds) = (Directory.CreateTempSubdirectory("mgcp-sip-bridge-recordings"), Directory.CreateTempSubdirectory("mgcp-sip-bridge-sounds"));
        try
        {
            await using var plant = await Plant.StartAsync([$"--Recordings:Folder={folder.FullName}", $"--Sounds:Folder={sounds.FullName}"]);
            var call = await plant.AliceCallsBobAsync();
            await plant.SendAsync($"/v1/calls/{call}:record", new { });
            await using var visitor = await Visitor.ComeAsync(chromium, plant.Home);
            await visitor.FindsAsync(".live .good");

            // By keys alone: there, to the button, and through the question.
            var keys = visitor.Page.Keyboard;
            await keys.PressAsync("g");
            await keys.PressAsync("s");
            await visitor.SeesAsync("There is no announcement to play.");
            await visitor.SeesAsync("being made", ".badge");
            Assert.Equal(0, await visitor.Page.GetByText("Delete…").CountAsync());
            await plant.SendAsync($"/v1/calls/{call}:stopRecording", new { });
            await visitor.SeesAsync("Delete…");
            var file = Assert.Single(folder.GetFiles("*.wav"));
            var download = await visitor.Page.RunAndWaitForDownloadAsync(async () =>
            {
                await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Save " + file.Name }).FocusAsync();
                await keys.PressAsync("Enter");
            });
            Assert.Equal(file.Name, download.SuggestedFilename);
            Assert.Equal(await File.ReadAllBytesAsync(file.FullName, TestContext.Current.CancellationToken), await File.ReadAllBytesAsync(await download.PathAsync(), TestContext.Current.CancellationToken));
            await visitor.PictureAsync("sounds");
            await keys.PressAsync("Tab");
            await keys.PressAsync("Enter");
            await visitor.SeesAsync("It cannot be brought back.", "dialog");
            await keys.PressAsync("Enter");
            await visitor.SeesAsync("Nothing was recorded.");
            Assert.Empty(folder.GetFiles());
            await visitor.GoAsync("audit");
            await visitor.SeesAsync("recordings/" + file.Name);
            visitor.IsContent();
        }
        finally
        {
            folder.Delete(recursive: true);
            sounds.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_viewer_sees_how_good_a_call_is_and_cannot_touch_it()
    {
        var (viewer, setting) = ApiToken.Make("vera", ApiRole.Viewer);
        await using var plant = await Plant.StartAsync(["--Api:Tokens:0=" + setting], waits: false);
        await plant.UntilAsync(() => plant.Pbx.RegistrationsSeen.Count(r => r.Status == 200) >= 3);
        await plant.DoAsync(plant.Alice.OffHook);
        await plant.UntilAsync(() => plant.Alice.Sound == PhoneSound.DialTone);
        await plant.DoAsync(now => plant.Alice.Dial("1002", TimeSpan.FromMilliseconds(60), now));
        await plant.UntilAsync(() => plant.Bob.Sound == PhoneSound.Ringing);
        await plant.DoAsync(plant.Bob.OffHook);
        await plant.UntilAsync(() => plant.Alice.IsTalking && plant.Bob.IsTalking);
        await using var visitor = await Visitor.ComeAsync(chromium, plant.Home, "/#/calls");
        visitor.Expected.Add("401");
        await visitor.Page.GetByLabel("Token", new() { Exact = true }).FillAsync(viewer);
        await ClickAsync(visitor, "Sign in");
        await visitor.Page.Locator("td a[href^='#/calls/']").First.ClickAsync();
        await visitor.FindsAsync(".audio .badge.good");
        Assert.Equal(0, await visitor.Page.Locator(".audio button").CountAsync());
        visitor.IsContent();
    }

    private static Task ClickAsync(Visitor visitor, string button, string within = "main") => visitor.Page.Locator(within).GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();
}
