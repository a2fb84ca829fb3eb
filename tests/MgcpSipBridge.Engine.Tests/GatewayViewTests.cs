using System.Collections.Immutable;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Engine.Tests;

/// <summary>What operators are shown of gateways, and what becomes of those that nobody configured.</summary>
public sealed class GatewayViewTests
{
    private static readonly NetAddress Stranger = NetAddress.FromIPv4(0x0A000063, 2427);

    [Fact]
    public void Every_trait_that_can_be_decided_is_shown_under_its_name_with_where_it_comes_from()
    {
        var model = new MgcpGatewayModel("gw1", "gw1", null, MgcpProfile.Cisco, []) { Overrides = new TraitOverrides { DigitMaps = false, Answers = ResponseSource.SameHost } };
        var shown = TraitView.Of(model, model.Overrides.Apply(GatewayTraits.Preset(MgcpProfile.Cisco) with { Piggyback = true, RefusedNames = ["L/sl", "L/ci"] }));
        var decidable = typeof(TraitOverrides).GetProperties().Select(p => char.ToLowerInvariant(p.Name[0]) + p.Name[1..]);
        Assert.Equal([.. decidable.Order(StringComparer.Ordinal)], shown.Select(t => t.Name).Except(["refusedNames", "checksHook"]).Order(StringComparer.Ordinal));
        Assert.Equal(typeof(GatewayTraits).GetProperties().Length, shown.Length);
        TraitView Trait(string name) => shown.Single(t => t.Name == name);
        Assert.Equal(("MGCP 0.1", TraitSource.Preset), (Trait("version").Value, Trait("version").Source));
        Assert.Equal(("false", TraitSource.Overridden), (Trait("digitMaps").Value, Trait("digitMaps").Source));
        Assert.Equal(("true", TraitSource.Learnt), (Trait("piggyback").Value, Trait("piggyback").Source));
        Assert.Equal(("sameHost", TraitSource.Overridden), (Trait("answers").Value, Trait("answers").Source));
        Assert.Equal(("L/ci L/sl", TraitSource.Learnt), (Trait("refusedNames").Value, Trait("refusedNames").Source));
    }

    [Fact]
    public void A_lines_service_follows_its_gateways_restarts()
    {
        var bench = new Bench();
        Assert.Equal(new ServiceCounts(1, 0, 0, 0, 0, 0), Counts(bench));
        Restart(bench, 1, "restart");
        Audit(bench);
        Assert.Equal(new ServiceCounts(0, 1, 0, 0, 0, 0), Counts(bench));
        Restart(bench, 2, "graceful");
        Assert.Equal(new ServiceCounts(0, 0, 1, 0, 0, 0), Counts(bench));
        Restart(bench, 3, "cancel-graceful");
        Assert.Equal(new ServiceCounts(0, 1, 0, 0, 0, 0), Counts(bench));
        Restart(bench, 4, "forced");
        Assert.Equal(new ServiceCounts(0, 0, 0, 1, 0, 0), Counts(bench));
        Assert.Equal(LineService.Restarting, bench.Ask<ImmutableArray<LineView>>(new EngineQuery.Lines()).Single().Service);
        bench.Input(new EngineInput.Configure(EngineModel.Empty));

        // From null to null, without a gap: gauges made of these notes return to zero.
        var told = bench.Notes.OfType<EngineNote.LineServes>().ToList();
        Assert.Null(told[0].From);
        Assert.Null(told[^1].To);
        Assert.All(told.Zip(told.Skip(1)), pair => Assert.Equal(pair.First.To, pair.Second.From));
    }

    [Fact]
    public void A_gateway_whose_name_has_no_address_yet_is_neither_spoken_to_nor_learnt_from_whoever_comes_first()
    {
        var model = Bench.Model();
        var named = model.Gateways[0] with { Host = new GatewayHost("gw1.example.net", 2427) };
        var bench = new Bench(model with { Gateways = [named with { Mgcp = named.Mgcp with { Address = null } }] });
        bench.FromGateway("RSIP 1 *@gw1.example.net MGCP 1.0\r\nRM: restart\r\n");
        bench.After(TimeSpan.FromSeconds(60));
        Assert.Empty(bench.Mgcp);
        Assert.Equal(GatewayState.Unknown, bench.Ask<ImmutableArray<GatewayView>>(new EngineQuery.Gateways()).Single().Status.State);

        bench.Input(new EngineInput.Configure(model with { Gateways = [named] }));
        bench.After(TimeSpan.FromSeconds(1));
        Audit(bench);
        Assert.Equal(new ServiceCounts(0, 1, 0, 0, 0, 0), Counts(bench));
    }

