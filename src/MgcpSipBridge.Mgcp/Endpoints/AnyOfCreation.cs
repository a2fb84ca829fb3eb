using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// A CreateConnection that leaves the endpoint to the gateway: it goes to an any-of wildcard name, and its answer's SpecificEndPointId (Z:) names the endpoint
/// that all that follows is for (RFC 3435 §2.3.5).
/// </summary>
internal sealed class AnyOfCreation(CommandId id, Gateway gateway, EndpointId asked, ConnectionRequest request, AgentServices services) : ICommandTarget
{
    /// <summary>Endpoints that one gateway may name beyond those that were configured.</summary>
    private const int MaxNamed = 10_000;

    /// <summary>Whether a local name leaves its last term to the gateway: <c>$</c>, or <c>*</c>, which osmo-mgw understands so.</summary>
    public static bool IsAnyOf(string localName) => localName.AsSpan(localName.LastIndexOf('/') + 1) is "$" or "*";

    /// <summary>Sends it; a gateway that is not up gets none.</summary>
    public void Send(Instant now)
    {
        if (gateway.State != GatewayState.Up)
        {
            Fail(MgcpResponseCodes.NotReady, null);
            return;
        }

        var transactionId = services.Begin(MgcpVerb.Crcx, gateway, asked.LocalName, now);
        var writer = services.Writer.Parameter(MgcpParameter.CallId, request.CallId);
        if (!string.IsNullOrEmpty(request.LocalOptions)) writer.Parameter(MgcpParameter.LocalConnectionOptions, request.LocalOptions);
        if (request.Mode is { } mode) writer.Parameter(MgcpParameter.ConnectionMode, mode.WireName());
        var named = services.WriteEntity(gateway);
        writer.Body(request.RemoteDescription.Span);
        var transaction = services.Transactions.Send(transactionId, MgcpVerb.Crcx, gateway, asked, this, writer.ToArray(), now);
        (transaction.CallId, transaction.NamesEntity) = (request.CallId, named);
    }

    /// <inheritdoc/>
    public void Drop() => Fail(0, null);

    /// <inheritdoc/>
    public void Answered(OutgoingTransaction transaction, in MgcpResponse response, Instant now)
    {
        if (!response.IsSuccess && services.GivesUpEntity(transaction, response.Code))
        {
            Send(now);
            return;
        }

        if (!response.IsSuccess)
        {
            Fail(response.Code, response.CommentText);
            return;
        }

        if (ConnectionTable.FirstIn(response) is not { } connection || EndpointOf(response) is not { } endpoint)
        {
            Delete(response, now);
            Fail(MgcpResponseCodes.ProtocolError, null);
            return;
        }

        MgcpResponse.SplitBodies(response.Body, out var description, out _);
        endpoint.Connections.Adopt(connection, request.CallId);
        services.Outbox.Happened(new MgcpEvent.ConnectionCreated(id, endpoint.Id, connection, description.ToArray()));
        if (request.Request is { } ride) endpoint.Requests.Wish(ride, now);
    }

    /// <inheritdoc/>
    public void Unanswered(OutgoingTransaction transaction, Instant now) => Fail(0, null);

    /// <inheritdoc/>
    public void AnsweredLate(OutgoingTransaction transaction, in MgcpResponse response, Instant now)
    {
        // It was said to have failed, so what has come into being must go.
        if (response.IsSuccess) Delete(response, now);
    }

    /// <summary>The endpoint that the answer names: a configured one, or one that is known from now on. Null when it cannot serve.</summary>
    private Endpoint? EndpointOf(in MgcpResponse response)
    {
        if (SpecificName(response) is not { } name) return null;
        if (!gateway.Endpoints.TryGetValue(name, out var endpoint))
        {
            if (gateway.Endpoints.Count - gateway.Model.Endpoints.Length >= MaxNamed) return null;
            endpoint = new Endpoint(gateway, name, services) { IsNamedByGateway = true };
            gateway.Endpoints.Add(name, endpoint);
            endpoint.EnterServiceAsNamed();
        }

        return endpoint.TakesCommands ? endpoint : null;
    }

    /// <summary>Deletes what was made but cannot be used: by its own names, as far as they are known.</summary>
    private void Delete(in MgcpResponse response, Instant now)
    {
        var transactionId = services.Begin(MgcpVerb.Dlcx, gateway, SpecificName(response) ?? asked.LocalName, now);
        services.Writer.Parameter(MgcpParameter.CallId, request.CallId);
        if (SpecificName(response) is not null && ConnectionTable.FirstIn(response) is { } connection) services.Writer.Parameter(MgcpParameter.ConnectionId, connection);
        services.Transactions.Send(transactionId, MgcpVerb.Dlcx, gateway, asked, Indifferent.Instance, services.Writer.ToArray(), now);
    }

    private void Fail(int code, string? comment) => services.Outbox.Happened(new MgcpEvent.CommandFailed(id, asked, code, comment));

    /// <summary>The local name in Z:, which becomes a part of our messages: a whole name of one endpoint or nothing.</summary>
    private static string? SpecificName(in MgcpResponse response)
    {
        var text = response.Parameters[MgcpParameter.SpecificEndpointId];
        var at = text.LastIndexOf((byte)'@');
        var local = at < 0 ? text : text[..at];
        return MgcpEndpointName.TryParse([.. local, .. "@x"u8], out var name) && !name.IsWildcard ? Encoding.ASCII.GetString(local) : null;
    }
}
