using System.Collections.Immutable;
using System.Globalization;

namespace MgcpSipBridge.Media;

/// <summary>The tones that tell a caller how his call goes (ITU-T E.180 §1).</summary>
public enum CallTone
{
    /// <summary>Dial.</summary>
    Dial,

    /// <summary>Dial, and something is waiting: a message, a forwarded line.</summary>
    Stutter,

    /// <summary>It rings there.</summary>
    Ringback,

    /// <summary>The other is on the phone.</summary>
    Busy,

    /// <summary>The network has no way (congestion).</summary>
    Reorder,
}

/// <summary>
/// The tones of a country, as the supplement of ITU-T E.180 lists them. Where a country modulates a tone by a low frequency the carrier alone is
/// played.
/// </summary>
public sealed class TonePlan
{
    // A line is a country: tone, frequencies, level of each in dBm0 if not the usual one, then on, off, on, off ... in seconds.
    private const string Plans = """
        us dial 350+440; ringback 440+480@-19 2 4; busy 480+620@-24 .5 .5; reorder 480+620@-24 .25 .25
        ca dial 350+440; ringback 440+480@-19 2 4; busy 480+620@-24 .5 .5; reorder 480+620@-24 .25 .25
        gb dial 350+440; ringback 400+450 .4 .2 .4 2; busy 400 .375 .375; reorder 400 .4 .35 .225 .525
        ie dial 425; ringback 400+450 .4 .2 .4 2; busy 425 .5 .5; reorder 425 .25 .25
        de dial 425; ringback 425 1 4; busy 425 .48 .48; reorder 425 .24 .24
        at dial 420; ringback 420 1 5; busy 420 .4 .4; reorder 420 .2 .2
        ch dial 425; ringback 425 1 4; busy 425 .5 .5; reorder 425 .2 .2
        fr dial 440; ringback 440 1.5 3.5; busy 440 .5 .5; reorder 440 .25 .25
        be dial 425; ringback 425 1 3; busy 425 .5 .5; reorder 425 .167 .167
        nl dial 425; ringback 425 1 4; busy 425 .5 .5; reorder 425 .25 .25
        it dial 425 .2 .2 .6 1; ringback 425 1 4; busy 425 .5 .5; reorder 425 .2 .2
        es dial 425; ringback 425 1.5 3; busy 425 .2 .2; reorder 425 .2 .2 .2 .6
        pt dial 425; ringback 425 1 5; busy 425 .5 .5; reorder 425 .2 .2
        gr dial 425 .2 .3 .7 .8; ringback 425 1 4; busy 425 .3 .3; reorder 425 .15 .15
        se dial 425; ringback 425 1 5; busy 425 .25 .25; reorder 425 .25 .75
        no dial 425; ringback 425 1 4; busy 425 .5 .5; reorder 425 .2 .2
        dk dial 425; ringback 425 1 4; busy 425 .25 .25; reorder 425 .25 .25
        fi dial 425; ringback 425 1 4; busy 425 .3 .3; reorder 425 .2 .2
        pl dial 425; ringback 425 1 4; busy 425 .5 .5; reorder 425 .25 .25
        cz dial 425 .33 .33 .66 .66; ringback 425 1 4; busy 425 .33 .33; reorder 425 .165 .165
        hu dial 425; ringback 425 1.25 3.75; busy 425 .3 .3; reorder 425 .25 .25
        ru dial 425; ringback 425 .8 3.2; busy 425 .4 .4; reorder 425 .2 .2
        il dial 400; ringback 400 1 3; busy 400 .5 .5; reorder 400 .25 .25
        za dial 400; ringback 400 .4 .2 .4 2; busy 400 .5 .5; reorder 400 .25 .25
        in dial 400; ringback 400 .4 .2 .4 2; busy 400 .75 .75; reorder 400 .25 .25
        cn dial 450; ringback 450 1 4; busy 450 .35 .35; reorder 450 .7 .7
        jp dial 400; ringback 400 1 2; busy 400 .5 .5; reorder 400 .5 .5
        sg dial 425; ringback 425 .4 .2 .4 2; busy 425 .75 .75; reorder 425 .25 .25
        au dial 413+438; ringback 413+438 .4 .2 .4 2; busy 425 .375 .375; reorder 425 .375 .375
        nz dial 400; ringback 400+450 .4 .2 .4 2; busy 400 .5 .5; reorder 400 .25 .25
        br dial 425; ringback 425 1 4; busy 425 .25 .25; reorder 425 .25 .25 .75 .25
        mx dial 425; ringback 425 1 4; busy 425 .25 .25; reorder 425 .25 .25
        ar dial 425; ringback 425 1 4.5; busy 425 .3 .2; reorder 425 .3 .4
        """;

