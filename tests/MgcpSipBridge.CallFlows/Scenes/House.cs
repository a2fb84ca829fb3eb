using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Simulator;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.CallFlows;

/// <summary>How a scene is set.</summary>
internal sealed record HouseOptions
{
    public ulong Seed { get; init; } = 1;

    public GatewayQuirks Quirks { get; init; } = new();

    /// <summary>Quirks gateway by gateway; null: all have <see cref="Quirks"/>.</summary>
    public Func<int, GatewayQuirks>? QuirksOf { get; init; }

    public MgcpProfile Profile { get; init; } = MgcpProfile.Auto;

    public LinkQuality Network { get; init; } = LinkQuality.Perfect;

    /// <summary>Whether voices really travel as RTP.</summary>
    public bool Audio { get; init; }

    /// <summary>Whether gateways send digits as telephone events beside the sound (RFC 4733).</summary>
    public bool TelephoneEvents { get; init; }

    public SipRegistrationMode Registration { get; init; } = SipRegistrationMode.PerLine;

    public Func<PeerSetup, PeerSetup> Pbx { get; init; } = setup => setup;

    /// <summary>What the bridge is told about its first peer beside where it is.</summary>
    public Func<PeerModel, PeerModel> Peer { get; init; } = model => model;

    /// <summary>What the bridge is told about its gateways beside where they are.</summary>
    public Func<GatewayModel, GatewayModel> GatewayModel { get; init; } = model => model;

    /// <summary>How gateways are installed beside where they are.</summary>
    public Func<GatewaySetup, GatewaySetup> GatewaySetup { get; init; } = setup => setup;

    /// <summary>What the bridge is told about its lines beside where they are.</summary>
    public Func<LineModel, LineModel> Line { get; init; } = model => model;

    /// <summary>Whether a second PBX stands behind the first one in the routes.</summary>
    public bool Failover { get; init; }

    /// <summary>
    /// The bridge's settings. Its own pings and the spreading of its start are drawn by chance; without them a ladder shows nothing but the
    /// scene. The crowd has them.
    /// </summary>
    public Func<EngineSettings, EngineSettings> Engine { get; init; } =
        settings => settings with { Mgcp = settings.Mgcp with { AuditInterval = TimeSpan.FromHours(1), StartSpread = TimeSpan.Zero } };

    /// <summary>Features of line 1001. Only scenes about service codes have them: they make digit maps long, and those stand in every ladder.</summary>
    public Func<LineFeatures, LineFeatures> Features { get; init; } = features => features;

    /// <summary>Whether the gateway's address is configured, or learnt from its RSIP.</summary>
    public bool AddressKnown { get; init; } = true;

    /// <summary>Whether the gateway is switched on by itself when the scene begins.</summary>
    public bool PowerOn { get; init; } = true;

    /// <summary>What happens before the bridge hears of its gateways.</summary>
    public Action<House>? Before { get; init; }

    public int Gateways { get; init; } = 1;

    public int PhonesPerGateway { get; init; } = 2;
}

/// <summary>
/// A scene: a bridge between gateways with phones and a PBX. Alice has line 1001 on aaln/1, Bob 1002 on aaln/2 of the first gateway.
/// </summary>
internal sealed class House
{
    private static readonly NetAddress BridgeHost = NetAddress.FromIPv4(0xC0000205, 0);
    private readonly HouseOptions _options;
    private string? _ladder;

    public House(HouseOptions? options = null)
    {
        _options = options ?? new HouseOptions();
        World = new World(_options.Seed);
        World.Network.Default = LinkQuality.Perfect;
        Bridge = World.Add(new SimulatedBridge(BridgeHost, World.Entropy.Fork(), _options.Engine));
        for (var i = 0; i < _options.Gateways; i++) Gateways.Add(World.Add(NewGateway(i)));
        Pbx = World.Add(NewPeer("pbx", NetAddress.FromIPv4(0xC6336409, 5060)));
        if (_options.Failover) Pbx2 = World.Add(NewPeer("pbx2", NetAddress.FromIPv4(0xC633640A, 5060)));
        foreach (var gateway in Gateways) World.Network.SetLink(BridgeHost, gateway.Setup.Address, _options.Network);
        World.Network.SetLink(BridgeHost, Pbx.Setup.Address, _options.Network);
        Lines = [.. Gateways.SelectMany((gateway, g) => gateway.Setup.Endpoints.Select((endpoint, e) => new Person(this, gateway, endpoint, NumberOf(g, e), NameOf(g, e))))];
        Bridge.OnNote = Note;
        Model = NewModel();
        _options.Before?.Invoke(this);
        Bridge.Handle(World, new EngineInput.Configure(Model));
        if (!_options.PowerOn) return;
        foreach (var gateway in Gateways) gateway.PowerOn(World.Now);
    }

