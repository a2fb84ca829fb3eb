using System.Text.Json;
using MgcpSipBridge.Simulator;
using Microsoft.Playwright;

namespace MgcpSipBridge.Console.Tests;

/// <summary>What can be done on the page, by whom, and by keyboard alone.</summary>
public sealed class DoingTests(Chromium chromium)
{
    [Fact]
    public async Task A_call_is_placed_held_taken_back_and_hung_up()
    {
        await using var plant = await Plant.StartAsync();
        await using var visitor = await Visitor.ComeAsync(chromium, plant.Home, "/#/calls");
        await visitor.SeesAsync("Nobody is telephoning.");
        await ClickAsync(visitor, "Call…");
        await visitor.Page.GetByLabel("Line that calls").FillAsync("9999");
        await visitor.Page.GetByLabel("Number to call").FillAsync("1002");
        await ClickAsync(visitor, "Call", "dialog");
        await visitor.FindsAsync("dialog .problem:not(:empty)");
        visitor.Expected.Add("404");
        await visitor.Page.GetByLabel("Line that calls").FillAsync("1001");
        await ClickAsync(visitor, "Call", "dialog");
        await visitor.FindsAsync(".ladder");
        await plant.UntilAsync(() => plant.Alice.Sound == PhoneSound.Ringing);
        await plant.DoAsync(plant.Alice.OffHook);
        await plant.UntilAsync(() => plant.Bob.Sound == PhoneSound.Ringing);
        await plant.DoAsync(plant.Bob.OffHook);
        await visitor.SeesAsync("talking", ".callhead");

        await ClickAsync(visitor, "Hold");
        await visitor.SeesAsync("held", ".callhead");
        await ClickAsync(visitor, "Take back");
        await visitor.SeesAsync("talking", ".callhead");

        await ClickAsync(visitor, "Hang up");
        await ClickAsync(visitor, "Cancel", "dialog");
        Assert.True(plant.Alice.IsTalking);
        await ClickAsync(visitor, "Hang up");
        await ClickAsync(visitor, "Hang up", "dialog");
        await visitor.SeesAsync("the call is over", ".laddernote");
        await plant.UntilAsync("/v1/calls", c => c.GetProperty("calls").GetArrayLength() == 0);
        await visitor.GoAsync("audit");
        await visitor.SeesAsync("hang up call");
        visitor.IsContent();
    }

