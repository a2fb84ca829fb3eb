using System.Collections.Immutable;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Simulator;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.CallFlows;

/// <summary>
/// A house whose provisioning changes while it is lived in. After every change each line must serve, be registered, call and be called where it is now, and nothing may
/// be left where it was.
/// </summary>
internal sealed class Estate
{
    private readonly Dictionary<string, SipRegistrationState> _registrations = [];
    private readonly Dictionary<string, LineService> _serving = [];
    private readonly HashSet<string> _provisioned = [];
    private readonly List<string> _wrongNotes = [];

    public Estate(HouseOptions? options = null)
    {
        options ??= new HouseOptions();
        House = new House(options with
        {
            Pbx = setup => options.Pbx(setup) with { Accounts = [.. setup.Accounts, new PeerAccount("1005", "secret1005"), new PeerAccount("trunk1", "secret")] },
            Failover = true,
            Before = house =>
            {
                var keep = house.Bridge.OnNote!;
                house.Bridge.OnNote = note =>
                {
                    Follow(note);
                    keep(note);
                };
            },
        });
        Model = House.Model;
        House.Begins();
        House.World.Ladder = null;
    }

    public House House { get; }

    /// <summary>What is in force.</summary>
    public EngineModel Model { get; private set; }

    private World World => House.World;

    /// <summary>Puts a changed model in force, as the host makes one: a gateway's endpoints are those of its lines.</summary>
    public Estate Changes(Func<EngineModel, EngineModel> change)
    {
        var next = change(Model);
        Model = (next with
        {
            Gateways = [.. next.Gateways.Select(gateway => gateway with { Mgcp = gateway.Mgcp with { Endpoints = [.. next.Lines.Where(line => line.Gateway == gateway.Mgcp.Name).Select(line => line.Endpoint)] } })],
        }).After(Model);
        House.Bridge.Handle(World, new EngineInput.Configure(Model));
        World.Settle();
        return this;
    }

    /// <summary>Changes lines by their numbers; null takes a line away.</summary>
    public Estate ChangesLines(params (string Number, Func<LineModel, LineModel?> Change)[] changes) => Changes(model => model with
    {
        Lines = [.. model.Lines.Select(line => changes.FirstOrDefault(one => one.Number == line.Number) is { Change: { } change } ? change(line) : line).OfType<LineModel>()],
    });

    /// <summary>Everything must be as the model says within half a minute, and stay so.</summary>
    public Estate IsWhole()
    {
        World.Run(TimeSpan.FromSeconds(40));
        House.AssertNoViolations();
        foreach (var line in Model.Lines) IsInOrder(line);
        AreRegistered();
        NothingIsLeftElsewhere();
        foreach (var line in Model.Lines)
        {
            Calls(line);
            IsCalled(line);
        }

        World.Run(TimeSpan.FromSeconds(100));
        foreach (var line in Model.Lines) IsInOrder(line);
        AreRegistered();
        NothingIsLeftElsewhere();
        Assert.Empty(_wrongNotes);
        Assert.Equal(Model.Lines.Select(line => line.Number).Order(), _provisioned.Order());
        Assert.Equal(Model.Lines.Select(line => line.Number).Order(), _serving.Keys.Order());
        Assert.All(_serving.Values, service => Assert.Equal(LineService.InService, service));
        House.AssertNoViolations();
        House.AssertNothingIsLeft();
        return this;
    }

    /// <summary>An endpoint that is nobody's; null when there is none.</summary>
    public static (string Gateway, string Endpoint)? FreeEndpoint(EngineModel model) => model.Gateways
        .SelectMany(static gateway => Enumerable.Range(1, 4).Select(number => (gateway.Mgcp.Name, $"aaln/{number}")))
        .Where(place => !model.Lines.Any(line => (line.Gateway, line.Endpoint) == place)).Select(static place => ((string, string)?)place).FirstOrDefault();

    /// <summary>The phone that a line has.</summary>
    public SimulatedPhone PhoneOf(string number) => Model.Lines.Single(line => line.Number == number) is var line ? GatewayOf(line).Phone(line.Endpoint) : null!;

    /// <summary>The view of a line.</summary>
    public LineView ViewOf(string number) => House.Bridge.Ask<ImmutableArray<LineView>>(World, new EngineQuery.Lines()).Single(view => view.Model.Number == number);

    private SimulatedGateway GatewayOf(LineModel line) => House.Gateways.Single(gateway => gateway.Setup.Address == Model.Gateways.Single(model => model.Mgcp.Name == line.Gateway).Mgcp.Address);

    private SimulatedSipPeer PbxOf(string peer) =>
        Model.Peers.Single(model => model.Sip.Name == peer).Sip.Host == House.Pbx.Setup.Address.Host ? House.Pbx : House.Pbx2!;

    private PeerModel PeerOf(LineModel line) => Model.Peers.Single(peer => peer.Sip.Name == line.Peer);

    private void IsInOrder(LineModel line)
    {
        var view = ViewOf(line.Number);
        Assert.Equal((line.Number, LineState.Idle, LineService.InService), (line.Number, view.State, view.Service));
        var registered = PeerOf(line).Sip.Registration == SipRegistrationMode.None ? SipRegistrationState.Off : SipRegistrationState.Registered;
        Assert.Equal((line.Number, registered), (line.Number, view.Registration));
    }

