using CsCheck;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Observability;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Tests;

public sealed class LinesYamlTests : IDisposable
{
    private const string Whole = """
        peers:                                   # the SIP side
          - name: pbx
            uri: sip:10.0.0.9:5060;transport=udp
            registration: perLine
            realm: pbx.example.net
            username: trunk1
            password: secret
          - { name: pbx2, uri: "sip:pbx.example.net", registration: trunk, username: t, password: p, media: learn }
        gateways:
          - name: gw1
            domain: gw1.example.net
            address: 10.0.0.21:2427
            profile: auto
            lines:
              - endpoint: aaln/1
                number: "1001"
                displayName: Alice
                peer: pbx
                username: "1001"
                password: secret
                features: { callWaiting: true, threeWay: true, transfer: true, callerId: true, messageWaiting: true,
                            hotline: null, forwardAlways: null, forwardBusy: null, forwardNoAnswer: null, doNotDisturb: false }
              - { endpoint: AALN/2, number: 0112, peer: pbx2, features: { callerId: false, hotline: "1001", hotlineDelay: 5, forwardBusy: "*98", forwardingCodes: false, privacyCodes: false, doNotDisturbCodes: false } }
          - { name: gw2, domain: "[10.0.0.22]", profile: ncs, media: learn }
        routes:
          - { name: emergency, prefix: "112", peer: pbx, priority: 0 }
          - { name: all, prefix: "", peer: pbx, stripDigits: 1, prepend: "+49", failover: [pbx2], minDigits: 3, maxDigits: 20 }
        """;

    private static readonly string[] Fragments =
    [
        "peers", "gateways", "lines", "routes", "name", "uri", "peer", "prefix", ":", ": ", "- ", "\n", "\n  ", "\n    ", "[", "]", "{", "}", ",", "&a ", "*a", "\"", "'", "null", "~", "1", "sip:x", "#", "\t", "é", "\0", "---\n", "? ", "| ", "> ", "!!str ",
    ];

    private readonly Loading _loading = new();

    public void Dispose() => _loading.Dispose();

    [Fact]
    public void A_peers_way_with_numbers_is_read_and_a_route_may_put_a_plus_in_front()
    {
        var model = _loading.Load(null, """
            peers:
              - name: pbx
                uri: "sip:10.0.0.9"
                numbersOut: [ { prefix: "00", stripDigits: 2, prepend: "+" }, { prepend: "+4930", minDigits: 5, maxDigits: 8 } ]
                numbersIn: [ { prefix: "+", stripDigits: 1, prepend: "00" } ]
                userPhone: true
            routes: [ { name: world, prefix: "00", stripDigits: 2, prepend: "+", peer: pbx } ]
            """).Lines!;
        Assert.Equal(new SipNumbering([new("00", 2, "+"), new("", 0, "+4930", 5, 8)], [new("+", 1, "00")], userPhone: true), model.Peers[0].Sip.Numbers);
        Assert.Equal("+", model.Routes[0].Prepend);
        Assert.Collection(
            _loading.Problems(null, """
                peers: [ { name: pbx, uri: "sip:10.0.0.9", numbersOut: [ { prefix: "0x", prepend: "1+" } ], numbersIn: [ { prefix: "+49", stripDigits: 4, minDigits: 5, maxDigits: 4, strip: 1 } ] } ]
                """),
            problem => Assert.EndsWith("peers[0].numbersOut[0].prefix: \"0x\" is not digits: 0-9, *, #, A-D, with or without a leading +", problem, StringComparison.Ordinal),
            problem => Assert.EndsWith("peers[0].numbersOut[0].prepend: \"1+\" is not digits: 0-9, *, #, A-D, with or without a leading +", problem, StringComparison.Ordinal),
            problem => Assert.EndsWith("peers[0].numbersIn[0].stripDigits: 4 is more than the prefix has", problem, StringComparison.Ordinal),
            problem => Assert.EndsWith("peers[0].numbersIn[0].maxDigits: 4 is fewer than minDigits", problem, StringComparison.Ordinal),
            problem => Assert.Contains("peers[0].numbersIn[0].strip: unknown field", problem, StringComparison.Ordinal));
    }

