using System.Buffers.Binary;
using System.Numerics;

namespace MgcpSipBridge.SansIo;

/// <summary>
/// The only source of chance in the pure rooms: the key stream of ChaCha20 (RFC 8439 §2.3) under a 256-bit seed. With a seed from the
/// operating system its output cannot be predicted, as tags, branches, Call-IDs and nonces demand (RFC 3261 §19.3); with a fixed
/// seed a whole run can be replayed.
/// </summary>
public sealed class Entropy
{
    /// <summary>Bytes that <see cref="Entropy(ReadOnlySpan{byte})"/> takes.</summary>
    public const int SeedBytes = 32;

    private const string LowerHex = "0123456789abcdef";
    private readonly uint[] _state = new uint[16];
    private readonly byte[] _block = new byte[64];
    private int _used = 64;

    /// <summary>A stream under a seed of <see cref="SeedBytes"/> bytes.</summary>
    /// <exception cref="ArgumentException">The seed has another length.</exception>
    public Entropy(ReadOnlySpan<byte> seed)
    {
        if (seed.Length != SeedBytes) throw new ArgumentException($"A seed has {SeedBytes} bytes.", nameof(seed));
        _state[0] = 0x61707865;
        _state[1] = 0x3320646e;
        _state[2] = 0x79622d32;
        _state[3] = 0x6b206574;
        for (var i = 0; i < 8; i++) _state[4 + i] = BinaryPrimitives.ReadUInt32LittleEndian(seed[(4 * i)..]);
    }

    /// <summary>A stream for tests and simulations: everything follows from one number.</summary>
    public Entropy(ulong seed) : this(Spread(seed))
    {
    }

    /// <summary>A stream of its own, so that what one object draws does not depend on how much another one drew.</summary>
    public Entropy Fork()
    {
        Span<byte> seed = stackalloc byte[SeedBytes];
        Fill(seed);
        return new Entropy(seed);
    }

    /// <summary>Fills <paramref name="destination"/> with random bytes.</summary>
    public void Fill(Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            if (_used == _block.Length) Refill();
            var take = Math.Min(destination.Length, _block.Length - _used);
            _block.AsSpan(_used, take).CopyTo(destination);
            _used += take;
            destination = destination[take..];
        }
    }

    /// <summary>A random 64-bit number.</summary>
    public ulong NextUInt64()
    {
        Span<byte> bytes = stackalloc byte[8];
        Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    /// <summary>A number from 0 up to, but not including, <paramref name="bound"/>, each equally likely.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The bound is not positive.</exception>
    public int Next(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        // Lemire's method: the high half of a 64-bit product; the few low values that would favour small results are drawn again.
        var threshold = (uint)(-bound) % (uint)bound;
        while (true)
        {
            var product = (uint)NextUInt64() * (ulong)(uint)bound;
            if ((uint)product >= threshold) return (int)(product >> 32);
        }
    }

    /// <summary>A number in [0, 1).</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A duration between the two, evenly spread.</summary>
    public TimeSpan Between(TimeSpan least, TimeSpan most) =>
        least + TimeSpan.FromTicks((long)((most - least).Ticks * NextDouble()));

    /// <summary>Text of <paramref name="length"/> lower-case hex digits, 4 random bits each.</summary>
    public string Hex(int length) => string.Create(length, this, static (text, entropy) =>
    {
        Span<byte> bits = stackalloc byte[text.Length <= 128 ? text.Length : 128];
        for (var i = 0; i < text.Length; i += bits.Length)
        {
            var take = Math.Min(bits.Length, text.Length - i);
            entropy.Fill(bits[..take]);
            for (var j = 0; j < take; j++) text[i + j] = LowerHex[bits[j] & 15];
        }
    });

    private static byte[] Spread(ulong seed)
    {
        var bytes = new byte[SeedBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, seed);
        return bytes;
    }

    private void Refill()
    {
        Span<uint> x = stackalloc uint[16];
        _state.CopyTo(x);
        for (var round = 0; round < 10; round++)
        {
            Quarter(x, 0, 4, 8, 12);
            Quarter(x, 1, 5, 9, 13);
            Quarter(x, 2, 6, 10, 14);
            Quarter(x, 3, 7, 11, 15);
            Quarter(x, 0, 5, 10, 15);
            Quarter(x, 1, 6, 11, 12);
            Quarter(x, 2, 7, 8, 13);
            Quarter(x, 3, 4, 9, 14);
        }

        for (var i = 0; i < 16; i++) BinaryPrimitives.WriteUInt32LittleEndian(_block.AsSpan(4 * i), x[i] + _state[i]);
        // A 64-bit block counter (words 12 and 13): 2^70 bytes before it repeats.
        if (++_state[12] == 0) _state[13]++;
        _used = 0;
    }

    private static void Quarter(Span<uint> x, int a, int b, int c, int d)
    {
        x[a] += x[b];
        x[d] = BitOperations.RotateLeft(x[d] ^ x[a], 16);
        x[c] += x[d];
        x[b] = BitOperations.RotateLeft(x[b] ^ x[c], 12);
        x[a] += x[b];
        x[d] = BitOperations.RotateLeft(x[d] ^ x[a], 8);
        x[c] += x[d];
        x[b] = BitOperations.RotateLeft(x[b] ^ x[c], 7);
    }
}
