using System.Text.Json;
using System.Text.RegularExpressions;

namespace MgcpSipBridge.Host.Configuration;

/// <summary>
/// Says why a text is no JSON without showing any of it: where quotes are forgotten, the parser's own words show what should have stood between them, and that may be a password.
/// </summary>
internal static partial class JsonTrouble
{
    /// <summary>What is wrong, without the place.</summary>
    public static string Tell(JsonException trouble)
    {
        var end = trouble.Message.IndexOf(". ", StringComparison.Ordinal);
        var sentence = end < 0 ? trouble.Message : trouble.Message[..end];
        // One symbol that is in the way is no text, and the sentences without a quotation are the parser's alone.
        return Quotation().IsMatch(sentence) ? "a text without its quotes, or a misspelt true, false or null" : sentence;
    }

    /// <summary>The line, from 1.</summary>
    public static int Line(JsonException trouble) => (int)(trouble.LineNumber ?? 0) + 1;

    /// <summary>The byte in the line, from 1.</summary>
    public static int Column(JsonException trouble) => (int)(trouble.BytePositionInLine ?? 0) + 1;

    [GeneratedRegex("'..+'", RegexOptions.Singleline)]
    private static partial Regex Quotation();
}
