using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

/// <summary>What a person at a phone hears or sees apart from the other person.</summary>
public enum PhoneSound
{
    /// <summary>Nothing.</summary>
    Silence,

    /// <summary>Dial tone (L/dl, stutter L/sl).</summary>
    DialTone,

    /// <summary>Ringback (G/rt, NCS L/rt).</summary>
    Ringback,

    /// <summary>Busy tone (L/bz).</summary>
    Busy,

    /// <summary>Reorder or congestion (L/ro, G/cg).</summary>
    Reorder,

    /// <summary>Special information or intercept tone (L/sit, G/it).</summary>
    Intercept,

    /// <summary>Off-hook warning, the howler (L/ot).</summary>
    OffHookWarning,

    /// <summary>Call waiting tone (L/wt).</summary>
    CallWaiting,

    /// <summary>The bell (L/rg, L/r0 to r7).</summary>
    Ringing,

    /// <summary>Another signal.</summary>
    Other,
}

/// <summary>Caller id as the phone's display got it; P and O as the RFC 3660 §2.4 letters.</summary>
public sealed record CallerIdShown(string Time, string Number, string Name);

/// <summary>An analog phone on a simulated gateway. Actions take the time at which the person acts.</summary>
public sealed class SimulatedPhone
{
    private readonly SimulatedGateway _gateway;
    private readonly GatewayEndpoint _endpoint;
    private readonly List<Agenda.Entry> _pending = [];

    internal SimulatedPhone(SimulatedGateway gateway, GatewayEndpoint endpoint, string name)
    {
        _gateway = gateway;
        _endpoint = endpoint;
        Name = name;
    }

    /// <summary>Local endpoint name.</summary>
    public string Name { get; }

    /// <summary>Whether the handset is lifted.</summary>
    public bool IsOffHook => _endpoint.OffHook;

    /// <summary>What sounds now: the bell, or the tone that the gateway plays.</summary>
    public PhoneSound Sound { get; private set; }

    /// <summary>What the gateway plays or shows at the moment, lamps too: <c>L/r2</c>, <c>L/vmwi</c>.</summary>
    public IEnumerable<string> Signals => _endpoint.Playing.Select(signal => $"{signal.Package}/{signal.Name}");

    /// <summary>Every change of <see cref="Sound"/>, in order, with its time.</summary>
    public List<(Instant At, PhoneSound Sound)> History { get; } = [];

    /// <summary>The last caller id received; null before the first.</summary>
    public CallerIdShown? CallerId { get; private set; }

    /// <summary>Caller ids received so far.</summary>
    public int CallerIdsShown { get; private set; }

    /// <summary>Confirmation tones heard so far (G/cf).</summary>
    public int Confirmations { get; private set; }

    /// <summary>The connections on this endpoint.</summary>
    public IReadOnlyList<GatewayConnection> Connections => _endpoint.Connections;

    /// <summary>Whether the person can talk and hear: handset up, one connection sending and hearing, the other side known.</summary>
    public bool IsTalking => IsOffHook && _endpoint.Connections.Any(connection => connection is { Mode: "sendrecv", Remote: not null });

    /// <summary>Whether the person can hear the network: handset up and a connection that hears.</summary>
    public bool HearsNetwork => IsOffHook && _endpoint.Connections.Any(connection => connection.Hears);

    /// <summary>Tone that this person "speaks", in Hz; 0 for silence. Only with <see cref="GatewaySetup.Audio"/>.</summary>
    public int Voice { get; set; }

    /// <summary>What was heard from the network: frequency in Hz and for how many 20 ms frames.</summary>
    public Dictionary<int, int> HeardFrequencies { get; } = [];

    /// <summary>Keys that the other side pressed, told by telephone events (RFC 4733), in order.</summary>
    public string KeysHeard { get; private set; } = "";

    /// <summary>Packets of T.38 that came from the network. Only with <see cref="GatewaySetup.Audio"/>.</summary>
    public long FaxReceived => _endpoint.Connections.Sum(connection => connection.Media?.FaxReceived ?? 0);

    /// <summary>Whether the lamp for waiting messages is lit (L/vmwi).</summary>
    public bool MessageLamp => _endpoint.Playing.Exists(signal => signal is { Package: "L", Name: "vmwi" });

    /// <summary>Whether the gateway waits for a NotificationRequest after a NTFY (lock-step), and since when.</summary>
    public Instant? WaitsForRequestSince => _endpoint.State == NotificationState.LockStep ? _endpoint.StateSince : null;

    /// <summary>Whether the gateway is to report anything that happens here.</summary>
    public bool IsWatched => _endpoint.IsWatched;

    /// <summary>Whether a NTFY of this endpoint is unanswered.</summary>
    public bool IsNotifying => _endpoint.Unanswered.Count > 0;

    /// <summary>Lifts the handset.</summary>
    public void OffHook(Instant now)
    {
        if (_endpoint.OffHook) return;
        _endpoint.OffHook = true;
        SignalsChanged(now);
        _gateway.UserActivity(_endpoint, now);
        _endpoint.Occur(new Happening("L", "hd"), now);
    }

    /// <summary>Puts the handset down; digits not dialled yet are not dialled.</summary>
    public void OnHook(Instant now)
    {
        foreach (var entry in _pending) entry.Cancel();
        _pending.Clear();
        if (!_endpoint.OffHook) return;
        _endpoint.OffHook = false;
        SignalsChanged(now);
        _gateway.UserActivity(_endpoint, now);
        _endpoint.Occur(new Happening("L", "hu"), now);
    }

