using System.Globalization;
using MgcpSipBridge.Host.Api;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Events;
using MgcpSipBridge.Host.Observability;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Serving;
using MgcpSipBridge.Relay;
using Verdict = MgcpSipBridge.V1.Finding.Types.Verdict;

namespace MgcpSipBridge.Host.Diagnosis;

/// <summary>Looks at what the bridge depends on and says what is wrong, and what to do about it. It changes nothing; peers are asked by OPTIONS.</summary>
internal sealed partial class Doctor(BridgeModel model, BridgeState state, IProvisioningStore store, AlarmBoard alarms, Machine machine, IMediaRelay? relay = null, PeerProber? prober = null)
{
    private const int MostNames = 50;
    private const long LeastRoom = 200L << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Everything that there is to look at.</summary>
    public async Task<IReadOnlyList<V1.Finding>> LookAsync(CancellationToken cancel) =>
    [
        await Task.Run(Storage, cancel),
        Disk(),
        .. await NamesAsync(cancel),
        .. await PeersAsync(cancel),
        Gateways(),
        Alarms(),
        Emergencies(),
        RtpPorts(),
        FastPath(),
        Conntrack(),
        Files(),
        Buffers(),
        Clock(),
    ];

    private static V1.Finding Found(string name, Verdict verdict, string detail, string advice = "") => new() { Name = name, Verdict = verdict, Detail = detail, Advice = advice };

