using System.Text.RegularExpressions;

namespace MgcpSipBridge.Engine;

/// <summary>Expressions of routes, each made ready once: that takes most of a millisecond, and whoever checks routes and whoever puts them in force need the same ones.</summary>
/// <param name="before">Others, which do not change any more: what they have made ready is taken over when it is asked for.</param>
public sealed class RouteExpressions(RouteExpressions? before = null)
{
    private readonly Dictionary<string, Regex> _ready = new(StringComparer.Ordinal);
    private RouteExpressions? _before = before;

    /// <summary>An expression that stands for a whole number. Takes time that grows with the number alone.</summary>
    /// <exception cref="ArgumentException">It is no regular expression.</exception>
    /// <exception cref="NotSupportedException">It needs backtracking.</exception>
    public Regex Whole(string regex)
    {
        if (_ready.TryGetValue(regex, out var ready)) return ready;
        ready = _before?._ready.GetValueOrDefault(regex) ?? new Regex($"^(?:{regex})\\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        return _ready[regex] = ready;
    }

    /// <summary>Lets go of those before: all that is needed has been asked for.</summary>
    internal RouteExpressions Complete()
    {
        _before = null;
        return this;
    }
}
