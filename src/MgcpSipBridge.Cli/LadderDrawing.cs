using System.Globalization;
using System.Text;
using MgcpSipBridge.V1;

namespace MgcpSipBridge.Cli;

/// <summary>Draws a call's ladder with plain characters: gateway on the left, bridge in the middle, peer on the right.</summary>
internal static class LadderDrawing
{
    /// <summary>Width of a lane where there is room for it.</summary>
    public const int Lane = 60;

    // In less than that no message can be told from another.
    private const int LeastLane = 28;

    /// <summary>How wide the lanes are on a terminal of so many places, null where there is none; 0: there is no room for lanes, and messages are listed.</summary>
    public static int LaneIn(int? room) => Math.Min(Lane, ((room ?? int.MaxValue) - 15) / 2) is var lane and >= LeastLane ? lane : 0;

    /// <summary>The ladder, a line per message, with seconds since the call began.</summary>
    public static string Draw(Ladder ladder, int lane = Lane)
    {
        var text = new StringBuilder(Header(lane));
        foreach (var message in ladder.Messages) text.Append(Row(message, lane));
        if (ladder.NotKept > 0) text.Append(CultureInfo.InvariantCulture, $"… and {ladder.NotKept} messages that were not kept\n");
        return text.ToString();
    }

    /// <summary>Who is where.</summary>
    public static string Header(int lane = Lane) => lane == 0 ? "" : $"{"",8} {"gateway".PadRight(lane)} {"bridge".PadRight(lane)} peer\n";

    /// <summary>A message as a line.</summary>
    public static string Row(LadderMessage message, int lane = Lane)
    {
        if (lane == 0) return string.Create(CultureInfo.InvariantCulture, $"{message.Offset.ToTimeSpan().TotalSeconds,8:0.000} {message.From} > {message.To}: {Label(message)}\n");
        var left = message.From == "gateway" || message.To == "gateway";
        var toTheRight = message.From == "gateway" || message.To == "peer";
        var label = Label(message);
        if (label.Length > lane - 5) label = label[..(lane - 6)] + "…";
        var arrow = toTheRight ? $"- {label} ".PadRight(lane - 1, '-') + ">" : $"<- {label} ".PadRight(lane, '-');
        return string.Create(CultureInfo.InvariantCulture, $"{message.Offset.ToTimeSpan().TotalSeconds,8:0.000} {(left ? $"|{arrow}|" : $"|{new string(' ', lane)}|{arrow}|")}\n");
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
