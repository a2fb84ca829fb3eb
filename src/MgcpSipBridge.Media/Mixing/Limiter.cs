namespace MgcpSipBridge.Media;

/// <summary>
/// Brings a sum of voices into 16 bits without clipping it: when it grows too loud the gain falls at once, as far as the loudest sample of
/// the frame needs, and comes back within a third of a second.
/// </summary>
internal sealed class Limiter
{
    private const int Most = 31_500; // below the loudest code of either law
    private const float Recovery = 1f / (8000 / 3);

    private float _gain = 1;

    public void Apply(ReadOnlySpan<int> sum, Span<short> frame)
    {
        var peak = 0;
        foreach (var sample in sum) peak = Math.Max(peak, Math.Abs(sample));
        if (peak <= Most && _gain >= 1)
        {
            for (var i = 0; i < sum.Length; i++) frame[i] = (short)sum[i];
            return;
        }

        var allowed = peak > Most ? (float)Most / peak : 1;
        var gain = Math.Min(_gain, allowed);
        for (var i = 0; i < sum.Length; i++)
        {
            gain = Math.Min(allowed, gain + Recovery);
            frame[i] = (short)(sum[i] * gain);
        }

        _gain = gain;
    }
}
