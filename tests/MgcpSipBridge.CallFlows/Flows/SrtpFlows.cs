using MgcpSipBridge.Engine;
using MgcpSipBridge.Media;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>Audio that is encrypted between the bridge and the PBX, and plain between the bridge and the gateway (RFC 4568).</summary>
public sealed class SrtpFlows
{
    private const string Number = "5551234";

    [Fact]
    public void A_line_calls_a_PBX_that_encrypts()
    {
        var house = House(SrtpPolicy.Required, PeerSrtp.Secure);
        Dial(house, out var call);
        Heard(house, call);
        Assert.Equal(("RTP/SAVP", 2), (call.RemoteDescription!.Profile, call.RemoteDescription.Crypto.Length));
        Assert.True(View(house).Encrypted);
        house.Alice.HangsUp().Waits(1);
        Assert.True(house.Records[0].Call.Encrypted);
        house.Ends();
    }

    [Fact]
    public void A_PBX_that_encrypts_calls_a_line()
    {
        var house = House(SrtpPolicy.Required, PeerSrtp.Secure);
        var call = Called(house);
        Heard(house, call);
        Assert.Equal(("RTP/SAVP", 1), (call.RemoteDescription!.Profile, call.RemoteDescription.Crypto.Length));
        house.Alice.HangsUp().Waits(1);
        Assert.True(house.Records[0].Call.Encrypted);
        house.Ends();
    }

    [Fact]
    public void A_PBX_that_does_not_know_encryption_is_asked_again_without()
    {
        var house = House(SrtpPolicy.Optional, PeerSrtp.Unknown);
        Dial(house, out var call);
        Heard(house, call);
        Assert.Equal(("RTP/AVP", 0), (call.RemoteDescription!.Profile, call.RemoteDescription.Crypto.Length));
        Assert.Equal(2, house.Pbx.CallsSeen.Incoming);
        house.Alice.HangsUp().Waits(1);
        Assert.False(house.Records[0].Call.Encrypted);
        house.Ends();
    }

    [Fact]
    public void Without_encryption_there_is_no_call_where_it_is_required()
    {
        var house = House(SrtpPolicy.Required, PeerSrtp.Unknown);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Hears(PhoneSound.Reorder, within: 4);
        Assert.Equal(1, house.Pbx.CallsSeen.Incoming);
        house.Alice.HangsUp().Waits(1);
        Assert.Equal(488, house.Records[0].SipStatus);
        house.Ends();
    }

    [Fact]
    public void A_plain_call_is_refused_where_encryption_is_required()
    {
        var house = House(SrtpPolicy.Required, PeerSrtp.Unknown);
        house.PbxCalls("1001").IsRefusedWith(488);
        Assert.Equal(PhoneSound.Silence, house.Alice.Phone.Sound);
        house.Ends();
    }

    [Theory]
    [InlineData(SrtpPolicy.Off)]
    [InlineData(SrtpPolicy.Optional)]
    public void A_plain_call_is_taken_where_it_is_not(SrtpPolicy policy)
    {
        var house = House(policy, PeerSrtp.Unknown);
        Heard(house, Called(house));
        house.EndsQuietly();
        Assert.False(house.Records[0].Call.Encrypted);
    }

    [Fact]
    public void An_encrypted_call_is_refused_where_encryption_is_off()
    {
        var house = House(SrtpPolicy.Off, PeerSrtp.Secure);
        house.PbxCalls("1001").IsRefusedWith(488);
        house.EndsQuietly();
    }

    // Keys under the plain profile: passed over, or taken.
    [Theory]
    [InlineData(SrtpPolicy.Off, false)]
    [InlineData(SrtpPolicy.Optional, true)]
    [InlineData(SrtpPolicy.Required, true)]
    public void Keys_that_may_be_passed_over(SrtpPolicy policy, bool encrypted)
    {
        var house = House(policy, PeerSrtp.BestEffort);
        var call = Called(house);
        Heard(house, call);
        Assert.Equal(("RTP/AVP", encrypted ? 1 : 0), (call.RemoteDescription!.Profile, call.RemoteDescription.Crypto.Length));
        house.EndsQuietly();
        Assert.Equal(encrypted, house.Records[0].Call.Encrypted);
    }

