using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// A final answer of ours that followed a provisional one and asks for 000: it is sent again by timer until that comes, or until T-MAX (RFC 3435
/// §3.5.6), for the gateway repeats its command only rarely now.
/// </summary>
internal sealed class RepeatedAnswer(Gateway gateway, uint id, NetAddress to, byte[] bytes, Instant firstSent)
{
    private TimeSpan _delay;

    public Gateway Gateway { get; } = gateway;

    /// <summary>Begins, or goes on.</summary>
    public void Schedule(AgentServices services, Instant now)
    {
        var timer = _delay == TimeSpan.Zero ? Gateway.RoundTrip.First : Gateway.RoundTrip.Next(ref _delay);
        if (_delay == TimeSpan.Zero) _delay = Gateway.RoundTrip.FirstDelay;
        services.Timers.Set(new AgentTimer(AgentTimerKind.RepeatAnswer, this), now + timer);
    }

    /// <summary>The timer has run out.</summary>
    public void Due(AgentServices services, Instant now)
    {
        if (!Gateway.Answers.IsUnconfirmed(id) || now - firstSent > services.Settings.TMax) return;
        services.Outbox.Send(to, bytes, null, repeat: true);
        Schedule(services, now);
    }
}
