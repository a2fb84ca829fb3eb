using System.Text;

namespace MgcpSipBridge.Host.Provisioning.Import;

/// <summary>One <c>name = value</c> of an Asterisk configuration file.</summary>
internal sealed record ConfEntry(int Line, string Name, string Value);

/// <summary>A section with all that applies to it, its templates' entries first.</summary>
internal sealed record ConfSection(int Line, string Name, IReadOnlyList<ConfEntry> Entries);

/// <summary>
/// Reads the form of Asterisk's configuration files: sections, <c>=</c> and <c>=&gt;</c>, comments of a line (<c>;</c>) and of many (<c>;-- … --;</c>),
/// templates <c>[a](!)</c>, <c>[b](a)</c> and additions <c>[b](+)</c>. In one pass, without regular expressions.
/// </summary>
internal static class AsteriskConf
{
    // Templates may name templates: what they come to is bounded, whatever they name.
    private const int MostEntries = 1_000_000;

    /// <summary>The sections in their order, templates left out.</summary>
    public static IReadOnlyList<ConfSection> Read(string text, ImportReport report)
    {
        var sections = new Dictionary<string, (int Line, List<ConfEntry> Entries, bool Template)>(StringComparer.OrdinalIgnoreCase);
        var order = new List<string>();
        List<ConfEntry>? current = null;
        var (line, total, comment) = (0, 0, false);
        foreach (var raw in text.AsSpan().EnumerateLines())
        {
            line++;
            var rest = Strip(raw, ref comment).Trim();
            if (rest.IsEmpty) continue;
            if (rest[0] == '[')
            {
                current = Open(rest, line, sections, order, report);
                total += current?.Count ?? 0;
                if (total <= MostEntries) continue;
            }
            else if (rest[0] == '#')
            {
                report.Say(line, "", Word(rest).ToString(), ImportOutcome.Problem, "is not followed: put that file's text in its place");
                continue;
            }
            else
            {
                var equals = rest.IndexOf('=');
                if (equals <= 0) report.Say(line, "", Short(rest), ImportOutcome.Problem, "is not name = value");
                else if (current is null) report.Say(line, "", Short(rest), ImportOutcome.Problem, "stands before the first [section]");
                else
                {
                    var value = rest[(equals + 1)..];
                    if (value.StartsWith('>')) value = value[1..];
                    current.Add(new ConfEntry(line, rest[..equals].Trim().ToString().ToLowerInvariant(), Unescaped(value.Trim())));
                    total++;
                }
            }

            if (total <= MostEntries) continue;
            report.Say(line, "", "", ImportOutcome.Problem, "the file is too large: what follows is left out");
            break;
        }

        return [.. order.Where(name => !sections[name].Template).Select(name => new ConfSection(sections[name].Line, name, sections[name].Entries))];
    }

    private static List<ConfEntry>? Open(
        ReadOnlySpan<char> text, int line, Dictionary<string, (int Line, List<ConfEntry> Entries, bool Template)> sections, List<string> order, ImportReport report)
    {
        var end = text.IndexOf(']');
        if (end <= 1)
        {
            report.Say(line, "", Short(text), ImportOutcome.Problem, "is not a [section]");
            return null;
        }

        var name = text[1..end].Trim().ToString();
        var (template, more, entries) = (false, false, new List<ConfEntry>());
        var after = text[(end + 1)..].Trim();
        if (after.Length > 2 && after[0] == '(' && after[^1] == ')')
        {
            foreach (var part in after[1..^1].ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                if (part == "!") template = true;
                else if (part == "+") more = true;
                else if (!sections.TryGetValue(part, out var from)) report.Say(line, name, part, ImportOutcome.Problem, "there is no such section above: nothing is taken from it");
                else if (entries.Count + from.Entries.Count <= MostEntries) entries.AddRange(from.Entries);
            }
        }

        if (sections.TryGetValue(name, out var old))
        {
            if (!more) report.Say(line, name, "", ImportOutcome.Problem, $"is there already, at line {old.Line}; both are taken together");
            old.Entries.AddRange(entries);
            return old.Entries;
        }

        sections[name] = (line, entries, template);
        order.Add(name);
        return entries;
    }

    private static ReadOnlySpan<char> Strip(ReadOnlySpan<char> line, ref bool comment)
    {
        if (!comment && line.IndexOf(';') < 0) return line;
        var kept = new StringBuilder();
        for (var i = 0; i < line.Length;)
        {
            var rest = line[i..];
            if (comment)
            {
                var end = rest.IndexOf("--;");
                if (end < 0) break;
                (comment, i) = (false, i + end + 3);
            }
            else if (rest[0] != ';' || (i > 0 && line[i - 1] == '\\'))
            {
                kept.Append(rest[0]);
                i++;
            }
            else
            {
                // ;--- is a line of dashes, ;-- begins a comment of many lines.
                if (!rest.StartsWith(";--") || rest.StartsWith(";---")) break;
                (comment, i) = (true, i + 3);
            }
        }

        return kept.ToString();
    }

    private static string Unescaped(ReadOnlySpan<char> value) => value.ToString().Replace("\\;", ";", StringComparison.Ordinal);

    private static ReadOnlySpan<char> Word(ReadOnlySpan<char> text) => text.IndexOfAny(' ', '\t') is > 0 and var end ? text[..end] : text;

    private static string Short(ReadOnlySpan<char> text) => text.Length > 60 ? string.Concat(text[..60], "…") : text.ToString();
}
