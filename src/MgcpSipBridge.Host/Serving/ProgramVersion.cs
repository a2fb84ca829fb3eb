using System.Reflection;

namespace MgcpSipBridge.Host.Serving;

/// <summary>What program this is.</summary>
internal static class ProgramVersion
{
    private static readonly string[] Parts =
        (typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0").Split('+');

    /// <summary>Version: <c>0.1.0</c>.</summary>
    public static string Version => Parts[0];

    /// <summary>Commit that it was built from, shortened; <c>unknown</c> outside a repository.</summary>
    public static string Revision => Parts.Length > 1 ? Parts[1][..Math.Min(12, Parts[1].Length)] : "unknown";
}
