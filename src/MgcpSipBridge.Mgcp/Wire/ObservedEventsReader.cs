namespace MgcpSipBridge.Mgcp;

/// <summary>
/// Walks ObservedEvents (O:) and breaks the three shapes of digit reports into one event per digit (RFC 3435 §3.2.2.12): single events
/// <c>D/5</c>, lists <c>D/5,D/0</c>, strings <c>D/8295555T</c>. NCS and others name digits in package L or without one.
/// </summary>
public ref struct ObservedEventsReader(ReadOnlySpan<byte> value)
{
    private MgcpEventReader _events = new(value);
    private MgcpEventView _current;
    private int _digit = -1;

    /// <summary>Whether a part of the list could not be read; reading stopped there.</summary>
    public readonly bool Failed => _events.Failed;

    /// <summary>
    /// Takes the next event. <paramref name="name"/> is the event's name, or one character of a string of digits.
    /// </summary>
    public bool TryNext(out MgcpEventView entry, out ReadOnlySpan<byte> name)
    {
        if (_digit < 0)
        {
            if (!_events.TryNext(out _current))
            {
                entry = default;
                name = default;
                return false;
            }

            if (IsDigitString(_current)) _digit = 0;
        }

        entry = _current;
        name = _current.Name;
        if (_digit < 0) return true;
        name = name.Slice(_digit, 1);
        if (++_digit == _current.Name.Length) _digit = -1;
        return true;
    }

    /// <summary>
    /// A string of digits has several symbols, a timer at its end only, and no parameters; <c>D/DD</c> is the event "digit duration" (RFC 3660
    /// §2.2), and names of other packages (<c>t38</c>) must not be taken for one.
    /// </summary>
    private static bool IsDigitString(MgcpEventView entry)
    {
        var name = entry.Name;
        if (name.Length < 2 || entry.Groups > 0) return false;
        var inDigitPackage = entry.Package is [(byte)'D' or (byte)'d'];
        if (!inDigitPackage && !entry.Package.IsEmpty && entry.Package is not [(byte)'L' or (byte)'l']) return false;
        var digits = 0;
        for (var i = 0; i < name.Length; i++)
        {
            var b = name[i];
            if (b is (byte)'*' or (byte)'#' or (>= (byte)'0' and <= (byte)'9')) digits++;
            else if (b is (byte)'T' or (byte)'t' && i == name.Length - 1) continue;
            else if ((b & 0xDF) is < 'A' or > 'D') return false;
        }

        return digits > 0 || (inDigitPackage && !System.Text.Ascii.EqualsIgnoreCase(name, "DD"u8));
    }
}
