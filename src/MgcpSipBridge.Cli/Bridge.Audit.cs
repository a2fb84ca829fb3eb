using MgcpSipBridge.V1;

namespace MgcpSipBridge.Cli;

/// <content>Who did what.</content>
internal sealed partial class Bridge
{
    /// <summary>The latest entries of the audit log.</summary>
    public async Task AuditAsync(int most)
    {
        var client = new AuditService.AuditServiceClient(invoker);
        var all = new ListAuditEntriesResponse();
        while (all.AuditEntries.Count < most)
        {
            var page = await client.ListAuditEntriesAsync(new ListAuditEntriesRequest { PageSize = Math.Min(PageSize, most - all.AuditEntries.Count), PageToken = all.NextPageToken }, cancellationToken: cancel);
            all.AuditEntries.Add(page.AuditEntries);
            all.NextPageToken = page.NextPageToken;
            if (page.NextPageToken.Length == 0) break;
        }

        writer.Many(all, all.AuditEntries, ["ID", "TIME", "WHO", "FROM", "DID"], e => [e.Id, Text(e.Time), e.Principal, Or(e.Address), Did(e)]);
    }

    /// <summary>One entry with all that it changed.</summary>
    public async Task AuditEntryAsync(string id)
    {
        var entry = await new AuditService.AuditServiceClient(invoker).GetAuditEntryAsync(new GetAuditEntryRequest { AuditEntry = id }, cancellationToken: cancel);
        writer.One(entry, ("id", entry.Id), ("time", Text(entry.Time)), ("who", entry.Principal), ("from", Or(entry.Address)), ("by", entry.Method), ("node", entry.Node));
        if (writer.Format != OutputFormat.Table) return;
        foreach (var change in entry.Changes) writer.Text($"\n{change.Verb} {change.Resource}\n{Side("-", change.Before)}{Side("+", change.After)}");
    }

    private static string Did(AuditEntry entry) =>
        string.Join(", ", entry.Changes.Take(3).Select(c => $"{c.Verb} {c.Resource}")) + (entry.ChangeCount > 3 ? $" and {entry.ChangeCount - 3} more" : "");

    private static string Side(string sign, string json) => json.Length == 0 ? "" : $"  {sign} {json}\n";
}
