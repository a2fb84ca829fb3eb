using System.Runtime.CompilerServices;
using System.Text;
using MgcpSipBridge.SansIo;
using static MgcpSipBridge.Calls.CallEvent;
using static MgcpSipBridge.Calls.CallState;

namespace MgcpSipBridge.Calls.Tests;

/// <summary>Every state with every event: the table is total, and each change of it is a reviewable line.</summary>
public class CallMachineMatrix
{
    private static readonly Instant Now = new(0);
    internal static readonly CallTimes Times = new(
        TimeSpan.FromSeconds(16), TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(120),
        TimeSpan.FromSeconds(180), TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(25));

    private static readonly DialPlan Plan = new([new("", 3, 0), new("112", 3, 3), new("*", 2, 0)], 20);
    private static readonly Call Out = new(new CallId(1), FromLine: true, new Party("5551234"));
    private static readonly Call In = new(new CallId(2), FromLine: false, new Party("1002", "Bob"));
    private static readonly CallContext Context = new(Now, Plan, Times, LineSettings.None, Refuses: null);

    private static readonly CallState[] States =
    [
        OutOfService.Instance, Idle.Instance,
        new Dialing(new Call(new CallId(1), true, Party.Unknown), ""), new Dialing(new Call(new CallId(1), true, Party.Unknown), "55"),
        new Preparing(Out), new Proceeding(Out), new Extending(Out, ""), new Extending(Out, "67"), new Alerting(Out, false), new Alerting(Out, true),
        new Summoning(Out), new Presenting(In), new Ringing(In), new Talking(Out), new Talking(In),
        new Releasing(Tone.Reorder), new Releasing(Tone.VacantCode), new LeftOffHook(true), new LeftOffHook(false),
    ];

    private static IEnumerable<CallEvent> Events(CallId about) =>
    [
        new OffHook(new CallId(9)), new FoundOffHook(new CallId(9)), OnHook.Instance, Flash.Instance,
        new Digits("5", false), new Digits("5551234", true), new Digits("112", false), DialingEnded.Instance, ToneEnded.Instance, SignalRefused.Instance,
        new LineUp(null, false, new CallId(9)), new LineUp(false, true, new CallId(9)), new LineUp(true, true, new CallId(9)), new LineDown(false), new LineDown(true),
        new BearerReady(about), new BearerFailed(about, CallCause.Congestion), new BearerChanged(about), new HoldWanted(true), new HoldWanted(false),
        new TransferWanted("1003"), new TransferWanted("1003", new CallId(3)), new TransferEnded(about, true), new TransferEnded(about, false), new PeerIdentified(about, new Party("1004", "Dave")),
        new PeerWantsDigits(about), new PeerDials(about, "5"), new PeerTransfers(about, new Party("1003")), new MessagesWaiting(true),
        new PeerCalls(new Call(new CallId(8), false, new Party("1003"))), new NextPeerRings(about), new NextPeerHeard(about), new PeerRings(about), new PeerHeard(about), new PeerAnswers(about),
        new PeerEnds(about, CallCause.NormalClearing), new PeerEnds(about, CallCause.Busy), new PeerEnds(new CallId(77), CallCause.Busy),
        new Summoned(new Call(new CallId(7), true, new Party("5551234"))), new Cleared(CallCause.ShuttingDown),
        .. Enum.GetValues<CallTimer>().Select(timer => new TimerFired(timer)),
    ];

    [Fact]
    public void The_table_is_total_and_as_reviewed()
    {
        var table = new StringBuilder();
        foreach (var state in States)
        {
            foreach (var evt in Events(state.Current?.Id ?? new CallId(1)))
            {
                var transition = CallMachine.Step(state, evt, Context);
                var ignored = transition.Effects.IsEmpty && transition.Next == state;
                table.Append(Short(state)).Append(" | ").Append(Short(evt)).Append(" | ");
                table.AppendLine(ignored ? "ignored" : $"{Short(transition.Next)} | {string.Join(", ", transition.Effects.Select(Short))}");
            }
        }

        Verify(table.ToString());
    }

