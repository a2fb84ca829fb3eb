using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

// Transactions of both kinds over UDP: RFC 3261 §17, RFC 6026.
public sealed partial class SimulatedSipPeer
{
    private readonly Dictionary<string, ServerTransaction> _servers = [];
    private readonly Dictionary<string, ClientTransaction> _clients = [];
    private readonly Dictionary<string, ServerTransaction> _unacknowledged = [];

    /// <summary>A request that came in and what was answered.</summary>
    internal sealed class ServerTransaction(PlainSip request, NetAddress from)
    {
        public PlainSip Request { get; } = request;

        public NetAddress From { get; } = from;

        public PlainSip? Last { get; set; }

        public bool HasFinal { get; set; }

        public bool Acknowledged { get; set; }

        public PeerCall? Call { get; set; }

        public Agenda.Entry? Repeat { get; set; }
    }

    /// <summary>A request that went out.</summary>
    internal sealed class ClientTransaction(PlainSip request, NetAddress to)
    {
        public PlainSip Request { get; } = request;

        public NetAddress To { get; } = to;

        public required Action<PlainSip, Instant> Answered { get; init; }

        public Action<Instant>? TimedOut { get; init; }

        /// <summary>Sends the ACK to a repeated 2xx again; the dialog's business, also when it is over.</summary>
        public Action<Instant>? AnsweredAgain { get; set; }

        public bool HasProvisional { get; set; }

        /// <summary>First line and To tag of the final response: a second one must be the same.</summary>
        public string? Final { get; set; }

        public Agenda.Entry? Repeat { get; set; }
    }

    /// <summary>Sends a request in a new client transaction.</summary>
    internal ClientTransaction Request(PlainSip request, NetAddress to, Instant now, Action<PlainSip, Instant> answered, Action<Instant>? timedOut = null)
    {
        var transaction = new ClientTransaction(request, to) { Answered = answered, TimedOut = timedOut };
        _clients[Key(request)] = transaction;
        Send(to, request);
        var interval = T1;
        void Again(Instant at)
        {
            if (transaction.Final is not null || (transaction.HasProvisional && request.Method == "INVITE")) return;
            if (at - now >= SixtyFourT1)
            {
                // Timers B and F.
                _clients.Remove(Key(request));
                if (ExpectsAnswers && !IsSilent) Complain($"RFC 3261 §17.1: no answer to {request.FirstLine}");
                transaction.TimedOut?.Invoke(at);
                return;
            }

            Send(to, request);
            // §17.1.1.2: A doubles without bound; §17.1.2.2: E doubles up to T2.
            interval = request.Method == "INVITE" ? interval * 2 : TimeSpan.FromTicks(Math.Min(interval.Ticks * 2, T2.Ticks));
            transaction.Repeat = Agenda.At(at + interval, Again);
        }

        transaction.Repeat = Agenda.At(now + interval, Again);
        return transaction;
    }

    /// <summary>Answers a request; INVITE's final answers are repeated until ACK comes.</summary>
    internal void Respond(ServerTransaction transaction, int status, string reason, string toTag, Instant now, Action<PlainSip>? decorate = null, string body = "")
    {
        var request = transaction.Request;
        var response = new PlainSip { Status = status, Reason = reason, Body = body };
        // §8.2.6.2: Via, From, Call-ID and CSeq as they came; RFC 3581 §4 fills rport.
        foreach (var (name, value) in request.Headers)
        {
            if (name == "via") response.With("via", response["via"] is null ? WithRport(value, transaction.From) : value);
            else if (name is "from" or "call-id" or "cseq" or "record-route") response.With(name, value);
            else if (name == "to") response.With("to", request.ToTag.Length > 0 || status == 100 ? value : $"{value};tag={toTag}");
        }

        if (body.Length > 0) response.With("content-type", "application/sdp");
        decorate?.Invoke(response);
        transaction.Last = response;
        transaction.HasFinal |= status >= 200;
        Send(transaction.From, response);
        if (request.Method == "INVITE" && status >= 200) RepeatUntilAcknowledged(transaction, response, now);
        // Timers I and J: the transaction is forgotten later.
        if (status >= 200) Agenda.At(now + (2 * SixtyFourT1), _ => _servers.Remove(Key(request)));
    }

