using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Reflection;
using System.Text.Json;
using MgcpSipBridge.Host.Provisioning;

namespace MgcpSipBridge.Host.Configuration;

/// <summary>Compares two resources field by field; where they were written is none. Each field's comparison is made once, and boxes nothing.</summary>
/// <typeparam name="T">What is compared, as the user wrote it.</typeparam>
internal static class FieldComparison<T>
    where T : class
{
    private static readonly (string Name, Func<T, T, bool> Same)[] All =
    [
        .. typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(static p => p.PropertyType != typeof(Written))
            .Select(static p => (JsonNamingPolicy.CamelCase.ConvertName(p.Name), FieldComparison.Of<T>(p))).OrderBy(static one => one.Item1, StringComparer.Ordinal),
    ];

    // Resources that change together mostly change alike.
    private static readonly ConcurrentDictionary<ulong, IReadOnlyList<string>> Lists = new();

    /// <summary>Whether all fields are the same.</summary>
    public static bool Same(T? one, T? other)
    {
        if (ReferenceEquals(one, other)) return true;
        if (one is null || other is null) return false;
        foreach (var (_, same) in All)
            if (!same(one, other)) return false;
        return true;
    }

    /// <summary>The fields that differ, by their names in lines.yaml and in their order.</summary>
    public static IReadOnlyList<string> Fields(T one, T other) => Fields(one, other, null);

    /// <summary>The same but for a field that is not looked at.</summary>
    public static IReadOnlyList<string> Fields(T one, T other, string? except)
    {
        if (ReferenceEquals(one, other)) return [];
        var different = 0UL;
        for (var i = 0; i < All.Length; i++)
            if (All[i].Name != except && !All[i].Same(one, other)) different |= 1UL << i;
        return different == 0 ? [] : Lists.GetOrAdd(different, static which => [.. All.Where((_, i) => (which >> i & 1) != 0).Select(static one => one.Name)]);
    }
}

/// <summary>How the values of one field are compared.</summary>
internal static class FieldComparison
{
    /// <summary>The comparison of a property of two objects.</summary>
    public static Func<T, T, bool> Of<T>(PropertyInfo property) => Make<Func<T, T, bool>>(nameof(OfProperty), [typeof(T), property.PropertyType], property);

    private static Func<T, T, bool> OfProperty<T, TValue>(PropertyInfo property)
    {
        var get = property.GetMethod!.CreateDelegate<Func<T, TValue>>();
        var same = OfValues<TValue>();
        return (one, other) => same(get(one), get(other));
    }

    private static Func<TValue, TValue, bool> OfValues<TValue>()
    {
        var type = typeof(TValue);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ImmutableArray<>)) return Make<Func<TValue, TValue, bool>>(nameof(OfItems), type.GetGenericArguments());
        // What tells where it was written is not the same when it stands elsewhere.
        if (type.GetProperties().Any(static p => p.PropertyType == typeof(Written))) return Make<Func<TValue, TValue, bool>>(nameof(OfFields), [type]);
        return EqualityComparer<TValue>.Default.Equals;
    }

    private static Func<ImmutableArray<TItem>, ImmutableArray<TItem>, bool> OfItems<TItem>()
    {
        var same = OfValues<TItem>();
        return (one, other) =>
        {
            if (one == other) return true;
            var first = one.AsSpan();
            var second = other.AsSpan();
            if (first.Length != second.Length) return false;
            for (var i = 0; i < first.Length; i++)
                if (!same(first[i], second[i])) return false;
            return true;
        };
    }

    private static Func<TValue?, TValue?, bool> OfFields<TValue>()
        where TValue : class => FieldComparison<TValue>.Same;

    private static TResult Make<TResult>(string method, Type[] types, params object[] arguments) =>
        (TResult)typeof(FieldComparison).GetMethod(method, BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(types).Invoke(null, arguments)!;
}
