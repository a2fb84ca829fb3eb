using MgcpSipBridge.V1;

namespace MgcpSipBridge.Cli;

/// <content>Clients that route calls.</content>
internal sealed partial class Bridge
{
    /// <summary>Those that are registered at the moment.</summary>
    public async Task RoutersAsync()
    {
        var client = new RoutingService.RoutingServiceClient(invoker);
        var all = new ListRoutersResponse();
        await PagesAsync(async token =>
        {
            var page = await client.ListRoutersAsync(new ListRoutersRequest { PageSize = PageSize, PageToken = token }, cancellationToken: cancel);
            all.Routers.Add(page.Routers);
            return page.NextPageToken;
        });
        writer.Many(all, all.Routers, ["NAME", "CLIENT", "SINCE", "CALLS", "LINES", "PREFIXES", "PRIORITY", "ASKED", "ANSWERED", "MISSED", "WAITING"],
            r => [r.Name, r.Client, Text(r.Since), Text(r.Calls), Some(r.Lines, r.LineCount), Some(r.Prefixes, r.PrefixCount), Text(r.Priority), Text((int)r.AskedCount), Text((int)r.AnsweredCount), Text((int)r.MissedCount), Text(r.WaitingCount)]);
    }

    // A few tell which, and the rest how many.
    private static string Some(IReadOnlyCollection<string> names, int count) => count == 0 ? "all" : string.Join(' ', names.Take(3)) + (count > 3 ? $" and {Text(count - 3)} more" : "");
}
