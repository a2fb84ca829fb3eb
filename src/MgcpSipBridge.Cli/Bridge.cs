using System.Globalization;
using Grpc.Core;
using MgcpSipBridge.V1;

namespace MgcpSipBridge.Cli;

/// <summary>Asks a bridge and writes what it answers; lists are fetched page by page until they end.</summary>
internal sealed partial class Bridge(CallInvoker invoker, AnswerWriter writer, StandardInput input, CancellationToken cancel)
{
    private const int PageSize = 1000;

    public async Task StatusAsync()
    {
        var status = await new SystemService.SystemServiceClient(invoker).GetStatusAsync(new GetStatusRequest(), cancellationToken: cancel);
        writer.One(status,
            ("node", status.Node),
            ("version", status.Version),
            ("state", Text(status.State)),
            ("since", Text(status.StartTime)),
            ("calls", Text(status.Calls)),
            ("connections", Text(status.Connections)),
            ("media sessions", Text(status.MediaSessions)),
            ("SIP dialogs", Text(status.SipDialogs)),
            ("SIP transactions", Text(status.SipTransactions)),
            ("MGCP transactions", Text(status.MgcpTransactions)));
    }

    public async Task GatewayAsync(string name)
    {
        var gateway = await new GatewayService.GatewayServiceClient(invoker).GetGatewayAsync(new GetGatewayRequest { Gateway = name }, cancellationToken: cancel);
        Write(gateway);
    }

    public async Task DiscoveredAsync()
    {
        var client = new GatewayService.GatewayServiceClient(invoker);
        var all = new ListDiscoveredGatewaysResponse();
        await PagesAsync(async token =>
        {
            var page = await client.ListDiscoveredGatewaysAsync(new ListDiscoveredGatewaysRequest { PageSize = PageSize, PageToken = token }, cancellationToken: cancel);
            all.DiscoveredGateways.Add(page.DiscoveredGateways);
            return page.NextPageToken;
        });
        writer.Many(all, all.DiscoveredGateways, ["DOMAIN", "ADDRESS", "VERSION", "FIRST HEARD", "LAST HEARD", "COUNT", "STATE"],
            d => [d.Domain, d.Address, Or(d.Version), Text(d.FirstHeardTime), Text(d.LastHeardTime), Text(d.MessageCount), Text(d.State)]);
    }

    public async Task AdoptAsync(string domain, string address)
    {
        var request = new AdoptDiscoveredGatewayRequest { Domain = domain, Address = address };
        Write(await new GatewayService.GatewayServiceClient(invoker).AdoptDiscoveredGatewayAsync(request, cancellationToken: cancel));
    }

    private void Write(Gateway gateway)
    {
        writer.One(gateway, Facts(gateway));
        if (writer.Format != OutputFormat.Table) return;
        writer.Text("\n");
        writer.Many(gateway, gateway.Traits, ["TRAIT", "VALUE", "SOURCE"], t => [t.Name, Or(t.Value), Text(t.Source)]);
        if (gateway.Adopted) writer.Text("\n" + gateway.ProposedLinesYaml);
    }

    public async Task PeersAsync(ListWish wish)
    {
        var client = new PeerService.PeerServiceClient(invoker);
        var all = new ListPeersResponse();
        await PagesAsync(async token =>
        {
            var page = await client.ListPeersAsync(new ListPeersRequest { PageSize = PageSize, PageToken = token, Filter = wish.Filter, OrderBy = wish.OrderBy }, cancellationToken: cancel);
            all.Peers.Add(page.Peers);
            return page.NextPageToken;
        });
        writer.Many(all, all.Peers, ["NAME", "URI", "REGISTRATION", "REGISTERED", "REACHABLE"], p => [p.Name, p.Uri, Text(p.Registration), $"{p.RegisteredCount}/{p.RegistrationCount}", Text(p.Reachability)]);
    }

    public async Task RoutesAsync(ListWish wish)
    {
        var client = new RouteService.RouteServiceClient(invoker);
        var all = new ListRoutesResponse();
        await PagesAsync(async token =>
        {
            var page = await client.ListRoutesAsync(new ListRoutesRequest { PageSize = PageSize, PageToken = token, Filter = wish.Filter, OrderBy = wish.OrderBy }, cancellationToken: cancel);
            all.Routes.Add(page.Routes);
            return page.NextPageToken;
        });
        writer.Many(all, all.Routes, ["NAME", "PREFIX", "PRIORITY", "DIGITS", "STRIP", "PREPEND", "PEER", "FAILOVER"],
            r => [r.Name, Or(r.Prefix), Text(r.Priority), r.MaxDigits == 0 ? $"{r.MinDigits}+" : $"{r.MinDigits}-{r.MaxDigits}", Text(r.StripDigits), Or(r.Prepend), r.Peer, Or(string.Join(' ', r.Failover))]);
    }

