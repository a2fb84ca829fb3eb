using System.Text;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>One simulated gateway on a bench: commands in as text, datagrams out as text, time turned by hand.</summary>
internal sealed class GatewayBench
{
    public static readonly NetAddress Agent = NetAddress.FromIPv4(0xC0000201, 2727);
    public static readonly NetAddress Address = NetAddress.FromIPv4(0xC0000215, 2427);
    private int _transaction = 1000;

    public GatewayBench(GatewayQuirks? quirks = null, params string[] endpoints)
    {
        Gateway = new SimulatedGateway(
            new GatewaySetup
            {
                Domain = "gw1.example.net",
                Address = Address,
                CallAgent = Agent,
                Endpoints = endpoints.Length == 0 ? ["aaln/1", "aaln/2"] : [.. endpoints],
                Media = [.. Enumerable.Range(0, 8).Select(i => Address.WithPort(16384 + (2 * i)))],
                Quirks = quirks ?? new GatewayQuirks(),
            },
            new Entropy(7));
    }

    public SimulatedGateway Gateway { get; }

    public Instant Now { get; private set; } = Instant.Zero;

    public SimulatedPhone Phone => Gateway.Phone("aaln/1");

    /// <summary>Switched on, its RSIP answered.</summary>
    public static GatewayBench InService(GatewayQuirks? quirks = null)
    {
        var bench = new GatewayBench(quirks);
        bench.Gateway.PowerOn(bench.Now);
        var restart = bench.Wait(TimeSpan.FromSeconds(1));
        foreach (var message in restart.SelectMany(text => text.Split(".\r\n")))
            bench.Say($"200 {message.Split(' ')[1]} OK\r\n");
        Assert.False(bench.Gateway.IsRestarting);
        return bench;
    }

    public List<string> Wait(TimeSpan time)
    {
        var end = Now + time;
        var all = Take();
        while (Gateway.NextDeadline is { } next && next <= end)
        {
            if (next > Now) Now = next;
            Gateway.FireDue(Now);
            all.AddRange(Take());
        }

        Now = end;
        return all;
    }

    /// <summary>Sends a datagram; what the gateway sends at once comes back.</summary>
    public List<string> Say(string text)
    {
        Gateway.Receive(Encoding.UTF8.GetBytes(text), Address, Agent, Now);
        return Take();
    }

    /// <summary>Sends a command with a fresh transaction id; verb, endpoint and parameter lines are given.</summary>
    public string Command(string verb, string endpoint, params string[] lines) => Assert.Single(Say(Text(verb, endpoint, lines)));

    public string Text(string verb, string endpoint, params string[] lines) =>
        $"{verb} {++_transaction} {endpoint}@gw1.example.net MGCP 1.0\r\n" + string.Concat(lines.Select(line => line + "\r\n"));

    /// <summary>Answers the NTFY in the text with 200.</summary>
    public List<string> Acknowledge(string notify) => Say($"200 {notify.Split(' ')[1]} OK\r\n");

    public void NoViolations() => Assert.Empty(Gateway.Violations);

    public List<string> Take()
    {
        var texts = new List<string>();
        while (Gateway.TryTake(out var transmit)) texts.Add(Encoding.UTF8.GetString(transmit.Bytes.Span));
        return texts;
    }
}
