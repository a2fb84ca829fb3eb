using System.Net;
using System.Net.Sockets;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Interop;

/// <summary>
/// A loopback address that no other party on this machine uses (all of 127/8 is ours, RFC 6890), so that a peer's well-known ports collide with
/// nothing and a party is told from another by its address alone.
/// </summary>
internal sealed class LoopbackHost
{
    private LoopbackHost(IPAddress address) => Address = address;

    public IPAddress Address { get; }

    /// <summary>The only one of IPv6: one test at a time may be there.</summary>
    public static LoopbackHost IPv6 { get; } = new(IPAddress.IPv6Loopback);

    /// <summary>An address nobody else has; the process keeps it by a port that it holds open.</summary>
    public static LoopbackHost Claim()
    {
        while (true)
        {
            // Not .0 and not .255; 127.0 and 127.1 are left to the machine.
            var address = new IPAddress([127, (byte)Random.Shared.Next(2, 255), (byte)Random.Shared.Next(1, 255), (byte)Random.Shared.Next(1, 255)]);
            var claim = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            try
            {
                claim.Bind(new IPEndPoint(address, 9));
                Claims.Add(claim);
                return new LoopbackHost(address);
            }
            catch (SocketException)
            {
                claim.Dispose();
            }
        }
    }

    public NetAddress At(int port) => NetAddress.From(Address, port);

    public override string ToString() => Address.ToString();

    // Held until the process ends: an address is never used twice in a run.
    private static readonly System.Collections.Concurrent.ConcurrentBag<Socket> Claims = [];
}
