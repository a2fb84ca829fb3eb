using System.Globalization;
using Google.Protobuf.WellKnownTypes;

namespace MgcpSipBridge.Host.Records;

/// <summary>
/// A record in the columns of Asterisk's Master.csv, which billing programs read: accountcode, src, dst, dcontext, clid, channel, dstchannel, lastapp, lastdata,
/// start, answer, end, duration, billsec, disposition, amaflags, uniqueid, userfield. Times are UTC; texts stand between quotes, numbers do not.
/// </summary>
internal static class AsteriskCsv
{
    /// <summary>The line, without its end.</summary>
    public static string Write(V1.CallRecord record)
    {
        var fromLine = record.Direction == V1.Call.Types.Direction.MgcpToSip;
        var (line, peer) = ($"MGCP/{record.Line}@{record.Gateway}-{record.Call}", record.Peer.Length == 0 ? "" : $"SIP/{record.Peer}-{record.Call}");
        return string.Join(',',
            Text(record.Line),
            Text(record.Caller),
            Text(record.Called),
            Text(fromLine ? "mgcp" : "sip"),
            Text(record.Caller),
            Text(fromLine ? line : peer),
            Text(fromLine ? peer : line),
            Text(record.Called.Length == 0 ? "" : "Dial"),
            Text(record.Called.Length == 0 ? "" : fromLine ? $"SIP/{record.Peer}/{record.Called}" : $"MGCP/{record.Line}@{record.Gateway}"),
            Time(record.StartTime),
            Time(record.AnswerTime),
            Time(record.EndTime),
            Seconds(record.Duration),
            Seconds(record.Talked),
            Text(Disposition(record)),
            Text("DOCUMENTATION"),
            Text(record.Id),
            Text($"q850={record.Q850Cause};sip={record.SipStatus};mgcp={record.MgcpCode};callid={record.SipCallId}"));
    }

    private static string Disposition(V1.CallRecord record) => record.Outcome switch
    {
        V1.Call.Types.Outcome.Answered => "ANSWERED",
        V1.Call.Types.Outcome.Busy => "BUSY",
        V1.Call.Types.Outcome.NoAnswer or V1.Call.Types.Outcome.Cancelled or V1.Call.Types.Outcome.Abandoned => "NO ANSWER",
        _ => "FAILED",
    };

    // A name may hold anything: quotes are doubled, and a line stays one line.
    private static string Text(string text) =>
        '"' + string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)).Replace("\"", "\"\"", StringComparison.Ordinal) + '"';

    private static string Time(Timestamp? at) => at is null ? Text("") : Text(at.ToDateTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture));

    private static string Seconds(Duration? span) => ((long)(span?.ToTimeSpan().TotalSeconds ?? 0)).ToString(CultureInfo.InvariantCulture);
}
