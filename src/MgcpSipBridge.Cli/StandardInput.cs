using System.Text;

namespace MgcpSipBridge.Cli;

/// <summary>What is typed or piped into the program: lines, of passwords and tokens, and what is left as a file.</summary>
internal sealed class StandardInput(Stream stream)
{
    /// <summary>The next line; null at the end. No byte after it is taken.</summary>
    public string? ReadLine()
    {
        var bytes = new List<byte>();
        while (stream.ReadByte() is var next and not '\n')
        {
            if (next < 0)
            {
                if (bytes.Count == 0) return null;
                break;
            }

            bytes.Add((byte)next);
        }

        return Encoding.UTF8.GetString([.. bytes]).TrimStart('\uFEFF').TrimEnd('\r');
    }

    /// <summary>All that is left.</summary>
    public async Task<byte[]> ReadAllAsync(CancellationToken cancel)
    {
        using var all = new MemoryStream();
        await stream.CopyToAsync(all, cancel);
        return all.ToArray();
    }
}
