using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine.Tests;

/// <summary>What is heard, and whom it is told, before and after an answer.</summary>
public sealed class EarlyMediaTests
{
    private const string GatewaySdp = "v=0\r\no=- 25678 753849 IN IP4 10.0.0.21\r\ns=-\r\nc=IN IP4 10.0.0.21\r\nt=0 0\r\nm=audio 3456 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n";

    [Theory]
    [InlineData("one", 40000)]
    [InlineData("two", 40010)]
    public void Two_phones_ring_and_change_their_minds_and_each_has_an_answer_of_its_own(string answers, int port)
    {
        var bench = Called(out var invite);
        Rings(bench, invite, "one", 40000);
        Assert.Equal(40000, Heard(bench));
        Rings(bench, invite, "two", 40002);
        Assert.Equal(40000, Heard(bench));

        // The one that is not heard moves its sound, twice; nothing is heard of that.
        Assert.Contains("m=audio 20002 ", Update(bench, invite, "two", 1, 40008), StringComparison.Ordinal);
        Assert.Contains("m=audio 20002 ", Update(bench, invite, "two", 2, 40010), StringComparison.Ordinal);
        Assert.Equal(40000, Heard(bench));

        bench.FromPeer(Bench.Response(invite, 200, tag: answers));
        bench.TakeSip("ACK");
        Assert.Equal(port, Heard(bench));
    }

    [Fact]
    public void The_phone_that_is_heard_moves_its_sound()
    {
        var bench = Called(out var invite);
        Rings(bench, invite, "one", 40000);
        Rings(bench, invite, "two", 40002);
        Update(bench, invite, "one", 1, 40008);
        Assert.Equal(40008, Heard(bench));
        bench.FromPeer(Bench.Response(invite, 200, tag: "one"));
        Assert.Equal(40008, Heard(bench));
    }

    [Theory]
    [InlineData("0 101", 40020)]
    [InlineData("18", 40000)]
    public void A_PBX_moves_its_sound_with_the_answer(string formats, int port)
    {
        var bench = Called(out var invite);
        Rings(bench, invite, "one", 40000);
        Assert.Equal(40000, Heard(bench));
        bench.FromPeer(Bench.Response(invite, 200, Bench.Sdp("10.0.0.9", 40020, formats), tag: "one"));
        bench.TakeSip("ACK");
        Assert.Equal(port, Heard(bench));
    }

    [Fact]
    public void An_answer_that_is_older_than_an_offer_moves_nothing()
    {
        var bench = Called(out var invite);
        Rings(bench, invite, "one", 40000);
        Update(bench, invite, "one", 1, 40008);
        bench.FromPeer(Bench.Response(invite, 200, Bench.Sdp("10.0.0.9", 40020, "0 101"), tag: "one"));
        bench.TakeSip("ACK");
        Assert.Equal(40008, Heard(bench));
    }

