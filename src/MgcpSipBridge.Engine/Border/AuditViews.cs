using System.Collections.Immutable;
using MgcpSipBridge.Mgcp;

namespace MgcpSipBridge.Engine;

/// <summary>What a gateway said when it was asked which endpoints it has.</summary>
/// <param name="Gateway">Its name.</param>
/// <param name="Code">Its response code; 0 when it did not answer.</param>
/// <param name="Comment">The text beside it; null for none.</param>
/// <param name="Took">From the question to the answer.</param>
/// <param name="Endpoints">Local names as it spells them, in its order.</param>
/// <param name="NotProvisioned">Those among them that no line is on.</param>
/// <param name="NotThere">Endpoints of lines that it did not name.</param>
public sealed record GatewayAudit(
    string Gateway, int Code, string? Comment, TimeSpan Took, ImmutableArray<string> Endpoints, ImmutableArray<string> NotProvisioned, ImmutableArray<string> NotThere);

/// <summary>What a gateway said when it was asked for everything about a line's endpoint.</summary>
/// <param name="Line">Number of the line.</param>
/// <param name="Endpoint">Its endpoint.</param>
/// <param name="Code">The response code; 0 when the gateway did not answer.</param>
/// <param name="Comment">The text beside it; null for none.</param>
/// <param name="Took">From the first question to the last answer.</param>
/// <param name="Report">What it said; null when it refused or did not answer.</param>
/// <param name="Connections">What it said of each connection.</param>
public sealed record LineAudit(string Line, EndpointId Endpoint, int Code, string? Comment, TimeSpan Took, EndpointReport? Report, ImmutableArray<ConnectionAudit> Connections);

/// <summary>What a gateway said of a connection.</summary>
/// <param name="Connection">Its id (I:).</param>
/// <param name="Code">The response code; 0 when the gateway did not answer.</param>
/// <param name="Comment">The text beside it; null for none.</param>
/// <param name="Report">What it said; null when it refused or did not answer.</param>
/// <param name="IsOurs">Whether it is of a call that the line has.</param>
public sealed record ConnectionAudit(string Connection, int Code, string? Comment, ConnectionReport? Report, bool IsOurs);