    [Fact]
    public void The_contracts_shape_becomes_the_model()
    {
        var model = _loading.Load(null, Whole).Lines!;
        Assert.Equal(new SipPeerModel("pbx", "10.0.0.9", 5060, SipTransport.Udp, SipRegistrationMode.PerLine, "pbx.example.net", "trunk1", "secret"), model.Peers[0].Sip);
        Assert.Equal(new PeerModel(new SipPeerModel("pbx2", "pbx.example.net", 0, null, SipRegistrationMode.Trunk, null, "t", "p"), SourceLearning.Learn), model.Peers[1]);
        var gateway = model.Gateways[0].Mgcp;
        Assert.Equal(("gw1", "gw1.example.net", "10.0.0.21:2427", MgcpProfile.Auto), (gateway.Name, gateway.Domain, gateway.Address.ToString(), gateway.Profile));
        Assert.Equal(["aaln/1", "AALN/2"], gateway.Endpoints);
        Assert.Equal((null, MgcpProfile.Ncs, SourceLearning.Learn), (model.Gateways[1].Mgcp.Address, model.Gateways[1].Mgcp.Profile, model.Gateways[1].Media));
        Assert.Equal(new LineModel("1001", "Alice", "gw1", "aaln/1", "pbx", "1001", "secret", new LineFeatures()), model.Lines[0]);
        // A number is text: its zero stays, quotes or not.
        Assert.Equal(new LineModel("0112", null, "gw1", "AALN/2", "pbx2", "0112", null, new LineFeatures
        {
            CallerId = false,
            Hotline = "1001",
            HotlineDelay = TimeSpan.FromSeconds(5),
            ForwardBusy = "*98",
            ForwardingCodes = false,
            PrivacyCodes = false,
            DoNotDisturbCodes = false,
        }), model.Lines[1]);
        Assert.Equal(("emergency", "112", "pbx", 0, 3, 0), (model.Routes[0].Name, model.Routes[0].Prefix, model.Routes[0].Peer, model.Routes[0].Priority, model.Routes[0].MinDigits, model.Routes[0].MaxDigits));
        var all = model.Routes[1];
        Assert.Equal(("", 1, "+49", 3, 20), (all.Prefix, all.StripDigits, all.Prepend, all.MinDigits, all.MaxDigits));
        Assert.Equal(["pbx2"], all.Failover);
    }

    [Fact]
    public void What_a_peer_is_told_and_believed()
    {
        const string Text = """
            peers:
              - { name: plain, uri: "sip:10.0.0.8" }
              - { name: pbx, uri: "sip:10.0.0.9", digits: info, trusted: false, subscribesToMessages: true, callerFrom: remotePartyId, callerIn: pPreferredIdentity }
            gateways:
              - { name: g, domain: g, lines: [{ endpoint: a, number: "1", peer: pbx, features: { withholdNumber: true } }, { endpoint: b, number: "2", peer: pbx }] }
            """;
        var model = _loading.Load(null, Text).Lines!;
        var (plain, pbx) = (model.Peers[0], model.Peers[1]);
        Assert.Equal((DtmfForm.Unchanged, true, false, SipIdentityHeader.PAssertedIdentity, SipIdentityHeader.From), (plain.Dtmf, plain.Sip.Trusted, plain.Sip.AsksForMessages, plain.Sip.CallerFrom, plain.Sip.CallerIn));
        Assert.Equal((DtmfForm.OutOfBand, false, true, SipIdentityHeader.RemotePartyId, SipIdentityHeader.PPreferredIdentity), (pbx.Dtmf, pbx.Sip.Trusted, pbx.Sip.AsksForMessages, pbx.Sip.CallerFrom, pbx.Sip.CallerIn));
        Assert.Equal([true, false], model.Lines.Select(line => line.Features.WithholdNumber));
    }

    [Fact]
    public void How_faxes_pass()
    {
        const string Text = """
            peers:
              - { name: plain, uri: "sip:10.0.0.8" }
              - { name: pbx, uri: "sip:10.0.0.9", fax: passthrough }
            gateways:
              - { name: g, domain: g, fax: t38, lines: [{ endpoint: a, number: "1", peer: pbx, fax: off }, { endpoint: b, number: "2", peer: pbx }] }
              - { name: h, domain: h }
            """;
        var model = _loading.Load(null, Text).Lines!;
        Assert.Equal([FaxHandling.Auto, FaxHandling.Passthrough], model.Peers.Select(peer => peer.Fax));
        Assert.Equal([FaxHandling.T38, FaxHandling.Auto], model.Gateways.Select(gateway => gateway.Fax));
        Assert.Equal([FaxHandling.Off, null], model.Lines.Select(line => line.Fax));
    }

