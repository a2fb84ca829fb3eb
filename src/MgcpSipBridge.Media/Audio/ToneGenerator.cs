using System.Collections.Immutable;

namespace MgcpSipBridge.Media;

/// <summary>A tone as telephony plans write it: one or more frequencies, a level and a cadence.</summary>
/// <param name="Frequencies">In Hz, each below 4000.</param>
/// <param name="Level">Of each frequency, in dBm0; at most +3.14 for one alone.</param>
/// <param name="Cadence">On, off, on, off …, repeated; empty for a continuous tone.</param>
public sealed record Tone(ImmutableArray<double> Frequencies, double Level = -13, ImmutableArray<TimeSpan> Cadence = default)
{
    /// <summary>A continuous tone of the given frequencies at -13 dBm0 each, as North American dial tone has it.</summary>
    public static Tone Of(params ReadOnlySpan<double> frequencies) => new([.. frequencies]);

    /// <summary>The tone of a DTMF digit; null for what is none.</summary>
    public static Tone? Dtmf(char digit) => DtmfDigit.TryFrequencies(digit, out var row, out var column) ? new([row, column], -9) : null;
}

/// <summary>Produces a tone's samples at 8 kHz, packet by packet, without a click between packets.</summary>
public sealed class ToneGenerator
{
    /// <summary>Peak of a sine of 0 dBm0 in 16-bit samples: full scale is +3.14 dBm0 (ITU-T G.711 §4).</summary>
    public static readonly double PeakAtZeroDbm0 = 32_768 * Math.Pow(10, -3.14 / 20);

    private readonly double[] _steps;
    private readonly double _peak;
    private readonly long[] _edges;
    private long _sample;

    /// <summary>A generator at the beginning of the tone.</summary>
    public ToneGenerator(Tone tone)
    {
        ArgumentNullException.ThrowIfNull(tone);
        _steps = [.. tone.Frequencies.Select(f => 2 * Math.PI * f / G711.SampleRate)];
        _peak = PeakAtZeroDbm0 * Math.Pow(10, tone.Level / 20);
        var edge = 0L;
        _edges = tone.Cadence.IsDefaultOrEmpty ? [] : [.. tone.Cadence.Select(t => edge += (long)Math.Round(t.TotalSeconds * G711.SampleRate))];
    }

    /// <summary>Writes the next samples; a sum that exceeds 16 bits is clipped.</summary>
    public void Fill(Span<short> samples)
    {
        for (var i = 0; i < samples.Length; i++, _sample++)
        {
            var sum = 0d;
            if (IsOn())
                foreach (var step in _steps)
                    sum += Math.Sin(step * _sample);
            samples[i] = (short)Math.Clamp(Math.Round(sum * _peak), short.MinValue, short.MaxValue);
        }
    }

    private bool IsOn()
    {
        if (_edges.Length == 0 || _edges[^1] == 0) return true;
        var position = _sample % _edges[^1];
        for (var i = 0; i < _edges.Length; i++)
            if (position < _edges[i])
                return i % 2 == 0;
        return false;
    }
}
