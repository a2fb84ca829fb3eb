using System.Collections.Immutable;
using System.Globalization;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

/// <summary>Where an endpoint stands between events and notifications (RFC 3435 §4.4.1).</summary>
internal enum NotificationState
{
    /// <summary>Events are processed as they come.</summary>
    Normal,

    /// <summary>A NTFY is on its way; events are quarantined.</summary>
    Notifying,

    /// <summary>The NTFY was answered; events stay quarantined until the next NotificationRequest.</summary>
    LockStep,
}

/// <summary>An event as it happened on an endpoint.</summary>
internal sealed record Happening(string Package, string Name, string? Parameters = null);

/// <summary>A signal that plays.</summary>
internal sealed record PlayingSignal(string Package, string Name, SignalKind Kind, IReadOnlyList<string> Parameters)
{
    public Agenda.Entry? TimeOut { get; set; }
}

/// <summary>
/// An analog line's side of the gateway: requested events, digit map, signals, quarantine and notifications by the letter of RFC 3435
/// §2.1.5, §2.1.7, §2.3.3 and §4.4.
/// </summary>
internal sealed class GatewayEndpoint
{
    private readonly SimulatedGateway _gateway;
    private readonly List<Happening> _observed = [];
    private readonly List<Happening> _quarantine = [];
    private List<PlainRequestedEvent> _requested = [];
    private PlainDigitMap? _digitMap;
    private string _dialed = "";
    private Agenda.Entry? _digitTimer;
    private bool _loop;
    private bool _requestSinceNotify;

    public GatewayEndpoint(SimulatedGateway gateway, string name)
    {
        _gateway = gateway;
        Name = name;
        Phone = new SimulatedPhone(gateway, this, name);
    }

    public string Name { get; }

    public SimulatedPhone Phone { get; }

    public bool OffHook { get; set; }

    public bool InService { get; set; } = true;

    public string RequestId { get; private set; } = "0";

    public string? NotifiedEntity { get; set; }

    /// <summary>B/PR: (Appendix B.2.1): watched whatever is requested, without a look at the hook.</summary>
    public List<PlainRequestedEvent> PersistentEvents { get; set; } = [];

    public string RequestText { get; private set; } = "";

    public string DigitMapText { get; private set; } = "";

    public NotificationState State { get; private set; }

    public Instant StateSince { get; private set; }

    public List<PlayingSignal> Playing { get; } = [];

    public List<GatewayConnection> Connections { get; } = [];

    /// <summary>NTFYs that wait for an answer, oldest first.</summary>
    public List<OutgoingCommand> Unanswered { get; } = [];

    public IEnumerable<Happening> ObservedEvents => _observed;

    /// <summary>Whether any event is requested, for once or persistently.</summary>
    public bool IsWatched => _requested.Count > 0 || PersistentEvents.Count > 0;

    /// <summary>Whether it goes on after a NTFY when it is told to.</summary>
    public bool HonoursLoop => _gateway.Quirks.Loop == LoopHandling.Honoured;

    private string DefaultPackage => _gateway.Quirks.Packages[0];

    /// <summary>Everything as after power-on: nothing is requested, nothing plays, nothing is connected.</summary>
    public void Reset(Instant now)
    {
        _observed.Clear();
        _quarantine.Clear();
        _requested = [];
        _digitMap = null;
        _dialed = "";
        _digitTimer?.Cancel();
        _loop = false;
        RequestId = "0";
        RequestText = "";
        DigitMapText = "";
        NotifiedEntity = null;
        PersistentEvents = [];
        foreach (var signal in Playing) signal.TimeOut?.Cancel();
        Playing.Clear();
        foreach (var connection in Connections) connection.Media?.Stop();
        Connections.Clear();
        foreach (var command in Unanswered) command.Abandon();
        Unanswered.Clear();
        Enter(NotificationState.Normal, now);
        Phone.SignalsChanged(now);
    }

