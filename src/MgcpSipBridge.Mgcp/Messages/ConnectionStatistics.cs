using System.Buffers.Text;
using System.Collections.Frozen;
using System.Text;

namespace MgcpSipBridge.Mgcp;

/// <summary>A connection's counters as a gateway reports them at its end (P:, RFC 3435 §3.2.2.7); null for those that it leaves out.</summary>
public sealed record ConnectionStatistics
{
    private const int MaxOthers = 32;

    /// <summary>PS: RTP packets sent.</summary>
    public long? PacketsSent { get; private set; }

    /// <summary>OS: octets sent.</summary>
    public long? OctetsSent { get; private set; }

    /// <summary>PR: RTP packets received.</summary>
    public long? PacketsReceived { get; private set; }

    /// <summary>OR: octets received.</summary>
    public long? OctetsReceived { get; private set; }

    /// <summary>PL: packets that did not arrive.</summary>
    public long? PacketsLost { get; private set; }

    /// <summary>JI: mean interarrival jitter in milliseconds.</summary>
    public long? JitterMilliseconds { get; private set; }

    /// <summary>LA: mean transmission delay in milliseconds.</summary>
    public long? LatencyMilliseconds { get; private set; }

    /// <summary>Counters of packages and vendors by name in upper case (<c>PC/RPS</c>, <c>FXR/PGS</c>, <c>X-UX</c>), 32 at most.</summary>
    public IReadOnlyDictionary<string, long> Others { get; private set; } = FrozenDictionary<string, long>.Empty;

    /// <summary>
    /// Reads P:; null when it is empty. Left out is what has neither a known name nor a package's or vendor's, or is no number. The nine digits of the grammar are
    /// not insisted on.
    /// </summary>
    public static ConnectionStatistics? Read(ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty) return null;
        var read = new ConnectionStatistics();
        Dictionary<string, long>? others = null;
        var options = new MgcpOptionReader(value, (byte)'=');
        while (options.TryNext(out var name, out var text))
        {
            if (!Utf8Parser.TryParse(text, out long number, out var used) || used != text.Length || number < 0) continue;
            if (Ascii.EqualsIgnoreCase(name, "PS"u8)) read.PacketsSent = number;
            else if (Ascii.EqualsIgnoreCase(name, "OS"u8)) read.OctetsSent = number;
            else if (Ascii.EqualsIgnoreCase(name, "PR"u8)) read.PacketsReceived = number;
            else if (Ascii.EqualsIgnoreCase(name, "OR"u8)) read.OctetsReceived = number;
            else if (Ascii.EqualsIgnoreCase(name, "PL"u8)) read.PacketsLost = number;
            else if (Ascii.EqualsIgnoreCase(name, "JI"u8)) read.JitterMilliseconds = number;
            else if (Ascii.EqualsIgnoreCase(name, "LA"u8)) read.LatencyMilliseconds = number;
            else if ((name.Contains((byte)'/') || name is [(byte)'X' or (byte)'x', (byte)'-' or (byte)'+', ..]) && (others?.Count ?? 0) < MaxOthers)
            {
                (others ??= [])[Encoding.ASCII.GetString(name).ToUpperInvariant()] = number;
            }
        }

        if (others is not null) read.Others = others;
        return read;
    }
}
