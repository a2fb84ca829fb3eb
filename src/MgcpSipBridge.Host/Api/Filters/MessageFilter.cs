using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace MgcpSipBridge.Host.Api.Filters;

/// <summary>
/// Chooses messages by their fields, in a part of the language of AIP-160: comparisons joined by <c>AND</c>, <c>OR</c> (which binds tighter), <c>NOT</c> or
/// <c>-</c>, and parentheses. Words without a field and functions are not in it, and said to be wrong.
/// </summary>
internal sealed class MessageFilter
{
    private const int Deepest = 16;
    private readonly Func<IMessage, bool> _matches;

    private MessageFilter(Func<IMessage, bool> matches) => _matches = matches;

    /// <summary>Reads a filter; null for an empty one.</summary>
    /// <exception cref="FilterException">It cannot be understood.</exception>
    public static MessageFilter? Parse(string text, MessageDescriptor type)
    {
        var words = FilterLexer.Words(text);
        if (words.Count == 0) return null;
        var reader = new Reader(words, type);
        var matches = reader.Expression(0);
        reader.End();
        return new MessageFilter(matches);
    }

    /// <summary>Whether a message is wanted.</summary>
    public bool Matches(IMessage message) => _matches(message);

    private sealed class Reader(List<FilterWord> words, MessageDescriptor type)
    {
        private int _at;

        public void End()
        {
            if (_at < words.Count) throw new FilterException($"AND or OR is missing before \"{words[_at].Text}\" at {words[_at].At}");
        }

        public Func<IMessage, bool> Expression(int depth)
        {
            if (depth > Deepest) throw new FilterException("has too many parentheses within one another");
            var all = new List<Func<IMessage, bool>> { Factor(depth) };
            while (Take("AND")) all.Add(Factor(depth));
            return all.Count == 1 ? all[0] : message => all.TrueForAll(one => one(message));
        }

        private Func<IMessage, bool> Factor(int depth)
        {
            var any = new List<Func<IMessage, bool>> { Term(depth) };
            while (Take("OR")) any.Add(Term(depth));
            return any.Count == 1 ? any[0] : message => any.Exists(one => one(message));
        }

        private Func<IMessage, bool> Term(int depth)
        {
            if (Take("NOT") || Take("-"))
            {
                var not = Term(depth + 1);
                if (depth > Deepest) throw new FilterException("has too many NOT one after another");
                return message => !not(message);
            }

            if (!Take("(")) return Restriction();
            var inner = Expression(depth + 1);
            return Take(")") ? inner : throw new FilterException("a parenthesis is not closed");
        }

        private Func<IMessage, bool> Restriction()
        {
            var field = Next("a field");
            if (field.Quoted) throw new FilterException($"a field is missing before \"{field.Text}\" at {field.At}");
            var path = FieldPath.Parse(field.Text, type);
            if (_at == words.Count || words[_at].Quoted || words[_at].Text is not ("=" or "!=" or "<" or "<=" or ">" or ">=" or ":"))
                throw new FilterException($"{field.Text} is not compared with anything: = != < <= > >= : are known");
            var how = words[_at++].Text;
            var value = Next("a value");
            // A value is text or stands in quotes (AIP-160, arg); a list in parentheses is not in this part of the language.
            if (!value.Quoted && value.Text is "(" or ")" or "," or "=" or "!=" or "!" or "<" or "<=" or ">" or ">=" or ":") throw new FilterException($"a value is missing before \"{value.Text}\" at {value.At}: as a value it stands in quotes");
            return Comparison.Of(path, how, value);
        }

        private bool Take(string word)
        {
            if (_at == words.Count || !words[_at].Is(word)) return false;
            _at++;
            return true;
        }

        private FilterWord Next(string what) => _at < words.Count ? words[_at++] : throw new FilterException($"{what} is missing at the end");
    }
}
