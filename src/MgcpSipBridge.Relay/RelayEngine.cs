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
