using MgcpSipBridge.Engine;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>Somebody at an analog phone: what they do, and what they must hear. Reads like telephony.</summary>
internal sealed class Person(House house, SimulatedGateway gateway, string endpoint, string number, string name)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(150);

    private int _confirmations;

    public SimulatedGateway Gateway { get; } = gateway;

    public string Endpoint { get; } = endpoint;

    public string Number { get; } = number;

    public string Name { get; } = name;

    public SimulatedPhone Phone => Gateway.Phone(Endpoint);

    private World World => house.World;

    private string Short => Gateway.Name.Split('.')[0];

    public Person Lifts() => Acts("lifts the handset", () => Phone.OffHook(World.Now));

    public Person HangsUp() => Acts("hangs up", () => Phone.OnHook(World.Now));

    public Person Flashes() => Acts("presses the hook briefly", () => Phone.Flash(World.Now));

    /// <summary>Dials and lets the time pass that it takes.</summary>
    public Person Dials(string digits, TimeSpan? pace = null)
    {
        var step = pace ?? Pace;
        Acts($"dials {digits}", () => Phone.Dial(digits, step, World.Now));
        World.Run(step * (digits.Length - 1));
        return this;
    }

    public Person Waits(double seconds)
    {
        World.Run(TimeSpan.FromSeconds(seconds));
        return this;
    }

    /// <summary>The tone must come within the time, a second unless said otherwise.</summary>
    public Person Hears(PhoneSound sound, double within = 1)
    {
        var heard = World.RunUntil(() => Phone.Sound == sound, TimeSpan.FromSeconds(within));
        Assert.True(heard, $"{Name} hears {Phone.Sound} instead of {sound}, {within} s after {World.Now - TimeSpan.FromSeconds(within)}{Trouble}");
        return this;
    }

    /// <summary>The short tone after a service code must come.</summary>
    public Person HearsConfirmation(double within = 1)
    {
        var before = _confirmations;
        var heard = World.RunUntil(() => Phone.Confirmations > before, TimeSpan.FromSeconds(within));
        Assert.True(heard, $"{Name} hears {Phone.Sound} and no confirmation{Trouble}");
        _confirmations = Phone.Confirmations;
        return this;
    }

    /// <summary>No tone for so long, not even once.</summary>
    public Person HearsNothingFor(double seconds)
    {
        var before = Phone.History.Count;
        World.Run(TimeSpan.FromSeconds(seconds));
        Assert.Equal(PhoneSound.Silence, Phone.Sound);
        Assert.Equal(before, Phone.History.Count);
        return this;
    }

    /// <summary>The phone must ring, showing who calls.</summary>
    public Person Rings(string? number = null, string? name = null, double within = 1)
    {
        Hears(PhoneSound.Ringing, within);
        if (number is null) return this;
        Assert.NotNull(Phone.CallerId);
        Assert.Equal(number, Phone.CallerId.Number);
        Assert.Equal(name, Phone.CallerId.Name);
        return this;
    }

    /// <summary>Both directions must be open, from the phone through the relay to the peer and back.</summary>
    public Person Talks(double within = 2)
    {
        var talks = World.RunUntil(() => Phone.IsTalking && Phone.Sound == PhoneSound.Silence, TimeSpan.FromSeconds(within));
        Assert.True(talks, $"{Name} does not talk within {within} s: off hook {Phone.IsOffHook}, hears {Phone.Sound}, connections {string.Join(", ", Phone.Connections.Select(one => $"{one.Mode}/{one.Remote?.Address}"))}{Trouble}");
        // Let the last signalling of the other side arrive before the path is judged.
        World.Run(TimeSpan.FromMilliseconds(100));
        AssertPath(sends: true, hears: true);
        return this;
    }

    /// <summary>The far end must be heard before it has answered.</summary>
    public Person HearsEarlyMedia(double within = 1)
    {
        var heard = World.RunUntil(() => Phone.HearsNetwork && Path() is { Sip.Receive: true, Gateway.Send: true }, TimeSpan.FromSeconds(within));
        Assert.True(heard, $"{Name} does not hear the network{Trouble}");
        Assert.NotEqual(PhoneSound.Ringback, Phone.Sound);
        return this;
    }

    /// <summary>The law of laws: on hook, then off hook, gives dial tone within a second.</summary>
    public Person IsNotStuck()
    {
        Phone.OnHook(World.Now);
        World.Settle();
        World.Run(TimeSpan.FromMilliseconds(500));
        Phone.OffHook(World.Now);
        World.Settle();
        var tone = World.RunUntil(() => Phone.Sound == PhoneSound.DialTone, Soon + TimeSpan.FromMilliseconds(100));
        if (!tone) World.Complain($"{Name} ({Endpoint}@{Gateway.Name}) is stuck: {Phone.Sound}\n{house.Bridge.Watch.Recent($"{Endpoint}@{Gateway.Name}")}");
        Phone.OnHook(World.Now);
        World.Settle();
        World.Run(TimeSpan.FromMilliseconds(500));
        return this;
    }

    /// <summary>How many connections the endpoint has.</summary>
    public Person HasConnections(int count)
    {
        Assert.Equal(count, Phone.Connections.Count);
        return this;
    }

    /// <summary>What the API must say of the line.</summary>
    public Person Is(LineState state)
    {
        var view = house.Bridge.Ask<System.Collections.Immutable.ImmutableArray<LineView>>(World, new EngineQuery.Lines()).Single(line => line.Model.Number == Number);
        Assert.Equal(state, view.State);
        return this;
    }

    private string Trouble => house.Trouble;

    private Person Acts(string what, Action action)
    {
        World.Ladder?.Act(Short, $"{Name} {what}", World.Now);
        action();
        World.Settle();
        return this;
    }

    private (Media.RelayRemote? Gateway, Media.RelayRemote? Sip, NetAddress SipSide)? Path() =>
        Phone.Connections is [{ Remote: { } remote } _] ? house.Bridge.Relay.Find(remote.Address) : null;

    private void AssertPath(bool sends, bool hears)
    {
        var connection = Assert.Single(Phone.Connections);
        Assert.NotNull(connection.Remote);
        // The gateway sends to the relay, and the relay knows the gateway's own address.
        var path = house.Bridge.Relay.Find(connection.Remote.Address);
        Assert.NotNull(path);
        Assert.Equal(connection.Local, path.Value.Gateway?.Rtp);
        Assert.Equal((sends, hears), (path.Value.Gateway?.Receive, path.Value.Gateway?.Send));
        // The relay sends to the peer, and the peer sends to the relay.
        Assert.Equal((hears, sends), (path.Value.Sip?.Receive, path.Value.Sip?.Send));
        var call = house.Pbx.Calls.Concat(house.Pbx2?.Calls ?? []).FirstOrDefault(one => one.RemoteDescription?.Address == path.Value.SipSide);
        if (call is { Partner: null }) Assert.Equal(call.LocalMedia, path.Value.Sip?.Rtp);
    }
}
