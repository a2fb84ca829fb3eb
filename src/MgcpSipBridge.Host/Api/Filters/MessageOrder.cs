using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace MgcpSipBridge.Host.Api.Filters;

/// <summary>
/// Puts messages in an order that a request asks for: <c>state, number desc</c> (AIP-132). The values that count are written as texts that sort as they do, so that a
/// page can end with them and the next begin there.
/// </summary>
internal sealed class MessageOrder
{
    private const int MostFields = 4;
    private readonly List<(FieldPath Path, bool Descending)> _fields;

    private MessageOrder(List<(FieldPath Path, bool Descending)> fields) => _fields = fields;

    /// <summary>Reads an order; null for an empty one.</summary>
    /// <exception cref="FilterException">It cannot be understood.</exception>
    public static MessageOrder? Parse(string text, MessageDescriptor type)
    {
        if (string.IsNullOrWhiteSpace(text)) return null;
        var fields = new List<(FieldPath, bool)>();
        foreach (var part in text.Split(','))
        {
            var words = part.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length is 0 or > 2 || (words.Length == 2 && words[1] is not ("asc" or "desc"))) throw new FilterException($"\"{part.Trim()}\" is not a field, or a field and desc");
            var path = FieldPath.Parse(words[0], type);
            if (path.Field.IsRepeated || path.Field.IsMap || (path.Field.FieldType == FieldType.Message && !path.IsTimestamp && !path.IsDuration)) throw new FilterException($"{words[0]} has no order");
            fields.Add((path, words.Length == 2 && words[1] == "desc"));
        }

        return fields.Count <= MostFields ? new MessageOrder(fields) : throw new FilterException($"has more than {MostFields} fields");
    }

    /// <summary>What counts of a message; what is not there comes first.</summary>
    public string[] KeysOf(IMessage message) => [.. _fields.Select(field => Sortable(field.Path.Of(message)))];

    /// <summary>Which of two comes first.</summary>
    public int Compare(IReadOnlyList<string> a, IReadOnlyList<string> b)
    {
        for (var i = 0; i < _fields.Count; i++)
            if (string.CompareOrdinal(a[i], b[i]) is not 0 and var order) return _fields[i].Descending ? -order : order;
        return 0;
    }

    private static string Sortable(object? value) => value switch
    {
        null => "",
        string text => "s" + text,
        bool flag => flag ? "1" : "0",
        DateTime time => Number(time.Ticks),
        TimeSpan span => Number(span.Ticks),
        double real => Number((long)(real * 1000)),
        _ => Number(Convert.ToInt64(value, CultureInfo.InvariantCulture)),
    };

    // The sign turned over: negative numbers come first.
    private static string Number(long number) => ((ulong)number ^ 0x8000_0000_0000_0000).ToString("x16", CultureInfo.InvariantCulture);
}
