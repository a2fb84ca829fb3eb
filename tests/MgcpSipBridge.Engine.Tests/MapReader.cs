using System.Text;
using System.Text.RegularExpressions;
using MgcpSipBridge.Mgcp;

namespace MgcpSipBridge.Engine.Tests;

/// <summary>
/// How gateways read digit maps, written down once more by other means than the bridge's: every entry becomes a regular expression, and whether it may still match is
/// found by trying what could follow.
/// </summary>
internal sealed class MapReader
{
    private readonly string _text;
    private readonly bool _longest;
    private readonly Dictionary<string, Verdict> _verdicts = [];
    private readonly Regex[] _entries;
    private readonly Regex[] _beginnings;

    public MapReader(string map, DigitMapQuirks quirks)
    {
        _text = map;
        _longest = quirks.HasFlag(DigitMapQuirks.LongestMatch);
        var repeat = quirks.HasFlag(DigitMapQuirks.RepeatsAtLeastOnce) ? "+" : "*";
        var entries = map.Trim('(', ')').Split('|').Select(static entry => Elements(entry).ToArray()).ToArray();
        _entries = [.. entries.Select(entry => new Regex($"^{string.Concat(entry.Select(e => e.Set + (e.Repeats ? repeat : "")))}$"))];
        // A beginning of an entry: (a(b(c)?)?)? with the repeats in it.
        _beginnings = [.. entries.Select(entry =>
        {
            var text = new StringBuilder("^");
            foreach (var element in entry) text.Append("(?:").Append(element.Set).Append(element.Repeats ? repeat : "");
            return new Regex(text.Append(string.Concat(entry.Select(static _ => ")?"))).Append('$').ToString());
        })];
    }

    public enum Verdict
    {
        /// <summary>Nothing is reported yet.</summary>
        Waits,

        /// <summary>A match is reported.</summary>
        Matches,

        /// <summary>Nothing can match any more, which is reported, too.</summary>
        Over,
    }

    /// <summary>What the gateway does once all of this has been dialled.</summary>
    public Verdict Feed(string dialled)
    {
        if (_verdicts.TryGetValue(dialled, out var known)) return known;
        var matches = Array.Exists(_entries, entry => entry.IsMatch(dialled));
        var mayGrow = (!matches || _longest) && GoesOn(dialled);
        return _verdicts[dialled] = mayGrow ? Verdict.Waits : matches ? Verdict.Matches : Verdict.Over;
    }

    /// <summary>Whether a pause now is T-critical: only the timer is missing (RFC 3660 §2.2).</summary>
    public bool RunsShortPause(string dialled) => Array.Exists(_entries, entry => entry.IsMatch(dialled + "T"));

    public override string ToString() => _text;

    /// <summary>Whether an entry can still match after at least one more symbol.</summary>
    private bool GoesOn(string dialled) => Array.Exists(_beginnings, beginning => "0123456789*#T".Any(symbol => beginning.IsMatch(dialled + symbol)));

    private static IEnumerable<(string Set, bool Repeats)> Elements(string entry)
    {
        for (var i = 0; i < entry.Length; i++)
        {
            var end = entry[i] == '[' ? entry.IndexOf(']', i) : i;
            var set = entry[i] switch
            {
                'x' => "[0-9]",
                '[' => entry[i..(end + 1)],
                '*' => "\\*",
                var symbol => symbol.ToString(),
            };
            i = end;
            var repeats = i + 1 < entry.Length && entry[i + 1] == '.';
            if (repeats) i++;
            yield return (set, repeats);
        }
    }
}
