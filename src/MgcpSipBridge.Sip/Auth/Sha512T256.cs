using System.Buffers.Binary;
using System.Numerics;

namespace MgcpSipBridge.Sip;

/// <summary>
/// SHA-512/256 (FIPS 180-4 §5.3.6.2, §6.7), which the platform does not offer: SHA-512 from another starting value, cut to 256 bits.
/// All constants are derived from their definitions instead of being listed.
/// </summary>
public static class Sha512T256
{
    private const int BlockBytes = 128;

    // FIPS 180-4 §4.2.3: the first 64 bits of the fractions of the cube roots of the first eighty primes.
    private static readonly ulong[] RoundConstants = [.. Primes(80).Select(CubeRootFraction)];

    // §5.3.5: of the square roots of the first eight.
    private static readonly ulong[] Sha512Start = [.. Primes(8).Select(SquareRootFraction)];

    private static readonly ulong[] Start = GenerateStart();

    /// <summary>The 32-byte digest of <paramref name="data"/>.</summary>
    public static byte[] HashData(ReadOnlySpan<byte> data) => Digest(Start, data)[..32];

    /// <summary>Plain SHA-512 by the same code, so that a test can hold it against the platform's.</summary>
    internal static byte[] Sha512(ReadOnlySpan<byte> data) => Digest(Sha512Start, data);

    private static byte[] Digest(ulong[] start, ReadOnlySpan<byte> data)
    {
        Span<ulong> state = stackalloc ulong[8];
        start.CopyTo(state);
        var rest = data;
        for (; rest.Length >= BlockBytes; rest = rest[BlockBytes..]) Compress(state, rest[..BlockBytes]);

        // §5.1.2: a 1 bit, zeros, and the length in bits as a 128-bit number.
        Span<byte> tail = stackalloc byte[2 * BlockBytes];
        tail.Clear();
        rest.CopyTo(tail);
        tail[rest.Length] = 0x80;
        var padded = rest.Length < BlockBytes - 16 ? BlockBytes : 2 * BlockBytes;
        BinaryPrimitives.WriteUInt64BigEndian(tail[(padded - 8)..], (ulong)data.Length * 8);
        for (var at = 0; at < padded; at += BlockBytes) Compress(state, tail.Slice(at, BlockBytes));

        var digest = new byte[64];
        for (var i = 0; i < 8; i++) BinaryPrimitives.WriteUInt64BigEndian(digest.AsSpan(8 * i), state[i]);
        return digest;
    }

    private static void Compress(Span<ulong> state, ReadOnlySpan<byte> block)
    {
        Span<ulong> w = stackalloc ulong[80];
        for (var i = 0; i < 16; i++) w[i] = BinaryPrimitives.ReadUInt64BigEndian(block[(8 * i)..]);
        for (var i = 16; i < 80; i++)
        {
            var s0 = BitOperations.RotateRight(w[i - 15], 1) ^ BitOperations.RotateRight(w[i - 15], 8) ^ (w[i - 15] >> 7);
            var s1 = BitOperations.RotateRight(w[i - 2], 19) ^ BitOperations.RotateRight(w[i - 2], 61) ^ (w[i - 2] >> 6);
            w[i] = w[i - 16] + s0 + w[i - 7] + s1;
        }

        var (a, b, c, d) = (state[0], state[1], state[2], state[3]);
        var (e, f, g, h) = (state[4], state[5], state[6], state[7]);
        for (var i = 0; i < 80; i++)
        {
            var s1 = BitOperations.RotateRight(e, 14) ^ BitOperations.RotateRight(e, 18) ^ BitOperations.RotateRight(e, 41);
            var t1 = h + s1 + ((e & f) ^ (~e & g)) + RoundConstants[i] + w[i];
            var s0 = BitOperations.RotateRight(a, 28) ^ BitOperations.RotateRight(a, 34) ^ BitOperations.RotateRight(a, 39);
            var t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
            (h, g, f, e, d, c, b, a) = (g, f, e, d + t1, c, b, a, t1 + t2);
        }

        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
        state[4] += e;
        state[5] += f;
        state[6] += g;
        state[7] += h;
    }

    // §5.3.6: the start of SHA-512/t is the digest of its name under SHA-512 with every start word xored.
    private static ulong[] GenerateStart()
    {
        var digest = Digest([.. Sha512Start.Select(word => word ^ 0xa5a5a5a5a5a5a5a5)], "SHA-512/256"u8);
        var start = new ulong[8];
        for (var i = 0; i < 8; i++) start[i] = BinaryPrimitives.ReadUInt64BigEndian(digest.AsSpan(8 * i));
        return start;
    }

    private static IEnumerable<int> Primes(int count) =>
        Enumerable.Range(2, int.MaxValue - 2).Where(n => Enumerable.Range(2, n - 2).TakeWhile(d => d * d <= n).All(d => n % d != 0)).Take(count);

    private static ulong CubeRootFraction(int n) => Root((BigInteger)n << 192, 3);

    private static ulong SquareRootFraction(int n) => Root((BigInteger)n << 128, 2);

    // The low 64 bits of the integer root, found bit by bit: with n shifted by 64 bits per degree they are the fraction.
    private static ulong Root(BigInteger n, int degree)
    {
        var root = BigInteger.Zero;
        for (var bit = 70; bit >= 0; bit--)
        {
            var larger = root + (BigInteger.One << bit);
            if (BigInteger.Pow(larger, degree) <= n) root = larger;
        }

        return (ulong)(root & ulong.MaxValue);
    }
}
