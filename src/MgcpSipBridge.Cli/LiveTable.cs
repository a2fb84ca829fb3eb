using System.Text;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace MgcpSipBridge.Cli;

/// <summary>
/// A table that is drawn again and again in one place of a terminal, a line for each row whatever its width: the widest columns give way and end in an ellipsis. Rows that the screen has
/// no room for are counted.
/// </summary>
/// <param name="headings">The columns.</param>
/// <param name="rows">As many rows as there are, the most interesting first.</param>
/// <param name="about">A line below it.</param>
internal sealed class LiveTable(string[] headings, IReadOnlyList<string[]> rows, string about) : IRenderable
{
    private const int Gap = 2;

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
            yield return new Segment(string.Join(new string(' ', Gap), row.Select((cell, i) => Fit(cell, widths[i]))).TrimEnd());
            yield return Segment.LineBreak;
        }

        yield return Segment.LineBreak;
        yield return new Segment(Fit(shown.Count < rows.Count ? $"and {rows.Count - shown.Count} more; {about}" : about, maxWidth).TrimEnd());
        yield return Segment.LineBreak;
    }

    private static int[] Widths(List<string[]> lines, int room)
    {
        var widths = Enumerable.Range(0, lines[0].Length).Select(i => lines.Max(l => Width(AnswerWriter.Plain(l[i])))).ToArray();
        while (widths.Sum() + Gap * (widths.Length - 1) > room && widths.Max() > 1) widths[Array.IndexOf(widths, widths.Max())]--;
        return widths;
    }

    // Callers have a say in what is shown: no more of it than there is room for, and nothing that a terminal obeys.
    private static string Fit(string text, int width)
    {
        text = AnswerWriter.Plain(text);
        var (kept, taken, whole) = (new StringBuilder(), 0, Width(text));
        foreach (var rune in text.EnumerateRunes())
        {
            var next = Width(rune.ToString());
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

    // In places of the terminal: some letters take two.
    private static int Width(string text) => new Segment(text).CellCount();
}
