using System.Collections;
using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace MgcpSipBridge.Host.Api.Filters;

/// <summary>Compares a field with a value. What is not there equals nothing, and is neither more nor less than anything.</summary>
internal static class Comparison
{
    /// <summary>The comparison as a question to a message.</summary>
    /// <exception cref="FilterException">The field cannot be compared that way, or not with that value.</exception>
    public static Func<IMessage, bool> Of(FieldPath path, string how, FilterWord value)
    {
        var field = path.Field;
        if (how == ":") return Has(path, value);
        if (field.IsMap || field.IsRepeated) throw new FilterException($"{field.JsonName} holds several values: ask {field.JsonName}:value");
        if (field.FieldType == FieldType.Message && !path.IsTimestamp && !path.IsDuration) throw new FilterException($"{field.JsonName} has fields of its own: {field.JsonName}.name");
        if (how is "=" or "!=")
        {
            var equals = Equal(path, value);
            return how == "=" ? message => path.Of(message) is { } it && equals(it) : message => path.Of(message) is not { } it || !equals(it);
        }

        if (field.FieldType is FieldType.Enum or FieldType.Bool) throw new FilterException($"{field.JsonName} is not more or less than anything: = and != are known");
        var limit = Value(path, value);
        return message =>
        {
            if (path.Of(message) is not { } it) return false;
            var order = it is string text ? string.CompareOrdinal(text, (string)limit) : ((IComparable)Widened(it)).CompareTo(limit);
            return how switch
            {
                "<" => order < 0,
                "<=" => order <= 0,
                ">" => order > 0,
                _ => order >= 0,
            };
        };
    }

    /// <summary>A number as the widest of its kind; all else as it is.</summary>
    public static object Widened(object value) => value switch
    {
        int n => (long)n,
        uint n => (long)n,
        float n => (double)n,
        _ => value,
    };

    private static Func<IMessage, bool> Has(FieldPath path, FilterWord value)
    {
        var any = value.Is("*");
        var field = path.Field;
        if (field.IsMap) return message => path.Of(message) is IDictionary map && (any ? map.Count > 0 : map.Contains(value.Text));
        if (field.IsRepeated)
        {
            if (field.FieldType == FieldType.Message && !any) throw new FilterException($"{field.JsonName} holds messages: only {field.JsonName}:* can be asked");
            return message => path.Of(message) is IList list && (any ? list.Count > 0 : list.Cast<object>().Any(item => item is string text ? text == value.Text : Text(item, field) == value.Text));
        }

        if (any) return message => path.Of(message) is { } it && it is not "";
        if (field.FieldType == FieldType.String) return message => path.Of(message) is string text && text.Contains(value.Text, StringComparison.OrdinalIgnoreCase);
        var equals = Equal(path, value);
        return message => path.Of(message) is { } it && equals(it);
    }

    private static Func<object, bool> Equal(FieldPath path, FilterWord value)
    {
        var field = path.Field;
        if (field.FieldType == FieldType.Enum)
        {
            var name = value.Text.ToUpperInvariant();
            var number = field.EnumType.Values.FirstOrDefault(v => v.Name == name)?.Number
                ?? throw new FilterException($"{field.JsonName}: \"{value.Text}\" is not one of {string.Join(", ", field.EnumType.Values.Select(v => v.Name))}");
            return it => (int)it == number;
        }

        if (field.FieldType == FieldType.String && value.Text.Contains('*', StringComparison.Ordinal)) return Pattern(value.Text);
        var wanted = Value(path, value);
        return it => Widened(it).Equals(wanted);
    }

    // Stars at the ends only: each match is one look at the text.
    private static Func<object, bool> Pattern(string text)
    {
        var inner = text.Trim('*');
        if (inner.Contains('*', StringComparison.Ordinal)) throw new FilterException($"\"{text}\": * stands at the beginning or the end");
        return (text[0] == '*', text[^1] == '*') switch
        {
            (true, true) => it => ((string)it).Contains(inner, StringComparison.Ordinal),
            (true, _) => it => ((string)it).EndsWith(inner, StringComparison.Ordinal),
            _ => it => ((string)it).StartsWith(inner, StringComparison.Ordinal),
        };
    }

    private static object Value(FieldPath path, FilterWord value)
    {
        var (field, text) = (path.Field, value.Text);
        object? read = null;
        if (path.IsTimestamp) read = DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time.UtcDateTime : null;
        else if (path.IsDuration) read = Configuration.SettingText.TryRead(text, typeof(TimeSpan), out var span) ? span : null;
        else
            read = field.FieldType switch
            {
                FieldType.String => text,
                FieldType.Bool => bool.TryParse(text, out var flag) ? flag : null,
                FieldType.Double or FieldType.Float => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null,
                FieldType.Int32 or FieldType.Int64 or FieldType.UInt32 => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? whole : null,
                _ => null,
            };
        return read ?? throw new FilterException($"{field.JsonName}: \"{text}\" is not {(path.IsTimestamp ? "a time such as 2026-05-01T12:00:00Z" : path.IsDuration ? "a span of time such as 90s" : field.FieldType.ToString().ToLowerInvariant())}");
    }

    private static string Text(object item, FieldDescriptor field) =>
        field.FieldType == FieldType.Enum ? field.EnumType.FindValueByNumber((int)item)?.Name ?? "" : Convert.ToString(item, CultureInfo.InvariantCulture) ?? "";
}
