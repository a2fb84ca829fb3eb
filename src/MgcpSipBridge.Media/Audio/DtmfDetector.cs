namespace MgcpSipBridge.Media;

/// <summary>
/// Hears DTMF digits in speech-band samples, within the limits of ITU-T Q.24: frequencies off by up to 1.5 %, tones from 40 ms, pauses from
/// 40 ms, the columns up to 8 dB above or 4 dB below the rows.
/// </summary>
public sealed class DtmfDetector
{
    // 12.75 ms: long enough to tell 697 from 770 Hz, short enough that a tone of 40 ms fills two blocks wherever it begins.
    internal const int BlockSamples = 102;
    private const double LeastLevel = -33; // dBm0, of both tones together
    private const double LeastShare = 0.6; // of the power, at the edge of the tolerated frequencies
    private static readonly double ColumnAbove = Math.Pow(10, 8 / 10d);
    private static readonly double ColumnBelow = Math.Pow(10, -4 / 10d);

    private readonly short[] _block = new short[BlockSamples];
    private readonly Queue<char> _heard = new();
    private int _filled;
    private char _last;
    private char _current;

    /// <summary>Takes samples in portions of any length.</summary>
    public void Process(ReadOnlySpan<short> samples)
    {
        while (!samples.IsEmpty)
        {
            var take = Math.Min(BlockSamples - _filled, samples.Length);
            samples[..take].CopyTo(_block.AsSpan(_filled));
            samples = samples[take..];
            _filled += take;
            if (_filled < BlockSamples) return;
            _filled = 0;
            Step(Classify(_block));
        }
    }

    /// <summary>Takes the next digit heard, once per key press.</summary>
    public bool TryTake(out char digit) => _heard.TryDequeue(out digit);

    /// <summary>The digit that sounds, from its second block to the second block after it; the NUL character for none.</summary>
    public char Current => _current;

    /// <summary>Whether the latest block sounds like a digit, be it the first or one of many.</summary>
    public bool IsSuspicious => _last != default;

    // Two blocks alike make a digit, two blocks of anything else end it: a click within neither splits a digit nor makes one.
    private void Step(char block)
    {
        if (block == _last && block != _current)
        {
            _current = block;
            if (block != default) _heard.Enqueue(block);
        }

        _last = block;
    }

    /// <summary>The digit that one block holds; the NUL character for none.</summary>
    private static char Classify(ReadOnlySpan<short> block)
    {
        if (ToneDetector.Level(block) < LeastLevel) return default;
        var (row, rowPower) = Strongest(block, DtmfDigit.Rows);
        var (column, columnPower) = Strongest(block, DtmfDigit.Columns);
        if (rowPower <= 0 || columnPower <= 0) return default;
        var twist = columnPower / rowPower;
        if (twist > ColumnAbove || twist < ColumnBelow) return default;
        return rowPower + columnPower >= LeastShare * ToneDetector.TotalPower(block) ? DtmfDigit.At(row, column) : default;
    }

    private static (int Index, double Power) Strongest(ReadOnlySpan<short> block, ReadOnlySpan<double> frequencies)
    {
        var best = (Index: 0, Power: 0d);
        for (var i = 0; i < frequencies.Length; i++)
        {
            var power = ToneDetector.Power(block, frequencies[i]);
            if (power > best.Power) best = (i, power);
        }

        return best;
    }
}
