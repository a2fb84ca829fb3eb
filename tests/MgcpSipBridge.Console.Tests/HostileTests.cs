using System.Net;
using System.Net.Sockets;
using System.Text;
using Grpc.Core;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Shards;
using MgcpSipBridge.Mgcp;
using Microsoft.Playwright;

namespace MgcpSipBridge.Console.Tests;

/// <summary>What callers and gateways call themselves is read, and does nothing.</summary>
public sealed class HostileTests(Chromium chromium)
{
    private const string Markup = "<img src=x onerror=alert(1)><script>alert(2)</script>";

    [Fact]
    public async Task Names_are_text_wherever_they_stand()
    {
        await using var plant = await Plant.StartAsync(more: $$"""
          - name: evil
            domain: evil.example.net
            lines:
              - { endpoint: aaln/1, number: "6666", displayName: "{{Markup}}", peer: trunk }

        """);
        await using var visitor = await Visitor.ComeAsync(chromium, plant.Home);
        var noted = (IShardOutputs)plant.Server;
        await visitor.FindsAsync(".live .good");

        // A caller who calls himself something else; and what gateways write into restarts and where traits are learnt.
        await plant.DoAsync(now => plant.Pbx.Call("1002", "666", Markup, now));
        await plant.UntilAsync("/v1/calls", c => c.GetProperty("calls").GetArrayLength() == 1);
        noted.Noted(new EngineNote.Mgcp(new MgcpNote.Restarted(Markup, Markup)));
        noted.Noted(new EngineNote.GatewayChanged(Markup, GatewayState.Down));
        await visitor.SeesAsync("gateway.restarted", ".short");
        await CleanAsync(visitor);

        var call = (await plant.AskAsync("/v1/calls")).GetProperty("calls")[0].GetProperty("id").GetString()!;
        foreach (var path in (string[])["calls", "calls/" + call, "lines", "lines/6666", "gateways", "events", "now", "calls/" + Uri.EscapeDataString(Markup), "gateways/" + Uri.EscapeDataString(Markup), Uri.EscapeDataString(Markup)])
        {
            await visitor.GoAsync(path);
            if (path == "events")
            {
                await visitor.ListensAsync();
                noted.Noted(new EngineNote.Mgcp(new MgcpNote.Restarted(Markup, Markup)));
                await visitor.SeesAsync(Markup, ".events");
                await visitor.Page.Locator(".disclose").First.ClickAsync();
            }

            if (path == "lines") await visitor.SeesAsync(Markup);
            await visitor.SettlesAsync();
            await CleanAsync(visitor);
        }

        // A call and a gateway that are not there.
        visitor.Expected.AddRange(["404", "400"]);
        visitor.IsContent();
    }

    [Fact]
    public async Task A_gateway_that_nobody_configured_may_write_what_it_likes()
    {
        await using var plant = await Plant.StartAsync();
        using var socket = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var bridge = new IPEndPoint(IPAddress.Loopback, plant.Server.Mgcp.Port);
        await using var visitor = await Visitor.ComeAsync(chromium, plant.Home);
        foreach (var (id, domain) in ((int, string)[])[(1, "<img/src=x/onerror=alert(1)>"), (2, "\"><svg/onload=alert(1)>"), (3, "javascript:alert(1)"), (4, "plain.example.net")])
            await socket.SendAsync(Encoding.ASCII.GetBytes($"RSIP {id} aaln/1@{domain} MGCP 1.0\r\nRM: restart\r\n"), bridge, TestContext.Current.CancellationToken);
        await visitor.SeesAsync("Gateway plain.example.net at");
        await CleanAsync(visitor);
        await visitor.GoAsync("gateways");
        await visitor.SeesAsync("plain.example.net", "main.page-gateways");
        await CleanAsync(visitor);
        visitor.IsContent();
    }

