using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>A conference (three-way call): named by who asks for it.</summary>
public readonly record struct ConferenceId(long Value);

/// <summary>
/// Ends that hear one another. Each hears all others and not itself, at the pace of its own packets. Its members may belong to many sessions: whoever hosts them
/// sees to it that they are used by one at a time.
/// </summary>
public sealed class Conference
{
    /// <summary>Ends that may be in it at once.</summary>
    public const int MostMembers = 32;

    private readonly List<ConferenceMember> _members = [];

    /// <summary>Ends in it.</summary>
    public int Count => _members.Count;

    internal ConferenceMember? Join()
    {
        if (_members.Count == MostMembers) return null;
        var member = new ConferenceMember(this);
        _members.Add(member);
        return member;
    }

    internal void Leave(ConferenceMember member) => _members.Remove(member);

    internal void Sum(ConferenceMember listener, Span<int> sum, long position)
    {
        foreach (var member in _members)
            if (member != listener)
                member.Voice.AddTo(sum, position);
    }
}

/// <summary>An end in a conference: its voice, and its ears.</summary>
internal sealed class ConferenceMember(Conference conference)
{
    private readonly int[] _sum = new int[1600];
    private readonly Limiter _limiter = new();

    /// <summary>Where it is.</summary>
    public Conference Conference => conference;

    /// <summary>What it says.</summary>
    public PlayoutBuffer Voice { get; } = new();

    /// <summary>What it hears in the time before a moment.</summary>
    public void Hear(Span<short> frame, Instant until)
    {
        var sum = _sum.AsSpan(0, frame.Length);
        sum.Clear();
        // The time that has passed: whatever came in it lies there now, also for who asks a moment later.
        conference.Sum(this, sum, PlayoutBuffer.Position(until) - frame.Length);
        _limiter.Apply(sum, frame);
    }

    public void Leave() => conference.Leave(this);
}
