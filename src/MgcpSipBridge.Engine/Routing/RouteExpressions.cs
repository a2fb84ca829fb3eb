using System.Text.RegularExpressions;

namespace MgcpSipBridge.Engine;

/// <summary>Expressions of routes, each made ready once: that takes most of a millisecond, and whoever checks routes and whoever puts them in force need the same ones.</summary>
public sealed class RouteExpressions
{
    private readonly Dictionary<string, Regex> _ready = new(StringComparer.Ordinal);

    /// <summary>An expression that stands for a whole number. Takes time that grows with the number alone.</summary>
    /// <exception cref="ArgumentException">It is no regular expression.</exception>
    /// <exception cref="NotSupportedException">It needs backtracking.</exception>
    public Regex Whole(string regex)
    {
        if (!_ready.TryGetValue(regex, out var ready)) _ready[regex] = ready = new Regex($"^(?:{regex})\\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        return ready;
    }
}
