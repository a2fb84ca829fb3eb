using System.Globalization;
using System.Text;
using MgcpSipBridge.Engine;

namespace MgcpSipBridge.Host.Demo;

/// <summary>Draws a call's ladder with plain characters: gateway on the left, bridge in the middle, peer on the right.</summary>
internal static class LadderText
{
    private const int Lane = 60;

    /// <summary>The ladder, a line per message, with seconds since the call began.</summary>
    public static string Draw(LadderView ladder)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{"",8} {"gateway",-Lane} {"bridge",-Lane} peer");
        foreach (var entry in ladder.Entries)
        {
            var left = entry.From == "gateway" || entry.To == "gateway";
            var toTheRight = entry.From == "gateway" || entry.To == "peer";
            var label = Label(entry);
            if (label.Length > Lane - 5) label = label[..(Lane - 6)] + "…";
            var arrow = toTheRight ? $"- {label} ".PadRight(Lane - 1, '-') + ">" : $"<- {label} ".PadRight(Lane, '-');
            text.AppendLine(CultureInfo.InvariantCulture, $"{(entry.At - ladder.Call.Started).TotalSeconds,8:0.000} {(left ? $"|{arrow}|" : $"|{"",Lane}|{arrow}|")}");
        }

        if (ladder.NotKept > 0) text.AppendLine(CultureInfo.InvariantCulture, $"… and {ladder.NotKept} messages that were not kept");
        return text.ToString();
    }

    // What tells one message from another at a glance: no versions, no domain that is the same in every line.
    private static string Label(LadderEntry entry)
    {
        var words = entry.FirstLine.Replace(" SIP/2.0", "", StringComparison.Ordinal).Replace("SIP/2.0 ", "", StringComparison.Ordinal).Split(' ');
        var first = entry.Protocol == "MGCP" && words.Length > 2 && words[2].Contains('@')
            ? $"{words[0]} {words[2].Split('@')[0]}"
            : entry.Protocol == "MGCP" && words.Length > 2 ? $"{words[0]} {string.Join(' ', words[2..])}" : string.Join(' ', words);
        return first + (entry.Detail.Length > 0 ? "  " + entry.Detail : "") + (entry.Repeated > 0 ? $"  (sent {entry.Repeated + 1} times)" : "");
    }
}
