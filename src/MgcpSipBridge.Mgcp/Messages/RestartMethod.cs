using System.Text;

namespace MgcpSipBridge.Mgcp;

/// <summary>Restart methods of RSIP (RFC 3435 §2.3.12) and the ones that occur besides.</summary>
internal enum RestartMethod
{
    /// <summary>No RM: at all: a protocol error.</summary>
    Missing,

    /// <summary>Not one of ours: 536.</summary>
    Unknown,

    /// <summary>Of a package that we do not know: 518 (RFC 3661 §2.4).</summary>
    UnknownPackage,

    /// <summary>In service, now or after a delay; nothing survived.</summary>
    Restart,

    /// <summary>Going out of service; what lives may live on.</summary>
    Graceful,

    /// <summary>Out of service; what lived is lost.</summary>
    Forced,

    /// <summary>Contact was lost and is back; what lives has lived on.</summary>
    Disconnected,

    /// <summary>Stays in service after all.</summary>
    CancelGraceful,

    /// <summary>A vendor's own (<c>X-keepalive</c>): a 5xx would silence the gateway, so it is taken as a sign of life.</summary>
    Vendor,

    /// <summary>LCK/lockstep: the endpoint waits for a request (RFC 3992).</summary>
    Lockstep,
}

/// <summary>Spelling of restart methods and what they are answered with.</summary>
internal static class RestartMethods
{
    /// <summary>Reads RM: in any case.</summary>
    public static RestartMethod Parse(ReadOnlySpan<byte> text, bool isPresent)
    {
        if (!isPresent || text.IsEmpty) return RestartMethod.Missing;
        if (Ascii.EqualsIgnoreCase(text, "restart"u8)) return RestartMethod.Restart;
        if (Ascii.EqualsIgnoreCase(text, "graceful"u8)) return RestartMethod.Graceful;
        if (Ascii.EqualsIgnoreCase(text, "forced"u8)) return RestartMethod.Forced;
        if (Ascii.EqualsIgnoreCase(text, "disconnected"u8)) return RestartMethod.Disconnected;
        if (Ascii.EqualsIgnoreCase(text, "cancel-graceful"u8)) return RestartMethod.CancelGraceful;
        if (Ascii.EqualsIgnoreCase(text, "LCK/lockstep"u8)) return RestartMethod.Lockstep;
        if (text is [(byte)'X' or (byte)'x', (byte)'-' or (byte)'+', ..]) return RestartMethod.Vendor;
        return text.Contains((byte)'/') ? RestartMethod.UnknownPackage : RestartMethod.Unknown;
    }

    /// <summary>The response code.</summary>
    public static int Answer(RestartMethod method) => method switch
    {
        RestartMethod.Missing => MgcpResponseCodes.ProtocolError,
        RestartMethod.Unknown => MgcpResponseCodes.UnknownRestartMethod,
        RestartMethod.UnknownPackage => MgcpResponseCodes.UnknownPackage,
        _ => MgcpResponseCodes.Ok,
    };

    /// <summary>A word for metrics, from a closed set.</summary>
    public static string Word(RestartMethod method) => method switch
    {
        RestartMethod.Restart => "restart",
        RestartMethod.Graceful => "graceful",
        RestartMethod.Forced => "forced",
        RestartMethod.Disconnected => "disconnected",
        RestartMethod.CancelGraceful => "cancel-graceful",
        _ => "other",
    };
}
