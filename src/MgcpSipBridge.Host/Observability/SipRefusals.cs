using System.Runtime.InteropServices;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Host.Observability;

/// <summary>
/// Says which addresses are not let in by SIP and why, in lines that programs such as fail2ban read (deploy/fail2ban): the address stands where they look for it, without
/// its port, and nothing that a stranger chose stands in them. So many lines a minute of one address, and of all together: a flood of made-up sources fills no disk.
/// </summary>
internal sealed partial class SipRefusals(ILoggerFactory logs, Func<Instant> clock)
{
    private const int LinesOfOne = 20;
    private const int LinesOfAll = 600;
    private static readonly TimeSpan While = TimeSpan.FromMinutes(1);
    private readonly ILogger _log = logs.CreateLogger("MgcpSipBridge.Security");
    private readonly Dictionary<UInt128, int> _said = [];
    private readonly Lock _turn = new();
    private Instant _since;
    private int _all;

    /// <summary>Somebody was not let in.</summary>
    /// <param name="from">Who.</param>
    /// <param name="why">Why not: a word of a closed set.</param>
    public void Refused(NetAddress from, string why)
    {
        if (from.IsNone || !_log.IsEnabled(LogLevel.Information) || !Speak(from)) return;
        Refused(_log, from.Host, why);
    }

    private bool Speak(NetAddress from)
    {
        lock (_turn)
        {
            var now = clock();
            if (now - _since > While)
            {
                (_since, _all) = (now, 0);
                _said.Clear();
            }

            if (_all >= LinesOfAll) return false;
            ref var said = ref CollectionsMarshal.GetValueRefOrAddDefault(_said, from.Address, out _);
            if (++said > LinesOfOne) return false;
            _all++;
            return true;
        }
    }

    [LoggerMessage(EventId = 3030, EventName = "SipRefused", Level = LogLevel.Information, Message = "SIP refused from {Address}: {Reason}")]
    private static partial void Refused(ILogger logger, string address, string reason);
}
