using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using DnsClient;
using DnsClient.Protocol;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Net;

/// <summary>
/// Finds the next hops of a host (RFC 3263 §4): NAPTR and SRV by DNS; addresses by the system's resolver, so that hosts files count too.
/// Only transports and address families that we listen on are answered, in the order in which they should be tried.
/// </summary>
internal sealed partial class SipResolver
{
    private readonly LookupClient _dns;
    private readonly ImmutableArray<SipListener> _listeners;
    private readonly TimeSpan _timeout;
    private readonly ILogger _log;

    /// <summary>A resolver for these listeners; each question ends within <paramref name="timeout"/>.</summary>
    /// <param name="listeners">Where we listen.</param>
    /// <param name="timeout">How long a whole question may take.</param>
    /// <param name="servers">Name servers; empty for the system's.</param>
    /// <param name="log">Where failures go.</param>
    public SipResolver(ImmutableArray<SipListener> listeners, TimeSpan timeout, IReadOnlyList<IPEndPoint> servers, ILogger log)
    {
        (_listeners, _timeout, _log) = (listeners, timeout, log);
        var options = servers.Count > 0 ? new LookupClientOptions([.. servers]) : new LookupClientOptions();
        options.Timeout = TimeSpan.FromMilliseconds(Math.Max(timeout.TotalMilliseconds / 2, 50));
        options.Retries = 1;
        options.ThrowDnsErrors = false;
        _dns = new LookupClient(options);
    }

    /// <summary>The targets in order; none when the name does not resolve.</summary>
    public async Task<ImmutableArray<SipTarget>> ResolveAsync(string host, int port, SipTransport? transport)
    {
        using var timeout = new CancellationTokenSource(_timeout);
        try
        {
            var targets = await FindAsync(host, port, transport, timeout.Token);
            if (targets.IsEmpty) Log.NotFound(_log, host);
            return targets;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or DnsResponseException or ArgumentException)
        {
            Log.Failed(_log, host, e.Message);
            return [];
        }
    }

    private async Task<ImmutableArray<SipTarget>> FindAsync(string host, int port, SipTransport? transport, CancellationToken cancel)
    {
        // RFC 3263 §4.1 and §4.2: a literal or a port needs no SRV; without a transport both are UDP.
        if (NetAddress.TryParse(host, 0, out var literal))
            return Serves(transport ?? SipTransport.Udp, literal) ? [new SipTarget(transport ?? SipTransport.Udp, literal.WithPort(PortOf(port, transport)))] : [];
        if (port != 0) return await AddressesAsync(host, port, transport ?? SipTransport.Udp, cancel);

        foreach (var (service, by) in await ServicesAsync(host, transport, cancel))
        {
            var targets = await ServersAsync(service, by, cancel);
            if (!targets.IsEmpty) return targets;
        }

        return await AddressesAsync(host, PortOf(0, transport), transport ?? SipTransport.Udp, cancel);
    }

    // NAPTR when no transport is named, by order and preference; without records the SRV names of what we speak, UDP first.
    private async Task<List<(string Service, SipTransport By)>> ServicesAsync(string host, SipTransport? transport, CancellationToken cancel)
    {
        var services = new List<(string, SipTransport)>();
        if (transport is null)
        {
            var answer = await _dns.QueryAsync(host, QueryType.NAPTR, cancellationToken: cancel);
            foreach (var record in answer.Answers.OfType<NAPtrRecord>().OrderBy(r => r.Order).ThenBy(r => r.Preference))
            {
                SipTransport? by = record.Services.ToUpperInvariant() switch
                {
                    "SIP+D2U" => SipTransport.Udp,
                    "SIP+D2T" => SipTransport.Tcp,
                    _ => null,
                };
                if (by is { } known && _listeners.Any(l => l.Transport == known)) services.Add((record.Replacement.Value, known));
            }

            if (services.Count > 0) return services;
        }

        foreach (var (by, name) in ((SipTransport, string)[])[(SipTransport.Udp, "_sip._udp."), (SipTransport.Tcp, "_sip._tcp."), (SipTransport.Tls, "_sips._tcp.")])
            if ((transport ?? by) == by && _listeners.Any(l => l.Transport == by)) services.Add((name + host, by));
        return services;
    }

    private async Task<ImmutableArray<SipTarget>> ServersAsync(string service, SipTransport by, CancellationToken cancel)
    {
        var answer = await _dns.QueryAsync(service, QueryType.SRV, cancellationToken: cancel);
        var targets = ImmutableArray.CreateBuilder<SipTarget>();
        foreach (var record in Ordered(answer.Answers.OfType<SrvRecord>()))
            if (record.Target.Value != ".") targets.AddRange(await AddressesAsync(record.Target.Value.TrimEnd('.'), record.Port, by, cancel));
        return targets.ToImmutable();
    }

    private async Task<ImmutableArray<SipTarget>> AddressesAsync(string host, int port, SipTransport by, CancellationToken cancel)
    {
        IPAddress[] addresses;
        try
        {
            addresses = await Dns.GetHostAddressesAsync(host, cancel);
        }
        catch (SocketException)
        {
            return [];
        }

        return [.. addresses.Select(a => NetAddress.From(a, port)).Where(a => Serves(by, a)).Select(a => new SipTarget(by, a)).Distinct()];
    }

    private static int PortOf(int port, SipTransport? transport) => port != 0 ? port : transport == SipTransport.Tls ? 5061 : 5060;

    // RFC 2782: by priority; within one, each next by chance in proportion to its weight.
    private static IEnumerable<SrvRecord> Ordered(IEnumerable<SrvRecord> records)
    {
        foreach (var group in records.GroupBy(r => r.Priority).OrderBy(g => g.Key))
        {
            var rest = group.OrderBy(r => r.Weight).ToList();
            while (rest.Count > 0)
            {
                var draw = Random.Shared.Next(rest.Sum(r => r.Weight) + 1);
                var index = 0;
                while (index < rest.Count - 1 && (draw -= rest[index].Weight) > 0) index++;
                yield return rest[index];
                rest.RemoveAt(index);
            }
        }
    }

    private bool Serves(SipTransport transport, NetAddress address) =>
        _listeners.Any(l => l.Transport == transport && (l.Bound.IsIPv4 == address.IsIPv4 || (l.Bound.IsUnspecified && !l.Bound.IsIPv4)));

    private static partial class Log
    {
        [LoggerMessage(EventId = 1020, EventName = "SipHostNotFound", Level = LogLevel.Warning, Message = "{Host} has no address that we could send SIP to")]
        internal static partial void NotFound(ILogger logger, string host);

        [LoggerMessage(EventId = 1021, EventName = "SipLookUpFailed", Level = LogLevel.Warning, Message = "Looking {Host} up failed: {Reason}")]
        internal static partial void Failed(ILogger logger, string host, string reason);
    }
}
