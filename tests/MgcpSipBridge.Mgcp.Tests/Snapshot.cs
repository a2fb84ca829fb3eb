using System.Runtime.CompilerServices;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>Compares text with a reviewed file; <c>UPDATE_SNAPSHOTS=1</c> writes it anew.</summary>
internal static class Snapshot
{
    public static void Match(string actual, string path, [CallerFilePath] string source = "")
    {
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1")
        {
            File.WriteAllText(Path.Combine(Path.GetDirectoryName(source)!, "..", "..", path), actual);
            return;
        }

        Assert.Equal(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, path)), actual);
    }
}