    [Fact]
    public void An_unknown_gateway_is_listed_and_proposed_once_it_is_adopted()
    {
        var bench = new Bench();
        bench.FromStranger(Stranger, "RSIP 1 *@new.example.net MGCP 1.0\r\nRM: restart\r\n");
        var found = Assert.Single(Discovered(bench));
        Assert.Equal(("new.example.net", Stranger, 1), (found.Gateway.Domain, found.Gateway.Address, found.Gateway.Messages));
        Assert.Null(found.Proposal);
        Assert.Single(bench.Notes.OfType<EngineNote.GatewayDiscovered>());
        Assert.Empty(bench.ToStrangers);

        Assert.False(bench.Ask<bool>(new EngineQuery.Adopt("other.example.net", null)));
        Assert.False(bench.Ask<bool>(new EngineQuery.Adopt("new.example.net", Stranger.WithPort(9))));
        Assert.True(bench.Ask<bool>(new EngineQuery.Adopt("NEW.example.net", Stranger)));
        AnswerStranger(bench, "Z: aaln/1@new.example.net\r\n");
        AnswerStranger(bench, "A: a:PCMU, v:L;G\r\nES: L/hu\r\n");
        var proposal = Assert.Single(bench.Notes.OfType<EngineNote.GatewayProposed>()).Proposal;
        Assert.Equal("aaln/1", Assert.Single(proposal.Endpoints).LocalName);
        Assert.Same(proposal, Assert.Single(Discovered(bench)).Proposal);

        // Taken into the model, it is no longer unknown, and what it proposed is shown with it.
        var model = Bench.Model();
        var adopted = new GatewayModel(new MgcpGatewayModel("new", "new.example.net", Stranger, MgcpProfile.Auto, [])) { IsAdopted = true };
        bench.Input(new EngineInput.Configure(model with { Gateways = model.Gateways.Add(adopted) }));
        Assert.Empty(Discovered(bench));
        var views = bench.Ask<ImmutableArray<GatewayView>>(new EngineQuery.Gateways());
        Assert.Equal([null, proposal], views.Select(v => v.Proposal));
    }

    private static void AnswerStranger(Bench bench, string lines)
    {
        bench.After(TimeSpan.FromMilliseconds(10));
        var (_, command) = Assert.Single(bench.ToStrangers);
        bench.ToStrangers.Clear();
        Assert.StartsWith("AUEP ", command, StringComparison.Ordinal);
        bench.FromStranger(Stranger, $"200 {command.Split(' ')[1]} OK\r\n{lines}");
    }

    private static void Restart(Bench bench, int tid, string method)
    {
        bench.FromGateway($"RSIP {tid} *@gw1.example.net MGCP 1.0\r\nRM: {method}\r\n");
        bench.TakeMgcp($"200 {tid}");
    }

    private static void Audit(Bench bench)
    {
        for (var i = 0; i < 10 && Counts(bench).InService == 0; i++)
        {
            bench.After(TimeSpan.FromMilliseconds(50));
            if (bench.Mgcp.FirstOrDefault(text => text.StartsWith("AUEP", StringComparison.Ordinal) || text.StartsWith("DLCX", StringComparison.Ordinal)) is not { } pending) continue;
            bench.Mgcp.Remove(pending);
            bench.FromGateway($"{(pending[0] == 'A' ? 200 : 250)} {pending.Split(' ')[1]} OK\r\n");
        }
    }

    private static ServiceCounts Counts(Bench bench) => bench.Ask<ImmutableArray<GatewayView>>(new EngineQuery.Gateways()).Single().Services;

    private static ImmutableArray<DiscoveredView> Discovered(Bench bench) => bench.Ask<ImmutableArray<DiscoveredView>>(new EngineQuery.Discovered());
}
