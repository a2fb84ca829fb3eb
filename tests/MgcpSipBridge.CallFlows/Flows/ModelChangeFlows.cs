using MgcpSipBridge.Engine;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.CallFlows;

/// <summary>Lines, gateways and peers change while the bridge runs: what is checked is in force, and what stays is not touched.</summary>
public sealed class ModelChangeFlows
{
    private static readonly HouseOptions Four = new() { PhonesPerGateway = 4 };
    private static readonly HouseOptions Two = new() { Gateways = 2 };

    private static Func<LineModel, LineModel?> To(string endpoint) => line => line with { Endpoint = endpoint };

    private static Func<LineModel, LineModel?> To(string gateway, string endpoint) => line => line with { Gateway = gateway, Endpoint = endpoint };

    private static Func<LineModel, LineModel?> Number(string number) => line => line with { Number = number, Username = number, Password = "secret" + number };

    private static Func<LineModel, LineModel?> Gone => _ => null;

    private static Func<LineModel, LineModel?> At(string peer) => line => line with { Peer = peer };

    private static EngineModel Peer(EngineModel model, string name, Func<PeerModel, PeerModel> change) =>
        model with { Peers = [.. model.Peers.Select(peer => peer.Sip.Name == name ? change(peer) : peer)] };

    /// <summary>A house whose second PBX registers lines, too.</summary>
    private static Estate TwoPbxs(HouseOptions? options = null) => new Estate(options).Changes(model => Peer(model, "pbx2", Mode(SipRegistrationMode.PerLine)));

    private static Func<PeerModel, PeerModel> Mode(SipRegistrationMode mode) =>
        peer => peer with { Sip = peer.Sip with { Registration = mode, Username = "trunk1", Password = "secret" } };

    [Fact]
    public void Nothing_changes() => new Estate().IsWhole().Changes(static model => model with { Lines = [.. model.Lines] }).IsWhole();

    [Fact]
    public void A_line_moves_to_a_free_endpoint() =>
        new Estate(Four).ChangesLines(("1004", Gone)).IsWhole().ChangesLines(("1001", To("aaln/4"))).IsWhole().ChangesLines(("1001", To("aaln/1"))).IsWhole();

    [Fact]
    public void A_line_moves_back_before_anybody_has_noticed() =>
        new Estate(Four).ChangesLines(("1004", Gone)).ChangesLines(("1001", To("aaln/4"))).ChangesLines(("1001", To("aaln/1"))).IsWhole();

    [Fact]
    public void Two_lines_swap_their_endpoints() =>
        new Estate().ChangesLines(("1001", To("aaln/2")), ("1002", To("aaln/1"))).IsWhole().ChangesLines(("1001", To("aaln/1")), ("1002", To("aaln/2"))).IsWhole();

    [Fact]
    public void Three_lines_change_places_in_a_ring() =>
        new Estate(Four).ChangesLines(("1001", To("aaln/2")), ("1002", To("aaln/3")), ("1003", To("aaln/1"))).IsWhole();

    [Fact]
    public void A_line_moves_where_another_leaves_for_elsewhere() =>
        new Estate(Four).ChangesLines(("1004", Gone)).ChangesLines(("1001", To("aaln/2")), ("1002", To("aaln/4"))).IsWhole();

    [Fact]
    public void A_line_moves_where_another_is_taken_away() => new Estate().ChangesLines(("1001", To("aaln/2")), ("1002", Gone)).IsWhole();

    [Fact]
    public void A_line_moves_to_another_gateway() =>
        new Estate(Two).ChangesLines(("1012", Gone)).ChangesLines(("1001", To("gw2", "aaln/2"))).IsWhole().ChangesLines(("1001", To("gw1", "aaln/1"))).IsWhole();

    [Fact]
    public void Lines_of_two_gateways_swap() => new Estate(Two).ChangesLines(("1001", To("gw2", "aaln/1")), ("1011", To("gw1", "aaln/1"))).IsWhole();

