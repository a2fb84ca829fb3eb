using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>Spreads what many want at once: turns at a peer, so many a second, in the order they were asked for.</summary>
/// <param name="perSecond">Turns a second, at least 1.</param>
internal sealed class Pace(int perSecond)
{
    private readonly TimeSpan _step = TimeSpan.FromSeconds(1) / Math.Max(1, perSecond);
    private Instant _next = new(long.MinValue);
    private Instant _watched = new(long.MinValue);

    /// <summary>When the next turn is; never in the past.</summary>
    public Instant Take(Instant now)
    {
        var turn = _next > now ? _next : now;
        _next = turn + _step;
        return turn;
    }

    /// <summary>Whether somebody should look after a peer that is silent until then; not when another one does.</summary>
    public bool TakesWatch(Instant now, Instant until)
    {
        if (now < _watched) return false;
        _watched = until;
        return true;
    }
}
