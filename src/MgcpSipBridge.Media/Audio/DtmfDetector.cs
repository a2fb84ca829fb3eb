namespace MgcpSipBridge.Media;

/// <summary>
/// Hears DTMF digits in speech-band samples, within the limits of ITU-T Q.24: frequencies off by up to 1.5 %, tones from 40 ms, pauses from
/// 40 ms, the columns up to 8 dB above or 4 dB below the rows.
/// </summary>
public sealed class DtmfDetector
{
    // 12.75 ms: long enough to tell 697 from 770 Hz. A block begins every half of it, so that a tone of 40 ms fills four wherever it begins,
    // and four that are alike are more than speech holds still for.
    private const int BlockSamples = 102;
    private const int BlocksAlike = 4;

    /// <summary>Samples from one block to the next.</summary>
    internal const int HopSamples = BlockSamples / 2;

    private const double LeastLevel = -33; // dBm0, of both tones together
    private const double LeastShare = 0.6; // of the power, at the edge of the tolerated frequencies
    private const double LeastMargin = 3.5; // of the strongest row or column over the next, at the same edge; a block that is only half filled has less
    private static readonly double ColumnAbove = Math.Pow(10, 8 / 10d);
    private static readonly double ColumnBelow = Math.Pow(10, -4 / 10d);

    private readonly short[] _block = new short[BlockSamples];
    private readonly Queue<char> _heard = new();
    private int _filled;
    private char _last;
    private int _alike;
    private int _others;
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
            Step(Classify(_block));
            _block.AsSpan(HopSamples).CopyTo(_block);
            _filled = BlockSamples - HopSamples;
        }
    }

    /// <summary>Takes the next digit heard, once per key press.</summary>
    public bool TryTake(out char digit) => _heard.TryDequeue(out digit);

    /// <summary>The digit that sounds, from about 30 ms after its beginning to as long after its end; the NUL character for none.</summary>
    public char Current => _current;

    /// <summary>Whether the latest block sounds like a digit, be it the first or one of many.</summary>
    public bool IsSuspicious => _last != default;

    // Some blocks alike make a digit, as many of anything else end it: a click within neither splits a digit nor makes one.
    private void Step(char block)
    {
        _alike = block == _last ? _alike + 1 : 1;
        _last = block;
        // What ends a digit need not be alike: the edges of a tone are this and that.
        if (block != _current) _others++;
        else _others = 0;
        if (_alike >= BlocksAlike && block != default && block != _current) Become(block);
        else if (_current != default && _others >= BlocksAlike) Become(default);
    }

    private void Become(char digit)
    {
        _current = digit;
        _others = 0;
        if (digit != default) _heard.Enqueue(digit);
    }

    /// <summary>The digit that one block holds; the NUL character for none.</summary>
    private static char Classify(ReadOnlySpan<short> block)
    {
        if (ToneDetector.Level(block) < LeastLevel) return default;
        var (row, rowPower, nextRow) = Strongest(block, DtmfDigit.Rows);
        var (column, columnPower, nextColumn) = Strongest(block, DtmfDigit.Columns);
        if (rowPower <= LeastMargin * nextRow || columnPower <= LeastMargin * nextColumn) return default;
        var twist = columnPower / rowPower;
        if (twist > ColumnAbove || twist < ColumnBelow) return default;
        return rowPower + columnPower >= LeastShare * ToneDetector.TotalPower(block) ? DtmfDigit.At(row, column) : default;
    }

    private static (int Index, double Power, double Next) Strongest(ReadOnlySpan<short> block, ReadOnlySpan<double> frequencies)
    {
        var best = (Index: 0, Power: 0d, Next: 0d);
        for (var i = 0; i < frequencies.Length; i++)
        {
            var power = ToneDetector.Power(block, frequencies[i]);
            if (power > best.Power) best = (i, power, best.Power);
            else best.Next = Math.Max(best.Next, power);
        }

        return best;
    }
}
