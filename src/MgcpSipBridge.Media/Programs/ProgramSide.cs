using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>One end of a session as its program knows it: what comes from it and what goes to it.</summary>
internal sealed class ProgramSide
{
    public ProgramSide(RelaySide side, Entropy entropy, RtcpLedger ledger, IDigitListener listener, Action<PlayId, PlayEnd> onPlayEnd)
    {
        Side = side;
        Stream = new(side, entropy);
        Outlet = new(Stream);
        Speaker = new(Stream, Outlet, entropy, onPlayEnd, () => listener.OnDigitLost(side));
        Events = new(side, listener);
        Tones = new(side, listener);
        Reporter = new(this, ledger, entropy);
    }

    public RelaySide Side { get; }

    public SideForm Form { get; private set; } = SideForm.Unknown;

    /// <summary>What it hears.</summary>
    public OutgoingStream Stream { get; }

    /// <summary>What the other end says, on its way to it.</summary>
    public Outlet Outlet { get; }

    /// <summary>What we say to it.</summary>
    public Speaker Speaker { get; }

    /// <summary>Digits that it sends as events.</summary>
    public EventReceiver Events { get; }

    /// <summary>Digits that it sends as tones.</summary>
    public ToneWatch Tones { get; }

    /// <summary>Letters that it tells, and that are in its sound as well.</summary>
    public LetterPairs Letters { get; } = new();

    /// <summary>When its speech was last passed, or was to be.</summary>
    public Instant SpokeAt { get; set; }

    /// <summary>Our reports to it.</summary>
    public RtcpReporter Reporter { get; }

    /// <summary>Whether it is not heard.</summary>
    public bool IsMuted { get; set; }

    /// <summary>Whether it waits on hold: nothing of what the other end says, or presses, reaches it.</summary>
    public bool Waits
    {
        get => Speaker.Waits;
        set => Speaker.Waits = value;
    }

    /// <summary>Whether its digits are told.</summary>
    public bool IsListenedTo { get; set; }

    /// <summary>Its place in a conference; null for none. What it says goes there and nowhere else.</summary>
    public ConferenceMember? Member { get; private set; }

    /// <summary>How it sends digits, as far as that can be known.</summary>
    public DtmfForm SendsDigits => Form.Dtmf != DtmfForm.Unchanged ? Form.Dtmf : Form.SendsEvents ? DtmfForm.Events : DtmfForm.InBand;

    public Instant NextDeadline => Instant.Min(Instant.Min(Speaker.NextDeadline, Reporter.NextDeadline), Instant.Min(Events.Deadline, Tones.Deadline));

    /// <summary>Whether nothing is left that needs a program; what it was told of forms aside.</summary>
    public bool IsIdle => !IsMuted && !IsListenedTo && Member is null && !Speaker.IsActive && Outlet.IsTransparent && Events.Deadline == Instant.Never;

    /// <summary>Enters a conference; false when it is full, or the end has no G.711.</summary>
    public bool Join(Conference conference, Instant now)
    {
        Leave();
        if (!Speaker.CanSpeak || conference.Join() is not { } member) return false;
        Member = member;
        Speaker.Listen(member, now);
        return true;
    }

    /// <summary>Leaves its conference.</summary>
    public void Leave()
    {
        Member?.Leave();
        Member = null;
        Speaker.Listen(null, Instant.Zero);
    }

    public void SetForm(SideForm form)
    {
        Form = form;
        Outlet.SetForm(form);
        Speaker.SetForm(form);
        if (!Speaker.CanSpeak) Leave();
    }
}
