using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using DnsClient;
using DnsClient.Protocol;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Host.Net;

/// <summary>What a look-up of a host gave.</summary>
/// <param name="Addresses">Its addresses; empty when there are none.</param>
/// <param name="Lifetime">How long the answer holds.</param>
internal readonly record struct HostAnswer(ImmutableArray<IPAddress> Addresses, TimeSpan Lifetime);

/// <summary>
/// Finds gateways whose address is a name, and finds them again when the answer's time is up. While a name does not resolve the gateway keeps the address it had;
/// one that never had any is not spoken to, and nobody else is taken for it. Of several addresses the others are tried while the first is silent (RFC 3435 §4.2).
/// </summary>
internal sealed partial class GatewayLocator : IAsyncDisposable
{
    private const int AtOnce = 16;

    /// <summary>Addresses of a gateway that are heeded: more cannot be tried within T-MAX anyway.</summary>
    private const int MostAddresses = 8;

    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);
    private static readonly TimeSpan WhenUnresolved = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LeastPause = TimeSpan.FromMilliseconds(100);
    private readonly ConcurrentDictionary<string, Found> _found = new(StringComparer.OrdinalIgnoreCase);
    private readonly CancellationTokenSource _stop = new();
    private readonly LiveModel _live;
    private readonly Func<EngineModel> _model;
    private readonly Func<string, CancellationToken, Task<HostAnswer>> _lookUp;
    private readonly Predicate<NetAddress> _reaches;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private Task _loop = Task.CompletedTask;

    /// <summary>A locator that has not begun.</summary>
    /// <param name="live">Where addresses are put in force.</param>
    /// <param name="model">The model in force.</param>
    /// <param name="lookUp">How a name is looked up.</param>
    /// <param name="reaches">Whether one of our sockets can send to an address.</param>
    /// <param name="time">Time.</param>
    /// <param name="log">Where news go.</param>
    public GatewayLocator(
        LiveModel live, Func<EngineModel> model, Func<string, CancellationToken, Task<HostAnswer>> lookUp, Predicate<NetAddress> reaches, TimeProvider time, ILogger log) =>
        (_live, _model, _lookUp, _reaches, _time, _log) = (live, model, lookUp, reaches, time, log);

    /// <summary>Addresses by the system's resolver, so that hosts files count; how long they hold by DNS, a minute where it does not know the name.</summary>
    public static Func<string, CancellationToken, Task<HostAnswer>> BySystem(TimeSpan timeout)
    {
        var dns = new LookupClient(new LookupClientOptions { Timeout = timeout, Retries = 0, ThrowDnsErrors = false });
        return async (name, cancel) =>
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(timeout);
            var addresses = await Dns.GetHostAddressesAsync(name, limit.Token);
            var lifetime = TimeSpan.FromMinutes(1);
            try
            {
                var records = new List<DnsResourceRecord>();
                if (addresses.Any(a => a.AddressFamily == AddressFamily.InterNetwork)) records.AddRange((await dns.QueryAsync(name, QueryType.A, cancellationToken: limit.Token)).Answers);
                if (addresses.Any(a => a.AddressFamily == AddressFamily.InterNetworkV6)) records.AddRange((await dns.QueryAsync(name, QueryType.AAAA, cancellationToken: limit.Token)).Answers);
                if (records.Count > 0) lifetime = TimeSpan.FromSeconds(records.Min(r => r.InitialTimeToLive));
            }
            catch (Exception e) when (e is DnsResponseException or OperationCanceledException or SocketException)
            {
                // The address is what counts.
            }

            return new HostAnswer([.. addresses], lifetime);
        };
    }

    /// <summary>Begins. Gateways may come at any time, so that it goes on where no address is a name yet.</summary>
    public void Start() => _loop = Task.Run(RunAsync);

    /// <summary>Why a gateway's name gives no address at the moment; null when it does, or was not asked yet.</summary>
    public string? ProblemOf(GatewayHost host) => _found.TryGetValue(host.Name, out var found) ? found.Problem : null;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    /// <summary>Looks up every name whose time is up and puts what changed in force; how long nothing more is due.</summary>
    internal async Task<TimeSpan> RoundAsync()
    {
        var names = _model().Gateways.Select(g => g.Host?.Name).OfType<string>().ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var gone in _found.Keys.Where(name => !names.Contains(name))) _found.TryRemove(gone, out _);
        var now = _time.GetUtcNow();
        var due = names.Where(name => !_found.TryGetValue(name, out var found) || found.Until <= now).ToList();
        await Parallel.ForEachAsync(due, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = _stop.Token }, LookUpAsync);
        if (due.Count > 0) await _live.ChangeAsync(Relocate);
        var next = _found.Values.Select(found => found.Until).DefaultIfEmpty(now + Shortest).Min() - _time.GetUtcNow();
        return next < LeastPause ? LeastPause : next;
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var pause = WhenUnresolved;
            try
            {
                pause = await RoundAsync();
            }
            catch (OperationCanceledException)
            {
                return;
            }
