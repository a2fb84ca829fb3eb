namespace MgcpSipBridge.Media;

/// <summary>Noise at the level that comfort noise packets tell (RFC 3389), for an end that cannot make it itself.</summary>
internal sealed class ComfortNoise(ulong seed)
{
    private ulong _state = seed | 1;
    private int _peak;

    public bool IsActive { get; private set; }

    /// <summary>The level of a payload: dB below the overload point, of which a square wave of full scale is 0 (§3.1).</summary>
    public void Take(ReadOnlySpan<byte> payload)
    {
        IsActive = true;
        var level = payload.IsEmpty ? 127 : payload[0] & 0x7F;
        // Numbers spread evenly between -peak and peak have an effective value of peak/√3.
        _peak = (int)Math.Min(32_000, 32_768 * Math.Pow(10, -level / 20d) * Math.Sqrt(3));
    }

    /// <summary>Speech goes on.</summary>
    public void Stop() => IsActive = false;

    public void Fill(Span<short> samples)
    {
        foreach (ref var sample in samples)
        {
            _state ^= _state << 13;
            _state ^= _state >> 7;
            _state ^= _state << 17;
            sample = (short)((int)((_state >> 32) % (uint)((2 * _peak) + 1)) - _peak);
        }
    }
}
