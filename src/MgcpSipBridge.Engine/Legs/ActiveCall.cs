using System.Collections.Immutable;
using MgcpSipBridge.Calls;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine;

/// <summary>A call with its legs: lives from its first sign until nothing of it is left on the gateway, the relay and the peer.</summary>
internal sealed partial class ActiveCall
{
    public ActiveCall(EngineCore core, LineSlot line, Call call)
    {
        Core = core;
        Line = line;
        Reception = line.IsReception ? line : null;
        Id = call.Id;
        FromLine = call.FromLine;
        Far = call.Far;
        _callsBack = call.CallsBack;
        Started = core.Now;
        Ladder = new Ladder(core.Settings.LadderMessages);
        Media = new MediaLeg(core, this);
        Bearer = new Bearer(core, this);
        _bearers.Add(Bearer);
        Fax = new FaxLeg(core, this);
        Peer = new SipLeg(core, this);
    }

    private EngineCore Core { get; }

    public LineSlot Line { get; private set; }

    public CallId Id { get; }

    /// <summary>The same in letters, as everybody outside is told of it.</summary>
    public string Name => _name ??= Id.ToString();

    public bool FromLine { get; }

    /// <summary>The other party; its number is empty while the line dials.</summary>
    public Party Far { get; set; }

    /// <summary>Whether the line calls for help, or is called back by whoever sends it: no limit of ours holds such a call back.</summary>
    public bool IsForHelp => _callsBack || (FromLine && Core.Routes.Emergencies.Contains(Far.Number));

    /// <summary>Who is at the other end, where it says so.</summary>
    public Party? Connected { get; set; }

    /// <summary>Who sent the call on to the line.</summary>
    public Party? SentOnBy { get; set; }

    /// <summary>Headers of the caller's that are kept.</summary>
    public ImmutableArray<(string Name, string Value)> Carried { get; init; } = [];

    /// <summary>What the peer warned of when it refused.</summary>
    public SipWarning? Warning { get; set; }

    /// <summary>Whether the line's number is withheld in this call; null: as is set for the line.</summary>
    public bool? Withheld { get; set; }

    public MediaLeg Media { get; }

    /// <summary>The connection at its line; earlier ones may still be being deleted.</summary>
    public Bearer Bearer { get; private set; }

    /// <summary>What clients do with its audio; null while none did anything.</summary>
    public CallAudio? Audio { get; private set; }

    public FaxLeg Fax { get; }

    /// <summary>What the gateway counted on the connection; null until it says so, at the connection's end.</summary>
    public ConnectionStatistics? Counted { get; private set; }

    public SipLeg Peer { get; }

    public Ladder Ladder { get; }

    public Instant Started { get; }

    /// <summary>When the number was complete, or the INVITE came: post-dial delay and set-up time count from here.</summary>
    public Instant Dialled { get; set; }

    public Instant? Answered { get; private set; }

    public Instant? Ended { get; private set; }

    /// <summary>Whether digits can only be those of the number: nobody at the far end has been heard, or rings.</summary>
    public bool IsStillDialled => FromLine && !_signed && Answered is null && Ended is null;

    public CallEnd? End { get; private set; }

    public int MgcpCode { get; set; }

    public int SipStatus { get; set; }

    public int Q850 { get; set; }

    // What a person presses when nobody says how long.
    private static readonly TimeSpan UsualDigit = TimeSpan.FromMilliseconds(100);

    private readonly bool _callsBack;
    private bool _signed;
    private string? _name;

    /// <summary>Whether the peer's RTP source may be learnt.</summary>
    public SourceLearning PeerLearning => Peer.Peer is { } name && Core.Peers.TryGetValue(name, out var peer) ? peer.Media : SourceLearning.Strict;

    /// <summary>Whether nothing of it is left anywhere.</summary>
    public bool IsGone => Ended is not null && !IsBorne && !Media.IsHeld && !Peer.IsHeld;

