using System.Text;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;

namespace MgcpSipBridge.Engine;

/// <summary>Deadlines of a call's audio.</summary>
internal enum AudioTimer
{
    /// <summary>The next digit of the line that is collected.</summary>
    LineDigit,

    /// <summary>The next digit of the far end that is collected.</summary>
    PeerDigit,

    /// <summary>The next digit that is sent to the line.</summary>
    ToLine,

    /// <summary>The next digit that is sent to the far end.</summary>
    ToPeer,

    /// <summary>A sign of life of the client for which the bridge has answered the call.</summary>
    Attention,
}

/// <summary>How a digit came.</summary>
internal enum DigitSource
{
    /// <summary>In the audio, or as telephone events.</summary>
    Relay,

    /// <summary>By MGCP's NTFY, or SIP's INFO.</summary>
    Signalling,
}

/// <content>Digits that are collected and sent.</content>
internal sealed partial class CallAudio
{
    private static readonly TimeSpan Comma = TimeSpan.FromSeconds(1);

    /// <summary>Digits that wait to be sent to an end, at most; one order has no more than 64.</summary>
    private const int MostUnsent = 256;

    /// <summary>Between two digits that are sent (ITU-T Q.24 asks for 30 ms).</summary>
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(60);

    private readonly Dictionary<RelaySide, Collection> _collections = [];
    private readonly Dictionary<RelaySide, Queue<(char Digit, TimeSpan Length)>> _unsent = [];

    private sealed class Collection(long query, AudioOrder.Collect order)
    {
        public long Query { get; } = query;

        public AudioOrder.Collect Order { get; } = order;

        public DigitWish Wish => Order.Wish;

        public StringBuilder Digits { get; } = new();

        /// <summary>What is played meanwhile; null when nothing is, any more.</summary>
        public PlayId? Prompt { get; set; }

        /// <summary>How its digits come: the first says. Some ends tell each digit in two ways.</summary>
        public DigitSource? Source { get; set; }
    }

    /// <summary>Whether the gateway has to tell what is dialled: its audio carries nothing that the relay could know digits by.</summary>
    public bool WantsDialled => _collections.ContainsKey(RelaySide.Gateway) && !call.Media.CarriesDigits(RelaySide.Gateway);

    private void Collect(long query, AudioOrder.Collect order)
    {
        Use(CallFeature.Collected);
        EndCollection(order.From, CollectEnd.Replaced);
        var collection = new Collection(query, order);
        _collections[order.From] = collection;
        Tell(new RelayCommand.Listen(call.Media.Id, order.From, On: true));
        if (order.From == RelaySide.Gateway) call.Line.Gateway.Renew();
        if (order.Prompt is { } prompt) collection.Prompt = Play(prompt with { Towards = order.From }, 0, collection);
        else Await(collection);
    }

    /// <summary>An end has sent a digit.</summary>
    public void OnDigit(RelaySide side, char key, DigitSource source)
    {
        if (!_collections.TryGetValue(side, out var collection) || (collection.Source ??= source) != source) return;
        if (collection.Prompt is { } prompt)
        {
            // Who must hear it out is not heard before.
            if (collection.Order.Prompt is not { StopOnDigit: true }) return;
            Tell(new RelayCommand.Stop(call.Media.Id, prompt));
            collection.Prompt = null;
        }

        var wish = collection.Wish;
        if (wish.Map is null && wish.FinishKeys.Contains(key, StringComparison.OrdinalIgnoreCase))
        {
            EndCollection(side, CollectEnd.FinishKey);
            return;
        }

        collection.Digits.Append(char.ToUpperInvariant(key));
        switch (wish.Map?.Match(collection.Digits.ToString()))
        {
            case DigitMatch.Complete:
                EndCollection(side, CollectEnd.Matched);
                return;
            case DigitMatch.Impossible:
                EndCollection(side, CollectEnd.NoMatch);
                return;
            case null when collection.Digits.Length >= wish.Most:
                EndCollection(side, CollectEnd.Full);
                return;
        }

        Await(collection);
    }

    /// <summary>Digits that signalling brought.</summary>
    public void OnDialled(RelaySide side, string symbols)
    {
        foreach (var key in symbols)
        {
            if (key is not ((>= '0' and <= '9') or '*' or '#' or (>= 'A' and <= 'D'))) continue;
            if (_playing.Count > 0) Tell(new RelayCommand.Press(call.Media.Id, side));
            OnDigit(side, key, DigitSource.Signalling);
        }
    }

