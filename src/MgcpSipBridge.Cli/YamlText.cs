using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace MgcpSipBridge.Cli;

/// <summary>
/// Writes JSON as YAML that is read as the same: whatever a reader of YAML 1.1 or 1.2 could take for a number, a time, true, false or null stands in quotes when it is
/// text. Text of several lines stands as it is, indented.
/// </summary>
internal static partial class YamlText
{
    /// <summary>A document of YAML without its <c>---</c>, ended by a line feed.</summary>
    public static string Of(string json)
    {
        using var document = JsonDocument.Parse(json);
        using var text = new StringWriter { NewLine = "\n" };
        var emitter = new Emitter(text, new EmitterSettings().WithBestWidth(int.MaxValue));
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(null, null, isImplicit: true));
        Emit(emitter, document.RootElement);
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return text.ToString();
    }

    private static void Emit(Emitter emitter, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                emitter.Emit(new MappingStart(null, null, true, value.EnumerateObject().Any() ? MappingStyle.Block : MappingStyle.Flow));
                foreach (var field in value.EnumerateObject())
                {
                    Emit(emitter, field.Name, Style(field.Name));
                    Emit(emitter, field.Value);
                }

                emitter.Emit(new MappingEnd());
                break;
            case JsonValueKind.Array:
                emitter.Emit(new SequenceStart(null, null, true, value.GetArrayLength() > 0 ? SequenceStyle.Block : SequenceStyle.Flow));
                foreach (var item in value.EnumerateArray()) Emit(emitter, item);
                emitter.Emit(new SequenceEnd());
                break;
            case JsonValueKind.String:
                var text = value.GetString()!;
                Emit(emitter, text, Style(text));
                break;
            default:
                Emit(emitter, value.GetRawText(), ScalarStyle.Plain);
                break;
        }
    }

    private static void Emit(Emitter emitter, string text, ScalarStyle style) => emitter.Emit(new Scalar(null, null, text, style, true, true));

    private static ScalarStyle Style(string text) =>
        Word().IsMatch(text) && !Reserved().IsMatch(text) ? ScalarStyle.Plain
        // Its lines are kept as they are, unless all are empty; any other control character, and any other end of a line, needs an escape.
        : text.Contains('\n', StringComparison.Ordinal) && text.Any(c => c != '\n') && !text.Any(c => c != '\n' && (char.IsControl(c) || c is '\u2028' or '\u2029' or '\uFEFF' || char.IsSurrogate(c))) ? ScalarStyle.Literal
        : ScalarStyle.DoubleQuoted;

    // What needs no quotes in any YAML: it begins with a letter.
    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9_.,/@+()-]*( [A-Za-z0-9_./@+()-]+,?)*\z")]
    private static partial Regex Word();

    [GeneratedRegex(@"^(null|true|false|yes|no|on|off|y|n)\z", RegexOptions.IgnoreCase)]
    private static partial Regex Reserved();
}
