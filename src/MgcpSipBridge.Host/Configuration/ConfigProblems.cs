namespace MgcpSipBridge.Host.Configuration;

/// <summary>Where something was written: a file with line and column (both from 1), or another source in words (line 0).</summary>
internal readonly record struct Place(string Source, int Line = 0, int Column = 0)
{
    /// <summary>What nobody wrote: a default.</summary>
    public static readonly Place Default = new("default");

    /// <inheritdoc/>
    public override string ToString() => Line == 0 ? Source : $"{Source}:{Line}:{Column}";
}

/// <summary>One thing that is wrong with the configuration.</summary>
/// <param name="Place">Where it was written.</param>
/// <param name="Path">The setting or field: <c>Sip:Listen:0</c>, <c>gateways[0].lines[1].peer</c>; empty for the file as a whole.</param>
/// <param name="Message">What is wrong, and what would be right.</param>
internal sealed record ConfigProblem(Place Place, string Path, string Message)
{
    /// <summary><c>file:line:column: path: message</c>, as compilers write it.</summary>
    public override string ToString() => Path.Length == 0 ? $"{Place}: {Message}" : $"{Place}: {Path}: {Message}";
}

/// <summary>Collects every problem, so that all are reported at once.</summary>
internal sealed class ConfigProblems
{
    private readonly List<ConfigProblem> _items = [];
    private readonly HashSet<ConfigProblem> _known = [];

    /// <summary>All problems, in the order of their places.</summary>
    public IReadOnlyList<ConfigProblem> Items =>
        [.. _items.Select((problem, order) => (problem, order))
            .OrderBy(x => x.problem.Place.Source, StringComparer.Ordinal).ThenBy(x => x.problem.Place.Line).ThenBy(x => x.problem.Place.Column).ThenBy(x => x.order)
            .Select(x => x.problem)];

    /// <summary>Whether there is none.</summary>
    public bool None => _items.Count == 0;

    /// <summary>Notes one.</summary>
    public void Add(Place place, string path, string message)
    {
        var problem = new ConfigProblem(place, path, message);
        if (_known.Add(problem)) _items.Add(problem);
    }

    /// <summary>Notes all that others have collected.</summary>
    public void Add(ConfigProblems others)
    {
        foreach (var (place, path, message) in others._items) Add(place, path, message);
    }
}
