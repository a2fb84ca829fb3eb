using System.Text;
using System.Text.Unicode;

namespace MgcpSipBridge.Cli;

/// <summary>
/// The text of a file, no byte of which gets lost on the way: what a mark at its beginning says (UTF-8, UTF-16, UTF-32), else UTF-8. A file that is not in it is refused, or, where
/// files of other systems are read, taken for Windows-1252 with a remark.
/// </summary>
internal static class FileText
{
    private static readonly (byte[] Mark, Encoding Encoding)[] Marks =
    [
        (Encoding.UTF8.GetPreamble(), new UTF8Encoding(false, true)),
        // Before UTF-16, whose mark begins it.
        (Encoding.UTF32.GetPreamble(), new UTF32Encoding(false, false, true)),
        (Encoding.Unicode.GetPreamble(), new UnicodeEncoding(false, false, true)),
        (Encoding.BigEndianUnicode.GetPreamble(), new UnicodeEncoding(true, false, true)),
    ];

    /// <summary>The text of a file that has to be UTF-8, or has a mark.</summary>
    /// <exception cref="UsageException">It is not; the message names the line.</exception>
    public static string Of(byte[] bytes, string file)
    {
        if (Marked(bytes, file) is { } marked) return marked;
        if (!Utf8.IsValid(bytes)) throw new UsageException($"{file}: line {BadLine(bytes)}: is not UTF-8");
        return Encoding.UTF8.GetString(bytes);
    }

    /// <summary>The text of a file of another system.</summary>
    /// <param name="bytes">The file.</param>
    /// <param name="file">Its name.</param>
    /// <param name="encoding">The encoding that it is in; null when nobody said.</param>
    /// <param name="remark">Told when it was taken for what nobody said that it is.</param>
    /// <exception cref="UsageException">There is no such encoding, or the file is not in it.</exception>
    public static string Foreign(byte[] bytes, string file, string? encoding, Action<string> remark)
    {
        if (encoding is not null) return Decode(Named(encoding), bytes, $"{file}: is not {encoding}");
        if (Marked(bytes, file) is { } marked) return marked;
        if (Utf8.IsValid(bytes)) return Encoding.UTF8.GetString(bytes);
        var line = BadLine(bytes);
        var text = Named("windows-1252").GetString(bytes);
        // Five bytes mean nothing there and become control characters.
        if (text.Any(c => c is >= '\u0080' and <= '\u009F')) throw new UsageException($"{file}: line {line}: is neither UTF-8 nor Windows-1252; --encoding says what it is");
        remark($"{file}: line {line} is not UTF-8: the file is read as Windows-1252; if it is another, --encoding says which");
        return text;
    }

    private static string? Marked(byte[] bytes, string file)
    {
        foreach (var (mark, encoding) in Marks)
            if (bytes.AsSpan().StartsWith(mark)) return Decode(encoding, bytes[mark.Length..], $"{file}: is not what its first bytes say, {encoding.WebName}");
        return null;
    }

    private static string Decode(Encoding encoding, byte[] bytes, string otherwise)
    {
        try
        {
            return encoding.GetString(bytes).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException)
        {
            throw new UsageException(otherwise);
        }
    }

    private static Encoding Named(string name)
    {
        try
        {
            return CodePagesEncodingProvider.Instance.GetEncoding(name, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback)
                ?? Encoding.GetEncoding(name, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);
        }
        catch (ArgumentException)
        {
            throw new UsageException($"--encoding: there is no \"{name}\"; there are utf-8, windows-1252, iso-8859-1, iso-8859-2, utf-16 and many more");
        }
    }

    // From 1. No byte of a character in UTF-8 is a line feed but the line feed itself.
    private static int BadLine(byte[] bytes)
    {
        var line = 1;
        foreach (var part in bytes.AsSpan().Split((byte)'\n'))
        {
            if (!Utf8.IsValid(bytes.AsSpan()[part])) return line;
            line++;
        }

        return line;
    }
}