    [Fact]
    public async Task A_routing_program_is_called_what_a_name_may_be_and_what_else_it_says_is_text()
    {
        await using var plant = await Plant.StartAsync();
        string[] texts = [Markup, "\"><svg/onload=alert(1)>", "javascript:alert(1)", "\u202Egnp.exe", "{{constructor.constructor('alert(1)')()}}", new string('<', 2000)];
        await using var visitor = await Visitor.ComeAsync(chromium, plant.Home, "/#/events");
        await visitor.ListensAsync();

        // What is no name does not register, and leaves nothing behind that somebody could be shown.
        foreach (var name in texts)
        {
            var refusal = await Assert.ThrowsAsync<RpcException>(() => plant.RouterComesAsync(new V1.RouterRegistration { Name = name }));
            Assert.Equal(StatusCode.InvalidArgument, refusal.StatusCode);
        }

        // What it routes is its own to say.
        using var router = await plant.RouterComesAsync(new V1.RouterRegistration { Name = "onerror-alert.1", Lines = { texts } });
        await visitor.SeesAsync("router.joined", ".events");
        await visitor.Page.Locator(".disclose").First.ClickAsync();
        await CleanAsync(visitor);
        foreach (var path in (string[])["routes", "audit", "events", "now"])
        {
            await visitor.GoAsync(path);
            if (path == "routes") await visitor.SeesAsync(Markup);
            if (path == "audit") await visitor.SeesAsync("routers/onerror-alert.1");
            await visitor.SettlesAsync();
            await CleanAsync(visitor);
            Assert.Equal(path == "routes", (await visitor.Page.Locator("main").InnerTextAsync()).Contains("<script>", StringComparison.Ordinal));
            Assert.True(await visitor.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), $"{path} is wider than its window");
        }

        // Gone without a word, it is an alarm by its name.
        router.Dispose();
        await visitor.SeesAsync("1 router gone", ".verdict");
        await CleanAsync(visitor);
        visitor.IsContent();
    }

    [Fact]
    public async Task Columns_and_values_of_a_table_are_text()
    {
        await using var plant = await Plant.StartAsync();
        await using var visitor = await Visitor.ComeAsync(chromium, plant.Home, "/#/import");
        await visitor.Page.Locator("#format").SelectOptionAsync("CUCM");
        await visitor.Page.Locator("#peer").FillAsync("pbx");
        await visitor.Page.Locator("#yaml").FillAsync($"{Markup},endpoint,number,domain,displayName,\"'\"\"><b>\"\n{Markup},aaln/1,7001,{Markup},{Markup},{Markup}\n");
        await visitor.SeesAsync(Markup, ".mapping");
        await visitor.SeesAsync("4 of 6 columns taken over.");
        await CleanAsync(visitor);
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Check" }).ClickAsync();
        await visitor.SeesAsync("What became of the file");
        await visitor.SeesAsync(Markup, ".report");
        await CleanAsync(visitor);
        visitor.IsContent();
    }

    [Fact]
    public async Task Names_of_sounds_are_text()
    {
        await using var plant = await Plant.StartAsync();
        var call = await plant.AliceCallsBobAsync();
        await using var visitor = await Visitor.ComeAsync(chromium, plant.Home, "/#/calls/" + call);
        visitor.Expected.AddRange(["400", "404"]);
        foreach (var (verb, field, text) in ((string, string, string)[])[("Play", "sounds", "<img/src=x/onerror=alert(1)>"), ("Collect", "prompt", "<b>x</b>")])
        {
            await visitor.Page.GetByRole(AriaRole.Button, new() { Name = verb == "Play" ? "Play…" : "Collect digits…", Exact = true }).ClickAsync();
            await visitor.Page.Locator($"dialog [name={field}]").FillAsync(text);
            await visitor.Page.Locator("dialog button[type=submit]").ClickAsync();
            await visitor.SeesAsync(text, verb == "Play" ? "dialog .problem" : ".result");
            await CleanAsync(visitor);
            if (verb == "Play") await visitor.Page.Keyboard.PressAsync("Escape");
        }

        visitor.IsContent();
    }

    // Nothing of what was written has become an element, and no link leads anywhere but within the page.
    private static async Task CleanAsync(Visitor visitor)
    {
        Assert.Equal(0, await visitor.Page.Locator("main img, main script, main iframe, main [onerror], main [onload], main svg svg").CountAsync());
        Assert.Equal(0, await visitor.Page.Locator("dialog img, dialog script, dialog b, #toasts img").CountAsync());
        Assert.Empty(await visitor.Page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('main a[href]')].map(a => a.getAttribute('href')).filter(h => !h.startsWith('#'))"));
    }
}
