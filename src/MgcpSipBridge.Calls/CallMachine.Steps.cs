using System.Collections.Immutable;
using static MgcpSipBridge.Calls.CallEffect;
using static MgcpSipBridge.Calls.CallEvent;
using static MgcpSipBridge.Calls.CallState;

namespace MgcpSipBridge.Calls;

/// <content>The steps that need more than a line.</content>
public static partial class CallMachine
{
    /// <summary>The handset was lifted with no call on the line.</summary>
    private static Transition Lift(CallId fresh, in CallContext context)
    {
        var call = new Call(fresh, FromLine: true, Party.Unknown);
        // Whatever else is refused, calls for help are not, and only the number tells.
        var hotline = context.Line.Hotline;
        if (hotline?.After == TimeSpan.Zero) return Place(call, hotline.Number, context);
        return Go(
            new Dialing(call, ""),
            new Signal(new PhoneSignal.Collecting(DialTone: true) { ToneTime = hotline?.After }),
            Timer(CallTimer.FirstDigit, context.Times.FirstDigit, context));
    }

    private static Transition Dial(Dialing state, Digits dialled, in CallContext context)
    {
        // However the symbols come, one by one or many at once, they mean the same: each is judged after those before it.
        var digits = state.Digits;
        var judgement = DialJudgement.Incomplete;
        foreach (var symbol in dialled.Symbols)
        {
            digits += symbol;
            judgement = context.Plan.Judge(digits);
            if (judgement == DialJudgement.Complete) return Complete(state.Call, digits, context);
            if (judgement == DialJudgement.Impossible)
                return Fail(Dialled(state.Call, digits), CallSide.Bridge, CallStage.Dialing, CallCause.UnknownNumber, context);
        }

        if (dialled.Ended)
        {
            return judgement == DialJudgement.CompleteOnTimeout
                ? Complete(state.Call, digits, context)
                : Fail(Dialled(state.Call, digits), CallSide.Bridge, CallStage.Dialing, CallCause.InvalidNumber, context);
        }

        var wait = judgement == DialJudgement.CompleteOnTimeout ? context.Times.Critical : context.Times.InterDigit;
        return Go(
            state with { Digits = digits },
            new Signal(new PhoneSignal.Collecting(DialTone: false)),
            Timer(CallTimer.InterDigit, wait, context));
    }

    private static Transition EndOfDialing(Dialing state, in CallContext context)
    {
        // Nothing was dialled: that is what a hotline with a delay waits for.
        if (state.Digits.Length == 0 && context.Line.Hotline is { } hotline) return Place(state.Call, hotline.Number, context);
        return context.Plan.Judge(state.Digits) >= DialJudgement.CompleteOnTimeout
            ? Complete(state.Call, state.Digits, context)
            : Fail(Dialled(state.Call, state.Digits), CallSide.Bridge, CallStage.Dialing, CallCause.InvalidNumber, context);
    }

    /// <summary>What was dialled is whole: a number to call, or a service code to obey.</summary>
    private static Transition Complete(Call call, string digits, in CallContext context)
    {
        if (context.Plan.ServiceIn(digits) is not { } service) return Place(call, digits, context);
        switch (service.Action)
        {
            case ServiceAction.WithholdNumber:
                return Place(call with { Withheld = true }, service.Number, context);
            case ServiceAction.ShowNumber:
                return Place(call with { Withheld = false }, service.Number, context);
            case ServiceAction.ForwardAlwaysOn or ServiceAction.ForwardBusyOn or ServiceAction.ForwardNoAnswerOn when service.Number == context.Line.Number:
                // To itself: the call would come back.
                return Fail(Dialled(call, digits), CallSide.Bridge, CallStage.Dialing, CallCause.InvalidNumber, context);
        }

        return Go(
            new Releasing(Tone.Confirmation),
            [
                new SetLine(service.Action, service.Number),
                .. Ending(Dialled(call, digits), CallSide.Line, CallStage.Dialing, CallCause.ServiceDone),
                new Signal(new PhoneSignal.Hearing(Tone.Confirmation)),
                Timer(CallTimer.FailureTone, context.Times.FailureTone, context),
            ]);
    }