    /// <summary>A deadline is over.</summary>
    public void OnTimer(AudioTimer timer)
    {
        switch (timer)
        {
            case AudioTimer.LineDigit or AudioTimer.PeerDigit:
                var side = timer == AudioTimer.LineDigit ? RelaySide.Gateway : RelaySide.Sip;
                if (!_collections.TryGetValue(side, out var collection)) return;
                var digits = collection.Digits.ToString();
                if (digits.Length == 0) EndCollection(side, CollectEnd.FirstDigitTimeout);
                // A pause is a symbol of the map: T (RFC 3435 §2.1.5).
                else if (collection.Wish.Map?.Match(digits + "T") == DigitMatch.Complete) EndCollection(side, CollectEnd.Matched);
                else EndCollection(side, CollectEnd.InterDigitTimeout);
                break;
            case AudioTimer.ToLine:
                SendNext(RelaySide.Gateway);
                break;
            case AudioTimer.ToPeer:
                SendNext(RelaySide.Sip);
                break;
        }
    }

    private static AudioTimer TimerOf(RelaySide side) => side == RelaySide.Gateway ? AudioTimer.LineDigit : AudioTimer.PeerDigit;

    private void Await(Collection collection) =>
        core.AudioTimers.Set(
            new(call.Id, TimerOf(collection.Order.From)),
            core.Now + (collection.Digits.Length == 0 ? collection.Wish.FirstDigit : collection.Wish.InterDigit));

    private void OnPromptEnded(Collection collection, PlayEnd reason)
    {
        if (!_collections.TryGetValue(collection.Order.From, out var present) || present != collection || collection.Prompt is null) return;
        collection.Prompt = null;
        if (reason is PlayEnd.NotFound or PlayEnd.NotPossible) EndCollection(collection.Order.From, CollectEnd.PromptFailed);
        else Await(collection);
    }

    private void EndCollection(RelaySide side, CollectEnd reason)
    {
        if (!_collections.Remove(side, out var collection)) return;
        core.AudioTimers.Cancel(new(call.Id, TimerOf(side)));
        if (call.Media.IsOpen && call.Ended is null)
        {
            if (collection.Prompt is { } prompt && reason != CollectEnd.PromptFailed) Tell(new RelayCommand.Stop(call.Media.Id, prompt));
            Tell(new RelayCommand.Listen(call.Media.Id, side, On: false));
            if (side == RelaySide.Gateway) call.Line.Gateway.Renew();
        }

        call.Attend();
        var digits = collection.Digits.ToString();
        var enough = digits.Length >= collection.Wish.Least;
        var whole = reason switch
        {
            CollectEnd.Matched => true,
            CollectEnd.Full or CollectEnd.FinishKey => enough,
            CollectEnd.InterDigitTimeout => collection.Wish.Map is null && enough,
            _ => false,
        };
        core.Note(new EngineNote.DigitsCollected(call.Name, side, digits.Length, reason, whole));
        Answer(collection.Query, Done() with { Collected = new CollectedDigits(digits, reason, whole) });
    }

    private void Send(AudioOrder.Send send)
    {
        if (!_unsent.TryGetValue(send.Towards, out var queue)) _unsent[send.Towards] = queue = new();
        var idle = queue.Count == 0 && core.AudioTimers.DeadlineOf(new(call.Id, SenderOf(send.Towards))) is null;
        foreach (var digit in send.Digits) queue.Enqueue((digit, send.Length));
        if (idle) SendNext(send.Towards);
    }

    // Whether an end is told its digits beside the sound.
    private bool IsTold(RelaySide side) => side == RelaySide.Sip && call.Media.Bridge.PeerTells;

    // Whether its gateway makes the tones of those for an end, as it does of those that the peer sends.
    private bool IsMade(RelaySide side) => side == RelaySide.Gateway && call.Media.Bridge.GatewayTells && call.Line.Gateway.MakesDigits;

    private static AudioTimer SenderOf(RelaySide side) => side == RelaySide.Gateway ? AudioTimer.ToLine : AudioTimer.ToPeer;

    // One by one, at the pace at which they sound, so that they can be stopped.
    private void SendNext(RelaySide side)
    {
        if (!_unsent.TryGetValue(side, out var queue) || queue.Count == 0) return;
        if (IsMade(side) && call.Line.Gateway.HasDigits)
        {
            // A gateway that is slow to take one must not have them pile up with it.
            core.AudioTimers.Set(new(call.Id, SenderOf(side)), core.Now + Gap);
            return;
        }

        var next = queue.Dequeue();
        var wait = Comma;
        if (next.Digit != ',')
        {
            wait = next.Length + Gap;
            if (IsTold(side)) call.Peer.Tell(next.Digit, next.Length);
            else if (IsMade(side)) call.PlayDigit(next.Digit);
            else Tell(new RelayCommand.SendDigit(call.Media.Id, side, next.Digit, next.Length));
        }

        // Also after the last one: what is sent next must not run into it.
        core.AudioTimers.Set(new(call.Id, SenderOf(side)), core.Now + wait);
    }
}
