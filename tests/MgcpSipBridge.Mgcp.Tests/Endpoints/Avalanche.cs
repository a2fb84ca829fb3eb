using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>
/// Many scripted gateways that all restart within one second, in virtual time: each answers after 20 ms, and the engine's request follows each line that comes into
/// service.
/// </summary>
internal sealed class Avalanche
{
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(10);
    private static readonly NotificationRequest Idle = AgentBench.Request("L/hd");
    private readonly MgcpCallAgent _agent;
    private readonly PriorityQueue<(byte[] Datagram, NetAddress From), (long, int)> _toAgent = new();
    private readonly Dictionary<NetAddress, int> _auditsAt = [];
    private readonly Dictionary<long, int> _auditsIn = [];
    private readonly int _gateways;
    private readonly int _lines;
    private Instant _now = new(TimeSpan.TicksPerHour);
    private int _sequence;
    private Instant? _elsewhereAsked;

    public Avalanche(int gateways, int lines, int auditMost)
    {
        (_gateways, _lines) = (gateways, lines);
        _agent = new MgcpCallAgent(AgentBench.Settings with { Trace = false }, new Entropy(7), new MgcpAdmission { AuditsPerSecond = auditMost });
        for (var g = 0; g < gateways; g++)
        {
            _agent.SetGateway(new MgcpGatewayModel($"gw{g}", $"gw{g}.example.net", null, MgcpProfile.Auto, [.. Enumerable.Range(1, lines).Select(static i => $"aaln/{i}")]), _now);
        }

        _agent.SetGateway(AgentBench.Model() with { Name = "quiet", Domain = "quiet.example.net" }, _now);
        Pass(TimeSpan.FromSeconds(5));
        InService = 0;
    }

    public int InService { get; private set; }

    public TimeSpan Took { get; private set; }

    public int MostAuditsInASecond { get; private set; }

    public int MostAtOneGateway { get; private set; }

    public int Retransmissions { get; private set; }

    public TimeSpan LongestWaitElsewhere { get; private set; }

    public void Run(TimeSpan limit)
    {
        var start = _now;
        for (var g = 0; g < _gateways; g++)
        {
            Post(Encoding.ASCII.GetBytes($"RSIP {g + 1} *@gw{g}.example.net MGCP 1.0\r\nRM: restart\r\n"), AddressOf(g), start + (TimeSpan.FromSeconds(1) * g / _gateways));
        }

        for (var tenth = 0; tenth < limit.TotalSeconds * 10 && InService < _gateways * _lines; tenth++)
        {
            Pass(TimeSpan.FromMilliseconds(100));
            _elsewhereAsked = _now;
            _agent.Request(new EndpointId("quiet", "aaln/1"), AgentBench.Request(tenth % 2 == 0 ? "L/hd" : "L/hu"), _now);
        }

        Took = _now - start;
        MostAuditsInASecond = _auditsIn.Values.Max();
    }

    private static NetAddress AddressOf(int gateway) => NetAddress.FromIPv4(0x0B000000 + (uint)gateway, 2427);

    private void Post(byte[] datagram, NetAddress from, Instant at) => _toAgent.Enqueue((datagram, from), (at.Ticks, _sequence++));

    private void Pass(TimeSpan span)
    {
        var until = _now + span;
        while (true)
        {
            Collect();
            var next = _agent.NextDeadline ?? Instant.Never;
            if (_toAgent.TryPeek(out _, out var at) && at.Item1 <= next.Ticks) next = new Instant(at.Item1);
            if (next > until) break;
            if (next > _now) _now = next;
            if (_toAgent.TryPeek(out _, out at) && at.Item1 <= _now.Ticks)
            {
                var (datagram, from) = _toAgent.Dequeue();
                if (_auditsAt.TryGetValue(from, out var running) && datagram[0] == '2') _auditsAt[from] = running - 1;
                _agent.Receive(datagram, from, _now);
            }
            else
            {
                _agent.FireDue(_now);
            }
        }

        _now = until;
    }

    private void Collect()
    {
        while (_agent.TryTake(out var output))
        {
            if (output is MgcpOutput.Happened { Event: MgcpEvent.EndpointInService up })
            {
                InService++;
                _agent.Request(up.Endpoint, Idle, _now);
            }

            if (output is not MgcpOutput.Send send || send.Datagram.Span[0] == '2') continue;
            if (send.IsRetransmission) Retransmissions++;
            var text = Encoding.ASCII.GetString(send.Datagram.Span);
            if (_elsewhereAsked is { } asked && send.To == AgentBench.GatewayAddress) LongestWaitElsewhere = TimeSpan.FromTicks(Math.Max(LongestWaitElsewhere.Ticks, (_now - asked).Ticks));
            var isAudit = text.StartsWith("AUEP ", StringComparison.Ordinal) && text.Contains("F:", StringComparison.Ordinal);
            if (isAudit)
            {
                _auditsAt[send.To] = _auditsAt.GetValueOrDefault(send.To) + 1;
                MostAtOneGateway = Math.Max(MostAtOneGateway, _auditsAt[send.To]);
                var second = _now.Ticks / TimeSpan.TicksPerSecond;
                _auditsIn[second] = _auditsIn.GetValueOrDefault(second) + 1;
            }

            // Only audits are counted as running at a gateway, so other answers begin differently.
            Post(Encoding.ASCII.GetBytes($"{(isAudit ? "200" : " 200")} {AgentBench.IdOf(text)} OK\nI:\nES: L/hu\n"), send.To, _now + (2 * Delay));
        }
    }
}
