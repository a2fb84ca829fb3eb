using System.Globalization;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

// Transactions in both directions: RFC 3435 §3.5, §4.3.
public sealed partial class SimulatedGateway
{
    private static readonly TimeSpan RetransmitInitial = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan RetransmitMax = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan TMax = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan THist = TimeSpan.FromSeconds(30);
    // §3.2.1.2: a transaction id rests for three minutes.
    private static readonly TimeSpan IdRest = TimeSpan.FromMinutes(3);

    private readonly Dictionary<int, HandledCommand> _handled = [];
    private readonly Queue<(Instant Until, int Id)> _handledOrder = new();
    private readonly Dictionary<int, OutgoingCommand> _outgoing = [];
    private int _nextTransaction;

    private sealed class HandledCommand(string text, NetAddress from, Instant at)
    {
        public string Text { get; } = text;

        public NetAddress From { get; } = from;

        public Instant At { get; } = at;

        /// <summary>The final response; null while the command is being worked on.</summary>
        public string? Response { get; set; }

        /// <summary>Whether the call agent acknowledged the response (K: or 000): repeats are ignored then.</summary>
        public bool Acknowledged { get; set; }

        public Agenda.Entry? Repeat { get; set; }
    }

    internal OutgoingCommand SendNotify(GatewayEndpoint endpoint, IReadOnlyList<Happening> observed, Instant now)
    {
        var parameters = new List<(string, string)>();
        if (endpoint.NotifiedEntity is { Length: > 0 } entity) parameters.Add(("N", entity));
        parameters.Add(("X", endpoint.RequestId));
        parameters.Add(("O", ObservedText(observed)));
        return SendCommand("NTFY", endpoint.Name, parameters, endpoint, now, (_, _) => Reachable(endpoint), at => NotifyLost(endpoint, at));
    }

    private string ObservedText(IReadOnlyList<Happening> observed)
    {
        var items = new List<string>();
        var digits = "";
        foreach (var happening in observed)
        {
            var isDigit = happening.Package is "D" || (happening.Package == "L" && happening.Name.Length == 1);
            if (isDigit && Quirks.Digits == DigitReport.Joined)
            {
                digits += happening.Name;
                continue;
            }

            FlushDigits();
            items.Add($"{happening.Package}/{happening.Name}{(happening.Parameters is null ? "" : $"({happening.Parameters})")}");
        }

        FlushDigits();
        var text = string.Join(Quirks.Digits == DigitReport.SpacedList ? ", " : ",", items);
        // The timer's T stays a capital, as adapters that write lower-case packages do.
        if (Quirks.Digits == DigitReport.SpacedList || Quirks.LowerCase)
            text = text.ToLowerInvariant().Replace("d/t", "d/T", StringComparison.Ordinal);
        return text;

        void FlushDigits()
        {
            if (digits.Length > 0) items.Add($"{DigitPackage}/{digits}");
            digits = "";
        }
    }

    private OutgoingCommand SendCommand(
        string verb,
        string endpointName,
        IEnumerable<(string, string)> parameters,
        GatewayEndpoint? endpoint,
        Instant now,
        Action<PlainMgcp, Instant> answered,
        Action<Instant> lost)
    {
        var id = _nextTransaction++;
        var shownVerb = Quirks.LowerCase ? verb.ToLowerInvariant() : verb;
        var text = Write($"{shownVerb} {id} {EndpointText(endpointName)}@{Setup.Domain} {Quirks.Version}", parameters);
        var command = new OutgoingCommand(id, text, NotifiedAddress(endpoint), endpoint, now)
        {
            Delay = RetransmitInitial,
            Answered = answered,
            Lost = lost,
        };
        _outgoing[id] = command;
        Transmit(command);
        Arm(command, now, RetransmitInitial);
        return command;
    }

    private NetAddress NotifiedAddress(GatewayEndpoint? endpoint)
    {
        // §2.1.4: the notified entity last given, else the provisioned one. Names are not resolved here; a name means the provisioned address.
        if (endpoint?.NotifiedEntity is not { Length: > 0 } entity) return Setup.CallAgent;
        return NetAddress.TryParse(entity.AsSpan(entity.IndexOf('@') + 1), 2727, out var address) ? address : Setup.CallAgent;
    }

    private void Transmit(OutgoingCommand command)
    {
        // §4.4.1 d: older NTFYs that are still unanswered go first, in the same datagram.
        if (Quirks.Piggyback && command.Endpoint is { Unanswered.Count: > 0 } endpoint)
        {
            var older = endpoint.Unanswered.TakeWhile(other => !ReferenceEquals(other, command)).Select(other => other.Text);
            Send(command.To, [.. older, command.Text]);
            return;
        }

        Send(command.To, command.Text);
    }

    private void Arm(OutgoingCommand command, Instant now, TimeSpan wait) =>
        command.Timer = Agenda.At(now + wait, at => Repeat(command, at));

    private void Repeat(OutgoingCommand command, Instant now)
    {
        if (now - command.FirstSent >= TMax)
        {
            _outgoing.Remove(command.Id);
            command.Lost?.Invoke(now);
            return;
        }

        Transmit(command);
        // §3.5.3: T-DELAY doubles, the timer is drawn between half of it and all of it.
        command.Delay = TimeSpan.FromTicks(Math.Min(command.Delay.Ticks * 2, RetransmitMax.Ticks));
        Arm(command, now, _entropy.Between(command.Delay / 2, command.Delay));
    }

