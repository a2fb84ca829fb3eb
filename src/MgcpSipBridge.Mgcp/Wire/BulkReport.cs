using System.Globalization;
using System.Text;

namespace MgcpSipBridge.Mgcp;

/// <summary>What a bulk audit says of an endpoint (RFC 3624 §2.1.1).</summary>
/// <param name="Name">Local name.</param>
/// <param name="State">T when one of the states that were asked for is the endpoint's, F when none is, O out of service; null when it is not told.</param>
/// <param name="Connections">How many connections it has, 16 for more than 15; null when it is not told.</param>
internal readonly record struct BulkEntry(string Name, char? State, int? Connections);

/// <summary>Reads the answers to bulk audits (RFC 3624). Linear; names are bounded, for ranges say much in few bytes.</summary>
internal static class BulkReport
{
    /// <summary>Names read at most.</summary>
    public const int MaxNames = 4096;

    /// <summary>
    /// The endpoints that are reported (BA/EL:) with their states (BA/S:) and connection counts (BA/C:), each list spread over any number of lines (§2.1.2).
    /// </summary>
    public static List<BulkEntry> ReadStates(in MgcpResponse response)
    {
        List<string> names = [];
        StringBuilder states = new();
        StringBuilder counts = new();
        foreach (var line in response.Parameters)
        {
            if (Ascii.EqualsIgnoreCase(line.Name, "BA/EL"u8)) AddNames(line.Value, names);
            else if (Ascii.EqualsIgnoreCase(line.Name, "BA/S"u8)) Add(line.Value, states);
            else if (Ascii.EqualsIgnoreCase(line.Name, "BA/C"u8)) Add(line.Value, counts);
        }

        List<BulkEntry> entries = [];
        // A list that is not as long as the names says nothing of anybody: whose letter would be whose?
        var hasStates = states.Length == names.Count;
        var hasCounts = counts.Length == names.Count;
        for (var i = 0; i < names.Count; i++)
        {
            entries.Add(new BulkEntry(names[i], hasStates ? states[i] : null, hasCounts ? Count(counts[i]) : null));
        }

        return entries;
    }

    /// <summary>The names of a list of endpoints (BA/Z:), ranges spelt out.</summary>
    public static List<string> ReadNames(in MgcpResponse response)
    {
        List<string> names = [];
        foreach (var line in response.Parameters)
        {
            if (Ascii.EqualsIgnoreCase(line.Name, "BA/Z"u8)) AddNames(line.Value, names);
        }

        return names;
    }

    /// <summary>Where the audit goes on (BA/NE:), for what did not fit; null when it is complete.</summary>
    public static string? ReadNext(in MgcpResponse response)
    {
        foreach (var line in response.Parameters)
        {
            if (Ascii.EqualsIgnoreCase(line.Name, "BA/NE"u8) && IsName(line.Value)) return Encoding.ASCII.GetString(line.Value);
        }

        return null;
    }

    /// <summary><c>aaln/[1-10], ds/ds1-[1-3]/[1,3-5]</c>: commas in brackets do not separate. Virtual endpoints (<c>cnf/*</c>) have no names.</summary>
    public static void AddNames(ReadOnlySpan<byte> list, List<string> names)
    {
        while (!list.IsEmpty && names.Count < MaxNames)
        {
            var end = 0;
            for (var inBrackets = false; end < list.Length && (inBrackets || list[end] != ','); end++)
            {
                if (list[end] is (byte)'[') inBrackets = true;
                if (list[end] is (byte)']') inBrackets = false;
            }

            var name = list[..end].Trim(" \t"u8);
            list = list[Math.Min(end + 1, list.Length)..];
            // RFC 3624's own examples repeat the parameter's name inside its value.
            var colon = name.IndexOf((byte)':');
            if (colon >= 0) name = name[(colon + 1)..].Trim(" \t"u8);
            if (name.IndexOfAny((byte)'*', (byte)'$') < 0 && name.Length is > 0 and <= MgcpEndpointName.MaxPartBytes) Expand("", Encoding.ASCII.GetString(name), names);
        }
    }

    private static void Expand(string head, string rest, List<string> names)
    {
        var open = rest.IndexOf('[', StringComparison.Ordinal);
        var close = open < 0 ? -1 : rest.IndexOf(']', open);
        if (close < 0)
        {
            var name = head + rest;
            if (names.Count < MaxNames && IsName(Encoding.ASCII.GetBytes(name))) names.Add(name);
            return;
        }

        foreach (var range in rest[(open + 1)..close].Split(','))
        {
            var ends = range.Split('-');
            if (!uint.TryParse(ends[0].Trim(), NumberStyles.None, null, out var first) || !uint.TryParse(ends[^1].Trim(), NumberStyles.None, null, out var last)) continue;
            for (var number = (ulong)first; number <= last && names.Count < MaxNames; number++)
            {
                var before = names.Count;
                Expand($"{head}{rest.AsSpan(0, open)}{number}", rest[(close + 1)..], names);
                // What cannot become a name with this number cannot with the next.
                if (names.Count == before) break;
            }
        }
    }

    private static bool IsName(ReadOnlySpan<byte> local) =>
        MgcpEndpointName.TryParse([.. local, .. "@x"u8], out var name) && !name.IsWildcard && name.Local.IndexOf((byte)']') < 0;

    private static void Add(ReadOnlySpan<byte> value, StringBuilder letters)
    {
        foreach (var b in value)
        {
            if (letters.Length <= MaxNames && char.IsAsciiLetterOrDigit((char)b)) letters.Append(char.ToUpperInvariant((char)b));
        }
    }

    private static int? Count(char digit) => digit == 'Z' ? 16 : char.IsAsciiHexDigit(digit) ? int.Parse([digit], NumberStyles.AllowHexSpecifier, null) : null;
}