    public World World { get; }

    public SimulatedBridge Bridge { get; }

    public EngineModel Model { get; }

    public List<SimulatedGateway> Gateways { get; } = [];

    public SimulatedGateway Gateway => Gateways[0];

    public SimulatedSipPeer Pbx { get; }

    public SimulatedSipPeer? Pbx2 { get; }

    public ImmutableArray<Person> Lines { get; }

    public Person Alice => Lines[0];

    public Person Bob => Lines[1];

    /// <summary>Records of the calls that have ended so far; the first thousand of them.</summary>
    public List<CallRecord> Records { get; } = [];

    /// <summary>What gateways said to have counted on calls' connections; the first thousand of them.</summary>
    public List<EngineNote.GatewayCounted> Counted { get; } = [];

    /// <summary>How faxes passed, change by change.</summary>
    public List<FaxMode> Faxes { get; } = [];

    /// <summary>Keys of encrypted audio that came near their end (false) or to it (true).</summary>
    public List<bool> KeysAged { get; } = [];

    /// <summary>What was set at phones, as it came.</summary>
    public List<EngineNote.LineDialled> Dialled { get; } = [];

    /// <summary>What clients did with the audio of calls; the first thousand notes of it.</summary>
    public List<EngineNote> AudioNotes { get; } = [];

    /// <summary>Calls by the engine's notes: begun and ended.</summary>
    public (int Begun, int Ended) CallsNoted { get; private set; }

    /// <summary>Relay sessions by the engine's notes: opened and closed.</summary>
    public (int Opened, int Closed) MediaNoted { get; private set; }

    /// <summary>Waits until every line can be used, then begins the ladder.</summary>
    public House Begins()
    {
        var ready = World.RunUntil(() => IsReady, TimeSpan.FromSeconds(30));
        Assert.True(ready, "the lines did not come into service: " + string.Join("; ", World.Violations.DefaultIfEmpty("no violations")));
        World.Run(TimeSpan.FromSeconds(2));
        BeginsLadder();
        return this;
    }

    /// <summary>Begins the ladder now, whatever the state.</summary>
    public House BeginsLadder()
    {
        World.Ladder = new LadderRecorder(NameOf, World.Now);
        return this;
    }

    public House Waits(TimeSpan time)
    {
        World.Run(time);
        return this;
    }

    public House Waits(double seconds) => Waits(TimeSpan.FromSeconds(seconds));

    /// <summary>Somebody does something to the world.</summary>
    public House Happens(string where, string what, Action<Instant> action)
    {
        World.Ladder?.Act(where, what, World.Now);
        action(World.Now);
        World.Settle();
        return this;
    }

    /// <summary>Somebody orders something of the call on a line, as the control API does.</summary>
    public House Orders(Person line, string what, Func<string, EngineQuery> query)
    {
        World.Ladder?.Act("bridge", what, World.Now);
        Assert.Equal(CallOrderRefusal.None, Bridge.Ask<CallOrderAnswer>(World, query(CallOn(line)))!.Refusal);
        World.Settle();
        return this;
    }

    /// <summary>The id of the call on a line.</summary>
    public string CallOn(Person line) =>
        Bridge.Ask<ImmutableArray<LineView>>(World, new EngineQuery.Lines()).Single(view => view.Model.Number == line.Number).CallId!;

    /// <summary>The PBX calls a line.</summary>
    public Caller PbxCalls(string line, string from = "5559876", string? name = "Carol Danvers")
    {
        World.Ladder?.Act("pbx", $"{from} calls {line}", World.Now);
        var call = Pbx.Call(line, from, name, World.Now);
        World.Settle();
        return new Caller(this, call);
    }

    /// <summary>
    /// The end of a scene: everyone hangs up; nothing may be left anywhere, no line may be stuck, no rule may have been broken, and the
    /// ladder must be the one that was reviewed.
    /// </summary>
    public void Ends([CallerMemberName] string scene = "", [CallerFilePath] string source = "")
    {
        _ladder = World.Ladder?.ToMermaid();
        World.Ladder = null;
        EndsQuietly();
        if (_ladder is not null) Snapshot.Matches(_ladder, scene, source);
    }

