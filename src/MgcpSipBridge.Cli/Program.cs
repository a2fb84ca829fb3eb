namespace MgcpSipBridge.Cli;

/// <summary>The operator's command line.</summary>
public static class Program
{
    /// <summary>Runs the verb that the arguments name.</summary>
    public static Task<int> Main(string[] args) => Commands.RunAsync(args, Console.Out, Console.Error);
}
