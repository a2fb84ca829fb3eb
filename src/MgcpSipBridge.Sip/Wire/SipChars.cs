using System.Buffers;

namespace MgcpSipBridge.Sip;

/// <summary>Character classes of RFC 3261 §25.1 and the small scans every header shares.</summary>
internal static class SipChars
{
    private const string Alphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    /// <summary>token.</summary>
    public static readonly SearchValues<byte> Token = Set(Alphanumeric + "-.!%*_+`'~");

    /// <summary>word, of which a Call-ID is made.</summary>
    public static readonly SearchValues<byte> Word = Set(Alphanumeric + "-.!%*_+`'~()<>:\\\"/[]?{}");

    /// <summary>The user part of a SIP URI; '%' begins an escape. Bytes above 127 are not in the grammar but phones send them.</summary>
    public static readonly SearchValues<byte> User = SetWithHigh(Alphanumeric + "-_.!~*'()&=+$,;?/%#");

    /// <summary>The password part of a SIP URI.</summary>
    public static readonly SearchValues<byte> Password = Set(Alphanumeric + "-_.!~*'()&=+$,%");

    /// <summary>A host name or IPv4 address; '_' is not in the grammar but in use.</summary>
    public static readonly SearchValues<byte> Host = Set(Alphanumeric + "-._");

    /// <summary>An IPv6 address between its brackets.</summary>
    public static readonly SearchValues<byte> HostV6 = Set("0123456789abcdefABCDEF:.");

    /// <summary>URI parameters with their separators.</summary>
    public static readonly SearchValues<byte> UriParameters = Set(Alphanumeric + "-_.!~*'()[]/:&+$%;=@,\"");

    /// <summary>URI headers with their separators.</summary>
    public static readonly SearchValues<byte> UriHeaders = Set(Alphanumeric + "-_.!~*'()[]/?:+$%&=;@,");

    /// <summary>Anything a URI of any scheme may hold.</summary>
    public static readonly SearchValues<byte> AnyUri = Set(Alphanumeric + "-_.!~*'();/?:@&=+$,%#[]");

    /// <summary>Without blanks and tabs at both ends.</summary>
    public static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text)
    {
        var start = 0;
        var end = text.Length;
        while (start < end && IsBlank(text[start])) start++;
        while (end > start && IsBlank(text[end - 1])) end--;
        return text[start..end];
    }

    /// <summary>Without blanks and tabs at the beginning.</summary>
    public static ReadOnlySpan<byte> TrimStart(ReadOnlySpan<byte> text)
    {
        var start = 0;
        while (start < text.Length && IsBlank(text[start])) start++;
        return text[start..];
    }

    /// <summary>Whether the byte is a blank or a tab.</summary>
    public static bool IsBlank(byte value) => value is (byte)' ' or (byte)'\t';

    /// <summary>Whether the text is one token.</summary>
    public static bool IsToken(ReadOnlySpan<byte> text) => !text.IsEmpty && !text.ContainsAnyExcept(Token);

    /// <summary>Length of the quoted string that <paramref name="text"/> begins with, quotes included; -1 if it does not end.</summary>
    public static int QuotedLength(ReadOnlySpan<byte> text)
    {
        for (var i = 1; i < text.Length; i++)
        {
            if (text[i] == '\\') i++;
            else if (text[i] == '"') return i + 1;
        }

        return -1;
    }

    /// <summary>Whether every '%' begins an escape of two hex digits.</summary>
    public static bool EscapesAreWhole(ReadOnlySpan<byte> text)
    {
        for (var at = text.IndexOf((byte)'%'); at >= 0;)
        {
            if (at + 2 >= text.Length || !char.IsAsciiHexDigit((char)text[at + 1]) || !char.IsAsciiHexDigit((char)text[at + 2])) return false;
            text = text[(at + 3)..];
            at = text.IndexOf((byte)'%');
        }

        return true;
    }

    /// <summary>A decimal number without sign, blanks or overflow.</summary>
    public static bool TryNumber(ReadOnlySpan<byte> text, out uint value)
    {
        value = 0;
        if (text.IsEmpty || text.Length > 32) return false;
        ulong sum = 0;
        foreach (var digit in text)
        {
            if (digit is < (byte)'0' or > (byte)'9') return false;
            sum = (sum * 10) + (uint)(digit - '0');
            if (sum > uint.MaxValue) return false;
        }

        value = (uint)sum;
        return true;
    }

    private static SearchValues<byte> Set(string characters) => SearchValues.Create(System.Text.Encoding.ASCII.GetBytes(characters));

    private static SearchValues<byte> SetWithHigh(string characters)
    {
        var bytes = new byte[characters.Length + 128];
        System.Text.Encoding.ASCII.GetBytes(characters, bytes);
        for (var i = 0; i < 128; i++) bytes[characters.Length + i] = (byte)(128 + i);
        return SearchValues.Create(bytes);
    }
}
