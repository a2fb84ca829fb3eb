namespace MgcpSipBridge.Sip;

/// <summary>A view over the comma-separated values of one header value; commas in quoted strings and in <c>&lt;…&gt;</c> do not separate.</summary>
/// <param name="text">One header line's value.</param>
public readonly ref struct SipValues(ReadOnlySpan<byte> text)
{
    private readonly ReadOnlySpan<byte> _text = text;

    /// <summary>Walks the values; empty ones (<c>a,,b</c>) are skipped (RFC 3261 §7.3.1 has none, peers do).</summary>
    public Enumerator GetEnumerator() => new(_text);

    /// <summary>Walks values.</summary>
    public ref struct Enumerator
    {
        private ReadOnlySpan<byte> _rest;
        private ReadOnlySpan<byte> _current;

        internal Enumerator(ReadOnlySpan<byte> text) => _rest = text;

        /// <summary>The value read last, without blanks around it.</summary>
        public readonly ReadOnlySpan<byte> Current => _current;

        /// <summary>What follows the value read last, from its comma on.</summary>
        internal readonly ReadOnlySpan<byte> Rest => _rest;

        /// <summary>Reads the next one.</summary>
        public bool MoveNext()
        {
            while (!_rest.IsEmpty)
            {
                var end = ValueLength(_rest);
                _current = SipChars.Trim(_rest[..end]);
                _rest = end < _rest.Length ? _rest[(end + 1)..] : [];
                if (!_current.IsEmpty) return true;
            }

            return false;
        }

        private static int ValueLength(ReadOnlySpan<byte> text)
        {
            var inBrackets = false;
            for (var i = 0; ; i++)
            {
                var mark = text[i..].IndexOfAny(",\"<>"u8);
                if (mark < 0) return text.Length;
                i += mark;
                switch (text[i])
                {
                    case (byte)',' when !inBrackets:
                        return i;
                    case (byte)'<':
                        inBrackets = true;
                        break;
                    case (byte)'>':
                        inBrackets = false;
                        break;
                    case (byte)'"' when !inBrackets:
                        var quoted = SipChars.QuotedLength(text[i..]);
                        if (quoted < 0) return text.Length;
                        i += quoted - 1;
                        break;
                    default:
                        break;
                }
            }
        }
    }
}
