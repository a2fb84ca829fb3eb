using System.Text;

namespace MgcpSipBridge.Host.Provisioning.Import;

/// <summary>A row of a table.</summary>
/// <param name="Line">Line of the text in which it begins, from 1.</param>
/// <param name="Fields">Its fields, without quotes and the space around them.</param>
/// <param name="Problem">What is wrong with it; null for nothing.</param>
internal sealed record CsvRow(int Line, IReadOnlyList<string> Fields, string? Problem);

/// <summary>Reads comma-separated values (RFC 4180), with any separator and any end of line, in one pass. Whatever the text, it ends with the text.</summary>
internal static class CsvTable
{
    /// <summary>Longest field, in characters: with a quote that nobody closes, all the rest would be one.</summary>
    public const int LongestField = 4096;

    /// <summary>The rows, empty ones left out. After a row that is too long, or has a quote that nobody closes, there is none.</summary>
    public static IEnumerable<CsvRow> Read(string text, char separator)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        var (line, begins, opened, quoted, closed) = (1, 1, 1, false, false);
        string? problem = null;
        for (var i = 0; i <= text.Length; i++)
        {
            var c = i < text.Length ? text[i] : '\n';
            if (quoted && i < text.Length)
            {
                if (c != '"') field.Append(c);
                else if (i + 1 < text.Length && text[i + 1] == '"') field.Append(text[++i]);
                else (quoted, closed) = (false, true);
                if (c == '\n') line++;
            }
            else if (c == '"' && !closed && IsBlank(field)) (quoted, opened, _) = (true, line, field.Clear());
            else if (c == separator || c is '\n' or '\r')
            {
                if (quoted)
                {
                    yield return new CsvRow(begins, [], $"the quote that begins in line {opened} is not closed: this row, and what follows, is left out");
                    yield break;
                }

                fields.Add(field.ToString().Trim());
                field.Clear();
                closed = false;
                if (c == separator) continue;
                if (fields.Count > 1 || fields[0].Length > 0) yield return new CsvRow(begins, [.. fields], problem);
                fields.Clear();
                problem = null;
                if (c == '\r' && i + 1 < text.Length && text[i + 1] == '\n') i++;
                begins = ++line;
            }
            else
            {
                if (c == '"' || (closed && !char.IsWhiteSpace(c))) problem = "quotes do not fit: it is taken as it can be read";
                field.Append(c);
            }

            if (field.Length <= LongestField) continue;
            yield return new CsvRow(begins, [], $"a field has more than {LongestField} characters, as after a quote that nobody closed: what follows is left out");
            yield break;
        }
    }

    private static bool IsBlank(StringBuilder field)
    {
        for (var i = 0; i < field.Length; i++)
            if (!char.IsWhiteSpace(field[i])) return false;
        return true;
    }
}
