using System.Text;

namespace MgcpSipBridge.Sip;

/// <summary>
/// A view over parameters <c>;name=value;flag</c> of a header value or a URI. Names are case-insensitive; blanks around ';' and '=' are
/// skipped; values may be quoted strings.
/// </summary>
/// <param name="text">The text from the first ';' on, or empty.</param>
public readonly ref struct SipParameters(ReadOnlySpan<byte> text)
{
    private readonly ReadOnlySpan<byte> _text = text;

    /// <summary>The text as it stands.</summary>
    public ReadOnlySpan<byte> Text => _text;

    /// <summary>Whether there is none.</summary>
    public bool IsEmpty => SipChars.Trim(_text).IsEmpty;

    /// <summary>Whether a parameter of that name is there, with or without a value.</summary>
    public bool Has(ReadOnlySpan<byte> name) => TryGet(name, out _);

    /// <summary>The first parameter of that name; the value is as it stands (quotes included), empty for a flag.</summary>
    public bool TryGet(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        foreach (var parameter in this)
        {
            if (!Ascii.EqualsIgnoreCase(parameter.Name, name)) continue;
            value = parameter.Value;
            return true;
        }

        value = default;
        return false;
    }

    /// <summary>The value with quotes and their escapes undone, or null.</summary>
    public string? TextOf(ReadOnlySpan<byte> name) => TryGet(name, out var value) ? SipText.Unquote(value) : null;

    /// <summary>The value as a number, or null if it is missing or none.</summary>
    public uint? NumberOf(ReadOnlySpan<byte> name) => TryGet(name, out var value) && SipChars.TryNumber(value, out var number) ? number : null;

    /// <summary>Walks the parameters in order.</summary>
    public Enumerator GetEnumerator() => new(_text);

    /// <summary>Whether every parameter has a name that is a token, and quoted strings end.</summary>
    internal bool AreWellFormed()
    {
        foreach (var parameter in this)
        {
            if (!SipChars.IsToken(parameter.Name)) return false;
            var value = parameter.Value;
            if (!value.IsEmpty && value[0] == '"' && SipChars.QuotedLength(value) != value.Length) return false;
        }

        return true;
    }

    /// <summary>One parameter.</summary>
    public readonly ref struct Parameter
    {
        internal Parameter(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
        {
            Name = name;
            Value = value;
        }

        /// <summary>Name.</summary>
        public ReadOnlySpan<byte> Name { get; }

        /// <summary>Value as it stands; empty for a flag.</summary>
        public ReadOnlySpan<byte> Value { get; }
    }

    /// <summary>Walks parameters.</summary>
    public ref struct Enumerator
    {
        private ReadOnlySpan<byte> _rest;
        private ReadOnlySpan<byte> _current;

        internal Enumerator(ReadOnlySpan<byte> text) => _rest = text;

        /// <summary>The parameter read last.</summary>
        public readonly Parameter Current
        {
            get
            {
                var equals = _current.IndexOf((byte)'=');
                return equals < 0
                    ? new Parameter(SipChars.Trim(_current), default)
                    : new Parameter(SipChars.Trim(_current[..equals]), SipChars.Trim(_current[(equals + 1)..]));
            }
        }

        /// <summary>Reads the next one.</summary>
        public bool MoveNext()
        {
            // It is the next byte, but for blanks before the first one.
            var start = _rest.IsEmpty || _rest[0] == ';' ? 0 : _rest.IndexOf((byte)';');
            if (start < 0 || _rest.IsEmpty) return false;
            _rest = _rest[(start + 1)..];
            var end = 0;
            while (true)
            {
                var mark = _rest[end..].IndexOfAny((byte)';', (byte)'"');
                if (mark < 0)
                {
                    end = _rest.Length;
                    break;
                }

                end += mark;
                if (_rest[end] == ';') break;
                var quoted = SipChars.QuotedLength(_rest[end..]);
                end = quoted < 0 ? _rest.Length : end + quoted;
            }

            _current = _rest[..end];
            _rest = _rest[end..];
            return true;
        }
    }
}
