using System.Collections.Immutable;
using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>
/// Our own Via: written on requests and recognized on responses (RFC 3261 §8.1.1.7, §18.1). A branch is the magic cookie, the layer's prefix
/// and 64 random bits in hex.
/// </summary>
internal sealed class SipBranches
{
    private readonly Entropy _entropy;
    private readonly byte[] _prefix;
    private readonly ImmutableArray<SipListener> _listeners;
    private readonly Dictionary<(SipTransport, string, int), byte[]> _heads = [];
    private readonly (byte[] Host, int Port, int DefaultPort)[] _names;

    public SipBranches(SipSettings settings, Entropy entropy, string prefix)
    {
        _entropy = entropy;
        _prefix = Encoding.ASCII.GetBytes("z9hG4bK" + prefix);
        if (!SipChars.IsToken(_prefix)) throw new ArgumentException("A branch prefix is made of token characters.", nameof(prefix));
        if (settings.Listeners.IsDefaultOrEmpty) throw new ArgumentException("There must be a listener.", nameof(settings));
        _listeners = settings.Listeners;
        foreach (var listener in _listeners)
        {
            foreach (var host in listener.Hosts) _heads[(listener.Transport, host, listener.AdvertisedPort)] = Head(listener.Transport, host, listener.AdvertisedPort);
        }

        _names = [.. _listeners.SelectMany(static l => l.Hosts.Select(host => (Encoding.ASCII.GetBytes(host), l.AdvertisedPort, SipTransports.DefaultPort(l.Transport))))];
    }

    /// <summary>Bytes that a Via line takes at most, for the size limit of §18.1.1.</summary>
    public int MaxViaBytes => _heads.Values.Max(static head => head.Length) + _prefix.Length + 18;

    /// <summary>A random number for a branch.</summary>
    public ulong Draw() => _entropy.NextUInt64();

    /// <summary>Writes our Via line for a flow; returns its length.</summary>
    public int WriteVia(SipFlow flow, ulong branch, Span<byte> line)
    {
        var head = HeadFor(flow);
        head.CopyTo(line);
        var length = head.Length;
        _prefix.CopyTo(line[length..]);
        length += _prefix.Length;
        for (var shift = 60; shift >= 0; shift -= 4) line[length++] = "0123456789abcdef"u8[(int)(branch >> shift) & 15];
        "\r\n"u8.CopyTo(line[length..]);
        return length + 2;
    }

    /// <summary>Whether a response's top Via is ours (§18.1.2); then the random part of its branch.</summary>
    public bool IsOurs(SipVia via, out ulong branch)
    {
        branch = 0;
        var text = via.Branch;
        if (text.Length != _prefix.Length + 16 || !Ascii.EqualsIgnoreCase(text[.._prefix.Length], _prefix)) return false;
        foreach (var digit in text[_prefix.Length..])
        {
            var value = digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
            if (!char.IsAsciiHexDigit((char)digit)) return false;
            branch = (branch << 4) | (uint)value;
        }

        foreach (var (host, port, defaultPort) in _names)
        {
            if (Ascii.EqualsIgnoreCase(via.Host, host) && (via.Port == 0 ? defaultPort : via.Port) == port) return true;
        }

        return false;
    }

    private static byte[] Head(SipTransport transport, string host, int port) =>
        Encoding.ASCII.GetBytes($"Via: SIP/2.0/{SipTransports.NameOf(transport)} {host}:{port};rport;branch=");

    private byte[] HeadFor(SipFlow flow)
    {
        // A transport we only use as a client: the peer answers over the same connection (§18.2.2), the Via still names it.
        var listener = SipListeners.Of(_listeners, flow) ?? _listeners[0];
        var key = (flow.Transport, listener.HostFor(flow.Remote), listener.AdvertisedPort);
        return _heads.TryGetValue(key, out var head) ? head : Head(key.Item1, key.Item2, key.Item3);
    }
}
