using Google.Protobuf;

namespace MgcpSipBridge.Cli;

/// <summary>Writes answers as columns, a line for each row but on a terminal that is too narrow, or as JSON or YAML.</summary>
/// <param name="output">Where to.</param>
/// <param name="format">How.</param>
/// <param name="remarks">Where to write what is no part of an answer; null for nowhere.</param>
/// <param name="room">Places in a line of the terminal; null where there is none, and lines may have any length.</param>
internal sealed class AnswerWriter(TextWriter output, OutputFormat format, TextWriter? remarks = null, int? room = null)
{
    private static readonly JsonFormatter Indented = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true).WithIndentation());
    private static readonly JsonFormatter OneLine = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true));

    /// <summary>How answers are written.</summary>
    public OutputFormat Format { get; } = format;

    /// <summary>Places in a line of the terminal; null where there is none.</summary>
    public int? Room { get; } = room;

    /// <summary>Whether a program reads them: then they are the messages of the API, whole.</summary>
    public bool IsData => Format is OutputFormat.Json or OutputFormat.Yaml;

    /// <summary>JSON, as it is or as YAML.</summary>
    public void Data(string json) => output.Write(Format == OutputFormat.Yaml ? YamlText.Of(json) : json + "\n");

    /// <summary>One of a stream of messages: a line of JSON, or a document of YAML.</summary>
    public void Next(IMessage message) => Next(Json(message));

    /// <summary>The same of JSON in a line.</summary>
    public void Next(string json) => output.Write(Format == OutputFormat.Yaml ? "---\n" + YamlText.Of(json) : json + "\n");

    /// <summary>A message in a line.</summary>
    public static string Json(IMessage message) => OneLine.Format(message);

    /// <summary>Something to know that is no part of the answer.</summary>
    public void Remark(string text) => remarks?.WriteLine(Lines(text));

    /// <summary>One thing, a fact a line.</summary>
    public void One(IMessage message, params (string Name, string Value)[] facts)
    {
        if (IsData) Data(Indented.Format(message));
        else if (Format == OutputFormat.Name) output.WriteLine(Plain(facts.FirstOrDefault().Value ?? ""));
        else
            foreach (var (name, value) in facts) output.WriteLine($"{name.PadRight(facts.Max(f => f.Name.Length))}  {Plain(value)}");
    }

    /// <summary>Many things, one a line under their headings.</summary>
    public void Many<T>(IMessage message, IEnumerable<T> items, string[] headings, Func<T, string[]> row)
    {
        if (IsData)
        {
            Data(Indented.Format(message));
            return;
        }

        if (Format == OutputFormat.Name)
        {
            foreach (var item in items) output.WriteLine(Plain(row(item)[0]));
            return;
        }

        string[][] rows = [headings, .. items.Select(item => Array.ConvertAll(row(item), Plain))];
        foreach (var line in Columns.Lay(rows, Room)) output.WriteLine(line);
    }

    /// <summary>Text as it is, of several lines; nothing in it moves the cursor of a terminal.</summary>
    public void Text(string text) => output.Write(Lines(text));

    /// <summary>Lines in which nothing is meant for a terminal.</summary>
    public static string Lines(string text) => string.Join('\n', text.Split('\n').Select(Plain));

    /// <summary>Text in which nothing is meant for a terminal: gateways, peers and callers have a say in what is shown.</summary>
    public static string Plain(string text) => text.Any(char.IsControl)
        ? string.Create(text.Length, text, static (span, from) =>
        {
            for (var i = 0; i < span.Length; i++) span[i] = char.IsControl(from[i]) ? '\uFFFD' : from[i];
        })
        : text;
}
