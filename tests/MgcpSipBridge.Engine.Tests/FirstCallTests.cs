using MgcpSipBridge.Media;

namespace MgcpSipBridge.Engine.Tests;

/// <summary>The thin path through all rooms, fed by hand.</summary>
public class FirstCallTests
{
    private const string GatewaySdp = "v=0\r\no=- 25678 753849 IN IP4 10.0.0.21\r\ns=-\r\nc=IN IP4 10.0.0.21\r\nt=0 0\r\nm=audio 3456 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n";

    /// <summary>A gateway that restarts, is audited and gets its first request.</summary>
    internal static Bench InService(EngineModel? model = null, string capabilities = "a:PCMU;PCMA;telephone-event, p:10-30, v:L;G;D, m:sendonly;recvonly;sendrecv;inactive", Func<EngineSettings, EngineSettings>? change = null)
    {
        var bench = new Bench(model, change);
        bench.Mgcp.Clear();
        bench.FromGateway("RSIP 1001 *@gw1.example.net MGCP 1.0\r\nRM: restart\r\n");
        bench.TakeMgcp("200 1001");
        // The audit's questions are the call agent's own; answer all until it asks for the hook.
        for (var i = 0; i < 10 && !bench.Mgcp.Any(text => text.StartsWith("RQNT", StringComparison.Ordinal)); i++)
        {
            bench.After(TimeSpan.FromMilliseconds(50));
            var pending = bench.Mgcp.FirstOrDefault(text => text.StartsWith("AUEP", StringComparison.Ordinal) || text.StartsWith("DLCX", StringComparison.Ordinal));
            if (pending is null) continue;
            bench.Mgcp.Remove(pending);
            var tid = pending.Split(' ')[1];
            bench.FromGateway(pending[0] == 'A'
                ? $"200 {tid} OK\r\nA: {capabilities}\r\nI:\r\nES: L/hu\r\n"
                : $"250 {tid} OK\r\n");
        }

        // The phone is on hook, as was just said: a gateway that follows RFC 3435 §4.4.2 refuses to watch for what cannot come.
        var trial = bench.TakeMgcp("RQNT");
        Assert.Contains("L/hu", Bench.Header(trial, "R"), StringComparison.OrdinalIgnoreCase);
        bench.FromGateway($"402 {trial.Split(' ')[1]} Phone on hook\r\n");
        var request = bench.Answer("RQNT");
        Assert.Contains("L/hd", Bench.Header(request, "R"), StringComparison.OrdinalIgnoreCase);
        Assert.Equal("ca@10.0.0.5:2727", Bench.Header(request, "N"));
        Assert.Equal(LineState.Idle, Line(bench).State);
        return bench;
    }

    private static LineView Line(Bench bench) => bench.Ask<System.Collections.Immutable.ImmutableArray<LineView>>(new EngineQuery.Lines()).Single();

    private static void Notify(Bench bench, int tid, string request, string events)
    {
        bench.FromGateway($"NTFY {tid} aaln/1@gw1.example.net MGCP 1.0\r\nX: {Bench.Header(request, "X")}\r\nO: {events}\r\n");
        bench.TakeMgcp($"200 {tid}");
    }

