using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Fuzz;

/// <summary>
/// A whole call agent with a gateway at a fixed address, one that is learnt, and strangers: it never throws, answers no stranger, keeps no more than it should, and
/// still serves its gateway afterwards.
/// </summary>
internal sealed class AgentTarget(ulong seed) : ITarget
{
    private const int CasesPerAgent = 20_000;
    private static readonly NetAddress Fixed = NetAddress.FromIPv4(0x0A000015, 2427);
    private static readonly NetAddress Stranger = NetAddress.FromIPv4(0x0A000063, 2427);
    private static readonly EndpointId Line = new("gw1", "aaln/1");
    private readonly Entropy _chance = new(seed);
    private readonly Queue<byte[]> _commands = [];
    private readonly byte[] _input = new byte[Mutator.MaxBytes];
    private MgcpCallAgent? _agent;
    private Instant _now = new(TimeSpan.TicksPerHour);
    private int _cases;
    private int _connections;

    public string Name => "agent";

    public void Run(ReadOnlySpan<byte> input)
    {
        var agent = _cases++ % CasesPerAgent == 0 ? _agent = Fresh() : _agent!;
        var from = _chance.Next(10) switch
        {
            0 => Stranger.WithPort(_chance.Next(65536)),
            1 => Fixed.WithPort(_chance.Next(65536)),
            _ => Fixed,
        };
        agent.Receive(Aim(input), from, _now);
        Drain(agent);
        if (_chance.Next(8) == 0) Command(agent);
        _now += TimeSpan.FromMilliseconds(_chance.Next(40));
        for (var fired = 0; agent.NextDeadline is { } due && due <= _now; fired++)
        {
            agent.FireDue(_now);
            Drain(agent);
            if (fired == 1000) throw new InvalidOperationException("Timers do not come to rest.");
        }

        if (_cases % CasesPerAgent == CasesPerAgent - 1) StillServes(agent);
    }

    private MgcpCallAgent Fresh()
    {
        _commands.Clear();
        var agent = new MgcpCallAgent(
            new MgcpSettings { NotifiedEntity = "ca@bridge.example.net:2727" }, new Entropy(_chance.NextUInt64()),
            new MgcpAdmission { DatagramsPerSecond = 0, StrangerDatagramsPerSecond = 0, MaxDiscovered = 32 });
        agent.SetGateway(new MgcpGatewayModel("gw1", "gw1.example.net", Fixed, MgcpProfile.Auto, ["aaln/1", "aaln/2", "AALN/S2/1"]), _now);
        agent.SetGateway(new MgcpGatewayModel("gw2", "gw2.example.net", null, MgcpProfile.Auto, ["aaln/1"]), _now);
        return agent;
    }

    /// <summary>Most inputs are turned towards something that exists: our domain, a transaction of ours.</summary>
    private ReadOnlySpan<byte> Aim(ReadOnlySpan<byte> input)
    {
        if (_chance.Next(4) == 0) return input;
        if (input.Length > 4 && input[0] is >= (byte)'0' and <= (byte)'9' && _commands.TryPeek(out var command))
        {
            var end = input[4..].IndexOfAny(" \r\n"u8);
            return end < 0 ? input : Join(input[..4], IdOf(command), input[(4 + end)..]);
        }

        var at = input.IndexOf((byte)'@');
        if (at < 0) return input;
        var length = input[at..].IndexOfAny(" \r\n"u8);
        return length < 0 ? input : Join(input[..(at + 1)], "gw1.example.net"u8, input[(at + length)..]);
    }

    private ReadOnlySpan<byte> Join(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, ReadOnlySpan<byte> c)
    {
        var length = Math.Min(a.Length + b.Length + c.Length, Mutator.MaxBytes);
        a.CopyTo(_input);
        b.CopyTo(_input.AsSpan(a.Length));
        c[..Math.Min(c.Length, length - a.Length - b.Length)].CopyTo(_input.AsSpan(a.Length + b.Length));
        return _input.AsSpan(0, length);
    }

    private static ReadOnlySpan<byte> IdOf(byte[] command)
    {
        var rest = command.AsSpan(command.AsSpan().IndexOf((byte)' ') + 1);
        return rest[..rest.IndexOf((byte)' ')];
    }

    private void Command(MgcpCallAgent agent)
    {
        var request = new NotificationRequest([new RequestedEvent("L/hu"), new RequestedEvent("D/[0-9#*T]", "D")], [new SignalRequest("L/dl")], "(xxxx|9x.T)");
        switch (_chance.Next(4))
        {
            case 0:
                agent.Request(Line, request, _now);
                break;
            case 1:
                agent.CreateConnection(Line, new ConnectionRequest($"C{++_connections:X}", ConnectionMode.RecvOnly, Request: request), _now);
                break;
            case 2:
                agent.ModifyConnection(Line, "1F", new ConnectionRequest($"C{_connections:X}", ConnectionMode.SendRecv), _now);
                break;
            default:
                agent.DeleteConnection(Line, $"C{_connections:X}", null, request, _now);
                break;
        }

        Drain(agent);
    }

    private void Drain(MgcpCallAgent agent)
    {
        while (agent.TryTake(out var output))
        {
            if (output is not MgcpOutput.Send send) continue;
            if (send.To.SameHost(Stranger) && agent.StatusOf("gw2")!.Address?.SameHost(Stranger) != true) throw new InvalidOperationException("A stranger was answered.");
            if (send.Datagram.Length is 0 or > Mutator.MaxBytes) throw new InvalidOperationException("A datagram of impossible length.");
            if (send.Datagram.Span[0] is < (byte)'A' or > (byte)'Z') continue;
            _commands.Enqueue(send.Datagram.ToArray());
            if (_commands.Count > 8) _commands.Dequeue();
        }

        if (agent.Discovered.Length > 32) throw new InvalidOperationException("The list of strangers grows.");
    }

    /// <summary>Whatever happened, a restart brings the line back.</summary>
    private void StillServes(MgcpCallAgent agent)
    {
        _now += TimeSpan.FromMinutes(3);
        agent.FireDue(_now);
        Drain(agent);
        _commands.Clear();
        agent.Receive("RSIP 777000777 *@gw1.example.net MGCP 1.0\nRM: restart\n"u8, Fixed, _now);
        var inService = false;
        for (var second = 0; second < 60 && !inService; second++)
        {
            while (agent.TryTake(out var output))
            {
                inService |= output is MgcpOutput.Happened { Event: MgcpEvent.EndpointInService up } && up.Endpoint == Line;
                if (output is not MgcpOutput.Send { IsRetransmission: false } send || !send.To.SameHost(Fixed)) continue;
                var text = System.Text.Encoding.ASCII.GetString(send.Datagram.Span);
                foreach (var message in text.Split("\r\n.\r\n"))
                {
                    var words = message.Split(' ');
                    if (words[0] is "AUEP" or "DLCX" or "AUCX") agent.Receive(System.Text.Encoding.ASCII.GetBytes($"200 {words[1]} OK\nI:\n"), send.To, _now);
                }
            }

            _now += TimeSpan.FromSeconds(1);
            agent.FireDue(_now);
        }

        if (!inService) throw new InvalidOperationException("The line does not come back.");
    }
}
