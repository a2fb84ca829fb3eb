using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>Takes what gateways answer to our commands, and 000 to our answers.</summary>
internal sealed class GatewayResponses(AgentServices services, GatewayDirectory directory, GatewayWatch watch, GatewayCommands commands)
{
    /// <summary>Takes one response message.</summary>
    public void Take(ReadOnlySpan<byte> message, NetAddress from, bool isPiggybacked, Instant now)
    {
        var error = MgcpResponse.TryParse(message, out var response);
        if (error != MgcpParseError.None)
        {
            services.Outbox.Note(new MgcpNote.ParseFailed(error));
            return;
        }

        if (response.Code < 100)
        {
            // 000: our final answer has arrived (RFC 3435 §3.5.6).
            foreach (var gateway in directory.AllAtHost(from)) gateway.Answers.Confirm(response.TransactionId, response.TransactionId);
            return;
        }

        var transaction = services.Transactions.Find(response.TransactionId);
        var isKnown = transaction is not null && IsFrom(transaction, from);
        // An empty K: wants 000, every time the answer comes: ours may have been lost (§3.5.6).
        var wantsAck = !response.IsProvisional && response.Parameters.Has(MgcpParameter.ResponseAck);
        if (wantsAck && (isKnown || (transaction is null && directory.AtHost(from) is not null)))
        {
            services.Outbox.Send(from, services.Writer.Clear().Response(MgcpResponseCodes.ResponseAck, response.TransactionId).ToArray(), null, repeat: false);
        }

        if (transaction is null || !isKnown)
        {
            var reason = transaction is null ? MgcpDropReason.UnknownTransaction : MgcpDropReason.WrongPeer;
            services.Outbox.Note(new MgcpNote.Dropped(reason, from));
            return;
        }

        if (services.Settings.Trace) services.Outbox.Received(from, message, transaction.Subject);
        // A gateway that left the configuration, or is elsewhere now, is not brought back by what it still has to say.
        if (!directory.IsConfigured(transaction.Gateway))
        {
            if (!response.IsProvisional) services.Transactions.Final(transaction, response, now);
            return;
        }

        // Of several addresses, one that was given up too early: there it is.
        if (transaction.SentElsewhere > 0 && !transaction.Gateway.Address.SameHost(from) && transaction.Gateway.Model.At(from) is { } there)
        {
            directory.Change(transaction.Gateway, transaction.Gateway.Model, there);
        }

        watch.AnsweredLate(transaction, now);
        transaction.Gateway.KnownToCommandFrom = transaction.Gateway.CommandsFrom;
        transaction.Gateway.PortsTried = 0;
        if (isPiggybacked) commands.LearnPiggyback(transaction.Gateway);
        // What it still answers after it said that it leaves does not bring it back.
        var isLate = transaction.Gateway.AwaySince is { } since && transaction.FirstSent <= since;
        if (!isLate && (!transaction.IsAbandoned || transaction.To == transaction.Gateway.Address)) watch.Heard(transaction.Gateway, now);
        if (response.IsProvisional) services.Transactions.Provisional(transaction, response.Code, now);
        else services.Transactions.Final(transaction, response, now);
        GatewayWatch.Recover(transaction.Gateway, now);
    }

    /// <summary>RFC 3435 §3.5 lets an answer come from anywhere; whoever can guess a transaction id could then answer in a gateway's name.</summary>
    private bool IsFrom(OutgoingTransaction transaction, NetAddress from) => IsOwn(transaction.Gateway.Model, from) || transaction.Gateway.Traits.Answers switch
    {
        ResponseSource.Exact => transaction.To == from || (transaction.To.SameHost(from) && LearnPort(transaction.Gateway, from)),
        ResponseSource.SameHost => transaction.To.SameHost(from) && !directory.IsOthers(transaction.Gateway, from),
        _ => true,
    };

    /// <summary>Whether it is one of a gateway's several addresses: it may answer from another than it was asked at.</summary>
    private static bool IsOwn(MgcpGatewayModel gateway, NetAddress from) => !gateway.FurtherAddresses.IsEmpty && gateway.At(from) == from;

    /// <summary>An answer from another port of the gateway's own host: the first is dropped, at the second that is how the gateway answers.</summary>
    private bool LearnPort(Gateway gateway, NetAddress from)
    {
        if (directory.IsOthers(gateway, from)) return false;
        if (gateway.AnsweredFrom != from)
        {
            gateway.AnsweredFrom = from;
            return false;
        }

        services.Learn(gateway, "response-port", static t => t with { Answers = ResponseSource.SameHost });
        return gateway.Traits.Answers != ResponseSource.Exact;
    }
}
