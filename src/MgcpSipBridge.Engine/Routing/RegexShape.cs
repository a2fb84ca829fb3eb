using System.Collections.Immutable;
using System.Numerics;
using MgcpSipBridge.Calls;

namespace MgcpSipBridge.Engine;

/// <summary>
/// What can be said of the numbers that a regular expression takes without trying: how they begin and how long they are. Digit maps are made of this, and routes are found
/// by it. Where an expression is more than fixed digits, sets of them and then any digits, its numbers have an open end: a pause ends them.
/// </summary>
/// <param name="Patterns">Every number that the expression takes is a number of one of these.</param>
/// <param name="Heads">What numbers begin with, every one with one of these; empty text: with anything.</param>
internal sealed record RegexShape(ImmutableArray<NumberPattern> Patterns, ImmutableArray<string> Heads)
{
    /// <summary>More beginnings than this are not told apart.</summary>
    private const int MostHeads = 100;

    private const string Symbols = "0123456789*#ABCD+";
    private const uint Digits = 0x3FF;

    /// <summary>Nothing can be said.</summary>
    private static readonly RegexShape Unknown = new([new("", 1, 0), new("*", 2, 0), new("#", 2, 0)], [""]);

    /// <summary>The shape of an expression that was found to be valid.</summary>
    public static RegexShape Of(string regex)
    {
        if (new Reader(regex).Read() is not { } alternatives) return Unknown;
        var patterns = new List<NumberPattern>();
        foreach (var alternative in alternatives)
        {
            if (PatternsOf(alternative) is not { } some || patterns.Count + some.Count > MostHeads) return Unknown;
            patterns.AddRange(some);
        }

        return new RegexShape([.. patterns.Distinct()], [.. patterns.Select(static p => p.Prefix).Distinct(StringComparer.Ordinal)]);
    }

    private static List<NumberPattern>? PatternsOf(ImmutableList<Element> elements)
    {
        List<string> heads = [""];
        var at = 0;
        for (; at < elements.Count && !elements[at].TakesAnyDigit; at++)
        {
            var (set, min, max) = elements[at];
            if (min != max || heads.Count * Math.Pow(BitOperations.PopCount(set), min) > MostHeads) break;
            for (var i = 0; i < min; i++)
                heads = [.. heads.SelectMany(head => Symbols.Where((_, bit) => (set & (1u << bit)) != 0).Select(symbol => head + symbol))];
        }

        var (least, most, exact) = (0, 0, true);
        foreach (var (set, min, max) in elements.Skip(at))
        {
            least += min;
            most = most < 0 || max < 0 ? -1 : most + max;
            exact &= (set & Digits) == Digits;
        }

        // A head of nothing stands for digits alone; what may begin with * or # has to be told.
        if (heads is [""] && elements.Skip(at).Any(static e => (e.Set & ~Digits) != 0)) return null;
        return [.. heads.Select(head => new NumberPattern(head, Math.Max(1, head.Length + least), exact && most >= 0 ? head.Length + most : 0))];
    }

    /// <summary>A set of symbols (a bit each), and how often one of it stands there; -1: any number of times.</summary>
    private readonly record struct Element(uint Set, int Min, int Max)
    {
        public bool TakesAnyDigit => (Set & Digits) == Digits;
    }

    /// <summary>Reads an expression into alternatives of sequences; null when there is more to it.</summary>
    private ref struct Reader(string text)
    {
        private int _at;

        public ImmutableArray<ImmutableList<Element>>? Read() => Alternatives() is { } all && _at == text.Length ? all : null;

        private char Next => _at < text.Length ? text[_at] : '\0';

        private bool Take(string expected)
        {
            if (!text.AsSpan(_at).StartsWith(expected)) return false;
            _at += expected.Length;
            return true;
        }

        private ImmutableArray<ImmutableList<Element>>? Alternatives()
        {
            var all = ImmutableArray.CreateBuilder<ImmutableList<Element>>();
            do
            {
                if (Sequence() is not { } one) return null;
                all.AddRange(one);
                if (all.Count > MostHeads) return null;
            }
            while (Take("|"));
            return all.ToImmutable();
        }

        private ImmutableArray<ImmutableList<Element>>? Sequence()
        {
            ImmutableArray<ImmutableList<Element>> all = [[]];
            while (_at < text.Length && Next is not ('|' or ')'))
            {
                // The whole number is meant in any case.
                if (Take("^") || Take("$")) continue;
                ImmutableArray<ImmutableList<Element>> then;
                if (Take("("))
                {
                    if (Take("?") && !Take(":")) return null;
                    if (Alternatives() is not { } group || !Take(")") || Repeats() is not (var min, var max) || min != max || min > 8) return null;
                    then = [[]];
                    for (var i = 0; i < min && then.Length <= MostHeads; i++) then = Join(then, group);
                }
                else
                {
                    if (Set() is not { } set || Repeats() is not (var min, var max)) return null;
                    then = [[new Element(set, min, max)]];
                }

                all = Join(all, then);
                if (all.Length > MostHeads) return null;
            }

            return all;
        }

        // One more than are told apart shows that there are too many.
        private static ImmutableArray<ImmutableList<Element>> Join(ImmutableArray<ImmutableList<Element>> first, ImmutableArray<ImmutableList<Element>> then) =>
            [.. first.SelectMany(begin => then.Select(begin.AddRange)).Take(MostHeads + 1)];

        private uint? Set()
        {
            if (Take("[")) return Take("^") ? null : Class();
            if (Take(".")) return (1u << Symbols.Length) - 1;
            return One();
        }

        private uint? One()
        {
            if (Take("\\d")) return Digits;
            var escaped = Take("\\");
            var symbol = Next;
            var bit = Symbols.IndexOf(symbol, StringComparison.Ordinal);
            if (_at >= text.Length || bit < 0 || (escaped ? char.IsAsciiLetterOrDigit(symbol) : symbol is '*' or '+')) return null;
            _at++;
            return 1u << bit;
        }

        private uint? Class()
        {
            var set = 0u;
            while (!Take("]"))
            {
                var begin = Next;
                // Within brackets * and + are themselves.
                var one = begin is '*' or '+' ? 1u << Symbols.IndexOf(begin, StringComparison.Ordinal) : One();
                if (begin is '*' or '+') _at++;
                if (one is not { } bits) return null;
                if (Take("-"))
                {
                    var end = Next;
                    if (!char.IsAsciiDigit(begin) || !char.IsAsciiDigit(end) || end < begin) return null;
                    _at++;
                    for (var digit = begin; digit <= end; digit++) bits |= 1u << (digit - '0');
                }

                set |= bits;
            }

            return set == 0 ? null : set;
        }

        private (int Min, int Max)? Repeats()
        {
            (int, int)? found = Take("*") ? (0, -1) : Take("+") ? (1, -1) : Take("?") ? (0, 1) : Take("{") ? Bounds() : (1, 1);
            // As few as possible, or as many: the same numbers.
            Take("?");
            return found;
        }

        private (int Min, int Max)? Bounds()
        {
            if (Number() is not { } min) return null;
            var max = Take(",") ? Next == '}' ? -1 : Number() : min;
            return Take("}") && max is { } most ? (min, most) : null;
        }

        private int? Number()
        {
            var from = _at;
            while (char.IsAsciiDigit(Next)) _at++;
            return int.TryParse(text.AsSpan(from, _at - from), System.Globalization.NumberStyles.None, null, out var number) && number <= 64 ? number : null;
        }
    }
}
