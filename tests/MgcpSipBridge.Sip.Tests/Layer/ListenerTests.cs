using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip.Tests.Layer;

/// <summary>Several places where we listen: what is sent leaves from the right one and names it as the other side can reach it.</summary>
public sealed class ListenerTests
{
    private static readonly NetAddress Inside = SipBench.Address("10.0.0.5:5060");
    private static readonly NetAddress Outside = SipBench.Address("192.0.2.1:5062");
    private static readonly NetAddress Six = SipBench.Address("[2001:db8::5]:5060");

    private static readonly SipSettings Settings = SipBench.DefaultSettings with
    {
        Listeners =
        [
            new SipListener(SipTransport.Udp, Outside, "203.0.113.5", 5062) { Network = Prefix("192.0.2.0/24"), Advertised = [new(Prefix("198.51.100.0/24"), "192.0.2.1")] },
            new SipListener(SipTransport.Udp, Inside, "10.0.0.5", 5060) { Network = Prefix("10.0.0.0/16") },
            new SipListener(SipTransport.Udp, Six, "[2001:db8::5]", 5060),
            new SipListener(SipTransport.Tcp, Outside, "203.0.113.5", 5062),
            new SipListener(SipTransport.Tcp, Inside, "10.0.0.5", 5060) { Network = Prefix("10.0.0.0/16") },
        ],
    };

    [Theory]
    [InlineData("10.0.9.9", null, "10.0.0.5:5060", "10.0.0.5:5060")]
    [InlineData("203.0.113.77", null, "192.0.2.1:5062", "203.0.113.5:5062")]
    [InlineData("198.51.100.7", null, "192.0.2.1:5062", "192.0.2.1:5062")]
    [InlineData("10.9.0.9", null, "192.0.2.1:5062", "203.0.113.5:5062")]
    [InlineData("10.9.0.9", "10.0.0.5", "10.0.0.5:5060", "10.0.0.5:5060")]
    [InlineData("2001:db8:1::9", null, "[2001:db8::5]:5060", "[2001:db8::5]:5060")]
    // An IPv4 address cannot send to an IPv6 one, whatever is wished.
    [InlineData("2001:db8:1::9", "10.0.0.5", "[2001:db8::5]:5060", "[2001:db8::5]:5060")]
    public void A_request_leaves_from_the_nearest_address_and_names_it(string host, string? wanted, string from, string named)
    {
        var bench = Bench(host, wanted);
        var (_, invite) = bench.Call();
        Assert.Equal(SipBench.Address(from), invite.Flow.Local);
        Assert.StartsWith($"SIP/2.0/UDP {named};rport;", invite.Header("Via"), StringComparison.Ordinal);
        Assert.Equal($"<sip:1001@{named}>", invite.Header("Contact"));

        // The answer names our Via as we wrote it, and is taken for ours.
        bench.Reply(invite, 200, body: SipBench.Answer, contact: $"sip:bob@{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:5060");
        Assert.Equal(SipBench.Address(from), bench.Expect("ACK").Flow.Local);
        bench.Happens<SipEvent.Answered>();
    }

    [Fact]
    public void A_registration_and_a_ping_name_it_too()
    {
        var bench = Bench("10.0.9.9", null, Settings with { PingInterval = TimeSpan.FromSeconds(30) });
        bench.Do((layer, now) => layer.SetAccount(SipBench.Line with { Register = true }, now));
        bench.Wait(0.1);
        var register = bench.Expect("REGISTER");
        Assert.Equal((Inside, "<sip:1001@10.0.0.5:5060>"), (register.Flow.Local, register.Header("Contact")));
        bench.Reply(register, 200, extra: "Contact: <sip:1001@10.0.0.5:5060>;expires=3600", contact: null);
        bench.Wait(4);
        var options = bench.Expect("OPTIONS");
        Assert.StartsWith("<sip:10.0.0.5>;tag=", options.Header("From"), StringComparison.Ordinal);
    }

    [Fact]
    public void What_goes_on_in_a_call_goes_on_where_it_came_in()
    {
        // The PBX is in no network of ours; it called the inner address.
        var bench = Bench("10.9.0.9", null);
        var flow = new SipFlow(SipTransport.Udp, Inside, SipBench.Address("10.9.0.9:5060"));
        bench.Request("INVITE", body: SipBench.Offer, flow: flow, contact: "<sip:bob@10.9.0.9>");
        Assert.Equal(flow, bench.Expect("100").Flow);
        var call = bench.Happens<SipEvent.IncomingCall>().Call;
        bench.Do((layer, now) => layer.Answer(call, SipBench.Bytes(SipBench.Answer), now));
        var ok = bench.Expect("200");
        Assert.Equal((Inside, "<sip:1001@10.0.0.5:5060>"), (ok.Flow.Local, ok.Header("Contact")));
        bench.Request("ACK", toTag: ok.ToTag, flow: flow);
        bench.Do((layer, now) => layer.HangUp(call, 16, now));
        var bye = bench.Expect("BYE");
        Assert.Equal(Inside, bye.Flow.Local);
        Assert.StartsWith("SIP/2.0/UDP 10.0.0.5:5060;", bye.Header("Via"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SIP/2.0/UDP 203.0.113.5:5062", true)]
    [InlineData("SIP/2.0/UDP 192.0.2.1:5062", true)]
    [InlineData("SIP/2.0/UDP 192.0.2.99:5062", false)]
    public void Only_our_own_names_make_a_response_ours(string sentBy, bool ours)
    {
        var bench = Bench("203.0.113.77", null);
        var (_, invite) = bench.Call();
        bench.Deliver($"""
            SIP/2.0 180 Ringing
            Via: {sentBy};branch={invite.Branch}
            From: {invite.Header("From")}
            To: {invite.Header("To")};tag=x
            Call-ID: {invite.CallId}
            CSeq: 1 INVITE
            """, flow: invite.Flow);
        if (ours) bench.Happens<SipEvent.Progressed>();
        else Assert.Contains(new SipNote.Dropped(SipDropReason.ForeignResponse, invite.Flow.Remote), bench.Notes);
    }

    private static SipBench Bench(string host, string? wanted, SipSettings? settings = null) =>
        new(SipBench.DefaultPeer with { Host = host, LocalAddress = wanted is null ? null : SipBench.Address(wanted) }, settings ?? Settings);

    private static NetPrefix Prefix(string text)
    {
        Assert.True(NetPrefix.TryParse(text, out var prefix));
        return prefix;
    }
}
