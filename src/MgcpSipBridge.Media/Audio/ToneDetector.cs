namespace MgcpSipBridge.Media;

/// <summary>Measures what tones samples contain, by Goertzel's algorithm: the power at single frequencies instead of a whole spectrum.</summary>
public static class ToneDetector
{
    /// <summary>Lowest level that is reported: that of silence.</summary>
    public const double SilenceDbm0 = -100;

    /// <summary>
    /// Mean power at a frequency, as the square of a sine's effective value: a sine of peak A gives A²/2 when the samples hold whole
    /// periods of it.
    /// </summary>
    public static double Power(ReadOnlySpan<short> samples, double frequency)
    {
        if (samples.IsEmpty) return 0;
        var omega = 2 * Math.PI * frequency / G711.SampleRate;
        var coefficient = 2 * Math.Cos(omega);
        double one = 0, two = 0;
        foreach (var sample in samples)
        {
            var next = sample + (coefficient * one) - two;
            two = one;
            one = next;
        }

        var squared = (one * one) + (two * two) - (coefficient * one * two);
        return 2 * squared / ((double)samples.Length * samples.Length);
    }

    /// <summary>Where a tone near a frequency stands, in radians; what matters is how it differs from that of samples before or behind.</summary>
    internal static double Phase(ReadOnlySpan<short> samples, double frequency)
    {
        var (sine, cosine) = Math.SinCos(2 * Math.PI * frequency / G711.SampleRate);
        double one = 0, two = 0;
        foreach (var sample in samples)
        {
            var next = sample + (2 * cosine * one) - two;
            two = one;
            one = next;
        }

        return Math.Atan2(two * sine, one - (two * cosine));
    }

    /// <summary>Mean power of all that is there.</summary>
    public static double TotalPower(ReadOnlySpan<short> samples)
    {
        if (samples.IsEmpty) return 0;
        var sum = 0d;
        foreach (var sample in samples) sum += (double)sample * sample;
        return sum / samples.Length;
    }

    /// <summary>Level of the whole signal in dBm0, at least <see cref="SilenceDbm0"/>.</summary>
    public static double Level(ReadOnlySpan<short> samples) => ToDbm0(TotalPower(samples));

    /// <summary>Level at a frequency in dBm0, at least <see cref="SilenceDbm0"/>.</summary>
    public static double Level(ReadOnlySpan<short> samples, double frequency) => ToDbm0(Power(samples, frequency));

    /// <summary>
    /// Whether a tone of exactly these frequencies is there: each carries a fair share, together they carry at least
    /// <paramref name="share"/> of the power, and the level is audible (-40 dBm0).
    /// </summary>
    /// <param name="samples">At least 20 ms; the longer the sharper.</param>
    /// <param name="frequencies">In Hz.</param>
    /// <param name="share">0 to 1.</param>
    public static bool Hears(ReadOnlySpan<short> samples, ReadOnlySpan<double> frequencies, double share = 0.8)
    {
        var total = TotalPower(samples);
        if (frequencies.IsEmpty || ToDbm0(total) < -40) return false;
        var sum = 0d;
        foreach (var frequency in frequencies)
        {
            var power = Power(samples, frequency);
            if (power < total * share / (4 * frequencies.Length)) return false;
            sum += power;
        }

        return sum >= total * share;
    }

    /// <summary>Whether this tone is there; its cadence is the caller's to follow.</summary>
    public static bool Hears(ReadOnlySpan<short> samples, Tone tone, double share = 0.8)
    {
        ArgumentNullException.ThrowIfNull(tone);
        return Hears(samples, tone.Frequencies.AsSpan(), share);
    }

    private static double ToDbm0(double power)
    {
        var reference = ToneGenerator.PeakAtZeroDbm0 * ToneGenerator.PeakAtZeroDbm0 / 2;
        return power <= 0 ? SilenceDbm0 : Math.Max(SilenceDbm0, 10 * Math.Log10(power / reference));
    }
}
