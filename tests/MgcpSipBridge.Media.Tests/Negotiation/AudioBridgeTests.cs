using System.Collections.Immutable;

namespace MgcpSipBridge.Media.Tests.Negotiation;

public sealed class AudioBridgeTests
{
    private static readonly RtpFormat Events96 = RtpFormat.TelephoneEvent with { PayloadType = 96 };
    private static readonly RtpFormat G729 = new(18, "G729", 8000);
    private static readonly AudioBridge Auto = new(DtmfForm.Unchanged, DtmfForm.Unchanged);

    public static TheoryData<string, DtmfForm, DtmfForm, string> Offers => new()
    {
        // What the gateway speaks, then what can be made of it.
        { "PCMU PCMA 101", DtmfForm.Unchanged, DtmfForm.Unchanged, "PCMU PCMA 101" },
        { "PCMA 101", DtmfForm.Unchanged, DtmfForm.Unchanged, "PCMA PCMU 101" },
        { "G729 PCMU", DtmfForm.Unchanged, DtmfForm.Unchanged, "G729 PCMU PCMA" },
        { "G729", DtmfForm.Unchanged, DtmfForm.Unchanged, "G729" },
        // Comfort noise is the gateway's own, or nobody's.
        { "PCMU CN 101", DtmfForm.Unchanged, DtmfForm.Unchanged, "PCMU PCMA CN 101" },
        // Events for a peer that is set to them, or whose gateway is set to something else; not for one that takes others.
        { "PCMU PCMA", DtmfForm.Unchanged, DtmfForm.Events, "PCMU PCMA 101" },
        { "PCMU PCMA 101", DtmfForm.InBand, DtmfForm.Unchanged, "PCMU PCMA 101" },
        { "PCMU PCMA", DtmfForm.OutOfBand, DtmfForm.Unchanged, "PCMU PCMA 101" },
        { "G729", DtmfForm.InBand, DtmfForm.Unchanged, "G729" },
        { "PCMU PCMA 101", DtmfForm.Unchanged, DtmfForm.InBand, "PCMU PCMA" },
        { "PCMU PCMA 101", DtmfForm.Unchanged, DtmfForm.OutOfBand, "PCMU PCMA" },
    };

    [Theory]
    [MemberData(nameof(Offers))]
    public void The_peer_is_offered_what_can_be_made(string gateway, DtmfForm gatewayDtmf, DtmfForm peerDtmf, string offer) =>
        Assert.Equal(offer, Text(new AudioBridge(gatewayDtmf, peerDtmf).OfferToPeer(Formats(gateway))));

