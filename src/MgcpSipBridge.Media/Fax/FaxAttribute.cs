using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace MgcpSipBridge.Media;

/// <summary>
/// An attribute of a T.38 stream (ITU-T T.38 Annex D.2.3). Names are those of the Recommendation whatever case they came in (RFC 5347 §2.5.2); attributes that are
/// no matter of T.38 are not kept.
/// </summary>
/// <param name="Name">Name: <c>T38FaxVersion</c>.</param>
/// <param name="Value">Value as written; null for those that are a yes by being there.</param>
public sealed record FaxAttribute(string Name, string? Value = null)
{
    /// <summary>
    /// Longest datagram that either end is told it may send, in bytes: what fits a packet of IPv4 over Ethernet, and what the relay passes unless it is set to less. Ends ask
    /// for 72 to 1400.
    /// </summary>
    public const int MostDatagramBytes = 1472;

    private const int LongestValue = 64;
    private const string Datagram = "T38FaxMaxDatagram";

    private enum Kind
    {
        Number,
        Yes,
        Word,
    }

    private static readonly FrozenDictionary<string, (string Name, Kind Kind)> Known = new (string Name, Kind Kind)[]
    {
        ("T38FaxVersion", Kind.Number),
        ("T38MaxBitRate", Kind.Number),
        ("T38FaxFillBitRemoval", Kind.Yes),
        ("T38FaxTranscodingMMR", Kind.Yes),
        ("T38FaxTranscodingJBIG", Kind.Yes),
        ("T38FaxRateManagement", Kind.Word),
        ("T38FaxMaxBuffer", Kind.Number),
        (Datagram, Kind.Number),
        ("T38FaxMaxIFP", Kind.Number),
        ("T38FaxUdpEC", Kind.Word),
        ("T38FaxUdpECDepth", Kind.Word),
        ("T38FaxUdpFECMaxSpan", Kind.Number),
        ("T38ModemType", Kind.Word),
        ("T38VendorInfo", Kind.Word),
    }.ToFrozenDictionary(static one => one.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads an attribute; null for one that is none of T.38, or whose value is not to be understood.</summary>
    internal static FaxAttribute? Read(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (name.Length is < 8 or > 24 || value.Length > LongestValue) return null;
        Span<char> text = stackalloc char[name.Length];
        Encoding.Latin1.GetChars(name, text);
        if (!Known.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text, out var known)) return null;
        switch (known.Kind)
        {
            case Kind.Yes:
                // RFC 5347 §2.5.3: some write ":0" for no, and anything else after a colon for yes.
                return value.SequenceEqual("0"u8) ? null : new(known.Name);
            case Kind.Number:
                return uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? new(known.Name, number.ToString(CultureInfo.InvariantCulture)) : null;
            default:
                return value.IsEmpty ? null : new(known.Name, Encoding.UTF8.GetString(value));
        }
    }

    /// <summary>The attribute as it is passed on to the other end: none may send more at once than the relay takes.</summary>
    public FaxAttribute Passed() =>
        Name == Datagram && uint.TryParse(Value, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) && bytes > MostDatagramBytes
            ? this with { Value = MostDatagramBytes.ToString(CultureInfo.InvariantCulture) }
            : this;
}
