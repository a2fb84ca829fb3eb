using Google.Protobuf;

namespace MgcpSipBridge.Cli;

/// <summary>Writes answers as columns, which never wrap, or as JSON.</summary>
internal sealed class AnswerWriter(TextWriter output, OutputFormat format)
{
    private static readonly JsonFormatter Json = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true).WithIndentation());

    /// <summary>How answers are written.</summary>
    public OutputFormat Format { get; } = format;

    /// <summary>One thing, a fact a line.</summary>
    public void One(IMessage message, params (string Name, string Value)[] facts)
    {
        if (Format == OutputFormat.Json) output.WriteLine(Json.Format(message));
        else if (Format == OutputFormat.Name) output.WriteLine(facts.FirstOrDefault().Value ?? "");
        else
            foreach (var (name, value) in facts) output.WriteLine($"{name.PadRight(facts.Max(f => f.Name.Length))}  {value}");
    }

    /// <summary>Many things, one a line under their headings.</summary>
    public void Many<T>(IMessage message, IEnumerable<T> items, string[] headings, Func<T, string[]> row)
    {
        if (Format == OutputFormat.Json)
        {
            output.WriteLine(Json.Format(message));
            return;
        }

        if (Format == OutputFormat.Name)
        {
            foreach (var item in items) output.WriteLine(row(item)[0]);
            return;
        }

        string[][] rows = [headings, .. items.Select(row)];
        var widths = headings.Select((_, column) => rows.Max(r => r[column].Length)).ToArray();
        foreach (var cells in rows) output.WriteLine(string.Join("  ", cells.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }

    /// <summary>Text as it is.</summary>
    public void Text(string text) => output.Write(text);
}
