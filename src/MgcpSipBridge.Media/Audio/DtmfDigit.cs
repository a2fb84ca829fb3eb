namespace MgcpSipBridge.Media;

/// <summary>The sixteen DTMF digits: their frequencies (ITU-T Q.23) and their event codes (RFC 4733 §3.2).</summary>
public static class DtmfDigit
{
    /// <summary>All digits; a digit's place is its event code.</summary>
    public const string All = "0123456789*#ABCD";

    private const string Keys = "123A456B789C*0#D";
    private static readonly double[] Low = [697, 770, 852, 941];
    private static readonly double[] High = [1209, 1336, 1477, 1633];

    /// <summary>The low frequencies in Hz, one per row of keys.</summary>
    public static ReadOnlySpan<double> Rows => Low;

    /// <summary>The high frequencies in Hz, one per column of keys.</summary>
    public static ReadOnlySpan<double> Columns => High;

    /// <summary>A digit's frequencies; false for what is no digit.</summary>
    public static bool TryFrequencies(char digit, out double row, out double column)
    {
        var key = Keys.IndexOf(char.ToUpperInvariant(digit), StringComparison.Ordinal);
        row = key < 0 ? 0 : Rows[key / 4];
        column = key < 0 ? 0 : Columns[key % 4];
        return key >= 0;
    }

    /// <summary>The digit on a row and a column, each 0 to 3.</summary>
    public static char At(int row, int column) => Keys[(4 * row) + column];

    /// <summary>A digit's event code, 0 to 15; false for what is no digit.</summary>
    public static bool TryEventCode(char digit, out byte code)
    {
        var index = All.IndexOf(char.ToUpperInvariant(digit), StringComparison.Ordinal);
        code = (byte)Math.Max(index, 0);
        return index >= 0;
    }

    /// <summary>The digit of an event code; false for a code above 15.</summary>
    public static bool TryFromEventCode(byte code, out char digit)
    {
        digit = code < All.Length ? All[code] : default;
        return code < All.Length;
    }
}