    [Fact]
    public async Task What_is_imported_is_checked_first_and_can_be_changed_and_deleted()
    {
        await using var plant = await Plant.StartAsync();
        await using var visitor = await Visitor.ComeAsync(chromium, plant.Home, "/#/import");
        var text = visitor.Page.GetByLabel("Text", new() { Exact = true });
        await text.FillAsync("gateways:\n  - name: shed\n    domain: shed.example.net\n    lines:\n      - { endpoint: aaln/1, number: \"7001\", peer: nobody }\n");
        await ClickAsync(visitor, "Check");
        await visitor.SeesAsync("nothing was changed");
        Assert.True(await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Apply" }).IsDisabledAsync());
        visitor.Expected.Add("400");
        await text.FillAsync("gateways:\n  - name: shed\n    domain: shed.example.net\n    lines:\n      - { endpoint: aaln/1, number: \"7001\", displayName: Shed, peer: pbx, password: x }\n");
        await ClickAsync(visitor, "Check");
        await visitor.SeesAsync("2 new");
        await visitor.PictureAsync("import");
        Assert.DoesNotContain("shed", await NamesAsync(plant));
        await ClickAsync(visitor, "Apply");
        await visitor.SeesAsync("(was done)");
        Assert.Contains("shed", await NamesAsync(plant));

        await visitor.GoAsync("lines/7001");
        await ClickAsync(visitor, "Change…");
        await visitor.Page.GetByLabel("Name", new() { Exact = true }).FillAsync("Garden shed");
        await visitor.Page.Locator("dialog summary").ClickAsync();
        await visitor.Page.Locator("dialog [name=callerId]").UncheckAsync();
        await FillAsync(visitor, "Forward: when busy", "1001");
        await visitor.PictureAsync("form");
        await ClickAsync(visitor, "Change", "dialog");
        await visitor.SeesAsync("Garden shed");
        var features = (await plant.AskAsync("/v1/gateways/shed/lines/7001")).GetProperty("features");
        Assert.Equal((false, true, "1001"), (features.GetProperty("callerId").GetBoolean(), features.GetProperty("forwardingCodes").GetBoolean(), features.GetProperty("forwardBusy").GetString()));
        await visitor.GoAsync("gateways/shed");
        await ClickAsync(visitor, "Change…");
        await visitor.Page.Locator("dialog summary").ClickAsync();
        await visitor.Page.Locator("dialog [name=dtmf]").SelectOptionAsync("INBAND");
        await ClickAsync(visitor, "Change", "dialog");
        await visitor.SeesAsync("tones in the sound");
        await visitor.GoAsync("lines/7001");
        await ClickAsync(visitor, "Delete…");
        await ClickAsync(visitor, "Delete", "dialog");
        await plant.UntilAsync("/v1/gateways/shed/lines", l => l.GetProperty("lines").GetArrayLength() == 0);
        visitor.Expected.Add("404");
        visitor.IsContent();
    }

    [Fact]
    public async Task A_number_finds_its_route()
    {
        await using var plant = await Plant.StartAsync();
        await using var visitor = await Visitor.ComeAsync(chromium, plant.Home, "/#/routes");
        foreach (var (number, says) in ((string, string)[])[("1002", "extensions"), ("600", "services"), ("8", "no route")])
        {
            await visitor.Page.GetByLabel("Number", new() { Exact = true }).FillAsync(number);
            await ClickAsync(visitor, "Test");
            await visitor.SeesAsync(says, ".answer");
        }

        await visitor.PictureAsync("routes");
        visitor.IsContent();
    }

    [Fact]
    public async Task Peers_and_routes_are_made_changed_and_deleted()
    {
        await using var plant = await Plant.StartAsync();
        await using var visitor = await Visitor.ComeAsync(chromium, plant.Home, "/#/peers");
        await ClickAsync(visitor, "New peer…");
        await FillAsync(visitor, "Name", "second");
        await FillAsync(visitor, "Where", "not a uri");
        await ClickAsync(visitor, "Create", "dialog");
        visitor.Expected.Add("400");
        await visitor.FindsAsync("dialog [name=uri][aria-invalid=true]");
        await FillAsync(visitor, "Where", "sip:127.0.0.1:5999");
        await visitor.Page.Locator("dialog [name=registration]").SelectOptionAsync("NONE");
        await ClickAsync(visitor, "Create", "dialog");
        await visitor.SeesAsync("sip:127.0.0.1:5999");
        await ClickAsync(visitor, "Change…");
        await FillAsync(visitor, "Then", "sip:127.0.0.1:5998, sip:127.0.0.1:5997");
        await visitor.Page.Locator("dialog [name=srtp]").SelectOptionAsync("OPTIONAL");
        await visitor.Page.Locator("dialog summary").ClickAsync();
        await FillAsync(visitor, "Numbers to it", "00 2 +\n1 nothing");
        await visitor.Page.Locator("dialog summary").ClickAsync();
        await ClickAsync(visitor, "Change", "dialog");
        // What is wrong is unfolded.
        await visitor.FindsAsync("dialog [name=numbersOut][aria-invalid=true]");
        await FillAsync(visitor, "Numbers to it", "00 2 +\n1 0 +4930555 4-4\n- 0 0");
        await visitor.PictureAsync("peer-form");
        await ClickAsync(visitor, "Change", "dialog");
        await visitor.SeesAsync("sip:127.0.0.1:5998, sip:127.0.0.1:5997");
        await visitor.SeesAsync("where it takes it");
        await visitor.SeesAsync("1 0 +4930555 4-4");
        var second = await plant.AskAsync("/v1/peers/second");
        Assert.Equal("OPTIONAL", second.GetProperty("srtp").GetString());
        Assert.Equal(["00 2 + 0 0", "1 0 +4930555 4 4", " 0 0 0 0"], second.GetProperty("numbersOut").EnumerateArray().Select(r => string.Join(' ', r.EnumerateObject().Select(f => f.Value.ToString()))));

        await visitor.GoAsync("routes");
        await ClickAsync(visitor, "New route…");
        await FillAsync(visitor, "Name", "abroad");
        await FillAsync(visitor, "That begin with", "00");
        await visitor.Page.Locator("dialog [name=peer]").SelectOptionAsync("second");
        await FillAsync(visitor, "Digits taken off the front", "2");
        await FillAsync(visitor, "Only on", "mon-fri");
        await visitor.PictureAsync("route-form");
        await ClickAsync(visitor, "Create", "dialog");
        await visitor.SeesAsync("2 off");
        Assert.Equal(JsonValueKind.Object, (await plant.AskAsync("/v1/routes/abroad")).GetProperty("schedule").ValueKind);
        await ClickAsync(visitor, "Change abroad…");
        await FillAsync(visitor, "Digits put in front", "011");
        await ClickAsync(visitor, "Change", "dialog");
        await visitor.SeesAsync("2 off, 011 in front");
        await ClickAsync(visitor, "Delete abroad…");
        await ClickAsync(visitor, "Delete", "dialog");
        await plant.UntilAsync("/v1/routes", r => r.GetProperty("routes").EnumerateArray().All(route => route.GetProperty("name").GetString() != "abroad"));

        await visitor.GoAsync("peers/second");
        await ClickAsync(visitor, "Delete…");
        await ClickAsync(visitor, "Delete", "dialog");
        await plant.UntilAsync("/v1/peers", p => p.GetProperty("peers").EnumerateArray().All(peer => peer.GetProperty("name").GetString() != "second"));
        visitor.Expected.Add("404");
        visitor.IsContent();
    }

    [Theory]
    [InlineData("ASTERISK", "[shed]\nhost = dynamic\ncallerid = \"Shed\" <7001>\nline => aaln/1\n", "shed")]
    [InlineData("CUCM", "DEVICE NAME,DOMAIN NAME,DIRECTORY NUMBER 1\nAALN/S1/SU0/0,cellar2.example.net,7005\n", "cellar2.example.net")]
    [InlineData("CSV", "gateway,domain,endpoint,number,Display Name\ncellar,cellar.example.net,aaln/1,7002,Cellar\n", "cellar")]
    public async Task Files_of_others_are_taken_over_with_a_report(string format, string text, string gateway)
    {
        await using var plant = await Plant.StartAsync();
        await using var visitor = await Visitor.ComeAsync(chromium, plant.Home, "/#/import");
        await visitor.Page.Locator("#format").SelectOptionAsync(format);
        await visitor.Page.Locator("#peer").FillAsync("pbx");
        await visitor.Page.Locator("#yaml").FillAsync(text);
        await ClickAsync(visitor, "Check");
        await visitor.SeesAsync("What became of the file");
        await visitor.PictureAsync("import-" + format.ToLowerInvariant());
        await visitor.SeesAsync("2 new");
        Assert.DoesNotContain(gateway, await NamesAsync(plant));
        await ClickAsync(visitor, "Apply");
        await visitor.SeesAsync("(was done)");
        Assert.Contains(gateway, await NamesAsync(plant));
        visitor.IsContent();
    }

    [Fact]
    public async Task Columns_of_a_table_are_guessed_and_can_be_chosen_by_keyboard()
    {
        await using var plant = await Plant.StartAsync();
        await using var visitor = await Visitor.ComeAsync(chromium, plant.Home, "/#/import");
        var (page, keys) = (visitor.Page, visitor.Page.Keyboard);
        const string Table = "Device Name,Domain Name,Extension of the day,Display 1,MAC,Display 1\nAALN/S2/SU0/0,loft.example.net,7003,Loft,0011,x\nAALN/S2/SU0/1,loft.example.net,7004,Attic,0012,y\n";
        await page.Locator("#file").SetInputFilesAsync(new FilePayload { Name = "export.csv", MimeType = "text/csv", Buffer = System.Text.Encoding.UTF8.GetBytes(Table) });

        // What the file is, and what its columns are, is guessed; one thing cannot be.
        await visitor.SeesAsync("Still wanted: a column with the number.");
        Assert.Equal("CUCM", await page.Locator("#format").InputValueAsync());
        string Column(string name) => $".mapping tr:has(th[title='{name}']) select";
        Assert.Equal(["endpoint", "domain", "", "displayName", ""], await Task.WhenAll(((string[])["Device Name", "Domain Name", "Extension of the day", "Display 1", "MAC"]).Select(name => page.Locator(Column(name)).First.InputValueAsync())));
        Assert.True(await page.Locator(Column("Display 1")).Nth(1).IsDisabledAsync());
        await page.Locator("#peer").FillAsync("pbx");
        await ClickAsync(visitor, "Check");
        await visitor.SeesAsync("no column has the number");
        Assert.True(await page.GetByRole(AriaRole.Button, new() { Name = "Apply" }).IsDisabledAsync());

        // By keyboard: what is taken over, and what is not.
        await ChooseAsync("Extension of the day", "Number");
        await visitor.SeesAsync("4 of 6 columns taken over.");
        await ChooseAsync("MAC", "Name");
        Assert.Equal("", await page.Locator(Column("Display 1")).First.InputValueAsync());
        await visitor.PictureAsync("import-mapping");
        await ChooseAsync("MAC", "not taken over");
        Assert.Equal("displayName", await page.Locator(Column("Display 1")).First.InputValueAsync());
        await page.GetByRole(AriaRole.Button, new() { Name = "Check" }).FocusAsync();
        await keys.PressAsync("Enter");
        await visitor.SeesAsync("3 new");
        Assert.DoesNotContain("loft.example.net", await NamesAsync(plant));
        await page.GetByRole(AriaRole.Button, new() { Name = "Apply" }).FocusAsync();
        await keys.PressAsync("Enter");
        await visitor.SeesAsync("(was done)");
        var lines = (await plant.AskAsync("/v1/gateways/loft.example.net/lines")).GetProperty("lines").EnumerateArray().ToList();
        Assert.Equal(["7003 aaln/S2/SU0/0", "7004 aaln/S2/SU0/1"], lines.Select(l => $"{l.GetProperty("number")} {l.GetProperty("endpoint").GetString()!.Replace("AALN", "aaln", StringComparison.Ordinal)}"));
        Assert.Equal(["Loft", "Attic"], lines.Select(l => l.GetProperty("displayName").GetString()));
        visitor.IsContent();

        // The way there is by Tab, and the choice by what is typed.
        async Task ChooseAsync(string column, string field)
        {
            await page.Locator("#yaml").FocusAsync();
            var wanted = await page.Locator(Column(column)).First.GetAttributeAsync("id");
            for (var i = 0; i < 20 && await page.EvaluateAsync<string>("() => document.activeElement.id") != wanted; i++) await keys.PressAsync("Tab");
            Assert.Equal(wanted, await page.EvaluateAsync<string>("() => document.activeElement.id"));
            await keys.TypeAsync(field);
            Assert.Equal(field, await page.EvaluateAsync<string>("() => document.activeElement.selectedOptions[0].text"));
        }
    }

    [Fact]
    public async Task Nobody_sees_anything_without_a_token_and_a_viewer_cannot_act()
    {
        string Make(string name, Host.Api.Security.ApiRole role, out string setting)
        {
            (var token, setting) = Host.Api.Security.ApiToken.Make(name, role);
            return token;
        }

        var viewer = Make("vera", Host.Api.Security.ApiRole.Viewer, out var first);
        var admin = Make("ada", Host.Api.Security.ApiRole.Admin, out var second);
        await using var plant = await Plant.StartAsync(["--Api:Tokens:0=" + first, "--Api:Tokens:1=" + second], waits: false);
        await using var visitor = await Visitor.ComeAsync(chromium, plant.Home, "/#/calls");
        visitor.Expected.Add("401");
        var field = visitor.Page.GetByLabel("Token", new() { Exact = true });
        await field.WaitForAsync();
        Assert.Equal(0, await visitor.Page.Locator("nav").CountAsync());
        await field.FillAsync("mgsb_wrong");
        await ClickAsync(visitor, "Sign in", "main");
        await visitor.SeesAsync("This token is not known.");
        await visitor.PictureAsync("login");
        await field.FillAsync(viewer);
        await ClickAsync(visitor, "Sign in", "main");
        await visitor.SeesAsync("vera · viewer", "header");
        await visitor.SeesAsync("Nobody is telephoning.");
        Assert.Equal(0, await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Call…" }).CountAsync());
        Assert.Equal(0, await visitor.Page.Locator("nav a[href='#/audit'], nav a[href='#/import']").CountAsync());
        Assert.DoesNotContain("mgsb_", visitor.Page.Url, StringComparison.Ordinal);
        Assert.Equal("", await visitor.Page.EvaluateAsync<string>("() => document.cookie + Object.values(localStorage).filter(v => v.includes('mgsb_')).join()"));

        // It stays in this tab over a reload, and is gone when he signs out.
        await visitor.Page.ReloadAsync();
        await visitor.SeesAsync("vera · viewer", "header");
        await ClickAsync(visitor, "Sign out", "header");
        await field.WaitForAsync();
        await field.FillAsync(admin);
        await ClickAsync(visitor, "Sign in", "main");
        await visitor.SeesAsync("ada · admin", "header");
        await visitor.FindsAsync("nav a[href='#/audit']");
        await visitor.FindsAsync(".live .good");
        visitor.IsContent();
    }

    [Fact]
    public async Task Everything_can_be_reached_by_keyboard_and_one_sees_where_one_is()
    {
        await using var plant = await Plant.StartAsync();
        var call = await plant.AliceCallsBobAsync();
        await using var visitor = await Visitor.ComeAsync(chromium, plant.Home);
        var (page, keys) = (visitor.Page, visitor.Page.Keyboard);
        await visitor.FindsAsync(".tile");
        await keys.PressAsync("Tab");
        Assert.Equal("Skip to the content", await page.EvaluateAsync<string>("() => document.activeElement.textContent"));
        await keys.PressAsync("Enter");
        Assert.Equal("main", await page.EvaluateAsync<string>("() => document.activeElement.id"));

        await page.EvaluateAsync("() => document.activeElement.blur()");
        await page.EvaluateAsync("() => document.querySelector('.brand').focus()");
        var wanted = await page.EvaluateAsync<int>("() => document.querySelectorAll('a[href], button:not(:disabled), input, select').length");
        HashSet<string> seen = [];
        for (var i = 0; i < wanted + 5; i++)
        {
            var at = await page.EvaluateAsync<JsonElement>("() => { const n = document.activeElement; const s = getComputedStyle(n); return { name: n.tagName + n.textContent + (n.getAttribute('href') ?? ''), seen: n === document.body || s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2 } }");
            Assert.True(at.GetProperty("seen").GetBoolean() || i == 0, at.ToString());
            seen.Add(at.GetProperty("name").GetString()!);
            await keys.PressAsync("Tab");
        }

        foreach (var link in (string[])["Calls", "Gateways", "Lines", "Peers", "Routes", "Events", "Records", "Audit", "Import"]) Assert.Contains(seen, s => s.StartsWith("A" + link, StringComparison.Ordinal));

        await page.EvaluateAsync("() => document.activeElement.blur()");
        await keys.PressAsync("?");
        await visitor.SeesAsync("between the messages of a ladder", "dialog");
        await visitor.PictureAsync("help");
        await keys.PressAsync("Escape");
        await page.Locator("dialog").WaitForAsync(new() { State = WaitForSelectorState.Detached });
        await GoesAsync("c", $"main a[href='#/calls/{call}']");
        await page.Locator($"main a[href='#/calls/{call}']").FocusAsync();
        await keys.PressAsync("Enter");
        await visitor.FindsAsync(".message");
        await page.Locator(".ladder").FocusAsync();
        await keys.PressAsync("ArrowDown");
        await keys.PressAsync("ArrowDown");
        await visitor.FindsAsync(".ladder[aria-activedescendant='message-1']");
        await visitor.FindsAsync(".inspector pre");

        // The page of the call names the line, too: only the list has a filter.
        await GoesAsync("l", "input[type=search]");
        await visitor.FindsAsync("a[href='#/lines/1001']");
        await keys.PressAsync("/");
        await keys.TypeAsync("Reception");
        await page.Locator("a[href='#/lines/1001']").WaitForAsync(new() { State = WaitForSelectorState.Detached });
        visitor.IsContent();

        // The second key counts for a moment after the first: on a machine that is slower than that, both again.
        async Task GoesAsync(string where, string there)
        {
            for (var tries = 0; ; tries++)
            {
                await keys.PressAsync("g");
                await keys.PressAsync(where);
                try
                {
                    await page.Locator(there).First.WaitForAsync(new() { Timeout = 10_000 });
                    return;
                }
                catch (TimeoutException) when (tries < 5)
                {
                    // Once more.
                }
            }
        }
    }

    [Fact]
    public async Task A_gateway_that_nobody_configured_is_adopted()
    {
        await using var plant = await Plant.StartAsync();
        await plant.StrangerComesAsync("attic.example.net");
        await using var visitor = await Visitor.ComeAsync(chromium, plant.Home);
        await visitor.SeesAsync("Gateway attic.example.net at");
        await ClickAsync(visitor, "Adopt…");
        await ClickAsync(visitor, "Adopt", "dialog");
        await visitor.SeesAsync("Adopted: give its lines numbers");
        await ClickAsync(visitor, "Ask what it has");
        await visitor.SeesAsync("aaln/1", "dialog");
        Assert.Equal(0, await visitor.Page.Locator("dialog").GetByText("null").CountAsync());
        await visitor.PictureAsync("adopted");
        await ClickAsync(visitor, "Close", "dialog");
        await ClickAsync(visitor, "Keep it…");
        await ClickAsync(visitor, "Create", "dialog");
        await ClickAsync(visitor, "New line…");
        await visitor.Page.GetByLabel("Number", new() { Exact = true }).FillAsync("8001");
        await visitor.Page.GetByLabel("Endpoint", new() { Exact = true }).FillAsync("aaln/1");
        await ClickAsync(visitor, "Create", "dialog");
        await visitor.SeesAsync("Line 8001");
        visitor.IsContent();
    }

    private static Task FillAsync(Visitor visitor, string field, string text) => visitor.Page.Locator("dialog").GetByLabel(field, new() { Exact = true }).FillAsync(text);

    private static Task ClickAsync(Visitor visitor, string button, string within = "main") => visitor.Page.Locator(within).GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();

    private static async Task<List<string?>> NamesAsync(Plant plant) => [.. (await plant.AskAsync("/v1/gateways")).GetProperty("gateways").EnumerateArray().Select(g => g.GetProperty("name").GetString())];
}