    [Fact]
    public void Keys_stay_while_the_PBX_holds_and_takes_back()
    {
        var house = House(SrtpPolicy.Optional, PeerSrtp.Secure);
        Dial(house, out var call);
        var keys = Keys(house);
        house.Happens("pbx", "holds", now => call.Offer(new PeerOffer { Direction = "sendonly" }, now)).Waits(2);
        Assert.Equal((200, keys), (call.OfferStatus, Keys(house)));
        house.Happens("pbx", "resumes", now => call.Offer(new PeerOffer(), now)).Waits(1);
        Assert.Equal((200, keys), (call.OfferStatus, Keys(house)));
        Heard(house, call);
        house.Alice.HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void Keys_stay_while_the_line_holds_and_takes_back()
    {
        var house = House(SrtpPolicy.Optional, PeerSrtp.Secure);
        Dial(house, out var call);
        var keys = Keys(house);
        house.Orders(house.Alice, "holds", id => new EngineQuery.Hold(id, true)).Waits(2);
        house.Orders(house.Alice, "takes back", id => new EngineQuery.Hold(id, false)).Waits(1);
        Assert.Equal(keys, Keys(house));
        Heard(house, call);
        house.EndsQuietly();
    }

    [Fact]
    public void The_PBX_changes_its_key()
    {
        var house = House(SrtpPolicy.Required, PeerSrtp.Secure);
        var call = Called(house);
        var keys = Keys(house)!;
        house.Happens("pbx", "changes its key", now => call.Offer(new PeerOffer { NewKey = true }, now)).Waits(1);
        Assert.NotEqual(keys.Theirs, Keys(house)!.Theirs);
        Assert.Equal(keys.Ours, Keys(house)!.Ours);
        Heard(house, call);
        house.Alice.HangsUp().Waits(1);
        house.Ends();
    }

    [Theory]
    [InlineData(SrtpPolicy.Optional, 200)]
    [InlineData(SrtpPolicy.Required, 488)]
    public void The_PBX_wants_to_go_on_without(SrtpPolicy policy, int status)
    {
        var house = House(policy, PeerSrtp.Secure);
        Dial(house, out var call);
        var keys = Keys(house);
        // Its own answer to a refusal is to go on as it was.
        house.Happens("pbx", "offers plain audio", now => call.Offer(new PeerOffer { Plain = true, Update = true }, now)).Waits(1);
        Assert.Equal(status, call.OfferStatus);
        Assert.Equal(status == 200 ? null : keys, Keys(house));
        if (status == 200) Heard(house, call);
        house.EndsQuietly();
    }

    // What went on in plain is not encrypted with the old key again: the two could meet in one key stream.
    [Fact]
    public void After_a_plain_time_the_line_has_another_key()
    {
        var house = House(SrtpPolicy.Optional, PeerSrtp.Secure);
        Dial(house, out var call);
        var keys = Keys(house)!;
        house.Happens("pbx", "offers plain audio", now => call.Offer(new PeerOffer { Plain = true }, now)).Waits(1);
        house.Happens("pbx", "offers encryption", now => call.Offer(new PeerOffer(), now)).Waits(1);
        Assert.NotEqual(keys.Ours, Keys(house)!.Ours);
        Heard(house, call);
        house.EndsQuietly();
    }

    [Theory]
    [InlineData(SrtpPolicy.Required, PeerSrtp.Secure, "RTP/SAVP", true)]
    [InlineData(SrtpPolicy.Optional, PeerSrtp.Secure, "RTP/AVP", true)]
    [InlineData(SrtpPolicy.Optional, PeerSrtp.Unknown, "RTP/AVP", false)] // nothing could be offered it a second time
    public void A_PBX_that_asks_for_the_offer(SrtpPolicy policy, PeerSrtp pbx, string profile, bool encrypted)
    {
        var house = House(policy, pbx);
        house.Happens("pbx", "calls without an offer", now => house.Pbx.Call("1001", "3003", "Dave", now, delayed: true));
        house.Alice.Rings().Lifts().Talks();
        var call = house.Pbx.LastCall!;
        Assert.Equal((profile, 2), (call.RemoteDescription!.Profile, call.RemoteDescription.Crypto.Length));
        Heard(house, call);
        house.EndsQuietly();
        Assert.Equal(encrypted, house.Records[0].Call.Encrypted);
    }

    // The one that is tried next is not told the key that the one before was told.
    [Fact]
    public void Every_PBX_has_keys_of_its_own()
    {
        var house = House(SrtpPolicy.Optional, PeerSrtp.Secure, failover: true);
        house.Pbx.When(Number, CalledPlan.Reject(503));
        house.Pbx2!.When(Number, CalledPlan.Answer(TimeSpan.FromSeconds(1)));
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 5);
        var (first, second) = (house.Pbx.LastCall!, house.Pbx2.LastCall!);
        Assert.NotEmpty(first.RemoteDescription!.Crypto);
        Assert.Equal(("RTP/AVP", 0), (second.RemoteDescription!.Profile, second.RemoteDescription.Crypto.Length));
        house.EndsQuietly();
    }

