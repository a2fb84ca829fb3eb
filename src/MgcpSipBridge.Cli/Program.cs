namespace MgcpSipBridge.Cli;

/// <summary>The operator's command line.</summary>
public static class Program
{
    /// <summary>Runs the verb that the arguments name.</summary>
    public static int Main() => 1;
}
