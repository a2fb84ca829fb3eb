namespace MgcpSipBridge.Architecture;

/// <summary>What a pure room must not name. Wider than src/BannedSymbols.txt, which this includes.</summary>
internal static class Forbidden
{
    private static readonly BannedSymbol[] Listed = BannedSymbol.ReadList();

    // Only the address types of System.Net are values; the rest of it, and these, reach out of the process.
    private static readonly string[] Namespaces =
    [
        "System.Collections.Concurrent", "System.IO", "System.Net.Http", "System.Net.NetworkInformation", "System.Net.Sockets", "System.Threading",
        "System.Timers", "Microsoft.Extensions", "Microsoft.Win32", "System.Runtime.InteropServices.Marshalling",
    ];

    private static readonly string[] Types =
    [
        "System.Net.Dns", "System.Diagnostics.Process", "System.Diagnostics.Trace", "System.Diagnostics.Debug", "System.Diagnostics.Activity",
        "System.Diagnostics.Metrics.Meter", "System.GC", "System.TimeZoneInfo", "System.AppContext", "System.AppDomain",
    ];

    /// <summary>Whether a type (full name, nested ones after '+') is forbidden.</summary>
    public static bool Type(string name)
    {
        var space = name[..name.LastIndexOf('.')];
        var outermost = name.Split('+')[0];
        return Types.Contains(outermost)
            || Namespaces.Any(n => IsWithin(space, n))
            || Listed.Any(b => b.Kind == 'N' ? IsWithin(space, b.Name) : b.Kind == 'T' && b.Name == outermost);
    }

    /// <summary>Whether a member (type, dot, metadata name) is forbidden, whatever its parameters.</summary>
    public static bool Member(string name) => Listed.Any(b => b.Kind switch
    {
        'M' => b.Name.Split('(')[0] == name,
        'P' => Getter(b.Name) == name,
        _ => false,
    });

    private static string Getter(string property)
    {
        var dot = property.LastIndexOf('.');
        return $"{property[..dot]}.get_{property[(dot + 1)..]}";
    }

    private static bool IsWithin(string space, string root) =>
        space.StartsWith(root, StringComparison.Ordinal) && (space.Length == root.Length || space[root.Length] == '.');
}

/// <summary>A line of src/BannedSymbols.txt: <c>T:System.Random;Use Entropy</c>.</summary>
/// <param name="Kind">N namespace, T type, M method, P property.</param>
/// <param name="Name">Documentation id without its kind.</param>
/// <param name="Why">What to do instead.</param>
internal sealed record BannedSymbol(char Kind, string Name, string Why)
{
    public const string ListFile = "src/BannedSymbols.txt";

    public string Id => $"{Kind}:{Name}";

    public static BannedSymbol[] ReadList() =>
        [.. Repository.Read(ListFile).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse)];

    private static BannedSymbol Parse(string line)
    {
        var semicolon = line.IndexOf(';');
        if (semicolon < 3 || line[1] != ':' || semicolon == line.Length - 1)
            throw new FormatException($"{ListFile}: `{line}` is not KIND:NAME;WHY.");
        return new BannedSymbol(line[0], line[2..semicolon], line[(semicolon + 1)..]);
    }
}