    [Fact]
    public void A_line_that_is_not_to_be_disturbed_is_busy_and_may_call()
    {
        var quiet = Context with { Line = new LineSettings { DoNotDisturb = true } };
        var refused = CallMachine.Step(Idle.Instance, new PeerCalls(In), quiet);
        Assert.Equal(Idle.Instance, refused.Next);
        Assert.Contains(refused.Effects, effect => effect is CallEffect.ReleasePeer { End.Cause: CallCause.Busy });
        Assert.IsType<Dialing>(CallMachine.Step(Idle.Instance, new OffHook(new CallId(9)), quiet).Next);
    }

    [Fact]
    public void From_any_state_on_hook_then_off_hook_gives_dial_tone()
    {
        foreach (var state in States.Where(state => state is not OutOfService))
        {
            var down = CallMachine.Step(state, OnHook.Instance, Context).Next;
            // A phone that rings is on hook already: lifting it answers, and that is no dial tone.
            if (down is Ringing or Summoning) continue;
            var up = CallMachine.Step(down, new OffHook(new CallId(9)), Context);
            Assert.IsType<Dialing>(up.Next);
            Assert.Contains(up.Effects, effect => effect is CallEffect.Signal { Wanted: PhoneSignal.Collecting { DialTone: true } });
        }
    }

    [Fact]
    public void Whatever_ends_a_call_says_so_once_and_lets_go_of_both_sides()
    {
        foreach (var state in States.Where(state => state.Current is not null))
        {
            foreach (var evt in Events(state.Current!.Id))
            {
                var transition = CallMachine.Step(state, evt, Context);
                var over = transition.Next.Current?.Id != state.Current.Id;
                var told = transition.Effects.Count(effect => effect is CallEffect.Ended ended && ended.Call.Id == state.Current.Id);
                Assert.Equal(over ? 1 : 0, told);
                var peerMayLive = state is Proceeding or Alerting or Presenting or Ringing or Talking;
                if (over && peerMayLive && evt is not PeerEnds)
                    Assert.Contains(transition.Effects, effect => effect is CallEffect.ReleasePeer release && release.Call == state.Current.Id);
                if (over && state is not Dialing)
                    Assert.Contains(transition.Effects, effect => effect is CallEffect.ReleaseBearer release && release.Call == state.Current.Id);
            }
        }
    }

    [Fact]
    public void A_waiting_state_never_waits_for_ever()
    {
        // Every state in which the person at the phone depends on somebody else has a timer of its own, or a bearer whose command times out.
        foreach (var state in States)
        {
            foreach (var evt in Events(state.Current?.Id ?? new CallId(1)))
            {
                var transition = CallMachine.Step(state, evt, Context);
                if (transition.Next == state || transition.KeepsTimer) continue;
                if (transition.Next is Dialing or Extending or Proceeding or Ringing or Releasing or LeftOffHook { Warning: true })
                    Assert.Contains(transition.Effects, effect => effect is CallEffect.Arm);
            }
        }
    }

    private static string Short(object value)
    {
        var text = value.ToString()!;
        foreach (var noise in (string[])["000000000000000", "Call = ", "Wanted = ", "Timer = ", "End = CallEnd ", "Fresh = 9", ", ToneTime = "])
            text = text.Replace(noise, "", StringComparison.Ordinal);
        return text.Replace(" { }", "", StringComparison.Ordinal).Replace("{  }", "", StringComparison.Ordinal).Replace("{ ", "(", StringComparison.Ordinal).Replace(" }", ")", StringComparison.Ordinal);
    }

    private static void Verify(string actual, [CallerFilePath] string source = "")
    {
        var name = "CallMachine.txt";
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1")
            File.WriteAllText(Path.Combine(Path.GetDirectoryName(source)!, "Snapshots", name), actual);
        else
            Assert.Equal(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Snapshots", name)), actual);
    }
}