    private void RepeatUntilAcknowledged(ServerTransaction transaction, PlainSip response, Instant now)
    {
        var interval = T1;
        if (response.Status < 300) _unacknowledged[response.CallId] = transaction;
        void Again(Instant at)
        {
            if (transaction.Acknowledged) return;
            if (at - now >= SixtyFourT1)
            {
                // Timer H, or §13.3.1.4.
                if (ExpectsAnswers && !IsSilent) Complain($"RFC 3261 §17.2.1, §13.3.1.4: no ACK to {response.FirstLine} of {response.CallId}");
                transaction.Acknowledged = true;
                _unacknowledged.Remove(response.CallId);
                transaction.Call?.NotAcknowledged(at);
                return;
            }

            Send(transaction.From, response);
            interval = TimeSpan.FromTicks(Math.Min(interval.Ticks * 2, T2.Ticks));
            transaction.Repeat = Agenda.At(at + interval, Again);
        }

        transaction.Repeat = Agenda.At(now + interval, Again);
    }

    private void ReceiveResponse(PlainSip response, Instant now)
    {
        // §8.1.3.3: one Via, ours.
        if (response.All("via").Count != 1) Complain($"RFC 3261 §8.1.3.3: {response.All("via").Count} Via in {response.FirstLine}");
        if (!_clients.TryGetValue($"{response.Branch}|{response.SequenceMethod}", out var transaction))
        {
            // A repeat of something long over, or nothing that was ever asked.
            return;
        }

        var request = transaction.Request;
        foreach (var name in new[] { "from", "call-id", "cseq" })
            if (response[name] != request[name]) Complain($"RFC 3261 §8.2.6.2: {name} \"{response[name]}\" in the answer to {name} \"{request[name]}\"");
        if (PlainSip.UriOf(response["to"] ?? "") != PlainSip.UriOf(request["to"]!)) Complain($"RFC 3261 §8.2.6.2: To {response["to"]} in the answer to {request["to"]}");
        if (response.Status < 200)
        {
            if (transaction.Final is not null) return;
            transaction.HasProvisional = true;
            transaction.Answered(response, now);
            return;
        }

        var final = $"{response.Status} {response.ToTag}";
        if (transaction.Final is { } before)
        {
            if (before != final) Complain($"RFC 3261 §17.2: a second final answer, {final} after {before}, to {request.FirstLine}");
            // Retransmitted: acknowledged again (§17.1.1.2, §13.2.2.4).
            if (request.Method == "INVITE") Acknowledge(transaction, response, now, again: true);
            return;
        }

        transaction.Final = final;
        transaction.Repeat?.Cancel();
        if (request.Method == "INVITE") Acknowledge(transaction, response, now, again: false);
        Agenda.At(now + SixtyFourT1, _ => _clients.Remove(Key(request)));
        transaction.Answered(response, now);
    }

    private void Acknowledge(ClientTransaction transaction, PlainSip response, Instant now, bool again)
    {
        var invite = transaction.Request;
        if (response.Status < 300)
        {
            // The dialog acknowledges a 2xx, in a transaction of its own.
            if (again) transaction.AnsweredAgain?.Invoke(now);
            return;
        }

        // §17.1.1.3.
        var ack = new PlainSip { Method = "ACK", Uri = invite.Uri }
            .With("via", invite["via"]!).With("from", invite["from"]!).With("to", response["to"]!)
            .With("call-id", invite.CallId).With("cseq", $"{invite.Sequence} ACK").With("max-forwards", "70");
        Send(transaction.To, ack);
    }

