using System.Net;
using System.Net.NetworkInformation;

namespace MgcpSipBridge.Relay;

/// <summary>
/// The interfaces at which the program stands. Others may take it away, and interfaces come and go: <see cref="Mend"/> puts it back. Used by one thread, but for what
/// is <see cref="Count">read</see> by all.
/// </summary>
internal sealed class KernelLinks(int program, RelaySettings settings) : IDisposable
{
    private readonly Dictionary<int, (int Descriptor, string Name)> _links = []; // by the interface's index
    private volatile int _count;
    private volatile int _loopback;

    /// <summary>At how many it stands.</summary>
    public int Count => _count;

    /// <summary>The loopback interface's index, where it stands there; else 0.</summary>
    public int Loopback => _loopback;

    /// <summary>Why it does not stand where it should; null when it does.</summary>
    public (string Reason, FastPathLack Kind)? Lack { get; private set; }

    /// <summary>How often it was missing somewhere, and where it was last.</summary>
    public (int Times, string? Where) Losses { get; private set; }

    /// <summary>Puts it wherever media may arrive: everywhere or, as it was, nowhere.</summary>
    /// <exception cref="FastPathException">The kernel does not take it somewhere.</exception>
    public void Attach()
    {
        AttachToAll();
        if (Lack is { } lack) throw new FastPathException(lack.Reason, lack.Kind);
    }

    /// <summary>Puts it back where it is missing.</summary>
    /// <param name="look">Whether interfaces may have come or gone.</param>
    /// <returns>Whether it was missing somewhere, or is at other interfaces now.</returns>
    public bool Mend(bool look)
    {
        var gone = _links.Where(link => Bpf.InterfaceOf(link.Value.Descriptor) != link.Key).ToList();
        foreach (var (index, link) in gone)
        {
            _ = Libc.Close(link.Descriptor);
            _links.Remove(index);
        }

        if (gone.Count > 0) Losses = (Losses.Times + 1, string.Join(", ", gone.Select(link => link.Value.Name)));

        if (gone.Count == 0 && !look && Lack is null) return false;
        var before = _count;
        AttachToAll();
        return gone.Count > 0 || _count != before;
    }

    /// <summary>Takes it away.</summary>
    public void Dispose()
    {
        foreach (var link in _links.Values) _ = Libc.Close(link.Descriptor);
        _links.Clear();
        _count = 0;
    }

    // All are tried, and the first reason is kept.
    private void AttachToAll()
    {
        (string, FastPathLack)? lack = null;
        try
        {
            foreach (var card in NetworkInterface.GetAllNetworkInterfaces()) lack = AttachTo(card) ?? lack;
        }
        catch (NetworkInformationException e)
        {
            lack = ($"The system does not tell its interfaces: {e.Message}", FastPathLack.Interface);
        }

        Lack = lack ?? (_links.Count == 0 ? ("There is no interface to attach the program to.", FastPathLack.Interface) : null);
        _count = _links.Count;
    }

    private (string, FastPathLack)? AttachTo(NetworkInterface card)
    {
        var isIPv4 = card.Supports(NetworkInterfaceComponent.IPv4);
        if (card.OperationalStatus == OperationalStatus.Down || !(isIPv4 || card.Supports(NetworkInterfaceComponent.IPv6))) return null;
        var ip = card.GetIPProperties();
        var index = isIPv4 ? ip.GetIPv4Properties().Index : ip.GetIPv6Properties().Index;
        var isLoopback = card.NetworkInterfaceType == NetworkInterfaceType.Loopback;
        // What this machine sends to itself comes by the loopback interface, whatever the address.
        if (_links.ContainsKey(index) || (!isLoopback && !ip.UnicastAddresses.Any(a => IsMedia(a.Address)))) return null;
        var link = Bpf.Attach(program, index);
        if (link < 0) return ($"The kernel does not attach the program to {card.Name}: {KernelPath.Reason(-link)}", -link == Libc.NotPermitted ? FastPathLack.NotPermitted : FastPathLack.Interface);
        _links.Add(index, (link, card.Name));
        if (isLoopback) _loopback = index;
        return null;
    }

    private bool IsMedia(IPAddress address)
    {
        return Is(settings.GatewayAddress) || Is(settings.SipAddress);

        bool Is(IPAddress bound) => bound.Equals(address) || bound.Equals(IPAddress.Any) || bound.Equals(IPAddress.IPv6Any);
    }
}
