using System.Text;
using MgcpSipBridge.Calls;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Engine;

/// <summary>
/// A line's endpoint: keeps its NotificationRequest equal to what the line's state asks for, and reads its events. Every NTFY leaves the
/// endpoint in lock-step (RFC 3435 §4.4.1), so every one is answered by a request, changed or not; but for digits that are reported one by one by a gateway that
/// honours <c>Q: loop</c> (§2.3.3).
/// </summary>
internal sealed class GatewayLeg(EngineCore core, LineSlot line)
{
    /// <summary>A gateway that contradicts itself about its hook is asked again this often at once, then slowly.</summary>
    private const int PatienceWithHook = 4;

    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(2);

    /// <summary>How long a gateway that was asked to go on by itself is given for the next digit. Digits wait in its quarantine meanwhile if it does not.</summary>
    private static readonly TimeSpan LoopTrial = TimeSpan.FromMilliseconds(400);

    /// <summary>A digit that comes so soon after a request was pressed before it.</summary>
    private static readonly TimeSpan TooSoonToBeFresh = TimeSpan.FromMilliseconds(100);

    // About as long as gateways sound a digit, and as fast as anybody's digits come for long.
    private static readonly TimeSpan DigitLasts = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(20);
    private const int MaxDigits = 64;

    private PhoneSignal _wanted = PhoneSignal.Quiet.Instance;
    private NotificationRequest? _sent;
    private NotificationRequest? _refused;
    private bool _owed;
    private bool _everyDigit;
    private bool _messages;
    private bool _messagesOwed;
    private bool _onTrial;
    private Instant _trialEnded;
    private int _contradictions;
    private Queue<char>? _digits; // that the phone is to hear yet
    private Instant _digitEnds;

    /// <summary>What the last audit said.</summary>
    public EndpointAudit Audit { get; private set; } = EndpointAudit.Unknown;

    /// <summary>Whether the endpoint serves.</summary>
    public bool InService { get; private set; }

    /// <summary>Whether the gateway drains: no new calls.</summary>
    public bool Draining { get; private set; }

    /// <summary>When the request is to be tried again; null for never.</summary>
    public Instant? RetryAt { get; private set; }

    /// <summary>Whether the endpoint collects whole numbers by a digit map at the moment.</summary>
    public bool CollectsByMap => Map is not null;

    private DigitMap? Map => !_everyDigit && Traits.DigitMaps && !TimesTheFirstDigit ? Plan.Maps.For(new DigitMapLimits(Traits.MaxDigitMapBytes, Traits.DigitMapQuirks)) : null;

    private LinePlan Plan => core.Plans.For(line.Model);

    /// <summary>
    /// Whether only this side can tell that nothing was dialled for a while, because the gateway's dial tone cannot be given that length. Then every digit is to be reported.
    /// </summary>
    private bool TimesTheFirstDigit => line.HotlineDelay is not null && !SignalMap.TimesDialTone(Traits);

    private GatewayTraits Traits => core.Mgcp.TraitsOf(line.Endpoint.Gateway) ?? new GatewayTraits();

    public void OnInService(EndpointAudit audit)
    {
        Audit = audit;
        InService = true;
        Draining = false;
        _contradictions = 0;
        _sent = null;
        _owed = true;
        _onTrial = false;
        _messagesOwed |= _messages;
        core.Loops.Forget(line.Endpoint.Gateway);
    }

    public void OnOutOfService(OutOfServiceReason reason)
    {
        Draining = reason == OutOfServiceReason.Draining;
        if (Draining) return;
        InService = false;
        RetryAt = null;
        _sent = null;
    }

    /// <summary>The line's state wants something else of the phone.</summary>
    public void Want(PhoneSignal wanted)
    {
        if (wanted is PhoneSignal.Collecting collecting) _everyDigit = collecting.Continues || (_everyDigit && !collecting.DialTone);
        _wanted = wanted;
        if (!Request().Equals(_sent)) _owed = true;
    }

    /// <summary>What is to be told of the phone may have changed.</summary>
    public void Renew()
    {
        if (!Request().Equals(_sent)) _owed = true;
    }

    /// <summary>Messages wait, or no more: shown as soon as the phone is quiet, and again after every restart.</summary>
    public void ShowMessages(bool waiting)
    {
        if (_messages == waiting) return;
        _messages = waiting;
        _messagesOwed = true;
    }

