using System.Collections.Concurrent;
using System.Net;

namespace MgcpSipBridge.Host.Api.Security;

/// <summary>
/// Says who was not let in, in lines that programs such as fail2ban read (deploy/fail2ban): the address stands where they look for it, and nothing that a
/// stranger chose stands in them. One address gets so many lines in a while: enough to be banned, not enough to fill a disk.
/// </summary>
internal sealed partial class SecurityLog(ILoggerFactory logs, TimeProvider time)
{
    private const int Lines = 20;
    private const int Addresses = 4096;
    private static readonly TimeSpan While = TimeSpan.FromMinutes(1);
    private readonly ILogger _log = logs.CreateLogger("MgcpSipBridge.Security");
    private readonly ConcurrentDictionary<IPAddress, (long Since, int Count)> _said = new();

    /// <summary>A request was refused.</summary>
    /// <param name="from">Who asked.</param>
    /// <param name="why">Why not.</param>
    /// <param name="name">Whom he showed himself to be; null for nobody.</param>
    /// <param name="method">The RPC; null when it is none.</param>
    public void Refused(IPAddress? from, ApiRefusal why, string? name, string? method)
    {
        var address = from is null ? IPAddress.None : from.IsIPv4MappedToIPv6 ? from.MapToIPv4() : from;
        if (!Speak(address)) return;
        if (name is null) LoginRefused(_log, address, why, method ?? "-");
        else AccessRefused(_log, address, name, method ?? "-");
    }

    private bool Speak(IPAddress address)
    {
        var now = time.GetTimestamp();
        // Forgotten all at once when there are too many: a list of strangers must not grow with them.
        if (_said.Count > Addresses) _said.Clear();
        var said = _said.AddOrUpdate(address, _ => (now, 1), (_, before) => time.GetElapsedTime(before.Since, now) > While ? (now, 1) : (before.Since, before.Count + 1));
        return said.Count <= Lines;
    }

    [LoggerMessage(EventId = 6034, EventName = "ApiLoginRefused", Level = LogLevel.Warning, Message = "API login refused from {Address}: {Reason}, for {Method}")]
    private static partial void LoginRefused(ILogger logger, IPAddress address, ApiRefusal reason, string method);

    [LoggerMessage(EventId = 6035, EventName = "ApiAccessRefused", Level = LogLevel.Warning, Message = "API access refused to {Name} from {Address}, for {Method}: the role is too weak")]
    private static partial void AccessRefused(ILogger logger, IPAddress address, string name, string method);
}
