using System.Globalization;
using System.Text;
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
    private readonly List<string> _violations = [];
    private readonly Dictionary<(NetAddress To, int Id), Command> _outstanding = [];
    private readonly Dictionary<(NetAddress To, int Id), Command> _sent = [];
    private readonly Dictionary<string, (Instant At, PlainMgcp Answer)> _answers = [];

    /// <summary>How long a line may wait in lock-step for its next NotificationRequest before it counts as stuck.</summary>
    public TimeSpan LockStepLimit { get; set; } = TimeSpan.FromSeconds(40);

    /// <summary>Rules that the bridge broke.</summary>
    public IReadOnlyList<string> Violations => _violations;

    /// <summary>MGCP datagrams sent and received.</summary>
    public (long Sent, long Received) Mgcp { get; private set; }

    /// <summary>SIP messages sent and received.</summary>
    public (long Sent, long Received) Sip { get; private set; }

    private sealed record Command(PlainMgcp Message, Instant FirstSent)
    {
        public int Sends { get; set; } = 1;

        public Instant LastSent { get; set; } = FirstSent;

        /// <summary>Whether the call agent can have given it up: T-MAX is over, or Max2 repeats and their timer (§4.3).</summary>
        public bool IsGivenUp(Instant now) => now - FirstSent > TMax || (Sends > 7 && now - LastSent >= TimeSpan.FromSeconds(2));
    }

    /// <summary>The last messages about an endpoint, for a complaint.</summary>
    private readonly Dictionary<string, Queue<(Instant At, string Direction, PlainMgcp Message)>> _recent = [];
    private readonly Dictionary<string, string> _subjects = [];

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
            Remember(">", message, transmit.To, now);
            if (message.IsResponse) SentResponse(message, transmit.To, now);
            else SentCommand(message, transmit.To, now);
        }
    }

    internal void Received(Transmit transmit, bool isSip, Instant now)
    {
        if (isSip)
        {
            Sip = (Sip.Sent, Sip.Received + 1);
            return;
        }

        Mgcp = (Mgcp.Sent, Mgcp.Received + 1);
        foreach (var message in PlainMgcp.ReadAll(transmit.Bytes.Span, []))
        {
            Remember("<", message, transmit.From, now);
            if (message is { IsResponse: true, Code: >= 200 }) _outstanding.Remove((transmit.From, message.Number));
            // A gateway that starts anew has forgotten what it was told: nothing is outstanding there any more.
            if (message is { Verb: "RSIP" } && message["RM"]?.ToLowerInvariant() is "restart" or "forced")
                foreach (var key in _outstanding.Keys.Where(key => key.To == transmit.From).ToList()) _outstanding.Remove(key);
        }
    }

    /// <summary>Looks at the phones of a gateway that has just received or sent something.</summary>
    internal void Check(SimulatedGateway gateway, World world)
    {
        foreach (var phone in gateway.Phones)
        {
            var connections = phone.Connections;
            if (connections.Count > 1 && connections.Any(one => one.CallId != connections[0].CallId) && _twoCalls.Add($"{gateway.Name}/{phone.Name}/{connections[^1].Id}"))
                world.Complain($"{phone.Name}@{gateway.Name} is in {connections.Count} calls\n{Recent($"{phone.Name}@{gateway.Name}")}");
            if (phone.WaitsForRequestSince is { } since && world.Now - since > LockStepLimit && _stuck.Add($"{gateway.Name}/{phone.Name}/{since}"))
                world.Complain($"{phone.Name}@{gateway.Name} waits for a NotificationRequest since {since}\n{Recent($"{phone.Name}@{gateway.Name}")}");
        }
    }

    private readonly HashSet<string> _twoCalls = [];
    private readonly HashSet<string> _stuck = [];
    private long _commands;

    private void SentCommand(PlainMgcp command, NetAddress to, Instant now)
    {
        var key = (to, command.Number);
        if (_sent.TryGetValue(key, out var before) && now - before.FirstSent < TimeSpan.FromMinutes(3))
        {
            before.Sends++;
            before.LastSent = now;
            if (before.Message.Text != command.Text) Complain(now, $"§3.2.1.2: transaction id {command.TransactionId} for another command: {command.FirstLine}");
            else if (now - before.FirstSent > TMax) Complain(now, $"§4.3: repeated {(now - before.FirstSent).TotalSeconds:0.0} s after the first time: {command.FirstLine}");
            return;
        }

        // §4.4.4: one RQNT (also an encapsulated one) per endpoint, one CRCX or MDCX per connection. A wildcard touches all.
        foreach (var ((address, _), other) in _outstanding)
        {
            if (address != to || other.IsGivenUp(now)) continue;
            if (!SameEndpoint(other.Message, command)) continue;
            if (CarriesRequest(command) && CarriesRequest(other.Message))
                Complain(now, $"§4.4.4: {command.FirstLine} while {other.Message.FirstLine} is unanswered\n{Recent($"{command.Endpoint}@{command.Domain}")}");
            if (command.Verb == "MDCX" && other.Message.Verb is "MDCX" or "DLCX" && other.Message["I"] == command["I"])
                Complain(now, $"§4.4.4: {command.FirstLine} while {other.Message.FirstLine} is unanswered\n{Recent($"{command.Endpoint}@{command.Domain}")}");
        }

        var sent = new Command(command, now);
        _sent[key] = sent;
        _outstanding[key] = sent;
        if (++_commands % 2048 == 0) Forget(now);
    }

    private void SentResponse(PlainMgcp response, NetAddress to, Instant now)
    {
        if (response.Code < 200) return;
        // §3.5.1: a repeated command gets the same answer.
        var key = $"{to}#{response.Number}";
        if (_answers.TryGetValue(key, out var before) && now - before.At < TimeSpan.FromSeconds(30) && before.Answer.Text != response.Text)
            Complain(now, $"§3.5.1: two answers to {response.TransactionId}: {before.Answer.FirstLine}, then {response.FirstLine}");
        else if (!_answers.ContainsKey(key) || now - before.At >= TimeSpan.FromMinutes(3)) _answers[key] = (now, response);
        if (_answers.Count > 4_000)
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

    private void Remember(string direction, PlainMgcp message, NetAddress other, Instant now)
    {
        var key = $"{other}#{message.Number}{(direction == ">" == message.IsResponse ? "in" : "out")}";
        if (!message.IsResponse) _subjects[key] = $"{message.Endpoint}@{message.Domain}".ToLowerInvariant();
        var subject = _subjects.GetValueOrDefault(key, "?");
        if (!_recent.TryGetValue(subject, out var lines)) _recent[subject] = lines = [];
        lines.Enqueue((now, direction, message));
        if (lines.Count > 30) lines.Dequeue();
        if (_subjects.Count > 5_000) _subjects.Clear();
    }

    /// <summary>The last messages about an endpoint.</summary>
    public string Recent(string endpoint)
    {
        var text = new StringBuilder();
        foreach (var (at, direction, message) in _recent.GetValueOrDefault(endpoint.ToLowerInvariant()) ?? [])
        {
            var details = message.Parameters.Where(parameter => parameter.Name is "R" or "S" or "O" or "M" or "C" or "I" or "RM" or "X").Select(parameter => $"{parameter.Name}={parameter.Value}");
            var head = message.IsResponse ? $"{message.Code:000} {message.TransactionId}" : $"{message.Verb} {message.TransactionId}";
            text.Append(CultureInfo.InvariantCulture, $"  {at} {direction} {head} {string.Join(' ', details)}\n");
        }

        return text.ToString();
    }

    private static bool CarriesRequest(PlainMgcp command) => command["X"] is not null;

    private static bool SameEndpoint(PlainMgcp one, PlainMgcp other) =>
        one.Endpoint.Equals(other.Endpoint, StringComparison.OrdinalIgnoreCase) || one.Endpoint.Contains('*') || other.Endpoint.Contains('*');

    private void Complain(Instant now, string text) =>
        _violations.Add(string.Create(CultureInfo.InvariantCulture, $"bridge at {now}: {text}"));
}
