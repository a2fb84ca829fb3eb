using System.Globalization;

namespace MgcpSipBridge.Benchmarks.Relay;

/// <summary>What a process's sockets cost outside of it, from the sizes that the kernel states.</summary>
internal static class KernelMemory
{
    // A UDP socket, its inode, directory entry and file, and its place in an epoll with the wait entry.
    private static readonly string[] Objects = ["UDP", "sock_inode_cache", "dentry", "filp", "eventpoll_epi", "eventpoll_pwq"];
    private const int WaitEntry = 64; // eventpoll_pwq where it is merged with others of its size

    /// <summary>Bytes of an idle UDP socket; null when the kernel does not tell.</summary>
    public static int? SocketBytes()
    {
        try
        {
            var sizes = File.ReadLines("/proc/slabinfo")
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(fields => fields.Length > 3 && Objects.Contains(fields[0]))
                .ToDictionary(fields => fields[0], fields => int.Parse(fields[3], CultureInfo.InvariantCulture));
            return sizes.ContainsKey("UDP") ? sizes.Values.Sum() + (sizes.ContainsKey("eventpoll_pwq") ? 0 : WaitEntry) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Files that a process has open.</summary>
    public static int Files(int pid) => Directory.GetFiles($"/proc/{pid}/fd").Length;

    /// <summary>Resident bytes of a process.</summary>
    public static long Resident(int pid)
    {
        var line = File.ReadLines($"/proc/{pid}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
