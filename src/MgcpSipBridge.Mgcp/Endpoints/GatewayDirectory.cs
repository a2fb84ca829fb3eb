using System.Diagnostics.CodeAnalysis;
using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>Finds gateways by configured name, by domain and by source address, and endpoints by local name; finding allocates nothing.</summary>
internal sealed class GatewayDirectory
{
    private readonly Dictionary<string, Gateway> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Gateway> _byDomain = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<UInt128, List<Gateway>> _byHost = [];

    /// <summary>All gateways, in the order they came.</summary>
    public IReadOnlyCollection<Gateway> All => _byName.Values;

    public Gateway? ByName(string name) => _byName.GetValueOrDefault(name);

    public void Add(Gateway gateway)
    {
        _byName.Add(gateway.Name, gateway);
        _byDomain[gateway.Model.Domain] = gateway;
        AddHost(gateway);
    }

    public void Remove(Gateway gateway)
    {
        _byName.Remove(gateway.Name);
        if (_byDomain.TryGetValue(gateway.Model.Domain, out var named) && named == gateway) _byDomain.Remove(gateway.Model.Domain);
        RemoveHost(gateway);
    }

    /// <summary>Gives a gateway another model or address.</summary>
    public void Change(Gateway gateway, MgcpGatewayModel model, NetAddress address)
    {
        Remove(gateway);
        gateway.Model = model;
        gateway.Address = address;
        Add(gateway);
    }

    /// <summary>Any gateway at a host: all that can be said of a message that does not name one.</summary>
    public Gateway? AtHost(NetAddress address) => _byHost.TryGetValue(address.Address, out var there) ? there[0] : null;

    /// <summary>The gateways at a host.</summary>
    public IReadOnlyList<Gateway> AllAtHost(NetAddress address) => _byHost.TryGetValue(address.Address, out var there) ? there : [];

    /// <summary>
    /// The gateway that writes <paramref name="domain"/> from <paramref name="from"/>: the domain must be its own, or the literal of its address, perhaps
    /// with a port; the source must be its host, if one is configured. A learnt address gives way to a restart alone.
    /// </summary>
    public Gateway? Recognise(ReadOnlySpan<byte> domain, NetAddress from, bool isRestart)
    {
        var gateway = ByDomain(domain);
        if (gateway is null && domain.LastIndexOf((byte)':') is var colon and > 0 && domain[(colon + 1)..].IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0)
        {
            gateway = ByDomain(domain[..colon]);
        }

        gateway ??= ByLiteral(domain, from);
        if (gateway is null) return null;
        if (gateway.Model.Address is { } configured) return configured.SameHost(from) ? gateway : null;
        return gateway.Address.IsNone || gateway.Address.SameHost(from) || isRestart ? gateway : null;
    }

    /// <summary>An endpoint by its local name in any case.</summary>
    public static bool TryFind(Gateway gateway, ReadOnlySpan<byte> local, [NotNullWhen(true)] out Endpoint? endpoint)
    {
        Span<char> text = stackalloc char[MgcpEndpointName.MaxPartBytes];
        endpoint = null;
        return Encoding.ASCII.TryGetChars(local, text, out var length)
            && gateway.Endpoints.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text[..length], out endpoint);
    }

    private Gateway? ByDomain(ReadOnlySpan<byte> domain)
    {
        Span<char> text = stackalloc char[MgcpEndpointName.MaxPartBytes];
        if (!Encoding.ASCII.TryGetChars(domain, text, out var length)) return null;
        return _byDomain.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text[..length], out var gateway) ? gateway : null;
    }

    private Gateway? ByLiteral(ReadOnlySpan<byte> domain, NetAddress from)
    {
        var literal = domain is [(byte)'[', .., (byte)']'] && domain.Count((byte)':') == 0 ? domain[1..^1] : domain;
        return NetAddress.TryParse(literal, 0, out var address) && address.SameHost(from) ? AtHost(from) : null;
    }

    private void AddHost(Gateway gateway)
    {
        if (gateway.Address.IsNone) return;
        if (!_byHost.TryGetValue(gateway.Address.Address, out var there)) _byHost[gateway.Address.Address] = there = [];
        there.Add(gateway);
    }

    private void RemoveHost(Gateway gateway)
    {
        if (!_byHost.TryGetValue(gateway.Address.Address, out var there)) return;
        there.Remove(gateway);
        if (there.Count == 0) _byHost.Remove(gateway.Address.Address);
    }
}
