using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <content>Audits (RFC 3435 §2.3.10, §2.3.11): questions that change nothing.</content>
public sealed partial class MgcpCallAgent
{
    // What operators read beside a code that no gateway gave.
    private const string NotAsked = "its address is not known yet: it was not asked";

    /// <summary>
    /// Asks a gateway which endpoints it has (AUEP with a wildcard, RFC 3435 §2.3.10), configured or not: ends in GatewayAudited or in CommandFailed for its endpoint <c>*</c>.
    /// </summary>
    public CommandId AuditGateway(string gateway, Instant now)
    {
        var id = new CommandId(++_lastCommand);
        if (_directory.ByName(gateway) is { Address.IsNone: false } found) new GatewayQuestion(id, found, _services).Ask(now);
        else RefuseNotReady(id, new EndpointId(gateway, "*"), NotAsked);
        return id;
    }

    /// <summary>Asks for everything that a gateway tells of an endpoint (AUEP), in service or not: ends in EndpointAudited or CommandFailed.</summary>
    public CommandId AuditEndpoint(EndpointId endpoint, Instant now) => Audit(endpoint, null, now);

    /// <summary>Asks for everything that a gateway tells of a connection (AUCX): ends in ConnectionAudited or CommandFailed (515: it does not exist).</summary>
    public CommandId AuditConnection(EndpointId endpoint, string connection, Instant now)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return Audit(endpoint, connection, now);
    }

    private CommandId Audit(EndpointId endpoint, string? connection, Instant now)
    {
        var id = new CommandId(++_lastCommand);
        if (Find(endpoint) is { Gateway.Address.IsNone: false } found) new AuditQuestion(id, found, connection, _services).Ask(now);
        else RefuseNotReady(id, endpoint, NotAsked);
        return id;
    }
}