    [Fact]
    public void A_peers_audio_may_be_encrypted_and_should_then_be_spoken_to_by_TLS()
    {
        var model = _loading.Load(null, """
            peers:
              - { name: plain, uri: "sip:10.0.0.8" }
              - { name: off, uri: "sip:10.0.0.9", srtp: off }
              - { name: open, uri: "sip:10.0.0.10;transport=tcp", srtp: optional }
              - { name: secret, uri: "sip:10.0.0.11", srtp: required }
            """).Lines!;
        Assert.Equal([SrtpPolicy.Off, SrtpPolicy.Off, SrtpPolicy.Optional, SrtpPolicy.Required], model.Peers.Select(peer => peer.Srtp));
        var warnings = SrtpMetrics.Warnings(model).ToArray();
        Assert.Equal(["open", "secret"], warnings.Select(warning => warning.Peer));
        Assert.Contains("srtp is optional but the uri does not say transport=tls", warnings[0].Warning, StringComparison.Ordinal);
        Assert.Contains("srtp is required", warnings[1].Warning, StringComparison.Ordinal);
        var safe = model with { Peers = [.. model.Peers.Select(peer => peer with { Sip = peer.Sip with { Transport = SipTransport.Tls } })] };
        Assert.Empty(SrtpMetrics.Warnings(safe));
    }

    [Theory]
    [InlineData("dtmf: auto", DtmfForm.Unchanged)]
    [InlineData("dtmf: rfc4733", DtmfForm.Events)]
    [InlineData("dtmf: inband", DtmfForm.InBand)]
    [InlineData("dtmf: info", DtmfForm.OutOfBand)]
    [InlineData("digits: info", DtmfForm.OutOfBand)]
    [InlineData("digits: info, dtmf: inband", DtmfForm.InBand)]
    public void How_a_peer_takes_digits(string keys, DtmfForm form) =>
        Assert.Equal(form, _loading.Load(null, $"peers: [{{ name: pbx, uri: 'sip:10.0.0.9', {keys} }}]").Lines!.Peers[0].Dtmf);

    [Theory]
    [InlineData("auto", DtmfForm.Unchanged)]
    [InlineData("rfc4733", DtmfForm.Events)]
    [InlineData("inband", DtmfForm.InBand)]
    [InlineData("notify", DtmfForm.OutOfBand)]
    public void How_a_gateway_takes_digits(string word, DtmfForm form) =>
        Assert.Equal(form, _loading.Load(null, $"gateways: [{{ name: g, domain: g, dtmf: {word} }}]").Lines!.Gateways[0].Dtmf);

    [Theory]
    [InlineData("dtmf: notify")]
    [InlineData("fax: T.38")]
    [InlineData("digits: tones")]
    [InlineData("srtp: maybe")]
    [InlineData("trusted: maybe")]
    [InlineData("subscribesToMessages: 3")]
    [InlineData("callerFrom: to")]
    [InlineData("callerIn: diversion")]
    public void What_a_peer_cannot_be_told(string key) =>
        Assert.Contains("peers[0]." + key.Split(':')[0], Assert.Single(_loading.Problems(null, $"peers: [{{ name: pbx, uri: 'sip:10.0.0.9', {key} }}]")), StringComparison.Ordinal);

    [Theory]
    [InlineData("gw.example.net", "gw.example.net", 2427)]
    [InlineData("gw:2428", "gw", 2428)]
    public void A_gateways_address_may_be_a_name(string address, string name, int port)
    {
        var gateway = _loading.Load(null, $"gateways: [{{ name: g, domain: g, address: '{address}' }}]").Lines!.Gateways[0];
        Assert.Equal((null, new GatewayHost(name, port)), (gateway.Mgcp.Address, gateway.Host));
    }

