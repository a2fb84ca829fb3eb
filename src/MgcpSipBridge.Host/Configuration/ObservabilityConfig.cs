namespace MgcpSipBridge.Host.Configuration;

/// <summary>Observability:…</summary>
internal sealed class ObservabilitySection
{
    [Setting("Messages of both sides to a capture server such as Homer (HEP3).")] public HepSection Hep { get; } = new();
    [Setting("A trace of every call to an OpenTelemetry collector (OTLP).")] public OtlpSection Otlp { get; } = new();
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

/// <summary>How spans go to a collector.</summary>
internal enum OtlpProtocol
{
    /// <summary>gRPC; port 4317 by custom.</summary>
    Grpc,

    /// <summary>Protobuf over HTTP; port 4318 by custom.</summary>
    Http,
}

/// <summary>Observability:Otlp:…</summary>
internal sealed class OtlpSection
{
    [Setting("The collector, such as http://127.0.0.1:4317; without, no traces are made. A trace has the call's id, how it ended, gateway and peer, but no numbers and names.")]
    public string? Endpoint { get; set; }

    [Setting("Grpc, or Http (protobuf, to /v1/traces below the endpoint).")]
    public OtlpProtocol Protocol { get; set; } = OtlpProtocol.Grpc;

    [Setting("Headers that the collector asks for, by name.")]
    public Dictionary<string, string> Headers { get; } = new(StringComparer.OrdinalIgnoreCase);

    [Setting("Share of calls that are traced, in percent.", Min = "1", Max = "100")]
    public int Percent { get; set; } = 100;

    [Setting("How long the collector may take for an answer.", Min = "100ms", Max = "60s")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    [Setting("Events of calls that may wait to be looked at; what comes beyond is dropped and counted, and no call waits.", Min = "64", Max = "1000000")]
    public int Queue { get; set; } = 16_384;
}
