using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Fuzz;

/// <summary>
/// Makes datagrams from a corpus: bytes flipped, pieces moved, doubled, cut and joined, lines repeated, words that parsers trip over put in. The same seed makes the
/// same datagrams.
/// </summary>
internal sealed class Mutator(IReadOnlyList<byte[]> corpus, Entropy chance)
{
    /// <summary>Largest payload of a UDP datagram in bytes.</summary>
    public const int MaxBytes = 65_507;

    private static readonly byte[][] Words =
    [
        "\r\n"u8.ToArray(), "\n"u8.ToArray(), "\r"u8.ToArray(), "\n.\n"u8.ToArray(), "\r\n\r\n"u8.ToArray(), " "u8.ToArray(), "\t"u8.ToArray(), "\0"u8.ToArray(),
        ":"u8.ToArray(), ";"u8.ToArray(), ","u8.ToArray(), "\""u8.ToArray(), "("u8.ToArray(), ")"u8.ToArray(), "<"u8.ToArray(), ">"u8.ToArray(), "["u8.ToArray(),
        "]"u8.ToArray(), "@"u8.ToArray(), "*"u8.ToArray(), "$"u8.ToArray(), "/"u8.ToArray(), "="u8.ToArray(), "%"u8.ToArray(), "\\"u8.ToArray(), "-"u8.ToArray(),
        "0"u8.ToArray(), "999999999"u8.ToArray(), "4294967296"u8.ToArray(), "18446744073709551616"u8.ToArray(), "-1"u8.ToArray(), "1-999999999"u8.ToArray(),
        "R: D/[0-9#*T](D)\n"u8.ToArray(), "O: L/hd,D/1,D/2\n"u8.ToArray(), "K: 1-5, 7\n"u8.ToArray(), "RM: disconnected\n"u8.ToArray(), "I: 1F, 2F\n"u8.ToArray(),
        "D: (x.T|[1-9]xxx)\n"u8.ToArray(), "E(R(L/hu(N)),S(L/dl))"u8.ToArray(), "v=0\n"u8.ToArray(), "m=audio 1 RTP/AVP 0\n"u8.ToArray(), "é€😀"u8.ToArray(), [0xFF, 0xFE],
    ];

    private readonly byte[] _buffer = new byte[MaxBytes];
    private readonly byte[] _spare = new byte[MaxBytes];
    private int _length;

    /// <summary>The next datagram; void after the one that follows.</summary>
    public ReadOnlySpan<byte> Next()
    {
        _length = 0;
        // Rarely, for it takes a hundred times as long: a shape that is meant to hurt, up to the largest datagram.
        if (chance.Next(1000) == 0) Append(NastyShapes.All[chance.Next(NastyShapes.All.Length)].Make(chance.Next(MaxBytes + 1)));
        else Append(Pick());
        // Now and then something as it is, now and then something quite broken.
        for (var steps = chance.Next(8); steps > 0; steps--) Step();
        return _buffer.AsSpan(0, _length);
    }

    private byte[] Pick() => corpus[chance.Next(corpus.Count)];

    private void Append(ReadOnlySpan<byte> bytes)
    {
        bytes = bytes[..Math.Min(bytes.Length, MaxBytes - _length)];
        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += bytes.Length;
    }

    private void Step()
    {
        switch (chance.Next(10))
        {
            case 0 or 1 when _length > 0:
                _buffer[chance.Next(_length)] = (byte)chance.Next(256);
                break;
            case 2 when _length > 0:
                _buffer[chance.Next(_length)] ^= (byte)(1 << chance.Next(8));
                break;
            case 3:
                Insert(Words[chance.Next(Words.Length)], chance.Next(_length + 1));
                break;
            case 4 when _length > 0:
                Cut(chance.Next(_length), 1 + chance.Next(Math.Min(_length, 40)));
                break;
            case 5:
                _length = chance.Next(_length + 1);
                break;
            case 6:
                InsertPieceOf(Pick());
                break;
            case 7:
                Append("\n.\n"u8);
                Append(Pick());
                break;
            case 8:
                RepeatLine();
                break;
            default:
                InsertPieceOf(_buffer.AsSpan(0, Math.Min(_length, 4096)).ToArray());
                break;
        }
    }

    private void InsertPieceOf(byte[] other)
    {
        if (other.Length == 0) return;
        var from = chance.Next(other.Length);
        Insert(other.AsSpan(from, 1 + chance.Next(other.Length - from)), chance.Next(_length + 1));
    }

    /// <summary>A line many times over: the longest lists, the most parameters.</summary>
    private void RepeatLine()
    {
        if (_length == 0) return;
        var at = chance.Next(_length);
        var start = _buffer.AsSpan(0, at).LastIndexOf((byte)'\n') + 1;
        var end = _buffer.AsSpan(at, _length - at).IndexOf((byte)'\n');
        var line = _buffer.AsSpan(start, (end < 0 ? _length : at + end + 1) - start).ToArray();
        for (var times = chance.Next(100) == 0 ? chance.Next(2000) : chance.Next(5); times > 0 && _length + line.Length <= MaxBytes; times--) Insert(line, start);
    }

    private void Insert(ReadOnlySpan<byte> bytes, int at)
    {
        bytes = bytes[..Math.Min(bytes.Length, MaxBytes - _length)];
        var tail = _buffer.AsSpan(at, _length - at);
        tail.CopyTo(_spare);
        bytes.CopyTo(_buffer.AsSpan(at));
        _spare.AsSpan(0, tail.Length).CopyTo(_buffer.AsSpan(at + bytes.Length));
        _length += bytes.Length;
    }

    private void Cut(int at, int count)
    {
        count = Math.Min(count, _length - at);
        _buffer.AsSpan(at + count, _length - at - count).CopyTo(_buffer.AsSpan(at));
        _length -= count;
    }
}
