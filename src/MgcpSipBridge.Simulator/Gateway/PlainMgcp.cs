using System.Globalization;
using System.Text;

namespace MgcpSipBridge.Simulator;

/// <summary>
/// An MGCP message as plain text (RFC 3435 §3, Appendix A), read and written here without any help from the product, so that the two
/// cannot share a mistake. Slow and simple on purpose.
/// </summary>
public sealed class PlainMgcp
{
    /// <summary>Verb in upper case; null in a response.</summary>
    public string? Verb { get; init; }

    /// <summary>Response code; 0 also for the acknowledgement 000, see <see cref="IsResponse"/>.</summary>
    public int Code { get; init; }

    /// <summary>Transaction id as written.</summary>
    public required string TransactionId { get; init; }

    /// <summary>Local endpoint name as written; empty in a response.</summary>
    public string Endpoint { get; init; } = "";

    /// <summary>Domain after the '@'; empty in a response.</summary>
    public string Domain { get; init; } = "";

    /// <summary>Version text: <c>MGCP 1.0</c> with a profile if there is one; in a response, the comment.</summary>
    public string Tail { get; init; } = "";

    /// <summary>Parameter lines in order, names in upper case.</summary>
    public List<(string Name, string Value)> Parameters { get; } = [];

    /// <summary>Session descriptions after the first empty line, CRLF line ends; empty when there is none.</summary>
    public string Description { get; init; } = "";

    /// <summary>Whether an empty line announced a description, even if nothing follows.</summary>
    public bool AnnouncesDescription { get; init; }

    /// <summary>The message as it stood in the datagram.</summary>
    public required string Text { get; init; }

    /// <summary>Whether it is a response.</summary>
    public bool IsResponse => Verb is null;

    /// <summary>First line as written.</summary>
    public string FirstLine => Text[..Text.AsSpan().IndexOfAny('\r', '\n')].TrimEnd();

    /// <summary>The transaction id as a number: leading zeros mean nothing (§3.2.1.2).</summary>
    public int Number => int.TryParse(TransactionId, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;

    /// <summary>A parameter's value; null when the line is not there.</summary>
    public string? this[string name]
    {
        get
        {
            foreach (var (key, value) in Parameters)
                if (key == name) return value;
            return null;
        }
    }

    /// <summary>Reads every message of a datagram (§3.5.5); what cannot be read is said in <paramref name="complaints"/>.</summary>
    public static List<PlainMgcp> ReadAll(ReadOnlySpan<byte> datagram, List<string> complaints)
    {
        var text = Encoding.UTF8.GetString(datagram);
        var messages = new List<PlainMgcp>();
        var lines = SplitLines(text);
        var current = new List<string>();
        foreach (var line in lines)
        {
            if (line == ".")
            {
                Add();
                continue;
            }

            current.Add(line);
        }

        Add();
        if (messages.Count == 0 && complaints.Count == 0) complaints.Add("a datagram without a message");
        return messages;

        void Add()
        {
            if (current.Count > 0 && Read(current, complaints) is { } message) messages.Add(message);
            current.Clear();
        }
    }

    /// <summary>Splits a comma-separated list where no parenthesis and no quote is open; blanks around the items go.</summary>
    public static List<string> SplitList(string list, char separator = ',')
    {
        var items = new List<string>();
        var depth = 0;
        var quoted = false;
        var start = 0;
        for (var i = 0; i <= list.Length; i++)
        {
            var c = i == list.Length ? separator : list[i];
            if (c == '"') quoted = !quoted;
            else if (!quoted && c is '(' or '[') depth++;
            else if (!quoted && c is ')' or ']') depth--;
            if (c != separator || (i < list.Length && (quoted || depth > 0))) continue;
            var item = list[start..i].Trim(' ', '\t');
            if (item.Length > 0) items.Add(item);
            start = i + 1;
        }

        return items;
    }

    private static List<string> SplitLines(string text)
    {
        var lines = new List<string>();
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is not ('\r' or '\n')) continue;
            lines.Add(text[start..i]);
            if (text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n') i++;
            start = i + 1;
        }

        if (start < text.Length) lines.Add(text[start..]);
        return lines;
    }

    private static PlainMgcp? Read(List<string> lines, List<string> complaints)
    {
        var text = string.Join("\r\n", lines) + "\r\n";
        var first = lines[0].Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (first.Length < 2 || !first[1].All(char.IsAsciiDigit) || first[1].Length > 9)
        {
            complaints.Add($"neither command nor response: \"{lines[0]}\"");
            return null;
        }

        var empty = lines.FindIndex(1, line => line.Trim(' ', '\t').Length == 0);
        var description = empty < 0 ? "" : string.Concat(lines.Skip(empty + 1).Select(line => line + "\r\n"));
        PlainMgcp message;
        if (first[0].Length == 3 && first[0].All(char.IsAsciiDigit))
        {
            message = new PlainMgcp
            {
                Code = int.Parse(first[0], CultureInfo.InvariantCulture),
                TransactionId = first[1],
                Tail = string.Join(' ', first.Skip(2)),
                Description = description,
                AnnouncesDescription = empty >= 0,
                Text = text,
            };
        }
        else
        {
            var at = first.Length < 3 ? -1 : first[2].LastIndexOf('@');
            if (first.Length < 5 || at <= 0)
            {
                complaints.Add($"a command line needs verb, transaction, endpoint@domain and version: \"{lines[0]}\"");
                return null;
            }

            message = new PlainMgcp
            {
                Verb = first[0].ToUpperInvariant(),
                TransactionId = first[1],
                Endpoint = first[2][..at],
                Domain = first[2][(at + 1)..],
                Tail = string.Join(' ', first.Skip(3)),
                Description = description,
                AnnouncesDescription = empty >= 0,
                Text = text,
            };
        }

        foreach (var line in lines.Take(empty < 0 ? lines.Count : empty).Skip(1))
        {
            var colon = line.IndexOf(':');
            if (colon <= 0) complaints.Add($"a parameter line without a name: \"{line}\"");
            else message.Parameters.Add((line[..colon].Trim(' ', '\t').ToUpperInvariant(), line[(colon + 1)..].Trim(' ', '\t')));
        }

        return message;
    }
}
