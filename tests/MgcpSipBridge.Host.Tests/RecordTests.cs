using Google.Protobuf.WellKnownTypes;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Api;
using MgcpSipBridge.Host.Records;
using MgcpSipBridge.Host.Shards;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.V1;
using EngineRecord = MgcpSipBridge.Engine.CallRecord;
using Record = MgcpSipBridge.V1.CallRecord;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Records: how they are put together, how they are written.</summary>
public sealed class RecordTests
{
    private static readonly RelayStatistics Statistics = new(new(950, 1000, 50, 2, TimeSpan.FromMilliseconds(4), RoundTrip: TimeSpan.FromMilliseconds(32), ReportedLost: 7, ReportedJitter: TimeSpan.FromMilliseconds(9), Mos: 3.456), new(1000, 950, 0, 0, TimeSpan.Zero));

    private static readonly ConnectionStatistics Told = ConnectionStatistics.Read("PS=1000, PR=950"u8)!;

    private readonly List<Record> _ended = [];
    private readonly List<Record> _whole = [];
    private readonly RecordBook _book;

    public RecordTests() => _book = new RecordBook(new BridgeState("node-a", "1", new MonotonicClock()), _ended.Add, _whole.Add);

    [Fact]
    public void An_answered_call_is_whole_when_gateway_and_relay_have_told_what_they_counted()
    {
        Take(
            new EngineNote.CallStarted("c1", "1001", true),
            new EngineNote.MediaChanged(new MediaId(1), true, null) { CallId = "c1" },
            new EngineNote.PostDialDelay("c1", TimeSpan.FromMilliseconds(300)),
            new EngineNote.AudioChanged("c1", RelayAudio.SipSilent, true),
            new EngineNote.AudioChanged("c1", RelayAudio.Flowing, false),
            new EngineNote.FeatureUsed("c1", CallFeature.TransferByPeer),
            new EngineNote.FeatureUsed("c1", CallFeature.Hold),
            new EngineNote.FeatureUsed("c1", CallFeature.Hold),
            new EngineNote.AudioChanged("c1", RelayAudio.SipSilent, false),
            End(answered: true));
        Assert.Single(_ended);
        Assert.Empty(_whole);
        Take(new EngineNote.MediaChanged(new MediaId(1), false, Statistics) { CallId = "c1" });
        Assert.Empty(_whole);
        Take(new EngineNote.GatewayCounted("c1", Told));
        var record = Assert.Single(_whole);
        Assert.Equal((0, "node-a", "c1", "1001", "gw1", "pbx"), (_book.Open, record.Node, record.Call, record.Line, record.Gateway, record.Peer));
        Assert.Equal((200, 250, 16, true, Call.Types.Outcome.Answered), (record.SipStatus, record.MgcpCode, record.Q850Cause, record.EndedByLine, record.Outcome));
        Assert.Equal((2.0, 1.0, 0.3), (record.Duration.ToTimeSpan().TotalSeconds, record.Talked.ToTimeSpan().TotalSeconds, record.PostDialDelay.ToTimeSpan().TotalSeconds));
        Assert.Equal((950, 50, 4.0, 1000), (record.GatewayMedia.PacketsReceived, record.GatewayMedia.PacketsLost, record.GatewayMedia.JitterMilliseconds, record.SipMedia.PacketsReceived));
        Assert.Equal((32.0, 7, 9.0, 3.46), (record.GatewayMedia.RoundTripMilliseconds, record.GatewayMedia.PacketsReportedLost, record.GatewayMedia.JitterReportedMilliseconds, record.GatewayMedia.Mos));
        Assert.Equal("NORMAL_CLEARING", record.EndCause);
        Assert.Equal(950, record.GatewayCounters.PacketsReceived);
        Assert.Equal(["SIP_SILENT"], record.Silences);
        Assert.Equal(["TRANSFER_BY_PEER", "HOLD"], record.Features);
        Assert.EndsWith("-c1", record.Id, StringComparison.Ordinal);
        // What was kept at the end is the taker's own.
        Assert.Null(_ended[0].GatewayMedia);
        Assert.Equal(_ended[0].Id, record.Id);
    }

    [Fact]
    public void What_the_caller_sent_along_and_what_the_peer_warned_of_is_written_down()
    {
        var end = End(answered: false);
        var view = end.Record.Call with { Headers = [("User-to-User", "00;encoding=hex"), ("X-Account", "4711"), ("User-to-User", "01")], Warning = "305 Incompatible media format" };
        Take(new EngineNote.CallEnded(end.Record with { Call = view }));
        var record = Assert.Single(_whole);
        Assert.Equal("305 Incompatible media format", record.SipWarning);
        Assert.Equal([("User-to-User", "00;encoding=hex, 01"), ("X-Account", "4711")], record.Headers.OrderBy(header => header.Key, StringComparer.Ordinal).Select(header => (header.Key, header.Value)));
    }

