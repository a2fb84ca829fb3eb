namespace MgcpSipBridge.Engine.Tests;

/// <summary>A call of which something is left long after its end is told of, once.</summary>
public sealed class StuckCallTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_call_that_the_relay_does_not_let_go_is_stuck_after_five_minutes(bool stuck)
    {
        var bench = FirstCallTests.InService();
        bench.RelayIsStuck = stuck;
        bench.FromGateway("NTFY 2001 aaln/1@gw1.example.net MGCP 1.0\r\nX: 0\r\nO: L/hd\r\n");
        var dial = bench.Answer("RQNT");
        bench.FromGateway($"NTFY 2002 aaln/1@gw1.example.net MGCP 1.0\r\nX: {Bench.Header(dial, "X")}\r\nO: D/5,D/5,D/5,D/1,D/2,D/3,D/4,D/T\r\n");
        var create = bench.TakeMgcp("CRCX");
        bench.FromGateway($"503 {create.Split(' ')[1]} No\r\n");
        bench.Answer("RQNT");
        var call = bench.Notes.OfType<EngineNote.CallEnded>().Single().Record.Call;
        bench.After(TimeSpan.FromMinutes(4.9));
        Assert.Empty(bench.Notes.OfType<EngineNote.CallStuck>());
        bench.After(TimeSpan.FromMinutes(0.2));
        Assert.Equal(stuck ? [new EngineNote.CallStuck(call.CallId, "1001")] : [], bench.Notes.OfType<EngineNote.CallStuck>());
        bench.After(TimeSpan.FromHours(1));
        Assert.Equal(stuck ? 1 : 0, bench.Notes.OfType<EngineNote.CallStuck>().Count());
    }

    [Fact]
    public void Lists_come_in_pieces_in_the_order_of_their_keys()
    {
        string[] numbers = ["1003", "1001", "1002", "0999"];
        var model = Bench.Model();
        var gateway = model.Gateways[0].Mgcp;
        model = model with
        {
            Gateways = [new GatewayModel(gateway with { Endpoints = ["aaln/0", "aaln/1", "aaln/2", "aaln/3"] }), new GatewayModel(gateway with { Name = "gw0", Domain = "gw0.example.net", Address = null, Endpoints = [] })],
            Lines = [.. numbers.Select((number, i) => model.Lines[0] with { Number = number, Username = number, Endpoint = $"aaln/{i}" })],
        };
        var bench = new Bench(model);
        Assert.Equal(["0999", "1001"], Numbers(new EngineQuery.Lines(Most: 2)));
        Assert.Equal(["1002", "1003"], Numbers(new EngineQuery.Lines(After: "1001", Most: 5)));
        Assert.Equal(["1001", "1002"], Numbers(new EngineQuery.Lines("gw1", "0999", 2)));
        Assert.Empty(Numbers(new EngineQuery.Lines("gw0", null, 2)));
        Assert.Empty(Numbers(new EngineQuery.Lines(After: "1003", Most: 2)));
        Assert.Equal(numbers, Numbers(new EngineQuery.Lines()));
        Assert.Equal(["gw0", "gw1"], bench.Ask<System.Collections.Immutable.ImmutableArray<GatewayView>>(new EngineQuery.Gateways(Most: 2)).Select(g => g.Model.Mgcp.Name));
        Assert.Equal(["gw1"], bench.Ask<System.Collections.Immutable.ImmutableArray<GatewayView>>(new EngineQuery.Gateways("gw0", 2)).Select(g => g.Model.Mgcp.Name));
        Assert.Equal(4, bench.Ask<GatewayView>(new EngineQuery.OneGateway("gw1")).Services.Lines);
        Assert.Equal("aaln/2", bench.Ask<LineView>(new EngineQuery.OneLine("1002")).Model.Endpoint);
        Assert.Null(bench.Ask<LineView?>(new EngineQuery.OneLine("1004")));
        // Another model, another order.
        bench.Input(new EngineInput.Configure(model with { Lines = [.. model.Lines.Where(l => l.Number != "1001")] }));
        Assert.Equal(["0999", "1002"], Numbers(new EngineQuery.Lines(Most: 2)));

        string[] Numbers(EngineQuery.Lines asked) => [.. bench.Ask<System.Collections.Immutable.ImmutableArray<LineView>>(asked).Select(l => l.Model.Number)];
    }
}