    private static string Text(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private V1.Finding Storage()
    {
        try
        {
            store.Check(write: false);
            return Found("storage", Verdict.Fine, store is NoStore ? "Storage:Provider is None: what the API makes is kept until the bridge ends" : store.Name);
        }
        catch (StoreException e)
        {
            return Found("storage", Verdict.Wrong, e.Message, "calls go on, changes are refused: see BridgeStoreFails in the runbook");
        }
    }

    private V1.Finding Disk()
    {
        if (machine.FreeBytes(model.Config.Storage.Path) is not { } left) return Found("disk", Verdict.Unknown, "the room left could not be told");
        var detail = $"{Text(left >> 20)} MB left for storage and call records";
        return left < LeastRoom ? Found("disk", Verdict.Warning, detail, "make room") : Found("disk", Verdict.Fine, detail);
    }

    private async Task<IReadOnlyList<V1.Finding>> NamesAsync(CancellationToken cancel)
    {
        var names = state.Model.Gateways.Select(g => g.Host?.Name).Concat(state.Model.Peers.Select(p => p.Sip.Host)).OfType<string>()
            .Where(n => !System.Net.IPAddress.TryParse(n.Trim('[', ']'), out _)).Distinct(StringComparer.OrdinalIgnoreCase).Take(MostNames).ToList();
        if (names.Count == 0) return [Found("names", Verdict.Fine, "no gateway or peer is known by a name")];
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timeout.CancelAfter(Patience);
        var answers = await Task.WhenAll(names.Select(async name =>
        {
            try
            {
                return (name, Known: (await machine.Resolve(name, timeout.Token)).Count > 0);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                return (name, Known: false);
            }
        }));
        var lost = answers.Where(a => !a.Known).Select(a => a.name).ToList();
        // A peer's name may have nothing but SRV records.
        return [lost.Count == 0 ? Found("names", Verdict.Fine, $"{names.Count} names have addresses") : Found("names", Verdict.Warning, $"no address for {string.Join(", ", lost)}", "look at /etc/resolv.conf and the name servers; a domain with SRV records alone is fine")];
    }

    private V1.Finding Gateways()
    {
        var down = alarms.All.Where(a => a.Name == "GATEWAY_DOWN").Select(a => a.Resource).ToList();
        return down.Count == 0
            ? Found("gateways", Verdict.Fine, $"none of {state.Model.Gateways.Length} is down")
            : Found("gateways", Verdict.Wrong, $"{down.Count} of {state.Model.Gateways.Length} are down: {string.Join(", ", down.Take(5))}", "see MgcpGatewayDown in the runbook");
    }

    private V1.Finding Alarms()
    {
        var names = alarms.All.Select(a => a.Name).Distinct().ToList();
        return names.Count == 0 ? Found("alarms", Verdict.Fine, "none") : Found("alarms", Verdict.Warning, string.Join(", ", names), "mgcpsipctl alarms says more");
    }

    private V1.Finding Emergencies()
    {
        var warnings = string.Join("; ", EmergencyRoutes.Warnings(state.Model));
        return warnings.Length == 0
            ? Found("emergency calls", Verdict.Fine, $"{string.Join(", ", state.Model.EmergencyNumbers.Order(StringComparer.Ordinal))} may be dialled, and go where the routes say")
            : Found("emergency calls", Verdict.Warning, warnings, "name in Dial:EmergencyNumbers what is dialled for help in your country, and give each a route: see EmergencyUnrouted in the runbook");
    }

    // A port that the system lends to somebody else is one that a call cannot have.
    private V1.Finding RtpPorts()
    {
        const string File = "/proc/sys/net/ipv4/ip_local_port_range";
        var (first, last) = (model.FirstMediaPort, model.LastMediaPort);
        var range = machine.Read(File)?.Split((char[])['\t', ' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        if (range is not [var low, var high] || !int.TryParse(low, out var from) || !int.TryParse(high, out var to)) return Found("rtp ports", Verdict.Unknown, $"{File} could not be read");
        if (last < from || first > to) return Found("rtp ports", Verdict.Fine, $"{first}-{last}, apart from {from}-{to}, which the system lends to everybody");
        var reserved = machine.Read("/proc/sys/net/ipv4/ip_local_reserved_ports")?.Trim() ?? "";
        return Covers(reserved, Math.Max(first, from), Math.Min(last, to))
            ? Found("rtp ports", Verdict.Fine, $"{first}-{last}, reserved")
            : Found("rtp ports", Verdict.Warning, $"{first}-{last} overlap {from}-{to}, which the system lends to everybody", $"sysctl net.ipv4.ip_local_reserved_ports={first}-{last}");
    }

    private V1.Finding FastPath()
    {
        const string Through = "calls go through the bridge's own threads";
        return relay?.FastPath switch
        {
            null => Found("relay fast path", Verdict.Unknown, "the relay does not tell"),
            { Refusal: null } on => Found("relay fast path", Verdict.Fine, $"settled calls are passed on inside the kernel, at {on.Interfaces} interfaces"),
            { Interfaces: > 0 } part => Found(
                "relay fast path", Verdict.Warning, $"settled calls are passed on inside the kernel at {part.Interfaces} interfaces, and not everywhere: {part.Refusal}", "give it what it lacks; it is tried again every second"),
            _ when model.Config.Relay.FastPath == RelayFastPath.Off => Found("relay fast path", Verdict.Fine, $"Relay:FastPath is off: {Through}"),
            { Refusal: var why } => Found("relay fast path", Verdict.Warning, $"{why}: {Through}", "give it what it lacks (Linux 6.6, CAP_BPF and CAP_NET_ADMIN), or set Relay:FastPath to Off"),
        };
    }

    private static bool Covers(string reserved, int first, int last)
    {
        var free = first;
        foreach (var (from, to) in reserved.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Range).OrderBy(r => r.From))
            if (from <= free && to >= free) free = to + 1;
        return free > last;
    }

    private static (int From, int To) Range(string text)
    {
        var parts = text.Split('-');
        return int.TryParse(parts[0], out var from) && int.TryParse(parts[^1], out var to) ? (from, to) : (0, -1);
    }

    private V1.Finding Conntrack()
    {
        var (count, most) = (machine.Number("/proc/sys/net/netfilter/nf_conntrack_count"), machine.Number("/proc/sys/net/netfilter/nf_conntrack_max"));
        if (count is null || most is null) return Found("conntrack", Verdict.Fine, "connections are not tracked");
        return count > most * 8 / 10
            ? Found("conntrack", Verdict.Wrong, $"{Text(count.Value)} of {Text(most.Value)} entries: new calls will have no audio", "raise net.netfilter.nf_conntrack_max, or leave RTP out: deploy/network/nftables.conf")
            : Found("conntrack", Verdict.Fine, $"{Text(count.Value)} of {Text(most.Value)} entries");
    }

    // Two sockets and their RTCP for each side of a call, and what there is beside calls.
    private V1.Finding Files()
    {
        var line = machine.Read("/proc/self/limits")?.Split('\n').FirstOrDefault(l => l.StartsWith("Max open files", StringComparison.Ordinal));
        if (line?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not { Length: > 3 } words) return Found("open files", Verdict.Unknown, "the limit could not be read");
        if (!long.TryParse(words[3], out var limit)) return Found("open files", Verdict.Fine, "no limit");
        var calls = Math.Min(model.Config.Media.MaxSessions, model.MediaPorts / 4);
        var needed = calls * 6L + model.Config.Sip.Tcp.MaxConnections + 1000;
        return limit >= needed
            ? Found("open files", Verdict.Fine, $"{Text(limit)} may be open; {Text(calls)} calls need {Text(needed)}")
            : Found("open files", Verdict.Warning, $"{Text(limit)} may be open; {Text(calls)} calls (Media:Ports, Media:MaxSessions) need {Text(needed)}", "raise LimitNOFILE of the unit, or ulimit -n");
    }

    private V1.Finding Buffers()
    {
        const string File = "/proc/sys/net/core/rmem_max";
        var wanted = Math.Max(model.Config.Mgcp.ReceiveBufferBytes, model.Config.Sip.ReceiveBufferBytes);
        return machine.Number(File) switch
        {
            null => Found("receive buffers", Verdict.Unknown, $"{File} could not be read"),
            var most when most < wanted => Found("receive buffers", Verdict.Warning, $"the system grants {Text(most.Value)} bytes of the {Text(wanted)} that are asked for: bursts, as when many gateways restart, are dropped", $"sysctl net.core.rmem_max={wanted}"),
            var most => Found("receive buffers", Verdict.Fine, $"{Text(wanted)} bytes of at most {Text(most!.Value)}"),
        };
    }

    // Call records and certificates go by the clock; calls do not.
    private V1.Finding Clock() => machine.Read("/run/systemd/timesync/synchronized") is not null
        ? Found("clock", Verdict.Fine, "is kept by systemd-timesyncd")
        : Found("clock", Verdict.Unknown, "nothing says that it is kept in time", "chronyc tracking, or timedatectl, says whether it is; mgcpsipctl doctor compares it with its own");
}
