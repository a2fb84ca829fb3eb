using Spectre.Console.Rendering;

namespace MgcpSipBridge.Cli;

/// <summary>Lays rows out in columns. Nothing is ever cut: where there is too little room, columns that do not fit stand below, those of all rows alike.</summary>
internal static class Columns
{
    private const string Gap = "  ";
    private const string Below = "    ";

    /// <summary>The lines: one for each row, or several where <paramref name="room"/> is too little for all columns.</summary>
    public static IEnumerable<string> Lay(IReadOnlyList<string[]> rows, int? room)
    {
        var widths = rows[0].Select((_, column) => rows.Max(row => Width(row[column]))).ToArray();
        var parts = Parts(widths, room ?? int.MaxValue);
        foreach (var row in rows)
            foreach (var (first, last) in parts)
            {
                var line = string.Join(Gap, Enumerable.Range(first, last - first).Select(column => row[column] + new string(' ', widths[column] - Width(row[column])))).TrimEnd();
                if (first == 0) yield return line;
                else if (line.Length > 0) yield return Below + line;
            }
    }

    /// <summary>How many places of a terminal a text takes: some letters take two.</summary>
    public static int Width(string text) => new Segment(text).CellCount();

    private static List<(int First, int Last)> Parts(int[] widths, int room)
    {
        var parts = new List<(int, int)>();
        var (first, taken) = (0, 0L);
        for (var column = 0; column < widths.Length; column++)
        {
            var with = taken + (column == first ? parts.Count == 0 ? 0 : Below.Length : Gap.Length) + widths[column];
            if (column > first && with > room)
            {
                parts.Add((first, column));
                (first, with) = (column, Below.Length + widths[column]);
            }

            taken = with;
        }

        parts.Add((first, widths.Length));
        return parts;
    }
}
