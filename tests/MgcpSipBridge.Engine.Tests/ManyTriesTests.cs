namespace MgcpSipBridge.Engine.Tests;

/// <summary>A client may put a call through in vain as often as it likes: no try leaves anything behind.</summary>
public sealed class ManyTriesTests
{
    private const int Tries = 100;
    private const string GatewaySdp = "v=0\r\no=- 25678 753849 IN IP4 10.0.0.21\r\ns=-\r\nc=IN IP4 10.0.0.21\r\nt=0 0\r\nm=audio 3456 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_peers_caller_is_put_through_to_a_line_in_vain(bool late)
    {
        var bench = FirstCallTests.InService();
        bench.Input(new EngineInput.Routers([new RouterModel(1, "menu") { FromLines = false, ToLines = true }]));
        bench.FromPeer(Invite());
        var id = Attended(bench);
        var answer = bench.TakeSip("SIP/2.0 200");
        bench.FromPeer($"ACK sip:700@10.0.0.5 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bK77ef4d\r\nFrom: <sip:5559876@10.0.0.9>;tag=49583\r\nTo: {Bench.Header(answer, "To")}\r\nCall-ID: many-tries@10.0.0.9\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n");
        LineSlot? line = null;
        for (var i = 0; i < Tries; i++)
        {
            Assert.Equal(CallOrderRefusal.None, RouteOn(bench, id, "1001"));
            var call = bench.Engine.Find(Calls.CallId.Parse(id))!;
            line = call.Line;
            Assert.Contains(call, line.Calls);
            var create = bench.TakeMgcp("CRCX");
            if (late)
            {
                // The connection is made, the gateway restarts the line's endpoint, and nobody deletes it.
                bench.FromGateway($"200 {create.Split(' ')[1]} OK\r\nI: A{i}\r\n\r\n{GatewaySdp}");
                Assert.InRange(call.Tries, 1, 2);
                bench.FromGateway($"DLCX {5000 + i} aaln/1@gw1.example.net MGCP 1.0\r\nC: {id}\r\nI: A{i}\r\nE: 900 broken\r\n");
            }
            else
            {
                bench.FromGateway($"403 {create.Split(' ')[1]} No\r\n");
            }

            Assert.Equal(1, call.Tries);
            Assert.True(call.IsReceived);
            Assert.Empty(line.Calls);
            AnswerAll(bench);
            bench.After(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(Tries, bench.Notes.OfType<EngineNote.RouteEnded>().Count());
        Assert.Equal(1, bench.Ask<EngineCounts>(new EngineQuery.Counts()).Calls);
    }

    [Fact]
    public void A_lines_caller_is_put_through_to_a_peer_in_vain()
    {
        var bench = FirstCallTests.InService();
        bench.Input(new EngineInput.Routers([new RouterModel(1, "menu") { FromLines = true }]));
        bench.FromGateway("NTFY 2001 aaln/1@gw1.example.net MGCP 1.0\r\nX: 0\r\nO: L/hd\r\n");
        var dial = bench.Answer("RQNT");
        bench.FromGateway($"NTFY 2002 aaln/1@gw1.example.net MGCP 1.0\r\nX: {Bench.Header(dial, "X")}\r\nO: D/5,D/5,D/5,D/1,D/2,D/3,D/4,D/T\r\n");
        bench.Answer("CRCX", $"I: FDE234C8\r\n\r\n{GatewaySdp}");
        var id = Attended(bench);
        var call = bench.Engine.Find(Calls.CallId.Parse(id))!;
        for (var i = 0; i < Tries; i++)
        {
            Assert.Equal(CallOrderRefusal.None, RouteOn(bench, id, "5551234"));
            var invite = bench.TakeSip("INVITE");
            bench.FromPeer(Bench.Response(invite, 486));
            bench.TakeSip("ACK");
            Assert.InRange(call.Peer.CallIds, 1, SipLeg.MostCallIds);
            // 64*T1: nothing of the INVITE is left.
            for (var second = 0; second < 40; second++)
            {
                AnswerAll(bench);
                bench.After(TimeSpan.FromSeconds(1));
            }
        }

        Assert.Equal(1, call.Tries);
        Assert.Equal(Tries, bench.Notes.OfType<EngineNote.RouteEnded>().Count());
        Assert.Equal(new Sip.SipCounts(0, 0, 0, 0), bench.Ask<EngineCounts>(new EngineQuery.Counts()).Sip);
    }

    private static void AnswerAll(Bench bench)
    {
        while (bench.Mgcp.FirstOrDefault(text => text[..4] is "RQNT" or "MDCX" or "AUEP" or "DLCX") is { } command) bench.Answer(command[..4], code: command[..4] == "DLCX" ? 250 : 200);
    }

    private static string Attended(Bench bench)
    {
        var asked = bench.Asked[^1];
        bench.Input(new EngineInput.Decided(asked.Query, asked.Router, "menu", RouterDecision.Attend.Instance));
        return asked.Question.CallId;
    }

    private static CallOrderRefusal RouteOn(Bench bench, string call, string number) => bench.Ask<CallOrderAnswer>(new EngineQuery.RouteOn(call, number)).Refusal;

    private static string Invite()
    {
        var body = Bench.Sdp("10.0.0.9", 40000);
        return $"INVITE sip:700@10.0.0.5 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bK77ef4c\r\nMax-Forwards: 70\r\nFrom: <sip:5559876@10.0.0.9>;tag=49583\r\nTo: <sip:700@10.0.0.5>\r\n"
            + $"Call-ID: many-tries@10.0.0.9\r\nCSeq: 1 INVITE\r\nContact: <sip:pbx@10.0.0.9:5060>\r\nContent-Type: application/sdp\r\nContent-Length: {body.ReplaceLineEndings("\r\n").Length}\r\n\r\n{body}";
    }
}
