using System.Globalization;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>Many people at many phones who call, are called, hesitate, give up and bang the handset, by the luck of a seed.</summary>
internal sealed class Crowd
{
    private static readonly string[] Numbers = ["5550000", "5550001", "5550002", "5550003", "5550004", "5550005", "5550006", "5550007", "112", "9", "555", "0049891234"];
    private readonly House _house;
    private readonly Entropy _luck;
    private readonly int _calls;
    private int _begun;

    private Crowd(ulong seed, int calls, LinkQuality gatewayNetwork, LinkQuality sipNetwork)
    {
        _calls = calls;
        _house = new House(new HouseOptions
        {
            Seed = seed,
            Gateways = 10,
            PhonesPerGateway = 4,
            QuirksOf = QuirksOf,
            Engine = settings => settings,
            Pbx = setup => setup with { ChallengeInvite = PeerChallenge.Md5, NonceLife = TimeSpan.FromMinutes(2) },
        });
        _luck = new Entropy(seed ^ 0x5EED);
        var pbx = _house.Pbx;
        pbx.When("5550000", new CalledPlan { AnswersAfter = Seconds(2) });
        pbx.When("5550001", new CalledPlan { AnswersAfter = Seconds(1), HangsUpAfter = Seconds(4) });
        pbx.When("5550002", CalledPlan.Reject(486));
        pbx.When("5550003", CalledPlan.NoAnswer);
        pbx.When("5550004", CalledPlan.Reject(404));
        pbx.When("5550005", new CalledPlan { RingsAfter = null, EarlyMediaAfter = Seconds(1), AnswersAfter = Seconds(3), HangsUpAfter = Seconds(8) });
        pbx.When("5550006", CalledPlan.Reject(503));
        pbx.When("5550007", new CalledPlan { ForkRingsAfter = Seconds(1), ForkAnswers = true, AnswersAfter = Seconds(2) });
        Assert.True(_house.World.RunUntil(() => _house.IsReady, TimeSpan.FromSeconds(60)));
        foreach (var gateway in _house.Gateways) _house.World.Network.SetLink(_house.Bridge.Mgcp, gateway.Setup.Address, gatewayNetwork);
        _house.World.Network.SetLink(_house.Bridge.Mgcp, pbx.Setup.Address, sipNetwork);
    }