    private void ReceiveRequest(PlainSip request, NetAddress from, Instant now)
    {
        if (request.Method == "ACK")
        {
            ReceiveAck(request, now);
            return;
        }

        if (_servers.TryGetValue(Key(request), out var known))
        {
            // §17.2.3: a retransmission is the same request.
            if (known.Request.Write().AsSpan().SequenceEqual(request.Write()))
            {
                if (known.Last is { } last) Send(known.From, last);
            }
            else Complain($"RFC 3261 §8.1.1.7: branch {request.Branch} used again for another {request.FirstLine}");
            return;
        }

        var transaction = new ServerTransaction(request, from);
        _servers[Key(request)] = transaction;
        switch (request.Method)
        {
            case "REGISTER":
                Register(transaction, now);
                break;
            case "OPTIONS" when request.ToTag.Length == 0:
                Respond(transaction, 200, "OK", NewId(), now, response => response.With("allow", Methods));
                break;
            case "CANCEL":
                Cancel(transaction, now);
                break;
            case "INVITE" when request.ToTag.Length == 0:
                Invited(transaction, now);
                break;
            default:
                InDialog(transaction, now);
                break;
        }
    }

    private void ReceiveAck(PlainSip ack, Instant now)
    {
        if (_servers.TryGetValue($"{ack.Branch}|INVITE", out var transaction))
        {
            if (transaction.Last is not { Status: >= 300 } response)
            {
                Complain(transaction.Last is { Status: >= 200 }
                    ? "RFC 3261 §13.2.2.4: the ACK to a 2xx needs a branch of its own"
                    : $"RFC 3261 §17: ACK before a final answer: {ack.FirstLine}");
                return;
            }

            // §17.1.1.3: same Request-URI, Call-ID, From and Via as the INVITE, To as in the response.
            var invite = transaction.Request;
            if (ack.Uri != invite.Uri || ack.CallId != invite.CallId || ack["from"] != invite["from"] || ack.Sequence != invite.Sequence)
                Complain($"RFC 3261 §17.1.1.3: ACK {ack.Uri} does not follow its INVITE {invite.Uri}");
            if (ack.ToTag != response.ToTag) Complain($"RFC 3261 §17.1.1.3: ACK with To tag \"{ack.ToTag}\" for a response with \"{response.ToTag}\"");
            transaction.Acknowledged = true;
            transaction.Repeat?.Cancel();
            return;
        }

        // The ACK to a 2xx is owed even if a BYE has ended the call meanwhile.
        if (_unacknowledged.Remove(ack.CallId, out var answered))
        {
            answered.Acknowledged = true;
            answered.Repeat?.Cancel();
        }

        if (FindCall(ack.CallId, ack.ToTag) is { } call) call.Acknowledged(ack, now);
    }

    private void Cancel(ServerTransaction cancel, Instant now)
    {
        var request = cancel.Request;
        if (!_servers.TryGetValue($"{request.Branch}|INVITE", out var invite))
        {
            Complain($"RFC 3261 §9.1: CANCEL {request.Uri} matches no INVITE");
            Respond(cancel, 481, "Call/Transaction Does Not Exist", NewId(), now);
            return;
        }

        // §9.1: Request-URI, Call-ID, To, number of CSeq and From are the INVITE's; nothing may be cancelled before a 1xx.
        var original = invite.Request;
        if (request.Uri != original.Uri || request.CallId != original.CallId || request["to"] != original["to"]
            || request["from"] != original["from"] || request.Sequence != original.Sequence)
            Complain($"RFC 3261 §9.1: CANCEL does not follow its INVITE {original.FirstLine}");
        if (invite.Last is null) Complain("RFC 3261 §9.1: CANCEL before any provisional response");
        Respond(cancel, 200, "OK", NewId(), now);
        if (!invite.HasFinal) invite.Call?.Cancelled(invite, request["reason"], now);
    }

    // Forks share a Call-ID; their tags tell them apart.
    private PeerCall? FindCall(string callId, string tag) => _calls.Find(call => call.SipCallId == callId && call.LocalTag == tag) ?? FindCall(callId);

    private PeerCall? FindCall(string callId) => _calls.Find(call => call.SipCallId == callId);

    private static string Key(PlainSip request) => $"{request.Branch}|{request.Method}";

    private static string WithRport(string via, NetAddress from)
    {
        var parts = via.Split(';').ToList();
        var at = parts.FindIndex(part => part.Trim() is "rport" or "rport=");
        if (at < 0) return via;
        parts[at] = $"rport={from.Port}";
        parts.Insert(at, $"received={from.Host}");
        return string.Join(';', parts);
    }
}
