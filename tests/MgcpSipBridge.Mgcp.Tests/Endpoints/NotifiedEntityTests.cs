using System.Collections.Immutable;
using MgcpSipBridge.SansIo;
using static MgcpSipBridge.Mgcp.Tests.AgentBench;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>Whom gateways are told to obey (RFC 3435 §2.1.4, RFC 3991 §2.1).</summary>
public class NotifiedEntityTests
{
    [Fact]
    public void A_gateway_is_told_the_call_agent_at_the_socket_that_it_is_heard_on()
    {
        var (here, there) = (NetAddress.FromIPv4(0x0A000005, 2727), NetAddress.FromIPv4(0xC0A80105, 2727));
        var bench = new AgentBench(Settings with { NotifiedEntities = ImmutableDictionary<NetAddress, string>.Empty.Add(here, "ca@[10.0.0.5]:2727").Add(there, "ca@[192.168.1.5]:2727") });
        bench.Agent.SetGateway(Model(), bench.Now);
        bench.Now = bench.Agent.NextDeadline!.Value;
        bench.Agent.FireDue(bench.Now);
        bench.Drain();
        Assert.Equal("ca@[192.168.1.5]:2727", Told($"200 {IdOf(bench.TakeSent("AUEP"))} OK\nES: L/hu\nI:\n", there));
        // It came another way.
        Assert.Equal("ca@[10.0.0.5]:2727", Told("NTFY 7 aaln/1@gw1.example.net MGCP 1.0\nX: 0\nO: L/hd\n", here));
        // A socket that nothing is known of: the one name for all.
        Assert.Equal("ca@bridge.example.net:2727", Told("NTFY 8 aaln/1@gw1.example.net MGCP 1.0\nX: 0\nO: L/hu\n", default));

        string Told(string message, NetAddress on)
        {
            bench.Agent.Receive(System.Text.Encoding.ASCII.GetBytes(message), GatewayAddress, bench.Now, on);
            bench.Agent.Request(Line1, Request("L/hd", "L/rg") with { Discard = on == here }, bench.Now);
            bench.Drain();
            var request = bench.Await("RQNT", TimeSpan.Zero);
            bench.Answer(request, 200);
            return ValueOf(request, "N");
        }
    }

    [Fact]
    public void Backup_call_agents_are_told_where_the_gateway_has_the_package_and_takes_them()
    {
        var settings = Settings with { BackupCallAgents = ["ca@b2.example.net:2727", "ca@b3.example.net"] };
        Assert.DoesNotContain("RED/NL", FirstRequest("L;D;G", out _), StringComparison.Ordinal);
        var first = FirstRequest("L;D;G;RED", out var bench);
        Assert.Contains("\r\nN: ca@bridge.example.net:2727\r\nRED/NL: ca@b2.example.net:2727, ca@b3.example.net\r\n", first, StringComparison.Ordinal);
        bench.Answer(first, 511);
        var without = bench.TakeSent("RQNT");
        Assert.DoesNotContain("RED/NL", without, StringComparison.Ordinal);
        bench.Answer(without, 200);
        Assert.Contains(new MgcpNote.TraitLearnt("gw1", "backup-call-agents"), bench.Notes);
        bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
        bench.Drain();
        Assert.DoesNotContain("RED/NL", bench.TakeSent("RQNT"), StringComparison.Ordinal);

        string FirstRequest(string packages, out AgentBench bench)
        {
            bench = new AgentBench(settings);
            bench.Agent.SetGateway(Model(), bench.Now);
            bench.Now = bench.Agent.NextDeadline!.Value;
            bench.Agent.FireDue(bench.Now);
            bench.Drain();
            bench.Answer(bench.TakeSent("AUEP"), 200, $"ES: L/hu\nI:\nA: a:PCMU, v:{packages}\n");
            bench.Agent.Request(Line1, Request("L/hd", "L/rg"), bench.Now);
            bench.Drain();
            return bench.TakeSent("RQNT");
        }
    }
}