    // The registrars know whom the model says, and nobody else; the notes, which metrics count, add up to the same.
    private void AreRegistered()
    {
        foreach (var pbx in new[] { House.Pbx, House.Pbx2! })
        {
            var users = Model.Peers.Where(peer => PbxOf(peer.Sip.Name) == pbx).SelectMany(peer => peer.Sip.Registration switch
            {
                SipRegistrationMode.PerLine => Model.Lines.Where(line => line.Peer == peer.Sip.Name).Select(line => line.Username),
                SipRegistrationMode.Trunk => [peer.Sip.Username!],
                _ => [],
            });
            Assert.Equal(users.Order(StringComparer.Ordinal), pbx.RegisteredUsers(World.Now));
        }

        var keys = Model.Peers.SelectMany(peer => peer.Sip.Registration switch
        {
            SipRegistrationMode.PerLine => Model.Lines.Where(line => line.Peer == peer.Sip.Name).Select(line => $"{peer.Sip.Name}/{line.Number}"),
            SipRegistrationMode.Trunk => [$"{peer.Sip.Name}/trunk:{peer.Sip.Name}"],
            _ => [],
        });
        Assert.Equal(keys.Order(StringComparer.Ordinal), _registrations.Keys.Order(StringComparer.Ordinal));
        Assert.All(_registrations, pair => Assert.Equal((pair.Key, SipRegistrationState.Registered), (pair.Key, pair.Value)));
    }

    private void NothingIsLeftElsewhere()
    {
        foreach (var gateway in House.Gateways)
        {
            var name = Model.Gateways.SingleOrDefault(model => model.Mgcp.Address == gateway.Setup.Address)?.Mgcp.Name;
            foreach (var phone in gateway.Phones)
            {
                Assert.Empty(phone.Connections);
                if (Model.Lines.Any(line => line.Gateway == name && line.Endpoint == phone.Name)) continue;
                Assert.Equal((phone.Name, PhoneSound.Silence), (phone.Name, phone.Sound));
                Assert.Empty(phone.Signals);
                Assert.False(phone.IsWatched && name is not null, $"{phone.Name} of {gateway.Name} is watched, and nobody's");
            }
        }
    }

    private void Calls(LineModel line)
    {
        var phone = GatewayOf(line).Phone(line.Endpoint);
        var pbx = PbxOf(Model.Routes.Single(route => route.Name == "city").Peer);
        pbx.When("5551234", new CalledPlan { AnswersAfter = TimeSpan.FromSeconds(1) });
        phone.OffHook(World.Now);
        World.Settle();
        Awaits(() => phone.Sound == PhoneSound.DialTone, line, "no dial tone");
        phone.Dial("5551234", TimeSpan.FromMilliseconds(150), World.Now);
        Awaits(() => phone.IsTalking && phone.Sound == PhoneSound.Silence, line, "its call is not answered");
        phone.OnHook(World.Now);
        World.Settle();
        World.Run(TimeSpan.FromSeconds(2));
    }

    private void IsCalled(LineModel line)
    {
        var phone = GatewayOf(line).Phone(line.Endpoint);
        var peer = PeerOf(line);
        var call = PbxOf(line.Peer).Call(peer.Sip.Registration == SipRegistrationMode.PerLine ? line.Username : line.Number, "5559876", "Carol Danvers", World.Now);
        World.Settle();
        Awaits(() => phone.Sound == PhoneSound.Ringing, line, $"it is called and does not ring: {call.State} {call.FinalStatus}");
        phone.OffHook(World.Now);
        World.Settle();
        Awaits(() => phone.IsTalking && call.State == PeerCallState.Talking, line, "it is called and does not talk");
        phone.OnHook(World.Now);
        World.Settle();
        Awaits(() => call.State == PeerCallState.Ended, line, "its call does not end");
        World.Run(TimeSpan.FromSeconds(1));
    }

    private void Awaits(Func<bool> isSo, LineModel line, string otherwise) =>
        Assert.True(World.RunUntil(isSo, TimeSpan.FromSeconds(6)), $"{line.Number} at {line.Endpoint}@{line.Gateway}: {otherwise}; {GatewayOf(line).Phone(line.Endpoint).Sound}{House.Trouble}");

    private void Follow(EngineNote note)
    {
        switch (note)
        {
            case EngineNote.RegistrationChanged change:
                Keep(_registrations, $"{change.Peer}/{change.Key}", change.From, change.To, note);
                break;
            case EngineNote.LineServes serves:
                Keep(_serving, serves.Line, serves.From, serves.To, note);
                break;
            case EngineNote.LineProvisioned line when !(line.Removed ? _provisioned.Remove(line.Line) : _provisioned.Add(line.Line)):
                _wrongNotes.Add(note.ToString());
                break;
        }
    }

    // A change begins where the one before it ended: gauges count by both.
    private void Keep<T>(Dictionary<string, T> known, string key, T? from, T? to, EngineNote note)
        where T : struct
    {
        T? before = known.TryGetValue(key, out var kept) ? kept : null;
        if (!Equals(before, from)) _wrongNotes.Add($"{note} after {before}");
        if (to is { } now) known[key] = now;
        else known.Remove(key);
    }
}
