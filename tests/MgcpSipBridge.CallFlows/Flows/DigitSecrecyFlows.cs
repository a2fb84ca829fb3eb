using System.Text;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Media;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>What is pressed in a call may be a PIN: whoever looks at the call sees that keys were pressed, and not which.</summary>
public sealed class DigitSecrecyFlows
{
    private const string Number = "5551234";
    private const string Pin = "93817264";

    [Theory]
    [InlineData(ShownDigits.None)]
    [InlineData(ShownDigits.Dialled)]
    [InlineData(ShownDigits.All)]
    public void A_line_dials_a_number_and_then_a_PIN(ShownDigits shown)
    {
        var house = Begins(shown);
        house.Pbx.When(Number, CalledPlan.Answer(TimeSpan.FromSeconds(1)));
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        var id = house.CallOn(house.Alice);
        house.Alice.Dials(Pin).Waits(1);
        // It is there, and comes as INFO to the one who asked for it.
        Assert.Equal(Pin, house.Pbx.LastCall!.DigitsTold);
        var observed = Observed(house, id);
        Assert.Equal(shown == ShownDigits.None ? "xxxxxxx" : Number, observed[..7]);
        Assert.Equal(shown == ShownDigits.All ? Pin : "xxxxxxxx", observed[7..]);
        Assert.Equal(shown == ShownDigits.All ? 8 : 0, Signals(house, id).Count(one => one.IsAsciiDigit));
        house.Alice.HangsUp().Waits(1);
        // And not when it is over either.
        Assert.Equal(observed, Observed(house, id));
        house.EndsQuietly();
    }

    [Theory]
    [InlineData(ShownDigits.Dialled)]
    [InlineData(ShownDigits.All)]
    public void A_caller_presses_a_PIN_that_the_phone_is_to_sound(ShownDigits shown)
    {
        var house = Begins(shown);
        var caller = house.PbxCalls("1001").HearsRinging();
        house.Alice.Rings().Lifts().Talks();
        caller.IsAnswered();
        var id = house.CallOn(house.Alice);
        foreach (var key in Pin) house.Happens("pbx", "presses a key", now => caller.Call.Press(key, now)).Waits(0.5);
        Assert.Equal(shown == ShownDigits.All ? 8 : 0, Signals(house, id).Count(one => one.IsAsciiDigit));
        Assert.Equal(8, Signals(house, id).Count());
        Assert.Equal(shown == ShownDigits.All ? Pin : "xxxxxxxx", string.Concat(Messages(house, id).SelectMany(text => text.Split("\r\n")).Where(line => line.StartsWith("S: D/", StringComparison.OrdinalIgnoreCase)).Select(line => line[5])));
        house.EndsQuietly();
    }

    private static House Begins(ShownDigits shown) => new House(new HouseOptions
    {
        Peer = peer => peer with { Dtmf = DtmfForm.OutOfBand },
        GatewayModel = gateway => gateway with { Dtmf = DtmfForm.OutOfBand },
        Engine = settings => new HouseOptions().Engine(settings) with { ShownDigits = shown, Sip = settings.Sip with { Trace = true }, Mgcp = settings.Mgcp with { Trace = true, AuditInterval = TimeSpan.FromHours(1), StartSpread = TimeSpan.Zero } },
    }).Begins();

    // Digits that the gateway has reported, in order, the timer left out.
    private static string Observed(House house, string id) => string.Concat(Messages(house, id)
        .SelectMany(text => text.Split("\r\n"))
        .Where(line => line.StartsWith("O:", StringComparison.OrdinalIgnoreCase))
        .SelectMany(line => line[2..].Split(','))
        .Select(one => one.Trim())
        .Where(one => one.Length == 3 && one.StartsWith("D/", StringComparison.OrdinalIgnoreCase) && one[2] != 'T')
        .Select(one => one[2]));

    private static IEnumerable<(bool IsAsciiDigit, char Key)> Signals(House house, string id) => Messages(house, id)
        .SelectMany(text => text.Split("\r\n"))
        .Where(line => line.StartsWith("Signal=", StringComparison.Ordinal))
        .Select(line => (char.IsAsciiDigit(line[7]), line[7]));

    private static List<string> Messages(House house, string id)
    {
        var ladder = house.Bridge.Ask<LadderView>(house.World, new EngineQuery.Ladder(id))!;
        var messages = house.Bridge.Ask<CaptureView>(house.World, new EngineQuery.Capture(id))!.Messages.Select(message => Encoding.Latin1.GetString(message.Bytes.Span)).ToList();
        // The ladder has no more than they have.
        Assert.All(ladder.Entries, entry => Assert.Contains(messages, text => text.StartsWith(entry.FirstLine, StringComparison.Ordinal)));
        Assert.All(ladder.Entries.SelectMany(entry => entry.Detail.Split("; ")).Where(detail => detail.StartsWith("O:", StringComparison.OrdinalIgnoreCase)), detail => Assert.Contains(messages, text => text.Contains(detail, StringComparison.Ordinal)));
        return messages;
    }
}