    public static TheoryData<string, string, DtmfForm, DtmfForm, string, string> Pairs => new()
    {
        // Shared, and in the peer's order.
        { "PCMA PCMU 96", "PCMU PCMA 101", DtmfForm.Unchanged, DtmfForm.Unchanged, "PCMA PCMU 96", "PCMA PCMU 101" },
        { "G729 PCMU 96", "PCMU 101", DtmfForm.Unchanged, DtmfForm.Unchanged, "PCMU 96", "PCMU 101" },
        // Not shared, but both G.711.
        { "PCMU 96", "PCMA 101", DtmfForm.Unchanged, DtmfForm.Unchanged, "PCMU 96", "PCMA 101" },
        { "PCMU", "PCMA 101", DtmfForm.Unchanged, DtmfForm.Unchanged, "PCMU", "PCMA" },
        // Not shared at all.
        { "G729 96", "PCMA 101", DtmfForm.Unchanged, DtmfForm.Unchanged, "", "" },
        { "96", "101", DtmfForm.Unchanged, DtmfForm.Unchanged, "", "" },
        // A shared codec that is no G.711 stays it.
        { "G729", "G729 PCMA", DtmfForm.Unchanged, DtmfForm.Unchanged, "G729", "G729" },
        // Comfort noise where both have it.
        { "PCMA CN 96", "PCMA 101", DtmfForm.Unchanged, DtmfForm.Unchanged, "PCMA 96", "PCMA 101" },
        { "PCMA 96", "PCMA CN 101", DtmfForm.Unchanged, DtmfForm.Unchanged, "PCMA 96", "PCMA 101" },
        { "PCMA CN 96", "PCMA CN 101", DtmfForm.Unchanged, DtmfForm.Unchanged, "PCMA CN 96", "PCMA CN 101" },
        { "PCMU CN 96", "PCMA 101", DtmfForm.Unchanged, DtmfForm.Unchanged, "PCMU 96", "PCMA 101" },
        // Events by the settings.
        { "PCMU 96", "PCMU", DtmfForm.Unchanged, DtmfForm.Unchanged, "PCMU", "PCMU" },
        { "PCMU 96", "PCMU", DtmfForm.Unchanged, DtmfForm.Events, "PCMU 96", "PCMU" },
        { "PCMU 96", "PCMU 101", DtmfForm.InBand, DtmfForm.Unchanged, "PCMU 96", "PCMU" },
        { "PCMU 96", "PCMU 101", DtmfForm.OutOfBand, DtmfForm.Unchanged, "PCMU 96", "PCMU" },
        { "PCMU", "PCMU 101", DtmfForm.Events, DtmfForm.Unchanged, "PCMU", "PCMU 101" },
        { "PCMU 96", "PCMU 101", DtmfForm.Events, DtmfForm.InBand, "PCMU", "PCMU 101" },
        { "PCMU 96", "PCMU 101", DtmfForm.Unchanged, DtmfForm.OutOfBand, "PCMU", "PCMU" },
        { "G729 96", "G729 101", DtmfForm.InBand, DtmfForm.Events, "G729", "G729" },
    };

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Each_is_told_its_own(string peer, string gateway, DtmfForm gatewayDtmf, DtmfForm peerDtmf, string toPeer, string toGateway)
    {
        var bridge = new AudioBridge(gatewayDtmf, peerDtmf);
        Assert.Equal(toPeer, Text(bridge.ForPeer(Formats(peer), Formats(gateway))));
        Assert.Equal(toGateway, Text(bridge.ForGateway(Formats(peer), Formats(gateway))));
    }

    [Fact]
    public void Only_the_events_that_both_have_are_shared()
    {
        var few = RtpFormat.TelephoneEvent with { Parameters = "0-11" };
        Assert.Equal("0-11", Auto.ForPeer([RtpFormat.Pcmu, Events96], [RtpFormat.Pcmu, few])[1].Parameters);
        // What is made of tones are digits.
        var all = Events96 with { Parameters = "0-16,32,36" };
        Assert.Equal("0-15", new AudioBridge(DtmfForm.InBand, DtmfForm.Events).ForPeer([RtpFormat.Pcmu, all], [RtpFormat.Pcmu])[1].Parameters);
    }

    [Theory]
    // The peer's first, then what can be made of the gateway's own.
    [InlineData("PCMA 96", "PCMA 96", "PCMU PCMA", "PCMA PCMU 96")]
    [InlineData("PCMU PCMA 96", "PCMU PCMA 96", "PCMU PCMA", "PCMU PCMA 96")]
    // A gateway that is known to have one law.
    [InlineData("PCMA 96", "96", "PCMU", "PCMU 96")]
    [InlineData("G729 96", "96", "PCMU PCMA", "")]
    [InlineData("G729 96", "G729 96", "PCMU PCMA", "G729 96")]
    public void A_gateway_is_asked_for_what_helps(string offered, string acceptable, string usual, string asked) =>
        Assert.Equal(asked, Text(Auto.AskGateway(Formats(offered), Formats(acceptable), Formats(usual))));

    public static TheoryData<DtmfForm, DtmfForm, string, string, DtmfForm, DtmfForm> Digits => new()
    {
        { DtmfForm.Unchanged, DtmfForm.Unchanged, "PCMU 101", "PCMU 96", DtmfForm.Unchanged, DtmfForm.Unchanged },
        { DtmfForm.Unchanged, DtmfForm.Unchanged, "PCMU", "PCMU", DtmfForm.Unchanged, DtmfForm.Unchanged },
        { DtmfForm.Unchanged, DtmfForm.Events, "PCMU", "PCMU 96", DtmfForm.InBand, DtmfForm.Events },
        { DtmfForm.Events, DtmfForm.Unchanged, "PCMU 101", "PCMU", DtmfForm.Events, DtmfForm.InBand },
        { DtmfForm.Unchanged, DtmfForm.OutOfBand, "PCMU", "PCMU", DtmfForm.Unchanged, DtmfForm.Unchanged },
        { DtmfForm.Events, DtmfForm.OutOfBand, "PCMU 101", "PCMU", DtmfForm.Events, DtmfForm.OutOfBand },
        { DtmfForm.OutOfBand, DtmfForm.Unchanged, "PCMU", "PCMU", DtmfForm.OutOfBand, DtmfForm.InBand },
        // Both tell them, but the tones may be in the sound as well: that is looked for where the gateway is set so.
        { DtmfForm.OutOfBand, DtmfForm.OutOfBand, "PCMU", "PCMU", DtmfForm.OutOfBand, DtmfForm.OutOfBand },
        { DtmfForm.OutOfBand, DtmfForm.OutOfBand, "G729", "G729", DtmfForm.Unchanged, DtmfForm.Unchanged },
        // Tones are nothing that could be found in, or put into, G.729.
        { DtmfForm.InBand, DtmfForm.Events, "G729", "G729 96", DtmfForm.Unchanged, DtmfForm.Unchanged },
    };