    /// <summary>Whether messages wait.</summary>
    public bool HasMessages => _messages;

    /// <summary>Another line's lamp may burn at the endpoint: whether messages wait is shown whatever was shown before.</summary>
    public void OwesMessages() => _messagesOwed = true;

    /// <summary>Whether the phone can be let hear digits now.</summary>
    public bool MakesDigits => InService && _wanted is PhoneSignal.Listening;

    /// <summary>Whether any wait to be heard.</summary>
    public bool HasDigits => _digits is { Count: > 0 };

    /// <summary>Lets the phone hear a digit, beside what it hears; false when too many wait already.</summary>
    public bool Play(char symbol)
    {
        _digits ??= new Queue<char>();
        if (_digits.Count >= MaxDigits) return false;
        _digits.Enqueue(symbol);
        PlayNext();
        return true;
    }

    /// <summary>
    /// Lets the phone hear the next digit that waits. A request takes the place of one that is not out yet, and cancels what waits to sound at the gateway (RFC 3435 §2.1.7): so
    /// each goes by itself, no sooner than the one before has sounded.
    /// </summary>
    public void PlayNext()
    {
        if (_digits is not { Count: > 0 }) return;
        if (!MakesDigits)
        {
            _digits.Clear();
            return;
        }

        if (core.Now >= _digitEnds && !core.Mgcp.IsAsking(line.Endpoint))
        {
            _sent = Request();
            core.Mgcp.Request(line.Endpoint, _sent with { Signals = [.. _sent.Signals, .. SignalMap.Digits(_digits.Dequeue().ToString(), Traits)] }, core.Now);
            _owed = false;
            _digitEnds = core.Now + DigitLasts;
        }

        if (_digits.Count > 0) core.PhoneDigits.Set(line.Index, core.Now >= _digitEnds ? core.Now + AskAgain : _digitEnds);
    }

    private void FlushMessages()
    {
        if (!_messagesOwed || !InService || _wanted is not PhoneSignal.Quiet || RetryAt is not null) return;
        _messagesOwed = false;
        if (SignalMap.Messages(_messages, Traits) is not { } signal) return;
        _sent = Request();
        _owed = false;
        core.Mgcp.Request(line.Endpoint, _sent with { Signals = [.. _sent.Signals, signal] }, core.Now);
    }

    /// <summary>The request to ride in a connection command about to be sent; null when nothing is owed.</summary>
    public NotificationRequest? TakeForCommand()
    {
        if (!_owed || !InService) return null;
        _owed = false;
        return _sent = Request();
    }

    /// <summary>Sends what is owed and did not ride.</summary>
    public void Flush()
    {
        FlushMessages();
        if (!_owed || !InService) return;
        var request = Request();
        if (GoesOn(request)) return;
        // Pausing: between contradictions altogether, after a refusal only with what was refused.
        if (RetryAt is not null && (_contradictions > PatienceWithHook || request.Equals(_refused))) return;
        RetryAt = null;
        _owed = false;
        _sent = request;
        core.Mgcp.Request(line.Endpoint, _sent, core.Now);
    }

    /// <summary>The pause after a contradiction or refusal is over.</summary>
    public void Retry()
    {
        RetryAt = null;
        _contradictions = 0;
        if (_onTrial)
        {
            core.Loops.Doubt(line.Endpoint.Gateway, strongly: false);
            _onTrial = false;
            _trialEnded = core.Now;
            _sent = null;
        }

        Flush();
    }

    /// <summary>Reads a NTFY's events into telephony words.</summary>
    public IEnumerable<CallEvent> Read(MgcpEvent.Observed observed)
    {
        _owed = true;
        if (observed.Events.Any(static evt => evt.IsDigit))
        {
            if (_onTrial) core.Loops.Prove(line.Endpoint.Gateway);
            else if (core.Now - _trialEnded < TooSoonToBeFresh) core.Loops.Doubt(line.Endpoint.Gateway, strongly: true);
        }

        // One report may hold thousands of digits: no text is built anew for each.
        var digits = new StringBuilder();
        var timer = false;
        foreach (var evt in observed.Events)
        {
            if (evt.IsDigit)
            {
                if (evt.Name == "T") timer = true;
                else digits.Append(evt.Name);
                continue;
            }

            if (Flatten(digits.ToString(), timer) is { } dialled) yield return dialled;
            digits.Clear();
            timer = false;
            if (Name(evt) is { } named) yield return named;
        }

        if (Flatten(digits.ToString(), timer) is { } last) yield return last;
    }