    [Fact]
    public void A_line_moves_and_its_gateway_goes() =>
        new Estate(Two).Changes(static model => model with
        {
            Gateways = [.. model.Gateways.Where(gateway => gateway.Mgcp.Name != "gw2")],
            Lines = [.. model.Lines.Where(line => line.Number != "1002" && line.Number != "1012").Select(line => line.Gateway == "gw2" ? line with { Gateway = "gw1", Endpoint = "aaln/2" } : line)],
        }).IsWhole();

    [Fact]
    public void A_line_changes_its_number() => new Estate().ChangesLines(("1001", Number("1005"))).IsWhole().ChangesLines(("1005", Number("1001"))).IsWhole();

    [Fact]
    public void A_line_changes_its_number_and_keeps_its_account() => new Estate().ChangesLines(("1001", static line => line with { Number = "1005" })).IsWhole();

    [Fact]
    public void Two_lines_swap_their_numbers() => new Estate().ChangesLines(("1001", Number("1002")), ("1002", Number("1001"))).IsWhole();

    [Fact]
    public void Two_lines_swap_their_accounts() => new Estate().ChangesLines(
        ("1001", static line => line with { Username = "1002", Password = "secret1002" }), ("1002", static line => line with { Username = "1001", Password = "secret1001" })).IsWhole();

    [Fact]
    public void A_line_changes_its_account() => new Estate().ChangesLines(("1001", static line => line with { Username = "1005", Password = "secret1005" })).IsWhole();

    [Fact]
    public void A_line_goes_and_another_comes_at_its_endpoint() =>
        new Estate().Changes(static model => model with
        {
            Lines = [model.Lines[1], model.Lines[0] with { Number = "1005", Username = "1005", Password = "secret1005", DisplayName = "Eve" }],
        }).IsWhole();

    [Fact]
    public void A_line_goes_and_comes_again() => new Estate().Changes(static model => model with { Lines = [model.Lines[1]] }).Changes(model => model with
    {
        Lines = [.. model.Lines, new LineModel("1001", "Alice", "gw1", "aaln/1", "pbx", "1001", "secret1001", model.Lines[0].Features)],
    }).IsWhole();

    [Fact]
    public void An_endpoint_is_spelt_otherwise() => new Estate().ChangesLines(("1001", To("AALN/1"))).Changes(static model => model with
    {
        Lines = [.. model.Lines.Select(static line => line with { Endpoint = line.Endpoint.ToLowerInvariant() })],
    }).IsWhole();

    [Fact]
    public void A_line_changes_its_peer() => TwoPbxs().ChangesLines(("1001", At("pbx2"))).IsWhole().ChangesLines(("1001", At("pbx"))).IsWhole();

    [Fact]
    public void A_line_changes_its_peer_and_its_endpoint() =>
        TwoPbxs(Four).ChangesLines(("1004", Gone)).ChangesLines(("1001", static line => line with { Endpoint = "aaln/4", Peer = "pbx2" })).IsWhole();

    [Fact]
    public void Two_lines_of_two_peers_swap_everything() =>
        TwoPbxs().ChangesLines(("1002", At("pbx2"))).IsWhole()
            .ChangesLines(("1001", static line => line with { Endpoint = "aaln/2", Peer = "pbx2" }), ("1002", static line => line with { Endpoint = "aaln/1", Peer = "pbx" })).IsWhole();

    [Fact]
    public void A_peer_gets_another_name() => new Estate().Changes(static model => model with
    {
        Peers = [.. model.Peers.Select(static peer => peer.Sip.Name == "pbx" ? peer with { Sip = peer.Sip with { Name = "office" } } : peer)],
        Lines = [.. model.Lines.Select(static line => line with { Peer = "office" })],
        Routes = [.. model.Routes.Select(static route => route with { Peer = "office" })],
    }).IsWhole();

    [Fact]
    public void A_peer_goes_and_its_lines_are_another_s() => TwoPbxs().Changes(static model => model with
    {
        Peers = [.. model.Peers.Where(static peer => peer.Sip.Name == "pbx2")],
        Lines = [.. model.Lines.Select(static line => line with { Peer = "pbx2" })],
        Routes = [.. model.Routes.Select(static route => route with { Peer = "pbx2", Failover = [] })],
    }).IsWhole();

