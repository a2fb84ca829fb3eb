using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media.Tests.Audio;

/// <summary>
/// Speech without a meaning, by formants: a glottis with melody, jitter and tremor behind four resonances that glide from sound to sound, hiss for fricatives, bursts for stops, vowels
/// that are held and pauses. The same seed says the same.
/// </summary>
/// <param name="pitch">Mean pitch of the voice in Hz: 100 a man's, 210 a woman's, 300 a child's.</param>
/// <param name="tract">Length of its vocal tract as to a man's: resonances are higher by as much.</param>
/// <param name="seed">What it says.</param>
internal sealed class SpeechSynthesizer(double pitch, double tract, ulong seed)
{
    // First three formants of American vowels, a man's (Peterson and Barney, 1952).
    private static readonly double[][] Vowels =
        [[270, 2290, 3010], [390, 1990, 2550], [530, 1840, 2480], [660, 1720, 2410], [730, 1090, 2440], [570, 840, 2410], [440, 1020, 2240], [300, 870, 2240], [640, 1190, 2390], [490, 1350, 1690]];

    private static readonly double[] Widths = [60, 90, 130, 200];

    private readonly Entropy _chance = new(seed);
    private readonly double[] _now = [500, 1500, 2500, 3500];
    private readonly double[] _one = new double[4];
    private readonly double[] _two = new double[4];
    private double _phase;
    private double _melody = 1;

    /// <summary>The next samples at 8 kHz, as loud as speech at this level is while it sounds, in dBm0.</summary>
    public short[] Say(int seconds, double level)
    {
        var raw = new double[8000 * seconds];
        for (var at = 0; at < raw.Length;) at += Sound(raw.AsSpan(at));
        // The active level: pauses do not count (ITU-T P.56, roughly).
        var loud = raw.Where(sample => Math.Abs(sample) > 0.001).Select(sample => sample * sample).DefaultIfEmpty(1).Average();
        var gain = ToneGenerator.PeakAtZeroDbm0 / Math.Sqrt(2) * Math.Pow(10, level / 20) / Math.Sqrt(loud);
        return [.. raw.Select(sample => (short)Math.Clamp(sample * gain, short.MinValue, short.MaxValue))];
    }

    private int Sound(Span<double> into)
    {
        var kind = _chance.Next(20);
        var length = Math.Min(into.Length, kind switch { < 3 => 800 + _chance.Next(3200), < 12 => 400 + _chance.Next(1200), 12 => 3000 + _chance.Next(5000), _ => 160 + _chance.Next(640) });
        into = into[..length];
        if (kind < 3)
        {
            // Between phrases; the next begins high.
            _melody = 1.2;
            return length;
        }

        var vowel = Vowels[_chance.Next(Vowels.Length)];
        double[] target = [.. vowel.Select(formant => formant * tract * (0.95 + (0.1 * _chance.NextDouble()))), 3500];
        var (voiced, noisy) = (kind < 17, kind >= 16);
        var loudness = 0.2 + (0.8 * _chance.NextDouble());
        var glide = kind == 12 ? 0.0008 : 0.002 + (0.006 * _chance.NextDouble());
        var tremor = 0.01 + (0.02 * _chance.NextDouble());
        var end = _melody * (0.85 + (0.25 * _chance.NextDouble()));
        if (end < 0.7) end = 0.75;
        for (var i = 0; i < length; i++)
        {
            var progress = (double)i / length;
            var frequency = pitch * (_melody + ((end - _melody) * progress)) * (1 + (tremor * Math.Sin(2 * Math.PI * 5.5 * i / 8000)) + (0.01 * (_chance.NextDouble() - 0.5)));
            _phase += frequency / 8000;
            if (_phase >= 1) _phase -= 1;
            // Rosenberg's glottal pulse, as its slope: it opens for 40 % of the period and shuts in 16 %.
            var source = !voiced ? 0 : _phase < 0.4 ? Math.Sin(Math.PI * _phase / 0.4) * 0.4 : _phase < 0.56 ? -Math.Sin(Math.PI / 2 * (_phase - 0.4) / 0.16) : 0;
            if (noisy) source += 0.6 * (_chance.NextDouble() - 0.5);
            source += 0.01 * (_chance.NextDouble() - 0.5);
            var sample = source;
            for (var formant = 0; formant < 4; formant++)
            {
                _now[formant] += glide * (target[formant] - _now[formant]);
                var radius = Math.Exp(-Math.PI * Widths[formant] / 8000);
                var turn = 2 * radius * Math.Cos(2 * Math.PI * Math.Min(_now[formant], 3900) / 8000);
                var output = ((1 - turn + (radius * radius)) * sample) + (turn * _one[formant]) - (radius * radius * _two[formant]);
                (_two[formant], _one[formant]) = (_one[formant], output);
                sample = output;
            }

            into[i] = sample * loudness * Math.Min(1, Math.Min(i, length - i) / 80.0);
        }

        _melody = end;
        return length;
    }
}
