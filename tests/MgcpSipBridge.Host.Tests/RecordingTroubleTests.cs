using Grpc.Core;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Api;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Events;
using MgcpSipBridge.Host.Shards;
using MgcpSipBridge.Media;
using Prometheus;

namespace MgcpSipBridge.Host.Tests;

/// <summary>What operators and clients are told while calls cannot be recorded.</summary>
public sealed class RecordingTroubleTests
{
    [Fact]
    public void A_recording_that_fails_raises_an_alarm_until_one_succeeds()
    {
        using var happenings = new Happenings(new EventsSection(), new BridgeState("node", "0", new MonotonicClock()), Metrics.NewCustomRegistry());
        using var alarms = new AlarmBoard(happenings.Feed);
        alarms.Apply(Ended(RecordingEnd.Failed, RecordingFault.TooMany));
        alarms.Apply(Ended(RecordingEnd.Failed, RecordingFault.None));
        Assert.Empty(alarms.All);
        alarms.Apply(Ended(RecordingEnd.Failed, RecordingFault.Disk));
        var raised = Assert.Single(alarms.All);
        Assert.Equal("RECORDING_FAILED", raised.Name);
        Assert.Contains("disk", raised.Detail, StringComparison.Ordinal);
        // No more of it, and no less, while others fail.
        alarms.Apply(Ended(RecordingEnd.Failed, RecordingFault.TooMany));
        alarms.Apply(Ended(RecordingEnd.Failed, RecordingFault.Refused));
        Assert.Same(raised, Assert.Single(alarms.All));
        alarms.Apply(Ended(RecordingEnd.Closed, RecordingFault.None));
        Assert.Empty(alarms.All);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_recording_whose_last_words_fail_raises_it_too_whichever_is_told_first(bool first)
    {
        using var happenings = new Happenings(new EventsSection(), new BridgeState("node", "0", new MonotonicClock()), Metrics.NewCustomRegistry());
        using var alarms = new AlarmBoard(happenings.Feed);
        if (first) alarms.RecordingCut(new(1));
        alarms.Apply(Ended(RecordingEnd.Stopped, RecordingFault.None));
        if (!first) alarms.RecordingCut(new(1));
        Assert.Equal("RECORDING_FAILED", Assert.Single(alarms.All).Name);
        alarms.Apply(Ended(RecordingEnd.Stopped, RecordingFault.None) with { Recording = new(2) });
        Assert.Empty(alarms.All);
    }

    [Fact]
    public void No_recording_is_begun_on_a_full_disk()
    {
        var room = false;
        var wishes = new AudioWishes(new SoundsSection(), new RecordingsSection { Folder = "/recordings" }, _ => false, () => room);
        var request = new V1.RecordCallRequest { Call = "c1", Format = V1.RecordCallRequest.Types.Format.Mixed };
        var refused = Assert.Throws<RpcException>(() => wishes.Record(request));
        Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
        Assert.Contains("no room", refused.Status.Detail, StringComparison.Ordinal);
        room = true;
        Assert.Equal(RecordingKind.Mixed, wishes.Record(request).Kind);
    }

    private static EngineNote.RecordingEnded Ended(RecordingEnd reason, RecordingFault fault) => new("c1", new RecordingId(1), reason, 100, TimeSpan.FromSeconds(1), fault);
}
