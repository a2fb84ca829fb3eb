using System.Collections.Immutable;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Simulator;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.CallFlows;

/// <summary>What a test of the routes says is what a call does, however the routes and the peer rewrite the numbers.</summary>
public sealed class RouteTestFlows
{
    private static readonly ImmutableArray<SipNumberRule> Out = [new("00", 2, "+"), new("0", 1, "+49"), new("10", 0, "+4930555", 4, 4)];
    private static readonly ImmutableArray<SipNumberRule> In = [new("+4930555", 8, "", 12, 12), new("+49", 3, "0"), new("+", 1, "00")];
    private static readonly NumberRewrite?[] CalledRewrites = [null, new(1, "9"), new(0, "", "0(.*)", "00$1")];
    private static readonly NumberRewrite?[] CallerRewrites = [null, new(2, "0307777"), new(0, "", "10(..)", "5$1")];

    [Theory]
    [InlineData(SipRegistrationMode.PerLine, false)]
    [InlineData(SipRegistrationMode.PerLine, true)]
    [InlineData(SipRegistrationMode.None, false)]
    [InlineData(SipRegistrationMode.None, true)]
    public void A_call_tells_the_peer_what_the_test_says(SipRegistrationMode registration, bool peerRewrites)
    {
        foreach (var withheld in (ReadOnlySpan<bool>)[false, true])
        {
            var house = new House(new HouseOptions
            {
                Registration = registration,
                Features = features => features with { PrivacyCodes = true, WithholdNumber = withheld },
                Peer = peer => peer with { Sip = peer.Sip with { Numbers = new SipNumbering(peerRewrites ? Out : [], [], userPhone: peerRewrites) } },
            }).Begins();
            foreach (var called in CalledRewrites)
                foreach (var caller in CallerRewrites)
                {
                    Provide(house, [.. Routes("03", 6), .. Routes("00", 7), .. Routes("112", 3)]);
                    foreach (var dialled in (ReadOnlySpan<string>)["030123", "0044123", "112", "*67030123", "*820044123", "*82112"]) Compare(house, dialled);

                    ImmutableArray<RouteModel> Routes(string prefix, int digits) => [new RouteModel("to" + prefix, prefix, "pbx", MinDigits: digits, MaxDigits: digits) { Called = called, Caller = caller }];
                }

            house.EndsQuietly();
        }
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("", true)]
    [InlineData("+4930555", false)]
    [InlineData("+4930555", true)]
    public void A_call_of_the_peer_rings_and_shows_what_the_test_says(string account, bool peerRewrites)
    {
        var house = new House(new HouseOptions
        {
            Registration = SipRegistrationMode.None,
            Line = line => line with { Username = account + line.Number },
            Peer = peer => peer with { Sip = peer.Sip with { Numbers = new SipNumbering([], peerRewrites ? In : [], userPhone: false) } },
        }).Begins();
        var rang = 0;
        foreach (var called in (NumberRewrite?[])[null, new(2, "10"), new(0, "", "9(.*)", "10$1")])
            foreach (var caller in (NumberRewrite?[])[null, new(1, "8"), new(0, "", "0049(.*)|[+]49(.*)", "0$1$2")])
            {
                Provide(house, [new RouteModel("in1", "", "pbx") { Direction = NumberDirection.FromPeer, Called = called, Caller = caller }]);
                foreach (var number in (ReadOnlySpan<string>)["1001", "+49305551001", "0001", "901", "+4911001"])
                    foreach (var who in (ReadOnlySpan<string>)["3003", "+4989123", "+44123", "004912"])
                    {
                        var told = house.Bridge.Ask<RouteTestView>(house.World, new EngineQuery.TestRoute(number, "", "pbx", who))!;
                        var call = house.PbxCalls(number, who, name: null).Call;
                        house.Waits(1);
                        var line = house.Lines.FirstOrDefault(person => person.Phone.Sound == PhoneSound.Ringing);
                        // The analog line's caller ID has no +.
                        Assert.True((told.Line, line is null ? null : told.Caller?.TrimStart('+')) == (line?.Number, line?.Phone.CallerId?.Number), $"{number} for {who} by {called} and {caller}: {told}, but {line?.Number} shows {line?.Phone.CallerId}");
                        if (line is not null) rang++;
                        else Assert.Equal(404, call.FinalStatus);
                        call.HangUp(house.World.Now);
                        house.Waits(1);
                    }
            }

        Assert.True(rang >= 20, $"only {rang} calls rang");
        house.EndsQuietly();
    }

    [Fact]
    public void Without_a_line_nobody_knows_who_would_call_unless_a_number_is_withheld_or_given_by_the_peer()
    {
        var house = new House().Begins();
        Assert.Null(Test(house, "5551234", "").Caller);
        Assert.Null(Test(house, "5551234", "gw1").Steps[0].Caller);
        Assert.Equal("1001", Test(house, "5551234", "1001").Caller);
        house.EndsQuietly();
    }

    private static void Compare(House house, string dialled)
    {
        var told = Test(house, dialled, "1001");
        var before = house.Pbx.CallsSeen.Incoming;
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(dialled);
        Assert.True(house.World.RunUntil(() => house.Pbx.CallsSeen.Incoming > before, TimeSpan.FromSeconds(5)), $"{dialled} does not come out" + house.Trouble);
        var call = house.Pbx.LastCall!;
        var step = told.Steps[0];
        Assert.Equal((call.CalledNumber, UserOf(call.InviteHeader("to")!), UserOf(call.CallerHeader)), (step.Number, step.Number, step.Caller));
        Assert.Equal((step.Number, step.Caller), (told.Number, told.Caller));
        Assert.StartsWith($"sip:{step.Number}@", step.Uri, StringComparison.Ordinal);
        house.Alice.HangsUp().Waits(1);
    }

    private static RouteTestView Test(House house, string number, string from) => house.Bridge.Ask<RouteTestView>(house.World, new EngineQuery.TestRoute(number, from))!;

    private static void Provide(House house, ImmutableArray<RouteModel> routes)
    {
        house.Bridge.Handle(house.World, new EngineInput.Configure(house.Model with { Routes = routes }));
        // The gateways are told the new digit map.
        house.Waits(2);
    }

    private static string UserOf(string header)
    {
        var begins = header.IndexOf("sip:", StringComparison.Ordinal) + 4;
        return header[begins..header.IndexOf('@', begins)];
    }
}
