using MgcpSipBridge.Host.Verbs;

namespace MgcpSipBridge.Host;

/// <summary>The bridge's process.</summary>
public static class Program
{
    /// <summary>Runs the verb that the arguments name.</summary>
    public static Task<int> Main(string[] args) => BridgeCommands.RunAsync(args, Console.Out, Console.Error);
}
