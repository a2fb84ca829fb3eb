using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>Which endpoints a gateway has, for an operator's eyes (AUEP with a wildcard, RFC 3435 §2.3.10). Nothing follows from it.</summary>
internal sealed class GatewayQuestion(CommandId command, Gateway gateway, AgentServices services) : ICommandTarget
{
    private int _pattern;

    /// <summary>Sends the question.</summary>
    public void Ask(Instant now)
    {
        var id = services.Begin(MgcpVerb.Auep, gateway, GatewaySurvey.Patterns[_pattern], now);
        services.Transactions.Send(id, MgcpVerb.Auep, gateway, null, this, services.Writer.ToArray(), now);
    }

    /// <inheritdoc/>
    public void Answered(OutgoingTransaction transaction, in MgcpResponse response, Instant now)
    {
        if (response.IsSuccess)
        {
            ImmutableArray<string> names = [.. GatewaySurvey.NamesIn(response)];
            services.Outbox.Happened(new MgcpEvent.GatewayAudited(command, gateway.Name, names));
        }
        else if (MgcpResponseCodes.Normalize(response.Code) is MgcpResponseCodes.UnknownEndpoint or 503 or MgcpResponseCodes.ProtocolError && ++_pattern < GatewaySurvey.Patterns.Length)
        {
            // Some do not take the bare wildcard.
            Ask(now);
        }
        else
        {
            Fail(response.Code, response.CommentText);
        }
    }

    /// <inheritdoc/>
    public void Unanswered(OutgoingTransaction transaction, Instant now) => Drop();

    /// <inheritdoc/>
    public void Drop() => Fail(0, null);

    private void Fail(int code, string? comment) => services.Outbox.Happened(new MgcpEvent.CommandFailed(command, new EndpointId(gateway.Name, "*"), code, comment));
}
