namespace MgcpSipBridge.Simulator;

/// <summary>One entry of RequestedEvents as text (RFC 3435 §2.3.3, §3.2.2.16).</summary>
/// <param name="Package">Package in upper case; null when none is written.</param>
/// <param name="Name">Event name in lower case, or a range in brackets, or <c>*</c>/<c>all</c>.</param>
/// <param name="Connection">Text after '@'; null for the endpoint itself.</param>
/// <param name="Actions">Action letters in upper case; N when none is written.</param>
/// <param name="Embedded">Text between the parentheses of action E; null for none.</param>
/// <param name="Parameters">Event parameters; null for none.</param>
public sealed record PlainRequestedEvent(
    string? Package,
    string Name,
    string? Connection,
    string Actions,
    string? Embedded,
    string? Parameters)
{
    /// <summary>Whether the entry asks for this event; a name without a package belongs to the default package.</summary>
    public bool Matches(string package, string name, string defaultPackage)
    {
        var wanted = Package ?? defaultPackage;
        if (wanted != "*" && !wanted.Equals(package, StringComparison.OrdinalIgnoreCase)) return false;
        if (Name is "*" or "all") return true;
        // RFC 3660 §2.2: X stands for any digit; a range in brackets lists digits, '#', '*', letters and T.
        if (Name == "x" && name.Length == 1 && char.IsAsciiDigit(name[0])) return true;
        if (!Name.StartsWith('[')) return Name.Equals(name, StringComparison.OrdinalIgnoreCase);
        if (name.Length != 1) return false;
        var symbol = char.ToLowerInvariant(name[0]);
        for (var i = 1; i < Name.Length - 1; i++)
        {
            if (i + 2 < Name.Length - 1 && Name[i + 1] == '-')
            {
                if (symbol >= Name[i] && symbol <= Name[i + 2]) return true;
                i += 2;
            }
            else if (Name[i] == symbol) return true;
        }

        return false;
    }
}

/// <summary>One entry of SignalRequests as text.</summary>
/// <param name="Package">Package in upper case; null when none is written.</param>
/// <param name="Name">Signal name in lower case.</param>
/// <param name="Connection">Text after '@'; null for the endpoint itself.</param>
/// <param name="Parameters">What stands between the parentheses, split at commas; empty for none.</param>
public sealed record PlainSignal(string? Package, string Name, string? Connection, IReadOnlyList<string> Parameters);

/// <summary>Reads R: and S: lists by the letter; a complaint names what is wrong.</summary>
public static class PlainEvents
{
    private const string KnownActions = "NADISEK";

    // RFC 3435 §2.3.3, table of legal pairs; N with E only in loop mode, which the caller checks.
    private static readonly string[] LegalPairs = ["NS", "NK", "SA", "SI", "AK", "AE", "DK", "KE", "KI", "NE"];

    /// <summary>Reads RequestedEvents.</summary>
    public static List<PlainRequestedEvent> ReadRequested(string list, List<string> complaints)
    {
        var result = new List<PlainRequestedEvent>();
        foreach (var item in PlainMgcp.SplitList(list))
        {
            var (name, groups) = SplitItem(item, complaints);
            var (package, bare, connection) = SplitName(name, complaints);
            var actions = "";
            string? embedded = null;
            if (groups.Count > 0)
            {
                foreach (var action in PlainMgcp.SplitList(groups[0]))
                {
                    var letter = char.ToUpperInvariant(action[0]);
                    if (!KnownActions.Contains(letter)) complaints.Add($"unknown action {action} in R: {item}");
                    if (letter == 'E')
                    {
                        if (action.Length < 4 || action[1] != '(' || !action.EndsWith(')')) complaints.Add($"an embedded request needs parentheses: {item}");
                        else embedded = action[2..^1];
                    }
                    else if (action.Length != 1) complaints.Add($"bad action {action} in R: {item}");

                    actions += letter;
                }
            }

            if (actions.Length == 2 && !LegalPairs.Any(pair => actions.Contains(pair[0]) && actions.Contains(pair[1])))
                complaints.Add($"523 bad combination of actions in R: {item}");
            if (actions.Length > 2) complaints.Add($"more than two actions in R: {item}");
            if (actions.Length == 0) actions = "N";
            if (actions.Contains('D') && !IsDialable(bare)) complaints.Add($"action D is for digits, letters and timers: {item}");
            result.Add(new PlainRequestedEvent(package, bare, connection, actions, embedded, groups.Count > 1 ? groups[1] : null));
        }

        Duplicates(result.Select(entry => $"{entry.Package}/{entry.Name}@{entry.Connection}"), "R", complaints);
        return result;
    }

