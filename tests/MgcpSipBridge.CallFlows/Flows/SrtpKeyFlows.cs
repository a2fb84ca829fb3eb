using MgcpSipBridge.Media;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>Keys of encrypted audio that live no longer than the PBX says (RFC 4568 §6.1), and are changed inside the call (§7.1.4).</summary>
public sealed class SrtpKeyFlows
{
    private const string Number = "5551234";
    private const string Life = "2^12"; // packets: at 50 a second 82 s

    [Fact]
    public void A_key_is_changed_before_its_end()
    {
        var house = House();
        var call = Called(house);
        var first = Keys(house);
        Assert.Equal(4096, first.Life);
        // Half of so short a life, and the second in which that is looked at.
        house.Waits(39);
        Assert.Equal(first, Keys(house));
        house.Waits(4);
        var second = Keys(house);
        Assert.True(!first.Ours.Equals(second.Ours) && !first.Theirs.Equals(second.Theirs) && !second.Ours.Equals(second.Theirs));
        Heard(house, call);
        // What was under way when the key changed was heard, and so on through many keys.
        house.Waits(82);
        Heard(house, call);
        Assert.Equal((0, 0, 0), (Dropped(house, RelayDrop.KeyEnded), Dropped(house, RelayDrop.NotAuthentic), Dropped(house, RelayDrop.Replayed)));
        Assert.Equal(3, house.KeysAged.Count);
        Assert.DoesNotContain(true, house.KeysAged);
        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void A_key_near_its_end_is_changed_by_a_re_INVITE()
    {
        var house = House();
        Dialled(house);
        house.Waits(39).BeginsLadder();
        house.Waits(4);
        house.Alice.HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void Where_the_PBX_agrees_to_no_other_key_nothing_passes_after_the_end()
    {
        var house = House();
        var call = Dialled(house);
        var keys = Keys(house);
        house.Pbx.RefuseOffers = 488;
        house.Waits(75);
        // The old ones hold (§7.1.4).
        Assert.Equal(keys, Keys(house));
        Heard(house, call);
        house.Waits(12);
        Assert.Equal([false, true], house.KeysAged);
        Assert.InRange(Dropped(house, RelayDrop.KeyEnded), 100, 2000);
        var (alice, peer) = (house.Alice.Phone.HeardFrequencies[900], call.HeardFrequencies[600]);
        house.Waits(2);
        Assert.Equal((alice, peer), (house.Alice.Phone.HeardFrequencies[900], call.HeardFrequencies[600]));
        // It comes back with a key of its own, and is answered with one of ours that was not used either.
        house.Pbx.RefuseOffers = 0;
        house.Happens("pbx", "changes its key", now => call.Offer(new PeerOffer { NewKey = true }, now)).Waits(1);
        Assert.NotEqual(keys.Ours, Keys(house).Ours);
        Heard(house, call);
        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void A_new_key_of_the_PBX_near_the_end_of_ours_is_answered_with_a_new_one()
    {
        var house = House();
        var call = Called(house);
        var keys = Keys(house);
        // Both find at once that it is time: 491 from both, and whoever comes first has it.
        house.Pbx.RefuseOffers = 491;
        house.Waits(41.5);
        house.Pbx.RefuseOffers = 0;
        house.Happens("pbx", "changes its key", now => call.Offer(new PeerOffer { NewKey = true }, now)).Waits(6);
        Assert.Equal(200, call.OfferStatus);
        Assert.True(!keys.Ours.Equals(Keys(house).Ours) && !keys.Theirs.Equals(Keys(house).Theirs));
        Heard(house, call);
        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void A_hold_changes_no_key_and_does_not_begin_its_life_anew()
    {
        var house = House();
        var call = Dialled(house);
        var keys = Keys(house);
        house.Waits(30);
        house.Happens("pbx", "holds", now => call.Offer(new PeerOffer { Direction = "sendonly" }, now)).Waits(1);
        house.Happens("pbx", "resumes", now => call.Offer(new PeerOffer(), now)).Waits(5);
        Assert.Equal(keys, Keys(house));
        Heard(house, call);
        house.Waits(8);
        Assert.NotEqual(keys, Keys(house));
        Heard(house, call);
        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void Where_nothing_is_said_a_key_lives_as_long_as_the_call()
    {
        var house = House(life: "");
        var call = Dialled(house);
        var keys = Keys(house);
        Assert.Equal(SrtpKeys.LongestLife, keys.Life);
        house.Waits(45);
        house.Happens("pbx", "holds", now => call.Offer(new PeerOffer { Direction = "sendonly" }, now)).Waits(1);
        house.Happens("pbx", "resumes", now => call.Offer(new PeerOffer(), now)).Waits(1);
        Assert.Equal(keys, Keys(house));
        Heard(house, call);
        Assert.Empty(house.KeysAged);
        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
    }

    private static House House(string life = Life)
    {
        var house = new House(new HouseOptions { Audio = true, Peer = peer => peer with { Srtp = SrtpPolicy.Required }, Pbx = setup => setup with { Srtp = PeerSrtp.Secure, KeyLifetime = life } });
        house.Bridge.Relay.WatchesKeys = true;
        return house.Begins();
    }

    private static PeerCall Dialled(House house)
    {
        house.Pbx.When(Number, CalledPlan.Answer(TimeSpan.FromSeconds(1)));
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        return Speaks(house, house.Pbx.LastCall!);
    }

    private static PeerCall Called(House house)
    {
        var caller = house.PbxCalls("1001").HearsRinging();
        house.Alice.Rings().Lifts().Talks();
        caller.IsAnswered();
        return Speaks(house, caller.Call);
    }

    private static PeerCall Speaks(House house, PeerCall call)
    {
        (house.Alice.Phone.Voice, call.Voice) = (600, 900);
        return call;
    }

    private static void Heard(House house, PeerCall call)
    {
        var (alice, peer) = (house.Alice.Phone.HeardFrequencies.GetValueOrDefault(900), call.HeardFrequencies.GetValueOrDefault(600));
        house.Waits(2);
        Assert.InRange(house.Alice.Phone.HeardFrequencies.GetValueOrDefault(900) - alice, 90, 101);
        Assert.InRange(call.HeardFrequencies.GetValueOrDefault(600) - peer, 90, 101);
    }

    private static long Dropped(House house, RelayDrop why) => house.Bridge.Relay.Drops.GetValueOrDefault(why);

    private static SrtpKeys Keys(House house) => house.Bridge.Relay.Find(house.Alice.Phone.Connections[0].Remote!.Address)!.Value.Sip!.Keys!;
}
