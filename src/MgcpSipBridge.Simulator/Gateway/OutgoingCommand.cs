using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

/// <summary>A command of the gateway on its way (RFC 3435 §3.5, §4.3).</summary>
internal sealed class OutgoingCommand(int id, string text, NetAddress to, GatewayEndpoint? endpoint, Instant firstSent)
{
    public int Id { get; } = id;

    public string Text { get; } = text;

    public NetAddress To { get; } = to;

    public GatewayEndpoint? Endpoint { get; } = endpoint;

    public Instant FirstSent { get; } = firstSent;

    /// <summary>T-DELAY of §3.5.3; doubles with every repeat.</summary>
    public TimeSpan Delay { get; set; }

    public Agenda.Entry? Timer { get; set; }

    /// <summary>Called with the final response.</summary>
    public Action<PlainMgcp, Instant>? Answered { get; init; }

    /// <summary>Called when T-MAX has passed without one.</summary>
    public Action<Instant>? Lost { get; init; }

    public void Abandon() => Timer?.Cancel();
}