    /// <summary>The same without a ladder.</summary>
    public void EndsQuietly()
    {
        foreach (var person in Lines) person.Phone.OnHook(World.Now);
        World.Settle();
        foreach (var call in Pbx.Calls.ToList()) call.HangUp(World.Now);
        World.Settle();
        // The network heals before the last question is asked: is any line stuck?
        NetworkHeals();
        // 64*T1 for SIP's memory, T-MAX and T-HIST for MGCP's.
        World.Run(TimeSpan.FromSeconds(100));
        foreach (var person in Lines.Where(person => person.Gateway.IsPowered)) person.IsNotStuck();
        World.Run(TimeSpan.FromSeconds(100));
        AssertNoViolations();
        AssertNothingIsLeft();
    }

    /// <summary>From now on nothing is lost or late.</summary>
    public void NetworkHeals()
    {
        foreach (var gateway in Gateways) World.Network.SetLink(BridgeHost, gateway.Setup.Address, LinkQuality.Perfect);
        World.Network.SetLink(BridgeHost, Pbx.Setup.Address, LinkQuality.Perfect);
    }

    public void AssertNoViolations() => Assert.True(!World.Violations.Any(), string.Join("\n", World.Violations.Take(10)) + "\n" + _ladder);

    /// <summary>What a failure tells beside its own sentence: broken rules, and the ladder so far.</summary>
    public string Trouble => "\n" + string.Join("\n", World.Violations.Take(5)) + "\n" + World.Ladder?.ToMermaid();

    /// <summary>The end of a bridge that has drained: no line can be tried any more.</summary>
    public void EndsDrained()
    {
        World.Ladder = null;
        World.Run(TimeSpan.FromSeconds(200));
        AssertNoViolations();
        AssertNothingIsLeft();
    }

    public void AssertNothingIsLeft()
    {
        var counts = Bridge.Counts(World);
        Assert.Equal(new EngineCounts(0, 0, 0, new SipCounts(0, 0, 0, 0), 0, 0), counts);
        Assert.Equal(0, Bridge.Relay.Open);
        foreach (var gateway in Gateways) Assert.Equal(0, gateway.ConnectionCount);
        Assert.Empty(Pbx.Calls);
        // Gauges go back to zero: every call that started has ended, every session that was opened was closed.
        Assert.Equal(CallsNoted.Begun, CallsNoted.Ended);
        Assert.Equal(MediaNoted.Opened, MediaNoted.Closed);
    }

    private LineFeatures FeaturesOf(string number)
    {
        var without = new LineFeatures { PrivacyCodes = false, DoNotDisturbCodes = false, ForwardingCodes = false };
        return number == "1001" ? _options.Features(without) : without;
    }

    internal static NetAddress GatewayAddress(int index) => NetAddress.FromIPv4(0xC0000215 + (uint)index, 2427);

    internal static string NumberOf(int gateway, int endpoint) => $"{1001 + (gateway * 10) + endpoint}";

    internal bool IsReady =>
        Gateways.TrueForAll(gateway => !gateway.IsRestarting)
        && (_options.Registration != SipRegistrationMode.PerLine || Pbx.RegisteredUsers(World.Now).Count() == Lines.Length)
        && Bridge.Ask<ImmutableArray<LineView>>(World, new EngineQuery.Lines()).All(line => line.State != LineState.OutOfService);

    private static string NameOf(int gateway, int endpoint) => (gateway, endpoint) switch
    {
        (0, 0) => "Alice",
        (0, 1) => "Bob",
        _ => $"Line {NumberOf(gateway, endpoint)}",
    };

