using static MgcpSipBridge.Mgcp.Tests.AgentBench;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>Endpoints that go out of service gracefully, whatever is lost on the way (RFC 3435 §4.4.5).</summary>
public class DrainTests
{
    [Fact]
    public void A_draining_endpoint_is_asked_about_once_its_delay_is_over()
    {
        var bench = Draining(300);
        Assert.Null(AnswerPings(bench, TimeSpan.FromSeconds(300)));
        // Still draining: asked again, for as long as it says so.
        for (var i = 0; i < 5; i++) bench.Answer(AnswerPings(bench, TimeSpan.FromSeconds(67))!, 200, "RM: graceful\n");
        bench.AssertQuiet();
        bench.Answer(AnswerPings(bench, TimeSpan.FromSeconds(67))!, 200, "RM: forced\n");
        Assert.Equal(OutOfServiceReason.TakenOut, bench.TakeEvent<MgcpEvent.EndpointOutOfService>().Reason);
        // And from then on like any endpoint that is out of service.
        bench.Answer(bench.Await("AUEP", TimeSpan.FromSeconds(67), "F: A"), 200, "RM: restart\nI:\n");
        Assert.False(bench.TakeEvent<MgcpEvent.EndpointInService>().KeepsConnections);
    }

    [Theory]
    [InlineData("RM: restart\n", 1)]
    [InlineData("RM: cancel-graceful\n", 1)]
    [InlineData("", 3)]
    public void One_that_is_back_without_having_said_so_serves_again_and_keeps_its_calls(string answer, int answers)
    {
        var bench = Draining(0);
        for (var i = 0; i < answers; i++)
        {
            bench.Answer(AnswerPings(bench, TimeSpan.FromSeconds(67))!, 200, answer);
        }

        Assert.True(bench.TakeEvent<MgcpEvent.EndpointInService>().KeepsConnections);
        bench.Agent.ModifyConnection(Line1, "1F", new ConnectionRequest("C1", ConnectionMode.Inactive), bench.Now);
        bench.Drain();
        bench.TakeSent("MDCX");
    }

    [Fact]
    public void One_that_says_501_is_gone()
    {
        var bench = Draining(0);
        bench.Answer(AnswerPings(bench, TimeSpan.FromSeconds(67))!, 501);
        Assert.Equal(OutOfServiceReason.TakenOut, bench.TakeEvent<MgcpEvent.EndpointOutOfService>().Reason);
    }

    [Fact]
    public void Graceful_during_the_audit_drains_right_after()
    {
        var bench = InService();
        bench.FromGateway("RSIP 1 aaln/1@gw1.example.net MGCP 1.0\nRM: disconnected\n");
        bench.TakeSent("200");
        var audit = bench.TakeSent("AUEP");
        bench.FromGateway("RSIP 2 aaln/1@gw1.example.net MGCP 1.0\nRM: graceful\n");
        bench.TakeSent("200");
        bench.Answer(audit, 200, "I:\n");
        bench.TakeEvent<MgcpEvent.EndpointInService>();
        Assert.Equal(OutOfServiceReason.Draining, bench.TakeEvent<MgcpEvent.EndpointOutOfService>().Reason);
        bench.FromGateway("RSIP 3 aaln/1@gw1.example.net MGCP 1.0\nRM: cancel-graceful\n");
        bench.TakeEvent<MgcpEvent.EndpointInService>();
        bench.Sent.Clear();
        // Nothing asks any more whether it drains.
        bench.Advance(TimeSpan.FromMinutes(3));
        Assert.DoesNotContain(bench.Sent, static s => System.Text.Encoding.ASCII.GetString(s.Datagram.Span).Contains("F:", StringComparison.Ordinal));
    }

    /// <summary>Lets time pass; the gateway says that it lives. Gives the first question for a restart method.</summary>
    private static string? AnswerPings(AgentBench bench, TimeSpan limit)
    {
        for (var until = bench.Now + limit; bench.Now < until;)
        {
            bench.Advance(TimeSpan.FromMilliseconds(100));
            while (bench.Sent.Count > 0)
            {
                var asked = bench.TakeSent("AUEP");
                if (asked.Contains("F:", StringComparison.Ordinal)) return asked;
                bench.Answer(asked, 200);
            }
        }

        return null;
    }

    private static AgentBench Draining(int seconds)
    {
        var bench = InService();
        ServiceTests.Connect(bench, "1F");
        bench.FromGateway($"RSIP 1 *@gw1.example.net MGCP 1.0\nRM: graceful\nRD: {seconds}\n");
        bench.TakeSent("200");
        Assert.Equal(OutOfServiceReason.Draining, bench.TakeEvent<MgcpEvent.EndpointOutOfService>().Reason);
        bench.AssertQuiet();
        return bench;
    }
}
