using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text;

namespace MgcpSipBridge.SansIo;

/// <summary>
/// An IP address and a port as a value: compares and hashes without allocation. IPv4 is kept in its IPv4-mapped form, so an address that
/// arrives on a dual-stack socket equals the same address from configuration.
/// </summary>
public readonly record struct NetAddress(UInt128 Address, ushort Port) : ISpanFormattable
{
    private static readonly UInt128 MappedPrefix = (UInt128)0xFFFF << 32;

    /// <summary>No address: all zero. Differs from <c>0.0.0.0:0</c>, which is IPv4-mapped.</summary>
    public static readonly NetAddress None;

    /// <summary>Whether this is an IPv4 address.</summary>
    public bool IsIPv4 => Address >> 32 == 0xFFFF;

    /// <summary>Whether no address is set.</summary>
    public bool IsNone => Address == 0 && Port == 0;

    /// <summary>Whether the address is 0.0.0.0 or ::, whatever the port.</summary>
    public bool IsUnspecified => Address == 0 || Address == MappedPrefix;

    /// <summary>Whether the address is on the loopback interface.</summary>
    public bool IsLoopback => IsIPv4 ? (uint)(Address >> 24) % 256 == 127 : Address == 1;

    /// <summary>An IPv4 address from its number in host order (127.0.0.1 = 0x7F000001).</summary>
    public static NetAddress FromIPv4(uint address, ushort port) => new(MappedPrefix | address, port);

    /// <summary>From an <see cref="IPAddress"/>; a scope id is dropped.</summary>
    public static NetAddress From(IPAddress address, int port)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var written);
        return written == 4
            ? FromIPv4(System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes), (ushort)port)
            : new(System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes), (ushort)port);
    }

    /// <summary>The address with another port.</summary>
    public NetAddress WithPort(int port) => new(Address, (ushort)port);

    /// <summary>Whether both have the same IP address, whatever their ports.</summary>
    public bool SameHost(NetAddress other) => Address == other.Address;

    /// <summary>As an <see cref="IPAddress"/>; IPv4 as IPv4.</summary>
    public IPAddress ToIPAddress()
    {
        Span<byte> bytes = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes, Address);
        return new IPAddress(IsIPv4 ? bytes[12..] : bytes);
    }

    /// <summary>The address alone: <c>192.0.2.1</c>, <c>2001:db8::1</c> (no brackets).</summary>
    public string Host => ToIPAddress().ToString();

    /// <summary>The address as a URI or SDP host: IPv6 in brackets.</summary>
    public string UriHost => IsIPv4 ? Host : $"[{Host}]";

    /// <summary>
    /// Reads <c>192.0.2.1:5060</c>, <c>[2001:db8::1]:5060</c>, or an address alone (then with <paramref name="defaultPort"/>). No names: those
    /// are looked up elsewhere.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, int defaultPort, out NetAddress address)
    {
        address = None;
        var host = text;
        var port = defaultPort;
        if (text.StartsWith('['))
        {
            var close = text.IndexOf(']');
            if (close < 0) return false;
            host = text[1..close];
            if (!host.Contains(':')) return false;
            var rest = text[(close + 1)..];
            if (!rest.IsEmpty && (rest[0] != ':' || !TryPort(rest[1..], out port))) return false;
        }
        else
        {
            var colon = text.IndexOf(':');
            if (colon >= 0 && colon == text.LastIndexOf(':'))
            {
                host = text[..colon];
                if (!TryPort(text[(colon + 1)..], out port)) return false;
            }
        }

        if (!host.Contains(':'))
        {
            if (!TryIPv4(host, out var quad)) return false;
            address = FromIPv4(quad, (ushort)port);
            return true;
        }

        if (!IPAddress.TryParse(host, out var ip)) return false;
        address = From(ip, port);
        return true;
    }

    /// <summary>The same over ASCII bytes.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, int defaultPort, out NetAddress address)
    {
        address = None;
        if (text.Length > 64) return false;
        Span<char> chars = stackalloc char[text.Length];
        return Encoding.ASCII.TryGetChars(text, chars, out var length) && TryParse(chars[..length], defaultPort, out address);
    }

    /// <summary><c>192.0.2.1:5060</c> or <c>[2001:db8::1]:5060</c>.</summary>
    public override string ToString() => IsNone ? "none" : $"{UriHost}:{Port}";

    /// <inheritdoc/>
    public string ToString(string? format, IFormatProvider? formatProvider) => ToString();

    /// <inheritdoc/>
    public bool TryFormat(Span<char> destination, out int charsWritten, ReadOnlySpan<char> format, IFormatProvider? provider)
    {
        charsWritten = 0;
        if (IsNone) return destination.TryWrite($"none", out charsWritten);
        return IsIPv4
            ? destination.TryWrite($"{(byte)(Address >> 24)}.{(byte)(Address >> 16)}.{(byte)(Address >> 8)}.{(byte)Address}:{Port}", out charsWritten)
            : destination.TryWrite($"[{ToIPAddress()}]:{Port}", out charsWritten);
    }

    // IPAddress takes "1", "0x7f.0.0.1" and, as octal, "192.0.2.010" for addresses; by RFC 3986 §3.2.2 none of them is one.
    private static bool TryIPv4(ReadOnlySpan<char> text, out uint address)
    {
        address = 0;
        var octets = 0;
        foreach (var range in text.Split('.'))
        {
            var octet = text[range];
            if (++octets > 4 || octet.Length > 3 || (octet.Length > 1 && octet[0] == '0')) return false;
            if (!byte.TryParse(octet, System.Globalization.NumberStyles.None, null, out var value)) return false;
            address = (address << 8) | value;
        }

        return octets == 4;
    }

    private static bool TryPort(ReadOnlySpan<char> text, [NotNullWhen(true)] out int port) =>
        int.TryParse(text, System.Globalization.NumberStyles.None, null, out port) && port is >= 0 and <= 65535;
}
