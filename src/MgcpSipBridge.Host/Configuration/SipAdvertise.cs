using System.Collections.Immutable;
using MgcpSipBridge.Host.Net;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Configuration;

/// <summary>What peers are told for our host: Sip:Advertise and Sip:LocalNetworks.</summary>
/// <param name="Hosts">For everybody: at most a name and a literal of each family.</param>
/// <param name="Networks">For those in certain networks.</param>
/// <param name="Local">Networks in which the listener's own address is right.</param>
internal sealed record SipAdvertise(ImmutableArray<string> Hosts, ImmutableArray<SipAdvertisement> Networks, ImmutableArray<NetPrefix> Local)
{
    /// <summary>A listener with all its names.</summary>
    /// <param name="transport">Its transport.</param>
    /// <param name="bound">Where it is bound.</param>
    /// <param name="fallback">What stands for 0.0.0.0 and :: where no interface does.</param>
    /// <param name="interfaces">Addresses of the machine.</param>
    public SipListener ToListener(SipTransport transport, NetAddress bound, NetAddress fallback, IReadOnlyList<LocalInterface> interfaces)
    {
        var host = HostOf(bound) ?? (bound.IsUnspecified ? fallback : bound).UriHost;
        if (!bound.IsUnspecified)
        {
            return new SipListener(transport, bound, host, bound.Port)
            {
                Network = interfaces.Where(i => i.Network.Contains(bound)).OrderByDescending(i => i.Network.Bits).FirstOrDefault()?.Network,
                Advertised = [.. Networks, .. Local.Select(network => new SipAdvertisement(network, bound.UriHost))],
            };
        }

        // Bound everywhere: the address of the interface that lies nearest, where the operator does not say that there is NAT between.
        var here = interfaces.Where(i => !bound.IsIPv4 || i.Address.IsIPv4).ToList();
        var advertised = new List<SipAdvertisement>(Networks);
        foreach (var network in Local) advertised.Add(new(network, here.Find(i => network.Contains(i.Address))?.Address.UriHost ?? fallback.UriHost));
        foreach (var one in here)
            if (Hosts.IsEmpty || Local.Any(network => network.Contains(one.Address))) advertised.Add(new(one.Network, one.Address.UriHost));
        if (!bound.IsIPv4)
        {
            // One socket, two families: neither shall be told an address of the other.
            foreach (var any in (NetPrefix[])[new(NetAddress.FromIPv4(0, 0), 0), new(default, 0)])
            {
                var own = Literal(any.IsIPv4) ?? (Hosts.IsEmpty ? here.Find(i => i.Address.IsIPv4 == any.IsIPv4 && !i.Address.IsLoopback)?.Address.UriHost : null);
                if (own is not null) advertised.Add(new(any, own));
            }
        }

        return new SipListener(transport, bound, host, bound.Port) { Advertised = [.. advertised] };
    }

    // A literal of the other family would be of no use to whom this listener can speak with.
    private string? HostOf(NetAddress bound) => Literal(bound.IsIPv4) ?? Hosts.FirstOrDefault(h => !NetAddress.TryParse(h, 0, out _)) ?? (bound.IsUnspecified && !bound.IsIPv4 ? Hosts.FirstOrDefault() : null);

    private string? Literal(bool ipv4) => Hosts.FirstOrDefault(h => NetAddress.TryParse(h, 0, out var address) && address.IsIPv4 == ipv4);
}
