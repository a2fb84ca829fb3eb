using System.Runtime.CompilerServices;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// The parameter lines of one message, in place. The first of each known name is found at once; those that may repeat (A:, I:, L:, Z: in
/// audit answers, RFC 3435 §3.3) and extensions are found by enumerating.
/// </summary>
public readonly ref struct MgcpParameters
{
    /// <summary>Lines that a command may have; the longest real one has under 20.</summary>
    public const int MaxCommandLines = 64;

    private readonly ReadOnlySpan<byte> _message;
    private readonly ReadOnlySpan<byte> _lines;
    private readonly Slots _slots;

    private MgcpParameters(ReadOnlySpan<byte> message, ReadOnlySpan<byte> lines, scoped in Slots slots)
    {
        _message = message;
        _lines = lines;
        _slots = slots;
    }

    /// <summary>Whether the parameter is there, perhaps with an empty value.</summary>
    public bool Has(MgcpParameter parameter) => _slots[(int)parameter] != 0;

    /// <summary>Its value without blanks around it; empty when it is absent too.</summary>
    public ReadOnlySpan<byte> this[MgcpParameter parameter]
    {
        get
        {
            var slot = _slots[(int)parameter];
            return _message.Slice((int)(slot >> 16), (int)(slot & 0xFFFF));
        }
    }

    /// <summary>Its value, when it is there.</summary>
    public bool TryGet(MgcpParameter parameter, out ReadOnlySpan<byte> value)
    {
        value = this[parameter];
        return Has(parameter);
    }

    /// <summary>All lines in their order; lines without ':' are left out.</summary>
    public Enumerator GetEnumerator() => new(_lines);

    /// <summary>
    /// Reads the lines after the first one. They end at an empty line, at the message's end or, with gateways that forget the empty line, at
    /// <c>v=</c>; what follows is the body. A response keeps what can be read of it (unknown or forbidden parameters are ignored, §3.3).
    /// </summary>
    internal static MgcpParseError Read(ReadOnlySpan<byte> message, int start, bool isResponse, out MgcpParameters parameters, out ReadOnlySpan<byte> body)
    {
        var slots = default(Slots);
        var error = MgcpParseError.None;
        var cursor = new ByteCursor(message[start..]);
        var end = message.Length;
        var lines = 0;
        while (true)
        {
            var lineStart = message.Length - cursor.Rest.Length;
            if (!cursor.TryReadLine(out var line)) break;
            var trimmed = line.Trim(" \t"u8);
            if (trimmed.IsEmpty || StartsBody(trimmed))
            {
                end = lineStart;
                if (!trimmed.IsEmpty) cursor = new ByteCursor(message[lineStart..]);
                break;
            }

            var failed = ReadLine(line, lineStart, isResponse, ref slots);
            if (failed == MgcpParseError.None && ++lines > MaxCommandLines && !isResponse) failed = MgcpParseError.TooManyParameters;
            if (error == MgcpParseError.None) error = failed;
        }

        body = SkipEmptyLines(cursor.Rest);
        parameters = new MgcpParameters(message, message[start..end], slots);
        return isResponse ? MgcpParseError.None : error;
    }

    private static MgcpParseError ReadLine(ReadOnlySpan<byte> line, int lineStart, bool isResponse, ref Slots slots)
    {
        var colon = line.IndexOf((byte)':');
        if (colon < 0) return MgcpParseError.BadParameterLine;
        var name = line[..colon].Trim(" \t"u8);
        if (name.IsEmpty) return MgcpParseError.BadParameterLine;
        var parameter = MgcpParameterNames.Parse(name);
        if (parameter == MgcpParameter.Extension) return !isResponse && name is [(byte)'X' or (byte)'x', (byte)'+', ..] ? MgcpParseError.CriticalExtension : MgcpParseError.None;
        ref var slot = ref slots[(int)parameter];
        if (slot != 0) return isResponse ? MgcpParseError.None : MgcpParseError.DuplicateParameter;
        var rest = line[(colon + 1)..];
        var lead = rest.IndexOfAnyExcept(" \t"u8);
        if (lead < 0) lead = rest.Length;
        var length = rest[lead..].TrimEnd(" \t"u8).Length;
        // A value never starts at 0, for a name stands before it: so 0 means absent.
        slot = ((uint)(lineStart + colon + 1 + lead) << 16) | (uint)length;
        return MgcpParseError.None;
    }

    private static bool StartsBody(ReadOnlySpan<byte> line) =>
        line[0] is (byte)'v' or (byte)'V' && line[1..].TrimStart(" \t"u8) is [(byte)'=', ..];

    private static ReadOnlySpan<byte> SkipEmptyLines(ReadOnlySpan<byte> text)
    {
        var content = text.IndexOfAnyExcept(" \t\r\n"u8);
        return content < 0 ? [] : text[content..];
    }

    [InlineArray(MgcpParameterNames.Count)]
    private struct Slots
    {
        private uint _first;
    }

    /// <summary>One parameter line.</summary>
    public readonly ref struct Line(MgcpParameter parameter, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        /// <summary>Which it is.</summary>
        public MgcpParameter Parameter { get; } = parameter;

        /// <summary>The name as written.</summary>
        public ReadOnlySpan<byte> Name { get; } = name;

        /// <summary>The value without blanks around it.</summary>
        public ReadOnlySpan<byte> Value { get; } = value;
    }

    /// <summary>Walks the lines.</summary>
    public ref struct Enumerator(ReadOnlySpan<byte> lines)
    {
        private ByteCursor _cursor = new(lines);

        /// <summary>The present line.</summary>
        public Line Current { get; private set; }

        /// <summary>Goes to the next line.</summary>
        public bool MoveNext()
        {
            while (_cursor.TryReadLine(out var line))
            {
                var colon = line.IndexOf((byte)':');
                if (colon < 0) continue;
                var name = line[..colon].Trim(" \t"u8);
                if (name.IsEmpty) continue;
                Current = new Line(MgcpParameterNames.Parse(name), name, line[(colon + 1)..].Trim(" \t"u8));
                return true;
            }

            return false;
        }
    }
}