    [Fact]
    public void A_peer_is_another_PBX_now() => new Estate().Changes(static model => model with
    {
        Peers =
        [
            model.Peers[0] with { Sip = model.Peers[0].Sip with { Host = model.Peers[1].Sip.Host } },
            model.Peers[1] with { Sip = model.Peers[1].Sip with { Host = model.Peers[0].Sip.Host } },
        ],
    }).IsWhole();

    [Theory]
    [InlineData(SipRegistrationMode.PerLine, SipRegistrationMode.Trunk)]
    [InlineData(SipRegistrationMode.PerLine, SipRegistrationMode.None)]
    [InlineData(SipRegistrationMode.Trunk, SipRegistrationMode.PerLine)]
    [InlineData(SipRegistrationMode.Trunk, SipRegistrationMode.None)]
    [InlineData(SipRegistrationMode.None, SipRegistrationMode.PerLine)]
    [InlineData(SipRegistrationMode.None, SipRegistrationMode.Trunk)]
    public void A_peer_registers_otherwise(SipRegistrationMode from, SipRegistrationMode to) =>
        new Estate(new HouseOptions { Registration = from }).IsWhole().Changes(model => Peer(model, "pbx", Mode(to))).IsWhole().Changes(model => Peer(model, "pbx", Mode(from))).IsWhole();

    [Fact]
    public void A_trunk_has_the_account_that_a_line_had() => new Estate().Changes(static model => Peer(model, "pbx", static peer =>
        peer with { Sip = peer.Sip with { Registration = SipRegistrationMode.Trunk, Username = "1001", Password = "secret1001" } })).IsWhole();

    [Fact]
    public void A_line_at_a_trunk_moves() =>
        new Estate(new HouseOptions { Registration = SipRegistrationMode.Trunk }).ChangesLines(("1001", To("aaln/2")), ("1002", To("aaln/1"))).IsWhole().ChangesLines(("1001", Number("1005"))).IsWhole();

    [Fact]
    public void A_gateway_gets_another_domain()
    {
        var estate = new Estate();
        estate.House.Gateway.Rename("cellar.example.net");
        estate.Changes(Domain("cellar.example.net")).IsWhole();
    }

    [Fact]
    public void A_gateway_s_domain_was_wrong()
    {
        var estate = new Estate();
        estate.Changes(Domain("attic.example.net"));
        estate.House.Waits(10);
        estate.Changes(Domain("gw1.example.net")).IsWhole();
    }

    [Fact]
    public void A_gateway_gets_another_domain_and_its_lines_swap()
    {
        var estate = new Estate();
        estate.House.Gateway.Rename("cellar.example.net");
        estate.Changes(static model => Domain("cellar.example.net")(model with { Lines = [model.Lines[0] with { Endpoint = "aaln/2" }, model.Lines[1] with { Endpoint = "aaln/1" }] })).IsWhole();
    }

    [Fact]
    public void A_gateway_gets_another_name() => new Estate().Changes(static model => model with
    {
        Gateways = [.. model.Gateways.Select(static gateway => gateway with { Mgcp = gateway.Mgcp with { Name = "cellar" } })],
        Lines = [.. model.Lines.Select(static line => line with { Gateway = "cellar" })],
    }).IsWhole();

    [Fact]
    public void Two_gateways_swap_their_names() => new Estate(Two).Changes(static model => model with
    {
        Gateways = [model.Gateways[0] with { Mgcp = model.Gateways[1].Mgcp with { Name = "gw1" } }, model.Gateways[1] with { Mgcp = model.Gateways[0].Mgcp with { Name = "gw2" } }],
    }).IsWhole();

    private static Func<EngineModel, EngineModel> Domain(string domain) => model => model with
    {
        Gateways = [.. model.Gateways.Select(gateway => gateway with { Mgcp = gateway.Mgcp with { Domain = domain } })],
    };
}
