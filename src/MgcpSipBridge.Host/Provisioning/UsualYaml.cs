using System.Buffers;
using MgcpSipBridge.Host.Configuration;

namespace MgcpSipBridge.Host.Provisioning;

/// <summary>
/// Reads the items of a list as nearly everybody and every program writes them: mappings and lists, over lines or in brackets, of plain and quoted texts that each end in the line
/// in which they begin. What it reads it reads as YAML has it, to the column, at a tenth of what a reader of all of YAML takes; at anything else, mistakes among it, it stops
/// and says so, and that reader has to begin anew.
/// </summary>
/// <param name="file">The file.</param>
/// <param name="text">Some of its lines, whole ones, with no ends of lines but <c>\n</c> and <c>\r\n</c>, and no tabs.</param>
/// <param name="linesBefore">How many lines of the file are before them.</param>
/// <param name="room">What it works with: an item is there until the next one is read.</param>
internal ref struct UsualYaml(string file, ReadOnlySpan<char> text, int linesBefore, ReadingRoom room)
{
    private const int Deepest = 8;
    private const int LongestName = 100;
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

    // What texts without quotes may begin with and go on with: all that YAML gives a meaning to in some place is left out.
    private static readonly SearchValues<char> NameSymbols = SearchValues.Create(Letters + "-");
    private static readonly SearchValues<char> FirstSymbols = SearchValues.Create(Letters + "/+.~$^(");
    private static readonly SearchValues<char> BlockSymbols = SearchValues.Create(Letters + " -/+.~$^()*@;=<>|&%!',");
    private static readonly SearchValues<char> FlowSymbols = SearchValues.Create(Letters + " -/+.~$^()*@;=<>|&%!'");
    private static readonly SearchValues<char> AfterColon = SearchValues.Create(Letters + "/.@+-");

    private readonly ReadOnlySpan<char> _text = text;
    private int _at;
    private int _line = linesBefore + 1;
    private int _lineStart;

    /// <summary>How far the line's first symbol stands from the margin; -1 at the end.</summary>
    private int _indent;

    /// <summary>How far the items' dashes do; -1 before the first.</summary>
    private int _margin = -1;

    /// <summary>Whether there was something that is not read here.</summary>
    public bool IsOdd { get; private set; }

    /// <summary>The next item; null at the end, and when <see cref="IsOdd"/>.</summary>
    public YamlTree? Next()
    {
        if (_margin < 0)
        {
            FindLine();
            _margin = _indent;
            // No items make no list.
            if (_indent < 0) return Odd();
        }

        if (_indent < 0 || IsOdd) return null;
        room.Clear();
        return _indent == _margin && IsDash ? Entry(0) : Odd();
    }

    private readonly bool IsDash => _at + 1 < _text.Length && _text[_at] == '-' && _text[_at + 1] == ' ';

    private readonly Place Here => new(file, _line, _at - _lineStart + 1);

    private readonly char Symbol => _at < _text.Length ? _text[_at] : '\n';

    private readonly bool IsLineEnd => Symbol is '\n' or '\r';

    private YamlTree? Odd()
    {
        IsOdd = true;
        return null;
    }

    /// <summary>Goes to the first symbol of the next line that has any, past remarks. At the beginning of a line.</summary>
    private void FindLine()
    {
        for (; _at < _text.Length; NextLine())
        {
            _lineStart = _at;
            SkipSpaces();
            if (IsLineEnd || Symbol == '#') continue;
            _indent = _at - _lineStart;
            return;
        }

        _indent = -1;
    }

    private void NextLine()
    {
        var end = _text[_at..].IndexOf('\n');
        _at = end < 0 ? _text.Length : _at + end + 1;
        _line++;
    }

    private void SkipSpaces()
    {
        while (_at < _text.Length && _text[_at] == ' ') _at++;
    }

    /// <summary>Goes past spaces and a remark to the next line with symbols; false when something else is in the way.</summary>
    private bool EndLine()
    {
        var from = _at;
        SkipSpaces();
        if (!IsLineEnd && (Symbol != '#' || _at == from)) return false;
        NextLine();
        FindLine();
        return true;
    }

    /// <summary>What stands behind a dash, and in the lines below that belong to it.</summary>
    private YamlTree? Entry(int depth)
    {
        _at++;
        SkipSpaces();
        return NameLength(out _) > 0 ? Mapping(depth) : InLine(depth);
    }

    /// <summary>A mapping with each name in a line of its own.</summary>
    private YamlTree? Mapping(int depth)
    {
        if (depth > Deepest) return Odd();
        var column = _at - _lineStart;
        var mapping = room.Mapping(Here);
        do
        {
            if (NameLength(out var isLast) is not (> 0 and var length)) return Odd();
            var name = room.Scalar(Here, room.Text(_text.Slice(_at, length)), true);
            _at += length + 1;
            SkipSpaces();
            if ((isLast || IsLineEnd || Symbol == '#' ? Below(column, depth) : InLine(depth)) is not { } value) return null;
            mapping.Entries.Add((name, value));
        }
        while (_indent == column && !IsDash);
        // A text that goes on, or a mistake.
        return _indent > column ? Odd() : mapping;
    }

    /// <summary>The value of a name at <paramref name="column"/> that has the lines below to itself.</summary>
    private YamlTree? Below(int column, int depth)
    {
        // A list may stand as far from the margin as the name that it belongs to.
        NextLine();
        FindLine();
        if (_indent < column || (_indent == column && !IsDash)) return Odd();
        return IsDash ? List(depth + 1) : NameLength(out _) > 0 ? Mapping(depth + 1) : Odd();
    }

    /// <summary>A list with each item in a line of its own.</summary>
    private YamlTree? List(int depth)
    {
        if (depth > Deepest) return Odd();
        var column = _indent;
        var list = room.Sequence(Here);
        do
        {
            if (Entry(depth) is not { } item) return null;
            list.Items.Add(item);
        }
        while (_indent == column && IsDash);
        return _indent > column ? Odd() : list;
    }

    /// <summary>A value that the rest of the line is.</summary>
    private YamlTree? InLine(int depth) => Value(depth, false) is { } value && EndLine() ? value : Odd();

    private YamlTree? Value(int depth, bool inBrackets) => depth > Deepest ? Odd() : Symbol switch
    {
        '{' => MappingInBraces(depth),
        '[' => ListInBrackets(depth),
        '"' or '\'' => Quoted(),
        _ => Plain(inBrackets),
    };

    private YamlTree? MappingInBraces(int depth)
    {
        var mapping = room.Mapping(Here);
        _at++;
        SkipSpaces();
        if (Symbol == '}') return Odd();
        do
        {
            SkipSpaces();
            if (NameLength(out var isLast) is not (> 0 and var length) || isLast) return Odd();
            var name = room.Scalar(Here, room.Text(_text.Slice(_at, length)), true);
            _at += length + 1;
            SkipSpaces();
            if (Value(depth + 1, true) is not { } value) return Odd();
            mapping.Entries.Add((name, value));
            SkipSpaces();
        }
        while (Took(','));
        return Took('}') ? mapping : Odd();
    }

    private YamlTree? ListInBrackets(int depth)
    {
        var list = room.Sequence(Here);
        _at++;
        SkipSpaces();
        if (Took(']')) return list;
        do
        {
            SkipSpaces();
            if (Value(depth + 1, true) is not { } value) return Odd();
            list.Items.Add(value);
            SkipSpaces();
        }
        while (Took(','));
        return Took(']') ? list : Odd();
    }

    private bool Took(char symbol)
    {
        if (Symbol != symbol) return false;
        _at++;
        return true;
    }

    /// <summary>A text in quotes without any symbol that stands for another.</summary>
    private YamlTree? Quoted()
    {
        var (place, quote) = (Here, Symbol);
        var rest = _text[(_at + 1)..];
        var length = rest.IndexOfAny(quote, '\n', '\\');
        if (length < 0 || rest[length] != quote) return Odd();
        var inside = rest[..length];
        _at += length + 2;
        // Two single quotes are one; whatever is neither printed nor a letter may have a meaning.
        return (quote == '\'' && Symbol == quote) || !IsPrinted(inside) ? Odd() : room.Scalar(place, room.Text(inside), false);
    }

    private YamlTree? Plain(bool inBrackets)
    {
        var (place, from) = (Here, _at);
        if (!FirstSymbols.Contains(Symbol) && !IsLetter(Symbol)) return Odd();
        var symbols = inBrackets ? FlowSymbols : BlockSymbols;
        for (; !IsLineEnd; _at++)
        {
            var usual = _text[_at..].IndexOfAnyExcept(symbols);
            _at = usual < 0 ? _text.Length : _at + usual;
            var symbol = Symbol;
            if (IsLineEnd) break;
            if (IsLetter(symbol)) continue;
            // sip:10.0.0.9 is a text.
            if (symbol == ':' && _at + 1 < _text.Length && AfterColon.Contains(_text[_at + 1])) continue;
            if (symbol == '#' && _text[_at - 1] != ' ') continue;
            if (inBrackets ? symbol is ',' or ']' or '}' : symbol == '#') break;
            return Odd();
        }

        if (inBrackets && IsLineEnd) return Odd();
        var all = _text[from.._at].TrimEnd(' ');
        _at = from + all.Length;
        return room.Scalar(place, room.Text(all), true);
    }

    /// <summary>How long the name is that stands here, with a colon and a space behind it or, <paramref name="isLast"/>, the line's end; 0 when none does.</summary>
    private readonly int NameLength(out bool isLast)
    {
        isLast = false;
        var rest = _text[_at..];
        var length = rest.IndexOfAnyExcept(NameSymbols);
        if (length is <= 0 or > LongestName || !char.IsAsciiLetter(rest[0]) || rest[length] != ':') return 0;
        isLast = length + 1 == rest.Length || rest[length + 1] is '\n' or '\r';
        return isLast || rest[length + 1] == ' ' ? length : 0;
    }

    private static bool IsLetter(char symbol) => symbol > '\u00A0' && char.IsLetter(symbol);

    private static bool IsPrinted(ReadOnlySpan<char> text)
    {
        if (!text.ContainsAnyExceptInRange(' ', '~')) return true;
        foreach (var symbol in text)
            if (symbol is < ' ' or > '~' && !IsLetter(symbol)) return false;
        return true;
    }
}
