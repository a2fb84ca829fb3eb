using System.Buffers;
using System.Text;
using CsCheck;

namespace MgcpSipBridge.SansIo.Tests;

public sealed class ByteCursorTests
{
    [Fact]
    public void It_reads_a_command_line()
    {
        var cursor = new ByteCursor("RQNT 1201 aaln/1@gw1 \t MGCP 1.0\r\nX: 2"u8);
        Assert.Equal("RQNT", Text(cursor.ReadUntil((byte)' ')));
        cursor.SkipBlanks();
        Assert.True(cursor.TryReadUInt32(out var id));
        Assert.Equal(1201u, id);
        Assert.True(cursor.TryRead((byte)' '));
        Assert.False(cursor.TryRead((byte)' '));
        Assert.Equal('a', cursor.Peek);
        Assert.Equal("aaln/1", Text(cursor.ReadUntilAny((byte)' ', (byte)'@')));
        cursor.Skip(1);
        Assert.Equal("gw1", Text(cursor.ReadWhile(SearchValues.Create("gw123"u8))));
        cursor.SkipBlanks();
        Assert.Equal("MGCP 1.0", Text(cursor.ReadUntilAny(SearchValues.Create("\r\n"u8))));
        Assert.True(cursor.TryReadLine(out var end));
        Assert.True(end.IsEmpty);
        Assert.Equal("X: 2", Text(cursor.Rest));
    }

    [Theory]
    [InlineData("a\r\nb\r\n", "a|b")]
    [InlineData("a\nb\n", "a|b")]
    [InlineData("a\rb\r", "a|b")]
    [InlineData("a\r\n\r\nb", "a||b")]
    [InlineData("a\n\nb", "a||b")]
    [InlineData("a\n\rb", "a||b")]
    [InlineData("", "")]
    [InlineData("\n", "")]
    public void A_line_ends_with_CRLF_LF_or_CR(string text, string lines)
    {
        var cursor = new ByteCursor(Encoding.ASCII.GetBytes(text));
        var read = new List<string>();
        while (cursor.TryReadLine(out var line)) read.Add(Text(line));
        Assert.Equal(lines, string.Join('|', read));
        Assert.True(cursor.AtEnd);
        Assert.Equal(-1, cursor.Peek);
    }

    [Fact]
    public void Lines_written_with_any_end_come_back() =>
        Gen.Select(Gen.String[Gen.Char['a', 'f'], 0, 5].List[1, 10], Gen.OneOf(Gen.Const("\r\n"), Gen.Const("\n"), Gen.Const("\r"))).Sample((lines, end) =>
        {
            var cursor = new ByteCursor(Encoding.ASCII.GetBytes(string.Concat(lines.Select(l => l + end))));
            var read = new List<string>();
            while (cursor.TryReadLine(out var line)) read.Add(Text(line));
            Assert.Equal(lines, read);
        });

    [Theory]
    [InlineData("0", true, 0u)]
    [InlineData("007x", true, 7u)]
    [InlineData("4294967295", true, uint.MaxValue)]
    [InlineData("4294967296", false, 0u)]
    [InlineData("99999999999999999999", false, 0u)]
    [InlineData("-1", false, 0u)]
    [InlineData("+1", false, 0u)]
    [InlineData(" 1", false, 0u)]
    [InlineData("", false, 0u)]
    public void Numbers_are_digits_alone(string text, bool read, uint value)
    {
        var cursor = new ByteCursor(Encoding.ASCII.GetBytes(text));
        Assert.Equal(read, cursor.TryReadUInt32(out var number));
        Assert.Equal(value, number);
        if (!read) Assert.Equal(text.Length, cursor.Rest.Length); // a refused number is not half read
    }

    [Fact]
    public void No_bytes_and_no_order_of_calls_make_it_throw() =>
        Gen.Select(Gen.Byte.Array[0, 40], Gen.Int[0, 8].Array[0, 30]).Sample((bytes, calls) =>
        {
            var cursor = new ByteCursor(bytes);
            var stops = SearchValues.Create("\r\n :"u8);
            foreach (var call in calls)
            {
                var before = cursor.Rest.Length;
                switch (call)
                {
                    case 0: cursor.TryRead(bytes.Length > 0 ? bytes[0] : (byte)0); break;
                    case 1: cursor.Skip(3); break;
                    case 2: cursor.SkipBlanks(); break;
                    case 3: cursor.ReadUntil((byte)'\n'); break;
                    case 4: cursor.ReadUntilAny((byte)' ', (byte)':'); break;
                    case 5: cursor.ReadUntilAny(stops); break;
                    case 6: cursor.ReadWhile(stops); break;
                    case 7: cursor.TryReadLine(out _); break;
                    case 8: cursor.TryReadUInt32(out _); break;
                }

                Assert.True(cursor.Rest.Length <= before);
                Assert.True(bytes.AsSpan().EndsWith(cursor.Rest));
            }
        });

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.ASCII.GetString(bytes);
}
