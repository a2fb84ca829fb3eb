using static MgcpSipBridge.Mgcp.Tests.AgentBench;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>Connections on an endpoint of the gateway's choice (RFC 3435 §2.1.2, §2.3.5: the any-of wildcard and SpecificEndPointId).</summary>
public class AnyOfTests
{
    private static readonly EndpointId Any = new("gw1", "rtpbridge/$");
    private static readonly ConnectionRequest Call = new("C1", ConnectionMode.RecvOnly, "a:PCMU");

    /// <summary>Sends the CRCX; gives the command and what is on the wire.</summary>
    private static (CommandId Command, string Crcx) Creates(AgentBench bench, ConnectionRequest? request = null, EndpointId? endpoint = null)
    {
        var command = bench.Agent.CreateConnection(endpoint ?? Any, request ?? Call, bench.Now);
        bench.Drain();
        return (command, bench.TakeSent("CRCX"));
    }

    [Theory]
    [InlineData("rtpbridge/$")]
    [InlineData("rtpbridge/*")]
    [InlineData("$")]
    public void The_gateway_chooses_and_what_follows_goes_to_its_choice(string any)
    {
        var bench = InService();
        var (command, crcx) = Creates(bench, endpoint: new EndpointId("gw1", any));
        Assert.Contains($" {any}@gw1.example.net MGCP 1.0\r\nC: C1\r\nL: a:PCMU\r\nM: recvonly\r\n", crcx, StringComparison.Ordinal);
        bench.Answer(crcx, 200, "I: 1F\nZ: rtpbridge/7@gw1.example.net\n\nv=0\n");
        var chosen = bench.TakeEvent<MgcpEvent.EndpointInService>().Endpoint;
        Assert.Equal(new EndpointId("gw1", "rtpbridge/7"), chosen);
        Assert.Equal((command, chosen, "1F"), bench.TakeEvent<MgcpEvent.ConnectionCreated>() is var c ? (c.Command, c.Endpoint, c.Connection) : default);

        bench.Agent.ModifyConnection(chosen, "1F", new ConnectionRequest("C1", ConnectionMode.SendRecv), bench.Now);
        bench.Drain();
        var mdcx = bench.TakeSent("MDCX");
        Assert.Contains(" rtpbridge/7@gw1.example.net ", mdcx, StringComparison.Ordinal);
        bench.Answer(mdcx, 200);
        bench.TakeEvent<MgcpEvent.ConnectionModified>();
        bench.Agent.DeleteConnection(chosen, "C1", null, null, bench.Now);
        bench.Drain();
        var dlcx = bench.TakeSent("DLCX");
        Assert.Contains(" rtpbridge/7@gw1.example.net MGCP 1.0\r\nC: C1\r\nI: 1F\r\n", dlcx, StringComparison.Ordinal);
        bench.Answer(dlcx, 250);
        bench.TakeEvent<MgcpEvent.ConnectionDeleted>();
        bench.AssertQuiet();
    }

    [Fact]
    public void A_configured_endpoint_may_be_chosen_and_a_request_follows_its_connection()
    {
        var bench = InService();
        var (_, crcx) = Creates(bench, Call with { Request = Request("L/hu") }, new EndpointId("gw1", "aaln/$"));
        Assert.DoesNotContain("R:", crcx, StringComparison.Ordinal);
        bench.Answer(crcx, 200, "I: 1F\nZ: AALN/1@gw1.example.net\n");
        Assert.Equal(Line1, bench.TakeEvent<MgcpEvent.ConnectionCreated>().Endpoint);
        Assert.Contains("R: L/hu(N)", bench.TakeSent("RQNT"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("I: 1F\n", " rtpbridge/$@gw1.example.net MGCP 1.0\r\nC: C1\r\n")]
    [InlineData("I: 1F\nZ: rtpbridge/*@gw1.example.net\n", " rtpbridge/$@gw1.example.net MGCP 1.0\r\nC: C1\r\n")]
    [InlineData("Z: rtpbridge/7@gw1.example.net\n", " rtpbridge/7@gw1.example.net MGCP 1.0\r\nC: C1\r\n")]
    public void An_answer_that_does_not_say_what_was_made_is_undone(string answer, string undone)
    {
        var bench = InService();
        var (command, crcx) = Creates(bench);
        bench.Answer(crcx, 200, answer);
        Assert.EndsWith(undone, bench.TakeSent("DLCX"), StringComparison.Ordinal);
        Assert.Equal((command, 510), bench.TakeEvent<MgcpEvent.CommandFailed>() is var f ? (f.Command, f.Code) : default);
        bench.AssertQuiet();
    }

    [Fact]
    public void No_endpoint_available_is_told()
    {
        var bench = InService();
        var (command, crcx) = Creates(bench);
        bench.Answer(crcx, 410, comment: "none free");
        Assert.Equal(new MgcpEvent.CommandFailed(command, Any, 410, "none free"), bench.TakeEvent<MgcpEvent.CommandFailed>());
        bench.AssertQuiet();
    }

    [Fact]
    public void A_gateway_that_is_not_up_or_not_there_is_not_asked()
    {
        var bench = new AgentBench();
        bench.Agent.CreateConnection(Any, Call, bench.Now);
        bench.Drain();
        Assert.Equal(500, bench.TakeEvent<MgcpEvent.CommandFailed>().Code);
        bench.Agent.SetGateway(Model(), bench.Now);
        bench.Agent.CreateConnection(Any, Call, bench.Now);
        bench.Drain();
        Assert.Equal(501, bench.TakeEvent<MgcpEvent.CommandFailed>().Code);
        bench.AssertQuiet();
    }

    [Fact]
    public void A_late_answer_is_undone_where_it_happened()
    {
        var bench = InService();
        var (command, crcx) = Creates(bench);
        for (var i = 0; i < 40 && bench.Events.All(static e => e is not MgcpEvent.CommandFailed); i++) bench.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains(new MgcpEvent.CommandFailed(command, Any, 0, null), bench.Events);
        bench.Sent.Clear();
        bench.Answer(crcx, 200, "I: 1F\nZ: rtpbridge/7@gw1.example.net\n");
        Assert.Contains(bench.Sent.Select(static s => System.Text.Encoding.UTF8.GetString(s.Datagram.Span)), static text =>
            text.StartsWith("DLCX ", StringComparison.Ordinal) && text.EndsWith(" rtpbridge/7@gw1.example.net MGCP 1.0\r\nC: C1\r\nI: 1F\r\n", StringComparison.Ordinal));
    }

    [Fact]
    public void A_removed_gateway_ends_it_and_another_model_leaves_it_alone()
    {
        var bench = InService();
        var (_, crcx) = Creates(bench);
        bench.Answer(crcx, 200, "I: 1F\nZ: rtpbridge/7@gw1.example.net\n");
        bench.TakeEvent<MgcpEvent.EndpointInService>();
        bench.TakeEvent<MgcpEvent.ConnectionCreated>();
        bench.Agent.SetGateway(Model(), bench.Now);
        bench.AssertQuiet();
        var (second, _) = Creates(bench);
        bench.Agent.RemoveGateway("gw1", bench.Now);
        bench.Drain();
        Assert.Contains(new MgcpEvent.CommandFailed(second, Any, 0, null), bench.Events);
        // Nobody else would ever delete it.
        Assert.Contains(" rtpbridge/7@gw1.example.net ", bench.TakeSent("DLCX"), StringComparison.Ordinal);
    }
}
