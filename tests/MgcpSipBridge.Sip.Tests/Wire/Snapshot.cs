using System.Runtime.CompilerServices;

namespace MgcpSipBridge.Sip.Tests;

/// <summary>Text that is reviewed once and compared ever after; UPDATE_SNAPSHOTS=1 rewrites the file in the source tree.</summary>
internal static class Snapshot
{
    public static void Check(string name, string text, [CallerFilePath] string caller = "")
    {
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1")
        {
            var folder = Path.Combine(ProjectFolder(caller), "Snapshots");
            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Combine(folder, name + ".txt"), text);
            return;
        }

        var path = Path.Combine(AppContext.BaseDirectory, "Snapshots", name + ".txt");
        Assert.True(File.Exists(path), $"No snapshot {name}: run once with UPDATE_SNAPSHOTS=1 and review it.");
        Assert.Equal(File.ReadAllText(path), text);
    }

    private static string ProjectFolder(string file)
    {
        var folder = Path.GetDirectoryName(file)!;
        while (!Directory.EnumerateFiles(folder, "*.csproj").Any()) folder = Path.GetDirectoryName(folder)!;
        return folder;
    }
}
