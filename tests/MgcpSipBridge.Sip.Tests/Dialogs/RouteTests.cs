using MgcpSipBridge.Sip.Tests.Layer;

namespace MgcpSipBridge.Sip.Tests.Dialogs;

/// <summary>Route sets (RFC 3261 §12, §16.12) and the ways to next hops (RFC 3263).</summary>
public sealed class RouteTests
{
    private readonly SipBench _bench = new();

    [Fact]
    public void A_callers_route_set_is_the_record_reversed()
    {
        var (call, _, ack) = _bench.Talk("Record-Route: <sip:last@192.0.2.31;lr>, <sip:mid@192.0.2.32;lr>\nRecord-Route: <sip:first@192.0.2.33:5070;lr>");
        string[] routes = ["<sip:first@192.0.2.33:5070;lr>", "<sip:mid@192.0.2.32;lr>", "<sip:last@192.0.2.31;lr>"];
        Assert.Equal(routes, ack.Headers("Route"));
        Assert.Equal(("sip:bob@192.0.2.9:5060", "192.0.2.33:5070"), (ack.RequestUri, ack.Flow.Remote.ToString()));
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        Assert.Equal(routes, _bench.Expect("BYE").Headers("Route"));
    }

    [Fact]
    public void A_callees_route_set_is_the_record_as_it_stands_and_goes_back_in_the_responses()
    {
        var (call, ok) = _bench.IncomingTalk("Record-Route: <sip:a@192.0.2.31;lr>\nRecord-Route: <sip:b@192.0.2.32;lr>");
        Assert.Equal(["<sip:a@192.0.2.31;lr>", "<sip:b@192.0.2.32;lr>"], ok.Headers("Record-Route"));
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        var bye = _bench.Expect("BYE");
        Assert.Equal(["<sip:a@192.0.2.31;lr>", "<sip:b@192.0.2.32;lr>"], bye.Headers("Route"));
        Assert.Equal("192.0.2.31:5060", bye.Flow.Remote.ToString());
    }

    [Fact]
    public void A_strict_router_stands_in_the_Request_URI_and_the_target_at_the_end()
    {
        var (_, _, ack) = _bench.Talk("Record-Route: <sip:loose@192.0.2.31;lr>, <sip:strict@192.0.2.32>");
        Assert.Equal("sip:strict@192.0.2.32", ack.RequestUri);
        Assert.Equal(["<sip:loose@192.0.2.31;lr>", "<sip:bob@192.0.2.9:5060>"], ack.Headers("Route"));
        Assert.Equal("192.0.2.32:5060", ack.Flow.Remote.ToString());
    }

    [Fact]
    public void The_200_decides_the_route_set_whatever_the_180_said()
    {
        var (_, invite) = _bench.Call();
        _bench.Reply(invite, 180, "a", extra: "Record-Route: <sip:early@192.0.2.31;lr>");
        _bench.Reply(invite, 200, "a", extra: "Record-Route: <sip:late@192.0.2.32;lr>", contact: "sip:new@192.0.2.9:5099");
        var ack = _bench.Expect("ACK");
        Assert.Equal(["<sip:late@192.0.2.32;lr>"], ack.Headers("Route"));
        Assert.Equal("sip:new@192.0.2.9:5099", ack.RequestUri);
    }

    [Theory]
    [InlineData("sip:bob@192.0.2.40", SipTransport.Udp, "192.0.2.40:5060")]
    [InlineData("sip:bob@192.0.2.40:5099;transport=tcp", SipTransport.Tcp, "192.0.2.40:5099")]
    [InlineData("sip:bob@phone.invalid;maddr=192.0.2.41", SipTransport.Udp, "192.0.2.41:5060")]
    [InlineData("sip:bob@[2001:db8::9]:5062", SipTransport.Udp, "[2001:db8::9]:5062")]
    public void The_next_hop_is_what_the_target_says(string contact, SipTransport transport, string address)
    {
        var (_, _, ack) = _bench.Talk(contact: contact);
        Assert.Equal((transport, address), (ack.Flow.Transport, ack.Flow.Remote.ToString()));
        Assert.Equal(contact, ack.RequestUri);
    }

    [Fact]
    public void A_name_in_the_dialog_is_looked_up_and_the_ACK_goes_before_the_BYE()
    {
        var (_, invite) = _bench.Call();
        _bench.Reply(invite, 200, contact: "sip:bob@phone.example.net", body: SipBench.Answer);
        var call = _bench.Happens<SipEvent.Answered>().Call;
        _bench.ExpectNothing();
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        var lookUp = Assert.Single(_bench.LookUps);
        Assert.Equal("phone.example.net", lookUp.Host);
        _bench.Do((layer, now) => layer.Resolved(lookUp.Query, [new SipTarget(SipTransport.Udp, SipBench.Address("192.0.2.50:5060"))], now));
        Assert.Equal("192.0.2.50:5060", _bench.Expect("ACK").Flow.Remote.ToString());
        _bench.Reply(_bench.Expect("BYE"), 200);
        _bench.Happens<SipEvent.Gone>();
        _bench.EverythingEnds();
    }

    [Fact]
    public void A_peer_that_connected_to_us_is_answered_on_its_connection_and_reached_over_it_when_its_contact_is_not_reachable()
    {
        var tcp = new SipFlow(SipTransport.Tcp, SipBench.Us, SipBench.Address("192.0.2.9:40000"), 7);
        var (call, ok) = _bench.IncomingTalk(flow: tcp);
        Assert.Equal((tcp, "<sip:1001@192.0.2.1:5060;transport=tcp>"), (ok.Flow, ok.Header("Contact")));
        _bench.Do((layer, now) => layer.HangUp(call, 16, now));
        // Its Contact names no transport: the way it came by is the best guess.
        var bye = _bench.Expect("BYE");
        Assert.Equal((SipTransport.Tcp, "192.0.2.9:5060", 0L), (bye.Flow.Transport, bye.Flow.Remote.ToString(), bye.Flow.Connection));
        _bench.Do((layer, now) => layer.FlowFailed(bye.Flow, now));
        Assert.Equal(tcp, _bench.Expect("BYE").Flow);
    }
}
