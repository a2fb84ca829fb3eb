using System.Text;
using static MgcpSipBridge.Mgcp.Tests.AgentBench;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>A line's life as the engine sees it: restart, request, digits, connections.</summary>
public class CallTests
{
    [Fact]
    public void A_restarted_line_makes_a_call_and_hangs_up()
    {
        var bench = new AgentBench();
        bench.Agent.SetGateway(Model(addressed: false), bench.Now);
        bench.AssertQuiet();

        bench.FromGateway("RSIP 1204 *@gw1.example.net MGCP 1.0\nRM: restart\n");
        Assert.Equal("200 1204 OK\r\n", bench.TakeSent());
        var audit = bench.TakeSent("AUEP");
        Assert.Contains(" aaln/1@gw1.example.net MGCP 1.0\r\nF: A, ES, I\r\n", audit, StringComparison.Ordinal);
        Assert.Equal(GatewayState.Up, bench.TakeEvent<MgcpEvent.GatewayChanged>().State);
        Assert.Empty(bench.Events);

        bench.Answer(audit, 200, "A: a:PCMU;PCMA, p:10-30, v:L;D;G, m:sendrecv\nES: L/hu\nI:\n");
        var service = bench.TakeEvent<MgcpEvent.EndpointInService>();
        Assert.Equal(Line1, service.Endpoint);
        Assert.False(service.KeepsConnections);
        Assert.False(service.Audit.OffHook);
        Assert.Equal(["PCMU", "PCMA"], service.Audit.Codecs);
        Assert.Equal(["L", "D", "G"], service.Audit.Packages);

        bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
        bench.Drain();
        var idle = bench.TakeSent("RQNT");
        var id = IdOf(idle);
        var x = uint.Parse(id, null).ToString("X", null);
        Assert.Equal($"RQNT {id} aaln/1@gw1.example.net MGCP 1.0\r\nN: ca@bridge.example.net:2727\r\nX: {x}\r\nR: L/hd(N)\r\nS:\r\n", idle);
        bench.Answer(idle, 200);

        bench.FromGateway($"NTFY 2002 AALN/1@GW1.example.net MGCP 1.0\nX: {x}\nO: L/hd\n");
        Assert.Equal("200 2002 OK\r\n", bench.TakeSent());
        Assert.Equal([new ObservedEvent("L", "hd")], bench.TakeEvent<MgcpEvent.Observed>().Events);

        bench.Agent.Request(Line1, Request("L/hu D/[0-9#*T](D)", "L/dl", "(xxxx|9x.T)"), bench.Now);
        bench.Drain();
        var dialling = bench.TakeSent("RQNT");
        // IOS compares names to the letter, so the gateway's last spelling comes back.
        Assert.Contains("AALN/1@GW1.example.net", dialling, StringComparison.Ordinal);
        Assert.EndsWith("R: L/hu(N), D/[0-9#*T](D)\r\nS: L/dl\r\nD: (xxxx|9x.T)\r\n", dialling, StringComparison.Ordinal);
        bench.Answer(dialling, 200);

        bench.FromGateway($"NTFY 2003 aaln/1@gw1.example.net MGCP 1.0\nX: {ValueOf(dialling, "X")}\nO: D/5,D/0,D/0,D/1\n");
        bench.TakeSent("200");
        Assert.Equal("5001", string.Concat(bench.TakeEvent<MgcpEvent.Observed>().Events.Select(static e => e.Name)));

        var create = bench.Agent.CreateConnection(Line1, new ConnectionRequest("C1", ConnectionMode.RecvOnly, "p:20, a:PCMU", Request: Request("L/hu")), bench.Now);
        bench.Drain();
        var crcx = bench.TakeSent("CRCX");
        Assert.Contains("C: C1\r\nL: p:20, a:PCMU\r\nM: recvonly\r\nN: ca@bridge.example.net:2727\r\nX: ", crcx, StringComparison.Ordinal);
        Assert.EndsWith("R: L/hu(N)\r\nS:\r\n", crcx, StringComparison.Ordinal);
        bench.Answer(crcx, 200, "I: FDE234C8\n\nv=0\no=- 25678 753849 IN IP4 128.96.41.1\n");
        var created = bench.TakeEvent<MgcpEvent.ConnectionCreated>();
        Assert.Equal((create, "FDE234C8"), (created.Command, created.Connection));
        Assert.StartsWith("v=0\no=- 25678", Encoding.UTF8.GetString(created.LocalDescription.Span), StringComparison.Ordinal);

        var sdp = Encoding.ASCII.GetBytes("v=0\r\nm=audio 1 RTP/AVP 0\r\n");
        var modify = bench.Agent.ModifyConnection(Line1, "FDE234C8", new ConnectionRequest("C1", ConnectionMode.SendRecv, null, sdp), bench.Now);
        bench.Drain();
        var mdcx = bench.TakeSent("MDCX");
        Assert.EndsWith("C: C1\r\nI: FDE234C8\r\nM: sendrecv\r\nN: ca@bridge.example.net:2727\r\n\r\nv=0\r\nm=audio 1 RTP/AVP 0\r\n", mdcx, StringComparison.Ordinal);
        bench.Answer(mdcx, 200);
        var modified = bench.TakeEvent<MgcpEvent.ConnectionModified>();
        Assert.Equal(modify, modified.Command);
        Assert.True(modified.LocalDescription.IsEmpty);

        var delete = bench.Agent.DeleteConnection(Line1, "C1", "FDE234C8", Request("L/hd"), bench.Now);
        bench.Drain();
        var dlcx = bench.TakeSent("DLCX");
        Assert.Contains("C: C1\r\nI: FDE234C8\r\nN: ", dlcx, StringComparison.Ordinal);
        bench.Answer(dlcx, 250, "P: PS=1245, OS=62345\n");
        var deleted = bench.TakeEvent<MgcpEvent.ConnectionDeleted>();
        Assert.Equal((delete, "PS=1245, OS=62345"), (deleted.Command, deleted.Parameters));
        bench.AssertQuiet();
        Assert.Equal(0, bench.Agent.StatusOf("gw1")!.PendingTransactions);
    }
}
