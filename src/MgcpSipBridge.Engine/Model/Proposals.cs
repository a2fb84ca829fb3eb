using System.Collections.Immutable;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Engine;

/// <summary>What surveyed gateways said they have, as long as they are listed or adopted.</summary>
internal sealed class Proposals
{
    private readonly Dictionary<(string Domain, UInt128 Host), GatewayProposal> _kept = [];

    /// <summary>Keeps a proposal, and forgets those of gateways that are gone from both lists: both are bounded, so this is.</summary>
    public void Keep(GatewayProposal proposal, ImmutableArray<DiscoveredGateway> listed, EngineModel model)
    {
        _kept[Key(proposal.Domain, proposal.Address)] = proposal;
        HashSet<(string, UInt128)> live = [.. listed.Select(found => Key(found.Domain, found.Address))];
        foreach (var gateway in model.Gateways)
            if (gateway is { IsAdopted: true, Mgcp.Address: { } address }) live.Add(Key(gateway.Mgcp.Domain, address));
        foreach (var key in _kept.Keys.Where(key => !live.Contains(key)).ToArray()) _kept.Remove(key);
    }

    /// <summary>What a gateway proposed; null when it has not.</summary>
    public GatewayProposal? Of(string domain, NetAddress? address) => address is { } at ? _kept.GetValueOrDefault(Key(domain, at)) : null;

    private static (string, UInt128) Key(string domain, NetAddress address) => (domain.ToLowerInvariant(), address.Address);
}
