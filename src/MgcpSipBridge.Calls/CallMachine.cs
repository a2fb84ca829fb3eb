using System.Collections.Immutable;
using System.Diagnostics;
using static MgcpSipBridge.Calls.CallEffect;
using static MgcpSipBridge.Calls.CallEvent;
using static MgcpSipBridge.Calls.CallState;

namespace MgcpSipBridge.Calls;

/// <summary>The life of an analog line and of the calls on it, as one table: state × event → state and effects.</summary>
public static partial class CallMachine
{
    /// <summary>One step. Total: every pair of state and event has an answer, if only "ignored", with its reason beside it.</summary>
    public static Transition Step(CallState state, CallEvent evt, in CallContext context)
    {
        // What concerns another call than the line's is news of one that has ended; the legs finish it by themselves.
        if (CallOf(evt) is { } about && state.Current?.Id != about) return Ignore(state);

        return (state, evt) switch
        {
            // Service state, and what every state does alike.
            (_, LineUp up) => ComeUp(state, up, context),
            (_, LineDown down) => GoDown(state, down),
            (_, Cleared cleared) => Clear(state, cleared, context),
            (_, MessagesWaiting e) => Stay(state, new ShowMessages(e.Waiting)),
            (_, PeerCalls { Call: { CameBack: false, CallsBack: false } } c) when context.Line.ForwardAlways is { } to => SendOn(state, c.Call, to, ForwardReason.Always),   // it needs no phone
            (OutOfService, PeerCalls c) => Refuse(state, c.Call, CallSide.Line, CallCause.LineOutOfService),
            (OutOfService, Summoned e) => Stay(state, Ending(e.Call, CallSide.Line, CallStage.Preparing, CallCause.LineOutOfService)),
            (OutOfService, OffHook) => Ignore(state),         // the endpoint is being audited; LineUp will tell the hook state
            (OutOfService, _) => Ignore(state),               // nothing can be heard of, or done to, a line out of service

            // Idle.
            (Idle, OffHook e) => Lift(e.Fresh, context),
            (Idle, FoundOffHook e) => Lift(e.Fresh, context),
            (Idle, PeerCalls c) when Refusal(c.Call, context) is { } cause => Refuse(state, c.Call, SideOf(cause), cause),
            (Idle, PeerCalls { Call.CallsBack: false } c) when context.Line.DoNotDisturb => TurnAway(state, c.Call, ForwardReason.DoNotDisturb, context),
            (Idle, PeerCalls c) => Go(new Presenting(c.Call), new PrepareBearer(c.Call.Id)),
            (Idle, Summoned e) when Refusal(e.Call, context) is { } cause => Go(state, Ending(e.Call, SideOf(cause), CallStage.Preparing, cause)),
            (Idle, Summoned e) => Go(new Summoning(e.Call), new Signal(new PhoneSignal.Ringing(e.Call.Far)), Timer(CallTimer.RingNoAnswer, context.Times.RingNoAnswer, context)),
            (Idle, OnHook) => Ignore(state),                  // a repeat, or the end of a flash
            (Idle, Flash) => Ignore(state),                   // some phones report a flash on hook (Cisco 7940)
            (Idle, _) => Ignore(state),                       // late reports of tones, digits and timers of the last call

            (_, PeerCalls c) => TurnAway(state, c.Call, context.Line.DoNotDisturb ? ForwardReason.DoNotDisturb : ForwardReason.Busy, context),
            (_, Summoned e) => Stay(state, Ending(e.Call, CallSide.Line, CallStage.Preparing, CallCause.Busy)),

            // Somebody wants the line to call.
            (Summoning s, OffHook) => Place(s.Call, s.Call.Far.Number, context),
            (Summoning s, FoundOffHook e) => Then(Drop(s.Call, CallSide.Line, CallStage.Alerting, CallCause.Busy), Lift(e.Fresh, context)),   // whoever lifted it wants to dial
            (Summoning s, SignalRefused) => Go(Idle.Instance, [.. Drop(s.Call, CallSide.Line, CallStage.Alerting, CallCause.LineOutOfService), new Signal(PhoneSignal.Quiet.Instance)]),
            (Summoning s, TimerFired { Timer: CallTimer.RingNoAnswer }) => Go(Idle.Instance, [.. Drop(s.Call, CallSide.Bridge, CallStage.Alerting, CallCause.NoAnswer), new Signal(PhoneSignal.Quiet.Instance)]),
            (Summoning, OnHook) => Ignore(state),              // it is on hook: that is why it rings
            (Summoning, ToneEnded) => Ignore(state),           // the gateway's own ring time-out; ours decides

            // Dialling.
            (Dialing s, Digits e) => Dial(s, e, context),
            (Dialing s, DialingEnded) => EndOfDialing(s, context),
            (Dialing s, TimerFired { Timer: CallTimer.FirstDigit or CallTimer.InterDigit }) => EndOfDialing(s, context),
            (Dialing { Digits: "" } s, ToneEnded) => EndOfDialing(s, context),
            (Dialing s, OffHook e) => Then(Ending(s.Call, CallSide.Line, CallStage.Dialing, CallCause.NormalClearing), Lift(e.Fresh, context)),  // an on-hook was lost
            (Dialing s, OnHook) => HangUp(s.Call, CallStage.Dialing),
            (Dialing, ToneEnded) => Ignore(state),            // dial tone's end crossed the first digit
            (Dialing, Flash) => Ignore(state),                // nothing is held yet
            (Dialing, FoundOffHook) => Ignore(state),         // known
            (Dialing, SignalRefused) => Ignore(state),        // no dial tone on this gateway; digits may still come

            // A number is complete, the bearer is being made.
            (Preparing s, BearerReady) => Go(new Proceeding(s.Call), new CallPeer(s.Call.Id, s.Call.Far.Number), Timer(CallTimer.FarEndNoAnswer, context.Times.FarEndNoAnswer, context)),
            (Preparing s, BearerFailed e) => Fail(s.Call, CallSide.Line, CallStage.Preparing, e.Cause, context, new ReleaseBearer(s.Call.Id)),
            (Preparing s, OnHook) => HangUp(s.Call, CallStage.Preparing, new ReleaseBearer(s.Call.Id)),

            // The far end has been called.
            (Proceeding s, PeerRings) => Stay(new Alerting(s.Call, EarlyMedia: false), new Signal(new PhoneSignal.Hearing(Tone.Ringback))),
            (Alerting { EarlyMedia: false }, PeerRings) => Ignore(state),      // another branch rings too
            (Alerting { EarlyMedia: true }, PeerRings) => Ignore(state),       // the far end is heard already: ringback would cover it
            (Proceeding or Alerting { EarlyMedia: false }, PeerHeard) => Stay(new Alerting(state.Current!, EarlyMedia: true), new Signal(PhoneSignal.Listening.Instance)),
            (Alerting { EarlyMedia: true }, PeerHeard) => Ignore(state),       // heard already
            (Proceeding or Alerting, PeerAnswers) => Go(new Talking(state.Current!), new ConnectBearer(state.Current!.Id), new Signal(PhoneSignal.Listening.Instance)),
            (Proceeding or Alerting, PeerEnds e) => Fail(state.Current!, CallSide.Peer, StageOf(state), e.Cause, context, new ReleaseBearer(state.Current!.Id)),
            (Proceeding or Alerting, BearerFailed e) => FailBoth(state, e.Cause, context),
            (Proceeding or Alerting, TimerFired { Timer: CallTimer.FarEndNoAnswer }) => FailBoth(state, CallCause.NoAnswer, context),
            (Proceeding or Alerting, OnHook) => HangUpBoth(state),

            (Proceeding s, PeerWantsDigits) => Go(new Extending(s.Call, ""), new Signal(new PhoneSignal.Collecting(DialTone: false, Continues: true)), Timer(CallTimer.InterDigit, context.Times.Critical, context)),
            (Alerting s, BearerChanged) => Stay(state, new DescribePeer(s.Call.Id)),   // told at once, or as soon as it may be
            (Alerting, PeerWantsDigits) => FailBoth(state, CallCause.InvalidNumber, context),
            (Proceeding or Alerting or Talking, PeerIdentified e) => Stay(Known(state, e.Who)),

            // More digits of a number that was not complete.
            (Extending s, Digits e) => Extend(s, e, context),
            (Extending s, DialingEnded or TimerFired { Timer: CallTimer.InterDigit }) => EndOfExtending(s, context),
            (Extending s, OnHook) => HangUp(s.Call, CallStage.Dialing, Release(s.Call, CallStage.Dialing)),
            (Extending s, BearerFailed e) => Fail(s.Call, CallSide.Line, CallStage.Dialing, e.Cause, context, Release(s.Call, CallStage.Dialing)),

            // A call has come in.
            (Presenting s, BearerReady) => Go(new Ringing(s.Call), new AlertPeer(s.Call.Id), new Signal(new PhoneSignal.Ringing(s.Call.Far, s.Call.Ring)), Timer(CallTimer.RingNoAnswer, RingTime(s.Call, context), context)),
            (Presenting s, BearerFailed e) => Go(Idle.Instance, [.. Drop(s.Call, CallSide.Line, CallStage.Preparing, e.Cause), new Signal(PhoneSignal.Quiet.Instance)]),
            (Presenting s, OffHook e) => Then(GiveAway(s.Call, CallStage.Preparing, context), Lift(e.Fresh, context)),        // glare: whoever lifted it wants to dial
            (Presenting or Ringing, FoundOffHook e) => Then(GiveAway(state.Current!, StageOf(state), context), Lift(e.Fresh, context)),
            (Presenting or Ringing, PeerEnds e) => Go(Idle.Instance, [new ReleaseBearer(state.Current!.Id), new Ended(state.Current!, new CallEnd(CallSide.Peer, StageOf(state), e.Cause)), new Signal(PhoneSignal.Quiet.Instance)]),
            (Presenting or Ringing, OnHook) => Ignore(state),  // it is on hook: that is why it rings

            (Ringing s, OffHook) => Go(new Talking(s.Call), new ConnectBearer(s.Call.Id), new AnswerPeer(s.Call.Id), new Signal(PhoneSignal.Listening.Instance)),
            (Ringing s, BearerFailed e) => Go(Idle.Instance, [.. Drop(s.Call, CallSide.Line, CallStage.Alerting, e.Cause), new Signal(PhoneSignal.Quiet.Instance)]),
            (Ringing s, SignalRefused) => Go(Idle.Instance, [.. Drop(s.Call, CallSide.Line, CallStage.Alerting, CallCause.LineOutOfService), new Signal(PhoneSignal.Quiet.Instance)]),
            (Ringing { Call.CameBack: false } s, TimerFired { Timer: CallTimer.RingNoAnswer }) when context.Line.ForwardNoAnswer is { } to =>
                Go(Idle.Instance, [.. SendingOn(s.Call, CallStage.Alerting, to, ForwardReason.NoAnswer), new ReleaseBearer(s.Call.Id), new Signal(PhoneSignal.Quiet.Instance)]),
            (Ringing s, TimerFired { Timer: CallTimer.RingNoAnswer }) => Go(Idle.Instance, [.. Drop(s.Call, CallSide.Bridge, CallStage.Alerting, CallCause.NoAnswer), new Signal(PhoneSignal.Quiet.Instance)]),
            (Ringing, ToneEnded) => Ignore(state),             // the gateway's own ring time-out; ours decides

            // Talking.
            (Talking, OnHook) => HangUpBoth(state),
            (Talking s, PeerEnds e) => Fail(s.Call, CallSide.Peer, CallStage.Talking, e.Cause, context, new ReleaseBearer(s.Call.Id)),
            (Talking, BearerFailed e) => FailBoth(state, e.Cause, context),
            (Talking s, Digits e) => Stay(state, new DialPeer(s.Call.Id, e.Symbols)),
            (Talking s, PeerDials e) => Stay(state, new PlayDigits(s.Call.Id, e.Symbols, e.Length)),
            (Talking s, PeerTransfers e) => Stay(state, new FollowTransfer(s.Call.Id, e.Target.Number)),
            (Talking s, TransferWanted e) => Stay(state, new TransferPeer(s.Call.Id, e.Number, e.Other)),
            (Talking s, TransferEnded { Done: true }) => Fail(s.Call, CallSide.Line, CallStage.Talking, CallCause.NormalClearing, context, Release(s.Call, CallStage.Talking)),
            (Talking, TransferEnded) => Ignore(state),         // the call goes on
            (Talking, NextPeerRings) => Stay(state, new Signal(new PhoneSignal.Hearing(Tone.Ringback))),
            (Talking, NextPeerHeard) => Stay(state, new Signal(PhoneSignal.Listening.Instance)),
            (Talking s, BearerChanged) => Stay(state, new DescribePeer(s.Call.Id)),
            (Talking s, HoldWanted e) => Stay(state, new HoldPeer(s.Call.Id, e.Held)),
            (Talking, Flash) => Ignore(state),                 // no line feature is bound to it yet
            (Talking, OffHook or FoundOffHook) => Ignore(state),  // the report of the answer crossed our request

            // After a call, still off hook.
            (Releasing { Tone: Tone.VacantCode }, ToneEnded) => Stay(new Releasing(Tone.Reorder), new Signal(new PhoneSignal.Hearing(Tone.Reorder))),
            (Releasing, TimerFired { Timer: CallTimer.FailureTone }) => Go(new LeftOffHook(Warning: true), new Signal(new PhoneSignal.Hearing(Tone.OffHookWarning)), Timer(CallTimer.OffHookWarning, context.Times.OffHookWarning, context)),
            (LeftOffHook { Warning: true }, TimerFired { Timer: CallTimer.OffHookWarning }) => Go(new LeftOffHook(Warning: false), new Signal(PhoneSignal.Listening.Instance)),
            (Releasing or LeftOffHook, OnHook) => Go(Idle.Instance, new Signal(PhoneSignal.Quiet.Instance)),
            (Releasing or LeftOffHook, OffHook e) => Lift(e.Fresh, context),   // an on-hook was lost
            (Releasing or LeftOffHook, _) => Ignore(state),    // only the hook matters now

            // Everything else is late: a digit after the number, the end of a tone that was replaced, a timer that was stopped.
            (_, Digits or DialingEnded or ToneEnded or SignalRefused or Flash or TimerFired) => Ignore(state),
            (_, OffHook or FoundOffHook) => Ignore(state),     // known to be off hook
            (_, BearerReady) => Ignore(state),                 // told twice
            (_, BearerChanged) => Ignore(state),               // the next description says it
            (_, HoldWanted) => Ignore(state),                  // nobody to hold
            (_, TransferWanted or TransferEnded) => Ignore(state),         // nobody to hand on
            (_, PeerWantsDigits or PeerDials or PeerTransfers or PeerIdentified or NextPeerRings or NextPeerHeard) => Ignore(state),   // there is no far end that could
            (_, PeerRings or PeerHeard or PeerAnswers or PeerEnds) => Ignore(state),   // not of this call's direction, or told twice
            (_, BearerFailed) => Ignore(state),
            (_, OnHook) => Ignore(state),
            _ => throw new UnreachableException($"{state.GetType().Name} × {evt.GetType().Name}"),   // the matrix test proves that no pair comes here
        };
    }

