using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Host.Observability;

/// <summary>
/// Says which addresses are not let in by SIP and why, in lines that programs such as fail2ban read (deploy/fail2ban): the address stands where they look for it, without
/// its port, and nothing that a stranger chose stands in them.
/// </summary>
internal sealed partial class SipRefusals(ILoggerFactory logs, Func<Instant> clock)
{
    private readonly ILogger _log = logs.CreateLogger("MgcpSipBridge.Security");
    private readonly RefusalLines _lines = new(clock);

    /// <summary>Somebody was not let in.</summary>
    /// <param name="from">Who.</param>
    /// <param name="why">Why not: a word of a closed set.</param>
    public void Refused(NetAddress from, string why)
    {
        if (from.IsNone || !_log.IsEnabled(LogLevel.Information) || !_lines.May(from)) return;
        Refused(_log, from.Host, why);
    }

    [LoggerMessage(EventId = 3030, EventName = "SipRefused", Level = LogLevel.Information, Message = "SIP refused from {Address}: {Reason}")]
    private static partial void Refused(ILogger logger, string address, string reason);
}
