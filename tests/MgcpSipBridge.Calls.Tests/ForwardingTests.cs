using MgcpSipBridge.SansIo;
using static MgcpSipBridge.Calls.CallEvent;
using static MgcpSipBridge.Calls.CallState;

namespace MgcpSipBridge.Calls.Tests;

public class ForwardingTests
{
    private static readonly Call In = new(new CallId(2), FromLine: false, new Party("1002"));
    private static readonly Call Out = new(new CallId(1), FromLine: true, new Party("5551234"));
    private static readonly Dialing Dialling = new(new Call(new CallId(1), true, Party.Unknown), "");
    private static readonly LineSettings All = new() { DoNotDisturb = true, ForwardAlways = "1", ForwardBusy = "2", ForwardNoAnswer = "3" };

    public static TheoryData<CallState, LineSettings, ForwardReason, string> Sent() => new()
    {
        { Idle.Instance, All, ForwardReason.Always, "1" },
        { OutOfService.Instance, All, ForwardReason.Always, "1" },
        { new Talking(Out), All, ForwardReason.Always, "1" },
        { Idle.Instance, All with { ForwardAlways = null }, ForwardReason.DoNotDisturb, "2" },
        { Dialling, All with { ForwardAlways = null }, ForwardReason.DoNotDisturb, "2" },
        { Dialling, new() { ForwardBusy = "2" }, ForwardReason.Busy, "2" },
        { new Ringing(Out), new() { ForwardBusy = "2", ForwardNoAnswer = "3" }, ForwardReason.Busy, "2" },
        { new Releasing(Tone.Busy), new() { ForwardBusy = "2" }, ForwardReason.Busy, "2" },
    };

    public static TheoryData<CallState, LineSettings, CallCause> Refused() => new()
    {
        { Idle.Instance, new() { DoNotDisturb = true, ForwardNoAnswer = "3" }, CallCause.Busy },
        { new Talking(Out), new() { ForwardNoAnswer = "3" }, CallCause.Busy },
        { OutOfService.Instance, All with { ForwardAlways = null }, CallCause.LineOutOfService },
    };

    [Theory]
    [MemberData(nameof(Sent))]
    public void Calls_are_sent_on_and_the_line_goes_on_as_it_was(CallState state, LineSettings line, ForwardReason why, string to)
    {
        var transition = CallMachine.Step(state, new PeerCalls(In), Context(line));
        Assert.Equal(state, transition.Next);
        Assert.True(transition.KeepsTimer);
        Assert.Equal([new CallEffect.SendPeerOn(In.Id, to, why), new CallEffect.Ended(In, new CallEnd(CallSide.Line, CallStage.Preparing, CallCause.Forwarded))], transition.Effects);
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void Others_are_refused(CallState state, LineSettings line, CallCause cause)
    {
        var transition = CallMachine.Step(state, new PeerCalls(In), Context(line));
        Assert.Equal(state, transition.Next);
        Assert.Contains(transition.Effects, effect => effect is CallEffect.ReleasePeer { End.Cause: var because } && because == cause);
    }

    [Fact]
    public void A_call_that_came_back_is_not_sent_on_again()
    {
        var back = In with { CameBack = true };
        Assert.IsType<Presenting>(CallMachine.Step(Idle.Instance, new PeerCalls(back), Context(All with { DoNotDisturb = false })).Next);
        Assert.Contains(CallMachine.Step(Dialling, new PeerCalls(back), Context(All)).Effects, effect => effect is CallEffect.ReleasePeer { End.Cause: CallCause.Busy });
        var rung = CallMachine.Step(new Ringing(back), new TimerFired(CallTimer.RingNoAnswer), Context(All));
        Assert.Contains(rung.Effects, effect => effect is CallEffect.ReleasePeer { End.Cause: CallCause.NoAnswer });
    }

    [Fact]
    public void It_rings_for_the_shorter_time_before_it_is_sent_on()
    {
        Assert.Equal(25, Rings(new LineSettings { ForwardNoAnswer = "3" }));
        Assert.Equal(120, Rings(LineSettings.None));
        var over = CallMachine.Step(new Ringing(In), new TimerFired(CallTimer.RingNoAnswer), Context(new LineSettings { ForwardNoAnswer = "3" }));
        Assert.Equal(Idle.Instance, over.Next);
        Assert.Equal(new CallEffect.SendPeerOn(In.Id, "3", ForwardReason.NoAnswer), over.Effects[0]);
        Assert.Contains(over.Effects, effect => effect is CallEffect.ReleaseBearer);

        static double Rings(LineSettings line) =>
            CallMachine.Step(new Presenting(In), new BearerReady(In.Id), Context(line)).Effects.OfType<CallEffect.Arm>().Single().At.Ticks / (double)TimeSpan.TicksPerSecond;
    }

    [Fact]
    public void A_call_that_crosses_the_lifted_handset_is_sent_on_as_from_a_busy_line()
    {
        var transition = CallMachine.Step(new Presenting(In), new OffHook(new CallId(9)), Context(new LineSettings { ForwardBusy = "2" }));
        Assert.IsType<Dialing>(transition.Next);
        Assert.Equal([new CallEffect.SendPeerOn(In.Id, "2", ForwardReason.Busy), new CallEffect.Ended(In, new CallEnd(CallSide.Line, CallStage.Preparing, CallCause.Forwarded)), new CallEffect.ReleaseBearer(In.Id)], transition.Effects.Take(3));
    }

    [Fact]
    public void A_hotline_calls_at_once_or_when_nothing_was_dialled()
    {
        Assert.IsType<Preparing>(CallMachine.Step(Idle.Instance, new OffHook(new CallId(9)), Context(new LineSettings { Hotline = new Hotline("112") })).Next);
        var warm = Context(new LineSettings { Hotline = new Hotline("112", TimeSpan.FromSeconds(5)) });
        var lifted = CallMachine.Step(Idle.Instance, new OffHook(new CallId(9)), warm);
        Assert.Equal(TimeSpan.FromSeconds(5), lifted.Effects.OfType<CallEffect.Signal>().Select(signal => signal.Wanted).OfType<PhoneSignal.Collecting>().Single().ToneTime);
        foreach (var evt in (CallEvent[])[ToneEnded.Instance, DialingEnded.Instance, new TimerFired(CallTimer.FirstDigit)])
            Assert.Equal("112", Assert.IsType<Preparing>(CallMachine.Step(lifted.Next, evt, warm).Next).Call.Far.Number);
        // Once something was dialled it is as ever.
        var dialling = CallMachine.Step(lifted.Next, new Digits("5", Ended: false), warm);
        Assert.IsType<Releasing>(CallMachine.Step(dialling.Next, new TimerFired(CallTimer.InterDigit), warm).Next);
    }

    private static CallContext Context(LineSettings line) => new(new Instant(0), new DialPlan([new("112", 3, 3), new("5", 7, 7)], 20), CallMachineMatrix.Times, line, null);
}
