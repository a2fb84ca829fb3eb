using System.Globalization;

namespace MgcpSipBridge.Host.Configuration;

/// <summary>Reads and writes the values of settings as text.</summary>
internal static class SettingText
{
    private static readonly (string Unit, double Milliseconds)[] Units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

    /// <summary>Whether a property of this type is a single value.</summary>
    public static bool Knows(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type == typeof(string) || type == typeof(int) || type == typeof(long) || type == typeof(bool) || type == typeof(TimeSpan) || type.IsEnum;
    }

    /// <summary>What a type takes, in words.</summary>
    public static string NameOf(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type == typeof(int) || type == typeof(long) ? "a whole number"
            : type == typeof(bool) ? "true or false"
            : type == typeof(TimeSpan) ? "a duration such as 200ms, 4s, 5m, 1h or 00:00:04"
            : type.IsEnum ? "one of " + string.Join(", ", Enum.GetNames(type))
            : "a text";
    }

    /// <summary>Reads a value; enums by name without regard to case, durations with a unit.</summary>
    public static bool TryRead(string text, Type type, out object value)
    {
        value = text;
        if (type == typeof(string)) return true;
        if (type == typeof(int))
        {
            var ok = int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number);
            value = number;
            return ok;
        }

        if (type == typeof(long))
        {
            var ok = long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number);
            value = number;
            return ok;
        }

        if (type == typeof(bool))
        {
            // Strictly: "yes", "on" and "1" mean different things to different programs.
            var ok = bool.TryParse(text, out var flag);
            value = flag;
            return ok;
        }

        if (type == typeof(TimeSpan))
        {
            var ok = TryReadDuration(text, out var duration);
            value = duration;
            return ok;
        }

        if (!type.IsEnum || !Enum.TryParse(type, text, true, out var named) || !Enum.IsDefined(type, named) || char.IsAsciiDigit(text[0])) return false;
        value = named;
        return true;
    }

    /// <summary>Writes a value as it would be read.</summary>
    public static string Write(object value) => value switch
    {
        bool flag => flag ? "true" : "false",
        TimeSpan t => Duration(t),
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    private static string Duration(TimeSpan duration)
    {
        if (duration == TimeSpan.Zero) return "0s";
        for (var i = Units.Length - 1; i > 0; i--)
            if (duration.TotalMilliseconds % Units[i].Milliseconds == 0)
                return string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds / Units[i].Milliseconds}{Units[i].Unit}");
        return string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds}ms");
    }

    private static bool TryReadDuration(string text, out TimeSpan duration)
    {
        duration = default;
        if (text.Contains(':')) return TimeSpan.TryParseExact(text, ["c", @"h\:mm\:ss", @"hh\:mm\:ss\.fff"], CultureInfo.InvariantCulture, out duration);
        foreach (var (unit, milliseconds) in Units)
        {
            if (!text.EndsWith(unit, StringComparison.OrdinalIgnoreCase)) continue;
            if (!double.TryParse(text.AsSpan(0, text.Length - unit.Length).TrimEnd(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)) continue;
            if (number * milliseconds > TimeSpan.MaxValue.TotalMilliseconds / 2) return false;
            duration = TimeSpan.FromMilliseconds(number * milliseconds);
            return true;
        }

        return false;
    }
}