    private static CallId? CallOf(CallEvent evt) => evt switch
    {
        BearerReady e => e.Call,
        BearerFailed e => e.Call,
        BearerChanged e => e.Call,
        TransferEnded e => e.Call,
        PeerIdentified e => e.Call,
        PeerWantsDigits e => e.Call,
        PeerDials e => e.Call,
        NextPeerRings e => e.Call,
        NextPeerHeard e => e.Call,
        PeerTransfers e => e.Call,
        PeerRings e => e.Call,
        PeerHeard e => e.Call,
        PeerAnswers e => e.Call,
        PeerEnds e => e.Call,
        _ => null,
    };

    private static CallStage StageOf(CallState state) => state switch
    {
        Dialing or Extending => CallStage.Dialing,
        Preparing or Presenting => CallStage.Preparing,
        Proceeding => CallStage.Proceeding,
        Alerting or Ringing or Summoning => CallStage.Alerting,
        _ => CallStage.Talking,
    };

    private static Transition Go(CallState next, params ImmutableArray<CallEffect> effects) => new(next, effects, KeepsTimer: false);

    private static Transition Stay(CallState next, params ImmutableArray<CallEffect> effects) => new(next, effects, KeepsTimer: true);

    private static Transition Ignore(CallState state) => new(state, [], KeepsTimer: true);

    private static Transition Then(ImmutableArray<CallEffect> first, Transition then) => then with { Effects = [.. first, .. then.Effects] };

    private static Arm Timer(CallTimer timer, TimeSpan after, in CallContext context) => new(timer, context.Now + after);
}
