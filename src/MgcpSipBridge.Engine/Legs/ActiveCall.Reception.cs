using MgcpSipBridge.Calls;

namespace MgcpSipBridge.Engine;

/// <content>A peer's call that the bridge has answered itself: it waits at its reception until a line that is rung for it answers.</content>
internal sealed partial class ActiveCall
{
    private readonly List<Bearer> _bearers = [];
    private string? _calledFirst;

    /// <summary>Where the caller is while no line talks to him; null for every other call, and from the moment at which a line does.</summary>
    public LineSlot? Reception { get; private set; }

    /// <summary>Whether nobody but the bridge is at the line's end.</summary>
    public bool IsReceived => Reception is not null && Line == Reception;

    /// <summary>Whether a line is being rung for a caller whom the bridge has answered.</summary>
    public bool IsVisiting => Reception is not null && Line != Reception;

    /// <summary>Whether any gateway holds, or may hold, a connection of the call.</summary>
    public bool IsBorne => _bearers.Exists(static bearer => bearer.IsHeld);

    /// <summary>Whether the bridge has answered it for a client, who has not put it through.</summary>
    public bool IsAttended => (Peer.IsAttended || Reception is not null) && Ended is null;

    private string CalledFirst => _calledFirst ?? Line.Model.Number;

    /// <summary>How many connections it remembers: the present one, and those that are still being deleted.</summary>
    public int Tries => _bearers.Count;

    /// <summary>The call's connections at a line.</summary>
    public IEnumerable<Bearer> BearersOn(LineSlot line) => _bearers.Where(bearer => bearer.Line == line);

    /// <summary>Takes the peer's call: the relay's ports first, then the answer.</summary>
    public void Receive(ReadOnlyMemory<byte> offer)
    {
        _calledFirst = Line.Model.Number;
        if (offer.IsEmpty || Media.TakePeerOffer(offer, Line.Gateway.Audit)) Media.Open();
        else Core.Raise(Line, new CallEvent.BearerFailed(Id, CallCause.IncompatibleMedia));
    }

    /// <summary>The client for whom the bridge has answered has done something, or what it wanted is over: from now on it has some time for the next.</summary>
    public void Attend()
    {
        if (IsAttended && Core.Settings.AttendTimeout is var patience && patience > TimeSpan.Zero) Core.AudioTimers.Set(new(Id, AudioTimer.Attention), Core.Now + patience);
    }

    /// <summary>A deadline of its audio is over.</summary>
    public void OnTimer(AudioTimer timer)
    {
        if (timer != AudioTimer.Attention) Audio?.OnTimer(timer);
        else if (Audio is { IsBusy: true } || Peer.IsRouting || IsVisiting) Attend();
        // Whoever was to go on with it has died, or has forgotten it: nobody shall listen to silence for ever.
        else if (IsAttended) Core.Raise(Line, new CallEvent.Cleared(CallCause.Unattended));
    }

    /// <summary>A line is about to ring for it.</summary>
    public void Visit(LineSlot line) => MoveTo(line);

    /// <summary>Whether the caller is with the bridge again after such an end of the ringing: nobody has answered, or the line could not be rung.</summary>
    public bool ReturnsAfter(CallEnd end) => end switch
    {
        _ when !IsVisiting => false,
        { Side: CallSide.Line, Cause: not CallCause.MediaTimeout } => true,
        { Side: CallSide.Bridge, Cause: CallCause.NoAnswer } => true,
        _ => false,
    };

    /// <summary>The line does not take it.</summary>
    public void Return(CallEnd end)
    {
        Bearer.Leave();
        MoveTo(Reception!);
        Media.ForgetGateway();
        Audio?.StopRinging();
        Attend();
        Core.Note(new EngineNote.RouteEnded(Name, Done: false, CauseMap.Refusal(end.Cause).Status));
    }

    /// <summary>The line that was rung has answered: it talks to the caller from now on.</summary>
    public void Join()
    {
        Reception = null;
        Audio?.MakeWay();
        Core.Note(new EngineNote.RouteEnded(Name, Done: true, 0));
        Media.Refresh();
    }

    /// <summary>Nothing is left of it: no line knows it any more.</summary>
    public void Forget()
    {
        Line.Calls.Remove(this);
        foreach (var bearer in _bearers) bearer.Line.Calls.Remove(this);
    }

    /// <summary>Forgets the connections of tries that are over, and is no call any more of the lines that nobody but they knew. A caller may be put through any number of times.</summary>
    public void ForgetTries()
    {
        for (var i = _bearers.Count - 1; i >= 0; i--)
        {
            var line = _bearers[i].Line;
            if (_bearers[i] == Bearer || _bearers[i].IsHeld) continue;
            _bearers.RemoveAt(i);
            if (line != Line && line != Reception && !BearersOn(line).Any()) line.Calls.Remove(this);
        }
    }

    private void MoveTo(LineSlot line)
    {
        Line = line;
        if (!line.Calls.Contains(this)) line.Calls.Add(this);
        Bearer = new Bearer(Core, this);
        // What became of the line before is not this one's.
        (MgcpCode, Counted) = (0, null);
        _bearers.Add(Bearer);
        ForgetTries();
    }
}
