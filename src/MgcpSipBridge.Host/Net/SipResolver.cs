using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using DnsClient;
using DnsClient.Protocol;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Net;

/// <summary>What a host name led to.</summary>
/// <param name="Targets">The next hops in the order in which they should be tried; none when the name does not resolve.</param>
/// <param name="Lifetime">The shortest time to live of the records that led there; null where none has one.</param>
internal readonly record struct SipAnswer(ImmutableArray<SipTarget> Targets, TimeSpan? Lifetime);

/// <summary>
/// Finds the next hops of a host (RFC 3263 §4): NAPTR and SRV by DNS; addresses by the system's resolver, so that hosts files count too, unless name servers of our own know
/// them.
/// Only transports and address families that we listen on are answered, in the order in which they should be tried.
/// </summary>
internal sealed partial class SipResolver
{
    private readonly LookupClient _dns;
    private readonly bool _hasServers;
    private readonly ImmutableArray<SipListener> _listeners;
    private readonly TimeSpan _timeout;
    private readonly Random _chance;
    private readonly ILogger _log;

    /// <summary>A resolver for these listeners; each question ends within <paramref name="timeout"/>.</summary>
    /// <param name="listeners">Where we listen.</param>
    /// <param name="timeout">How long a whole question may take.</param>
    /// <param name="servers">Name servers; empty for the system's.</param>
    /// <param name="log">Where failures go.</param>
    /// <param name="chance">Decides among servers of one priority; null for the system's.</param>
    public SipResolver(ImmutableArray<SipListener> listeners, TimeSpan timeout, IReadOnlyList<IPEndPoint> servers, ILogger log, Random? chance = null)
    {
        (_listeners, _timeout, _log, _chance) = (listeners, timeout, log, chance ?? Random.Shared);
        _hasServers = servers.Count > 0;
        var options = _hasServers ? new LookupClientOptions([.. servers]) : new LookupClientOptions();
        options.Timeout = TimeSpan.FromMilliseconds(Math.Max(timeout.TotalMilliseconds / 2, 50));
        options.Retries = 1;
        options.ThrowDnsErrors = false;
        _dns = new LookupClient(options);
    }

    /// <summary>The targets in order, and how long they hold.</summary>
    public async Task<SipAnswer> ResolveAsync(string host, int port, SipTransport? transport)
    {
        using var timeout = new CancellationTokenSource(_timeout);
        try
        {
            var search = new Search(this, timeout.Token);
            var targets = await search.FindAsync(host, port, transport);
            if (targets.IsEmpty) Log.NotFound(_log, host);
            return new SipAnswer(targets, search.Lifetime);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or DnsResponseException or ArgumentException)
        {
            Log.Failed(_log, host, e.Message);
            return new SipAnswer([], null);
        }
    }

    /// <summary>RFC 2782: by priority; within one, each next by chance in proportion to its weight.</summary>
    internal static IEnumerable<SrvRecord> Ordered(IEnumerable<SrvRecord> records, Random chance)
    {
        foreach (var group in records.GroupBy(r => r.Priority).OrderBy(g => g.Key))
        {
            var rest = group.OrderBy(r => r.Weight).ToList();
            while (rest.Count > 0)
            {
                var draw = chance.Next(rest.Sum(r => r.Weight) + 1);
                var index = 0;
                while (index < rest.Count - 1 && (draw -= rest[index].Weight) > 0) index++;
                yield return rest[index];
                rest.RemoveAt(index);
            }
        }
    }

    private static int PortOf(int port, SipTransport? transport) => port != 0 ? port : SipTransports.DefaultPort(transport ?? SipTransport.Udp);

    private bool Serves(SipTransport transport, NetAddress address) =>
        _listeners.Any(l => l.Transport == transport && (l.Bound.IsIPv4 == address.IsIPv4 || (l.Bound.IsUnspecified && !l.Bound.IsIPv4)));

    /// <summary>One question, with the shortest time to live of the records that it met.</summary>
    private sealed class Search(SipResolver resolver, CancellationToken cancel)
    {
        private static readonly (SipTransport By, string Prefix, string Service)[] Services =
            [(SipTransport.Udp, "_sip._udp.", "SIP+D2U"), (SipTransport.Tcp, "_sip._tcp.", "SIP+D2T"), (SipTransport.Tls, "_sips._tcp.", "SIPS+D2T")];

        public TimeSpan? Lifetime { get; private set; }

