using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>What is known of a command that has just arrived.</summary>
internal enum CommandRepeat
{
    /// <summary>Never seen: execute it.</summary>
    New,

    /// <summary>It is being executed: answer 100 (RFC 3435 §3.5.1).</summary>
    Running,

    /// <summary>It was answered: send the same bytes again.</summary>
    Answered,

    /// <summary>Its answer was confirmed: ignore it silently (§3.5.1).</summary>
    Confirmed,
}

/// <summary>
/// At-most-once execution of one gateway's commands (RFC 3435 §3.5.1, §3.5.2): answers are kept for T-HIST. A gateway is known by its domain here, so its source
/// address may change between repeats. An answer of ours is a code and perhaps an empty K:, so that is what is kept, and the same bytes are written from it again:
/// nothing here is an object that a collector would have to follow.
/// </summary>
internal sealed class AnswerCache(TimeSpan tHist)
{
    /// <summary>Answers kept at most; the oldest go first. A gateway that commands faster than 130 times a second is not one.</summary>
    public const int Capacity = 4096;

    private readonly Dictionary<uint, Entry> _entries = [];
    private readonly Queue<(uint Id, Instant Until)> _order = [];

    /// <summary>A final answer that was sent.</summary>
    /// <param name="Code">Its code.</param>
    /// <param name="WantsAck">Whether it carries an empty K: (§3.5.6).</param>
    internal readonly record struct Answer(int Code, bool WantsAck);

    private record struct Entry(CommandRepeat State, bool ProvisionalSent, Answer Answer);

    /// <summary>How many commands are remembered.</summary>
    public int Count => _entries.Count;

    /// <summary>When the oldest is forgotten; null when none is kept.</summary>
    public Instant? NextExpiry => _order.TryPeek(out var oldest) ? oldest.Until : null;

    /// <summary>Looks a command up and, if it is new, marks it as running. <paramref name="answer"/> is set for an answered one.</summary>
    public CommandRepeat Begin(uint id, Instant now, out Answer answer)
    {
        Forget(now);
        answer = default;
        if (_entries.Count >= Capacity && !_entries.ContainsKey(id)) _entries.Remove(_order.Dequeue().Id);
        ref var entry = ref CollectionsMarshal.GetValueRefOrAddDefault(_entries, id, out var isKnown);
        if (isKnown)
        {
            answer = entry.Answer;
            if (entry.State == CommandRepeat.Running) entry.ProvisionalSent = true;
            return entry.State;
        }

        entry.State = CommandRepeat.Running;
        _order.Enqueue((id, now + tHist));
        return CommandRepeat.New;
    }

    /// <summary>Whether repeats were answered 100: then the final answer carries an empty K: (§3.5.6).</summary>
    public bool WantsAck(uint id) => _entries.TryGetValue(id, out var entry) && entry.ProvisionalSent;

    /// <summary>Whether an answer was sent and is not confirmed.</summary>
    public bool IsUnconfirmed(uint id) => _entries.TryGetValue(id, out var entry) && entry.State == CommandRepeat.Answered;

    /// <summary>Keeps a command's final answer.</summary>
    public void Complete(uint id, Answer answer)
    {
        ref var entry = ref CollectionsMarshal.GetValueRefOrNullRef(_entries, id);
        if (Unsafe.IsNullRef(ref entry) || entry.State != CommandRepeat.Running) return;
        entry = entry with { State = CommandRepeat.Answered, Answer = answer };
    }

    /// <summary>The gateway has these answers: they are dropped, the ids stay (§3.5.2).</summary>
    public void Confirm(uint first, uint last)
    {
        // A range is the peer's to choose: what it costs is bounded by what we keep.
        if (last - first < _entries.Count)
        {
            for (var id = first; id <= last; id++) Confirm(id);
            return;
        }

        foreach (var (id, _) in _order)
        {
            if (id >= first && id <= last) Confirm(id);
        }
    }

    /// <summary>Forgets what is older than T-HIST.</summary>
    public void Forget(Instant now)
    {
        while (_order.TryPeek(out var oldest) && oldest.Until <= now)
        {
            _order.Dequeue();
            _entries.Remove(oldest.Id);
        }
    }

    private void Confirm(uint id)
    {
        ref var entry = ref CollectionsMarshal.GetValueRefOrNullRef(_entries, id);
        if (!Unsafe.IsNullRef(ref entry) && entry.State == CommandRepeat.Answered) entry = entry with { State = CommandRepeat.Confirmed, Answer = default };
    }
}
