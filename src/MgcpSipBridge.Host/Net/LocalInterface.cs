using System.Net.NetworkInformation;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Host.Net;

/// <summary>An address of this machine and the network that it reaches without a router.</summary>
/// <param name="Network">The network.</param>
/// <param name="Address">The address, port 0.</param>
internal sealed record LocalInterface(NetPrefix Network, NetAddress Address)
{
    /// <summary>Those of the machine now, link-local ones left out: they mean nothing to others.</summary>
    public static IReadOnlyList<LocalInterface> All()
    {
        var all = new List<LocalInterface>();
        foreach (var network in NetworkInterface.GetAllNetworkInterfaces())
        {
            if (network.OperationalStatus != OperationalStatus.Up && network.NetworkInterfaceType != NetworkInterfaceType.Loopback) continue;
            foreach (var unicast in network.GetIPProperties().UnicastAddresses)
            {
                if (unicast.Address.IsIPv6LinkLocal) continue;
                var address = NetAddress.From(unicast.Address, 0);
                all.Add(new LocalInterface(new NetPrefix(address, Math.Clamp(unicast.PrefixLength, 0, address.IsIPv4 ? 32 : 128)), address));
            }
        }

        return all;
    }
}
