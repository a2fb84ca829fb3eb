namespace MgcpSipBridge.Host.Configuration;

/// <summary>Observability:…</summary>
internal sealed class ObservabilitySection
{
    [Setting("Messages of both sides to a capture server such as Homer (HEP3).")] public HepSection Hep { get; } = new();
}

/// <summary>Observability:Hep:…</summary>
internal sealed class HepSection
{
    [Setting("Where the capture server takes HEP3 over UDP, host:port; without, nothing is sent. It is sent every message that ladders are made of (Mgcp:Trace, Sip:Trace), dialled digits included, in the clear.")]
    public string? Address { get; set; }

    [Setting("Number of this bridge among the capture server's agents.", Min = "0", Max = "2147483647")]
    public int CaptureId { get; set; } = 2001;

    [Setting("What the capture server asks its agents for (the authentication key); none when absent.")]
    public string? Password { get; set; }

    [Setting("Messages that may wait to be sent; what comes beyond is dropped and counted, and no call waits.", Min = "16", Max = "1000000")]
    public int Queue { get; set; } = 4096;
}
