using MgcpSipBridge.Engine;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>Lines change while somebody is at the phone: the call of a line that goes or moves ends, every other goes on.</summary>
public sealed class ModelChangeInCallFlows
{
    // After the call began, in ms: between which messages the change falls.
    public static readonly TheoryData<int> Moments = [0, 1, 3, 7, 12, 25, 300];

    private static readonly HouseOptions Four = new() { PhonesPerGateway = 4 };

    private static Func<LineModel, LineModel?> To(string endpoint) => line => line with { Endpoint = endpoint };

    private static Estate WithFreeEndpoint()
    {
        var estate = new Estate(Four).ChangesLines(("1004", static _ => null));
        estate.House.Waits(5);
        return estate;
    }

    private static Caller Talking(Estate estate, Person line)
    {
        var caller = estate.House.PbxCalls(line.Number);
        line.Rings();
        line.Lifts().Talks();
        return caller.IsAnswered();
    }

    private static void Over(Estate estate)
    {
        foreach (var phone in estate.House.Gateways.SelectMany(static gateway => gateway.Phones)) phone.OnHook(estate.House.World.Now);
        estate.House.World.Settle();
        foreach (var call in estate.House.Pbx.Calls.ToList()) call.HangUp(estate.House.World.Now);
        estate.House.Waits(2);
        estate.IsWhole();
    }

    [Fact]
    public void A_line_that_talks_moves_to_a_free_endpoint()
    {
        var estate = WithFreeEndpoint();
        var (ends, stays) = (Talking(estate, estate.House.Alice), Talking(estate, estate.House.Bob));
        estate.ChangesLines(("1001", To("aaln/4")));
        ends.IsOver();
        estate.House.Waits(5);
        estate.House.Alice.HasConnections(0);
        stays.IsAnswered();
        estate.House.Bob.Talks();
        Over(estate);
    }

    [Fact]
    public void A_line_that_talks_swaps_with_one_that_does_not()
    {
        var estate = new Estate(Four);
        var (ends, stays) = (Talking(estate, estate.House.Alice), Talking(estate, estate.House.Bob));
        estate.ChangesLines(("1001", To("aaln/3")), ("1003", To("aaln/1")));
        ends.IsOver();
        estate.House.Waits(5);
        estate.House.Alice.HasConnections(0);
        estate.House.Bob.Talks();
        stays.IsAnswered();
        // The handset is up still: the line that is there now is off hook.
        Assert.True(estate.House.Alice.Phone.IsWatched);
        Over(estate);
    }

    [Fact]
    public void Two_lines_that_talk_swap()
    {
        var estate = new Estate();
        var (one, other) = (Talking(estate, estate.House.Alice), Talking(estate, estate.House.Bob));
        estate.ChangesLines(("1001", To("aaln/2")), ("1002", To("aaln/1")));
        one.IsOver();
        other.IsOver();
        estate.House.Waits(5);
        estate.House.Alice.HasConnections(0);
        estate.House.Bob.HasConnections(0);
        Over(estate);
    }

    [Fact]
    public void A_line_that_talks_changes_its_number()
    {
        var estate = new Estate();
        var (ends, stays) = (Talking(estate, estate.House.Alice), Talking(estate, estate.House.Bob));
        estate.ChangesLines(("1001", static line => line with { Number = "1005", Username = "1005", Password = "secret1005" }));
        ends.IsOver();
        estate.House.Waits(5);
        estate.House.Bob.Talks();
        stays.IsAnswered();
        Over(estate);
    }

    [Fact]
    public void Two_lines_in_one_call_with_each_other_move()
    {
        var estate = WithFreeEndpoint();
        estate.House.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("1002");
        estate.House.Bob.Rings(within: 4).Lifts().Talks();
        estate.ChangesLines(("1001", To("aaln/2")), ("1002", To("aaln/4")));
        estate.House.Waits(5);
        Assert.Equal(0, estate.House.Gateway.ConnectionCount);
        Over(estate);
    }

