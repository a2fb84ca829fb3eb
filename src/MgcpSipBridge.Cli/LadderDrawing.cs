using System.Globalization;
using System.Text;
using MgcpSipBridge.V1;

namespace MgcpSipBridge.Cli;

/// <summary>Draws a call's ladder with plain characters: gateway on the left, bridge in the middle, peer on the right.</summary>
internal static class LadderDrawing
{
    private const int Lane = 60;

    /// <summary>The ladder, a line per message, with seconds since the call began.</summary>
    public static string Draw(Ladder ladder)
    {
        var text = new StringBuilder(Header);
        foreach (var message in ladder.Messages) text.Append(Row(message));
        if (ladder.NotKept > 0) text.Append(CultureInfo.InvariantCulture, $"… and {ladder.NotKept} messages that were not kept\n");
        return text.ToString();
    }

    /// <summary>Who is where.</summary>
    public static readonly string Header = string.Create(CultureInfo.InvariantCulture, $"{"",8} {"gateway",-Lane} {"bridge",-Lane} peer\n");

    /// <summary>A message as a line.</summary>
    public static string Row(LadderMessage message)
    {
        var left = message.From == "gateway" || message.To == "gateway";
        var toTheRight = message.From == "gateway" || message.To == "peer";
        var label = Label(message);
        if (label.Length > Lane - 5) label = label[..(Lane - 6)] + "…";
        var arrow = toTheRight ? $"- {label} ".PadRight(Lane - 1, '-') + ">" : $"<- {label} ".PadRight(Lane, '-');
        return string.Create(CultureInfo.InvariantCulture, $"{message.Offset.ToTimeSpan().TotalSeconds,8:0.000} {(left ? $"|{arrow}|" : $"|{"",Lane}|{arrow}|")}\n");
    }

    // What tells one message from another at a glance: no versions, no domain that is the same in every line.
    private static string Label(LadderMessage message)
    {
        var words = message.FirstLine.Replace(" SIP/2.0", "", StringComparison.Ordinal).Replace("SIP/2.0 ", "", StringComparison.Ordinal).Split(' ');
        var first = message.Protocol == "MGCP" && words.Length > 2
            ? $"{words[0]} {(words[2].Contains('@', StringComparison.Ordinal) ? words[2].Split('@')[0] : string.Join(' ', words[2..]))}"
            : string.Join(' ', words);
        return first + (message.Detail.Length > 0 ? "  " + message.Detail : "") + (message.Repeated > 0 ? $"  (sent {message.Repeated + 1} times)" : "");
    }
}