    private static Transition Place(Call call, string digits, in CallContext context)
    {
        var complete = Dialled(call, digits);
        if (Refusal(complete, context) is { } cause) return Fail(complete, SideOf(cause), CallStage.Dialing, cause, context);
        return Go(new Preparing(complete), new PrepareBearer(call.Id), new Signal(PhoneSignal.Listening.Instance));
    }

    private static Transition Extend(Extending state, Digits dialled, in CallContext context)
    {
        var next = state with { More = state.More + dialled.Symbols };
        return dialled.Ended ? EndOfExtending(next, context) : Go(next, Timer(CallTimer.InterDigit, context.Times.Critical, context));
    }

    private static Transition EndOfExtending(Extending state, in CallContext context)
    {
        if (state.More.Length == 0) return Fail(state.Call, CallSide.Peer, CallStage.Dialing, CallCause.InvalidNumber, context, Release(state.Call, CallStage.Dialing));
        var complete = Dialled(state.Call, state.Call.Far.Number + state.More);
        return Go(
            new Proceeding(complete),
            new CallPeer(complete.Id, complete.Far.Number),
            new Signal(PhoneSignal.Listening.Instance),
            Timer(CallTimer.FarEndNoAnswer, context.Times.FarEndNoAnswer, context));
    }

    /// <summary>Lets go of both sides, without a word about the call's end.</summary>
    private static ImmutableArray<CallEffect> Release(Call call, CallStage stage) =>
        [new ReleasePeer(call.Id, new CallEnd(CallSide.Line, stage, CallCause.NormalClearing)), new ReleaseBearer(call.Id)];

    private static CallState Known(CallState state, Party who) => state switch
    {
        Proceeding s => s with { Call = s.Call with { Connected = who } },
        Alerting s => s with { Call = s.Call with { Connected = who } },
        Talking s => s with { Call = s.Call with { Connected = who } },
        _ => state,
    };

    private static Call Dialled(Call call, string digits) => call with { Far = new Party(DialPlan.NumberOf(digits).ToString()) };

    /// <summary>The person at the phone hung up before there was a far end.</summary>
    private static Transition HangUp(Call call, CallStage stage, params ImmutableArray<CallEffect> before) =>
        Go(Idle.Instance, [.. before, .. Ending(call, CallSide.Line, stage, CallCause.NormalClearing), new Signal(PhoneSignal.Quiet.Instance)]);

    private static Transition HangUpBoth(CallState state) =>
        Go(Idle.Instance, [.. Drop(state.Current!, CallSide.Line, StageOf(state), CallCause.NormalClearing), new Signal(PhoneSignal.Quiet.Instance)]);

    /// <summary>The call is over, the phone is off hook: it hears why.</summary>
    private static Transition Fail(Call call, CallSide side, CallStage stage, CallCause cause, in CallContext context, params ImmutableArray<CallEffect> before)
    {
        var tone = CauseTone.For(cause);
        return Go(
            new Releasing(tone),
            [
                .. before,
                .. Ending(call, side, stage, cause),
                new Signal(new PhoneSignal.Hearing(tone)),
                Timer(CallTimer.FailureTone, context.Times.FailureTone, context),
            ]);
    }

    private static Transition FailBoth(CallState state, CallCause cause, in CallContext context)
    {
        var call = state.Current!;
        var end = new CallEnd(cause is CallCause.NoAnswer or CallCause.MediaTimeout ? CallSide.Bridge : CallSide.Line, StageOf(state), cause);
        return Fail(call, end.Side, end.Stage, cause, context, new ReleasePeer(call.Id, end), new ReleaseBearer(call.Id));
    }

    /// <summary>Lets go of both sides of a call.</summary>
    private static ImmutableArray<CallEffect> Drop(Call call, CallSide side, CallStage stage, CallCause cause)
    {
        var end = new CallEnd(side, stage, cause);
        return [new ReleasePeer(call.Id, end), new ReleaseBearer(call.Id), new Ended(call, end)];
    }

    private static ImmutableArray<CallEffect> Ending(Call call, CallSide side, CallStage stage, CallCause cause) =>
        [new Ended(call, new CallEnd(side, stage, cause))];

    /// <summary>A call that the line cannot take now; whatever it is doing goes on.</summary>
    private static Transition Refuse(CallState state, Call call, CallSide side, CallCause cause)
    {
        var end = new CallEnd(side, CallStage.Preparing, cause);
        return Stay(state, new ReleasePeer(call.Id, end), new Ended(call, end));
    }

