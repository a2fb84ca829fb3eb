using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace MgcpSipBridge.Media;

/// <summary>A set of telephone events, as an a=fmtp line lists it: <c>0-15,32,36</c> (RFC 4733 §2.4.1).</summary>
public readonly struct TelephoneEvents : IEquatable<TelephoneEvents>
{
    private readonly Bits _bits;

    private TelephoneEvents(Bits bits) => _bits = bits;

    [InlineArray(4)]
    private struct Bits
    {
        private ulong _first;
    }

    /// <summary>The DTMF digits 0 to 9, *, #, A to D: what is meant where no list is given (RFC 4733 §7.1.1).</summary>
    public static TelephoneEvents Dtmf { get; } = Parse("0-15");

    /// <summary>Whether no event is in the set.</summary>
    public bool IsEmpty => _bits[0] == 0 && _bits[1] == 0 && _bits[2] == 0 && _bits[3] == 0;

    /// <summary>Whether an event is in the set.</summary>
    public bool Contains(byte code) => (_bits[code >> 6] & (1UL << (code & 63))) != 0;

    /// <summary>Reads a list. What cannot be read is left out; a list of nothing readable, or none at all, means <see cref="Dtmf"/>.</summary>
    public static TelephoneEvents Parse(string? list)
    {
        var bits = default(Bits);
        var any = false;
        // An "events=" in front is how a MIME parameter would spell it; some senders do.
        var rest = (list ?? "").AsSpan();
        if (rest.StartsWith("events=", StringComparison.OrdinalIgnoreCase)) rest = rest[7..];
        foreach (var part in rest.Split(','))
        {
            var range = rest[part].Trim();
            var dash = range.IndexOf('-');
            var low = dash < 0 ? range : range[..dash];
            var high = dash < 0 ? range : range[(dash + 1)..];
            if (!byte.TryParse(low, NumberStyles.None, null, out var first) || !byte.TryParse(high, NumberStyles.None, null, out var last)) continue;
            for (int code = first; code <= last; code++) bits[code >> 6] |= 1UL << (code & 63);
            any |= first <= last;
        }

        return any ? new(bits) : Dtmf;
    }

    /// <summary>The events that both sets have.</summary>
    public TelephoneEvents Intersect(TelephoneEvents other)
    {
        var bits = default(Bits);
        for (var i = 0; i < 4; i++) bits[i] = _bits[i] & other._bits[i];
        return new(bits);
    }

    /// <summary>The list in ascending order with ranges: <c>0-15,32</c>; empty for the empty set.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        for (var code = 0; code < 256; code++)
        {
            if (!Contains((byte)code)) continue;
            var last = code;
            while (last < 255 && Contains((byte)(last + 1))) last++;
            if (text.Length > 0) text.Append(',');
            text.Append(CultureInfo.InvariantCulture, $"{code}");
            if (last > code) text.Append(CultureInfo.InvariantCulture, $"-{last}");
            code = last;
        }

        return text.ToString();
    }

    /// <inheritdoc/>
    public bool Equals(TelephoneEvents other) =>
        _bits[0] == other._bits[0] && _bits[1] == other._bits[1] && _bits[2] == other._bits[2] && _bits[3] == other._bits[3];

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is TelephoneEvents other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_bits[0], _bits[1], _bits[2], _bits[3]);

    /// <summary>Whether both sets have the same events.</summary>
    public static bool operator ==(TelephoneEvents left, TelephoneEvents right) => left.Equals(right);

    /// <summary>Whether the sets differ.</summary>
    public static bool operator !=(TelephoneEvents left, TelephoneEvents right) => !left.Equals(right);
}