    [Theory]
    [MemberData(nameof(Moments))]
    public void A_line_moves_while_it_is_called(int milliseconds)
    {
        var estate = WithFreeEndpoint();
        var caller = estate.House.PbxCalls("1001");
        estate.House.Waits(TimeSpan.FromMilliseconds(milliseconds));
        estate.ChangesLines(("1001", To("aaln/4")));
        caller.IsOver(within: 40);
        estate.House.Waits(5);
        estate.House.Alice.HasConnections(0).Hears(PhoneSound.Silence);
        Over(estate);
    }

    [Theory]
    [MemberData(nameof(Moments))]
    public void Two_lines_swap_while_one_is_called(int milliseconds)
    {
        var estate = new Estate();
        var caller = estate.House.PbxCalls("1001");
        estate.House.Waits(TimeSpan.FromMilliseconds(milliseconds));
        estate.ChangesLines(("1001", To("aaln/2")), ("1002", To("aaln/1")));
        caller.IsOver(within: 40);
        estate.House.Waits(5);
        estate.House.Alice.HasConnections(0).Hears(PhoneSound.Silence);
        Over(estate);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(15)]
    [InlineData(400)]
    public void A_line_moves_while_somebody_lifts_the_handset(int milliseconds)
    {
        var estate = WithFreeEndpoint();
        estate.House.Alice.Lifts();
        estate.House.Waits(TimeSpan.FromMilliseconds(milliseconds));
        estate.ChangesLines(("1001", To("aaln/4")));
        estate.House.Waits(3);
        estate.House.Alice.Hears(PhoneSound.Silence);
        estate.House.Alice.Phone.OnHook(estate.House.World.Now);
        Over(estate);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(15)]
    [InlineData(400)]
    public void Two_lines_swap_while_somebody_lifts_a_handset(int milliseconds)
    {
        var estate = new Estate();
        estate.House.Alice.Lifts();
        estate.House.Waits(TimeSpan.FromMilliseconds(milliseconds));
        estate.ChangesLines(("1001", To("aaln/2")), ("1002", To("aaln/1")));
        // It is line 1002 that is off hook now.
        estate.House.Alice.Hears(PhoneSound.DialTone, within: 3).Dials("5551234").Talks(within: 4);
        Assert.Equal("1002", estate.House.Pbx.LastCall!.CallerNumber);
        Over(estate);
    }

    [Fact]
    public void Waiting_messages_go_with_the_line()
    {
        var estate = WithFreeEndpoint();
        estate.House.Pbx.TellMessages("1001", waiting: true, estate.House.World.Now);
        estate.House.Waits(2);
        Assert.True(estate.PhoneOf("1001").MessageLamp);
        estate.ChangesLines(("1001", To("aaln/2")), ("1002", To("aaln/1")));
        estate.House.Waits(5);
        Assert.True(estate.PhoneOf("1001").MessageLamp);
        Assert.False(estate.PhoneOf("1002").MessageLamp);
        estate.ChangesLines(("1001", To("aaln/4")), ("1002", To("aaln/2")));
        estate.House.Waits(5);
        Assert.True(estate.PhoneOf("1001").MessageLamp);
        Assert.DoesNotContain(estate.House.Gateway.Phones, phone => phone != estate.PhoneOf("1001") && phone.MessageLamp);
        Over(estate);
    }

    [Fact]
    public void The_lamp_goes_out_where_a_line_has_left()
    {
        var estate = WithFreeEndpoint();
        estate.House.Pbx.TellMessages("1001", waiting: true, estate.House.World.Now);
        estate.House.Waits(2);
        estate.ChangesLines(("1001", To("aaln/4")));
        estate.House.Waits(5);
        Assert.True(estate.PhoneOf("1001").MessageLamp);
        Assert.False(estate.House.Alice.Phone.MessageLamp);
        Over(estate);
    }