    [Fact]
    public void What_the_operator_knows_better_than_the_bridge_overrides_single_traits()
    {
        // Every trait under the name and in the words in which the API shows it.
        var decided = new TraitOverrides
        {
            Version = "MGCP 1.0 NCS 1.0",
            DigitMaps = false,
            DigitPackage = "L",
            CallProgressPackage = "L",
            Piggyback = true,
            EncapsulatedRequests = false,
            CallerId = false,
            ExplicitToneStop = true,
            LoopMode = false,
            ConfirmAnswers = true,
            Answers = ResponseSource.Anywhere,
            MaxDigitMapBytes = 512,
            DigitMapQuirks = DigitMapQuirks.LongestMatch,
            DefaultPackage = "DT",
            LinePackage = "BL",
            Packages = "BL:0;D:1",
            OneAtATime = true,
            EntityInConnections = false,
            BulkAudit = true,
            EmbeddedRequests = false,
            DetectEvents = false,
            PersistentEvents = false,
            PersistentHook = true,
        };
        Assert.DoesNotContain(typeof(TraitOverrides).GetProperties(), p => p.GetValue(decided) is null);
        var shown = TraitView.Of(new MgcpGatewayModel("g", "g", null, MgcpProfile.Auto, []) { Overrides = decided }, decided.Apply(new GatewayTraits()));
        var written = string.Join(", ", shown.Where(t => t.Source == TraitSource.Overridden).Select(t => $"{t.Name}: {t.Value}"));
        var model = _loading.Load(null, $"gateways: [{{ name: g, domain: g, alsoFrom: [10.0.0.22, '2001:db8::1'], traits: {{ {written} }} }}]").Lines!;
        Assert.Equal(decided, model.Gateways[0].Mgcp.Overrides);
        Assert.Equal(["10.0.0.22", "2001:db8::1"], model.Gateways[0].Mgcp.AlsoFrom.Select(a => a.Host));
        Assert.Equal(new TraitOverrides { Piggyback = false }, _loading.Load(null, "gateways: [{ name: g, domain: g, traits: { piggyback: false, version: null } }]").Lines!.Gateways[0].Mgcp.Overrides);
    }

    [Theory]
    [InlineData("{ bearer: aLaw }", BearerEncoding.ALaw, "")]
    [InlineData("{ parameters: ['LCK/LST: 120', 'X-Gain:3 dB'] }", null, "LCK/LST=120;X-Gain=3 dB")]
    [InlineData("{ bearer: muLaw, parameters: ['RED/R: reset'] }", BearerEncoding.MuLaw, "RED/R=reset")]
    public void A_gateways_endpoints_may_be_told_more(string written, BearerEncoding? bearer, string parameters)
    {
        var told = _loading.Load(null, $"gateways: [{{ name: g, domain: g, configuration: {written} }}]").Lines!.Gateways[0].Mgcp.Configuration!;
        Assert.Equal((bearer, parameters), (told.Bearer, string.Join(';', told.Extensions.Select(e => $"{e.Name}={e.Value}"))));
        Assert.Null(_loading.Load(null, "gateways: [{ name: g, domain: g, configuration: { parameters: [] } }]").Lines!.Gateways[0].Mgcp.Configuration);
    }

    [Theory]
    [InlineData("{ bearer: g711 }", "gateways[0].configuration.bearer")]
    [InlineData("{ parameters: ['K: 5'] }", "gateways[0].configuration.parameters[0]")]
    [InlineData("{ parameters: [\"LCK/LST: 1\\nRM: x\"] }", "gateways[0].configuration.parameters[0]")]
    [InlineData("{ codec: aLaw }", "gateways[0].configuration.codec")]
    public void What_cannot_be_told_is_a_problem(string written, string path) =>
        Assert.Contains(path, Assert.Single(_loading.Problems(null, $"gateways: [{{ name: g, domain: g, configuration: {written} }}]")), StringComparison.Ordinal);

    [Fact]
    public void Every_problem_is_reported_at_once_with_its_line_and_path()
    {
        Snapshot.Matches("lines-problems.txt", string.Join('\n', _loading.Problems(null, """
            peers:
              - name: pbx
                uri: sip:10.0.0.9:5060;transport=upd
                registraton: perLine
              - { name: pbx,              registration: perline }
            gateways:
              - name: gw1
                address: gw1:no
                lines:
                  - { endpoint: aaln/1, number: "1001", peer: pbx, features: { callWaitng: true, transfer: yes } }
                  - { endpoint: AALN/1, number: "1001", peer: pbxx }
                  - { endpoint: "aaln/*", number: "10 01" }
            routes:
              - { name: a, prefix: x, peer: pbx }
              - { name: b, prefix: "0", peer: pbx, priority: 2 }
              - { name: c, prefix: "0", peer: pbx, priority: 2 }
            """)) + "\n");
    }