    [Fact]
    public void A_phone_calls_a_peer_talks_and_hangs_up()
    {
        var bench = InService();
        bench.FromGateway("NTFY 2001 aaln/1@gw1.example.net MGCP 1.0\r\nX: 0\r\nO: L/hd\r\n");
        bench.TakeMgcp("200 2001");
        var dial = bench.Answer("RQNT");
        Assert.Contains("L/dl", Bench.Header(dial, "S"), StringComparison.Ordinal);
        Assert.Equal(LineState.Dialing, Line(bench).State);

        Notify(bench, 2002, dial, "D/5,D/5,D/5,D/1,D/2,D/3,D/4,D/T");
        var create = bench.TakeMgcp("CRCX");
        Assert.Equal("recvonly", Bench.Header(create, "M"), ignoreCase: true);
        bench.FromGateway($"200 {create.Split(' ')[1]} OK\r\nI: FDE234C8\r\n\r\n{GatewaySdp}");
        if (!Bench.Has(create, "R")) bench.Answer("RQNT");

        var invite = bench.TakeSip("INVITE sip:5551234@10.0.0.9");
        Assert.Contains("m=audio 20002 RTP/AVP 0 8 101", invite, StringComparison.Ordinal);
        Assert.Contains("\"Alice\" <sip:1001@", Bench.Header(invite, "From"), StringComparison.Ordinal);
        bench.FromPeer(Bench.Response(invite, 100));
        bench.FromPeer(Bench.Response(invite, 180));
        var ringback = bench.Answer("RQNT");
        Assert.Contains("G/rt", Bench.Header(ringback, "S"), StringComparison.Ordinal);
        Assert.Equal(LineState.Alerting, Line(bench).State);

        bench.FromPeer(Bench.Response(invite, 200, Bench.Sdp("10.0.0.9", 40000, "0 101")));
        bench.TakeSip("ACK sip:pbx@10.0.0.9");
        var modify = bench.Answer("MDCX");
        Assert.Equal("sendrecv", Bench.Header(modify, "M"), ignoreCase: true);
        Assert.Contains("m=audio 20000 RTP/AVP 0 101", modify, StringComparison.Ordinal);
        if (!Bench.Has(modify, "R")) bench.Answer("RQNT");
        Assert.Equal(LineState.Talking, Line(bench).State);
        var toPeer = bench.Relay.OfType<RelayCommand.SetRemote>().Last(command => command.Side == RelaySide.Sip).Remote;
        var toGateway = bench.Relay.OfType<RelayCommand.SetRemote>().Last(command => command.Side == RelaySide.Gateway).Remote;
        Assert.Equal("10.0.0.9:40000", toPeer.Rtp.ToString());
        Assert.Equal("10.0.0.21:3456", toGateway.Rtp.ToString());
        // Both ends are listened for from the answer on, and only there where the gateway's own messages come from may its audio be learnt.
        Assert.True(toPeer.Expected && toGateway.Expected);
        Assert.DoesNotContain(bench.Relay.OfType<RelayCommand.SetRemote>().TakeWhile(command => command.Side == RelaySide.Gateway), command => command.Remote.Expected);
        Assert.True(toGateway.LearnHost.SameHost(Bench.GatewayAddress));
        var media = bench.Relay.OfType<RelayCommand.Open>().Single().Media;
        foreach (var audio in (RelayAudio[])[RelayAudio.SipSilent, RelayAudio.Flowing, RelayAudio.GatewaySilent, RelayAudio.Silent])
            bench.Input(new EngineInput.Relay(new RelayEvent.AudioChanged(media, audio)));
        var call = bench.Notes.OfType<EngineNote.CallAnswered>().Single().CallId;
        Assert.Equal(
            [new(call, RelayAudio.SipSilent, true), new(call, RelayAudio.Flowing, false), new(call, RelayAudio.GatewaySilent, false), new(call, RelayAudio.Silent, true)],
            bench.Notes.OfType<EngineNote.AudioChanged>());

        bench.After(TimeSpan.FromSeconds(5));
        Notify(bench, 2003, modify, "L/hu");
        var bye = bench.TakeSip("BYE sip:pbx@10.0.0.9");
        bench.FromPeer(Bench.Response(bye, 200));
        var delete = bench.TakeMgcp("DLCX");
        bench.FromGateway($"250 {delete.Split(' ')[1]} OK\r\nP: PS=1, OS=2\r\n");
        if (!Bench.Has(delete, "R")) bench.Answer("RQNT");
        Assert.Equal(LineState.Idle, Line(bench).State);
        AllQuiet(bench);

        var record = bench.Notes.OfType<EngineNote.CallEnded>().Single().Record;
        Assert.Equal(CallOutcome.Answered, record.Call.Outcome);
        Assert.Equal("5551234", record.Call.Called);
        Assert.InRange(record.Duration.TotalSeconds, 4.9, 5.5);
        var ladder = bench.Ask<LadderView>(new EngineQuery.Ladder(record.Call.CallId));
        Assert.Contains(ladder.Entries, entry => entry.FirstLine.StartsWith("NTFY 2001", StringComparison.Ordinal));
        Assert.Contains(ladder.Entries, entry => entry.FirstLine.StartsWith("INVITE", StringComparison.Ordinal));
        Assert.Contains(ladder.Entries, entry => entry.FirstLine.StartsWith("250", StringComparison.Ordinal));
        // Two messages for a hook, two for its request...: well under the twenty datagrams that a call may cost.
        Assert.InRange(ladder.Entries.Count(entry => entry.Protocol == "MGCP"), 10, 20);
    }

    [Fact]
    public void A_peer_that_answers_with_another_number_for_telephone_events_is_heard_under_both()
    {
        var bench = InService();
        bench.FromGateway("NTFY 2001 aaln/1@gw1.example.net MGCP 1.0\r\nX: 0\r\nO: L/hd\r\n");
        Notify(bench, 2002, bench.Answer("RQNT"), "D/5,D/5,D/5,D/1,D/2,D/3,D/4,D/T");
        var create = bench.TakeMgcp("CRCX");
        bench.FromGateway($"200 {create.Split(' ')[1]} OK\r\nI: FDE234C8\r\n\r\n{GatewaySdp}");
        var invite = bench.TakeSip("INVITE");
        bench.FromPeer(Bench.Response(invite, 200, Bench.Sdp("10.0.0.9", 40000, "0 96").Replace(":101", ":96", StringComparison.Ordinal)));

        // RFC 3264 §6.1 binds the peer to our 101, but many send what they wrote themselves.
        var fromPeer = bench.Relay.OfType<RelayCommand.SetRemote>().Last(command => command.Side == RelaySide.Sip).Remote.PayloadTypes;
        Assert.Contains(new PayloadMapping(101, 101), fromPeer);
        Assert.Contains(new PayloadMapping(96, 101), fromPeer);
        var fromGateway = bench.Relay.OfType<RelayCommand.SetRemote>().Last(command => command.Side == RelaySide.Gateway).Remote.PayloadTypes;
        Assert.Contains(new PayloadMapping(101, 96), fromGateway);
    }

