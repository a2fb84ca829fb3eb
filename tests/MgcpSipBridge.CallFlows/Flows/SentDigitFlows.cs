using MgcpSipBridge.Engine;
using MgcpSipBridge.Media;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>Digits that clients send to a line: they go the way that those of its peer go.</summary>
public sealed class SentDigitFlows
{
    private const string Number = "5551234";

    [Theory]
    [InlineData(DtmfForm.OutOfBand, DtmfForm.Unchanged, true)]
    [InlineData(DtmfForm.OutOfBand, DtmfForm.OutOfBand, true)]
    [InlineData(DtmfForm.Unchanged, DtmfForm.OutOfBand, true)]
    [InlineData(DtmfForm.InBand, DtmfForm.OutOfBand, false)]
    [InlineData(DtmfForm.Events, DtmfForm.OutOfBand, false)]
    [InlineData(DtmfForm.Unchanged, DtmfForm.Unchanged, false)]
    public void Digits_are_sent_to_a_line_the_way_that_those_of_its_peer_go(DtmfForm gateway, DtmfForm peer, bool made)
    {
        var house = new House(new HouseOptions { Audio = true, TelephoneEvents = true, GatewayModel = model => model with { Dtmf = gateway }, Peer = model => model with { Dtmf = peer } }).Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        Send(house, "12,*#", 100);
        house.Waits(0.6);
        Assert.Equal(made ? "12" : "", house.Alice.Phone.TonesMade);
        house.Waits(2);
        Assert.Equal(made ? ("12*#", "") : ("", "12*#"), Heard(house));
        // What is not sent yet is not sent any more.
        Send(house, "1,,2", 100);
        Do(house, new AudioOrder.Stop(null));
        house.Waits(3);
        Assert.Equal(made ? ("12*#1", "") : ("", "12*#1"), Heard(house));
        house.Alice.Talks().HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void Digits_for_a_gateway_that_is_slow_to_take_them_wait_for_it()
    {
        var house = new House(new HouseOptions
        {
            Audio = true,
            GatewayModel = model => model with { Dtmf = DtmfForm.OutOfBand },
            Network = LinkQuality.Perfect with { Latency = TimeSpan.FromMilliseconds(300) },
        }).Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 8);
        var digits = string.Concat(Enumerable.Repeat("123456780*#ABCD45678", 10));
        for (var at = 0; at < digits.Length; at += 50) Send(house, digits[at..(at + 50)], 50);
        Assert.Equal(CallOrderRefusal.TooManyDigits, Do(house, new AudioOrder.Send(digits[..64], RelaySide.Gateway, TimeSpan.FromMilliseconds(50))));
        // The PBX's come between them.
        house.Happens("pbx", "presses 9", now => house.Pbx.LastCall!.Press('9', now)).Waits(300);
        var made = house.Alice.Phone.TonesMade.ToUpperInvariant();
        Assert.InRange(made.IndexOf('9', StringComparison.Ordinal), 0, 5);
        Assert.Equal(digits, made.Replace("9", "", StringComparison.Ordinal));
        Assert.Empty(house.AudioNotes.OfType<EngineNote.DigitLost>());
        house.Alice.Talks().HangsUp().Waits(2);
        house.EndsQuietly();
    }

    [Fact]
    public void Who_is_told_of_digits_by_INFO_can_be_told_from_the_answer_on()
    {
        var house = new House(new HouseOptions { Audio = true, Peer = model => model with { Dtmf = DtmfForm.OutOfBand } }).Begins();
        house.Pbx.When(Number, CalledPlan.Answer(TimeSpan.FromSeconds(3)) with { EarlyMediaAfter = TimeSpan.FromSeconds(1) });
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).HearsEarlyMedia(within: 3);
        Assert.Equal(CallOrderRefusal.NotAnswered, Do(house, new AudioOrder.Send("5", RelaySide.Sip, TimeSpan.FromMilliseconds(100))));
        house.Alice.Talks(within: 4);
        Assert.Equal(CallOrderRefusal.None, Do(house, new AudioOrder.Send("6", RelaySide.Sip, TimeSpan.FromMilliseconds(100))));
        house.Waits(1);
        Assert.Equal("6", house.Pbx.LastCall!.DigitsTold);
        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
    }

    private static void Send(House house, string digits, int milliseconds) =>
        Assert.Equal(CallOrderRefusal.None, Do(house, new AudioOrder.Send(digits, RelaySide.Gateway, TimeSpan.FromMilliseconds(milliseconds))));

    private static CallOrderRefusal Do(House house, AudioOrder order)
    {
        var pending = house.Bridge.Begin<AudioOrderAnswer>(house.World, new EngineQuery.Audio(house.CallOn(house.Alice), order));
        house.World.Settle();
        return pending.Answer!.Refusal;
    }

    // What the gateway made by itself, and what came with the sound.
    private static (string Made, string Sound) Heard(House house) => (house.Alice.Phone.TonesMade, house.Alice.Phone.KeysHeard + house.Alice.Phone.TonesHeard);
}