    /// <summary>
    /// A call that finds the line busy, or not to be disturbed: sent on, or refused as busy either way, since to decline would end a hunt group's search (603).
    /// </summary>
    private static Transition TurnAway(CallState state, Call call, ForwardReason why, in CallContext context) =>
        !call.CameBack && context.Line.ForwardBusy is { } to ? SendOn(state, call, to, why) : Refuse(state, call, CallSide.Line, CallCause.Busy);

    /// <summary>A call that finds the line dialling after all.</summary>
    private static ImmutableArray<CallEffect> GiveAway(Call call, CallStage stage, in CallContext context) =>
        !call.CameBack && context.Line.ForwardBusy is { } to
            ? [.. SendingOn(call, stage, to, ForwardReason.Busy), new ReleaseBearer(call.Id)]
            : Drop(call, CallSide.Line, stage, CallCause.Busy);

    /// <summary>A call that the line never sees.</summary>
    private static Transition SendOn(CallState state, Call call, string number, ForwardReason why) => Stay(state, SendingOn(call, CallStage.Preparing, number, why));

    private static ImmutableArray<CallEffect> SendingOn(Call call, CallStage stage, string number, ForwardReason why) =>
        [new SendPeerOn(call.Id, number, why), new Ended(call, new CallEnd(CallSide.Line, stage, CallCause.Forwarded))];

    private static TimeSpan RingTime(Call call, in CallContext context)
    {
        var (forward, give) = (context.Times.ForwardNoAnswer, context.Times.RingNoAnswer);
        return context.Line.ForwardNoAnswer is not null && !call.CameBack && forward < give ? forward : give;
    }

    private static Transition ComeUp(CallState state, LineUp up, in CallContext context)
    {
        if (!up.KeepsCalls || state is OutOfService)
        {
            var lost = state.Current is { } call ? Drop(call, CallSide.Line, StageOf(state), CallCause.LineOutOfService) : [];
            var fresh = up.IsOffHook == true
                ? Lift(up.Fresh, context)
                : Go(Idle.Instance, new Signal(PhoneSignal.Quiet.Instance));
            return Then(lost, fresh);
        }

        // It was only cut off from us. What happened on the hook meanwhile happened unseen.
        return (IsOffHook(state), up.IsOffHook) switch
        {
            (true, false) => Step(state, OnHook.Instance, context),
            (false, true) => Step(state, new FoundOffHook(up.Fresh), context),
            _ => Ignore(state),
        };
    }

    private static Transition GoDown(CallState state, LineDown down)
    {
        var cause = down.Restarting ? CallCause.LineRestarting : CallCause.LineOutOfService;
        return Go(OutOfService.Instance, state.Current is { } call ? Drop(call, CallSide.Line, StageOf(state), cause) : []);
    }

    private static Transition Clear(CallState state, Cleared cleared, in CallContext context)
    {
        if (state.Current is not { } call) return Ignore(state);
        var end = new CallEnd(CallSide.Bridge, StageOf(state), cleared.Cause);
        return IsOffHook(state)
            ? Fail(call, end.Side, end.Stage, end.Cause, context, new ReleasePeer(call.Id, end), new ReleaseBearer(call.Id))
            : Go(Idle.Instance, [.. Drop(call, end.Side, end.Stage, end.Cause), new Signal(PhoneSignal.Quiet.Instance)]);
    }

    /// <summary>Why a call cannot be at the moment. A bridge, or a gateway, that is about to stop still takes those for help, and those that come back from whoever sends it.</summary>
    private static CallCause? Refusal(Call call, in CallContext context) =>
        call.CallsBack || (call.FromLine && context.Plan.Emergencies.Contains(call.Far.Number)) ? null : context.Refuses;

    private static CallSide SideOf(CallCause cause) => cause == CallCause.ShuttingDown ? CallSide.Bridge : CallSide.Line;

    /// <summary>Whether the phone is off hook in this state.</summary>
    public static bool IsOffHook(CallState state) =>
        state is Dialing or Extending or Preparing or Proceeding or Alerting or Talking or Releasing or LeftOffHook;
}
