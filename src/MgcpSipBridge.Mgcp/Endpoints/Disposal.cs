using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// Deletes what came into being and is nobody's (RFC 3435 §2.3.7, §2.3.9): with its call and connection as far as they are known. Nobody waits for it, so it sees for
/// itself that a refusal does not leave the connection there for good.
/// </summary>
internal sealed class Disposal(Endpoint endpoint, string? callId, string? connection, AgentServices services) : IAnswerTarget
{
    /// <summary>Sends the DLCX.</summary>
    public void Send(Instant now) => SendDelete(endpoint, services, callId, connection, this, now);

    /// <summary>Sends a DLCX for a call, a connection, or with neither everything on the endpoint.</summary>
    public static OutgoingTransaction SendDelete(Endpoint endpoint, AgentServices services, string? callId, string? connection, IAnswerTarget target, Instant now)
    {
        var id = services.Begin(MgcpVerb.Dlcx, endpoint.Gateway, endpoint.LocalName, now);
        if (callId is not null) services.Writer.Parameter(MgcpParameter.CallId, callId);
        if (connection is not null) services.Writer.Parameter(MgcpParameter.ConnectionId, connection);
        var named = services.WriteEntity(endpoint.Gateway);
        var transaction = services.Transactions.Send(id, MgcpVerb.Dlcx, endpoint.Gateway, endpoint.Id, target, services.Writer.ToArray(), now);
        transaction.NamesEntity = named;
        return transaction;
    }

    /// <inheritdoc/>
    public void Answered(OutgoingTransaction transaction, in MgcpResponse response, Instant now)
    {
        if (response.IsSuccess) return;
        if (services.GivesUpEntity(transaction, response.Code))
        {
            Send(now);
        }
        else if (Reactions.To(response.Code) is Reaction.RetryLater or Reaction.Overtaken)
        {
            endpoint.Connections.MayBeLeft(now);
        }
    }

    /// <inheritdoc/>
    public void Unanswered(OutgoingTransaction transaction, Instant now)
    {
        // The gateway is silent: its endpoints leave service, and what they have is deleted when it comes back.
    }
}
