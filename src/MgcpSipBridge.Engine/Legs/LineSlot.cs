using MgcpSipBridge.Calls;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine;

/// <summary>A provisioned line: its state, its endpoint, its current call and its registration.</summary>
internal sealed class LineSlot
{
    /// <summary>
    /// Longest a caller may dial where the gateway alone sees the digits until the number ends. Its own time-outs (the end of dial tone, D/T)
    /// come long before; this is for a gateway that reports neither, and must outlast a slow finger.
    /// </summary>
    private static readonly TimeSpan MapGuard = TimeSpan.FromMinutes(3);

    public LineSlot(EngineCore core, int index, LineModel model)
    {
        Index = index;
        Model = model;
        Endpoint = new EndpointId(model.Gateway, model.Endpoint);
        Gateway = new GatewayLeg(core, this);
    }

    /// <summary>
    /// Where a peer's call is that the bridge has answered: a line without an endpoint, that always talks. It lasts as long as the call, and nobody provisions it or can call it.
    /// </summary>
    public static LineSlot ReceptionOf(EngineCore core, string number, string peer) =>
        new(core, 0, new LineModel(number, null, "", "", peer, number, null, new LineFeatures())) { IsReception = true };

    /// <summary>Whether it is no line at all.</summary>
    public bool IsReception { get; private init; }

    /// <summary>Names the line's timer.</summary>
    public int Index { get; }

    public LineModel Model { get; set; }

    /// <summary>What was set at the phone.</summary>
    public DialledFeatures Dialled { get; set; } = DialledFeatures.None;

    /// <summary>The features as they are now.</summary>
    public LineFeatures Features => Dialled.Over(Model.Features);

    /// <summary>The line was elsewhere until now: what belongs to its number goes with it.</summary>
    public void ComesFrom(LineSlot before)
    {
        Account = before.Account;
        Gateway.ShowMessages(before.Gateway.HasMessages);
    }

    /// <summary>How long the line's hotline waits for a number; null when it has none, or one that does not wait.</summary>
    public TimeSpan? HotlineDelay => Model.Features is { Hotline: not null, HotlineDelay: var delay } && delay > TimeSpan.Zero ? delay : null;

    public EndpointId Endpoint { get; }

    public GatewayLeg Gateway { get; }

    public CallState State { get; set; } = CallState.OutOfService.Instance;

    /// <summary>The timer that runs, if one does.</summary>
    public CallTimer Timer { get; set; }

    /// <summary>Calls of which something is left: the present one, and earlier ones being cleared away.</summary>
    public List<ActiveCall> Calls { get; } = [];

    /// <summary>The call whose ladder the endpoint's messages belong to: the present one, or the last.</summary>
    public ActiveCall? Traced { get; set; }

    /// <summary>Messages of the input being handled that came before the call they belong to.</summary>
    public List<TracedMessage> Untraced { get; } = [];

    /// <summary>Its account as the SIP side has it; null when it has none.</summary>
    public SipAccount? Account { get; set; }

    /// <summary>Whether its endpoint serves.</summary>
    public LineService Service { get; set; }

    /// <summary>When its gateway said that it will be back (RestartDelay, RFC 3435 §2.3.12); null when it did not.</summary>
    public Instant? BackAt { get; set; }

    /// <summary>Whether the line shall be registered at its peer.</summary>
    public bool Registers { get; set; } = true;

    /// <summary>Whether the gateway's RTP source may be learnt.</summary>
    public SourceLearning Learning { get; set; }

    /// <summary>How its gateway is set to send digits in a call.</summary>
    public DtmfForm GatewayDtmf { get; set; }

    /// <summary>How faxes of the line pass, as far as its side decides.</summary>
    public FaxHandling Fax { get; set; }

    /// <summary>The state in the API's words.</summary>
    public LineState View => ViewOf(State);

    /// <summary>The line's time-outs. Where a digit map collects, the gateway reports nothing between dial tone and the whole number.</summary>
    public CallTimes Times(DialSettings dial) => new(
        Gateway.CollectsByMap && dial.FirstDigit < MapGuard ? MapGuard : HotlineDelay ?? dial.FirstDigit,
        dial.InterDigit,
        dial.Critical,
        dial.RingNoAnswer,
        dial.FarEndNoAnswer,
        dial.FailureTone,
        dial.OffHookWarning,
        dial.ForwardNoAnswer);

    /// <summary>What the line is set to do with its calls.</summary>
    public LineSettings Settings()
    {
        var now = Features;
        return new LineSettings
        {
            Number = Model.Number,
            Hotline = now.Hotline is { Length: > 0 } number ? new Hotline(number, now.HotlineDelay) : null,
            DoNotDisturb = now.DoNotDisturb,
            ForwardAlways = now.ForwardAlways,
            ForwardBusy = now.ForwardBusy,
            ForwardNoAnswer = now.ForwardNoAnswer,
        };
    }

    public static LineState ViewOf(CallState state) => state switch
    {
        CallState.OutOfService => LineState.OutOfService,
        CallState.Idle => LineState.Idle,
        CallState.Dialing or CallState.Extending => LineState.Dialing,
        CallState.Preparing or CallState.Proceeding or CallState.Presenting => LineState.Proceeding,
        CallState.Alerting => LineState.Alerting,
        CallState.Ringing or CallState.Summoning => LineState.Ringing,
        CallState.Talking => LineState.Talking,
        _ => LineState.Releasing,
    };
}