    /// <summary>Somebody wants something of the audio.</summary>
    public CallAudio UseAudio() => Audio ??= new CallAudio(Core, this);

    /// <summary>The far end rings or is heard for the first time.</summary>
    public void OnFarEndSigns()
    {
        if (_signed) return;
        _signed = true;
        Core.Note(new EngineNote.PostDialDelay(Name, Core.Now - Dialled));
    }

    /// <summary>The line talks: both directions are opened, unless the peer has to be answered with T.38 first.</summary>
    public void Connect()
    {
        if (!FromLine && Fax.Answers()) return;
        OnAnswered();
        Bearer.Connect();
    }

    public void OnAnswered()
    {
        if (Answered is not null) return;
        Answered = Core.Now;
        Core.Note(new EngineNote.CallAnswered(Name, Core.Now - Dialled));
        // From now on both ends should be heard.
        Media.Refresh();
    }

    /// <summary>What the relay tells of its audio.</summary>
    public void OnRelay(RelayEvent evt)
    {
        Audio?.On(evt);
        switch (evt)
        {
            case RelayEvent.PlayEnded ended:
                Media.OnPlayEnded(ended);
                break;
            case RelayEvent.Opened opened:
                Media.OnOpened(opened);
                if (IsReceived) Peer.Receive();
                else Bearer.OnPortsOpened();
                break;
            case RelayEvent.OpenFailed:
                Media.OnGone(null);
                Bearer.OnPortsRefused();
                break;
            case RelayEvent.AudioChanged changed:
                Media.OnAudio(changed.Audio);
                break;
            case RelayEvent.KeyAged aged when Ended is null:
                Media.OnKeyAged(aged.Ended);
                break;
            case RelayEvent.Dead:
                OnDead();
                break;
            case RelayEvent.Digit digit:
                OnDigit(digit);
                break;
            case RelayEvent.DigitLost lost:
                LoseDigit(lost.Towards);
                break;
            case RelayEvent.Closed closed:
                Media.OnGone(closed.Statistics);
                break;
        }
    }

    /// <summary>
    /// Digits that the peer has told beside the sound: the gateway makes their tones, unless it is set to get them with the sound. A gateway that is set to nothing makes
    /// them too, for that needs no work of the relay.
    /// </summary>
    public void PlayDigits(string symbols, TimeSpan length)
    {
        var withSound = Line.GatewayDtmf is DtmfForm.Events or DtmfForm.InBand;
        foreach (var symbol in symbols)
            if (!withSound || !Media.SendDigit(RelaySide.Gateway, symbol, length == TimeSpan.Zero ? UsualDigit : length)) PlayDigit(symbol);
    }

    /// <summary>Has the gateway make a digit's tone.</summary>
    public void PlayDigit(char symbol)
    {
        if (!Line.Gateway.Play(symbol)) LoseDigit(RelaySide.Gateway);
    }

    /// <summary>An end does not hear a digit that it was to hear.</summary>
    public void LoseDigit(RelaySide towards) => Core.Note(new EngineNote.DigitLost(Name, towards));

    /// <summary>Letters that the gateway tells and that are in its sound.</summary>
    public LetterPairs Letters => field ??= new();

    /// <summary>Both ends should be heard, and neither is for too long: nobody is there who could hang up.</summary>
    public void OnDead()
    {
        if (Ended is not null) return;
        Core.Note(new EngineNote.MediaDied(Name));
        Core.Raise(Line, new CallEvent.BearerFailed(Id, CallCause.MediaTimeout));
    }

    /// <summary>A digit was heard that goes on beside the sound. Whoever tells its digits itself is not told of them again; a gateway is asked for no A to D, and one that it tells all the same is no second digit.</summary>
    public void OnDigit(RelayEvent.Digit digit)
    {
        if (Line.State is not CallState.Talking { Call.Id: var talking } || talking != Id) return;
        var bridge = Media.Bridge;
        if (digit.Side == RelaySide.Gateway && bridge.PeerTells && (!bridge.GatewayTells || (digit.Key is >= 'A' and <= 'D' && Letters.Heard(digit.Key, Core.Now - digit.Length, Core.Now)))) Peer.Tell(digit.Key, digit.Length);
        if (digit.Side == RelaySide.Sip && bridge is { PeerTells: false, GatewayTells: true }) PlayDigit(digit.Key);
    }

