using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;

namespace MgcpSipBridge.Engine.Tests;

/// <summary>The table of fax read aloud, its laws, and RFC 5347's words.</summary>
public sealed class FaxMachineTests
{
    private static readonly FaxState[] States = Enum.GetValues<FaxState>();
    private static readonly FaxEvent[] Events = Enum.GetValues<FaxEvent>();

    [Fact]
    public void The_whole_table_is_as_it_was_reviewed()
    {
        var text = new StringBuilder();
        foreach (var state in States)
        {
            text.Append('\n').Append(state).Append('\n');
            foreach (var evt in Events)
            {
                var ways = new[] { (true, true), (true, false), (false, true), (false, false) }
                    .Select(way => (way, Step: FaxMachine.Step(state, evt, way.Item1, way.Item2)))
                    .GroupBy(one => one.Step)
                    .Select(group => (group.Count() == 4 ? "" : "[" + string.Join(" | ", group.Select(one => Way(one.way))) + "] ") + (group.Key == (state, FaxEffects.None) ? "-" : $"{group.Key.Next}: {group.Key.Effects}"));
                text.Append("  ").Append(evt).Append(" -> ").AppendJoin("; ", ways).Append('\n');
            }
        }

        Verify(text.ToString());

        static string Way((bool Relays, bool Clears) way) => way switch
        {
            (true, true) => "auto",
            (true, false) => "t38",
            (false, true) => "passthrough",
            _ => "off",
        };
    }

    [Fact]
    public void From_every_state_speech_or_a_clear_channel_can_be_reached_by_what_surely_comes()
    {
        // Commands end and offers are answered; nothing else need happen.
        foreach (var start in States)
            foreach (var refuses in (bool[])[false, true])
            {
                var state = start;
                for (var step = 0; step < 10; step++)
                {
                    state = state switch
                    {
                        FaxState.Proposing => FaxMachine.Step(state, refuses ? FaxEvent.PeerRefused : FaxEvent.PeerTook, true, true).Next,
                        FaxState.Relaying or FaxState.Own => FaxMachine.Step(state, FaxEvent.GatewayStops, true, true).Next,
                        _ => FaxMachine.Step(state, refuses ? FaxEvent.GatewayRefused : FaxEvent.GatewayTook, true, true).Next,
                    };
                }

                Assert.Contains(state, (FaxState[])[FaxState.Voice, FaxState.Clear]);
            }
    }

    [Fact]
    public void Every_offer_of_the_peer_is_answered_or_refused_and_every_refusal_leads_somewhere()
    {
        foreach (var state in States)
            foreach (var relays in (bool[])[false, true])
                foreach (var clears in (bool[])[false, true])
                {
                    var (next, effects) = FaxMachine.Step(state, FaxEvent.PeerOffersFax, relays, clears);
                    Assert.True(effects.HasFlag(FaxEffects.RefuseOffer) || (next == FaxState.Answering && effects.HasFlag(FaxEffects.TellGateway)), $"{state}");
                    var refused = FaxMachine.Step(state, FaxEvent.GatewayRefused, relays, clears).Effects;
                    Assert.Equal(state == FaxState.Answering, refused.HasFlag(FaxEffects.RefuseOffer));
                }
    }

    [Theory]
    [InlineData("FXR", "t38", "start", FaxEvent.GatewayStarts)]
    [InlineData("fxr", "t38", "stop, foobar", FaxEvent.GatewayStops)]
    [InlineData("FXR", "T38", "FAILURE", FaxEvent.GatewayFails)]
    [InlineData("FXR", "gwfax", "start", FaxEvent.GatewayActs)]
    [InlineData("FXR", "gwfax", "stop", FaxEvent.GatewayStops)]
    [InlineData("FXR", "nopfax", "start", FaxEvent.GatewayFinds)]
    [InlineData("G", "ft", null, FaxEvent.GatewayFinds)]
    [InlineData("L", "mt", null, FaxEvent.GatewayFinds)]
    public void Events_mean_what_RFC_5347_says(string package, string name, string? parameters, object meaning) =>
        Assert.Equal((FaxEvent)meaning, FaxMap.Read(new ObservedEvent(package, name, parameters)));

