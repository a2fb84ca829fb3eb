namespace MgcpSipBridge.Relay;

/// <summary>
/// Says when a socket is to be left unread for a while: more datagrams than <see cref="Most"/> were read from it for nothing within one
/// <see cref="WindowMilliseconds"/>. What then comes fills its own buffer and is dropped by the kernel, at a fraction of the price, while all
/// other sockets are served.
/// </summary>
internal struct FloodGate
{
    /// <summary>How long reasons are counted, and how long the rest lasts at most.</summary>
    public const int WindowMilliseconds = 100;

    /// <summary>Datagrams read for nothing in a window: ten times what a flow of 10 ms packets brings.</summary>
    public const int Most = 100;

    private long _window;
    private int _wasted;

    /// <summary>Whether the socket is left unread.</summary>
    public bool IsShut { get; set; }

    /// <summary>Datagrams that the kernel had dropped when it was last asked.</summary>
    public uint Unread { get; set; }

    /// <summary>A datagram was read for nothing; true when the socket should rest until the window's end.</summary>
    public bool Wasted(long milliseconds)
    {
        var window = milliseconds / WindowMilliseconds;
        if (window != _window)
        {
            _window = window;
            _wasted = 0;
        }

        return ++_wasted > Most && !IsShut;
    }
}
