namespace MgcpSipBridge.Simulator;

/// <summary>DTMF in sound (ITU-T Q.23), made and heard without the product's own code.</summary>
internal static class PlainDtmf
{
    private const string Keys = "123A456B789C*0#D";
    private static readonly double[] Low = [697, 770, 852, 941];
    private static readonly double[] High = [1209, 1336, 1477, 1633];

    /// <summary>A key's sample at 8 kHz, each of both tones 10 dB below the loudest.</summary>
    public static int Sample(char key, int at)
    {
        var place = Keys.IndexOf(key, StringComparison.Ordinal);
        return (int)(8000 * (Math.Sin(2 * Math.PI * Low[place / 4] * at / 8000) + Math.Sin(2 * Math.PI * High[place % 4] * at / 8000)));
    }

    /// <summary>The key that sounds throughout the samples; default for none.</summary>
    public static char KeyIn(ReadOnlySpan<double> samples)
    {
        var energy = 0.0;
        foreach (var sample in samples) energy += sample * sample;
        if (energy < samples.Length * 200.0 * 200.0) return default;
        var (row, low) = Strongest(samples, Low);
        var (column, high) = Strongest(samples, High);
        // Both tones, neither much weaker than the other, and nearly nothing else.
        return low + high > 0.7 * energy && low > 0.2 * high && high > 0.2 * low ? Keys[(4 * row) + column] : default;
    }

    private static (int Index, double Energy) Strongest(ReadOnlySpan<double> samples, double[] frequencies)
    {
        var best = (Index: 0, Energy: 0.0);
        for (var i = 0; i < frequencies.Length; i++)
        {
            var coefficient = 2 * Math.Cos(2 * Math.PI * frequencies[i] / 8000);
            var (before, last) = (0.0, 0.0);
            foreach (var sample in samples) (before, last) = (last, sample + (coefficient * last) - before);
            var energy = ((last * last) + (before * before) - (coefficient * last * before)) * 2 / samples.Length;
            if (energy > best.Energy) best = (i, energy);
        }

        return best;
    }
}