    private void ReceiveSignalling(ReadOnlySpan<byte> datagram, NetAddress from, Instant now)
    {
        var complaints = new List<string>();
        if (datagram.Length > 4000) complaints.Add($"§3.5.4: a datagram of {datagram.Length} bytes");
        var messages = PlainMgcp.ReadAll(datagram, complaints);
        foreach (var complaint in complaints) Complain(complaint);
        foreach (var message in messages)
        {
            if (message.IsResponse) ReceiveResponse(message, now);
            else ReceiveCommand(message, from, now);
        }
    }

    private void ReceiveResponse(PlainMgcp response, Instant now)
    {
        if (response.Code == 0)
        {
            if (_handled.TryGetValue(response.Number, out var acknowledged)) Acknowledge(acknowledged);
            // What was answered before the power went is forgotten here, but not yet at the other end.
            else if (now - _poweredSince > TMax + THist) Complain($"§3.5.6: 000 for {response.TransactionId}, which was never answered here");
            return;
        }

        if (!_outgoing.TryGetValue(response.Number, out var command)) return;
        if (response.Code is >= 100 and < 200)
        {
            // §3.5.6: LONGTRAN takes over.
            command.Timer?.Cancel();
            Arm(command, now, TimeSpan.FromSeconds(5));
            return;
        }

        _outgoing.Remove(command.Id);
        command.Timer?.Cancel();
        if (response["K"] is not null) Send(command.To, Write($"000 {command.Id}", []));
        if (command.Text.StartsWith("NTFY", StringComparison.OrdinalIgnoreCase) && response.Code != 200)
            Complain($"NTFY answered {response.Code} {response.Tail}: {command.Text.ReplaceLineEndings(" ")}");
        command.Answered?.Invoke(response, now);
        command.Endpoint?.NotifyEnded(command, now);
    }

    private static void Acknowledge(HandledCommand command)
    {
        command.Acknowledged = true;
        command.Repeat?.Cancel();
    }

    private void ReceiveCommand(PlainMgcp command, NetAddress from, Instant now)
    {
        Forget(now);
        if (_handled.TryGetValue(command.Number, out var known))
        {
            // §3.5.1: a repeat is byte for byte what was sent before, only K: may have been added or dropped by a new send.
            if (known.Text != command.Text) Complain($"§3.2.1.2: transaction id {command.TransactionId} used again within three minutes: {command.FirstLine}");
            else if (!known.Acknowledged && now - known.At <= THist)
                Send(from, known.Response ?? Write($"100 {command.TransactionId} executing", []));
            return;
        }

        var complaints = new List<string>();
        CommandCheck.Check(command, complaints);
        foreach (var complaint in complaints) Complain($"{complaint} in {command.FirstLine}");
        if (command["K"] is { } confirmed) Confirm(confirmed);
        var handled = new HandledCommand(command.Text, from, now);
        _handled[command.Number] = handled;
        _handledOrder.Enqueue((now + IdRest, command.Number));
        var restart = RestartMessageBefore(command, from, now);
        var later = new List<Action>();
        var response = complaints.Count > 0
            ? Write($"510 {command.TransactionId} {complaints[0]}", [])
            : restart is null && MustWaitForRestart(command)
                ? Write($"405 {command.TransactionId} Restarting", [])
                : Execute(command, handled, now, later);
        handled.Response = response;
        if (response is null) Send(from, Write($"100 {command.TransactionId} executing", []));
        else if (restart is not null) Send(from, restart, response);
        else Send(from, response);
        // What a new request makes happen at once (quarantined events) is sent after its answer.
        foreach (var action in later) action();
    }

    private void Confirm(string ranges)
    {
        foreach (var range in PlainMgcp.SplitList(ranges))
        {
            var ends = range.Split('-');
            if (!int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
                || !int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last) || last - first > 1000) continue;
            for (var id = first; id <= last; id++)
            {
                if (!_handled.TryGetValue(id, out var handled)) continue;
                if (handled.Response is null) Complain($"§3.5.1: K: {id} confirms a response that was never given");
                Acknowledge(handled);
            }
        }
    }

    /// <summary>Gives the final answer to a command that was first answered 100; repeated until 000 comes (§3.5.6).</summary>
    private void AnswerLate(PlainMgcp command, HandledCommand handled, string response, Instant now)
    {
        handled.Response = response;
        Send(handled.From, response);
        var delay = RetransmitInitial;
        void Again(Instant at)
        {
            if (handled.Acknowledged || at - now >= TMax) return;
            Send(handled.From, response);
            delay = TimeSpan.FromTicks(Math.Min(delay.Ticks * 2, RetransmitMax.Ticks));
            handled.Repeat = Agenda.At(at + delay, Again);
        }

        handled.Repeat = Agenda.At(now + delay, Again);
    }

    private void Forget(Instant now)
    {
        while (_handledOrder.TryPeek(out var oldest) && oldest.Until < now)
        {
            _handledOrder.Dequeue();
            _handled.Remove(oldest.Id);
        }
    }
}
