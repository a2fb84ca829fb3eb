using System.Collections.Immutable;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Media;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>Digits that an end does not hear: each is told, and a client that sends some is refused where that is known beforehand.</summary>
public sealed class LostDigitFlows
{
    private const string Number = "5551234";

    [Fact]
    public void Digits_that_come_faster_than_a_gateway_makes_their_tones_are_told_when_there_is_no_room_for_them()
    {
        var house = Talking(new HouseOptions { Audio = true }, out var call);
        for (var i = 0; i < 80; i++) house.Happens("pbx", "presses 5", now => call.Press('5', now));
        house.Waits(20);
        var lost = Lost(house);
        Assert.All(lost, side => Assert.Equal(RelaySide.Gateway, side));
        Assert.InRange(lost.Count, 10, 16);
        Assert.Equal(new string('5', 80 - lost.Count), house.Alice.Phone.TonesMade);
        house.Alice.Talks().HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_client_is_refused_digits_for_an_end_that_takes_none_in_any_form(bool events)
    {
        var house = Called(events ? ["G729", "telephone-event"] : ["G729"], DtmfForm.Unchanged, out var call);
        foreach (var side in Enum.GetValues<RelaySide>())
            Assert.Equal(events ? CallOrderRefusal.None : CallOrderRefusal.NoCommonCodec, Do(house, new AudioOrder.Send("5", side, TimeSpan.FromMilliseconds(100))).Refusal);
        house.Waits(1);
        Assert.Equal(events ? ("5", "5") : ("", ""), (house.Alice.Phone.KeysHeard, call.KeysHeard));
        Assert.Empty(Lost(house));
        house.EndsQuietly();
    }

    [Fact]
    public void A_digit_that_a_gateway_tells_and_its_peer_can_not_be_sent_is_told()
    {
        var house = Called(["G729"], DtmfForm.OutOfBand, out _);
        house.Alice.Dials("12").Waits(1);
        Assert.Equal([RelaySide.Sip, RelaySide.Sip], Lost(house));
        house.EndsQuietly();
    }

    private static List<RelaySide> Lost(House house) => [.. house.AudioNotes.OfType<EngineNote.DigitLost>().Select(note => note.Towards)];

    private static AudioOrderAnswer Do(House house, AudioOrder order)
    {
        var pending = house.Bridge.Begin<AudioOrderAnswer>(house.World, new EngineQuery.Audio(house.CallOn(house.Alice), order));
        house.World.Settle();
        return pending.Answer!;
    }

    // The one codec that the bridge passes and does not know.
    private static House Called(ImmutableArray<string> codecs, DtmfForm gateway, out PeerCall call)
    {
        var house = new House(new HouseOptions
        {
            Audio = true,
            TelephoneEvents = codecs.Contains("telephone-event"),
            Quirks = new GatewayQuirks { Codecs = codecs },
            GatewayModel = model => model with { Dtmf = gateway },
            Pbx = setup => setup with { Codecs = codecs },
        }).Begins();
        var caller = house.PbxCalls("1001").HearsRinging();
        house.Alice.Rings().Lifts().Talks();
        call = caller.Call;
        return house;
    }

    private static House Talking(HouseOptions options, out PeerCall call)
    {
        var house = new House(options).Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        call = house.Pbx.LastCall!;
        return house;
    }
}
