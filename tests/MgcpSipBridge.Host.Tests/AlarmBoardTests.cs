using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Api;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Events;
using MgcpSipBridge.Host.Shards;
using Prometheus;
using ITimer = System.Threading.ITimer;

namespace MgcpSipBridge.Host.Tests;

/// <summary>A bug is shown for an hour after it was last seen.</summary>
public sealed class AlarmBoardTests
{
    [Fact]
    public void A_fault_is_shown_until_an_hour_has_passed_without_another()
    {
        var time = new Hours();
        using var happenings = new Happenings(new EventsSection(), new BridgeState("node", "0", new MonotonicClock()), Metrics.NewCustomRegistry());
        using var alarms = new AlarmBoard(happenings.Feed, time);
        alarms.Apply(new EngineNote.Fault("here", new InvalidOperationException()));
        var raised = Assert.Single(alarms.All);
        Assert.Equal("INTERNAL_ERROR", raised.Name);
        Assert.Equal(TimeSpan.FromHours(1), time.Due);
        // Another one: the same alarm, and the hour begins anew.
        time.Due = TimeSpan.Zero;
        alarms.Apply(new EngineNote.Fault("there", new InvalidOperationException()));
        Assert.Same(raised, Assert.Single(alarms.All));
        Assert.Equal(TimeSpan.FromHours(1), time.Due);
        time.Pass();
        Assert.Empty(alarms.All);
        alarms.Apply(new EngineNote.Fault("here", new InvalidOperationException()));
        Assert.Single(alarms.All);
    }

    /// <summary>A clock with one timer, which goes off when it is told to.</summary>
    private sealed class Hours : TimeProvider, ITimer
    {
        private Action _fire = () => { };

        public TimeSpan Due { get; set; }

        public void Pass() => _fire();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (_fire, Due) = (() => callback(state), dueTime);
            return this;
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Due = dueTime;
            return true;
        }

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
