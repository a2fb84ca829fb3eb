namespace MgcpSipBridge.Sip.Tests.Layer;

/// <summary>How long what DNS said about a peer is used.</summary>
public sealed class NameLifetimeTests
{
    [Fact]
    public void Names_that_others_make_up_do_not_pile_up()
    {
        var names = new NameCache(static _ => { }, static (_, _) => { });
        var now = new SansIo.Instant(0);
        for (var query = 1; query <= 5000; query++)
        {
            names.Find(new HopName($"host{query}.example.net", 0, null), now, static (_, _) => { });
            names.Resolved(query, [new SipTarget(SipTransport.Udp, SipBench.Pbx)], now, TimeSpan.FromHours(1));
        }

        Assert.InRange(names.Count, 1, 1024);
        var found = 0;
        names.Find(new HopName("host5000.example.net", 0, null), now, (targets, _) => found = targets.Length);
        Assert.Equal(1, found);
    }


    private static readonly SipTarget Old = new(SipTransport.Udp, SipBench.Address("192.0.2.11:5060"));
    private static readonly SipTarget New = new(SipTransport.Udp, SipBench.Address("192.0.2.12:5060"));
    private readonly SipBench _bench = new(SipBench.DefaultPeer with { Host = "pbx.example.net", Port = 0, Transport = null });

    [Fact]
    public void A_peer_is_looked_up_again_before_its_time_to_live_is_over_and_no_call_waits_for_it()
    {
        Answer(TimeSpan.FromSeconds(300), Old);
        _bench.Wait(269);
        Assert.Single(_bench.LookUps);
        _bench.Wait(2);
        Assert.Equal(2, _bench.LookUps.Count);
        // The answer has not come yet: the old one serves.
        Assert.Equal(Old.Address, Invite());
        Answer(TimeSpan.FromSeconds(300), New);
        Assert.Equal(New.Address, Invite());
        Assert.Equal(2, _bench.LookUps.Count);
    }

    [Fact]
    public void A_time_to_live_of_nothing_does_not_flood_the_name_servers()
    {
        Answer(TimeSpan.Zero, Old);
        _bench.Wait(4);
        Assert.Single(_bench.LookUps);
        Assert.Equal(Old.Address, Invite());
    }

    [Fact]
    public void A_name_that_does_not_resolve_is_left_alone_for_a_while()
    {
        Answer(null);
        _bench.Do((layer, now) => layer.Invite(new SipInvite("1001", "pbx", "1", default), now));
        Assert.Equal(new SipEnd(503, Local: true), _bench.Happens<SipEvent.Rejected>().End);
        Assert.Single(_bench.LookUps);
        _bench.Wait(11);
        Assert.Equal(2, _bench.LookUps.Count);
        Answer(null, New);
        Assert.Equal(New.Address, Invite());
    }

    [Fact]
    public void When_a_name_stops_resolving_its_last_address_serves_on()
    {
        Answer(TimeSpan.FromSeconds(60), Old);
        for (var minute = 0; minute < 5; minute++)
        {
            _bench.Wait(60);
            Answer(null);
        }

        Assert.Equal(Old.Address, Invite());
    }

    private MgcpSipBridge.SansIo.NetAddress Invite()
    {
        _bench.Do((layer, now) => layer.Invite(new SipInvite("1001", "pbx", "1", SipBench.Bytes(SipBench.Offer)), now));
        return _bench.Expect("INVITE").Flow.Remote;
    }

    private void Answer(TimeSpan? lifetime, params SipTarget[] targets) =>
        _bench.Do((layer, now) => layer.Resolved(_bench.LookUps[^1].Query, [.. targets], now, lifetime));
}
