using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>How a stream is encrypted and signed (RFC 4568 §6.2). Both encrypt with AES-128 in counter mode.</summary>
public enum SrtpSuite
{
    /// <summary>AES_CM_128_HMAC_SHA1_80: ten bytes of signature.</summary>
    AesCm128HmacSha1Tag80,

    /// <summary>AES_CM_128_HMAC_SHA1_32: four bytes of signature; SRTCP has ten all the same (§6.2.2).</summary>
    AesCm128HmacSha1Tag32,
}

/// <summary>
/// A master key with its salt: what one end encrypts with, and the other end decrypts with. Its text says which suite it is for and nothing of the key,
/// so that no log and no message of an exception can tell it.
/// </summary>
public sealed class SrtpKey : IEquatable<SrtpKey>
{
    /// <summary>Bytes of key and salt together, as SDP carries them (RFC 4568 §6.2.1).</summary>
    public const int Bytes = KeyBytes + SaltBytes;

    internal const int KeyBytes = 16;
    internal const int SaltBytes = 14;

    private readonly byte[] _bytes;

    /// <summary>A key of <see cref="Bytes"/> bytes, the salt behind the key.</summary>
    /// <exception cref="ArgumentException">The length is another.</exception>
    public SrtpKey(SrtpSuite suite, ReadOnlySpan<byte> keyAndSalt)
    {
        if (keyAndSalt.Length != Bytes) throw new ArgumentException($"A key with its salt has {Bytes} bytes.", nameof(keyAndSalt));
        Suite = suite;
        _bytes = keyAndSalt.ToArray();
    }

    /// <summary>What it is for.</summary>
    public SrtpSuite Suite { get; }

    /// <summary>The master key, 16 bytes.</summary>
    internal ReadOnlySpan<byte> Key => _bytes.AsSpan(0, KeyBytes);

    /// <summary>The master salt, 14 bytes.</summary>
    internal ReadOnlySpan<byte> Salt => _bytes.AsSpan(KeyBytes);

    /// <summary>A new key that nobody can guess, if the stream's seed cannot be guessed.</summary>
    public static SrtpKey New(SrtpSuite suite, Entropy entropy)
    {
        ArgumentNullException.ThrowIfNull(entropy);
        Span<byte> bytes = stackalloc byte[Bytes];
        entropy.Fill(bytes);
        return new(suite, bytes);
    }

    /// <summary>The key for SDP's eyes alone: base64 of key and salt, 40 characters.</summary>
    public string ToInline() => Convert.ToBase64String(_bytes);

    /// <inheritdoc/>
    public bool Equals([NotNullWhen(true)] SrtpKey? other) =>
        other is not null && Suite == other.Suite && CryptographicOperations.FixedTimeEquals(_bytes, other._bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SrtpKey);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Suite, BitConverter.ToInt32(_bytes, KeyBytes));

    /// <inheritdoc/>
    public override string ToString() => $"a key of {Suite}";
}

/// <summary>The keys of one end of a session: every direction has its own (RFC 4568 §7.1.1).</summary>
/// <param name="Theirs">What this end encrypts with.</param>
/// <param name="Ours">What we encrypt with that is sent to this end.</param>
/// <param name="Life">
/// For how many packets of RTP, and for how many of RTCP, either key may be used. The end has said so of its own (RFC 4568 §6.1), and is not sent more under ours.
/// </param>
public sealed record SrtpKeys(SrtpKey Theirs, SrtpKey Ours, long Life = SrtpKeys.LongestLife)
{
    /// <summary>What holds where nothing is said: 2^48 packets, the most for RTP (RFC 3711 §9.2). RTCP ends at 2^31 all the same.</summary>
    public const long LongestLife = 1L << 48;

    /// <summary>A shorter life is none: the key would have to be changed before both have agreed on another. At 50 packets a second 82 s.</summary>
    public const long ShortestLife = 1L << 12;
}
