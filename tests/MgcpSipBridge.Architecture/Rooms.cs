using System.Reflection;
using System.Runtime.CompilerServices;

namespace MgcpSipBridge.Architecture;

/// <summary>The rooms of the house and what each may use (src/ARCHITECTURE.md).</summary>
internal static class Rooms
{
    /// <summary>Every project of src with the projects it references: no fewer, no more.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> Arrows = new Dictionary<string, string[]>
    {
        ["SansIo"] = [],
        ["Mgcp"] = ["SansIo"],
        ["Sip"] = ["SansIo"],
        ["Media"] = ["SansIo"],
        ["Calls"] = ["Media", "SansIo"],
        ["Engine"] = ["Calls", "Media", "Mgcp", "SansIo", "Sip"],
        ["Relay"] = ["Media", "SansIo"],
        ["Simulator"] = ["Engine", "Media", "SansIo"],
        ["Host"] = ["Calls", "Engine", "Media", "Mgcp", "Relay", "SansIo", "Simulator", "Sip"],
        ["Cli"] = [],
    };

    /// <summary>Rooms without sockets, threads, clock, chance and log.</summary>
    public static readonly string[] Pure = ["SansIo", "Mgcp", "Sip", "Media", "Calls", "Engine", "Simulator"];

    public static TheoryData<string> PureRooms => [.. Pure];

    public static string AssemblyPath(string room) => Path.Combine(AppContext.BaseDirectory, $"MgcpSipBridge.{room}.dll");

    public static Assembly Load(string room) => Assembly.LoadFrom(AssemblyPath(room));

    /// <summary>Whether the compiler made the member, or the type around it: closures, iterators, backing fields.</summary>
    public static bool IsGenerated(MemberInfo member)
    {
        for (var at = member; at is not null; at = at.DeclaringType)
            if (at.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false) || at.Name.StartsWith('<')) return true;
        return false;
    }
}
