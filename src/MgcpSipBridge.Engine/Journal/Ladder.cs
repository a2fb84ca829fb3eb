using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Engine;

/// <summary>A call's messages in order; bounded, later ones are only counted.</summary>
internal sealed class Ladder(int limit)
{
    private readonly List<LadderEntry> _entries = [];

    /// <summary>Messages that did not fit.</summary>
    public int NotKept { get; private set; }

    /// <summary>Adds a message.</summary>
    public void Add(LadderEntry entry)
    {
        if (_entries.Count < limit) _entries.Add(entry);
        else NotKept++;
    }

    /// <summary>Counts a message that was sent again.</summary>
    public void Repeat(LadderEntry entry)
    {
        for (var i = _entries.Count - 1; i >= 0; i--)
        {
            var known = _entries[i];
            if (known.FirstLine != entry.FirstLine || known.From != entry.From || known.Protocol != entry.Protocol) continue;
            _entries[i] = known with { Repeated = known.Repeated + 1 };
            return;
        }

        Add(entry);
    }

    /// <summary>What has been kept.</summary>
    public ImmutableArray<LadderEntry> Entries => [.. _entries];
}

/// <summary>Turns a message into a ladder's entry.</summary>
internal static class LadderText
{
    private const int MaxLine = 160;

    /// <summary>A MGCP message between gateway and bridge.</summary>
    public static LadderEntry Mgcp(ReadOnlySpan<byte> message, bool fromGateway, Instant now)
    {
        var cursor = new ByteCursor(message);
        cursor.TryReadLine(out var first);
        var detail = new List<string>();
        while (cursor.TryReadLine(out var line) && !line.IsEmpty && !line.SequenceEqual("."u8))
        {
            if (Matters(line) && detail.Count < 4) detail.Add(Text(line));
        }

        var text = Text(first);
        return fromGateway
            ? new(now, "gateway", "bridge", "MGCP", text, string.Join("; ", detail), 0)
            : new(now, "bridge", "gateway", "MGCP", text, string.Join("; ", detail), 0);
    }

    /// <summary>A SIP message between bridge and peer.</summary>
    public static LadderEntry Sip(ReadOnlySpan<byte> message, bool fromPeer, Instant now)
    {
        var cursor = new ByteCursor(message);
        cursor.TryReadLine(out var first);
        var end = message.IndexOf("\r\n\r\n"u8);
        var detail = end >= 0 && message.Length > end + 4 ? "with SDP" : "";
        var text = Text(first);
        return fromPeer
            ? new(now, "peer", "bridge", "SIP", text, detail, 0)
            : new(now, "bridge", "peer", "SIP", text, detail, 0);
    }

    private static bool Matters(ReadOnlySpan<byte> line) =>
        line.Length > 2 && (line[1] == (byte)':' && (line[0] | 0x20) is 'o' or 's' or 'r' or 'm' or 'e' || (line[2] == (byte)':' && (line[0] | 0x20) == 'r' && (line[1] | 0x20) == 'm'));

    private static string Text(ReadOnlySpan<byte> line) =>
        System.Text.Encoding.UTF8.GetString(line.Length > MaxLine ? line[..MaxLine] : line);
}
