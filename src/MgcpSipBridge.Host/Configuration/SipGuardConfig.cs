using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Configuration;

/// <summary>Sip:Guard:…</summary>
internal sealed class SipGuardSection
{
    [Setting("Messages a second taken from a host of a peer; more are dropped unread. 0: no limit.", Min = "0", Max = "10000000")]
    public int MessagesPerSecond { get; set; } = 20_000;

    [Setting("Messages that such a host may send at once on top of that.", Min = "1", Max = "10000000")]
    public int MessageBurst { get; set; } = 40_000;

    [Setting("Messages a second read from any other host, which is heard only inside of calls. 0: no limit.", Min = "0", Max = "1000000")]
    public int StrangerMessagesPerSecond { get; set; } = 20;

    [Setting("Messages that such a host may send at once on top of that.", Min = "1", Max = "1000000")]
    public int StrangerMessageBurst { get; set; } = 100;

    [Setting("INVITEs of one host that may wait for their final answer; more are answered 503, calls for help (Priority: emergency, psap-callback) excepted.", Min = "1", Max = "10000000")]
    public int MaxPendingInvites { get; set; } = 5000;

    [Setting("Texts in User-Agent by which a scanner is known; its requests are dropped without an answer, whoever sends them.")]
    public string[] Scanners { get; set; } = [.. SipAdmission.DefaultScanners];

    [Setting("How long a nonce of ours may be used by a peer with challenge: true (RFC 7616 §3.3).", Min = "10s", Max = "1d")]
    public TimeSpan NonceLifetime { get; set; } = TimeSpan.FromMinutes(5);
}