    /// <summary>The phone is not in the state that our request supposed.</summary>
    public CallEvent OnHookMismatch(bool offHook)
    {
        _owed = true;
        _sent = null;
        if (++_contradictions > PatienceWithHook) RetryAt = core.Now + RetryPause;
        return offHook ? new CallEvent.FoundOffHook(core.NewCallId()) : CallEvent.OnHook.Instance;
    }

    /// <summary>The gateway does not take the request at all.</summary>
    public CallEvent OnRefused()
    {
        // Once the state changes there is something new to ask for; until then ask again now and then.
        _owed = true;
        _refused = _sent;
        _sent = null;
        RetryAt = core.Now + RetryPause;
        return CallEvent.SignalRefused.Instance;
    }

    // Digits that do not go with the sound have to be told, each by itself.
    private bool TellsDigits =>
        line.State is CallState.Talking { Call: { } talking } && line.Calls.Exists(call => call.Id == talking.Id && (call.Media.Bridge.GatewayTells || call.Audio is { WantsDialled: true }));

    private NotificationRequest Request()
    {
        var map = Map;
        var request = SignalMap.Request(_wanted, Traits, map?.Text, line.Model.Features.CallerId, core.Utc + core.Settings.UtcOffset, _messages);
        if (_wanted is PhoneSignal.Listening && TellsDigits) request = SignalMap.WithDigits(request, Traits);
        if (_wanted is PhoneSignal.Listening && line.State is CallState.Talking && FaxMap.Events(line.Fax, Audit, Traits) is var fax && fax.Any()) request = SignalMap.WithFax(request, fax);
        return _wanted is PhoneSignal.Collecting && map is null ? request with { Loop = Traits.LoopMode && core.Loops.MayAsk(line.Endpoint.Gateway) } : request;
    }

    /// <summary>
    /// Whether the gateway needs no new request for the next digit, because the one it has goes on. One that has not shown yet that it does so is given a moment.
    /// </summary>
    private bool GoesOn(NotificationRequest request)
    {
        if (_sent is not { Loop: true } sent || !request.Loop || !request.Signals.IsEmpty || request.Events.Any(evt => !sent.Events.Contains(evt)))
        {
            _onTrial = false;
            return false;
        }

        _onTrial = !core.Loops.IsProven(line.Endpoint.Gateway);
        _owed = _onTrial;
        RetryAt = _onTrial ? core.Now + LoopTrial : null;
        return true;
    }

    private CallEvent.Digits? FromDigits(string digits, bool timer)
    {
        if (digits.Length == 0) return null;
        // With a map the gateway ends the number: by its timer, or because the map says so. It also reports what no entry can match any
        // more (a second * in a star code), and one that does not collect at all reports every symbol: then the rest comes one by one.
        var ended = Map is { } map ? Plan.Maps.Ends(map, digits, timer) : timer;
        if (!ended) _everyDigit = true;
        return new CallEvent.Digits(digits, ended);
    }

    private CallEvent? Flatten(string digits, bool timer)
    {
        if (FromDigits(digits, timer) is { } dialled) return dialled;
        return timer ? CallEvent.DialingEnded.Instance : null;
    }

    private CallEvent? Name(ObservedEvent evt)
    {
        switch (evt.Name)
        {
            case "hd":
                _contradictions = 0;
                return new CallEvent.OffHook(core.NewCallId());
            case "hu":
                _contradictions = 0;
                return CallEvent.OnHook.Instance;
            case "hf":
                return CallEvent.Flash.Instance;
            case "oc":
                return CallEvent.ToneEnded.Instance;
            case "of" when evt.Parameters is { } signal && signal.StartsWith("L/r", StringComparison.OrdinalIgnoreCase) && !signal.StartsWith("L/ro", StringComparison.OrdinalIgnoreCase):
                // It took the request for the ringing and failed at it (L/of): not a matter of what it can do.
                return line.State is CallState.Presenting or CallState.Ringing && line.State.Current is { } call
                    ? new CallEvent.BearerFailed(call.Id, CallCause.BearerFailure)
                    : CallEvent.SignalRefused.Instance;
            default:
                return null;
        }
    }
}
