using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using MgcpSipBridge.Host.Audit;

namespace MgcpSipBridge.Host.Api;

/// <summary>The audit log.</summary>
internal sealed class AuditResource(IAuditLog audit, ApiTurns turns) : V1.AuditService.AuditServiceBase
{
    private const int ShownInList = 10;

    public override Task<V1.ListAuditEntriesResponse> ListAuditEntries(V1.ListAuditEntriesRequest request, ServerCallContext context) => turns.Reads.ReadAsync(() =>
    {
        var size = Paging.SizeOf(request.PageSize);
        var query = new ListQuery(request.PageSize, request.PageToken, "", "");
        long? before = PageTokens.Read(V1.AuditEntry.Descriptor, query) is { } keys ? long.Parse(keys[0], CultureInfo.InvariantCulture) : null;
        var entries = audit.List(before, size + 1);
        return new V1.ListAuditEntriesResponse
        {
            AuditEntries = { entries.Take(size).Select(entry => ToMessage(entry, ShownInList)) },
            NextPageToken = entries.Count > size ? PageTokens.Write(V1.AuditEntry.Descriptor, query, Text(entries[size - 1].Id)) : "",
        };
    });

    public override Task<V1.AuditEntry> GetAuditEntry(V1.GetAuditEntryRequest request, ServerCallContext context) => turns.Reads.ReadAsync(() =>
        (long.TryParse(request.AuditEntry, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? audit.Find(id) : null) is { } found
            ? ToMessage(found, int.MaxValue)
            : throw ApiErrors.NotFound($"audit entry {request.AuditEntry}"));

    private static V1.AuditEntry ToMessage(AuditEntry entry, int most) => new()
    {
        Id = Text(entry.Id),
        Time = Timestamp.FromDateTime(entry.Time),
        Principal = entry.Principal,
        Address = entry.Address,
        Method = entry.Method,
        Node = entry.Node,
        Changes =
        {
            entry.Changes.Take(most).Select(change => new V1.AuditChange
            {
                Resource = change.Resource, Verb = change.Verb, Before = change.Before?.ToJsonString() ?? "", After = change.After?.ToJsonString() ?? "",
            }),
        },
        ChangeCount = entry.Changes.Count,
    };

    private static string Text(long id) => id.ToString(CultureInfo.InvariantCulture);
}
