using System.Text;

namespace MgcpSipBridge.Host.Api.Filters;

/// <summary>One word of a filter.</summary>
/// <param name="Text">The word, or what stood between quotes.</param>
/// <param name="Quoted">Whether it stood between quotes: then it is no operator.</param>
/// <param name="At">Where it begins, from 1.</param>
internal readonly record struct FilterWord(string Text, bool Quoted, int At)
{
    /// <summary>Whether it is this operator or keyword.</summary>
    public bool Is(string text) => !Quoted && Text == text;
}

/// <summary>Cuts a filter into words.</summary>
internal static class FilterLexer
{
    private const int MostCharacters = 2000;

    /// <summary>The words.</summary>
    /// <exception cref="FilterException">A quote is not closed, or it is too long.</exception>
    public static List<FilterWord> Words(string text)
    {
        if (text.Length > MostCharacters) throw new FilterException($"is longer than {MostCharacters} characters");
        var words = new List<FilterWord>();
        for (var i = 0; i < text.Length;)
        {
            if (char.IsWhiteSpace(text[i])) i++;
            else if (text[i] is '"' or '\'') words.Add(Quoted(text, ref i));
            else if (text[i] is '(' or ')' or ':' or '=' or ',' || (text[i] == '-' && (i + 1 < text.Length && !char.IsAsciiDigit(text[i + 1])) && (i == 0 || char.IsWhiteSpace(text[i - 1]) || text[i - 1] == '(')))
                words.Add(new FilterWord(text[i].ToString(), false, ++i));
            else if (text[i] is '<' or '>' or '!')
            {
                var length = i + 1 < text.Length && text[i + 1] == '=' ? 2 : 1;
                words.Add(new FilterWord(text.Substring(i, length), false, i + 1));
                i += length;
            }
            else
            {
                var from = i;
                while (i < text.Length && !char.IsWhiteSpace(text[i]) && text[i] is not ('(' or ')' or '=' or '<' or '>' or '!' or '"' or '\'' or ',') && !(text[i] == ':' && !IsTime(text, from, i))) i++;
                words.Add(new FilterWord(text[from..i], false, from + 1));
            }
        }

        return words;
    }

    // 2026-05-01T12:30:00Z needs no quotes, though ':' is an operator.
    private static bool IsTime(string text, int from, int colon) => colon - from >= 13 && char.IsAsciiDigit(text[from]) && text[from + 10] is 'T';

    private static FilterWord Quoted(string text, ref int i)
    {
        var (quote, from) = (text[i], i);
        var word = new StringBuilder();
        for (i++; i < text.Length; i++)
        {
            if (text[i] == quote)
            {
                i++;
                return new FilterWord(word.ToString(), true, from + 1);
            }

            if (text[i] == '\\' && i + 1 < text.Length) i++;
            word.Append(text[i]);
        }

        throw new FilterException($"the quote at {from + 1} is not closed");
    }
}
