using System.Text;
using Microsoft.Win32.SafeHandles;

namespace MgcpSipBridge.Cli;

/// <summary>The operator's command line.</summary>
public static class Program
{
    /// <summary>Runs the verb that the arguments name.</summary>
    public static Task<int> Main(string[] args)
    {
        // The console's own writer says nothing when nobody reads any more; what goes on until interrupted would go on for ever.
        if (Console.IsOutputRedirected && !OperatingSystem.IsWindows())
            Console.SetOut(new StreamWriter(new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0), new UTF8Encoding(false)) { AutoFlush = true });
        return Commands.RunAsync(args, Console.Out, Console.Error);
    }
}