#pragma warning disable CA1031 // Gateways must be found again, whatever the bug.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Log.Failed(_log, e);
            }

            // A name that was provisioned meanwhile is not to wait for others to expire.
            await Task.Delay(pause < Shortest ? pause : Shortest, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async ValueTask LookUpAsync(string name, CancellationToken cancel)
    {
        var known = _found.GetValueOrDefault(name);
        ImmutableArray<NetAddress> addresses = [];
        var problem = $"{name} has no address that a socket of Mgcp:Listen can send to";
        var lifetime = WhenUnresolved;
        try
        {
            var answer = await _lookUp(name, cancel);
            addresses = [.. answer.Addresses.Select(a => NetAddress.From(a, 0)).Where(a => _reaches(a))];
            lifetime = answer.Lifetime < Shortest ? Shortest : answer.Lifetime > Longest ? Longest : answer.Lifetime;
        }
        catch (Exception e) when (!cancel.IsCancellationRequested && (e is SocketException or OperationCanceledException or ArgumentException))
        {
            problem = $"{name} does not resolve: {(e is OperationCanceledException ? "no answer in time" : e.Message)}";
        }

        if (!addresses.IsEmpty) _found[name] = new Found(addresses, null, _time.GetUtcNow() + lifetime);
        else
        {
            // Said once, not with every try.
            if (known?.Problem is null) Log.Unresolved(_log, problem);
            _found[name] = new Found(known?.Addresses ?? [], problem, _time.GetUtcNow() + WhenUnresolved);
        }
    }

    private EngineModel? Relocate(EngineModel model)
    {
        var changed = false;
        var gateways = model.Gateways.ToBuilder();
        for (var i = 0; i < gateways.Count; i++)
        {
            var gateway = gateways[i];
            if (gateway.Host is not { } host || !_found.TryGetValue(host.Name, out var found) || found.Addresses.IsEmpty) continue;
            // A gateway is not moved for a change of order.
            var known = gateway.Mgcp.Address is { } now && found.Addresses.Any(a => a.SameHost(now)) ? gateway.Mgcp.Address : null;
            var address = known ?? found.Addresses[0].WithPort(host.Port);
            ImmutableArray<NetAddress> further = [.. found.Addresses.Where(a => !a.SameHost(address)).Take(MostAddresses - 1).Select(a => a.WithPort(host.Port))];
            if (known is not null && further.ToHashSet().SetEquals(gateway.Mgcp.FurtherAddresses)) continue;
            if (known is null) Log.Located(_log, gateway.Mgcp.Name, address, host.Name);
            gateways[i] = gateway with { Mgcp = gateway.Mgcp with { Address = address, FurtherAddresses = further } };
            changed = true;
        }

        return changed ? model with { Gateways = gateways.ToImmutable() } : null;
    }

    private sealed record Found(ImmutableArray<NetAddress> Addresses, string? Problem, DateTimeOffset Until);

    private static partial class Log
    {
        [LoggerMessage(EventId = 2024, EventName = "GatewayUnresolved", Level = LogLevel.Warning, Message = "{Problem}")]
        internal static partial void Unresolved(ILogger logger, string problem);

        [LoggerMessage(EventId = 2025, EventName = "GatewayLocated", Level = LogLevel.Information, Message = "Gateway {Gateway} is at {Address}, says {Host}")]
        internal static partial void Located(ILogger logger, string gateway, NetAddress address, string host);

        [LoggerMessage(EventId = 2026, EventName = "GatewayLocatingFailed", Level = LogLevel.Error, Message = "Gateways could not be looked up")]
        internal static partial void Failed(ILogger logger, Exception exception);
    }
}
