namespace MgcpSipBridge.CallFlows;

/// <summary>Text that was read by a person once and must stay so. <c>UPDATE_SNAPSHOTS=1</c> rewrites it.</summary>
internal static class Snapshot
{
    public static void Matches(string actual, string name, string source)
    {
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1")
        {
            // Only writing uses the source path: in a deterministic build it is mapped and leads nowhere.
            var folder = Path.GetDirectoryName(source)!;
            while (!File.Exists(Path.Combine(folder, "MgcpSipBridge.CallFlows.csproj"))) folder = Path.GetDirectoryName(folder)!;
            Directory.CreateDirectory(Path.Combine(folder, "Snapshots"));
            File.WriteAllText(Path.Combine(folder, "Snapshots", name + ".mmd"), actual);
            return;
        }

        var file = Path.Combine(AppContext.BaseDirectory, "Snapshots", name + ".mmd");
        Assert.True(File.Exists(file), $"no snapshot {name}: run with UPDATE_SNAPSHOTS=1 and review it");
        Assert.Equal(File.ReadAllText(file), actual);
    }
}
