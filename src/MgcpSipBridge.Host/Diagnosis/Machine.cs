using System.Globalization;
using System.Net;

namespace MgcpSipBridge.Host.Diagnosis;

/// <summary>What a doctor looks at beside the bridge itself, so that a test can be a sick machine.</summary>
/// <param name="Read">The text of a file of the system; null when there is none.</param>
/// <param name="Resolve">The addresses of a name; empty when it has none.</param>
/// <param name="FreeBytes">Room on the disk of a path; null when it cannot be told.</param>
internal sealed record Machine(Func<string, string?> Read, Func<string, CancellationToken, Task<IReadOnlyList<IPAddress>>> Resolve, Func<string, long?> FreeBytes)
{
    /// <summary>This one.</summary>
    public static readonly Machine Real = new(ReadFile, ResolveName, Room);

    /// <summary>A number in a file of the system.</summary>
    public long? Number(string file) => long.TryParse(Read(file)?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string? ReadFile(string file)
    {
        try
        {
            return File.Exists(file) ? File.ReadAllText(file) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static async Task<IReadOnlyList<IPAddress>> ResolveName(string name, CancellationToken cancel)
    {
        try
        {
            return await Dns.GetHostAddressesAsync(name, cancel);
        }
        catch (Exception e) when (e is System.Net.Sockets.SocketException or ArgumentException)
        {
            return [];
        }
    }

    private static long? Room(string path)
    {
        try
        {
            return new DriveInfo(Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/").AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
