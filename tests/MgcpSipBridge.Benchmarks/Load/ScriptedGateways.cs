using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Benchmarks.Load;

/// <summary>
/// One call agent and any number of scripted gateways in virtual time, without sockets: every command is answered after a fixed delay, and each line that comes into
/// service gets its idle request, as the engine does it.
/// </summary>
internal sealed class ScriptedGateways
{
    private static readonly NotificationRequest Idle = new([new RequestedEvent("L/hd")], []);
    private readonly PriorityQueue<(byte[] Datagram, NetAddress From), (long, int)> _toAgent = new();
    private readonly TimeSpan _delay;
    private readonly int _lines;
    private int _sequence;

    public ScriptedGateways(int gateways, int lines, TimeSpan delay)
    {
        (Count, _lines, _delay) = (gateways, lines, delay);
        Agent = new MgcpCallAgent(new MgcpSettings { NotifiedEntity = "ca@[198.51.100.5]:2727", Trace = false, AuditInterval = TimeSpan.FromHours(10) }, new Entropy(1));
        for (var g = 0; g < gateways; g++)
        {
            var endpoints = Enumerable.Range(1, lines).Select(static i => $"aaln/{i}");
            Agent.SetGateway(new MgcpGatewayModel($"gw{g}", $"gw{g}.example.net", AddressOf(g), MgcpProfile.Auto, [.. endpoints]), Now);
        }
    }

    public MgcpCallAgent Agent { get; }

    public int Count { get; }

    public Instant Now { get; private set; } = new(TimeSpan.TicksPerHour);

    public int InService { get; set; }

    public int Messages { get; private set; }

    public int Events { get; private set; }

    /// <summary>Answers that are on their way to the agent.</summary>
    public int UnderWay => _toAgent.Count;

    /// <summary>Looks at every command as it is sent.</summary>
    public Action<ReadOnlyMemory<byte>, NetAddress>? Watch { get; set; }

    public static NetAddress AddressOf(int gateway) => NetAddress.FromIPv4(0x0B000000 + (uint)gateway, 2427);

    /// <summary>Lets every line come into service; gives the virtual time that it took.</summary>
    public TimeSpan BringUp(TimeSpan limit)
    {
        var start = Now;
        while (InService < Count * _lines && Now - start < limit) Pass(TimeSpan.FromMilliseconds(100));
        return Now - start;
    }

    /// <summary>A gateway sends something later on.</summary>
    public void Post(byte[] datagram, NetAddress from, Instant at) => _toAgent.Enqueue((datagram, from), (at.Ticks, _sequence++));

    /// <summary>A gateway sends something now; what follows from it is answered at once.</summary>
    public void Deliver(ReadOnlySpan<byte> datagram, NetAddress from)
    {
        Messages++;
        Agent.Receive(datagram, from, Now);
        Collect();
        while (_delay == TimeSpan.Zero && _toAgent.TryDequeue(out var next, out _))
        {
            Messages++;
            Agent.Receive(next.Datagram, next.From, Now);
            Collect();
        }
    }

    /// <summary>Lets virtual time pass.</summary>
    public void Pass(TimeSpan span)
    {
        var until = Now + span;
        while (true)
        {
            Collect();
            var next = Agent.NextDeadline ?? Instant.Never;
            if (_toAgent.TryPeek(out _, out var at) && at.Item1 <= next.Ticks) next = new Instant(at.Item1);
            if (next > until) break;
            if (next > Now) Now = next;
            if (_toAgent.TryPeek(out _, out at) && at.Item1 <= Now.Ticks)
            {
                var (datagram, from) = _toAgent.Dequeue();
                Messages++;
                Agent.Receive(datagram, from, Now);
            }
            else
            {
                Agent.FireDue(Now);
            }
        }

        Now = until;
    }

    private void Collect()
    {
        while (Agent.TryTake(out var output))
        {
            switch (output)
            {
                case MgcpOutput.Happened { Event: MgcpEvent.EndpointInService up }:
                    InService++;
                    Agent.Request(up.Endpoint, Idle, Now);
                    break;
                case MgcpOutput.Happened { Event: MgcpEvent.Observed seen }:
                    Events++;
                    Agent.Request(seen.Endpoint, Idle, Now);
                    break;
                case MgcpOutput.Send send:
                    Messages++;
                    if (send.Datagram.Span[0] is < (byte)'A' or > (byte)'Z') break;
                    Watch?.Invoke(send.Datagram, send.To);
                    Post(Answer(send.Datagram.Span), send.To, Now + _delay);
                    break;
            }
        }
    }

    private static byte[] Answer(ReadOnlySpan<byte> command)
    {
        var id = command[5..];
        id = id[..id.IndexOf((byte)' ')];
        if (command[0] == 'C') return [.. "200 "u8, .. id, .. " OK\r\nI: 1F\r\n\r\nv=0\r\n"u8];
        return command[0] == 'A' ? [.. "200 "u8, .. id, .. " OK\r\nA: a:PCMU;PCMA, v:L;D;G\r\nES: L/hu\r\nI:\r\n"u8] : [.. "200 "u8, .. id, .. " OK\r\n"u8];
    }
}