    [Fact]
    public void What_was_set_at_the_phone_goes_with_the_line()
    {
        var estate = new Estate(new HouseOptions { Features = static features => features with { DoNotDisturbCodes = true } });
        estate.House.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("*78").HearsConfirmation().HangsUp().Waits(1);
        Assert.NotNull(estate.ViewOf("1001").Dialled.DoNotDisturb);
        estate.ChangesLines(("1001", To("aaln/2")), ("1002", To("aaln/1")));
        estate.House.Waits(5);
        Assert.NotNull(estate.ViewOf("1001").Dialled.DoNotDisturb);
        Assert.Null(estate.ViewOf("1002").Dialled.DoNotDisturb);
        estate.House.PbxCalls("1001").IsRefusedWith(486);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Lines_change_places_while_their_gateway_is_away(bool swaps)
    {
        var estate = WithFreeEndpoint();
        estate.House.Gateway.PowerOff();
        estate.House.Alice.Phone.OffHook(estate.House.World.Now);
        estate.House.Waits(1);
        if (swaps) estate.ChangesLines(("1001", To("aaln/2")), ("1002", To("aaln/1")));
        else estate.ChangesLines(("1001", To("aaln/4")));
        estate.House.Waits(60);
        estate.House.Gateway.PowerOn(estate.House.World.Now);
        estate.House.Waits(60);
        Over(estate);
    }

    [Theory]
    [InlineData(MgcpProfile.Ncs)]
    [InlineData(MgcpProfile.Cisco)]
    [InlineData(MgcpProfile.Rfc3435)]
    public void Lines_change_places_at_gateways_of_any_kind(MgcpProfile profile)
    {
        var estate = new Estate(Four with { Profile = profile });
        estate.ChangesLines(("1001", To("aaln/2")), ("1002", To("aaln/1")), ("1003", static line => line with { Number = "1005", Username = "1005", Password = "secret1005" }), ("1004", static _ => null));
        Over(estate);
    }

    /// <summary>Seeds, a third of them each with a perfect, a bad and a miserable network.</summary>
    public static TheoryData<ulong, double> Seeds() => [.. Enumerable.Range(1, 24).Select(static seed => ((ulong)seed, seed % 3 * 0.07))];

    /// <summary>Whatever changes, at whatever moment, ends well.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Lines_change_at_any_moment(ulong seed, double loss)
    {
        var estate = new Estate(Four with { Seed = seed, Gateways = 2, Network = LinkQuality.Perfect with { Loss = loss } });
        var chance = new Entropy(seed);
        for (var step = 0; step < 40; step++)
        {
            Something(estate, chance);
            estate.House.Waits(chance.Next(3) == 0 ? chance.Next(4000) / 1000.0 : chance.Next(40) / 1000.0);
        }

        estate.House.NetworkHeals();
        Over(estate);
    }

    private static void Something(Estate estate, Entropy chance)
    {
        var (world, lines) = (estate.House.World, estate.Model.Lines);
        var (line, other) = (lines[chance.Next(lines.Length)], lines[chance.Next(lines.Length)]);
        var phones = estate.House.Gateways.SelectMany(static gateway => gateway.Phones).ToArray();
        var phone = phones[chance.Next(phones.Length)];
        switch (chance.Next(9))
        {
            case 0 when lines.Length > 3:
                estate.ChangesLines((line.Number, static _ => null));
                break;
            case 1:
                estate.Changes(model => Estate.FreeEndpoint(model) is var (gateway, endpoint) ? model with { Lines = [.. model.Lines.Select(one => one == line ? one with { Gateway = gateway, Endpoint = endpoint } : one)] } : model);
                break;
            case 2 when line != other:
                estate.ChangesLines((line.Number, _ => line with { Gateway = other.Gateway, Endpoint = other.Endpoint }), (other.Number, _ => other with { Gateway = line.Gateway, Endpoint = line.Endpoint }));
                break;
            case 3 when !lines.Any(static one => one.Number == "1005" || one.Username == "1005"):
                estate.ChangesLines((line.Number, static one => one with { Number = "1005", Username = "1005", Password = "secret1005" }));
                break;
            case 4 when line != other:
                estate.ChangesLines((line.Number, _ => line with { Username = other.Username, Password = other.Password }), (other.Number, _ => other with { Username = line.Username, Password = line.Password }));
                break;
            case 5:
                estate.House.Pbx.Call(line.Username, "5559876", "Carol Danvers", world.Now);
                world.Settle();
                break;
            case 6:
                phone.Dial("5551234", TimeSpan.FromMilliseconds(150), world.Now);
                world.Settle();
                break;
            default:
                if (phone.IsOffHook) phone.OnHook(world.Now);
                else phone.OffHook(world.Now);
                world.Settle();
                break;
        }
    }
}