    [Theory]
    [MemberData(nameof(Digits))]
    public void Digits_are_changed_only_where_they_must_be(DtmfForm gateway, DtmfForm peer, string gatewaySays, string peerSays, DtmfForm left, DtmfForm right) =>
        Assert.Equal((left, right), new AudioBridge(gateway, peer).Digits(Formats(gatewaySays), Formats(gatewaySays), Formats(peerSays), Formats(peerSays)));

    [Theory]
    [InlineData(null, 0)]
    [InlineData(10, 10)]
    [InlineData(40, 40)]
    [InlineData(25, 0)]
    [InlineData(400, 0)]
    public void The_length_of_packets_is_what_the_end_wants(int? ptime, int form) => Assert.Equal(form, AudioBridge.Form([RtpFormat.Pcmu], Described([RtpFormat.Pcmu], ptime), DtmfForm.Unchanged).Ptime);

    [Fact]
    public void Events_under_the_senders_own_number_are_known_if_it_was_told_of_events()
    {
        var own = Described([RtpFormat.Pcmu, Events96], 20);
        Assert.Equal([0, 101, 96], AudioBridge.Form([RtpFormat.Pcmu, RtpFormat.TelephoneEvent], own, DtmfForm.Events).Sends.Select(format => (int)format.PayloadType));
        Assert.Equal([0], AudioBridge.Form([RtpFormat.Pcmu], own, DtmfForm.InBand).Sends.Select(format => (int)format.PayloadType));
        Assert.Equal([0], AudioBridge.Form([RtpFormat.Pcmu], own, DtmfForm.Unchanged).Wants.Select(format => (int)format.PayloadType)); // listed without having been offered
    }

    [Theory]
    [InlineData("PCMU", "PCMU", false, false)]
    [InlineData("PCMU PCMA", "PCMU PCMA", false, false)]
    [InlineData("PCMU", "PCMA", true, true)]
    [InlineData("PCMU PCMA", "PCMU", false, true)] // it may send A-law
    [InlineData("G729", "PCMU", false, false)]
    public void The_relay_works_where_something_comes_that_the_other_end_does_not_want(string left, string right, bool must, bool may)
    {
        static RelayForm Form(string formats) => new(Formats(formats), Formats(formats));
        Assert.Equal((must, may), (RelayForm.MustConvert(Form(left), Form(right)), RelayForm.MayConvert(Form(left), Form(right))));
        Assert.Equal((must, may), (RelayForm.MustConvert(Form(right), Form(left)), RelayForm.MayConvert(Form(right), Form(left))));
    }

    private static MediaDescription Described(ImmutableArray<RtpFormat> formats, int? ptime) => new() { Media = "audio", Protocol = "RTP/AVP", Port = 4000, Formats = formats, Ptime = ptime };

    private static ImmutableArray<RtpFormat> Formats(string names) =>
    [
        .. names.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(name => name switch
        {
            "PCMU" => RtpFormat.Pcmu,
            "PCMA" => RtpFormat.Pcma,
            "G729" => G729,
            "96" => Events96,
            "CN" => RtpFormat.ComfortNoise,
            _ => RtpFormat.TelephoneEvent,
        }),
    ];

    private static string Text(ImmutableArray<RtpFormat> formats) => string.Join(' ', formats.Select(format => format.IsTelephoneEvent ? $"{format.PayloadType}" : format.Name));
}
