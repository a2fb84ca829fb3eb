namespace MgcpSipBridge.SansIo;

/// <summary>So many a second, and so many at once after a rest. Starts full.</summary>
public struct TokenBucket
{
    private double _taken;
    private Instant _last;

    /// <summary>Takes one, if one is there. The limits may differ from call to call.</summary>
    public bool TryTake(Instant now, double perSecond, double burst)
    {
        var passed = (now - _last).TotalSeconds;
        if (passed > 0)
        {
            _taken = Math.Max(0, _taken - (passed * perSecond));
            _last = now;
        }

        if (_taken + 1 > burst) return false;
        _taken++;
        return true;
    }
}
