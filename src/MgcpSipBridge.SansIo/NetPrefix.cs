using System.Globalization;

namespace MgcpSipBridge.SansIo;

/// <summary>A network: all addresses of one family that begin with the same bits (RFC 4632 §3.1, RFC 4291 §2.3).</summary>
public readonly record struct NetPrefix
{
    private const int MappedBits = 96;
    private readonly UInt128 _first;
    private readonly int _length;

    /// <summary>The network of the first <paramref name="bits"/> bits of an address, 0 to 32 or 128.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More bits than the family has, or fewer than none.</exception>
    public NetPrefix(NetAddress address, int bits)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bits);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bits, address.IsIPv4 ? 32 : 128);
        IsIPv4 = address.IsIPv4;
        _length = IsIPv4 ? bits + MappedBits : bits;
        _first = address.Address & MaskOf(_length);
    }

    /// <summary>Whether it is one of IPv4.</summary>
    public bool IsIPv4 { get; }

    /// <summary>How many bits its addresses have in common: 0 to 32, or to 128 for IPv6.</summary>
    public int Bits => IsIPv4 ? _length - MappedBits : _length;

    /// <summary>Whether an address is in it; one of the other family never is, not even in 0.0.0.0/0 and ::/0.</summary>
    public bool Contains(NetAddress address) => address.IsIPv4 == IsIPv4 && (address.Address & MaskOf(_length)) == _first;

    /// <summary>Reads <c>10.0.0.0/8</c>, <c>2001:db8::/32</c>, or an address alone, which is a network of one.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out NetPrefix prefix)
    {
        prefix = default;
        var slash = text.IndexOf('/');
        if (!NetAddress.TryParse(slash < 0 ? text : text[..slash], 0, out var address) || address.Port != 0) return false;
        var most = address.IsIPv4 ? 32 : 128;
        var bits = most;
        if (slash >= 0 && (!int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out bits) || bits > most)) return false;
        prefix = new NetPrefix(address, bits);
        // Bits beyond the prefix are a slip of somebody's, who meant another network.
        return prefix._first == address.Address;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{new NetAddress(_first, 0).Host}/{Bits.ToString(CultureInfo.InvariantCulture)}";

    private static UInt128 MaskOf(int length) => length == 0 ? 0 : UInt128.MaxValue << (128 - length);
}
