using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace MgcpSipBridge.Media;

/// <summary>
/// HMAC-SHA1 (RFC 2104) under one key. The key's two blocks are hashed once and not with every packet, and nothing is allocated; the base library
/// does neither. Free of tables and of branches on what is secret.
/// </summary>
internal sealed class HmacSha1
{
    /// <summary>Bytes of a code.</summary>
    public const int CodeBytes = 20;

    private const int BlockBytes = 64;
    private const int LengthBytes = 8;

    private readonly State _inner;
    private readonly State _outer;

    /// <summary>Prepares a key of at most 64 bytes.</summary>
    public HmacSha1(ReadOnlySpan<byte> key)
    {
        Span<byte> block = stackalloc byte[BlockBytes];
        Pad(block, key, 0x36);
        _inner = State.Start;
        _inner.Take(block);
        Pad(block, key, 0x5C);
        _outer = State.Start;
        _outer.Take(block);
    }

    /// <summary>The code of a message with four bytes behind it.</summary>
    /// <param name="message">The message.</param>
    /// <param name="behind">What follows it, most significant byte first; null: nothing.</param>
    /// <param name="code">Where its 20 bytes go.</param>
    public void Compute(ReadOnlySpan<byte> message, uint? behind, Span<byte> code)
    {
        var state = _inner;
        var length = message.Length;
        for (; message.Length >= BlockBytes; message = message[BlockBytes..]) state.Take(message);

        Span<byte> last = stackalloc byte[2 * BlockBytes];
        last.Clear();
        message.CopyTo(last);
        var used = message.Length;
        if (behind is { } word)
        {
            BinaryPrimitives.WriteUInt32BigEndian(last[used..], word);
            used += sizeof(uint);
            length += sizeof(uint);
        }

        Finish(ref state, last, used, length);
        last.Clear();
        state.Write(last);
        state = _outer;
        Finish(ref state, last, CodeBytes, CodeBytes);
        state.Write(code);
    }

    // The bit that ends the message, and its length with the key's block before it (FIPS 180-4 §5.1.1).
    private static void Finish(ref State state, Span<byte> last, int used, int length)
    {
        last[used] = 0x80;
        var blocks = used < BlockBytes - LengthBytes ? 1 : 2;
        BinaryPrimitives.WriteUInt64BigEndian(last[((blocks * BlockBytes) - LengthBytes)..], 8 * ((ulong)length + BlockBytes));
        state.Take(last);
        if (blocks == 2) state.Take(last[BlockBytes..]);
    }

    private static void Pad(Span<byte> block, ReadOnlySpan<byte> key, byte with)
    {
        block.Fill(with);
        for (var i = 0; i < key.Length; i++) block[i] ^= key[i];
    }

    /// <summary>SHA-1 between two blocks (FIPS 180-4 §6.1.2).</summary>
    private struct State
    {
        private uint _a, _b, _c, _d, _e;

        public static State Start => new() { _a = 0x67452301, _b = 0xEFCDAB89, _c = 0x98BADCFE, _d = 0x10325476, _e = 0xC3D2E1F0 };

        public readonly void Write(Span<byte> to)
        {
            BinaryPrimitives.WriteUInt32BigEndian(to, _a);
            BinaryPrimitives.WriteUInt32BigEndian(to[4..], _b);
            BinaryPrimitives.WriteUInt32BigEndian(to[8..], _c);
            BinaryPrimitives.WriteUInt32BigEndian(to[12..], _d);
            BinaryPrimitives.WriteUInt32BigEndian(to[16..], _e);
        }

        public void Take(ReadOnlySpan<byte> block)
        {
            Span<uint> w = stackalloc uint[80];
            for (var t = 0; t < 16; t++) w[t] = BinaryPrimitives.ReadUInt32BigEndian(block[(4 * t)..]);
            for (var t = 16; t < 80; t++) w[t] = BitOperations.RotateLeft(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);

            var (a, b, c, d, e) = (_a, _b, _c, _d, _e);
            // Five steps at a time, so that the words change places by name and not by being moved.
            for (var t = 0; t < 20; t += 5)
            {
                Step(a, ref b, c, d, ref e, Choose(b, c, d), w[t] + 0x5A827999);
                Step(e, ref a, b, c, ref d, Choose(a, b, c), w[t + 1] + 0x5A827999);
                Step(d, ref e, a, b, ref c, Choose(e, a, b), w[t + 2] + 0x5A827999);
                Step(c, ref d, e, a, ref b, Choose(d, e, a), w[t + 3] + 0x5A827999);
                Step(b, ref c, d, e, ref a, Choose(c, d, e), w[t + 4] + 0x5A827999);
            }

            for (var t = 20; t < 40; t += 5)
            {
                Step(a, ref b, c, d, ref e, b ^ c ^ d, w[t] + 0x6ED9EBA1);
                Step(e, ref a, b, c, ref d, a ^ b ^ c, w[t + 1] + 0x6ED9EBA1);
                Step(d, ref e, a, b, ref c, e ^ a ^ b, w[t + 2] + 0x6ED9EBA1);
                Step(c, ref d, e, a, ref b, d ^ e ^ a, w[t + 3] + 0x6ED9EBA1);
                Step(b, ref c, d, e, ref a, c ^ d ^ e, w[t + 4] + 0x6ED9EBA1);
            }

            for (var t = 40; t < 60; t += 5)
            {
                Step(a, ref b, c, d, ref e, Majority(b, c, d), w[t] + 0x8F1BBCDC);
                Step(e, ref a, b, c, ref d, Majority(a, b, c), w[t + 1] + 0x8F1BBCDC);
                Step(d, ref e, a, b, ref c, Majority(e, a, b), w[t + 2] + 0x8F1BBCDC);
                Step(c, ref d, e, a, ref b, Majority(d, e, a), w[t + 3] + 0x8F1BBCDC);
                Step(b, ref c, d, e, ref a, Majority(c, d, e), w[t + 4] + 0x8F1BBCDC);
            }

            for (var t = 60; t < 80; t += 5)
            {
                Step(a, ref b, c, d, ref e, b ^ c ^ d, w[t] + 0xCA62C1D6);
                Step(e, ref a, b, c, ref d, a ^ b ^ c, w[t + 1] + 0xCA62C1D6);
                Step(d, ref e, a, b, ref c, e ^ a ^ b, w[t + 2] + 0xCA62C1D6);
                Step(c, ref d, e, a, ref b, d ^ e ^ a, w[t + 3] + 0xCA62C1D6);
                Step(b, ref c, d, e, ref a, c ^ d ^ e, w[t + 4] + 0xCA62C1D6);
            }

            _a += a;
            _b += b;
            _c += c;
            _d += d;
            _e += e;
        }

        private static uint Choose(uint x, uint y, uint z) => z ^ (x & (y ^ z));

        private static uint Majority(uint x, uint y, uint z) => (x & y) | (z & (x | y));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Step(uint a, ref uint b, uint c, uint d, ref uint e, uint mixed, uint word)
        {
            e += BitOperations.RotateLeft(a, 5) + mixed + word;
            b = BitOperations.RotateLeft(b, 30);
        }
    }
}