    [Theory]
    [InlineData("peers: [\n", "not valid YAML")]
    [InlineData("peers:\n\t- x", "lines.yaml:1:1: not valid YAML")]
    [InlineData("- a", "must be a mapping (name: value), not a list")]
    [InlineData("peers: {}", "lines.yaml:1:8: peers: must be a list, not a mapping")]
    [InlineData("peers:\n  - pbx", "lines.yaml:2:5: peers[0]: must be a mapping (name: value), not a value")]
    [InlineData("peers: []\nroutes: []\npeers: []", "lines.yaml:3:1: peers: written twice")]
    [InlineData("gateway: []", "lines.yaml:1:1: gateway: unknown field; did you mean gateways?")]
    [InlineData("peers: []\n---\npeers: []", "a second document")]
    [InlineData("peers: *x", "no such anchor before this")]
    [InlineData("peers: [{name: a, uri: 'sips:x'}]", "is reached over TLS, but Sip:Listen has no tls:// listener")]
    [InlineData("peers: [{name: a, uri: 'sip:x;transport=tls'}]", "is reached over TLS, but Sip:Listen has no tls:// listener")]
    [InlineData("peers: [{name: a, uri: 'sip:bob@x'}]", "names a user")]
    [InlineData("peers: [{name: a, uri: 'sip:x:99999'}]", "bad port")]
    [InlineData("peers: [{name: a, uri: 'sip:1.2.3.400'}]", "has no host")]
    [InlineData("peers: [{name: a, uri: 'sip:'}]", "has no host")]
    [InlineData("peers: [{name: a/b, uri: 'sip:x'}]", "is not a name")]
    [InlineData("peers: [{name: a, uri: 'sip:x', registration: trunk}]", "username: is missing")]
    [InlineData("gateways: [{name: a, domain: 'a@b'}]", "is not a domain name")]
    [InlineData("gateways: [{name: a, domain: x}, {name: b, domain: X}]", "gateways[1].domain: X is there already")]
    [InlineData("gateways: [{name: a, domain: x, address: 0.0.0.0}]", "is not an IP address")]
    [InlineData("gateways: [{name: a, domain: x, address: 'gw.example.net:0'}]", "is not an IP address or a host name")]
    [InlineData("gateways: [{name: a, domain: x, address: 10.0.0.300}]", "is not an IP address or a host name")]
    [InlineData("gateways: [{name: a, domain: x, address: '2001:db8::1'}]", "is an IPv6 address, but Mgcp:Listen has none of that kind")]
    [InlineData("gateways: [{name: a, domain: x, traits: {digitMap: false}}]", "gateways[0].traits.digitMap: unknown field; did you mean digitMaps?")]
    [InlineData("gateways: [{name: a, domain: x, traits: {answers: samehost}}]", "\"samehost\" is not one of exact, sameHost, anywhere; did you mean sameHost?")]
    [InlineData("gateways: [{name: a, domain: x, traits: {digitPackage: DTMF}}]", "traits.digitPackage: \"DTMF\" is not one of D, L")]
    [InlineData("gateways: [{name: a, domain: x, traits: {maxDigitMapBytes: 12}}]", "traits.maxDigitMapBytes: \"12\" is not a whole number from 32 to 60000")]
    [InlineData("gateways: [{name: a, domain: x, traits: {defaultPackage: 'L/hd'}}]", "traits.defaultPackage: \"L/hd\" is not the name of a package")]
    [InlineData("gateways: [{name: a, domain: x, traits: {packages: 'L,G'}}]", "traits.packages: \"L,G\" is not a list of packages")]
    [InlineData("gateways: [{name: a, domain: x, traits: {callerId: yes}}]", "traits.callerId: \"yes\" is not true or false")]
    [InlineData("gateways: [{name: a, domain: x, traits: {version: '1.0'}}]", "traits.version: \"1.0\" is not the text of a first line")]
    [InlineData("gateways: [{name: a, domain: x, traits: [piggyback]}]", "traits: must be a mapping")]
    [InlineData("gateways: [{name: a, domain: x, alsoFrom: ['10.0.0.1:2427']}]", "alsoFrom[0]: \"10.0.0.1:2427\" is not an IP address (without port)")]
    [InlineData("peers: [{name: p, uri: 'sip:x'}]\ngateways: [{name: a, domain: x, lines: [{endpoint: e, number: 1, peer: p, features: {forwardBusy: 1}}]}]", "lines[0].features.forwardBusy: \"1\" is the line itself")]
    [InlineData("peers: [{name: p, uri: 'sip:x'}]\ngateways: [{name: a, domain: x, lines: [{endpoint: e, number: 1, peer: p, features: {hotlineDelay: 61}}]}]", "lines[0].features.hotlineDelay: \"61\" is not a whole number from 0 to 60")]
    [InlineData("peers: [{name: p, uri: 'sip:x'}]\ngateways: [{name: a, domain: x, lines: [{endpoint: e, number: 1, peer: p, features: {forwardCodes: false}}]}]", "did you mean forwardingCodes?")]
    [InlineData("routes: [{name: a, peer: b, prefix: '1'}]", "there is no peer \"b\"")]
    [InlineData("peers: [{name: p, uri: 'sip:x'}]\nroutes: [{name: a, peer: p, failover: [p]}]", "routes[0].failover[0]: peer p is tried before already")]
    [InlineData("peers: [{name: p, uri: 'sip:x'}]\nroutes: [{name: a, peer: p, prefix: '112', minDigits: 2}]", "minDigits: 2 is fewer than the prefix has")]
    [InlineData("peers: [{name: p, uri: 'sip:x'}]\nroutes: [{name: a, peer: p, minDigits: 5, maxDigits: 4}]", "maxDigits: 4 is fewer than minDigits")]
    [InlineData("peers: [{name: p, uri: 'sip:x'}]\nroutes: [{name: a, peer: p, priority: -1}]", "\"-1\" is not a whole number from 0 to 65535")]
    public void A_single_problem_is_named(string yaml, string problem) =>
        Assert.Contains(problem, Assert.Single(_loading.Problems(null, yaml)), StringComparison.Ordinal);