    private void Note(EngineNote note)
    {
        switch (note)
        {
            case EngineNote.CallStarted:
                CallsNoted = (CallsNoted.Begun + 1, CallsNoted.Ended);
                break;
            case EngineNote.FaxChanged fax:
                if (Faxes.Count < 1000) Faxes.Add(fax.Mode);
                break;
            case EngineNote.SrtpKeyAged key:
                KeysAged.Add(key.Ended);
                break;
            case EngineNote.LineDialled dialled:
                Dialled.Add(dialled);
                break;
            case EngineNote.GatewayCounted counted:
                if (Counted.Count < 1000) Counted.Add(counted);
                break;
            case EngineNote.CallEnded ended:
                CallsNoted = (CallsNoted.Begun, CallsNoted.Ended + 1);
                if (Records.Count < 1000) Records.Add(ended.Record);
                break;
            case EngineNote.SoundEnded or EngineNote.DigitsCollected or EngineNote.RecordingEnded or EngineNote.ConferenceChanged or EngineNote.CallMuted or EngineNote.RouteEnded or EngineNote.FeatureUsed or EngineNote.DigitLost or EngineNote.MusicFailed or EngineNote.AudioChanged or EngineNote.MediaDied:
                if (AudioNotes.Count < 1000) AudioNotes.Add(note);
                break;
            case EngineNote.MediaChanged media:
                MediaNoted = media.Open ? (MediaNoted.Opened + 1, MediaNoted.Closed) : (MediaNoted.Opened, MediaNoted.Closed + 1);
                break;
        }
    }

    private string NameOf(NetAddress address)
    {
        var node = World.Nodes.FirstOrDefault(node => node.Addresses[0].SameHost(address));
        return node is SimulatedGateway gateway ? gateway.Name.Split('.')[0] : node?.Name ?? address.ToString();
    }

    private SimulatedGateway NewGateway(int index)
    {
        var address = GatewayAddress(index);
        return new SimulatedGateway(
            _options.GatewaySetup(new GatewaySetup
            {
                Domain = $"gw{index + 1}.example.net",
                Address = address,
                CallAgent = Bridge.Mgcp,
                Endpoints = [.. Enumerable.Range(1, _options.PhonesPerGateway).Select(number => $"aaln/{number}")],
                Media = [.. Enumerable.Range(0, 2 * _options.PhonesPerGateway).Select(pair => address.WithPort(16384 + (2 * pair)))],
                Audio = _options.Audio,
                TelephoneEvents = _options.TelephoneEvents,
                Quirks = _options.QuirksOf?.Invoke(index) ?? _options.Quirks,
            }),
            World.Entropy);
    }

    private SimulatedSipPeer NewPeer(string name, NetAddress address) => new(
        _options.Pbx(new PeerSetup
        {
            Name = name,
            Address = address,
            Media = [.. Enumerable.Range(0, 400).Select(pair => address.WithPort(30000 + (2 * pair)))],
            Audio = _options.Audio,
            ConnectsLines = true,
            Accounts = [.. Enumerable.Range(0, _options.Gateways).SelectMany(g => Enumerable.Range(0, _options.PhonesPerGateway).Select(e => new PeerAccount(NumberOf(g, e), "secret" + NumberOf(g, e))))],
        }),
        World.Entropy)
    { BridgeAddress = Bridge.Sip };

    private EngineModel NewModel() => new()
    {
        Peers =
        [
            _options.Peer(new PeerModel(new SipPeerModel("pbx", Pbx.Setup.Address.Host, 5060, SipTransport.Udp, _options.Registration, null, "trunk1", "secret"))),
            .. Pbx2 is null
                ? ImmutableArray<PeerModel>.Empty
                : [new PeerModel(new SipPeerModel("pbx2", Pbx2.Setup.Address.Host, 5060, SipTransport.Udp, SipRegistrationMode.None, null, null, null))],
        ],
        Gateways =
        [
            .. Gateways.Select((gateway, index) => _options.GatewayModel(new GatewayModel(new MgcpGatewayModel(
                $"gw{index + 1}", gateway.Setup.Domain, _options.AddressKnown ? gateway.Setup.Address : null, _options.Profile, gateway.Setup.Endpoints)))),
        ],
        Lines =
        [
            .. Lines.Select(person => _options.Line(new LineModel(
                person.Number, person.Name, $"gw{Gateways.IndexOf(person.Gateway) + 1}", person.Endpoint, "pbx", person.Number, "secret" + person.Number, FeaturesOf(person.Number)))),
        ],
        Routes =
        [
            new RouteModel("emergency", "112", "pbx", Failover: _options.Failover ? ["pbx2"] : [], MinDigits: 3, MaxDigits: 3),
            new RouteModel("lines", "1", "pbx", MinDigits: 4, MaxDigits: 4),
            new RouteModel("city", "5", "pbx", MinDigits: 7, MaxDigits: 7, Failover: Pbx2 is null ? [] : ["pbx2"]),
            new RouteModel("world", "00", "pbx", MinDigits: 6),
        ],
    };
}
