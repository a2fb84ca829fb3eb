using System.Buffers;

namespace MgcpSipBridge.Host.Provisioning;

/// <summary>Some items of a list, cut out of a file.</summary>
/// <param name="Start">Where they begin in the text.</param>
/// <param name="Length">How long they are, in characters.</param>
/// <param name="LinesBefore">Lines of the file before them.</param>
/// <param name="ItemsBefore">Items of the list before them.</param>
/// <param name="Items">How many they are.</param>
internal readonly record struct YamlPart(int Start, int Length, int LinesBefore, int ItemsBefore, int Items);

/// <summary>
/// Cuts a file in the shape that lines.yaml has nearly always, a few names at the margin with a list of items in lines of their own below each, into parts that can be read each by
/// itself. It looks only at where lines begin, and is right whenever every part turns out to be a whole list with as many items as were counted: a text, a bracket or a block of
/// text that went on behind the cut would have no end in its part, and the items are the outermost lines, so that nothing else ends before them. What looks otherwise is not cut.
/// </summary>
internal static class YamlParts
{
    /// <summary>Fewest items of a part, unless it is the last.</summary>
    private const int Fewest = 16;

    /// <summary>Most.</summary>
    private const int Most = 512;

    // Whatever YAML has for the end of a line beside the usual ones, and what moves columns.
    private static readonly SearchValues<char> Strange = SearchValues.Create("\u0085\u2028\u2029\t");

    /// <summary>The parts by the names at the margin, in the order of <paramref name="names"/>; null when the file has to be read as a whole.</summary>
    public static IReadOnlyList<YamlPart>[]? Cut(string text, IReadOnlyList<string> names)
    {
        if (text.AsSpan().ContainsAny(Strange) || text.AsSpan().Count('\r') != text.AsSpan().Count("\r\n")) return null;
        var all = new List<YamlPart>?[names.Count];
        Section? section = null;
        var (at, line) = (0, 0);
        for (; at < text.Length; line++)
        {
            var end = text.IndexOf('\n', at);
            var next = end < 0 ? text.Length : end + 1;
            var words = text.AsSpan(at, next - at).TrimEnd("\r\n");
            var indent = words.Length - words.TrimStart(' ').Length;
            words = words[indent..];
            if (words.IsEmpty || words[0] == '#')
            {
                // Belongs to whatever is around it.
            }
            else if (words is "-" || words.StartsWith("- "))
            {
                // Deeper ones are lists within an item.
                if (section is null || indent < section.Indent) return null;
                if (!section.HasItems || indent == section.Indent) section.Item(at, line, indent, words);
            }
            else if (indent > 0)
            {
                if (section is not { HasItems: true } || indent <= section.Indent) return null;
            }
            else
            {
                section?.End(at);
                var colon = words.IndexOf(':');
                var index = colon < 0 ? -1 : IndexOf(names, words[..colon]);
                if (index < 0 || all[index] is not null) return null;
                var rest = words[(colon + 1)..].TrimEnd(' ');
                all[index] = [];
                section = rest.IsEmpty || rest.StartsWith(" #") ? new Section(all[index]!) : null;
                if (section is null && rest is not " []") return null;
            }

            at = next;
        }

        section?.End(text.Length);
        return Array.ConvertAll(all, IReadOnlyList<YamlPart> (parts) => parts ?? []);
    }

    private static int IndexOf(IReadOnlyList<string> names, ReadOnlySpan<char> name)
    {
        for (var i = 0; i < names.Count; i++)
            if (name.SequenceEqual(names[i])) return i;
        return -1;
    }

    private sealed class Section(List<YamlPart> parts)
    {
        private int _start;
        private int _linesBefore;
        private int _itemsBefore;
        private int _items;

        public bool HasItems => _items > 0;

        /// <summary>How far its items stand from the margin.</summary>
        public int Indent { get; private set; }

        public void Item(int at, int line, int indent, ReadOnlySpan<char> words)
        {
            // Cuts go by what the lines say, so that a few items more or fewer somewhere move none of the others.
            if (_items >= Most || (_items >= Fewest && Sum(words) >> 26 == 0)) End(at);
            if (_items++ == 0) (_start, _linesBefore, Indent) = (at, line, indent);
        }

        public void End(int at)
        {
            if (_items > 0) parts.Add(new YamlPart(_start, at - _start, _linesBefore, _itemsBefore, _items));
            (_itemsBefore, _items) = (_itemsBefore + _items, 0);
        }

        // FNV-1a.
        private static uint Sum(ReadOnlySpan<char> words)
        {
            var sum = 2166136261;
            foreach (var symbol in words) sum = (sum ^ symbol) * 16777619;
            return sum;
        }
    }
}