    public async Task CallAsync(string id, bool withLadder)
    {
        var client = new CallService.CallServiceClient(invoker);
        if (withLadder)
        {
            var ladder = await client.GetLadderAsync(new GetLadderRequest { Call = id }, cancellationToken: cancel);
            writer.One(ladder, Facts(ladder.Call));
            if (writer.Format == OutputFormat.Table) writer.Text("\n" + LadderDrawing.Draw(ladder, LadderDrawing.LaneIn(writer.Room)));
            return;
        }

        var call = await client.GetCallAsync(new GetCallRequest { Call = id }, cancellationToken: cancel);
        writer.One(call, Facts(call));
    }

    /// <summary>Writes a call's messages into a pcap file.</summary>
    public async Task CaptureAsync(string id, string file)
    {
        var capture = await new CallService.CallServiceClient(invoker).GetCaptureAsync(new GetCaptureRequest { Call = id }, cancellationToken: cancel);
        try
        {
            await using var output = file == "-" ? Console.OpenStandardOutput() : CreateForOwner(file);
            await output.WriteAsync(capture.Data.Memory, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{file} cannot be written: {e.Message}");
        }
    }

    private static (string, string)[] Facts(Gateway gateway) =>
    [
        ("name", gateway.Name),
        ("domain", gateway.Domain),
        ("state", Text(gateway.State)),
        ("address", Or(gateway.Address)),
        .. gateway.ConfiguredAddress.Length > 0 && gateway.ConfiguredAddress != gateway.Address ? [("configured address", gateway.ConfiguredAddress)] : Array.Empty<(string, string)>(),
        .. gateway.Host.Length > 0 ? [("host", gateway.Host)] : Array.Empty<(string, string)>(),
        .. gateway.AddressProblem.Length > 0 ? [("address problem", gateway.AddressProblem)] : Array.Empty<(string, string)>(),
        ("profile", Text(gateway.Profile)),
        ("last heard", Text(gateway.LastHeardTime)),
        ("throttled", gateway.Throttled ? "yes" : "no"),
        ("pending transactions", Text(gateway.PendingTransactions)),
        ("source", Text(gateway.Source)),
        .. gateway.Etag.Length > 0 ? [("etag", gateway.Etag)] : Array.Empty<(string, string)>(),
        ("lines", Lines(gateway)),
        .. gateway.Adopted ? [("adopted", "until the bridge ends; see below for lines.yaml")] : Array.Empty<(string, string)>(),
    ];

    private static string Lines(Gateway gateway)
    {
        var s = gateway.Services;
        var parts = ((int Count, string Name)[])
            [(s.InService, "in service"), (s.Draining, "draining"), (s.Restarting, "restarting"), (s.Silent, "silent"), (s.Refused, "refused"), (s.Unknown, "unknown")];
        var told = string.Join(", ", parts.Where(p => p.Count > 0).Select(p => $"{Text(p.Count)} {p.Name}"));
        return told.Length == 0 ? "0" : $"{Text(gateway.LineCount)}: {told}";
    }

    private static (string, string)[] Facts(Call call) =>
    [
        ("id", call.Id),
        ("direction", Text(call.Direction)),
        ("line", $"{call.Line} on {call.Gateway}"),
        ("peer", Or(call.Peer)),
        ("caller", Or(call.Caller)),
        ("called", Or(call.Called)),
        ("state", Text(call.State) + Doing(call)),
        ("codec", call.LineCodec == call.PeerCodec || call.PeerCodec.Length == 0 ? Or(call.LineCodec) : $"{Or(call.LineCodec)} at the line, {call.PeerCodec} at the peer"),
        ("encrypted", call.Encrypted ? "yes, towards the peer (SRTP)" : "no"),
        ("started", Text(call.StartTime)),
        ("answered", Text(call.AnswerTime)),
        ("ended", Text(call.EndTime)),
        ("outcome", call.Outcome == V1.Call.Types.Outcome.Unspecified ? "-" : Text(call.Outcome)),
        ("MGCP call id", Or(call.MgcpCallId)),
        ("SIP Call-ID", Or(call.SipCallId)),
    ];

    // What there is to say beside the state, each with a comma before it.
    private static string Doing(Call call) => string.Concat(
        call.Held ? ", the far end waits" : "",
        call.Attended ? ", answered by the bridge" : "",
        string.Concat(call.Muted.Select(side => $", {Text(side).ToLowerInvariant()} muted")),
        call.Recording.Length > 0 ? $", recording {call.Recording}" : "",
        call.LineConference.Length > 0 ? $", line in conference {call.LineConference}" : "",
        call.PeerConference.Length > 0 ? $", peer in conference {call.PeerConference}" : "");

    private static string Or(string text) => text.Length == 0 ? "-" : text;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    // SipToMgcp as SIP_TO_MGCP: the words of the API, whatever the language.
    private static string Text<T>(T value)
        where T : struct, Enum =>
        string.Concat(value.ToString().Select((c, i) => i > 0 && char.IsAsciiLetterUpper(c) ? $"_{c}" : char.ToUpperInvariant(c).ToString()));

    private static string Text(Google.Protobuf.WellKnownTypes.Timestamp? time) =>
        time is null ? "-" : time.ToDateTimeOffset().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static async Task PagesAsync(Func<string, Task<string>> fetch)
    {
        var token = "";
        do token = await fetch(token);
        while (token.Length > 0);
    }
}
