namespace MgcpSipBridge.Host.Configuration;

/// <summary>Finds the name that somebody who mistyped probably meant.</summary>
internal static class Suggestion
{
    /// <summary>The nearest of the known names, or null when none is near.</summary>
    public static string? Nearest(string written, IEnumerable<string> known)
    {
        string? best = null;
        var least = Math.Max(2, written.Length / 3) + 1;
        foreach (var name in known)
        {
            var distance = Distance(written.ToUpperInvariant(), name.ToUpperInvariant());
            if (distance >= least) continue;
            least = distance;
            best = name;
        }

        return best;
    }

    /// <summary><c>; did you mean X?</c>, or else the list of what is known.</summary>
    public static string Hint(string written, IReadOnlyCollection<string> known) => Nearest(written, known) is { } nearest
        ? $"; did you mean {nearest}?"
        : known.Count is > 0 and <= 16 ? $"; known here: {string.Join(", ", known)}" : "";

    // Optimal string alignment: insertions, deletions, replacements and swapped neighbours count one each.
    private static int Distance(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++) d[i, 0] = i;
        for (var j = 0; j <= b.Length; j++) d[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
            for (var j = 1; j <= b.Length; j++)
            {
                var replace = d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                d[i, j] = Math.Min(replace, Math.Min(d[i - 1, j], d[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }

        return d[a.Length, b.Length];
    }
}
