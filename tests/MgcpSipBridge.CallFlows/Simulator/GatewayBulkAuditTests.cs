using System.Text;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>Bulk audits (RFC 3624): the simulated gateway by the RFC's examples, and the call agent with it.</summary>
public class GatewayBulkAuditTests
{
    private static readonly GatewayQuirks Capable = new() { Packages = ["L", "D", "G", "BA"] };
    private static readonly string[] Lines = [.. Enumerable.Range(1, 24).Select(n => $"aaln/{n}")];

    [Fact]
    public void The_gateway_reports_as_RFC_3624_says()
    {
        var bench = GatewayBench.InService(Capable);
        bench.Phone.OffHook(bench.Now);
        bench.Take();
        Assert.EndsWith("OK\r\nBA/Z: aaln/[1-2]\r\n", bench.Command("AUEP", "*", "BA/F: BA/Z"), StringComparison.Ordinal);
        Assert.EndsWith("OK\r\nBA/EL: aaln/[1-2]\r\nBA/S: TF\r\nBA/C: 00\r\n", bench.Command("AUEP", "*", "BA/F: BA/S(H), BA/C"), StringComparison.Ordinal);
        Assert.EndsWith("OK\r\nBA/EL: aaln/2\r\nBA/S: T\r\n", bench.Command("AUEP", "*", "BA/F: BA/S(I)", "BA/SE: aaln/2"), StringComparison.Ordinal);
        Assert.EndsWith("OK\r\nBA/EL: aaln/1\r\nBA/C: 0\r\nBA/NE: aaln/2\r\n", bench.Command("AUEP", "*", "BA/F: BA/C", "BA/NU: 1"), StringComparison.Ordinal);
        Assert.StartsWith("806", bench.Command("AUEP", "*", "BA/F: BA/C", "BA/SE: aaln/9"), StringComparison.Ordinal);
        Assert.StartsWith("803", bench.Command("AUEP", "*", "BA/F: BA/S(Q)"), StringComparison.Ordinal);
        Assert.StartsWith("802", bench.Command("AUEP", "*", "BA/F: BA/Z, BA/C"), StringComparison.Ordinal);
        Assert.StartsWith("518", GatewayBench.InService().Command("AUEP", "*", "BA/F: BA/Z"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 24)]
    public void A_gateway_of_24_lines_that_restarts_is_asked_once(bool offers, int questions)
    {
        var gateway = new GatewayBench(offers ? Capable : null, Lines);
        var agent = new MgcpCallAgent(new MgcpSettings { NotifiedEntity = "ca@bridge.example.net:2727" }, new Entropy(3));
        agent.SetGateway(new MgcpGatewayModel("gw1", "gw1.example.net", GatewayBench.Address, MgcpProfile.Auto, [.. Lines]), gateway.Now);
        gateway.Gateway.PowerOn(gateway.Now);
        Assert.True(Run(gateway, agent).InService >= 24);
        gateway.Gateway.PowerOff();
        gateway.Gateway.PowerOn(gateway.Now);
        Assert.Equal((24, questions), Run(gateway, agent));
    }

    /// <summary>Lets both talk for ten seconds: how many lines came into service, for how many audits.</summary>
    private static (int InService, int Audits) Run(GatewayBench gateway, MgcpCallAgent agent)
    {
        var (inService, audits) = (0, 0);
        var now = gateway.Now;
        for (var step = 0; step < 1000; step++)
        {
            now += TimeSpan.FromMilliseconds(10);
            agent.FireDue(now);
            foreach (var text in gateway.Wait(TimeSpan.FromMilliseconds(10))) agent.Receive(Encoding.UTF8.GetBytes(text), GatewayBench.Address, now);
            while (agent.TryTake(out var output))
            {
                if (output is MgcpOutput.Happened { Event: MgcpEvent.EndpointInService }) inService++;
                if (output is not MgcpOutput.Send send) continue;
                var sent = Encoding.UTF8.GetString(send.Datagram.Span);
                if (sent.StartsWith("AUEP", StringComparison.Ordinal) && !send.IsRetransmission) audits++;
                foreach (var answer in gateway.Say(sent)) agent.Receive(Encoding.UTF8.GetBytes(answer), GatewayBench.Address, now);
            }
        }

        return (inService, audits);
    }
}