    /// <summary>Checks a NotificationRequest against hook, packages and table; 0 or the response code, with the code's text.</summary>
    public (int Code, string Comment) CheckRequest(IReadOnlyList<PlainRequestedEvent> events, IReadOnlyList<PlainSignal> signals, string? digitMap)
    {
        var quirks = _gateway.Quirks;
        var ncs = quirks.Version.Contains("NCS", StringComparison.OrdinalIgnoreCase);
        foreach (var entry in events)
        {
            var package = entry.Package ?? DefaultPackage;
            if (package != "*" && !quirks.Packages.Contains(package)) return (518, $"Unknown package {package}");
            if (package != "*" && !SignalTable.Detects(package, entry.Name, ncs)) return (522, $"No such event {package}/{entry.Name}");
            if (entry.Actions.Contains('D') && !quirks.DigitMaps) return (quirks.DigitMapRefusal, "No digit maps here");
            if (quirks.IgnoresHookMismatch) continue;
            // RFC 3435 §4.4.2.
            if (package == "L" && entry.Name == "hd" && OffHook) return (401, "Phone off hook");
            if (package == "L" && entry.Name is "hu" or "hf" && !OffHook) return (402, "Phone on hook");
        }

        foreach (var signal in signals)
        {
            var package = signal.Package ?? DefaultPackage;
            if (!quirks.Packages.Contains(package)) return (518, $"Unknown package {package}");
            if (SignalTable.Find(package, signal.Name, ncs) is null) return (522, $"No such signal {package}/{signal.Name}");
            if (quirks.RefusedSignals.Contains($"{package}/{signal.Name}")) return (513, $"Cannot generate {package}/{signal.Name}");
            if (signal.Connection is not null && Connections.All(connection => !connection.Id.Equals(signal.Connection, StringComparison.OrdinalIgnoreCase))) return (515, "No such connection");
            // Turning a signal off needs no hook state.
            var hook = quirks.IgnoresHookMismatch || signal.Parameters.Contains("-") ? 0 : SignalTable.HookCode(package, signal.Name, OffHook);
            if (hook != 0) return (hook, hook == 401 ? "Phone off hook" : "Phone on hook");
        }

        if (digitMap is { Length: > 0 } && !quirks.DigitMaps) return (quirks.DigitMapRefusal, "No digit maps here");
        if (events.Any(entry => entry.Actions.Contains('D')) && _digitMap is null && digitMap is not { Length: > 0 }) return (519, "No digit map");
        return (0, "");
    }

    /// <summary>Puts a NotificationRequest in force that <see cref="CheckRequest"/> passed (§4.4.1).</summary>
    public void Commit(string requestId, string requestText, IReadOnlyList<PlainRequestedEvent> events, IReadOnlyList<PlainSignal> signals, string? digitMap, bool discard, bool loop, Instant now)
    {
        RequestId = requestId;
        RequestText = requestText;
        _loop = loop;
        if (State != NotificationState.Notifying) _quarantine.InsertRange(0, _observed);
        Apply(events, signals, digitMap, now);
        _observed.Clear();
        if (discard) _quarantine.Clear();
        _requestSinceNotify = true;
        // A gateway that cannot piggyback stays in the notification state, for only so are two NTFYs kept in order (§4.4.1 f).
        if (State == NotificationState.Notifying && !_gateway.Quirks.Piggyback) return;
        Enter(NotificationState.Normal, now);
        Phone.SignalsChanged(now);
        ProcessQuarantine(now);
    }

    /// <summary>Something happened on the line.</summary>
    public void Occur(Happening happening, Instant now)
    {
        if (State != NotificationState.Normal)
        {
            if (Wanted(happening) is not null || Persistent(happening)) _quarantine.Add(happening);
            return;
        }

        Process(happening, now);
    }

    /// <summary>A NTFY was answered or given up.</summary>
    public void NotifyEnded(OutgoingCommand command, Instant now)
    {
        var latest = Unanswered.Count > 0 && ReferenceEquals(Unanswered[^1], command);
        Unanswered.Remove(command);
        if (State != NotificationState.Notifying || !latest) return;
        _observed.Clear();
        _dialed = "";
        var stepOver = _requestSinceNotify || _loop;
        Enter(stepOver ? NotificationState.Normal : NotificationState.LockStep, now);
        if (stepOver) ProcessQuarantine(now);
    }

    /// <summary>The disconnected procedure has ended: so does a notification state whose NTFY was lost (§4.4.1).</summary>
    public void Reconnected(Instant now)
    {
        if (State != NotificationState.Notifying || Unanswered.Count > 0) return;
        _observed.Clear();
        _dialed = "";
        Enter(_requestSinceNotify || _loop ? NotificationState.Normal : NotificationState.LockStep, now);
        ProcessQuarantine(now);
    }

    /// <summary>Names of TO signals that play, for an audit.</summary>
    public string PlayingText() => string.Join(",", Playing.Select(signal => $"{signal.Package}/{signal.Name}"));

    private void Apply(IReadOnlyList<PlainRequestedEvent> events, IReadOnlyList<PlainSignal> signals, string? digitMap, Instant now)
    {
        _requested = [.. events];
        _dialed = "";
        _digitTimer?.Cancel();
        if (digitMap is not null)
        {
            _digitMap = digitMap.Length == 0 ? null : PlainDigitMap.Read(digitMap, out _);
            DigitMapText = digitMap;
        }

        // §2.3.3: what is listed and plays goes on untouched; TO signals that are not listed stop; OO signals need their '-'.
        foreach (var signal in Playing.Where(signal => signal.Kind == SignalKind.TimeOut && !signals.Any(listed => Same(listed, signal))).ToList()) Stop(signal);
        foreach (var listed in signals) Play(listed, now);
        Phone.SignalsChanged(now);
    }

    private bool Same(PlainSignal listed, PlayingSignal playing) => (listed.Package ?? DefaultPackage) == playing.Package && listed.Name == playing.Name;