    [Theory]
    [InlineData("10.0.0.0/8", "203.0.113.5", "203.0.113.5")]
    [InlineData("10.0.0.9/32", "203.0.113.5", "203.0.113.5")]
    [InlineData("10.1.0.0/16", "203.0.113.5", "10.0.0.5")]
    public void A_peer_is_told_the_address_for_its_network(string network, string host, string told)
    {
        Assert.True(NetPrefix.TryParse(network, out var prefix));
        var bench = Called(out var invite, settings => settings with { Media = new MediaAdvertising { Sip = [new SipAdvertisement(prefix, host)] } });
        Assert.Contains($"c=IN IP4 {told}\r\n", invite, StringComparison.Ordinal);
        Assert.Contains("m=audio 20002 ", invite, StringComparison.Ordinal);
        bench.FromPeer(Bench.Response(invite, 200, Bench.Sdp("10.0.0.9", 40000, "0 101")));
        Assert.Contains("c=IN IP4 10.0.0.5\r\n", bench.TakeMgcp("MDCX"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_gateway_is_told_the_address_for_its_network()
    {
        Assert.True(NetPrefix.TryParse("10.0.0.21", out var prefix));
        var bench = Called(out var invite, settings => settings with { Media = new MediaAdvertising { Gateway = [new SipAdvertisement(prefix, "192.168.7.1")] } });
        Assert.Contains("c=IN IP4 10.0.0.5\r\n", invite, StringComparison.Ordinal);
        bench.FromPeer(Bench.Response(invite, 200, Bench.Sdp("10.0.0.9", 40000, "0 101")));
        var modify = bench.TakeMgcp("MDCX");
        Assert.Contains("c=IN IP4 192.168.7.1\r\n", modify, StringComparison.Ordinal);
        Assert.Contains("m=audio 20000 ", modify, StringComparison.Ordinal);
    }

    private static Bench Called(out string invite, Func<EngineSettings, EngineSettings>? change = null)
    {
        var bench = FirstCallTests.InService(change: change);
        bench.FromGateway("NTFY 2001 aaln/1@gw1.example.net MGCP 1.0\r\nX: 0\r\nO: L/hd\r\n");
        var dial = bench.Answer("RQNT");
        bench.FromGateway($"NTFY 2002 aaln/1@gw1.example.net MGCP 1.0\r\nX: {Bench.Header(dial, "X")}\r\nO: D/5,D/5,D/5,D/1,D/2,D/3,D/4,D/T\r\n");
        var create = bench.TakeMgcp("CRCX");
        bench.FromGateway($"200 {create.Split(' ')[1]} OK\r\nI: FDE234C8\r\n\r\n{GatewaySdp}");
        invite = bench.TakeSip("INVITE sip:5551234@10.0.0.9");
        bench.FromPeer(Bench.Response(invite, 100));
        return bench;
    }

    // 183 with an answer, reliably: from then on that dialog may be changed by UPDATE (RFC 3311 §5.1).
    private static void Rings(Bench bench, string invite, string tag, int port)
    {
        var response = Bench.Response(invite, 183, Bench.Sdp("10.0.0.9", port, "0 101"), tag);
        bench.FromPeer(response.Replace("Contact:", "Require: 100rel\r\nRSeq: 1\r\nAllow: INVITE, ACK, BYE, CANCEL, PRACK, UPDATE\r\nContact:", StringComparison.Ordinal));
        bench.FromPeer(Bench.Response(bench.TakeSip("PRACK"), 200, tag: tag));
        Acknowledge(bench);
    }

    private static string Update(Bench bench, string invite, string tag, int cseq, int port)
    {
        var body = Bench.Sdp("10.0.0.9", port, "0 101");
        bench.FromPeer($"""
            UPDATE sip:1001@10.0.0.5:5060 SIP/2.0
            Via: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bK{tag}{cseq}
            Max-Forwards: 70
            From: {Bench.Header(invite, "To")};tag={tag}
            To: {Bench.Header(invite, "From")}
            Call-ID: {Bench.Header(invite, "Call-ID")}
            CSeq: {cseq} UPDATE
            Contact: <sip:pbx@10.0.0.9:5060>
            Content-Type: application/sdp
            Content-Length: {body.Length}

            {body}
            """);
        Acknowledge(bench);
        return bench.TakeSip("SIP/2.0 200");
    }

    // Whatever the gateway is asked now, it does.
    private static void Acknowledge(Bench bench)
    {
        for (var i = 0; i < 4; i++)
        {
            foreach (var command in bench.Mgcp.Where(text => !char.IsDigit(text[0])).ToArray())
            {
                bench.Mgcp.Remove(command);
                bench.FromGateway($"200 {command.Split(' ')[1]} OK\r\n");
            }
        }
    }

    private static int Heard(Bench bench) => bench.Relay.OfType<RelayCommand.SetRemote>().Last(command => command.Side == RelaySide.Sip).Remote.Rtp.Port;
}