    /// <summary>The connection is gone, and its gateway told what it had counted.</summary>
    public void OnCounted(ConnectionStatistics? counted)
    {
        if (counted is null) return;
        Counted = counted;
        Core.Note(new EngineNote.GatewayCounted(Name, counted));
    }

    public void OnEnded(CallEnd end)
    {
        if (Ended is not null) return;
        Ended = Core.Now;
        End = end;
        Core.Ending.Enqueue((Id, Core.Now, Line.Model.Number));
        Audio?.End();
        Core.AudioTimers.Cancel(new(Id, AudioTimer.Attention));
        if (Q850 == 0) Q850 = CauseMap.Q850(end.Cause);
        Core.Note(new EngineNote.CallEnded(new CallRecord(
            View(), MgcpCode, SipStatus, Q850, end.Side == CallSide.Line, Answered is { } at ? Core.Now - at : TimeSpan.Zero)
        {
            Cause = end.Cause,
        }));
    }

    public CallView View() => new(
        Name,
        IsReceived ? "" : Line.Model.Number,
        Line.Model.Gateway,
        Peer.Peer,
        FromLine,
        FromLine ? Line.Model.Number : Far.Number,
        FromLine ? Far.Number : CalledFirst,
        Ended is null ? Line.View : LineState.Idle,
        Started,
        Answered,
        Ended,
        End is { } end ? Outcome(end) : null,
        Name,
        Peer.SipCallId)
    {
        Counted = Counted,
        Connected = Connected is { } who ? (who.Withheld ? "" : who.Number) : null,
        SentOnBy = SentOnBy?.Number,
        Headers = Carried,
        Warning = Warning?.ToString(),
        Held = Media.Holds && Ended is null,
        Attended = IsAttended,
        LineMuted = Audio?.IsMuted(MgcpSipBridge.Media.RelaySide.Gateway) == true && Ended is null,
        PeerMuted = Audio?.IsMuted(MgcpSipBridge.Media.RelaySide.Sip) == true && Ended is null,
        Recording = Ended is null ? Audio?.Recording : null,
        LineConference = Audio?.ConferenceOf(MgcpSipBridge.Media.RelaySide.Gateway),
        PeerConference = Audio?.ConferenceOf(MgcpSipBridge.Media.RelaySide.Sip),
        Encrypted = Media.IsEncrypted,
        LineCodec = Media.CodecOf(MgcpSipBridge.Media.RelaySide.Gateway),
        PeerCodec = Media.CodecOf(MgcpSipBridge.Media.RelaySide.Sip),
        Fax = Fax.Mode,
    };

    private CallOutcome Outcome(CallEnd end) => end switch
    {
        _ when Answered is not null => CallOutcome.Answered,
        { Cause: CallCause.Forwarded } => CallOutcome.Forwarded,
        { Cause: CallCause.ServiceDone } => CallOutcome.Service,
        { Cause: CallCause.Busy } => CallOutcome.Busy,
        { Cause: CallCause.NoAnswer } => CallOutcome.NoAnswer,
        { Side: CallSide.Line, Stage: CallStage.Dialing, Cause: CallCause.NormalClearing } => CallOutcome.Abandoned,
        { Cause: CallCause.NormalClearing or CallCause.AnsweredElsewhere } => CallOutcome.Cancelled,
        { Cause: CallCause.Declined or CallCause.UnknownNumber or CallCause.InvalidNumber or CallCause.NumberChanged or CallCause.Forbidden } => CallOutcome.Rejected,
        _ => CallOutcome.Failed,
    };
}
