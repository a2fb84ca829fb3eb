using System.Collections.Immutable;
using System.Globalization;
using MgcpSipBridge.Calls;
using MgcpSipBridge.Mgcp;

namespace MgcpSipBridge.Engine;

/// <summary>What a phone shall do, as RequestedEvents and SignalRequests for the gateway it hangs on (RFC 3660 §2.1, §2.2, §2.4).</summary>
internal static class SignalMap
{
    private static readonly RequestedEvent OffHook = new("L/hd");
    private static readonly RequestedEvent OnHook = new("L/hu");
    private static readonly RequestedEvent Flash = new("L/hf");
    private static readonly RequestedEvent ToneOver = new("L/oc");

    private static readonly NotificationRequest Quiet = new([OffHook], []);
    private static readonly NotificationRequest Listening = new([OnHook, Flash], []);

    /// <summary>The request for a phone's signal.</summary>
    /// <param name="wanted">What the phone shall do.</param>
    /// <param name="traits">What its gateway can do.</param>
    /// <param name="digitMap">The line's digit map, or null to have every digit reported.</param>
    /// <param name="showsCaller">Whether the line has caller id.</param>
    /// <param name="localTime">For caller id's date.</param>
    /// <param name="messages">Whether messages wait: dial tone says so.</param>
    public static NotificationRequest Request(PhoneSignal wanted, GatewayTraits traits, string? digitMap, bool showsCaller, DateTime localTime, bool messages = false) =>
        wanted switch
        {
            PhoneSignal.Quiet => Quiet,
            PhoneSignal.Listening => Listening,
            PhoneSignal.Hearing hearing => Hear(hearing.Tone, traits),
            PhoneSignal.Collecting collecting => Collect(collecting, traits, digitMap, messages),
            PhoneSignal.Ringing ringing => Ring(ringing.Caller, ringing.Ring, traits, showsCaller, localTime),
            _ => Quiet,
        };

    private static NotificationRequest Collect(PhoneSignal.Collecting wanted, GatewayTraits traits, string? digitMap, bool messages)
    {
        // The timer letter is asked for only with a map: it ends the number (RFC 3660 §2.2). Without one our own timers do.
        var digits = digitMap is null
            ? new RequestedEvent(traits.DigitPackage + "/[0-9#*]")
            : new RequestedEvent(traits.DigitPackage + "/[0-9#*T]", "D");
        if (!wanted.DialTone) return new([OnHook, Flash, digits], [], digitMap);
        var tones = Tones(Tone.Dial, traits, messages);
        // Its end says that nothing was dialled, for the first digit stops it without a word (RFC 3435 §2.3.3, RFC 3660 §2.4).
        if (wanted.ToneTime is { } time && TimesDialTone(traits)) tones = [.. tones.Select(tone => tone with { Parameters = string.Create(CultureInfo.InvariantCulture, $"to={time.TotalMilliseconds:0}") })];
        return new([OnHook, Flash, ToneOver, digits], tones, digitMap);
    }

    /// <summary>Whether dial tone can be given a length, and its end is reported (RFC 3435 §3.2.2.4: not in RFC 2705's days).</summary>
    public static bool TimesDialTone(GatewayTraits traits) =>
        !traits.RefusedNames.Contains("L/dl") && !traits.RefusedNames.Contains("L/oc") && traits.TakesTimeOut("L/dl");

    /// <summary>The request with every digit reported besides: for a peer that is told of them.</summary>
    public static NotificationRequest WithDigits(NotificationRequest request, GatewayTraits traits) =>
        request with { Events = request.Events.Add(new RequestedEvent(traits.DigitPackage + "/[0-9#*]")) };

    /// <summary>The request with the events that tell of a fax besides.</summary>
    public static NotificationRequest WithFax(NotificationRequest request, IEnumerable<RequestedEvent> fax) => request with { Events = request.Events.AddRange(fax) };

    /// <summary>The lamp or tone for waiting messages, on or off (RFC 3660 §2.4); null where the gateway has none.</summary>
    public static SignalRequest? Messages(bool waiting, GatewayTraits traits) =>
        traits.RefusedNames.Contains("L/vmwi") ? null : new SignalRequest("L/vmwi", waiting ? "+" : "-");

