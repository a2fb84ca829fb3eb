namespace MgcpSipBridge.Relay;

/// <summary>How packets are taken from the system and given back to it.</summary>
public enum RelayEngine
{
    /// <summary>Native where it can be, else portable.</summary>
    Auto,

    /// <summary>The sockets of the base library on the runtime's threads; on every system.</summary>
    Portable,

    /// <summary>Threads of its own that speak to the kernel (epoll) without the base library; Linux on 64 bits.</summary>
    Native,
}

/// <summary>Whether settled calls are passed on inside the kernel (Linux 6.6, CAP_BPF and CAP_NET_ADMIN, the native engine).</summary>
public enum RelayFastPath
{
    /// <summary>Never.</summary>
    Off,

    /// <summary>Where the system allows it.</summary>
    Auto,

    /// <summary>The relay does not start without it.</summary>
    Required,
}
