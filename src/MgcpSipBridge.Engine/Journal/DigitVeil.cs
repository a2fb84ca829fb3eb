using System.Buffers;
using System.Text;

namespace MgcpSipBridge.Engine;

/// <summary>Which digits are shown in ladders, captures, and what is sent to a capture server.</summary>
public enum ShownDigits
{
    /// <summary>None that was pressed. The number that is called stands in the INVITE and in the call's record all the same.</summary>
    None,

    /// <summary>Those of the number that a line dials. What is pressed once the far end is heard may be a secret (a PIN, a card's number) and is hidden.</summary>
    Dialled,

    /// <summary>All, for a laboratory.</summary>
    All,
}

/// <summary>
/// Hides digits in messages that are shown or kept: those that gateways report or are told to play (MGCP's O: and S:), and those in SIP INFO. Each becomes an
/// <c>x</c>, MGCP's word for any digit (RFC 3660 §2.2): the length stays, and what was pressed when can still be seen.
/// </summary>
internal static class DigitVeil
{
    private const byte Hidden = (byte)'x';

    private static readonly SearchValues<byte> Keys = SearchValues.Create("0123456789*#ABCDabcd"u8);
    private static readonly SearchValues<byte> KeysAndTimer = SearchValues.Create("0123456789*#ABCDTabcdt"u8);
    private static readonly SearchValues<byte> Numerals = SearchValues.Create("0123456789*#"u8);

    /// <summary>The message itself when it has no digits, else a copy without them.</summary>
    public static ReadOnlyMemory<byte> Over(ReadOnlyMemory<byte> message, bool isMgcp) => isMgcp ? OverMgcp(message) : OverSip(message);

    private static ReadOnlyMemory<byte> OverMgcp(ReadOnlyMemory<byte> message)
    {
        byte[]? copy = null;
        var text = message.Span;
        for (var at = 0; at < text.Length;)
        {
            var end = text[at..].IndexOfAny((byte)'\r', (byte)'\n');
            end = end < 0 ? text.Length : at + end;
            var line = text[at..end].TrimStart(" \t"u8);
            var values = line.Length > 1 && (line[0] | 0x20) is 'o' or 's' && line[1..].TrimStart(" \t"u8) is [(byte)':', .. var rest] ? rest.Length : 0;
            if (values > 0) HideEvents(message, end - values, end, ref copy);
            at = end + 1;
        }

        return copy ?? message;
    }

    // Items of a list, separated by commas; what stands in parentheses belongs to the item before.
    private static void HideEvents(ReadOnlyMemory<byte> message, int at, int end, ref byte[]? copy)
    {
        var text = message.Span;
        while (at < end)
        {
            var (package, name) = (at, at);
            var isLong = false;
            while (at < end && text[at] is not ((byte)',' or (byte)'(' or (byte)'@'))
            {
                if (text[at++] == '/') name = at;
            }

            if (HasDigits(text[package..name]) && IsDigits(text[name..at].Trim(" \t"u8))) Hide(message, name, at, ref copy);
            else isLong = Ascii.EqualsIgnoreCase(text[name..at].Trim(" \t"u8), "dd"u8);
            // The duration event names its digit in its parameters.
            var from = at;
            for (var depth = 0; at < end && (text[at] != ',' || depth > 0); at++) depth += text[at] switch { (byte)'(' => 1, (byte)')' when depth > 0 => -1, _ => 0 };
            if (isLong && text[from..at].IndexOf((byte)'(') is var open and >= 0) HideDuration(message, from + open, at, ref copy);
            at++;
        }
    }

    // dg(5),to(100) or dg=5, as it comes: all that may be a digit and is no letter of a name.
    private static void HideDuration(ReadOnlyMemory<byte> message, int from, int to, ref byte[]? copy)
    {
        for (var at = from + 1; at < to; at++)
        {
            var isAlone = !char.IsAsciiLetter((char)message.Span[at]) || (!char.IsAsciiLetter((char)message.Span[at - 1]) && (at + 1 == to || !char.IsAsciiLetter((char)message.Span[at + 1])));
            if (isAlone) Hide(message, at, at + 1, ref copy);
        }
    }

    // D, NCS's L, and M of RFC 2705; or none, which is the line's own.
    private static bool HasDigits(ReadOnlySpan<byte> package)
    {
        package = package.TrimEnd((byte)'/').Trim(" \t"u8);
        return package.IsEmpty || (package.Length == 1 && (package[0] | 0x20) is 'd' or 'l' or 'm');
    }

    // One digit, or a row of them with the timer's T among them: some gateways report a whole number so.
    private static bool IsDigits(ReadOnlySpan<byte> name)
    {
        if (name.Length == 1) return Keys.Contains(name[0]);
        return !name.IsEmpty && !name.ContainsAnyExcept(KeysAndTimer) && name.ContainsAny(Numerals);
    }

    private static ReadOnlyMemory<byte> OverSip(ReadOnlyMemory<byte> message)
    {
        var text = message.Span;
        if (!text.StartsWith("INFO "u8)) return message;
        var headers = text.IndexOf("\r\n\r\n"u8);
        if (headers < 0) return message;
        byte[]? copy = null;
        if (IsOfType(text[..headers], "application/dtmf-relay"u8)) HideSignals(message, headers + 4, ref copy);
        else if (!IsOfType(text[..headers], "application/sdp"u8)) Hide(message, headers + 4, text.Length, ref copy);
        return copy ?? message;
    }

    private static void HideSignals(ReadOnlyMemory<byte> message, int at, ref byte[]? copy)
    {
        var text = message.Span;
        while (at < text.Length)
        {
            var end = text[at..].IndexOfAny((byte)'\r', (byte)'\n');
            end = end < 0 ? text.Length : at + end;
            var equals = text[at..end].IndexOfAny((byte)'=', (byte)':');
            if (equals < 0 || !Ascii.EqualsIgnoreCase(text.Slice(at, equals).Trim(" \t"u8), "duration"u8)) Hide(message, at + equals + 1, end, ref copy);
            at = end + 1;
        }
    }

    // In whatever header it stands, long or short (RFC 3261 §7.3.3).
    private static bool IsOfType(ReadOnlySpan<byte> headers, ReadOnlySpan<byte> type)
    {
        for (var at = 0; at <= headers.Length - type.Length; at++)
            if (Ascii.EqualsIgnoreCase(headers.Slice(at, type.Length), type))
                return true;
        return false;
    }

    private static void Hide(ReadOnlyMemory<byte> message, int from, int to, ref byte[]? copy)
    {
        for (var at = from; at < to; at++)
        {
            if (!Keys.Contains(message.Span[at])) continue;
            copy ??= message.ToArray();
            copy[at] = Hidden;
        }
    }
}
