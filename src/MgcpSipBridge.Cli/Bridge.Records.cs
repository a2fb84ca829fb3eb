using MgcpSipBridge.V1;

namespace MgcpSipBridge.Cli;

/// <content>Call records.</content>
internal sealed partial class Bridge
{
    /// <summary>The latest records that fit.</summary>
    public async Task RecordsAsync(string filter, int most)
    {
        var client = new CallRecordService.CallRecordServiceClient(invoker);
        var all = new ListCallRecordsResponse();
        while (all.CallRecords.Count < most)
        {
            var page = await client.ListCallRecordsAsync(
                new ListCallRecordsRequest { PageSize = Math.Min(PageSize, most - all.CallRecords.Count), PageToken = all.NextPageToken, Filter = filter }, cancellationToken: cancel);
            all.CallRecords.Add(page.CallRecords);
            all.NextPageToken = page.NextPageToken;
            if (page.NextPageToken.Length == 0) break;
        }

        writer.Many(all, all.CallRecords, ["ID", "CALLER", "CALLED", "LINE", "OUTCOME", "TALKED", "SIP", "MGCP", "Q.850"],
            r => [r.Id, Or(r.Caller), Or(r.Called), r.Line, Text(r.Outcome), $"{Text((int)r.Talked.ToTimeSpan().TotalSeconds)} s", Text(r.SipStatus), Text(r.MgcpCode), Text(r.Q850Cause)]);
    }

    /// <summary>One record.</summary>
    public async Task RecordAsync(string id)
    {
        var r = await new CallRecordService.CallRecordServiceClient(invoker).GetCallRecordAsync(new GetCallRecordRequest { CallRecord = id }, cancellationToken: cancel);
        writer.One(r,
        [
            ("id", r.Id),
            ("line", $"{r.Line} on {r.Gateway}"),
            ("peer", Or(r.Peer)),
            ("direction", Text(r.Direction)),
            ("caller", Or(r.Caller)),
            ("called", Or(r.Called)),
            ("start", Text(r.StartTime)),
            ("answer", Text(r.AnswerTime)),
            ("end", Text(r.EndTime)),
            ("outcome", $"{Text(r.Outcome)}, ended by the {(r.EndedByLine ? "line" : "peer or the bridge")}"),
            ("causes", $"SIP {Text(r.SipStatus)}, MGCP {Text(r.MgcpCode)}, Q.850 {Text(r.Q850Cause)}"),
            .. Media("gateway's audio", r.GatewayMedia),
            .. Media("peer's audio", r.SipMedia),
            .. r.Silences.Count > 0 ? [("not heard", string.Join(' ', r.Silences))] : Array.Empty<(string, string)>(),
            .. r.Features.Count > 0 ? [("features", string.Join(' ', r.Features))] : Array.Empty<(string, string)>(),
        ]);
    }

    private static (string, string)[] Media(string name, MediaCounters? counted) => counted is null ? [] :
        [(name, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{counted.PacketsReceived} packets, {counted.PacketsLost} lost, jitter {counted.JitterMilliseconds:0.0} ms"))];
}
