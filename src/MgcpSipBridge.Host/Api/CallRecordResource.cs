using System.Globalization;
using Grpc.Core;
using MgcpSipBridge.Host.Records;

namespace MgcpSipBridge.Host.Api;

/// <summary>Call records.</summary>
internal sealed class CallRecordResource(ICallRecords records, ApiTurns turns) : V1.CallRecordService.CallRecordServiceBase
{
    // What one request looks through at most for what a filter wants.
    private const int MostLookedAt = 20_000;
    private const int Batch = 500;

    public override async Task<V1.ListCallRecordsResponse> ListCallRecords(V1.ListCallRecordsRequest request, ServerCallContext context)
    {
        var filter = Listing.Filter(request.Filter, V1.CallRecord.Descriptor);
        var size = Paging.SizeOf(request.PageSize);
        var query = new ListQuery(request.PageSize, request.PageToken, request.Filter, "");
        long? before = PageTokens.Read(V1.CallRecord.Descriptor, query) is { } keys ? long.Parse(keys[0], CultureInfo.InvariantCulture) : null;
        var response = new V1.ListCallRecordsResponse();
        for (var looked = 0; looked < MostLookedAt; looked += Batch)
        {
            // Without a filter all that is read is wanted.
            var most = filter is null ? Math.Min(Batch, size - response.CallRecords.Count) : Batch;
            context.CancellationToken.ThrowIfCancellationRequested();
            var batch = await turns.Reads.ReadAsync(() => records.List(before, most));
            foreach (var (at, record) in batch)
            {
                before = at;
                if (filter is not null && !filter.Matches(record)) continue;
                response.CallRecords.Add(record);
                if (response.CallRecords.Count == size) break;
            }

            if (response.CallRecords.Count == size) break;
            // The end was reached: there is no next page.
            if (batch.Count < most) return response;
        }

        if ((await turns.Reads.ReadAsync(() => records.List(before, 1))).Count > 0) response.NextPageToken = PageTokens.Write(V1.CallRecord.Descriptor, query, before!.Value.ToString(CultureInfo.InvariantCulture));
        return response;
    }

    public override async Task<V1.CallRecord> GetCallRecord(V1.GetCallRecordRequest request, ServerCallContext context) =>
        await turns.Reads.ReadAsync(() => records.Find(request.CallRecord)) ?? throw ApiErrors.NotFound($"call record {request.CallRecord}");
}