    /// <summary>What a run was like.</summary>
    internal sealed record Result(ulong Seed, ulong Hash, int Calls, long Steps, TimeSpan VirtualTime, long MgcpDatagrams, long SipMessages)
    {
        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"seed {Seed}: {Calls} calls, {Steps} steps, {VirtualTime.TotalHours:0.0} h of virtual time, {(double)MgcpDatagrams / Calls:0.0} MGCP datagrams and {(double)SipMessages / Calls:0.0} SIP messages a call, hash {Hash:x16}");
    }

    public static Result Run(ulong seed, int calls, LinkQuality gatewayNetwork, LinkQuality? sipNetwork = null)
    {
        var crowd = new Crowd(seed, calls, gatewayNetwork, sipNetwork ?? gatewayNetwork);
        var world = crowd._house.World;
        foreach (var person in crowd._house.Lines) crowd.Rests(person, world.Now);
        while (crowd._begun < calls && !world.Violations.Any()) world.Run(TimeSpan.FromSeconds(10));
        crowd._house.AssertNoViolations();
        world.Run(TimeSpan.FromSeconds(60));
        world.Agenda.Clear();
        crowd._house.EndsQuietly();
        var watch = crowd._house.Bridge.Watch;
        return new Result(seed, world.Hash, crowd._begun, world.Steps, world.Now - Instant.Zero, watch.Mgcp.Sent + watch.Mgcp.Received, watch.Sip.Sent + watch.Sip.Received);
    }

    // Every gateway is of another make.
    private static GatewayQuirks QuirksOf(int gateway) => gateway switch
    {
        1 => new GatewayQuirks { Digits = DigitReport.Joined, LineEnd = "\n" },
        2 => new GatewayQuirks { DigitMaps = false },
        3 => new GatewayQuirks { Piggyback = false, TellsHookState = false },
        4 => new GatewayQuirks { ConnectionWork = TimeSpan.FromMilliseconds(120) },
        5 => new GatewayQuirks { EncapsulatedRequests = false, RepeatsDescription = true },
        6 => new GatewayQuirks { Version = "MGCP 1.0 NCS 1.0", Packages = ["L"], PersistentHookEvents = true, Digits = DigitReport.SpacedList },
        7 => new GatewayQuirks { SilentUntilRestartAcknowledged = true, WildcardRestart = false },
        8 => new GatewayQuirks { Version = "MGCP 0.1", CapabilitiesInL = true, SimpleDescription = true, Piggyback = false, IgnoresHookMismatch = true },
        9 => new GatewayQuirks { RefusedSignals = ["L/ci", "G/cg", "L/sit"], LowerCase = true },
        _ => new GatewayQuirks(),
    };

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    private void Rests(Person person, Instant now) => Later(now, _luck.Between(Seconds(0.2), Seconds(8)), at => Acts(person, at));

    private void Later(Instant now, TimeSpan delay, Action<Instant> action) => _house.World.Agenda.At(now + delay, action);

    private void Acts(Person person, Instant now)
    {
        if (_begun >= _calls) return;
        switch (_luck.Next(20))
        {
            case < 9:
                CallsOut(person, now);
                break;
            case < 17:
                IsCalled(person, now);
                break;
            case < 19:
                BangsTheHandset(person, now);
                break;
            default:
                GatewayTrouble(person, now);
                break;
        }
    }

    private void CallsOut(Person person, Instant now)
    {
        _begun++;
        var phone = person.Phone;
        phone.OffHook(now);
        var number = _luck.Next(5) == 0 ? House.NumberOf(_luck.Next(10), _luck.Next(4)) : Numbers[_luck.Next(Numbers.Length)];
        // Most wait for the tone, some dial into silence, as people do.
        Later(now, _luck.Between(Seconds(0.1), Seconds(2.5)), at => phone.Dial(number, _luck.Between(Seconds(0.06), Seconds(0.5)), at));
        if (_luck.Next(4) == 0) Later(now, _luck.Between(Seconds(0), Seconds(12)), phone.Flash);
        Later(now, _luck.Between(Seconds(0.5), Seconds(25)), at =>
        {
            phone.OnHook(at);
            Rests(person, at);
        });
    }

    private void IsCalled(Person person, Instant now)
    {
        _begun++;
        var phone = person.Phone;
        var call = _house.Pbx.Call(person.Number, "5559876", _luck.Next(2) == 0 ? "Carol" : null, now);
        var end = _luck.Between(Seconds(0.5), Seconds(25));
        if (_luck.Next(3) != 0) Later(now, _luck.Between(Seconds(0.01), Seconds(6)), phone.OffHook);
        if (_luck.Next(2) == 0) Later(now, _luck.Between(Seconds(0.01), Seconds(20)), call.HangUp);
        Later(now, end, at =>
        {
            phone.OnHook(at);
            call.HangUp(at);
            Rests(person, at);
        });
    }

    private void BangsTheHandset(Person person, Instant now)
    {
        var phone = person.Phone;
        var at = now;
        for (var bang = 0; bang < 1 + _luck.Next(6); bang++)
        {
            var up = bang % 2 == 0;
            Later(now, at - now, then =>
            {
                if (up) phone.OffHook(then);
                else phone.OnHook(then);
            });
            at += _luck.Between(Seconds(0.005), Seconds(0.6));
        }

        Later(now, at - now, then =>
        {
            phone.OnHook(then);
            Rests(person, then);
        });
    }

    private void GatewayTrouble(Person person, Instant now)
    {
        var gateway = person.Gateway;
        switch (_luck.Next(12))
        {
            case 0:
                gateway.PowerOff();
                gateway.PowerOn(now);
                break;
            case 1:
                gateway.DropConnections(person.Endpoint, "901", now);
                break;
            case 2:
                _house.World.Network.Cut(gateway.Setup.Address);
                Later(now, _luck.Between(Seconds(0.5), Seconds(8)), _ => _house.World.Network.Restore(gateway.Setup.Address));
                break;
            default:
                break;
        }

        Rests(person, now);
    }
}