    [Fact]
    public void A_call_without_audio_is_whole_at_its_end()
    {
        Take(new EngineNote.CallStarted("c1", "1001", true), End(answered: false));
        Assert.Null(Assert.Single(_whole).AnswerTime);
    }

    [Fact]
    public void A_gateway_that_does_not_tell_is_not_waited_for_for_ever()
    {
        Take(new EngineNote.CallStarted("c1", "1001", true), new EngineNote.MediaChanged(new MediaId(1), true, null) { CallId = "c1" }, End(answered: true),
            new EngineNote.MediaChanged(new MediaId(1), false, Statistics) { CallId = "c1" }, new EngineNote.CallStarted("c2", "1002", true));
        _book.Sweep(DateTime.UtcNow);
        Assert.Empty(_whole);
        _book.Sweep(DateTime.UtcNow + RecordBook.Patience + TimeSpan.FromSeconds(1));
        Assert.Null(Assert.Single(_whole).GatewayCounters);
        // A call that lives has no record yet.
        Assert.Equal(1, _book.Open);
    }

    [Fact]
    public void Csv_has_the_columns_of_Asterisk()
    {
        var record = Record("20260501123000-00c0ffee");
        record.Caller = "Al \"A\"\r\n,x";
        Assert.Equal(
            "\"1001\",\"Al \"\"A\"\"  ,x\",\"5551234\",\"mgcp\",\"Al \"\"A\"\"  ,x\",\"MGCP/1001@gw1-00c0ffee\",\"SIP/pbx-00c0ffee\",\"Dial\",\"SIP/pbx/5551234\",\"2026-05-01 12:30:00\",\"2026-05-01 12:30:05\",\"2026-05-01 12:31:06\",66,61,\"ANSWERED\",\"DOCUMENTATION\",\"20260501123000-00c0ffee\",\"q850=16;sip=200;mgcp=250;callid=x@y\"",
            AsteriskCsv.Write(record));
        record = new Record { Id = "i", Call = "c", Line = "1001", Gateway = "gw1", Direction = Call.Types.Direction.SipToMgcp, Peer = "pbx", Called = "1001", Outcome = Call.Types.Outcome.Busy };
        Assert.Contains("\"sip\",\"\",\"SIP/pbx-c\",\"MGCP/1001@gw1-c\",\"Dial\",\"MGCP/1001@gw1\",\"\",\"\",\"\",0,0,\"BUSY\"", AsteriskCsv.Write(record), StringComparison.Ordinal);
        Assert.Equal(18, AsteriskCsv.Write(record).Split(',').Length);
    }

    [Fact]
    public void Json_is_read_as_it_was_written_and_nonsense_is_not()
    {
        var record = Record("a");
        record.GatewayMedia = new MediaCounters { PacketsLost = 3, JitterMilliseconds = 1.5 };
        Assert.Equal(record, RecordJson.Read(RecordJson.Write(record)));
        Assert.DoesNotContain('\n', RecordJson.Write(record));
        Assert.Equal("a", RecordJson.Read("""{"id":"a","ofTheFuture":1}""")!.Id);
        Assert.Null(RecordJson.Read("""{"id":"""));
        Assert.Null(RecordJson.Read("nonsense"));
    }

    /// <summary>A whole record.</summary>
    internal static Record Record(string id)
    {
        var start = new DateTime(2026, 5, 1, 12, 30, 0, DateTimeKind.Utc);
        return new Record
        {
            Id = id,
            Node = "node-a",
            Call = "00c0ffee",
            Line = "1001",
            Gateway = "gw1",
            Peer = "pbx",
            Direction = Call.Types.Direction.MgcpToSip,
            Caller = "1001",
            Called = "5551234",
            StartTime = Timestamp.FromDateTime(start),
            AnswerTime = Timestamp.FromDateTime(start.AddSeconds(5)),
            EndTime = Timestamp.FromDateTime(start.AddSeconds(66.9)),
            Duration = Duration.FromTimeSpan(TimeSpan.FromSeconds(66.9)),
            Talked = Duration.FromTimeSpan(TimeSpan.FromSeconds(61.9)),
            Outcome = Call.Types.Outcome.Answered,
            SipStatus = 200,
            MgcpCode = 250,
            Q850Cause = 16,
            SipCallId = "x@y",
        };
    }

    private static EngineNote.CallEnded End(bool answered) => new(new EngineRecord(
        Samples.Call with { Answered = answered ? new Instant(20_000_000) : null, Ended = new Instant(30_000_000), Outcome = answered ? CallOutcome.Answered : CallOutcome.Busy }, 250, 200, 16, true, answered ? TimeSpan.FromSeconds(1) : TimeSpan.Zero));

    private void Take(params EngineNote[] notes)
    {
        foreach (var note in notes) _book.Apply(note);
    }
}
