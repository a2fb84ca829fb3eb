using System.Buffers;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>
/// Makes tags and Call-IDs that cannot be guessed (RFC 3261 §19.3) and that carry the name of the shard that made them, so that
/// a dispatcher can hand a message to its shard without knowing any call: <c>s1-9f86d081884c7d65</c>.
/// </summary>
public sealed class SipTokens
{
    // 80 bits in a tag, 96 in a Call-ID: §19.3 asks for at least 32.
    private const int TagDigits = 20;
    private const int IdDigits = 24;
    private const int LongestShard = 16;
    private static readonly SearchValues<char> ShardLetters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

    private readonly Entropy _entropy;
    private readonly string _prefix;

    /// <summary>Tokens of a shard; an empty name leaves it out.</summary>
    /// <exception cref="ArgumentException">The name is longer than 16 or holds anything but ASCII letters and digits.</exception>
    public SipTokens(Entropy entropy, string shard)
    {
        ArgumentNullException.ThrowIfNull(shard);
        if (shard.Length > LongestShard || shard.AsSpan().ContainsAnyExcept(ShardLetters))
            throw new ArgumentException("A shard is named by at most 16 ASCII letters and digits.", nameof(shard));
        _entropy = entropy;
        _prefix = shard.Length == 0 ? "" : shard + "-";
    }

    /// <summary>What goes before every token, branches included: the shard and a dash, or nothing.</summary>
    public string Prefix => _prefix;

    /// <summary>A new From or To tag.</summary>
    public string NewTag() => _prefix + _entropy.Hex(TagDigits);

    /// <summary>A new Call-ID; it names no host, which would be nobody's business.</summary>
    public string NewCallId() => _prefix + _entropy.Hex(IdDigits);

    /// <summary>The shard that made a tag or a Call-ID; empty for one that is not ours or of an unnamed shard.</summary>
    public static ReadOnlySpan<byte> ShardOf(ReadOnlySpan<byte> token)
    {
        var dash = token.IndexOf((byte)'-');
        return dash is <= 0 or > LongestShard ? [] : token[..dash];
    }

    /// <summary>The shard that made the branch of a top Via; empty for one that is not ours or of an unnamed shard.</summary>
    public static ReadOnlySpan<byte> ShardOfBranch(ReadOnlySpan<byte> branch) =>
        branch.StartsWith("z9hG4bK"u8) ? ShardOf(branch[7..]) : [];
}
