using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>
/// A call agent and a small, honest gateway with a connection table and a response cache of its own, joined by a network that loses, doubles and
/// reorders datagrams.
/// </summary>
internal sealed class LossyNetwork
{
    private readonly AgentBench _bench;
    private readonly Entropy _chance;
    private readonly double _loss;
    private readonly PriorityQueue<(bool ToGateway, string Text), (long, int)> _wire = new();
    private readonly Dictionary<uint, string> _answered = [];
    private readonly Dictionary<string, string> _connections = [];
    private readonly Dictionary<CommandId, int> _ended = [];
    private readonly List<string> _created = [];
    private int _executed;
    private int _sequence;
    private int _nextConnection = 0xA0;

    private LossyNetwork(double loss, ulong seed)
    {
        _loss = loss;
        _chance = new Entropy(seed);
        _bench = new AgentBench(seed: seed + 1000);
    }

    public static void Run(double loss, ulong seed)
    {
        var run = new LossyNetwork(loss, seed);
        try
        {
            run.Run();
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"loss {loss}, seed {seed}", exception);
        }
    }

    private void Run()
    {
        _bench.Agent.SetGateway(AgentBench.Model(true, MgcpProfile.Auto, "aaln/1", "aaln/2"), _bench.Now);
        List<CommandId> commands = [];
        for (var call = 0; call < 30; call++)
        {
            var line = _chance.Next(2) == 0 ? AgentBench.Line1 : AgentBench.Line2;
            var callId = $"C{call:X}";
            _bench.Agent.Request(line, AgentBench.Request("L/hd"), _bench.Now);
            commands.Add(_bench.Agent.CreateConnection(line, new ConnectionRequest(callId, ConnectionMode.SendRecv, Request: AgentBench.Request("L/hu")), _bench.Now));
            Pass(TimeSpan.FromMilliseconds(_chance.Next(3000)));
            if (_created.Count > 0 && _chance.Next(2) == 0)
            {
                commands.Add(_bench.Agent.ModifyConnection(line, _created[^1], new ConnectionRequest(callId, ConnectionMode.Inactive), _bench.Now));
            }

            commands.Add(_bench.Agent.DeleteConnection(line, callId, null, AgentBench.Request("L/hd"), _bench.Now));
            if (_chance.Next(3) == 0) Pass(TimeSpan.FromSeconds(_chance.Next(40)));
        }

        Pass(TimeSpan.FromMinutes(5));
        foreach (var command in commands) Assert.Equal(1, _ended.GetValueOrDefault(command));
        // A keep-alive question may be under way at any one moment, not for a minute.
        for (var i = 0; i < 60 && _bench.Agent.StatusOf("gw1")!.PendingTransactions > 0; i++) Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(0, _bench.Agent.StatusOf("gw1")!.PendingTransactions);
        Assert.Empty(_connections);
        Assert.Equal(_executed, _answered.Count);
    }

    private void Pass(TimeSpan span)
    {
        var until = _bench.Now + span;
        while (true)
        {
            Collect();
            var next = _bench.Agent.NextDeadline ?? Instant.Never;
            if (_wire.TryPeek(out _, out var at) && at.Item1 <= next.Ticks) next = new Instant(at.Item1);
            if (next > until) break;
            if (next > _bench.Now) _bench.Now = next;
            if (_wire.TryPeek(out _, out at) && at.Item1 <= _bench.Now.Ticks) Deliver(_wire.Dequeue());
            else _bench.Agent.FireDue(_bench.Now);
        }

        _bench.Now = until;
    }

    private void Collect()
    {
        _bench.Drain();
        while (_bench.Sent.TryDequeue(out var sent)) Post(true, Encoding.UTF8.GetString(sent.Datagram.Span));
        while (_bench.Events.TryDequeue(out var happened))
        {
            switch (happened)
            {
                case MgcpEvent.ConnectionCreated created:
                    _created.Add(created.Connection);
                    Count(created.Command);
                    break;
                case MgcpEvent.ConnectionModified modified:
                    Count(modified.Command);
                    break;
                case MgcpEvent.ConnectionDeleted deleted:
                    Count(deleted.Command);
                    break;
                case MgcpEvent.CommandFailed failed:
                    Count(failed.Command);
                    break;
            }
        }
    }

    private void Count(CommandId command) => _ended[command] = _ended.GetValueOrDefault(command) + 1;

    private void Post(bool toGateway, string text)
    {
        var copies = _chance.NextDouble() < _loss ? 0 : _chance.Next(20) == 0 ? 2 : 1;
        for (var i = 0; i < copies; i++)
        {
            _wire.Enqueue((toGateway, text), ((_bench.Now + TimeSpan.FromMilliseconds(5 + _chance.Next(60))).Ticks, _sequence++));
        }
    }

    private void Deliver((bool ToGateway, string Text) datagram)
    {
        if (!datagram.ToGateway)
        {
            _bench.FromGateway(datagram.Text);
            return;
        }

        MgcpCommand.TryParse(Encoding.UTF8.GetBytes(datagram.Text), out var command);
        if (command.TransactionId is not { } id) return;
        if (!_answered.TryGetValue(id, out var answer))
        {
            _executed++;
            answer = $"{Execute(command)}";
            answer = answer.Replace("#", id.ToString(null, null), StringComparison.Ordinal);
            _answered.Add(id, answer);
        }

        Post(false, answer);
    }

    private string Execute(MgcpCommand command)
    {
        var endpoint = Encoding.ASCII.GetString(command.Endpoint.Local);
        var callId = Encoding.ASCII.GetString(command.Parameters[MgcpParameter.CallId]);
        var connection = Encoding.ASCII.GetString(command.Parameters[MgcpParameter.ConnectionId]);
        switch (command.Verb)
        {
            case MgcpVerb.Crcx:
                var id = (_nextConnection++).ToString("X", null);
                _connections.Add(id, endpoint + " " + callId);
                return $"200 # OK\nI: {id}\n\nv=0\n";
            case MgcpVerb.Mdcx:
                return _connections.ContainsKey(connection) ? "200 # OK\n" : "515 # gone\n";
            case MgcpVerb.Dlcx:
                var gone = _connections.Where(c => c.Value.StartsWith(endpoint + " ", StringComparison.Ordinal)
                    && (callId.Length == 0 || c.Value.EndsWith(" " + callId, StringComparison.Ordinal)) && (connection.Length == 0 || c.Key == connection)).ToList();
                foreach (var (key, _) in gone) _connections.Remove(key);
                return gone.Count > 0 || connection.Length == 0 ? "250 # OK\n" : "515 # gone\n";
            case MgcpVerb.Auep:
                return $"200 # OK\nES: L/hu\nI: {string.Join(',', _connections.Where(c => c.Value.StartsWith(endpoint + " ", StringComparison.Ordinal)).Select(static c => c.Key))}\n";
            case MgcpVerb.Aucx:
                return _connections.TryGetValue(connection, out var owner) ? $"200 # OK\nC: {owner.Split(' ')[1]}\n" : "515 # gone\n";
            default:
                return "200 # OK\n";
        }
    }
}
