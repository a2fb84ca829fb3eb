namespace MgcpSipBridge.Mgcp;

/// <summary>
/// One entry of a list of events or signals, in place: <c>[package/]name[@connection][(…)][(…)]</c> (RequestedEvents, SignalRequests,
/// ObservedEvents, DetectEvents, EventStates and embedded lists of RFC 3435 Appendix A). Text compares without regard to case.
/// </summary>
public readonly ref struct MgcpEventView
{
    internal MgcpEventView(
        ReadOnlySpan<byte> package, ReadOnlySpan<byte> name, ReadOnlySpan<byte> connection,
        ReadOnlySpan<byte> arguments, ReadOnlySpan<byte> moreArguments, int groups)
    {
        Package = package;
        Name = name;
        Connection = connection;
        Arguments = arguments;
        MoreArguments = moreArguments;
        Groups = groups;
    }

    /// <summary>Package; empty when the default package is meant.</summary>
    public ReadOnlySpan<byte> Package { get; }

    /// <summary>Event or signal: <c>hd</c>, <c>5</c>, <c>[0-9#*T]</c>, <c>all</c>, <c>8295555T</c>.</summary>
    public ReadOnlySpan<byte> Name { get; }

    /// <summary>What follows '@': a connection id, <c>*</c> or <c>$</c>; empty for the endpoint.</summary>
    public ReadOnlySpan<byte> Connection { get; }

    /// <summary>Inside of the first parentheses: actions in RequestedEvents, else parameters.</summary>
    public ReadOnlySpan<byte> Arguments { get; }

    /// <summary>Inside of the second parentheses: parameters in RequestedEvents.</summary>
    public ReadOnlySpan<byte> MoreArguments { get; }

    /// <summary>How many pairs of parentheses there are: 0, 1 or 2.</summary>
    public int Groups { get; }
}

/// <summary>
/// Walks a list of events or signals: separated by commas outside of parentheses and quotes, blanks anywhere. Allocates nothing; linear
/// in the list's length.
/// </summary>
public ref struct MgcpEventReader(ReadOnlySpan<byte> list)
{
    private ReadOnlySpan<byte> _rest = list;

    /// <summary>Whether a part of the list did not follow the grammar (parentheses or quotes left open, a third group): reading stopped there.</summary>
    public bool Failed { get; private set; }

    /// <summary>Takes the next entry; false at the end and at an error.</summary>
    public bool TryNext(out MgcpEventView entry)
    {
        entry = default;
        if (Failed) return false;
        _rest = _rest.TrimStart(" \t,"u8);
        if (_rest.IsEmpty) return false;
        var nameEnd = _rest.IndexOfAny((byte)'(', (byte)',');
        if (nameEnd < 0) nameEnd = _rest.Length;
        var name = _rest[..nameEnd].Trim(" \t"u8);
        _rest = _rest[nameEnd..];
        ReadOnlySpan<byte> first = default, second = default;
        var groups = 0;
        while (_rest is [(byte)'(', ..])
        {
            if (groups == 2 || !TryReadGroup(out var group)) return Fail();
            if (groups++ == 0) first = group;
            else second = group;
            _rest = _rest.TrimStart(" \t"u8);
        }

        if (!_rest.IsEmpty && _rest[0] != ',') return Fail();
        ReadOnlySpan<byte> connection = default;
        var at = name.IndexOf((byte)'@');
        if (at >= 0)
        {
            connection = name[(at + 1)..];
            name = name[..at];
        }

        var slash = name.IndexOf((byte)'/');
        var package = slash < 0 ? default : name[..slash];
        name = name[(slash + 1)..];
        if (name.IsEmpty) return Fail();
        entry = new MgcpEventView(package, name, connection, first, second, groups);
        return true;
    }

    private bool Fail()
    {
        Failed = true;
        return false;
    }

    /// <summary>Reads <c>(…)</c> with whatever is nested and quoted in it (a quote inside quotes is doubled, so it opens them again).</summary>
    private bool TryReadGroup(out ReadOnlySpan<byte> inside)
    {
        var depth = 0;
        var quoted = false;
        for (var i = 0; i < _rest.Length; i++)
        {
            var b = _rest[i];
            if (b == '"') quoted = !quoted;
            if (quoted) continue;
            if (b == '(') depth++;
            if (b != ')' || --depth > 0) continue;
            inside = _rest[1..i];
            _rest = _rest[(i + 1)..];
            return true;
        }

        inside = default;
        return false;
    }
}
