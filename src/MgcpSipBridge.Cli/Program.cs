using System.Text;
using Microsoft.Win32.SafeHandles;

namespace MgcpSipBridge.Cli;

/// <summary>The operator's command line.</summary>
public static class Program
{
    /// <summary>Runs the verb that the arguments name.</summary>
    public static Task<int> Main(string[] args)
    {
        if (Console.IsOutputRedirected && !OperatingSystem.IsWindows())
        {
            // The console's own writer says nothing when nobody reads a pipe any more; what goes on until interrupted would go on for ever. A file stays the console's: a stream of ours
            // would write at places of its own, over what other programs add to the file.
            var pipe = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            if (!pipe.CanSeek) Console.SetOut(new StreamWriter(pipe, new UTF8Encoding(false)) { AutoFlush = true });
        }

        return Commands.RunAsync(args, Console.Out, Console.Error);
    }
}