        public async Task<ImmutableArray<SipTarget>> FindAsync(string host, int port, SipTransport? transport)
        {
            // RFC 3263 §4.1 and §4.2: a literal or a port needs no SRV; without a transport both are UDP.
            if (NetAddress.TryParse(host, 0, out var literal))
                return resolver.Serves(transport ?? SipTransport.Udp, literal) ? [new SipTarget(transport ?? SipTransport.Udp, literal.WithPort(PortOf(port, transport)))] : [];
            if (port != 0) return await AddressesAsync(host, port, transport ?? SipTransport.Udp);

            var targets = ImmutableArray.CreateBuilder<SipTarget>();
            var refused = false;
            foreach (var (service, by) in await ServicesAsync(host, transport))
            {
                var records = await AskAsync<SrvRecord>(service, QueryType.SRV, cancel);
                refused |= records is [{ Target.Value: "." }];
                targets.AddRange(await ServersAsync(records, by));
                // §4.1: what the domain likes less is for those who cannot do what it likes best.
                if (targets.Count > 0) return targets.ToImmutable();
            }

            // RFC 2782: a target of "." says that the service is decidedly not there, so that no address of the host is to be tried for it.
            return refused ? [] : await AddressesAsync(host, PortOf(0, transport), transport ?? SipTransport.Udp);
        }

        // NAPTR when no transport is named, by order and preference; without records the SRV names of what we speak, UDP first.
        private async Task<List<(string Service, SipTransport By)>> ServicesAsync(string host, SipTransport? transport)
        {
            var services = new List<(string, SipTransport)>();
            if (transport is null)
            {
                foreach (var record in (await AskAsync<NAPtrRecord>(host, QueryType.NAPTR, cancel)).OrderBy(r => r.Order).ThenBy(r => r.Preference))
                    foreach (var (by, _, name) in Services)
                        if (name.Equals(record.Services, StringComparison.OrdinalIgnoreCase) && Hears(by)) services.Add((record.Replacement.Value, by));
                if (services.Count > 0) return services;
            }

            foreach (var (by, prefix, _) in Services)
                if ((transport ?? by) == by && Hears(by)) services.Add((prefix + host, by));
            return services;
        }

        private async Task<ImmutableArray<SipTarget>> ServersAsync(List<SrvRecord> records, SipTransport by)
        {
            var targets = ImmutableArray.CreateBuilder<SipTarget>();
            foreach (var record in Ordered(records, resolver._chance))
                if (record.Target.Value != ".") targets.AddRange(await AddressesAsync(record.Target.Value.TrimEnd('.'), record.Port, by));
            return targets.ToImmutable();
        }

        private async Task<ImmutableArray<SipTarget>> AddressesAsync(string host, int port, SipTransport by)
        {
            IPAddress[] addresses = resolver._hasServers
                ? [.. (await AskAddressesAsync<ARecord>(host, QueryType.A)).Select(r => r.Address), .. (await AskAddressesAsync<AaaaRecord>(host, QueryType.AAAA)).Select(r => r.Address)]
                : [];
            if (addresses.Length > 0) return Targets(addresses, port, by);
            try
            {
                addresses = await Dns.GetHostAddressesAsync(host, cancel);
            }
            catch (SocketException)
            {
                return [];
            }

            if (resolver._hasServers) return Targets(addresses, port, by);
            // The system does not tell how long they hold; the name servers do, where they know the name at all.
            if (addresses.Any(a => a.AddressFamily == AddressFamily.InterNetwork)) await AskAddressesAsync<ARecord>(host, QueryType.A);
            if (addresses.Any(a => a.AddressFamily == AddressFamily.InterNetworkV6)) await AskAddressesAsync<AaaaRecord>(host, QueryType.AAAA);
            return Targets(addresses, port, by);
        }

        private ImmutableArray<SipTarget> Targets(IPAddress[] addresses, int port, SipTransport by) =>
            [.. addresses.Select(a => NetAddress.From(a, port)).Where(a => resolver.Serves(by, a)).Select(a => new SipTarget(by, a)).Distinct()];

        // Name servers that are silent must not keep a host of the hosts file away, nor for long.
        private async Task<List<T>> AskAddressesAsync<T>(string host, QueryType type)
            where T : DnsResourceRecord
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(resolver._timeout / 4);
            try
            {
                return await AskAsync<T>(host, type, limit.Token);
            }
            catch (Exception e) when (e is DnsResponseException or OperationCanceledException or SocketException)
            {
                return [];
            }
        }

        private bool Hears(SipTransport transport) => resolver._listeners.Any(l => l.Transport == transport);

        private async Task<List<T>> AskAsync<T>(string name, QueryType type, CancellationToken limit)
            where T : DnsResourceRecord
        {
            var answer = await resolver._dns.QueryAsync(name, type, cancellationToken: limit);
            // An alias on the way holds no longer than it says, either.
            foreach (var record in answer.Answers)
            {
                var holds = TimeSpan.FromSeconds(record.InitialTimeToLive);
                if (Lifetime is not { } shortest || holds < shortest) Lifetime = holds;
            }

            return [.. answer.Answers.OfType<T>()];
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1020, EventName = "SipHostNotFound", Level = LogLevel.Warning, Message = "{Host} has no address that we could send SIP to")]
        internal static partial void NotFound(ILogger logger, string host);

        [LoggerMessage(EventId = 1021, EventName = "SipLookUpFailed", Level = LogLevel.Warning, Message = "Looking {Host} up failed: {Reason}")]
        internal static partial void Failed(ILogger logger, string host, string reason);
    }
}
