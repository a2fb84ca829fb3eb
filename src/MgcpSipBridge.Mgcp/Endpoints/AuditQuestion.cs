using System.Collections.Immutable;
using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>An audit for an operator's eyes: everything a gateway tells of an endpoint (RFC 3435 §2.3.10), or of a connection (§2.3.11). Nothing follows from it.</summary>
internal sealed class AuditQuestion(CommandId command, Endpoint endpoint, string? connection, AgentServices services) : ICommandTarget
{
    /// <summary>All of §3.2.2.17's codes that an endpoint has, and the base package's (Appendix B.2); a gateway leaves out what it does not know.</summary>
    private const string AboutEndpoint = "B, I, N, X, R, S, D, O, E, Q, T, A, ES, RM, RD, PL, MD, B/PR, B/NS";

    private const string AboutConnection = "C, N, L, M, LC, RC, P";

    /// <summary>Codes of RFC 2705, for a gateway that dislikes the others.</summary>
    private const string AboutOldEndpoint = "R, D, S, X, N, I, T, O, ES, A";

    private bool _isSimple = endpoint.Gateway.Traits.IsOld;

    /// <summary>Sends the question. Audits need no order (§4.4.4).</summary>
    public void Ask(Instant now)
    {
        var verb = connection is null ? MgcpVerb.Auep : MgcpVerb.Aucx;
        var id = services.Begin(verb, endpoint.Gateway, endpoint.LocalName, now);
        if (connection is not null) services.Writer.Parameter(MgcpParameter.ConnectionId, connection);
        services.Writer.Parameter(MgcpParameter.RequestedInfo, connection is not null ? AboutConnection : _isSimple ? AboutOldEndpoint : AboutEndpoint);
        services.Transactions.Send(id, verb, endpoint.Gateway, endpoint.Id, this, services.Writer.ToArray(), now);
    }

    /// <inheritdoc/>
    public void Answered(OutgoingTransaction transaction, in MgcpResponse response, Instant now)
    {
        if (!response.IsSuccess)
        {
            if (connection is null && !_isSimple && Reactions.To(response.Code) is Reaction.Simplify or Reaction.DoWithout)
            {
                _isSimple = true;
                Ask(now);
                return;
            }

            services.Outbox.Happened(new MgcpEvent.CommandFailed(command, endpoint.Id, response.Code, response.CommentText));
        }
        else if (connection is null)
        {
            services.Outbox.Happened(new MgcpEvent.EndpointAudited(command, endpoint.Id, OfEndpoint(response)));
        }
        else
        {
            services.Outbox.Happened(new MgcpEvent.ConnectionAudited(command, endpoint.Id, connection, OfConnection(response)));
        }
    }

    /// <inheritdoc/>
    public void Unanswered(OutgoingTransaction transaction, Instant now) => Drop();

    /// <inheritdoc/>
    public void Drop() =>
        services.Outbox.Happened(new MgcpEvent.CommandFailed(command, endpoint.Id, 0, null));

    private static EndpointReport OfEndpoint(in MgcpResponse response)
    {
        var connections = ImmutableArray.CreateBuilder<string>();
        var capabilities = ImmutableArray.CreateBuilder<string>();
        string? persistent = null;
        string? state = null;
        foreach (var line in response.Parameters)
        {
            switch (line.Parameter)
            {
                case MgcpParameter.ConnectionId:
                    var ids = new MgcpTokenReader(line.Value, (byte)',');
                    while (ids.TryNext(out var id)) connections.Add(Encoding.ASCII.GetString(id));
                    break;
                case MgcpParameter.Capabilities or MgcpParameter.LocalConnectionOptions:
                    capabilities.Add(Encoding.UTF8.GetString(line.Value));
                    break;
                case MgcpParameter.Extension when Ascii.EqualsIgnoreCase(line.Name, "B/PR"u8):
                    persistent = Encoding.UTF8.GetString(line.Value);
                    break;
                case MgcpParameter.Extension when Ascii.EqualsIgnoreCase(line.Name, "B/NS"u8):
                    state = Encoding.UTF8.GetString(line.Value);
                    break;
            }
        }

        var read = response.Parameters;
        return new EndpointReport
        {
            Audit = EndpointAuditor.ReadAudit(response),
            Bearer = ConnectionModeNames.ParseBearer(read[MgcpParameter.BearerInformation]),
            Connections = connections.DrainToImmutable(),
            NotifiedEntity = Text(read, MgcpParameter.NotifiedEntity),
            RequestIdentifier = Text(read, MgcpParameter.RequestIdentifier),
            RequestedEvents = Text(read, MgcpParameter.RequestedEvents),
            SignalRequests = Text(read, MgcpParameter.SignalRequests),
            DigitMap = Text(read, MgcpParameter.DigitMap),
            ObservedEvents = Text(read, MgcpParameter.ObservedEvents),
            QuarantineHandling = Text(read, MgcpParameter.QuarantineHandling),
            DetectEvents = Text(read, MgcpParameter.DetectEvents),
            EventStates = Text(read, MgcpParameter.EventStates),
            RestartMethod = Text(read, MgcpParameter.RestartMethod),
            RestartDelay = Number(read, MgcpParameter.RestartDelay),
            ReasonCode = Number(read, MgcpParameter.ReasonCode),
            PackageList = read.Has(MgcpParameter.PackageList) ? PackageList.Join("", read) : null,
            MaxDatagram = Number(read, MgcpParameter.MaxMgcpDatagram),
            Capabilities = capabilities.DrainToImmutable(),
            PersistentEvents = persistent,
            NotificationState = state,
        };
    }

    private static ConnectionReport OfConnection(in MgcpResponse response)
    {
        MgcpResponse.SplitBodies(response.Body, out var first, out var second);
        var read = response.Parameters;
        return new ConnectionReport
        {
            CallId = Text(read, MgcpParameter.CallId),
            NotifiedEntity = Text(read, MgcpParameter.NotifiedEntity),
            LocalOptions = Text(read, MgcpParameter.LocalConnectionOptions),
            Mode = ConnectionModeNames.Parse(read[MgcpParameter.ConnectionMode]),
            // The local one stands first; one that is missing is a bare v=0 (§2.3.11, §3.3).
            LocalDescription = Described(first),
            RemoteDescription = Described(second),
            Counters = Text(read, MgcpParameter.ConnectionParameters),
            Statistics = ConnectionStatistics.Read(read[MgcpParameter.ConnectionParameters]),
        };
    }

    private static byte[] Described(ReadOnlySpan<byte> body) => body.Trim("\r\n \t"u8).Length <= "v=0".Length ? [] : body.ToArray();

    private static string? Text(in MgcpParameters parameters, MgcpParameter parameter) =>
        parameters.TryGet(parameter, out var value) ? Encoding.UTF8.GetString(value) : null;

    private static int? Number(in MgcpParameters parameters, MgcpParameter parameter)
    {
        var cursor = new ByteCursor(parameters[parameter]);
        return cursor.TryReadUInt32(out var number) && number <= int.MaxValue ? (int)number : null;
    }
}
