namespace MgcpSipBridge.Host;

/// <summary>The bridge's process.</summary>
public static class Program
{
    /// <summary>Runs the verb that the arguments name.</summary>
    public static int Main() => 1;
}
