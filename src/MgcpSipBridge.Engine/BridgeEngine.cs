using MgcpSipBridge.Calls;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine;

/// <summary>
/// One shard: some gateways and all calls on their endpoints. Sans-IO: one <see cref="Handle"/>, then drain <see cref="TryTake"/>, then wake
/// it at <see cref="NextDeadline"/>. Not thread-safe: one mailbox, one reader.
/// </summary>
public sealed partial class BridgeEngine
{
    private readonly EngineCore _core;
    private readonly TimerQueue<int> _timers = new();
    private readonly TimerQueue<int> _retries = new();
    private readonly TimerQueue<int> _leaving = new();
    private readonly Dictionary<int, LineSlot> _lines = [];
    private readonly Dictionary<EndpointId, LineSlot> _byEndpoint = [];
    private readonly Dictionary<string, LineSlot> _byNumber = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Peer, string User), LineSlot> _byAccount = [];
    private readonly Dictionary<CallId, ActiveCall> _calls = [];
    private int _lastLine;

    /// <summary>An engine without provisioning; give it <see cref="EngineInput.Configure"/>.</summary>
    /// <param name="settings">What holds from its start to its end.</param>
    /// <param name="entropy">Its chance; from the operating system in production.</param>
    /// <param name="shard">Short token that SIP identifiers carry, so that a dispatcher finds the shard; empty when there is one shard.</param>
    public BridgeEngine(EngineSettings settings, Entropy entropy, string shard = "")
        : this(settings, entropy, new SipLayer(settings.Sip, entropy.Fork(), shard))
    {
    }

    /// <summary>An engine over another SIP layer (decision 0003).</summary>
    public BridgeEngine(EngineSettings settings, Entropy entropy, ISipLayer sip)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(entropy);
        _core = new EngineCore(settings, entropy.Fork(), new MgcpCallAgent(settings.Mgcp, entropy.Fork(), settings.Admission), sip);
    }

    /// <summary>When <see cref="EngineInput.DeadlineReached"/> is wanted; null for never.</summary>
    public Instant? NextDeadline => Instant.Earliest(
        Instant.Earliest(_core.Mgcp.NextDeadline, _core.Sip.NextDeadline),
        Instant.Earliest(Instant.Earliest(_core.PhoneDigits.NextDeadline, Instant.Earliest(_core.Routers.NextDeadline, _core.AudioTimers.NextDeadline)), Instant.Earliest(_timers.NextDeadline, Instant.Earliest(Instant.Earliest(_retries.NextDeadline, StuckAt), _leaving.NextDeadline))));

    /// <summary>Takes one input; deadlines due at <paramref name="now"/> fire first. <paramref name="utc"/> serves caller id's date alone.</summary>
    public void Handle(EngineInput input, Instant now, DateTime utc)
    {
        ArgumentNullException.ThrowIfNull(input);
        _core.Now = now;
        _core.Utc = utc;
        FireDue();
        Take(input);
        Pump();
        ForgetUntraced();
    }

    /// <summary>Takes the next output.</summary>
    public bool TryTake(out EngineOutput output) => _core.Outputs.TryDequeue(out output!);

    private void FireDue()
    {
        var now = _core.Now;
        if (_core.Mgcp.NextDeadline <= now) _core.Mgcp.FireDue(now);
        if (_core.Sip.NextDeadline <= now) _core.Sip.FireDue(now);
        Pump();
        FireRouters();
        while (_timers.TryTakeDue(now, out var index))
        {
            if (_lines.TryGetValue(index, out var line)) Do(line, new CallEvent.TimerFired(line.Timer));
            Pump();
        }

        while (_retries.TryTakeDue(now, out var index))
        {
            if (_lines.TryGetValue(index, out var line)) line.Gateway.Retry();
            Pump();
        }

        FireAudio();
        while (_core.PhoneDigits.TryTakeDue(now, out var index))
        {
            if (_lines.TryGetValue(index, out var line)) line.Gateway.PlayNext();
            Pump();
        }

        while (StuckAt <= now && _core.Ending.TryDequeue(out var stuck))
        {
            _core.Note(new EngineNote.CallStuck(stuck.Call.ToString(), stuck.Line));
            SkipCleared();
        }

        while (_leaving.TryTakeDue(now, out var index))
        {
            if (_lines.TryGetValue(index, out var line)) SetRegisters(line, false);
            Pump();
        }
    }

    private void Take(EngineInput input)
    {
        switch (input)
        {
            case EngineInput.MgcpDatagram datagram:
                _mgcpOn = datagram.On;
                _core.Mgcp.Receive(datagram.Bytes.Span, datagram.From, _core.Now, datagram.On);
                break;
            case EngineInput.SipMessage message:
                _core.Sip.Receive(message.Bytes.Span, message.Flow, _core.Now);
                break;
            case EngineInput.SipFlowFailed failed:
                _core.Sip.FlowFailed(failed.Flow, _core.Now);
                break;
            case EngineInput.Resolved resolved:
                _core.Sip.Resolved(resolved.Query, resolved.Targets, _core.Now, resolved.Lifetime);
                break;
            case EngineInput.Relay relay:
                OnRelay(relay.Event);
                break;
            case EngineInput.Configure configure:
                Configure(configure.Model);
                break;
            case EngineInput.Ask { Question: EngineQuery.AuditGateway audit } ask:
                BeginAudit(ask.Query, audit);
                break;
            case EngineInput.Ask { Question: EngineQuery.AuditLine audit } ask:
                BeginAudit(ask.Query, audit);
                break;
            case EngineInput.Ask { Question: EngineQuery.ProbePeer probe } ask:
                BeginProbe(ask.Query, probe);
                break;
            case EngineInput.Ask { Question: EngineQuery.Audio audio } ask:
                Do(ask.Query, audio);
                break;
            case EngineInput.Recall recall:
                foreach (var (number, dialled) in recall.Lines) _dialled[number] = dialled;
                break;
            case EngineInput.Ask ask:
                _core.Emit(new EngineOutput.Answer(ask.Query, Answer(ask.Question)));
                break;
            case EngineInput.Routers routers:
                SetRouters(routers);
                break;
            case EngineInput.Decided decided:
                OnDecided(decided);
                break;
            case EngineInput.Drain drain:
                Drain(drain.Final);
                break;
            case EngineInput.DeadlineReached:
                break;
        }
    }

    /// <summary>Carries events and outputs between the rooms until all is quiet.</summary>
    private void Pump()
    {
        while (true)
        {
            if (_core.Raised.TryDequeue(out var raised))
            {
                Apply(raised.Line, raised.Event);
                raised.Line.Gateway.Flush();
            }
            else if (_core.Mgcp.TryTake(out var mgcp))
            {
                OnMgcp(mgcp);
            }
            else if (_core.Sip.TryTake(out var sip))
            {
                OnSip(sip);
            }
            else
            {
                return;
            }
        }
    }

    private void OnRelay(Media.RelayEvent evt)
    {
        if (!_core.Media.TryGetValue(evt.Media, out var call)) return;
        Finish(call, evt, static (call, evt) => call.OnRelay(evt));
    }

    /// <summary>
    /// Does something for a line. Whatever it throws is our bug: the line's call is cleared, every other call goes on (design law 2).
    /// </summary>
    private void Guard<T>(LineSlot line, T about, Action<T> action)
    {
        try
        {
            action(about);
        }
#pragma warning disable CA1031 // The shard must live on, whatever the bug.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _core.Note(new EngineNote.Fault(line.State.GetType().Name, e));
            if (line.State.Current is not null) _core.Raise(line, new CallEvent.Cleared(CallCause.InternalError));
        }
    }

    private void Drain(bool final)
    {
        _core.Draining = true;
        _core.Sip.SetDraining(true, _core.Now);
        if (!final) return;
        RefuseWaiting();
        foreach (var line in _lines.Values.OrderBy(line => line.Index))
            if (line.State.Current is not null) _core.Raise(line, new CallEvent.Cleared(CallCause.ShuttingDown));
        foreach (var call in _calls.Values.Where(call => call.IsReceived).OrderBy(call => call.Id.Value))
            _core.Raise(call.Line, new CallEvent.Cleared(CallCause.ShuttingDown));
        Pump();
        _core.Sip.UnregisterAll(_core.Now);
    }
}
