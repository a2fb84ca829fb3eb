using System.Collections.Immutable;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine;

/// <summary>
/// A call's messages in order, as they went over the wire; bounded, later ones are only counted. They are read when somebody asks: a call that nobody asks about
/// pays for nothing but the reference.
/// </summary>
internal sealed class Ladder(int limit)
{
    // Max2 and Timer B end what is sent again after about ten times; others may be less patient.
    private const int MaxTimesKept = 32;
    // A call of no special kind is told in about thirty, between two or three pairs of addresses.
    private readonly List<Kept> _messages = new(Math.Min(limit, 32));
    private readonly List<Ends> _ends = new(4);
    private List<Repeats>? _repeats;

    /// <summary>Messages that did not fit.</summary>
    public int NotKept { get; private set; }

    /// <summary>What has been kept, in words.</summary>
    public ImmutableArray<LadderEntry> Entries =>
        [.. _messages.Select((message, index) => LadderText.Of(Told(message)) with { Repeated = _repeats?.Find(r => r.Index == index)?.Count ?? 0 })];

    /// <summary>What has been kept, repeats at their own times.</summary>
    public ImmutableArray<TracedMessage> Messages =>
        [.. _messages.Select(Told).Concat((_repeats ?? []).SelectMany(r => r.At.Select(at => Told(_messages[r.Index]) with { At = at }))).OrderBy(message => message.At)];

    /// <summary>Adds a message.</summary>
    public void Add(in TracedMessage message)
    {
        if (_messages.Count < limit) _messages.Add(new Kept(message.At, message.Bytes, EndsOf(message), message.Inbound));
        else NotKept++;
    }

    /// <summary>Counts a message that was sent again.</summary>
    public void Repeat(in TracedMessage message)
    {
        var line = LadderText.FirstLine(message.Bytes.Span);
        for (var i = _messages.Count - 1; i >= 0; i--)
        {
            var known = _messages[i];
            if (known.Inbound != message.Inbound || _ends[known.Ends].Transport is null != message.IsMgcp || !LadderText.FirstLine(known.Bytes.Span).SequenceEqual(line)) continue;
            var repeats = _repeats?.Find(r => r.Index == i);
            if (repeats is null) (_repeats ??= []).Add(repeats = new Repeats(i));
            repeats.Add(message.At);
            return;
        }

        Add(message);
    }

    /// <summary>
    /// The call is over: what is kept for a while moves together. Dozens of buffers a call, each kept longer than the collector thinks anything is that was young, were
    /// most of what the collector had to follow.
    /// </summary>
    public void Settle()
    {
        var length = 0;
        foreach (var message in _messages) length += message.Bytes.Length;
        var texts = new byte[length];
        var at = 0;
        for (var i = 0; i < _messages.Count; i++)
        {
            var message = _messages[i];
            var text = texts.AsMemory(at, message.Bytes.Length);
            message.Bytes.CopyTo(text);
            _messages[i] = message with { Bytes = text };
            at += text.Length;
        }
    }

    private TracedMessage Told(Kept kept)
    {
        var ends = _ends[kept.Ends];
        return new TracedMessage(kept.At, kept.Inbound, ends.Transport, ends.Local, ends.Remote, kept.Bytes);
    }

    private int EndsOf(in TracedMessage message)
    {
        var ends = new Ends(message.Transport, message.Local, message.Remote);
        var known = _ends.IndexOf(ends);
        if (known >= 0) return known;
        _ends.Add(ends);
        return _ends.Count - 1;
    }

    private readonly record struct Kept(Instant At, ReadOnlyMemory<byte> Bytes, int Ends, bool Inbound);

    private readonly record struct Ends(SipTransport? Transport, NetAddress Local, NetAddress Remote);

    private sealed class Repeats(int index)
    {
        public int Index { get; } = index;

        public int Count { get; private set; }

        public List<Instant> At { get; } = [];

        public void Add(Instant at)
        {
            Count++;
            if (At.Count < MaxTimesKept) At.Add(at);
        }
    }
}

/// <summary>Turns a message into a ladder's entry.</summary>
internal static class LadderText
{
    private const int MaxLine = 160;

    /// <summary>The entry of a message.</summary>
    public static LadderEntry Of(TracedMessage message)
    {
        var other = message.IsMgcp ? "gateway" : "peer";
        var (from, to) = message.Inbound ? (other, "bridge") : ("bridge", other);
        return new LadderEntry(message.At, from, to, message.IsMgcp ? "MGCP" : "SIP", Text(FirstLine(message.Bytes.Span)), message.IsMgcp ? OfMgcp(message.Bytes.Span) : OfSip(message.Bytes.Span), 0);
    }

    /// <summary>The first line of a message.</summary>
    public static ReadOnlySpan<byte> FirstLine(ReadOnlySpan<byte> message)
    {
        var cursor = new ByteCursor(message);
        cursor.TryReadLine(out var first);
        return first;
    }

    private static string OfMgcp(ReadOnlySpan<byte> message)
    {
        var cursor = new ByteCursor(message);
        cursor.TryReadLine(out _);
        var detail = new List<string>();
        while (cursor.TryReadLine(out var line) && !line.IsEmpty && !line.SequenceEqual("."u8))
        {
            if (Matters(line) && detail.Count < 4) detail.Add(Text(line));
        }

        return string.Join("; ", detail);
    }

    private static string OfSip(ReadOnlySpan<byte> message)
    {
        var end = message.IndexOf("\r\n\r\n"u8);
        if (end < 0 || message.Length <= end + 4) return "";
        var cursor = new ByteCursor(message);
        while (cursor.TryReadLine(out var line) && !line.IsEmpty)
        {
            var colon = line.IndexOf((byte)':');
            if (colon < 0 || !IsContentType(line[..colon].TrimEnd((byte)' '))) continue;
            var type = line[(colon + 1)..];
            if (type.IndexOf((byte)';') is var parameters and >= 0) type = type[..parameters];
            type = type.Trim((byte)' ');
            return System.Text.Ascii.EqualsIgnoreCase(type, "application/sdp"u8) ? "with SDP" : $"with {Text(type)}";
        }

        return "with a body";
    }

    private static bool IsContentType(ReadOnlySpan<byte> name) => System.Text.Ascii.EqualsIgnoreCase(name, "Content-Type"u8) || System.Text.Ascii.EqualsIgnoreCase(name, "c"u8);

    private static bool Matters(ReadOnlySpan<byte> line) =>
        line.Length > 2 && (line[1] == (byte)':' && (line[0] | 0x20) is 'o' or 's' or 'r' or 'm' or 'e' || (line[2] == (byte)':' && (line[0] | 0x20) == 'r' && (line[1] | 0x20) == 'm'));

    private static string Text(ReadOnlySpan<byte> line) =>
        System.Text.Encoding.UTF8.GetString(line.Length > MaxLine ? line[..MaxLine] : line);
}
