using System.Collections.Immutable;

namespace MgcpSipBridge.Sip;

/// <summary>Whom the SIP side hears, and how much it takes on from one source. The limits of messages are everybody's: before them nothing has been read.</summary>
public sealed record SipAdmission
{
    /// <summary>Messages a second taken from a host of a peer; what exceeds it is dropped before it is read. 0 for no limit.</summary>
    public int MessagesPerSecond { get; init; } = 20_000;

    /// <summary>Messages that such a host may send at once on top of that.</summary>
    public int MessageBurst { get; init; } = 40_000;

    /// <summary>
    /// Messages a second read from any other host: only who knows the tags of a call of ours, or answers a request of ours, has anything to say. 0 for no limit.
    /// </summary>
    public int StrangerMessagesPerSecond { get; init; } = 20;

    /// <summary>Messages that such a host may send at once on top of that.</summary>
    public int StrangerMessageBurst { get; init; } = 100;

    /// <summary>
    /// INVITEs of one host outside of calls that may wait for their final answer; more are answered 503, without Retry-After. Calls for help (Priority: emergency, psap-callback) are not counted.
    /// </summary>
    public int MaxPendingInvites { get; init; } = 5000;

    /// <summary>Texts in User-Agent by which a scanner is known, in whatever case: such requests are dropped, whoever sends them.</summary>
    public ImmutableArray<string> Scanners { get; init; } = DefaultScanners;

    /// <summary>How long a nonce of ours may be used (RFC 7616 §3.3); then the same password is asked for again with another one.</summary>
    public TimeSpan NonceLifetime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Scanners that call themselves by their names.</summary>
    public static ImmutableArray<string> DefaultScanners { get; } = ["friendly-scanner", "sipvicious", "sipcli", "sundayddr", "sip-scan", "sipscan", "VaxSIPUserAgent", "pplsip"];
}
