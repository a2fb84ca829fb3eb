namespace MgcpSipBridge.Media;

/// <summary>How good a call sounds, from loss and delay: the E-model (ITU-T G.107) for G.711 with loss concealment, all else at its defaults.</summary>
public static class EModel
{
    private const double Best = 93.2; // R of all defaults: G.107 §7.7
    private const double LossRobustness = 25.1; // Bpl of G.711 with concealment: G.113 appendix I; its Ie is 0

    /// <summary>The rating R, 0 to 93.2.</summary>
    /// <param name="loss">Share of packets lost, 0 to 1; losses by chance, not in bursts.</param>
    /// <param name="delay">From mouth to ear, one way.</param>
    public static double Rating(double loss, TimeSpan delay)
    {
        var percent = 100 * Math.Clamp(loss, 0, 1);
        var milliseconds = Math.Max(delay.TotalMilliseconds, 0);
        // Impairment by delay, the usual simplification: hardly any up to 177.3 ms, much more beyond.
        var byDelay = (0.024 * milliseconds) + (milliseconds > 177.3 ? 0.11 * (milliseconds - 177.3) : 0);
        var byLoss = 95 * percent / (percent + LossRobustness);
        return Math.Clamp(Best - byDelay - byLoss, 0, Best);
    }

    /// <summary>The mean opinion score that belongs to it, 1 to 4.41 (G.107 annex B).</summary>
    public static double Mos(double loss, TimeSpan delay)
    {
        var r = Rating(loss, delay);
        return Math.Clamp(1 + (0.035 * r) + (r * (r - 60) * (100 - r) * 7e-6), 1, 4.5);
    }
}
