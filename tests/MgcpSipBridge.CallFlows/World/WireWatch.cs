using System.Globalization;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>
/// Stands beside a bridge and sees what it sends and receives: checks the rules that neither end can see alone. RFC 3435 §3.5, §4.4.4.
/// </summary>
internal sealed class WireWatch
{
    // §4.3: T-MAX; a command is not repeated later.
    private static readonly TimeSpan TMax = TimeSpan.FromSeconds(20);
    private readonly SimulatedBridge _bridge;
    private readonly List<string> _violations = [];
    private readonly Dictionary<(NetAddress To, int Id), Command> _outstanding = [];
    private readonly Dictionary<(NetAddress To, int Id), Command> _sent = [];
    private readonly Dictionary<string, (Instant At, PlainMgcp Answer)> _answers = [];

    internal WireWatch(SimulatedBridge bridge) => _bridge = bridge;

    /// <summary>How long a line may wait in lock-step for its next NotificationRequest before it counts as stuck.</summary>
    public TimeSpan LockStepLimit { get; set; } = TimeSpan.FromSeconds(40);

    /// <summary>Rules that the bridge broke.</summary>
    public IReadOnlyList<string> Violations => _violations;

    /// <summary>MGCP datagrams sent and received.</summary>
    public (long Sent, long Received) Mgcp { get; private set; }

    /// <summary>SIP messages sent and received.</summary>
    public (long Sent, long Received) Sip { get; private set; }

    private sealed record Command(PlainMgcp Message, Instant FirstSent);

    internal void Sent(Transmit transmit, bool isSip, Instant now)
    {
        if (isSip)
        {
            Sip = (Sip.Sent + 1, Sip.Received);
            return;
        }

        Mgcp = (Mgcp.Sent + 1, Mgcp.Received);
        foreach (var message in PlainMgcp.ReadAll(transmit.Bytes.Span, []))
        {
            if (message.IsResponse) SentResponse(message, transmit.To, now);
            else SentCommand(message, transmit.To, now);
        }
    }

    internal void Received(Transmit transmit, bool isSip, Instant now)
    {
        _ = now;
        if (isSip)
        {
            Sip = (Sip.Sent, Sip.Received + 1);
            return;
        }

        Mgcp = (Mgcp.Sent, Mgcp.Received + 1);
        foreach (var message in PlainMgcp.ReadAll(transmit.Bytes.Span, []))
            if (message is { IsResponse: true, Code: >= 200 }) _outstanding.Remove((transmit.From, message.Number));
    }

    internal void Check(World world)
    {
        foreach (var node in world.Nodes)
        {
            if (node is not SimulatedGateway gateway || gateway.Setup.CallAgent != _bridge.Mgcp) continue;
            foreach (var phone in gateway.Phones)
            {
                if (phone.Connections.Count > 1 && phone.Connections.Any(one => one.CallId != phone.Connections[0].CallId) && _twoCalls.Add($"{gateway.Name}/{phone.Name}/{phone.Connections[^1].Id}"))
                    world.Complain($"{phone.Name}@{gateway.Name} is in {phone.Connections.Count} calls");
                if (phone.WaitsForRequestSince is { } since && world.Now - since > LockStepLimit && _stuck.Add($"{gateway.Name}/{phone.Name}/{since}"))
                    world.Complain($"{phone.Name}@{gateway.Name} waits for a NotificationRequest since {since}");
            }
        }
    }

    private readonly HashSet<string> _twoCalls = [];
    private readonly HashSet<string> _stuck = [];

    private void SentCommand(PlainMgcp command, NetAddress to, Instant now)
    {
        var key = (to, command.Number);
        if (_sent.TryGetValue(key, out var before) && now - before.FirstSent < TimeSpan.FromMinutes(3))
        {
            if (before.Message.Text != command.Text) Complain(now, $"§3.2.1.2: transaction id {command.TransactionId} for another command: {command.FirstLine}");
            else if (now - before.FirstSent > TMax) Complain(now, $"§4.3: repeated {(now - before.FirstSent).TotalSeconds:0.0} s after the first time: {command.FirstLine}");
            return;
        }

        // §4.4.4: one RQNT (also an encapsulated one) per endpoint, one CRCX or MDCX per connection. A wildcard touches all.
        foreach (var ((address, _), other) in _outstanding)
        {
            if (address != to || now - other.FirstSent > TMax) continue;
            if (!SameEndpoint(other.Message, command)) continue;
            if (CarriesRequest(command) && CarriesRequest(other.Message))
                Complain(now, $"§4.4.4: {command.FirstLine} while {other.Message.FirstLine} is unanswered");
            if (command.Verb == "MDCX" && other.Message.Verb is "MDCX" or "DLCX" && other.Message["I"] == command["I"])
                Complain(now, $"§4.4.4: {command.FirstLine} while {other.Message.FirstLine} is unanswered");
        }

        var sent = new Command(command, now);
        _sent[key] = sent;
        _outstanding[key] = sent;
        if (_sent.Count > 20_000) Forget(now);
    }

    private void SentResponse(PlainMgcp response, NetAddress to, Instant now)
    {
        if (response.Code < 200) return;
        // §3.5.1: a repeated command gets the same answer.
        var key = $"{to}#{response.Number}";
        if (_answers.TryGetValue(key, out var before) && now - before.At < TimeSpan.FromSeconds(30) && before.Answer.Text != response.Text)
            Complain(now, $"§3.5.1: two answers to {response.TransactionId}: {before.Answer.FirstLine}, then {response.FirstLine}");
        else if (!_answers.ContainsKey(key) || now - before.At >= TimeSpan.FromMinutes(3)) _answers[key] = (now, response);
        if (_answers.Count > 20_000)
            foreach (var old in _answers.Where(pair => now - pair.Value.At > TimeSpan.FromMinutes(3)).Select(pair => pair.Key).ToList()) _answers.Remove(old);
    }

    private void Forget(Instant now)
    {
        foreach (var old in _sent.Where(pair => now - pair.Value.FirstSent > TimeSpan.FromMinutes(3)).Select(pair => pair.Key).ToList())
        {
            _sent.Remove(old);
            _outstanding.Remove(old);
        }
    }

    private static bool CarriesRequest(PlainMgcp command) => command["X"] is not null;

    private static bool SameEndpoint(PlainMgcp one, PlainMgcp other) =>
        one.Endpoint.Equals(other.Endpoint, StringComparison.OrdinalIgnoreCase) || one.Endpoint.Contains('*') || other.Endpoint.Contains('*');

    private void Complain(Instant now, string text) =>
        _violations.Add(string.Create(CultureInfo.InvariantCulture, $"bridge at {now}: {text}"));
}