    [Fact]
    public void Nobody_who_looks_at_a_call_sees_its_keys()
    {
        var house = House(SrtpPolicy.Required, PeerSrtp.Secure, ladders: true);
        Dial(house, out var call);
        var id = house.CallOn(house.Alice);
        string[] keys = [call.OwnKey!.ToInline(), call.LineKey!.ToInline()];
        var ladder = house.Bridge.Ask<LadderView>(house.World, new EngineQuery.Ladder(id))!;
        var messages = house.Bridge.Ask<CaptureView>(house.World, new EngineQuery.Capture(id))!.Messages.Select(message => System.Text.Encoding.Latin1.GetString(message.Bytes.Span));
        string[] shown = [$"{ladder} {Keys(house)}", .. ladder.Entries.Select(entry => entry.ToString()), .. messages];
        Assert.Contains(shown, text => text.Contains($"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{new string('*', 40)}\r\n", StringComparison.Ordinal));
        Assert.All(keys, key => Assert.DoesNotContain(shown, text => text.Contains(key, StringComparison.Ordinal)));
        house.EndsQuietly();
    }

    private static House House(SrtpPolicy policy, PeerSrtp pbx, bool failover = false, bool ladders = false)
    {
        var options = new HouseOptions { Audio = true, Failover = failover, Peer = peer => peer with { Srtp = policy }, Pbx = setup => setup with { Srtp = setup.Name == "pbx" ? pbx : PeerSrtp.Unknown } };
        if (ladders) options = options with { Engine = settings => new HouseOptions().Engine(settings) with { Sip = settings.Sip with { Trace = true } } };
        return new House(options).Begins();
    }

    private static void Dial(House house, out PeerCall call)
    {
        house.Pbx.When(Number, CalledPlan.Answer(TimeSpan.FromSeconds(1)));
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        call = house.Pbx.LastCall!;
    }

    private static PeerCall Called(House house)
    {
        var caller = house.PbxCalls("1001").HearsRinging();
        house.Alice.Rings().Lifts().Talks();
        caller.IsAnswered();
        return caller.Call;
    }

    // Both hear each other, and nothing that either of them got was refused.
    private static void Heard(House house, PeerCall call)
    {
        house.Alice.Phone.Voice = 600;
        call.Voice = 900;
        var (alice, peer) = (house.Alice.Phone.HeardFrequencies.GetValueOrDefault(900), call.HeardFrequencies.GetValueOrDefault(600));
        house.Waits(2);
        Assert.InRange(house.Alice.Phone.HeardFrequencies.GetValueOrDefault(900) - alice, 90, 101);
        Assert.InRange(call.HeardFrequencies.GetValueOrDefault(600) - peer, 90, 101);
    }

    private static CallView View(House house) => house.Bridge.Ask<LadderView>(house.World, new EngineQuery.Ladder(house.CallOn(house.Alice)))!.Call;

    private static SrtpKeys? Keys(House house) => house.Bridge.Relay.Find(house.Alice.Phone.Connections[0].Remote!.Address)!.Value.Sip!.Keys;
}