    [Theory]
    [InlineData("L", "hf", null)]
    [InlineData("FXR", "t38", "sometime")]
    [InlineData("FXR", "t38", null)]
    [InlineData("D", "ft", null)]
    public void Others_mean_nothing(string package, string name, string? parameters) => Assert.Null(FaxMap.Read(new ObservedEvent(package, name, parameters)));

    [Fact]
    public void What_is_set_for_line_and_peer_meets_at_the_later_word()
    {
        Assert.Equal(FaxHandling.Off, FaxMap.Between(FaxHandling.Off, FaxHandling.T38));
        Assert.Equal(FaxHandling.Passthrough, FaxMap.Between(FaxHandling.Auto, FaxHandling.Passthrough));
        Assert.Equal(FaxHandling.T38, FaxMap.Between(FaxHandling.T38, FaxHandling.Auto));
    }

    [Theory]
    [InlineData(FaxHandling.Auto, "FXR", "fxr/fx:t38-loose", true)]
    [InlineData(FaxHandling.Auto, "", null, false)]
    [InlineData(FaxHandling.T38, "", "fxr/fx:t38-loose", true)]
    [InlineData(FaxHandling.T38, "G", null, true)]
    [InlineData(FaxHandling.Passthrough, "FXR", "fxr/fx:off", false)]
    [InlineData(FaxHandling.Passthrough, "G", null, false)]
    [InlineData(FaxHandling.Off, "FXR", null, false)]
    public void A_gateway_is_asked_for_what_it_has(FaxHandling handling, string package, string? procedure, bool relays)
    {
        var audit = new EndpointAudit(null, [], package.Length == 0 ? [] : ["L", package]);
        Assert.Equal(procedure, FaxMap.Procedure(handling, audit));
        Assert.Equal(relays, FaxMap.Relays(handling, audit));
        var events = FaxMap.Events(handling, audit, new GatewayTraits()).Select(one => one.Event);
        Assert.Equal(procedure is not null ? ["fxr/gwfax", "fxr/nopfax", "fxr/t38"] : handling == FaxHandling.Passthrough ? ["G/ft", "G/mt"] : [], events);
    }

    [Fact]
    public void NCS_reports_the_tones_in_its_line_package() =>
        Assert.Equal(["L/ft", "L/mt"], FaxMap.Events(FaxHandling.Passthrough, EndpointAudit.Unknown, GatewayTraits.Preset(MgcpProfile.Ncs)).Select(one => one.Event));

    private static void Verify(string actual, [CallerFilePath] string source = "")
    {
        const string Name = "fax-machine.txt";
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1")
        {
            File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(source)!, "Snapshots")).FullName, Name), actual);
            return;
        }

        Assert.Equal(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Snapshots", Name)), actual);
    }

    [Fact]
    public void A_clear_channel_is_asked_for_with_less_and_less()
    {
        ImmutableArray<RtpFormat> both = [new(18, "G729", 8000), RtpFormat.Pcma, RtpFormat.Pcmu, RtpFormat.TelephoneEvent];
        Assert.Equal("a:PCMA;PCMU, e:off, s:off, fxr/fx:off", FaxMap.ClearOptions(both, package: true, 0));
        Assert.Equal("a:PCMA;PCMU, e:off, s:off", FaxMap.ClearOptions(both, package: true, 1));
        Assert.Equal("a:PCMA;PCMU, fxr/fx:off", FaxMap.ClearOptions(both, package: true, 2));
        Assert.Null(FaxMap.ClearOptions(both, package: true, 3));
        Assert.Equal("a:PCMA;PCMU, e:off, s:off", FaxMap.ClearOptions(both, package: false, 0));
        Assert.Null(FaxMap.ClearOptions(both, package: false, 1));
        Assert.Equal("a:G729, e:off, s:off", FaxMap.ClearOptions([new(18, "G729", 8000)], package: false, 0));
    }
}
