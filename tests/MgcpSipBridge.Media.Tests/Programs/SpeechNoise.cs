using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media.Tests.Programs;

/// <summary>
/// Sound with what makes speech hard for detectors of tones: a glottal pulse that glides, resonances that move across the DTMF band (the
/// formants), hiss, syllables of changing loudness, vowels that are held.
/// </summary>
internal static class SpeechNoise
{
    public static short[] Second(Entropy chance)
    {
        var samples = new short[8000];
        for (var at = 0; at < samples.Length;)
        {
            var length = 400 + chance.Next(1600);
            var part = samples.AsSpan(at, Math.Min(length, samples.Length - at));
            at += part.Length;
            if (chance.Next(5) == 0) continue; // between words
            var pitch = 80 + (chance.NextDouble() * 220);
            var glide = (chance.NextDouble() - 0.5) * 60;
            var first = new Resonance(250 + (chance.NextDouble() * 750), 60);
            var second = new Resonance(850 + (chance.NextDouble() * 1600), 90);
            var voiced = chance.Next(4) != 0;
            var loudness = 500 + (chance.NextDouble() * 5000);
            double phase = 0;
            for (var i = 0; i < part.Length; i++)
            {
                var progress = (double)i / part.Length;
                phase += (pitch + (glide * progress)) / 8000;
                var source = voiced ? (phase >= 1 ? 4 : -0.05) : (chance.NextDouble() - 0.5);
                if (phase >= 1) phase -= 1;
                var sound = first.Next(source) + (0.7 * second.Next(source));
                var envelope = Math.Sin(Math.PI * progress);
                part[i] = (short)Math.Clamp(sound * envelope * loudness, short.MinValue, short.MaxValue);
            }
        }

        return samples;
    }

    private sealed class Resonance(double frequency, double width)
    {
        private readonly double _a = 2 * Math.Exp(-Math.PI * width / 8000) * Math.Cos(2 * Math.PI * frequency / 8000);
        private readonly double _b = -Math.Exp(-2 * Math.PI * width / 8000);
        private double _one;
        private double _two;

        public double Next(double input)
        {
            var output = input + (_a * _one) + (_b * _two);
            (_two, _one) = (_one, output);
            return output;
        }
    }
}
