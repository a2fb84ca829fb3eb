namespace MgcpSipBridge.Media;

/// <summary>
/// Hears DTMF digits in speech-band samples, within the limits of ITU-T Q.24, annex A: frequencies off by up to 1.5 % and not by 3.5 %, tones from 40 ms and not of 23 ms,
/// pauses from 40 ms, the columns up to 4 dB above or 8 dB below the rows (they are, behind a long line), and somewhat more either way.
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
    private const double LeastMargin = 2.5; // of the strongest row or column over the next, at the same edge; a block that is only half filled has less
    private const double MostOff = 0.024; // of the nominal frequency, between what must be heard and what must not
    private const double LeastSteady = 0.35; // of a tone's power, block to block: one that fills a block but in part has less
    private const double LeastPure = 0.93; // of the power in all four blocks, at the very frequencies that were heard
    private static readonly double ColumnAbove = Math.Pow(10, 6 / 10d);
    private static readonly double ColumnBelow = Math.Pow(10, -12 / 10d);

    private readonly Finding[] _latest = new Finding[BlocksAlike]; // the last one in front
    private readonly short[] _heardLast = new short[BlockSamples + ((BlocksAlike - 1) * HopSamples)];
    private readonly short[] _block = new short[BlockSamples];
    private readonly Queue<char> _heard = new();
    private int _filled;
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
            _heardLast.AsSpan(HopSamples).CopyTo(_heardLast);
            _block.CopyTo(_heardLast.AsSpan(_heardLast.Length - BlockSamples));
            Step(Classify(_block));
            _block.AsSpan(HopSamples).CopyTo(_block);
            _filled = BlockSamples - HopSamples;
        }
    }

    /// <summary>Takes the next digit heard, once per key press.</summary>
    public bool TryTake(out char digit) => _heard.TryDequeue(out digit);

    /// <summary>Forgets all that it has heard.</summary>
    public void Reset()
    {
        _latest.AsSpan().Clear();
        _heard.Clear();
        (_filled, _alike, _others, _current) = (0, 0, 0, default);
    }

    /// <summary>The digit that sounds, from about 30 ms after its beginning to as long after its end; the NUL character for none.</summary>
    public char Current => _current;

    /// <summary>Whether the latest block sounds like a digit, be it the first or one of many; not any more when it turned out to be beside the frequencies.</summary>
    public bool IsSuspicious => _latest[0].Digit != default && (_alike < BlocksAlike || _latest[0].Digit == _current);

    // A tone in a block: its nominal frequency, its power, and where it stands.
    private readonly record struct Part(double Frequency, double Power, double Phase);

    // The digit that a block holds.
    private readonly record struct Finding(char Digit, Part Row, Part Column);

    // Some blocks alike make a digit, as many of anything else end it: a click within neither splits a digit nor makes one.
    private void Step(in Finding found)
    {
        var block = found.Digit;
        _alike = block == _latest[0].Digit ? _alike + 1 : 1;
        _latest.AsSpan(0, BlocksAlike - 1).CopyTo(_latest.AsSpan(1));
        _latest[0] = found;
        // What ends a digit need not be alike: the edges of a tone are this and that.
        if (block != _current) _others++;
        else _others = 0;
        if (_alike >= BlocksAlike && block != default && block != _current && IsDigit()) Become(block);
        else if (_current != default && _others >= BlocksAlike) Become(default);
    }

    // Four blocks say more than each of them: two steady tones at the right frequencies, and nothing else. Speech is hardly ever all of that.
    private bool IsDigit()
    {
        Span<Part> row = stackalloc Part[BlocksAlike];
        Span<Part> column = stackalloc Part[BlocksAlike];
        for (var i = 0; i < BlocksAlike; i++) (row[i], column[i]) = (_latest[i].Row, _latest[i].Column);
        return IsSteady(row, out var low) && IsSteady(column, out var high)
            && ToneDetector.Power(_heardLast, low) + ToneDetector.Power(_heardLast, high) >= LeastPure * ToneDetector.TotalPower(_heardLast);
    }

    // A block is too short to tell a frequency from another a few hertz beside it. How far a tone turns from block to block is not.
    private static bool IsSteady(ReadOnlySpan<Part> tone, out double frequency)
    {
        var nominal = tone[0].Frequency;
        var turn = 2 * Math.PI * nominal * HopSamples / G711.SampleRate;
        var (drift, least, most) = (0d, double.MaxValue, 0d);
        for (var i = 0; i < tone.Length; i++)
        {
            (least, most) = (Math.Min(least, tone[i].Power), Math.Max(most, tone[i].Power));
            if (i + 1 < tone.Length) drift += Math.IEEERemainder(tone[i].Phase - tone[i + 1].Phase - turn, 2 * Math.PI);
        }

        var off = drift / ((tone.Length - 1) * turn);
        frequency = nominal * (1 + off);
        return least >= LeastSteady * most && Math.Abs(off) <= MostOff;
    }

    private void Become(char digit)
    {
        _current = digit;
        _others = 0;
        if (digit != default) _heard.Enqueue(digit);
    }

    /// <summary>What one block holds; the NUL character for no digit.</summary>
    private static Finding Classify(ReadOnlySpan<short> block)
    {
        if (ToneDetector.Level(block) < LeastLevel) return default;
        var (row, rowPower, nextRow) = Strongest(block, DtmfDigit.Rows);
        var (column, columnPower, nextColumn) = Strongest(block, DtmfDigit.Columns);
        if (rowPower <= LeastMargin * nextRow || columnPower <= LeastMargin * nextColumn) return default;
        var twist = columnPower / rowPower;
        if (twist > ColumnAbove || twist < ColumnBelow) return default;
        if (rowPower + columnPower < LeastShare * ToneDetector.TotalPower(block)) return default;
        return new(DtmfDigit.At(row, column), PartAt(block, DtmfDigit.Rows[row], rowPower), PartAt(block, DtmfDigit.Columns[column], columnPower));
    }

    private static Part PartAt(ReadOnlySpan<short> block, double frequency, double power) => new(frequency, power, ToneDetector.Phase(block, frequency));

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