    private static readonly ImmutableDictionary<string, TonePlan> All = Plans
        .Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        .Select(static line => TryParse(line, out var plan) ? plan! : throw new FormatException(line))
        .ToImmutableDictionary(static plan => plan.Country, StringComparer.OrdinalIgnoreCase);

    private readonly ImmutableDictionary<CallTone, Tone> _tones;

    private TonePlan(string country, ImmutableDictionary<CallTone, Tone> tones)
    {
        Country = country;
        _tones = tones;
    }

    /// <summary>Codes of the countries that are known, in alphabetical order.</summary>
    public static ImmutableArray<string> Countries { get; } = [.. All.Keys.Order(StringComparer.Ordinal)];

    /// <summary>ISO 3166-1 code, two letters.</summary>
    public string Country { get; }

    /// <summary>The tones of a country by its code, in either case; null for one that is not known.</summary>
    public static TonePlan? Of(string country) => All.GetValueOrDefault(country ?? "");

    /// <summary>
    /// Reads a plan: <c>de dial 425; ringback 425 1 4; busy 425 .48 .48; reorder 425 .24 .24</c>. Frequencies in Hz joined by <c>+</c>, a level
    /// in dBm0 after <c>@</c> (-10, or -13 each where there are several), then on and off in seconds. Stutter may be left out.
    /// </summary>
    public static bool TryParse(string text, out TonePlan? plan)
    {
        plan = null;
        var space = text?.IndexOf(' ', StringComparison.Ordinal) ?? -1;
        if (space < 1) return false;
        var tones = ImmutableDictionary.CreateBuilder<CallTone, Tone>();
        foreach (var part in text![space..].Split(';'))
        {
            var words = part.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || !TryTone(words[0], out var name) || ReadTone(words) is not { } tone || !tones.TryAdd(name, tone)) return false;
        }

        foreach (var needed in (CallTone[])[CallTone.Dial, CallTone.Ringback, CallTone.Busy, CallTone.Reorder])
            if (!tones.ContainsKey(needed))
                return false;
        plan = new(text[..space], tones.ToImmutable());
        return true;
    }

    /// <summary>What to play; it goes on until it is stopped.</summary>
    public ImmutableArray<PlaySource> Sources(CallTone tone)
    {
        if (tone != CallTone.Stutter || _tones.ContainsKey(tone)) return [new PlaySource.Tones(_tones[tone])];
        // Where nothing else is customary: ten short bursts of the dial tone, then the dial tone.
        var dial = _tones[CallTone.Dial];
        var burst = TimeSpan.FromMilliseconds(100);
        return [new PlaySource.Tones(dial with { Cadence = [burst, burst] }, 20 * burst), new PlaySource.Tones(dial)];
    }

    private static bool TryTone(string word, out CallTone tone) => Enum.TryParse(word, ignoreCase: true, out tone) && char.IsAsciiLetter(word[0]);

    private static Tone? ReadTone(string[] words)
    {
        var at = words[1].Split('@');
        var frequencies = ImmutableArray.CreateBuilder<double>();
        foreach (var frequency in at[0].Split('+'))
        {
            if (!TryNumber(frequency, out var hertz) || hertz is < 20 or >= 4000) return null;
            frequencies.Add(hertz);
        }

        var level = frequencies.Count == 1 ? -10d : -13d;
        if (at.Length > 2 || frequencies.Count > 4 || (at.Length == 2 && (!TryNumber(at[1], out level) || level is < -60 or > 0))) return null;
        var cadence = ImmutableArray.CreateBuilder<TimeSpan>();
        foreach (var word in words[2..])
        {
            if (!TryNumber(word, out var seconds) || seconds is < 0.01 or > 60) return null;
            cadence.Add(TimeSpan.FromSeconds(seconds));
        }

        return new(frequencies.ToImmutable(), level, cadence.ToImmutable());
    }

    private static bool TryNumber(string text, out double number) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
}
