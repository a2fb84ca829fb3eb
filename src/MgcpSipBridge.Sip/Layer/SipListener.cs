using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>A place where this bridge listens and how others reach it.</summary>
/// <param name="Transport">The transport.</param>
/// <param name="Bound">The bound address.</param>
/// <param name="AdvertisedHost">Host for Via and Contact: a literal (IPv6 in brackets) or a name.</param>
/// <param name="AdvertisedPort">Port for Via and Contact.</param>
public sealed record SipListener(SipTransport Transport, NetAddress Bound, string AdvertisedHost, int AdvertisedPort)
{
    /// <summary>Network of the interface that it is bound to: whoever is in it is spoken to from here. Null where nobody knows.</summary>
    public NetPrefix? Network { get; init; }

    /// <summary>Hosts for those in certain networks, who reach us by another address than all others; the narrowest network decides.</summary>
    public ImmutableArray<SipAdvertisement> Advertised { get; init; } = [];

    /// <summary>Host for Via and Contact of what is sent to <paramref name="remote"/>.</summary>
    public string HostFor(NetAddress remote) => SipAdvertisement.For(Advertised, remote) ?? AdvertisedHost;

    /// <summary>Every host that it is known by.</summary>
    public IEnumerable<string> Hosts => Advertised.Select(one => one.Host).Prepend(AdvertisedHost).Distinct(StringComparer.OrdinalIgnoreCase);
}

/// <summary>What those in a network are told for our host.</summary>
/// <param name="Network">The network.</param>
/// <param name="Host">A literal (IPv6 in brackets) or a name.</param>
public readonly record struct SipAdvertisement(NetPrefix Network, string Host)
{
    /// <summary>The host for <paramref name="remote"/>: that of the narrowest network which it is in; null when it is in none.</summary>
    public static string? For(ImmutableArray<SipAdvertisement> all, NetAddress remote)
    {
        SipAdvertisement? best = null;
        foreach (var one in all)
        {
            if (one.Network.Contains(remote) && (best is not { } narrowest || one.Network.Bits > narrowest.Network.Bits)) best = one;
        }

        return best?.Host;
    }
}

/// <summary>Chooses among the listeners.</summary>
internal static class SipListeners
{
    /// <summary>
    /// The listener that speaks to <paramref name="remote"/>: the one of the address that is <paramref name="wanted"/>; else the one in the remote's own network, the
    /// narrowest first; else the first of its family, and then one that takes both. Null without one of the transport.
    /// </summary>
    public static SipListener? For(ImmutableArray<SipListener> listeners, SipTransport transport, NetAddress remote, NetAddress wanted)
    {
        SipListener? best = null;
        var rank = -1;
        foreach (var listener in listeners)
        {
            if (listener.Transport != transport) continue;
            var here = RankOf(listener, remote, wanted);
            if (here > rank) (best, rank) = (listener, here);
        }

        return best;
    }

    /// <summary>The listener of a flow, whose own end is that of a connection perhaps.</summary>
    public static SipListener? Of(ImmutableArray<SipListener> listeners, SipFlow flow)
    {
        foreach (var listener in listeners)
        {
            if (listener.Transport == flow.Transport && listener.Bound == flow.Local) return listener;
        }

        return For(listeners, flow.Transport, flow.Remote, flow.Local);
    }

    // An IPv4 socket cannot send to IPv6; one bound to "::" can do both.
    private static int RankOf(SipListener listener, NetAddress remote, NetAddress wanted)
    {
        var sameFamily = listener.Bound.IsIPv4 == remote.IsIPv4;
        if (!sameFamily && (listener.Bound.IsIPv4 || !listener.Bound.IsUnspecified)) return 0;
        if (listener.Bound == wanted) return 1001;
        if (!wanted.IsNone && listener.Bound.SameHost(wanted)) return 1000;
        if (listener.Network is { } network && network.Contains(remote)) return 10 + network.Bits;
        return sameFamily ? 2 : 1;
    }
}
