using System.Runtime.CompilerServices;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Compares text with a reviewed file; <c>UPDATE_SNAPSHOTS=1</c> rewrites it.</summary>
internal static class Snapshot
{
    public static void Matches(string name, string actual, [CallerFilePath] string caller = "")
    {
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1")
        {
            var folder = Path.Combine(Path.GetDirectoryName(caller)!, "Snapshots");
            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Combine(folder, name), actual);
            return;
        }

        var file = Path.Combine(AppContext.BaseDirectory, "Snapshots", name);
        Assert.Equal(File.Exists(file) ? File.ReadAllText(file) : "(no snapshot: run with UPDATE_SNAPSHOTS=1)", actual);
    }
}
