using System.Buffers;
using System.Text;

namespace MgcpSipBridge.Sip;

/// <summary>
/// Text on its way into and out of SIP syntax: percent escapes of URIs (RFC 3261 §19.1.2) and quoted strings (§25.1). Whatever goes
/// in, what comes out cannot end the place it is put into, let alone the header line.
/// </summary>
public static class SipText
{
    // unreserved plus the user-unreserved that are safe everywhere a URI may stand; ',' ';' '?' are escaped because they end something in the addr-spec form.
    private static readonly SearchValues<byte> PlainUser =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.!~*'()&=+$/"u8);

    private static readonly SearchValues<byte> PlainParameter =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.!~*'()[]/:&+$"u8);

    /// <summary>A user part with its escapes: <c>*98#</c> becomes <c>*98%23</c>. Text is UTF-8 under the escapes.</summary>
    public static string EscapeUser(string user) => Escape(user, PlainUser);

    /// <summary>The value of a URI parameter or URI header with its escapes.</summary>
    public static string EscapeParameter(string value) => Escape(value, PlainParameter);

    /// <summary>Escapes undone; bytes that are no UTF-8 become U+FFFD.</summary>
    public static string Unescape(ReadOnlySpan<byte> escaped)
    {
        if (!escaped.Contains((byte)'%')) return Encoding.UTF8.GetString(escaped);
        var plain = escaped.Length <= 256 ? stackalloc byte[escaped.Length] : new byte[escaped.Length];
        var length = 0;
        for (var i = 0; i < escaped.Length; i++)
        {
            if (escaped[i] == '%' && i + 2 < escaped.Length && HexPair(escaped[(i + 1)..], out var value))
            {
                plain[length++] = value;
                i += 2;
            }
            else
            {
                plain[length++] = escaped[i];
            }
        }

        return Encoding.UTF8.GetString(plain[..length]);
    }

    /// <summary>A quoted string, quotes included: '"' and '\' escaped, control characters (CR, LF, NUL...) removed.</summary>
    public static string Quote(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var quoted = new StringBuilder(text.Length + 8).Append('"');
        foreach (var c in text)
        {
            if (char.IsControl(c)) continue;
            if (c is '"' or '\\') quoted.Append('\\');
            quoted.Append(c);
        }

        return quoted.Append('"').ToString();
    }

    /// <summary>The content of a quoted string with its escapes undone; text that is not quoted is taken as it stands.</summary>
    public static string Unquote(ReadOnlySpan<byte> text)
    {
        text = SipChars.Trim(text);
        if (text.Length < 2 || text[0] != '"' || text[^1] != '"') return Encoding.UTF8.GetString(text);
        text = text[1..^1];
        if (!text.Contains((byte)'\\')) return Encoding.UTF8.GetString(text);
        var plain = text.Length <= 256 ? stackalloc byte[text.Length] : new byte[text.Length];
        var length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length) i++;
            plain[length++] = text[i];
        }

        return Encoding.UTF8.GetString(plain[..length]);
    }

    internal static bool HexPair(ReadOnlySpan<byte> text, out byte value)
    {
        var high = Digit(text[0]);
        var low = Digit(text[1]);
        value = (byte)((high << 4) | (low & 15));
        return (high | low) >= 0;

        static int Digit(byte c) => c switch
        {
            >= (byte)'0' and <= (byte)'9' => c - '0',
            >= (byte)'a' and <= (byte)'f' => c - 'a' + 10,
            >= (byte)'A' and <= (byte)'F' => c - 'A' + 10,
            _ => -1,
        };
    }

    private static string Escape(string text, SearchValues<byte> plain)
    {
        ArgumentNullException.ThrowIfNull(text);
        var bytes = Encoding.UTF8.GetBytes(text);
        if (!bytes.AsSpan().ContainsAnyExcept(plain)) return text;
        var escaped = new StringBuilder(bytes.Length + 16);
        foreach (var b in bytes)
        {
            if (plain.Contains(b)) escaped.Append((char)b);
            else escaped.Append('%').Append("0123456789ABCDEF"[b >> 4]).Append("0123456789ABCDEF"[b & 15]);
        }

        return escaped.ToString();
    }
}
