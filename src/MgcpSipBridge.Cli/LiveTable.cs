using System.Text;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace MgcpSipBridge.Cli;

/// <summary>
/// A table that is drawn again and again in one place of a terminal, a line for each row whatever its width: what a row can be understood without gives way first, the widest column before
/// others, and ends in an ellipsis or, from the right, goes altogether. Rows that the screen has
/// no room for are counted.
/// </summary>
/// <param name="headings">The columns.</param>
/// <param name="rows">As many rows as there are, the most interesting first.</param>
/// <param name="about">A line below it.</param>
internal sealed class LiveTable(string[] headings, IReadOnlyList<string[]> rows, string about) : IRenderable
{
    private const int Gap = 2;
    private const int Least = 4;
    private static readonly string[] Essential = ["ID", "NUMBER", "STATE", "LINE", "CALLER", "CALLED"];

    // The headings, the two lines below, and the one that the cursor stands in.
    private const int OtherLines = 4;

    /// <summary>The console that a terminal is.</summary>
    public static IAnsiConsole Console(TextWriter output) => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Out = new AnsiConsoleOutput(output),
        Ansi = AnsiSupport.Yes,
        ColorSystem = ColorSystemSupport.NoColors,
        Interactive = InteractionSupport.Yes,
    });

    /// <inheritdoc/>
    public Measurement Measure(RenderOptions options, int maxWidth) => new(maxWidth, maxWidth);

    /// <inheritdoc/>
    public IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        var shown = rows.Take(Math.Max(options.ConsoleSize.Height - OtherLines, 1)).ToList();
        var widths = Widths([headings, .. shown], maxWidth);
        foreach (var row in (IEnumerable<string[]>)[headings, .. shown])
        {
            yield return new Segment(string.Join(new string(' ', Gap), row.Index().Where(cell => widths[cell.Index] > 0).Select(cell => Fit(cell.Item, widths[cell.Index]))).TrimEnd());
            yield return Segment.LineBreak;
        }

        yield return Segment.LineBreak;
        yield return new Segment(Fit(shown.Count < rows.Count ? $"and {rows.Count - shown.Count} more; {about}" : about, maxWidth).TrimEnd());
        yield return Segment.LineBreak;
    }

    private int[] Widths(List<string[]> lines, int room)
    {
        var widths = Enumerable.Range(0, lines[0].Length).Select(i => lines.Max(l => Columns.Width(AnswerWriter.Plain(l[i])))).ToArray();
        // The first column says what a row is about, whatever it is called.
        bool MayGo(int column) => column > 0 && !Essential.Contains(headings[column]);
        Narrow(widths, room, MayGo, Least);
        for (var column = widths.Length - 1; column > 0 && Taken(widths) > room; column--)
            if (MayGo(column)) widths[column] = 0;
        Narrow(widths, room, _ => true, 1);
        return widths;
    }

    private static void Narrow(int[] widths, int room, Predicate<int> which, int least)
    {
        while (Taken(widths) > room && Enumerable.Range(0, widths.Length).Where(column => which(column) && widths[column] > least).ToList() is { Count: > 0 } columns)
            widths[columns.MaxBy(column => widths[column])]--;
    }

    private static int Taken(int[] widths) => widths.Sum() + Gap * (widths.Count(width => width > 0) - 1);

    // Callers have a say in what is shown: no more of it than there is room for, and nothing that a terminal obeys.
    private static string Fit(string text, int width)
    {
        text = AnswerWriter.Plain(text);
        var (kept, taken, whole) = (new StringBuilder(), 0, Columns.Width(text));
        foreach (var rune in text.EnumerateRunes())
        {
            var next = Columns.Width(rune.ToString());
            if (whole > width && taken + next > width - 1)
            {
                kept.Append('…');
                taken++;
                break;
            }

            kept.Append(rune.ToString());
            taken += next;
        }

        return kept.Append(' ', Math.Max(width - taken, 0)).ToString();
    }
}
