namespace MgcpSipBridge.Sip;

public sealed partial class SipMessage
{
    /// <summary>The lines of one header.</summary>
    public readonly ref struct LineList
    {
        private readonly SipMessage _message;
        private readonly SipHeader _header;

        internal LineList(SipMessage message, SipHeader header)
        {
            _message = message;
            _header = header;
        }

        /// <summary>Walks the lines.</summary>
        public LineEnumerator GetEnumerator() => new(_message, _header);
    }

    /// <summary>Walks the lines of one header.</summary>
    public ref struct LineEnumerator
    {
        private readonly SipMessage _message;
        private readonly SipHeader _header;
        private int _index;

        internal LineEnumerator(SipMessage message, SipHeader header)
        {
            _message = message;
            _header = header;
            _index = -1;
        }

        /// <summary>The value of the line read last.</summary>
        public readonly ReadOnlySpan<byte> Current => _message.ValueAt(_index);

        /// <summary>Reads the next one.</summary>
        public bool MoveNext()
        {
            var next = _message.IndexOf(_header, _index + 1);
            if (next < 0) return false;
            _index = next;
            return true;
        }
    }

    /// <summary>The values of one header.</summary>
    public readonly ref struct ValueList
    {
        private readonly SipMessage _message;
        private readonly SipHeader _header;

        internal ValueList(SipMessage message, SipHeader header)
        {
            _message = message;
            _header = header;
        }

        /// <summary>Walks the values.</summary>
        public ValueEnumerator GetEnumerator() => new(_message, _header);
    }

    /// <summary>Walks the values of one header.</summary>
    public ref struct ValueEnumerator
    {
        private LineEnumerator _lines;
        private SipValues.Enumerator _values;

        internal ValueEnumerator(SipMessage message, SipHeader header)
        {
            _lines = new LineEnumerator(message, header);
            _values = default;
        }

        /// <summary>The value read last, without blanks around it.</summary>
        public readonly ReadOnlySpan<byte> Current => _values.Current;

        /// <summary>Reads the next one.</summary>
        public bool MoveNext()
        {
            while (!_values.MoveNext())
            {
                if (!_lines.MoveNext()) return false;
                _values = new SipValues.Enumerator(_lines.Current);
            }

            return true;
        }
    }
}
