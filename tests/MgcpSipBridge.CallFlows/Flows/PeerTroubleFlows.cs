using MgcpSipBridge.Engine;
using MgcpSipBridge.Simulator;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.CallFlows;

/// <summary>Registrations, challenges, PBXs that refuse, vanish and come back, and the bridge's own leaving.</summary>
public sealed class PeerTroubleFlows
{
    private const string Number = "5551234";

    [Theory]
    [InlineData(PeerChallenge.None)]
    [InlineData(PeerChallenge.OldMd5)]
    [InlineData(PeerChallenge.Md5)]
    [InlineData(PeerChallenge.Sha256)]
    [InlineData(PeerChallenge.Both)]
    public void Lines_register_and_call_whatever_the_challenge(PeerChallenge challenge)
    {
        var house = new House(new HouseOptions { Pbx = setup => setup with { ChallengeRegister = challenge, ChallengeInvite = challenge } }).Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4).HangsUp().Waits(1);
        house.PbxCalls("1001").HearsRinging().HangsUp().IsOver();
        house.EndsQuietly();
    }

    [Fact]
    public void A_line_registers()
    {
        var house = new House(new HouseOptions { PhonesPerGateway = 2 });
        house.BeginsLadder();
        house.Waits(5);
        Assert.Equal(["1001", "1002"], house.Pbx.RegisteredUsers(house.World.Now));
        house.Ends();
    }

    [Fact]
    public void A_call_is_challenged_with_a_nonce_that_grows_stale()
    {
        var house = new House(new HouseOptions { Pbx = setup => setup with { ChallengeInvite = PeerChallenge.Md5, NonceLife = TimeSpan.FromSeconds(30) } }).Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4).HangsUp().Waits(40);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4).HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void A_refused_registration_is_not_hammered()
    {
        var house = new House(new HouseOptions { Pbx = setup => setup with { Accounts = [] } });
        house.Waits(TimeSpan.FromHours(1));
        foreach (var user in new[] { "1001", "1002" })
        {
            // Each attempt costs two REGISTERs: without credentials and with.
            var attempts = house.Pbx.RegistrationsSeen.Count(one => one.User == user);
            Assert.InRange(attempts, 2, 24);
        }

        house.AssertNoViolations();
    }

    [Fact]
    public void A_registration_that_is_forbidden_is_tried_again_after_ever_longer_pauses()
    {
        var house = new House();
        house.Pbx.RefuseRegistrations = 403;
        house.Waits(TimeSpan.FromHours(2));
        var times = house.Pbx.RegistrationsSeen.Where(one => one.User == "1001").Select(one => one.At).ToList();
        Assert.InRange(times.Count, 3, 12);
        Assert.True(times[^1] - times[^2] > times[1] - times[0]);
        house.Pbx.RefuseRegistrations = 0;
        house.Waits(TimeSpan.FromMinutes(40));
        Assert.Equal(["1001", "1002"], house.Pbx.RegisteredUsers(house.World.Now));
        house.EndsQuietly();
    }

    [Fact]
    public void A_registration_is_refreshed_before_it_runs_out()
    {
        var house = new House(new HouseOptions { Pbx = setup => setup with { RegisterExpires = TimeSpan.FromSeconds(60) } }).Begins();
        for (var minute = 0; minute < 30; minute++)
        {
            house.Waits(20);
            Assert.Equal(["1001", "1002"], house.Pbx.RegisteredUsers(house.World.Now));
        }

        Assert.InRange(house.Pbx.RegistrationsSeen.Count(one => one is { User: "1001", Status: 200 }), 10, 30);
        house.EndsQuietly();
    }

    [Fact]
    public void A_registrar_that_wants_longer_intervals_gets_them()
    {
        var house = new House(new HouseOptions
        {
            Pbx = setup => setup with { RegisterMinimum = TimeSpan.FromSeconds(7200), RegisterExpires = TimeSpan.FromSeconds(7200) },
        }).Begins();
        Assert.Contains(house.Pbx.RegistrationsSeen, one => one.Status == 423);
        house.EndsQuietly();
    }

    [Fact]
    public void A_PBX_is_away_for_ten_minutes()
    {
        var house = new House(new HouseOptions { Pbx = setup => setup with { RegisterExpires = TimeSpan.FromSeconds(120) } }).Begins();
        house.Pbx.IsSilent = true;
        house.Waits(TimeSpan.FromMinutes(10));
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Hears(PhoneSound.Reorder, within: 34).HangsUp();
        house.Pbx.IsSilent = false;
        house.Waits(TimeSpan.FromMinutes(31));
        Assert.Equal(["1001", "1002"], house.Pbx.RegisteredUsers(house.World.Now));
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4).HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void The_first_PBX_is_dead_and_the_second_takes_the_call()
    {
        var house = new House(new HouseOptions { Failover = true }).Begins();
        house.Pbx.IsSilent = true;
        house.Pbx2!.When(Number, CalledPlan.Answer(TimeSpan.FromSeconds(1)));
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 6).Waits(1).HangsUp().Waits(1);
        Assert.Equal((1, 0), house.Pbx2.CallsSeen);
        house.Pbx.IsSilent = false;
        house.Ends();
    }

    [Theory]
    [InlineData(403)]
    [InlineData(486)]
    [InlineData(603)]
    public void Who_calls_for_help_is_refused_by_the_last_peer_alone(int status)
    {
        var house = new House(new HouseOptions { Failover = true }).Begins();
        house.Pbx.When("112", CalledPlan.Reject(status));
        house.Pbx2!.When("112", CalledPlan.Answer(TimeSpan.FromSeconds(1)));
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("112").Talks(within: 4).HangsUp().Waits(1);
        house.Pbx2.When("112", CalledPlan.Reject(status));
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("112").Waits(2).HangsUp().Waits(1);
        Assert.Equal((2, 0), house.Pbx2.CallsSeen);
        Assert.Equal([0, status], house.Records.Select(record => record.SipStatus));
        house.EndsQuietly();
    }

    [Fact]
    public void The_first_PBX_is_known_to_be_dead_so_the_second_takes_the_call_at_once_until_it_is_back()
    {
        var house = new House(new HouseOptions
        {
            Failover = true,
            Engine = settings => settings with
            {
                Mgcp = settings.Mgcp with { AuditInterval = TimeSpan.FromHours(1), StartSpread = TimeSpan.Zero },
                Sip = settings.Sip with { PingInterval = TimeSpan.FromSeconds(30) },
            },
        }).Begins();
        house.Pbx.When(Number, CalledPlan.Answer(TimeSpan.FromSeconds(1)));
        house.Pbx2!.When(Number, CalledPlan.Answer(TimeSpan.FromSeconds(1)));
        house.Waits(10);
        house.Pbx.IsSilent = true;
        // A question within 33 s, 32 s without an answer, another 32 s for the second.
        house.Waits(110);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 3).Waits(1).HangsUp().Waits(1);
        Assert.Equal(1, house.Pbx2.CallsSeen.Item1);
        house.Pbx.IsSilent = false;
        house.Waits(140);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 3).Waits(1).HangsUp().Waits(1);
        Assert.Equal(1, house.Pbx2.CallsSeen.Item1);
        house.Bridge.Handle(house.World, new EngineInput.Drain(Final: true));
        house.EndsDrained();
    }

    [Fact]
    public void The_first_PBX_is_overloaded_and_the_second_takes_the_call()
    {
        var house = new House(new HouseOptions { Failover = true }).Begins();
        house.Pbx.When(Number, CalledPlan.Reject(503));
        house.Pbx2!.When(Number, CalledPlan.Answer(TimeSpan.FromSeconds(1)));
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 3).Waits(1).HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void The_PBX_dies_during_a_call()
    {
        var house = new House().Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        house.Pbx.IsSilent = true;
        house.Pbx.ExpectsAnswers = false;
        house.Alice.HangsUp().Waits(60).Is(LineState.Idle).HasConnections(0);
        house.Pbx.LastCall!.HangUp(house.World.Now);
        house.Pbx.IsSilent = false;
        house.EndsQuietly();
    }

    [Fact]
    public void A_trunk_needs_one_registration_for_all()
    {
        var house = new House(new HouseOptions
        {
            Registration = SipRegistrationMode.Trunk,
            Pbx = setup => setup with { Accounts = [new PeerAccount("trunk1", "secret")], ChallengeInvite = PeerChallenge.Md5 },
        });
        house.Waits(5);
        Assert.Equal(["trunk1"], house.Pbx.RegisteredUsers(house.World.Now));
        house.Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4).HangsUp().Waits(1);
        house.PbxCalls("1002").HearsRinging().HangsUp().IsOver();
        house.Ends();
    }

    [Fact]
    public void A_static_peer_is_trusted_by_its_address()
    {
        var house = new House(new HouseOptions { Registration = SipRegistrationMode.None }).Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4).HangsUp().Waits(1);
        house.PbxCalls("1002").HearsRinging().HangsUp().IsOver();
        Assert.Empty(house.Pbx.RegistrationsSeen);
        house.Ends();
    }

    [Fact]
    public void The_bridge_drains_and_leaves()
    {
        var house = new House().Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        house.Happens("bridge", "takes no new calls", _ => house.Bridge.Handle(house.World, new EngineInput.Drain(Final: false)));
        house.PbxCalls("1002").IsRefusedWith(503);
        // Only the number tells whether somebody calls for help.
        house.Bob.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Hears(PhoneSound.Reorder).HangsUp();
        house.Waits(1);
        house.Bob.Lifts().Hears(PhoneSound.DialTone).Dials("112").Talks(within: 4).HangsUp();
        house.Alice.Talks();
        house.Happens("bridge", "ends what is left", _ => house.Bridge.Handle(house.World, new EngineInput.Drain(Final: true)));
        house.Waits(3);
        Assert.Equal(PeerCallState.Ended, house.Pbx.Calls.Count == 0 ? PeerCallState.Ended : house.Pbx.Calls[0].State);
        Assert.Empty(house.Pbx.RegisteredUsers(house.World.Now));
        Assert.Equal(0, house.Gateway.ConnectionCount);
        house.Alice.HangsUp();
        house.EndsDrained();
    }
}