    /// <summary>Digits to be heard at the phone, one after the other (RFC 3660 §2.2).</summary>
    public static IEnumerable<SignalRequest> Digits(string symbols, GatewayTraits traits) =>
        symbols.Select(symbol => new SignalRequest($"{traits.DigitPackage}/{symbol}"));

    private static NotificationRequest Hear(Tone tone, GatewayTraits traits) =>
        // A special information tone ends by itself, and then the reorder tone shall follow.
        tone == Tone.VacantCode
            ? new([OnHook, Flash, ToneOver], Tones(tone, traits))
            : new([OnHook, Flash], Tones(tone, traits));

    private static NotificationRequest Ring(Party caller, int? distinctive, GatewayTraits traits, bool showsCaller, DateTime localTime)
    {
        // RFC 3660 §2.4: r0 to r7, rung as the gateway was set up to; the ordinary one where it has none.
        var ring = new SignalRequest(distinctive is >= 0 and <= 7 and var number && !traits.RefusedNames.Contains($"L/r{number}") ? $"L/r{number}" : "L/rg");
        return showsCaller && traits.CallerId && !traits.RefusedNames.Contains("L/ci")
            ? new([OffHook], [ring, new SignalRequest("L/ci", CallerId(caller, localTime))])
            : new([OffHook], [ring]);
    }

    private static ImmutableArray<SignalRequest> Tones(Tone tone, GatewayTraits traits, bool messages = false)
    {
        foreach (var signal in Candidates(tone, traits, messages))
            if (!traits.RefusedNames.Contains(signal.Signal)) return [signal];
        return [];
    }

    /// <summary>The signals for a tone, the best first; the last is one that every line package has.</summary>
    private static ImmutableArray<SignalRequest> Candidates(Tone tone, GatewayTraits traits, bool messages)
    {
        var progress = traits.CallProgressPackage;
        return tone switch
        {
            // Stutter dial tone rather than L/mwi, its own tone for messages (RFC 3660 §2.4): the former is what gateways have.
            Tone.Dial when messages => [new("L/sl"), new("L/dl")],
            Tone.Dial => [new("L/dl")],
            Tone.Ringback => [new(progress + "/rt")],
            Tone.Busy => [new("L/bz")],
            Tone.Congestion => [new(progress + "/cg"), new("L/ro")],
            Tone.VacantCode => [new("L/sit", "6"), new("L/ro")],
            Tone.Intercept => [new("G/it"), new("L/ro")],
            Tone.Confirmation => [new("G/cf"), new("L/sl"), new("L/dl")],
            Tone.OffHookWarning => [new("L/ot"), new("L/ro")],
            _ => [new("L/ro")],
        };
    }

    /// <summary>
    /// The parameters of L/ci (RFC 3660 §2.4): date in local time, number and name, quoted, with P for private and O for out of area where
    /// they are not known. Blanks, commas and quotes in a name can do no harm inside the quotes; control characters are dropped.
    /// </summary>
    public static string CallerId(Party caller, DateTime localTime)
    {
        var date = localTime.ToString("MM'/'dd'/'HH'/'mm", CultureInfo.InvariantCulture);
        if (caller.Withheld) return date + ",P,P";
        var number = new string([.. caller.Number.Where(c => char.IsAsciiDigit(c))]);
        var name = caller.Name is { Length: > 0 } given ? given : number.Length == 0 ? caller.Number : "";
        var shownNumber = number.Length > 0 ? Quote(number) : "O";
        var shownName = name.Length > 0 ? Quote(name) : number.Length > 0 ? "\"\"" : "O";
        return $"{date},{shownNumber},{shownName}";
    }

    private static string Quote(string text)
    {
        // Analog caller id carries at most a few dozen characters (Bellcore MDMF); a longer name is cut, not refused.
        var clean = new string([.. text.Where(c => !char.IsControl(c)).Take(50)]);
        return "\"" + clean.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
    }
}
