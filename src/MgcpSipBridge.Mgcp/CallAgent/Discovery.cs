using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>A gateway that is not configured and sent RSIP. What it wrote about itself is nobody's word but its own.</summary>
/// <param name="Domain">What it writes after '@', as it writes it.</param>
/// <param name="Address">Where its RSIP came from.</param>
/// <param name="Version">Protocol text of its first line, at most 64 characters.</param>
/// <param name="FirstHeard">When it was first heard.</param>
/// <param name="LastHeard">When it was last heard.</param>
/// <param name="Messages">RSIPs heard of it, repeats included.</param>
public sealed record DiscoveredGateway(string Domain, NetAddress Address, string Version, Instant FirstHeard, Instant LastHeard, int Messages);

/// <summary>An endpoint that an adopted gateway says it has.</summary>
/// <param name="LocalName">The local name as the gateway spells it.</param>
/// <param name="Audit">What it said of the endpoint; <see cref="EndpointAudit.Unknown"/> when it said nothing.</param>
public sealed record ProposedEndpoint(string LocalName, EndpointAudit Audit);

/// <summary>What an adopted gateway has, for the operator to confirm: nothing of it is configured yet.</summary>
/// <param name="Domain">What it writes after '@'.</param>
/// <param name="Address">Where it is.</param>
/// <param name="Version">Its protocol text.</param>
/// <param name="Endpoints">Its endpoints in its own order; empty when it did not answer, or cannot list them.</param>
/// <param name="Code">The response code of the question for its endpoints; 0 when nothing answered.</param>
public sealed record GatewayProposal(string Domain, NetAddress Address, string Version, ImmutableArray<ProposedEndpoint> Endpoints, int Code);
