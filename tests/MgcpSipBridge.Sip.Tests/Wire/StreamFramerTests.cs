using System.Text;
using CsCheck;
using MgcpSipBridge.Sip.Tests.Messages;

namespace MgcpSipBridge.Sip.Tests.Wire;

public sealed class StreamFramerTests
{
    private const string Small = "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP c\r\nl : 4\r\n\r\nbody";
    private const string Folded = "OPTIONS sip:a@b SIP/2.0\r\nContent-Length:\r\n  3\r\n\r\nabc";
    private const string KeepAlive = "\r\n\r\n";

    private static readonly Gen<string> Pieces = Gen.Int[0, 3].Select(i => new[] { Small, Folded, KeepAlive, SampleInvite.Text }[i]);

    [Fact]
    public void However_the_stream_is_cut_the_messages_come_out_whole() =>
        Gen.Select(Pieces.Array[1, 12], Gen.Int[1, 40].Array[1, 20]).Sample((messages, cuts) =>
        {
            var stream = Encoding.UTF8.GetBytes(string.Concat(messages));
            var framer = new SipStreamFramer(4096);
            var read = new List<string>();
            for (int at = 0, i = 0; at < stream.Length; i++)
            {
                var take = Math.Min(cuts[i % cuts.Length], stream.Length - at);
                framer.Append(stream.AsSpan(at, take));
                at += take;
                while (framer.TryRead(out var message)) read.Add(Encoding.UTF8.GetString(message.Span));
            }

            return !framer.Broken && messages.SequenceEqual(read);
        }, iter: 2000);

    [Fact]
    public void Byte_by_byte()
    {
        var framer = new SipStreamFramer(4096);
        var read = new List<string>();
        foreach (var b in Encoding.UTF8.GetBytes(Small + KeepAlive + Small))
        {
            framer.Append([b]);
            while (framer.TryRead(out var message)) read.Add(Encoding.UTF8.GetString(message.Span));
        }

        Assert.Equal([Small, KeepAlive, Small], read);
    }

    [Fact]
    public void A_single_line_end_between_messages_is_an_answer_to_our_keep_alive_and_is_skipped()
    {
        var framer = new SipStreamFramer(4096);
        framer.Append(Encoding.UTF8.GetBytes("\r\n" + Small + "\r\n"));
        Assert.True(framer.TryRead(out var message));
        Assert.Equal(Small, Encoding.UTF8.GetString(message.Span));
        Assert.False(framer.TryRead(out _));
        framer.Append(Encoding.UTF8.GetBytes(Small));
        Assert.True(framer.TryRead(out message));
        Assert.Equal(Small, Encoding.UTF8.GetString(message.Span));
    }

    [Fact]
    public void Lines_may_end_in_LF_alone_as_the_reader_has_it()
    {
        var framer = new SipStreamFramer(4096);
        var text = Small.Replace("\r\n", "\n", StringComparison.Ordinal);
        framer.Append(Encoding.UTF8.GetBytes(text + text));
        Assert.True(framer.TryRead(out var message));
        Assert.Equal(text, Encoding.UTF8.GetString(message.Span));
        Assert.True(framer.TryRead(out _));
    }

    [Theory]
    [InlineData("OPTIONS sip:a@b SIP/2.0\r\nVia: x\r\n\r\n")]
    [InlineData("OPTIONS sip:a@b SIP/2.0\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 1 2\r\n\r\n")]
    [InlineData("OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 5\r\nl: 4\r\n\r\n")]
    [InlineData("OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 99999999999\r\n\r\n")]
    [InlineData("OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 5000\r\n\r\n")]
    public void A_stream_that_cannot_be_followed_is_broken_for_good(string text)
    {
        var framer = new SipStreamFramer(4096);
        framer.Append(Encoding.UTF8.GetBytes(text));
        Assert.False(framer.TryRead(out _));
        Assert.True(framer.Broken);
        framer.Append(Encoding.UTF8.GetBytes(Small));
        Assert.False(framer.TryRead(out _));
    }

    [Fact]
    public void Headers_without_end_break_the_stream_at_the_limit()
    {
        var framer = new SipStreamFramer(4096);
        for (var i = 0; i < 5 && !framer.Broken; i++)
        {
            framer.Append(Encoding.UTF8.GetBytes(new string('x', 1000)));
            Assert.False(framer.TryRead(out _));
        }

        Assert.True(framer.Broken);
    }

    [Fact]
    public void A_stream_of_many_messages_costs_no_memory_once_it_flows()
    {
        var framer = new SipStreamFramer(65_535);
        long Round()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 100; i++)
            {
                framer.Append(SampleInvite.Bytes.AsSpan(0, 700));
                framer.TryRead(out _);
                framer.Append(SampleInvite.Bytes.AsSpan(700));
                if (!framer.TryRead(out _)) return -1;
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Round();
        Assert.Equal(0, Round());
    }

    [Fact]
    public void Any_bytes_are_survived() =>
        Gen.Byte.Array[0, 300].Sample(bytes =>
        {
            var framer = new SipStreamFramer(200);
            framer.Append(bytes);
            for (var i = 0; i < 300 && framer.TryRead(out _); i++)
            {
            }

            return !framer.TryRead(out _);
        }, iter: 2000);
}