    /// <summary>Reads SignalRequests.</summary>
    public static List<PlainSignal> ReadSignals(string list, List<string> complaints)
    {
        var result = new List<PlainSignal>();
        foreach (var item in PlainMgcp.SplitList(list))
        {
            var (name, groups) = SplitItem(item, complaints);
            var (package, bare, connection) = SplitName(name, complaints);
            if (groups.Count > 1) complaints.Add($"a signal has one list of parameters: {item}");
            result.Add(new PlainSignal(package, bare, connection, groups.Count == 0 ? [] : SplitParameters(groups[0])));
        }

        Duplicates(result.Select(entry => $"{entry.Package}/{entry.Name}@{entry.Connection}"), "S", complaints);
        return result;
    }

    /// <summary>Reads an embedded request's text into its three lists (RFC 3435 §2.3.3): R, then S, then D.</summary>
    public static (string? Requested, string? Signals, string? DigitMap) ReadEmbedded(string text, List<string> complaints)
    {
        string? requested = null, signals = null, map = null;
        var order = "";
        foreach (var part in PlainMgcp.SplitList(text))
        {
            if (part.Length < 3 || part[1] != '(' || !part.EndsWith(')'))
            {
                complaints.Add($"bad part of an embedded request: {part}");
                continue;
            }

            var letter = char.ToUpperInvariant(part[0]);
            order += letter;
            var inside = part[2..^1];
            if (letter == 'R') requested = inside;
            else if (letter == 'S') signals = inside;
            else if (letter == 'D') map = inside;
            else complaints.Add($"bad part of an embedded request: {part}");
        }

        // Appendix A gives the order; the gateway of the textbook takes no other.
        if (order is not ("R" or "S" or "D" or "RS" or "RD" or "SD" or "RSD")) complaints.Add($"an embedded request holds R, S, D in this order: {text}");
        return (requested, signals, map);
    }

    private static bool IsDialable(string name) =>
        name.StartsWith('[') || name is "x" or "*" or "#" || (name.Length == 1 && (char.IsAsciiDigit(name[0]) || "abcdt".Contains(name[0])));

    private static void Duplicates(IEnumerable<string> names, string list, List<string> complaints)
    {
        foreach (var group in names.GroupBy(name => name).Where(group => group.Count() > 1))
            complaints.Add($"{group.Key} stands twice in {list}:");
    }

    private static List<string> SplitParameters(string text)
    {
        // Empty positions count here (L/ci of old agents), unlike in lists.
        var result = new List<string>();
        var quoted = false;
        var depth = 0;
        var start = 0;
        for (var i = 0; i <= text.Length; i++)
        {
            if (i < text.Length)
            {
                if (text[i] == '"') quoted = !quoted;
                else if (!quoted && text[i] == '(') depth++;
                else if (!quoted && text[i] == ')') depth--;
                if (text[i] != ',' || quoted || depth > 0) continue;
            }

            result.Add(text[start..i].Trim());
            start = i + 1;
        }

        return result;
    }

    private static (string Name, List<string> Groups) SplitItem(string item, List<string> complaints)
    {
        var open = item.IndexOf('(');
        var name = (open < 0 ? item : item[..open]).Trim();
        var groups = new List<string>();
        var at = open < 0 ? item.Length : open;
        while (at < item.Length)
        {
            if (item[at] is ' ' or '\t')
            {
                at++;
                continue;
            }

            var close = item[at] == '(' ? Closing(item, at) : -1;
            if (close < 0)
            {
                complaints.Add($"unbalanced parentheses: {item}");
                break;
            }

            groups.Add(item[(at + 1)..close]);
            at = close + 1;
        }

        return (name, groups);
    }

    private static int Closing(string text, int open)
    {
        var depth = 0;
        var quoted = false;
        for (var i = open; i < text.Length; i++)
        {
            if (text[i] == '"') quoted = !quoted;
            else if (!quoted && text[i] == '(') depth++;
            else if (!quoted && text[i] == ')' && --depth == 0) return i;
        }

        return -1;
    }

    private static (string? Package, string Name, string? Connection) SplitName(string text, List<string> complaints)
    {
        string? connection = null;
        var at = text.IndexOf('@');
        if (at >= 0)
        {
            connection = text[(at + 1)..];
            text = text[..at];
        }

        var slash = text.IndexOf('/');
        var package = slash < 0 ? null : text[..slash].ToUpperInvariant();
        var name = (slash < 0 ? text : text[(slash + 1)..]).ToLowerInvariant();
        if (name.Length == 0 || package?.Length == 0) complaints.Add($"an event or signal without a name: {text}");
        return (package, name, connection);
    }
}