    /// <summary>Presses the hook briefly.</summary>
    public void Flash(Instant now)
    {
        if (_endpoint.OffHook) _endpoint.Occur(new Happening("L", "hf"), now);
    }

    /// <summary>A fax machine at this phone hears the other one's preamble (V.21 flags). Only while the handset is up.</summary>
    public void HearsFax(Instant now)
    {
        if (_endpoint.OffHook) _gateway.FaxDetected(_endpoint, now);
    }

    /// <summary>Its fax is sent, or broke off.</summary>
    public void FaxEnds(bool failed, Instant now) => _gateway.FaxEnds(_endpoint, failed, now);

    /// <summary>Presses one key: 0-9, *, #, A-D.</summary>
    public void Press(char key, Instant now)
    {
        if (!_endpoint.OffHook) return;
        foreach (var connection in _endpoint.Connections)
        {
            connection.Media?.Press(key);
            if (_gateway.Setup.Tones) connection.Media?.Sound(key);
        }

        _endpoint.Occur(new Happening(_gateway.DigitPackage, key.ToString()), now);
    }

    /// <summary>Dials, one digit every <paramref name="pace"/>, the first one at once.</summary>
    public void Dial(string digits, TimeSpan pace, Instant now)
    {
        for (var i = 0; i < digits.Length; i++)
        {
            var key = digits[i];
            _pending.Add(_gateway.Agenda.At(now + (pace * i), at => Press(key, at)));
        }
    }

    internal void Brief(string package, string name, IReadOnlyList<string> parameters, Instant now)
    {
        _ = now;
        if (package == "G" && name == "cf") Confirmations++;
        if (package == _gateway.DigitPackage && name.Length == 1) TonesMade += name;
        if (package != "L" || name != "ci") return;
        CheckCallerId(parameters);
        CallerId = new CallerIdShown(Unquote(parameters, 0), Unquote(parameters, 1), Unquote(parameters, 2));
        CallerIdsShown++;
    }

    internal void SignalsChanged(Instant now)
    {
        var sound = PhoneSound.Silence;
        foreach (var signal in _endpoint.Playing)
        {
            // A lamp is seen, not heard.
            if (signal.Kind == SignalKind.OnOff) continue;
            var heard = SoundOf(signal.Package, signal.Name);
            // A lifted handset hears no bell, and a phone on the hook sounds nothing but its bell.
            if (heard == PhoneSound.Ringing == _endpoint.OffHook) continue;
            sound = heard;
        }

        if (sound == Sound) return;
        Sound = sound;
        History.Add((now, sound));
    }

    /// <summary>Its connections send and hear no more RTP, and the gateway does not notice.</summary>
    public void StopMedia()
    {
        foreach (var connection in _endpoint.Connections) connection.Media?.Stop();
    }

    /// <summary>Keys whose tones were heard in the sound, in order.</summary>
    public string TonesHeard { get; private set; } = "";

    /// <summary>Keys whose tones the gateway was told to make (<c>D/5</c>), in order.</summary>
    public string TonesMade { get; private set; } = "";

    internal void KeyHeard(char key) => KeysHeard += key;

    internal void ToneHeard(char key) => TonesHeard += key;

    internal void Heard(int frequency) => HeardFrequencies[frequency] = HeardFrequencies.GetValueOrDefault(frequency) + 1;

    private static PhoneSound SoundOf(string package, string name) => (package, name) switch
    {
        ("L", "dl" or "sl") => PhoneSound.DialTone,
        (_, "rt" or "rbk") => PhoneSound.Ringback,
        ("L", "bz") => PhoneSound.Busy,
        ("L", "ro" or "nbz") or ("G", "cg") => PhoneSound.Reorder,
        ("L", "sit") or ("G", "it") => PhoneSound.Intercept,
        ("L", "ot") => PhoneSound.OffHookWarning,
        ("L", "wt" or "wt1" or "wt2" or "wt3" or "wt4") => PhoneSound.CallWaiting,
        ("L", "rg" or "r0" or "r1" or "r2" or "r3" or "r4" or "r5" or "r6" or "r7") => PhoneSound.Ringing,
        _ => PhoneSound.Other,
    };

    private void CheckCallerId(IReadOnlyList<string> parameters)
    {
        // RFC 3660 §2.4: month/day/hour/minute, two digits each; then number and name, quoted, or P or O without quotes.
        var text = string.Join(',', parameters);
        var good = parameters.Count == 3 && parameters[0].Length == 11
            && parameters[0].Split('/') is { Length: 4 } time && time.All(part => part.Length == 2 && part.All(char.IsAsciiDigit));
        foreach (var field in parameters.Skip(1))
            good &= field is "P" or "O" || (field.Length >= 2 && field[0] == '"' && field[^1] == '"' && field[1..^1].Replace("\"\"", "", StringComparison.Ordinal).All(c => c is not '"' and >= ' '));
        if (good && parameters[1].Length > 2) good = parameters[1].Trim('"').All(c => char.IsAsciiDigit(c) || c == ' ');
        if (!good) _gateway.Complain($"RFC 3660 §2.4: L/ci({text})");
    }

    private static string Unquote(IReadOnlyList<string> parameters, int index)
    {
        if (index >= parameters.Count) return "";
        var text = parameters[index];
        return text.Length >= 2 && text[0] == '"' && text[^1] == '"' ? text[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : text;
    }
}