    [Theory]
    [InlineData("sip:10.0.0.9;transport=udp", "tcp://127.0.0.1", "is reached over UDP, but Sip:Listen has no udp:// listener")]
    [InlineData("sip:10.0.0.9", "tcp://127.0.0.1", "is reached over UDP, but Sip:Listen has no udp:// listener")]
    [InlineData("sip:pbx.example.net;transport=tcp", "udp://127.0.0.1", "is reached over TCP, but Sip:Listen has no tcp:// listener")]
    [InlineData("sip:[2001:db8::9]", "udp://0.0.0.0", "has an IPv6 address, but Sip:Listen has no udp:// listener of that kind")]
    [InlineData("sip:[2001:db8::9]", "udp://[::]", null)]
    [InlineData("sip:10.0.0.9", "udp://[::]", null)]
    [InlineData("sip:pbx.example.net", "tcp://127.0.0.1", null)]
    public void A_peer_must_be_reachable_from_where_we_listen(string uri, string listen, string? problem)
    {
        var problems = _loading.Problems(null, $"peers:\n  - name: a\n    uri: '{uri}'", [$"--Sip:Listen:0={listen}"]);
        if (problem is null) Assert.Empty(problems);
        else Assert.Equal("lines.yaml:3:5: peers[0].uri: " + problem, Assert.Single(problems));
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n")]
    [InlineData("peers:\ngateways: ~\nroutes: []\n")]
    public void Nothing_is_provisioned_by_an_empty_file(string yaml) => Assert.Empty(_loading.Load(null, yaml).Lines!.Gateways);

    [Fact]
    public void Anchors_spare_repetition()
    {
        var model = _loading.Load(null, """
            peers: [ { name: p, uri: "sip:192.0.2.1" } ]
            gateways:
              - name: g
                domain: g
                lines:
                  - { endpoint: aaln/1, number: 1, peer: p, features: &quiet { callerId: false } }
                  - { endpoint: aaln/2, number: 2, peer: p, features: *quiet }
            """).Lines!;
        Assert.False(model.Lines[1].Features.CallerId);
    }

    // Whatever stands in the file, the answer is a list of problems, never an exception; and without problems there is a model.
    [Fact]
    public void Any_text_is_answered()
    {
        var words = Gen.OneOf(Fragments.Select(Gen.Const).ToArray());
        words.Array[0, 40].Select(w => string.Concat(w)).Sample(text =>
        {
            var problems = new ConfigProblems();
            var model = ProvisioningValidator.Validate(LinesYaml.Read("lines.yaml", text, problems), [], problems);
            return model is not null == problems.None;
        }, iter: 2000);
    }
}
