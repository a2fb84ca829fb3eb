using System.Diagnostics.CodeAnalysis;
using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>Finds gateways by configured name, by domain and by source address, and endpoints by local name; finding allocates nothing.</summary>
internal sealed class GatewayDirectory
{
    private readonly Dictionary<string, Gateway> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Gateway> _byDomain = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<UInt128, Host> _byHost = [];

    /// <summary>A host that gateways are at, or may command from.</summary>
    internal sealed class Host
    {
        public List<Gateway> Gateways { get; } = [];

        /// <summary>How many times the ordinary allowance it has.</summary>
        public double Shares { get; set; }

        /// <summary>What it may still send.</summary>
        public TokenBucket Bucket;
    }

    /// <summary>The allowances of the gateways whose address is still to be learnt.</summary>
    public double UnlocatedShares { get; private set; }

    /// <summary>All gateways, in the order they came.</summary>
    public IReadOnlyCollection<Gateway> All => _byName.Values;

    public Gateway? ByName(string name) => _byName.GetValueOrDefault(name);

    public void Add(Gateway gateway)
    {
        _byName.Add(gateway.Name, gateway);
        _byDomain[gateway.Model.Domain] = gateway;
        if (gateway.Address.IsNone) UnlocatedShares += SharesOf(gateway);
        foreach (var host in HostsOf(gateway)) AddHost(gateway, host);
    }

    public void Remove(Gateway gateway)
    {
        _byName.Remove(gateway.Name);
        if (_byDomain.TryGetValue(gateway.Model.Domain, out var named) && named == gateway) _byDomain.Remove(gateway.Model.Domain);
        if (gateway.Address.IsNone) UnlocatedShares -= SharesOf(gateway);
        foreach (var host in HostsOf(gateway)) RemoveHost(gateway, host);
    }

    /// <summary>Whether the gateway is in the configuration still.</summary>
    public bool IsConfigured(Gateway gateway) => ByName(gateway.Name) == gateway;

    /// <summary>Gives a gateway another model or address.</summary>
    public void Change(Gateway gateway, MgcpGatewayModel model, NetAddress address)
    {
        Remove(gateway);
        gateway.Model = model;
        gateway.Address = address;
        Add(gateway);
    }

    /// <summary>Any gateway at a host: all that can be said of a message that does not name one.</summary>
    public Gateway? AtHost(NetAddress address) => _byHost.TryGetValue(address.Address, out var there) ? there.Gateways[0] : null;

    /// <summary>The gateways at a host.</summary>
    public IReadOnlyList<Gateway> AllAtHost(NetAddress address) => _byHost.TryGetValue(address.Address, out var there) ? there.Gateways : [];

    /// <summary>Whether another gateway of the same host is at this very address.</summary>
    public bool IsOthers(Gateway gateway, NetAddress address)
    {
        foreach (var other in AllAtHost(address))
        {
            if (other != gateway && other.Address == address) return true;
        }

        return false;
    }

    /// <summary>What is known of a host; null when no gateway is there.</summary>
    public Host? HostOf(NetAddress address) => _byHost.GetValueOrDefault(address.Address);

    /// <summary>Whether a configured gateway has the domain.</summary>
    public bool IsDomainTaken(ReadOnlySpan<byte> domain) => ByDomain(domain) is not null;

    /// <summary>
    /// The gateway that writes <paramref name="domain"/> from <paramref name="from"/>: the domain must be its own, or the literal of its address, perhaps
    /// with a port; the source must be a host of its own. A gateway whose address is learnt may restart elsewhere, but only once it is known not to be where it
    /// was: until then it is <paramref name="claimed"/>.
    /// </summary>
    public Gateway? Recognise(ReadOnlySpan<byte> domain, NetAddress from, bool isRestart, out Gateway? claimed)
    {
        claimed = null;
        var gateway = ByDomain(domain);
        if (gateway is null && domain.LastIndexOf((byte)':') is var colon and > 0 && domain[(colon + 1)..].IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0)
        {
            gateway = ByDomain(domain[..colon]);
        }

        gateway ??= ByLiteral(domain, from);
        if (gateway is null || IsAt(gateway, from)) return gateway;
        if (gateway.Model.Address is not null || !isRestart) return null;
        if (gateway.State != GatewayState.Up) return gateway;
        claimed = gateway;
        return null;
    }

    /// <summary>An endpoint by its local name in any case.</summary>
    public static bool TryFind(Gateway gateway, ReadOnlySpan<byte> local, [NotNullWhen(true)] out Endpoint? endpoint)
    {
        Span<char> text = stackalloc char[MgcpEndpointName.MaxPartBytes];
        endpoint = null;
        return Encoding.ASCII.TryGetChars(local, text, out var length)
            && gateway.Endpoints.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text[..length], out endpoint);
    }

    /// <summary>Whether an endpoint left the configuration a moment ago, so that the gateway may not know yet.</summary>
    public static bool IsLeaving(Gateway gateway, ReadOnlySpan<byte> local)
    {
        if (gateway.Farewells.Count == 0) return false;
        Span<char> text = stackalloc char[MgcpEndpointName.MaxPartBytes];
        return Encoding.ASCII.TryGetChars(local, text, out var length) && gateway.Farewells.GetAlternateLookup<ReadOnlySpan<char>>().ContainsKey(text[..length]);
    }

    /// <summary>Ten lines send what the settings allow to one gateway.</summary>
    private static double SharesOf(Gateway gateway) => Math.Max(1, gateway.Model.Endpoints.Length / 10.0);

    /// <summary>Where it is, where else it may be, and where it may command from.</summary>
    private static IEnumerable<NetAddress> HostsOf(Gateway gateway) =>
        [gateway.Address, gateway.Model.Address ?? NetAddress.None, .. gateway.Model.FurtherAddresses, .. gateway.Model.AlsoFrom];

    private static bool IsAt(Gateway gateway, NetAddress from)
    {
        if (gateway.Address.IsNone || gateway.Address.SameHost(from) || gateway.Model.At(from) is not null) return true;
        foreach (var host in gateway.Model.AlsoFrom)
        {
            if (host.SameHost(from)) return true;
        }

        return false;
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

    private void AddHost(Gateway gateway, NetAddress address)
    {
        if (address.IsNone) return;
        if (!_byHost.TryGetValue(address.Address, out var there)) _byHost[address.Address] = there = new Host();
        if (there.Gateways.Contains(gateway)) return;
        there.Gateways.Add(gateway);
        there.Shares += SharesOf(gateway);
    }

    private void RemoveHost(Gateway gateway, NetAddress address)
    {
        if (!_byHost.TryGetValue(address.Address, out var there)) return;
        if (!there.Gateways.Remove(gateway)) return;
        there.Shares -= SharesOf(gateway);
        if (there.Gateways.Count == 0) _byHost.Remove(address.Address);
    }
}
