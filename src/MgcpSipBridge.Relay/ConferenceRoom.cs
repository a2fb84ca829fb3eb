using MgcpSipBridge.Media;

namespace MgcpSipBridge.Relay;

/// <summary>
/// A conference with what keeps its members apart from one another: on the native plane all of them live on one thread, on the portable plane they
/// share a lock. The control loop's alone, but for the lock.
/// </summary>
internal sealed class ConferenceRoom
{
    public Conference Conference { get; } = new();

    /// <summary>Held, inside that of a session, while a packet or a tick of a member is worked on.</summary>
    public Lock Gate { get; } = new();

    /// <summary>The thread where its members live; null before there is any.</summary>
    public RelayThread? Thread { get; set; }

    /// <summary>Ends in it.</summary>
    public HashSet<(MediaId Media, RelaySide Side)> Members { get; } = [];
}

/// <summary>The conferences of a relay, and who is in which. A session is in one at a time. The control loop's alone.</summary>
internal sealed class Conferences
{
    private readonly Dictionary<ConferenceId, ConferenceRoom> _rooms = [];
    private readonly Dictionary<MediaId, ConferenceId> _where = [];

    /// <summary>The room that an end is about to enter; made when there is none.</summary>
    public ConferenceRoom Open(ConferenceId conference)
    {
        if (!_rooms.TryGetValue(conference, out var room)) _rooms[conference] = room = new();
        return room;
    }

    /// <summary>Where a session is now.</summary>
    public ConferenceId? Of(MediaId media) => _where.TryGetValue(media, out var conference) ? conference : null;

    public void Entered(MediaId media, RelaySide side, ConferenceId conference)
    {
        _where[media] = conference;
        _rooms[conference].Members.Add((media, side));
    }

    /// <summary>An end has left, or both have (null).</summary>
    public void Left(MediaId media, RelaySide? side)
    {
        if (!_where.TryGetValue(media, out var conference)) return;
        var members = _rooms[conference].Members;
        members.RemoveWhere(member => member.Media == media && (side is null || member.Side == side));
        if (!members.Any(member => member.Media == media)) _where.Remove(media);
        Forget(conference);
    }

    /// <summary>A room without members is gone.</summary>
    public void Forget(ConferenceId conference)
    {
        if (_rooms.TryGetValue(conference, out var room) && room.Members.Count == 0) _rooms.Remove(conference);
    }
}
