using System.Text;

namespace MgcpSipBridge.Mgcp;

/// <summary>Spelling of connection modes (RFC 3435 §3.2.2.6) and bearer encodings (§3.2.2.1) on the wire.</summary>
public static class ConnectionModeNames
{
    /// <summary>The mode as M: carries it.</summary>
    public static string WireName(this ConnectionMode mode) => mode switch
    {
        ConnectionMode.Inactive => "inactive",
        ConnectionMode.SendOnly => "sendonly",
        ConnectionMode.RecvOnly => "recvonly",
        ConnectionMode.SendRecv => "sendrecv",
        ConnectionMode.Conference => "confrnce",
        ConnectionMode.Loopback => "loopback",
        ConnectionMode.ContinuityTest => "conttest",
        ConnectionMode.NetworkLoopback => "netwloop",
        _ => "netwtest",
    };

    /// <summary>Reads M: in any case; null for a mode that is none of RFC 3435's (RFC 2705's <c>data</c>).</summary>
    public static ConnectionMode? Parse(ReadOnlySpan<byte> text)
    {
        for (var mode = ConnectionMode.Inactive; mode <= ConnectionMode.NetworkTest; mode++)
        {
            if (Ascii.EqualsIgnoreCase(text, mode.WireName())) return mode;
        }

        return null;
    }

    /// <summary>The bearer's encoding as B: carries it (§3.2.2.1).</summary>
    public static string WireName(this BearerEncoding encoding) => encoding == BearerEncoding.ALaw ? "e:A" : "e:mu";

    /// <summary>Reads B:; null when it names no encoding that is known.</summary>
    public static BearerEncoding? ParseBearer(ReadOnlySpan<byte> text)
    {
        var options = new MgcpOptionReader(text);
        while (options.TryNext(out var name, out var value))
        {
            if (!Ascii.EqualsIgnoreCase(name, "e"u8)) continue;
            if (Ascii.EqualsIgnoreCase(value, "A"u8)) return BearerEncoding.ALaw;
            if (Ascii.EqualsIgnoreCase(value, "mu"u8)) return BearerEncoding.MuLaw;
        }

        return null;
    }
}