    [Fact]
    public void A_peer_calls_a_phone_which_answers_and_the_peer_hangs_up()
    {
        var bench = InService();
        var invite = """
            INVITE sip:1001@10.0.0.5:5060 SIP/2.0
            Via: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bKincoming1;rport
            Max-Forwards: 70
            From: "Bob" <sip:5550000@10.0.0.9>;tag=from1
            To: <sip:1001@10.0.0.5>
            Call-ID: incoming-1@10.0.0.9
            CSeq: 1 INVITE
            Contact: <sip:bob@10.0.0.9:5060>
            Content-Type: application/sdp

            """ + $"Content-Length: {Bench.Sdp("10.0.0.9", 40000).Length}\r\n\r\n" + Bench.Sdp("10.0.0.9", 40000);
        bench.FromPeer(invite);
        bench.TakeSip("SIP/2.0 100");
        var create = bench.TakeMgcp("CRCX");
        Assert.Contains("m=audio 20000 RTP/AVP 0 8 101", create, StringComparison.Ordinal);
        bench.FromGateway($"200 {create.Split(' ')[1]} OK\r\nI: 1\r\n\r\n{GatewaySdp}");
        bench.TakeSip("SIP/2.0 180");
        var ring = bench.Answer("RQNT");
        Assert.Contains("L/rg", Bench.Header(ring, "S"), StringComparison.Ordinal);
        Assert.Contains("\"5550000\",\"Bob\"", Bench.Header(ring, "S"), StringComparison.Ordinal);

        Notify(bench, 3001, ring, "L/hd");
        var ok = bench.TakeSip("SIP/2.0 200");
        Assert.Contains("m=audio 20002 RTP/AVP 0 101", ok, StringComparison.Ordinal);
        var modify = bench.Answer("MDCX");
        Assert.Equal("sendrecv", Bench.Header(modify, "M"), ignoreCase: true);
        if (!Bench.Has(modify, "R")) bench.Answer("RQNT");
        bench.FromPeer($"ACK sip:1001@10.0.0.5:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bKack1\r\nMax-Forwards: 70\r\nFrom: \"Bob\" <sip:5550000@10.0.0.9>;tag=from1\r\nTo: {Bench.Header(ok, "To")}\r\nCall-ID: incoming-1@10.0.0.9\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal(LineState.Talking, Line(bench).State);

        bench.FromPeer($"BYE sip:1001@10.0.0.5:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bKbye1\r\nMax-Forwards: 70\r\nFrom: \"Bob\" <sip:5550000@10.0.0.9>;tag=from1\r\nTo: {Bench.Header(ok, "To")}\r\nCall-ID: incoming-1@10.0.0.9\r\nCSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n");
        bench.TakeSip("SIP/2.0 200");
        var delete = bench.TakeMgcp("DLCX");
        bench.FromGateway($"250 {delete.Split(' ')[1]} OK\r\n");
        var tone = Bench.Has(delete, "S") ? delete : bench.Answer("RQNT");
        Assert.Contains("L/ro", Bench.Header(tone, "S"), StringComparison.Ordinal);
        Assert.Equal(LineState.Releasing, Line(bench).State);

        bench.After(TimeSpan.FromSeconds(31));
        var warning = bench.Answer("RQNT");
        Assert.Contains("L/ot", Bench.Header(warning, "S"), StringComparison.Ordinal);
        Notify(bench, 3002, warning, "L/hu");
        bench.Answer("RQNT");
        Assert.Equal(LineState.Idle, Line(bench).State);
        AllQuiet(bench);
    }

    [Fact]
    public void An_unknown_line_is_404_and_leaves_nothing()
    {
        var bench = InService();
        bench.FromPeer("INVITE sip:9999@10.0.0.5 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bKu1\r\nMax-Forwards: 70\r\nFrom: <sip:5@10.0.0.9>;tag=a\r\nTo: <sip:9999@10.0.0.5>\r\nCall-ID: u1\r\nCSeq: 1 INVITE\r\nContact: <sip:5@10.0.0.9>\r\nContent-Length: 0\r\n\r\n");
        var refusal = bench.TakeSip("SIP/2.0 404");
        Assert.DoesNotContain(bench.Mgcp, text => text.StartsWith("CRCX", StringComparison.Ordinal));
        bench.FromPeer($"ACK sip:9999@10.0.0.5 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bKu1\r\nMax-Forwards: 70\r\nFrom: <sip:5@10.0.0.9>;tag=a\r\nTo: {Bench.Header(refusal, "To")}\r\nCall-ID: u1\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n");
        AllQuiet(bench);
    }

    private static void AllQuiet(Bench bench)
    {
        bench.After(TimeSpan.FromSeconds(40));
        var counts = bench.Ask<EngineCounts>(new EngineQuery.Counts());
        Assert.Equal((0, 0, 0), (counts.Calls, counts.Connections, counts.MediaSessions));
        Assert.Equal(0, counts.Sip.Calls);
        Assert.Equal(0, counts.Sip.Dialogs);
    }
}