    private void Play(PlainSignal listed, Instant now)
    {
        var package = listed.Package ?? DefaultPackage;
        var ncs = _gateway.Quirks.Version.Contains("NCS", StringComparison.OrdinalIgnoreCase);
        var (kind, timeOut) = SignalTable.Find(package, listed.Name, ncs)!.Value;
        var playing = Playing.Find(signal => Same(listed, signal));
        if (kind == SignalKind.OnOff)
        {
            var off = listed.Parameters.Contains("-");
            if (off && playing is not null) Playing.Remove(playing);
            if (!off && playing is null) Playing.Add(new PlayingSignal(package, listed.Name, kind, listed.Parameters));
            return;
        }

        if (kind == SignalKind.Brief)
        {
            Phone.Brief(package, listed.Name, listed.Parameters, now);
            return;
        }

        // RFC 3435 §3.2.2.4 lets even a TO signal be turned off by '-'.
        if (listed.Parameters.Contains("-"))
        {
            if (playing is not null) Stop(playing);
            return;
        }

        if (playing is not null) return;
        foreach (var parameter in listed.Parameters)
            if (parameter.StartsWith("to=", StringComparison.OrdinalIgnoreCase) && int.TryParse(parameter[3..], NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds))
                timeOut = TimeSpan.FromMilliseconds(milliseconds);
        var started = new PlayingSignal(package, listed.Name, kind, listed.Parameters);
        if (timeOut > TimeSpan.Zero) started.TimeOut = _gateway.Agenda.At(now + timeOut, at => TimedOut(started, at));
        Playing.Add(started);
    }

    private void TimedOut(PlayingSignal signal, Instant now)
    {
        Stop(signal);
        Phone.SignalsChanged(now);
        Occur(new Happening(signal.Package, "oc", $"{signal.Package}/{signal.Name}"), now);
    }

    private void Stop(PlayingSignal signal)
    {
        signal.TimeOut?.Cancel();
        Playing.Remove(signal);
    }

    private PlainRequestedEvent? Wanted(Happening happening) =>
        _requested.Find(entry => entry.Matches(happening.Package, happening.Name, DefaultPackage));

    private bool Persistent(Happening happening) =>
        PersistentEvents.Exists(entry => entry.Matches(happening.Package, happening.Name, DefaultPackage))
        || _gateway.Quirks.PersistentHookEvents && happening.Package == "L" && happening.Name is "hd" or "hu" or "hf";

    private void ProcessQuarantine(Instant now)
    {
        while (State == NotificationState.Normal && _quarantine.Count > 0)
        {
            var next = _quarantine[0];
            _quarantine.RemoveAt(0);
            Process(next, now);
        }
    }

    private void Process(Happening happening, Instant now)
    {
        var entry = Wanted(happening);
        if (entry is null && !Persistent(happening)) return;
        var actions = entry?.Actions ?? "N";
        if (!actions.Contains('K'))
        {
            foreach (var signal in Playing.Where(signal => signal.Kind == SignalKind.TimeOut).ToList()) Stop(signal);
            Phone.SignalsChanged(now);
        }

        if (actions.IndexOfAny(['N', 'A', 'D']) >= 0) _observed.Add(happening);
        if (actions.Contains('D') && Dialed(happening, now)) return;
        if (actions.Contains('E')) Activate(entry!, now);
        if (actions.Contains('N')) Notify(now);
    }

    private bool Dialed(Happening happening, Instant now)
    {
        _dialed += happening.Name.ToUpperInvariant();
        _digitTimer?.Cancel();
        if (_digitMap!.Try(_dialed) != DigitMapVerdict.Partial)
        {
            Notify(now);
            return true;
        }

        // RFC 3660 §2.2: the timer runs only if T is requested, from the first digit on.
        if (_requested.Any(entry => entry.Actions.Contains('D') && entry.Matches("D", "T", DefaultPackage)))
        {
            var wait = TimeSpan.FromSeconds(_digitMap.OnlyTimerMissing(_dialed) ? 4 : 16);
            _digitTimer = _gateway.Agenda.At(now + wait, at => Occur(new Happening("D", "T"), at));
        }

        return false;
    }

    private void Activate(PlainRequestedEvent entry, Instant now)
    {
        var complaints = new List<string>();
        var (requested, signals, map) = PlainEvents.ReadEmbedded(entry.Embedded ?? "", complaints);
        Apply(PlainEvents.ReadRequested(requested ?? "", complaints), PlainEvents.ReadSignals(signals ?? "", complaints), map, now);
    }

    private void Notify(Instant now)
    {
        _digitTimer?.Cancel();
        _requestSinceNotify = false;
        var command = _gateway.SendNotify(this, [.. _observed], now);
        Unanswered.Add(command);
        Enter(NotificationState.Notifying, now);
    }

    private void Enter(NotificationState state, Instant now)
    {
        State = state;
        StateSince = now;
    }
}
