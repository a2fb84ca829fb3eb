using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Calls;

/// <summary>What a step wants done; the engine's legs do it.</summary>
public abstract record CallEffect
{
    private CallEffect()
    {
    }

    /// <summary>Make the phone do this from now on.</summary>
    public sealed record Signal(PhoneSignal Wanted) : CallEffect;

    /// <summary>Lease relay ports and create the line's connection; answered by BearerReady or BearerFailed.</summary>
    public sealed record PrepareBearer(CallId Call) : CallEffect;

    /// <summary>Open the line's connection in both directions.</summary>
    public sealed record ConnectBearer(CallId Call) : CallEffect;

    /// <summary>Delete the line's connection and give the ports back.</summary>
    public sealed record ReleaseBearer(CallId Call) : CallEffect;

    /// <summary>Call the far end.</summary>
    public sealed record CallPeer(CallId Call, string Number) : CallEffect;

    /// <summary>Tell the calling peer that the phone rings.</summary>
    public sealed record AlertPeer(CallId Call) : CallEffect;

    /// <summary>Tell the calling peer that the phone was answered.</summary>
    public sealed record AnswerPeer(CallId Call) : CallEffect;

    /// <summary>Describe the line's bearer to the peer anew: it has changed.</summary>
    public sealed record DescribePeer(CallId Call) : CallEffect;

    /// <summary>Let the peer wait, or take it back.</summary>
    public sealed record HoldPeer(CallId Call, bool Held) : CallEffect;

    /// <summary>Ask the peer to call somebody else in the line's place, or to take the place of the line's other call with that somebody.</summary>
    public sealed record TransferPeer(CallId Call, string Number, CallId? Other = null) : CallEffect;

    /// <summary>Call the one whom the peer named, and let the line talk to that one instead.</summary>
    public sealed record FollowTransfer(CallId Call, string Number) : CallEffect;

    /// <summary>Tell the peer of digits dialled at the phone.</summary>
    public sealed record DialPeer(CallId Call, string Symbols) : CallEffect;

    /// <summary>Let the phone hear digits dialled at the far end.</summary>
    public sealed record PlayDigits(CallId Call, string Symbols, TimeSpan Length = default) : CallEffect;

    /// <summary>Show at the phone whether messages wait.</summary>
    public sealed record ShowMessages(bool Waiting) : CallEffect;

    /// <summary>End the peer's part in whatever way fits: refuse, withdraw or hang up.</summary>
    public sealed record ReleasePeer(CallId Call, CallEnd End) : CallEffect;

    /// <summary>Ask the calling peer to call another number instead.</summary>
    public sealed record SendPeerOn(CallId Call, string Number, ForwardReason Why) : CallEffect;

    /// <summary>Set the line anew, for this call and those to come.</summary>
    /// <param name="Action">What was dialled.</param>
    /// <param name="Number">The number with it; empty for none.</param>
    public sealed record SetLine(ServiceAction Action, string Number) : CallEffect;

    /// <summary>Start the line's timer; whatever ran before is stopped.</summary>
    public sealed record Arm(CallTimer Timer, Instant At) : CallEffect;

    /// <summary>The call is over for the line: write it down.</summary>
    public sealed record Ended(Call Call, CallEnd End) : CallEffect;
}

/// <summary>What a step leads to.</summary>
/// <param name="Next">The new state.</param>
/// <param name="Effects">What to do, in order.</param>
/// <param name="KeepsTimer">Whether a running timer goes on; else it stops unless an effect arms it.</param>
public readonly record struct Transition(CallState Next, ImmutableArray<CallEffect> Effects, bool KeepsTimer);
