using System.Net;
using MgcpSipBridge.Host.Observability;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Host.Api.Security;

/// <summary>
/// Says who was not let in, in lines that programs such as fail2ban read (deploy/fail2ban): the address stands where they look for it, and nothing that a
/// stranger chose stands in them.
/// </summary>
internal sealed partial class SecurityLog(ILoggerFactory logs, Func<Instant> clock)
{
    private readonly ILogger _log = logs.CreateLogger("MgcpSipBridge.Security");
    private readonly RefusalLines _lines = new(clock);

    /// <summary>A request was refused.</summary>
    /// <param name="from">Who asked.</param>
    /// <param name="why">Why not.</param>
    /// <param name="name">Whom he showed himself to be; null for nobody.</param>
    /// <param name="method">The RPC; null when it is none.</param>
    public void Refused(IPAddress? from, ApiRefusal why, string? name, string? method)
    {
        var address = from is null ? IPAddress.None : from.IsIPv4MappedToIPv6 ? from.MapToIPv4() : from;
        if (!_lines.May(NetAddress.From(address, 0))) return;
        if (name is null) LoginRefused(_log, address, why, method ?? "-");
        else AccessRefused(_log, address, name, method ?? "-");
    }

    [LoggerMessage(EventId = 6034, EventName = "ApiLoginRefused", Level = LogLevel.Warning, Message = "API login refused from {Address}: {Reason}, for {Method}")]
    private static partial void LoginRefused(ILogger logger, IPAddress address, ApiRefusal reason, string method);

    [LoggerMessage(EventId = 6035, EventName = "ApiAccessRefused", Level = LogLevel.Warning, Message = "API access refused to {Name} from {Address}, for {Method}: the role is too weak")]
    private static partial void AccessRefused(ILogger logger, IPAddress address, string name, string method);
}
