namespace MgcpSipBridge.Sip.Tests.Layer;

/// <summary>Whose certificate a TLS connection must show (RFC 5922 §7.3): the domain that was meant, whatever DNS or a Contact made of it.</summary>
public sealed class TlsDomainTests
{
    private static readonly SipSettings Settings = SipBench.DefaultSettings with
    {
        Listeners = [.. SipBench.DefaultSettings.Listeners, new SipListener(SipTransport.Tls, SipBench.Address("192.0.2.1:5061"), "192.0.2.1", 5061)],
    };

    [Fact]
    public void The_domain_that_was_looked_up_goes_with_every_request_also_to_the_address_of_the_contact()
    {
        var bench = new SipBench(SipBench.DefaultPeer with { Host = "PBX.example.net", Port = 0, Transport = SipTransport.Tls }, Settings);
        bench.Do((layer, now) => layer.Resolved(bench.LookUps[^1].Query, [new SipTarget(SipTransport.Tls, SipBench.Address("192.0.2.11:5061"))], now));
        bench.Do((layer, now) => layer.Invite(new SipInvite("1001", "pbx", "2", SipBench.Bytes(SipBench.Offer)), now));
        var invite = bench.Expect("INVITE");
        Assert.Equal(("pbx.example.net", "192.0.2.11:5061"), (invite.Flow.Domain, invite.Flow.Remote.ToString()));
        bench.Reply(invite, 200, body: SipBench.Answer, contact: "sip:bob@192.0.2.11:5061;transport=tls");
        Assert.Equal("pbx.example.net", bench.Expect("ACK").Flow.Domain);
    }

    [Fact]
    public void A_literal_stands_for_itself_and_other_transports_have_no_domain()
    {
        var tls = new SipBench(SipBench.DefaultPeer with { Port = 5061, Transport = SipTransport.Tls }, Settings);
        Assert.Equal("192.0.2.9", tls.Call().Invite.Flow.Domain);
        var tcp = new SipBench(SipBench.DefaultPeer with { Transport = SipTransport.Tcp }, Settings);
        Assert.Null(tcp.Call().Invite.Flow.Domain);
    }

    [Fact]
    public void The_end_of_a_connection_for_another_domain_is_not_this_ones()
    {
        var bench = new SipBench(SipBench.DefaultPeer with { Port = 5061, Transport = SipTransport.Tls }, Settings);
        bench.Do((layer, now) => layer.Invite(new SipInvite("1001", "pbx", "2", default), now));
        var flow = bench.Expect("INVITE").Flow;
        bench.Do((layer, now) => layer.FlowFailed(flow with { Connection = 7, Domain = "other.example.net" }, now));
        bench.ExpectNothing();
        bench.Do((layer, now) => layer.FlowFailed(flow with { Connection = 8 }, now));
        Assert.Equal(new SipEnd(503, Local: true), bench.Happens<SipEvent.Rejected>().End);
    }
}
