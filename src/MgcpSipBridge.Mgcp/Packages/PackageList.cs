using System.Text;

namespace MgcpSipBridge.Mgcp;

/// <summary>PackageList (PL:, RFC 3435 §3.2.2.13): <c>L:1, G:1, D</c>; the first is the default package.</summary>
internal static class PackageList
{
    private const int MaxPackages = 64;

    /// <summary>
    /// The packages of all PL: lines as traits keep them, <c>L:1;G:1;D:0</c>, those of <paramref name="known"/> first (other endpoints of the gateway may have other
    /// packages). Without a line, <paramref name="known"/>.
    /// </summary>
    public static string Join(string known, in MgcpParameters parameters)
    {
        List<string> packages = [.. known.Split(';', StringSplitOptions.RemoveEmptyEntries)];
        foreach (var line in parameters)
        {
            if (line.Parameter != MgcpParameter.PackageList) continue;
            var options = new MgcpOptionReader(line.Value);
            while (packages.Count < MaxPackages && options.TryNext(out var name, out var version))
            {
                if (!IsName(name)) continue;
                var spelt = Encoding.ASCII.GetString(name).ToUpperInvariant() + ':';
                if (packages.Exists(one => one.StartsWith(spelt, StringComparison.Ordinal))) continue;
                // One without a version has version 0.
                var isNumber = version.Length is > 0 and <= 3 && version.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0;
                packages.Add(spelt + (isNumber ? Encoding.ASCII.GetString(version) : "0"));
            }
        }

        return string.Join(';', packages);
    }

    private static bool IsName(ReadOnlySpan<byte> name)
    {
        if (name.Length is 0 or > 32) return false;
        foreach (var b in name)
        {
            if (!char.IsAsciiLetterOrDigit((char)b) && b is not ((byte)'-' or (byte)'_' or (byte)'+')) return false;
        }

        return true;
    }
}
