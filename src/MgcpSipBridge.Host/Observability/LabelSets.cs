using System.Collections.Concurrent;

namespace MgcpSipBridge.Host.Observability;

/// <summary>
/// The children of a metric by their labels, for those that every call counts a dozen times: to find one by the library's own way means an array of names and a
/// lock at each step. Only for labels out of a closed set, or of the configuration: none is ever forgotten.
/// </summary>
/// <param name="make">Finds a child in the library.</param>
internal sealed class LabelSets<TLabels, TChild>(Func<TLabels, TChild> make)
    where TLabels : notnull
{
    private readonly ConcurrentDictionary<TLabels, TChild> _children = new();

    /// <summary>The child with these labels.</summary>
    public TChild this[TLabels labels] => _children.GetOrAdd(labels, make);
}
