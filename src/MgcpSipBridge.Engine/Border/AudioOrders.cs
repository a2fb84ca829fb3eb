using System.Collections.Immutable;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;

namespace MgcpSipBridge.Engine;

/// <summary>Something to be done with the audio of a call, or to learn of it.</summary>
public abstract record AudioOrder
{
    private AudioOrder()
    {
    }

    /// <summary>Play to one end or both in place of what the other end says; what was played there before ends.</summary>
    /// <param name="Sources">One after the other.</param>
    /// <param name="Towards">Who hears it; null for both ends as far as they can be heard by now.</param>
    /// <param name="Times">How often all of them; 0 until it is stopped.</param>
    /// <param name="Pause">Silence after each time but the last.</param>
    /// <param name="StopOnDigit">Whether a digit from who hears it ends it.</param>
    /// <param name="Waits">Whether the answer comes when it has ended, else when it begins.</param>
    public sealed record Play(ImmutableArray<PlaySource> Sources, RelaySide? Towards, int Times = 1, TimeSpan Pause = default, bool StopOnDigit = false, bool Waits = false)
        : AudioOrder;

    /// <summary>End what is played under an id; with null all that is played, all digits that are collected, and those that are not sent yet.</summary>
    public sealed record Stop(long? Playing) : AudioOrder;

    /// <summary>Collect digits of an end; the answer comes when they are collected. One collection an end at a time: a new one ends the other.</summary>
    /// <param name="From">Whose.</param>
    /// <param name="Wish">What counts as a whole number.</param>
    public sealed record Collect(RelaySide From, DigitWish Wish) : AudioOrder
    {
        /// <summary>What is played to that end meanwhile; null for nothing.</summary>
        public Play? Prompt { get; init; }

        /// <summary>Names it in <see cref="GiveUp"/>.</summary>
        public long Ticket { get; init; }
    }

    /// <summary>Whoever asked for digits no longer wants them: ends the collection of a ticket, if it still is under way.</summary>
    public sealed record GiveUp(long Ticket) : AudioOrder;

    /// <summary>Send digits to an end, one after the other behind those that wait.</summary>
    /// <param name="Digits">0 to 9, *, #, A to D; a comma is a pause of a second.</param>
    /// <param name="Towards">Who gets them.</param>
    /// <param name="Length">How long each lasts.</param>
    public sealed record Send(string Digits, RelaySide Towards, TimeSpan Length) : AudioOrder;

    /// <summary>Let an end no longer be heard, or again.</summary>
    public sealed record Mute(RelaySide Side, bool On) : AudioOrder;

    /// <summary>Record both ends, in place of what is recorded now.</summary>
    /// <param name="Kind">How.</param>
    /// <param name="MaxLength">It ends by itself after this.</param>
    /// <param name="MaxBytes">And before its file grows larger than this.</param>
    public sealed record Record(RecordingKind Kind, TimeSpan MaxLength, long MaxBytes) : AudioOrder;

    /// <summary>End the recording.</summary>
    public sealed record StopRecording : AudioOrder;

    /// <summary>Let one end or both enter a conference; answered when they are in it, or cannot be.</summary>
    public sealed record Join(RelaySide? Side, string Conference) : AudioOrder;

    /// <summary>Let one end or both leave their conference.</summary>
    public sealed record Leave(RelaySide? Side) : AudioOrder;

    /// <summary>Tell what has passed so far.</summary>
    public sealed record Measure : AudioOrder;
}

/// <summary>When digits that are collected are enough.</summary>
public sealed record DigitWish
{
    /// <summary>Fewest that are of use.</summary>
    public int Least { get; init; } = 1;

    /// <summary>With so many it ends.</summary>
    public int Most { get; init; } = 32;

    /// <summary>Keys of which each ends it, without being part of it.</summary>
    public string FinishKeys { get; init; } = "";

    /// <summary>A digit map that says when it ends (RFC 3435 §2.1.5), in place of the numbers above; null for none.</summary>
    public DigitMap? Map { get; init; }

    /// <summary>How long the first digit may take, from the end of the prompt.</summary>
    public TimeSpan FirstDigit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long each further digit may take.</summary>
    public TimeSpan InterDigit { get; init; } = TimeSpan.FromSeconds(4);
}

/// <summary>Why digits are no longer collected.</summary>
public enum CollectEnd
{
    /// <summary>As many came as were wanted at most.</summary>
    Full,

    /// <summary>A key that ends it was pressed.</summary>
    FinishKey,

    /// <summary>The digit map has a whole number.</summary>
    Matched,

    /// <summary>Nothing in the digit map begins like this.</summary>
    NoMatch,

    /// <summary>No digit came at all.</summary>
    FirstDigitTimeout,

    /// <summary>No further digit came.</summary>
    InterDigitTimeout,

    /// <summary>By order.</summary>
    Stopped,

    /// <summary>Others are collected in place of these.</summary>
    Replaced,

    /// <summary>The prompt could not be played.</summary>
    PromptFailed,

    /// <summary>The call is over.</summary>
    CallEnded,
}

/// <summary>Digits of an end.</summary>
/// <param name="Digits">In their order.</param>
/// <param name="Reason">Why there are no more.</param>
/// <param name="IsWhole">Whether they are what was wished for.</param>
public sealed record CollectedDigits(string Digits, CollectEnd Reason, bool IsWhole);

/// <summary>What came of an <see cref="AudioOrder"/>.</summary>
/// <param name="Refusal">Why not, if not.</param>
/// <param name="Call">The call as it was left; null when there is none.</param>
public sealed record AudioOrderAnswer(CallOrderRefusal Refusal, CallView? Call)
{
    /// <summary>Names what is played, within the call; 0 for nothing.</summary>
    public long Playing { get; init; }

    /// <summary>How what was played ended; null while it has not, or was not waited for.</summary>
    public PlayEnd? Played { get; init; }

    /// <summary>The digits.</summary>
    public CollectedDigits? Collected { get; init; }

    /// <summary>The recording that was begun.</summary>
    public RecordingId Recording { get; init; }

    /// <summary>What has passed so far.</summary>
    public RelayStatistics? Measured { get; init; }
}
