using System.Buffers.Text;
using System.Text;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// Writes messages into a buffer that is used again and again. Lines end with CRLF, which every gateway takes (RFC 3435 Appendix A) and SDP
/// demands. What would break a line is written as a blank, so no value can smuggle in a line of its own.
/// </summary>
public sealed class MgcpWriter
{
    private byte[] _buffer = new byte[1024];
    private int _length;

    /// <summary>What has been written since <see cref="Clear"/>; void after the next call that writes.</summary>
    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    /// <summary>Forgets everything written; the buffer stays.</summary>
    public MgcpWriter Clear()
    {
        _length = 0;
        return this;
    }

    /// <summary>What has been written, as bytes of their own.</summary>
    public byte[] ToArray() => Written.ToArray();

    /// <summary>Writes a command's first line.</summary>
    /// <param name="verb">Verb.</param>
    /// <param name="transactionId">1 to 999999999.</param>
    /// <param name="local">Local endpoint name.</param>
    /// <param name="domain">What stands after '@'.</param>
    /// <param name="version">Protocol text: <c>MGCP 1.0</c>.</param>
    public MgcpWriter Command(MgcpVerb verb, uint transactionId, ReadOnlySpan<char> local, ReadOnlySpan<char> domain, ReadOnlySpan<char> version) =>
        Append(verb.Name()).Append(' ').Append(transactionId).Append(' ').Append(local).Append('@').Append(domain).Append(' ').Append(version).EndLine();

    /// <summary>Writes a response's first line.</summary>
    /// <param name="code">0 to 999.</param>
    /// <param name="transactionId">The transaction that it answers.</param>
    /// <param name="comment">Words after the number; empty for none.</param>
    public MgcpWriter Response(int code, uint transactionId, ReadOnlySpan<char> comment = default)
    {
        Append((char)('0' + (code / 100 % 10))).Append((char)('0' + (code / 10 % 10))).Append((char)('0' + (code % 10))).Append(' ').Append(transactionId);
        return (comment.IsEmpty ? this : Append(' ').Append(comment)).EndLine();
    }

    /// <summary>Writes a whole parameter line.</summary>
    public MgcpWriter Parameter(MgcpParameter parameter, ReadOnlySpan<char> value) => Begin(parameter).Append(value).EndLine();

    /// <summary>Writes a whole line of a parameter that is none of RFC 3435's.</summary>
    public MgcpWriter Parameter(ReadOnlySpan<char> name, ReadOnlySpan<char> value)
    {
        Append(name).Append(':');
        return (value.IsEmpty ? this : Append(' ').Append(value)).EndLine();
    }

    /// <summary>Begins a parameter line: its name, the colon and a blank.</summary>
    public MgcpWriter Begin(MgcpParameter parameter) => Append(parameter.Name()).Append(": ");

    /// <summary>Adds text to the present line, as UTF-8.</summary>
    public MgcpWriter Append(ReadOnlySpan<char> text)
    {
        Room(Encoding.UTF8.GetMaxByteCount(text.Length));
        var from = _length;
        _length += Encoding.UTF8.GetBytes(text, _buffer.AsSpan(_length));
        foreach (ref var b in _buffer.AsSpan(from, _length - from))
        {
            if (b < 0x20 || b == 0x7F) b = (byte)' ';
        }

        return this;
    }

    /// <summary>Adds a character below 0x80 to the present line.</summary>
    public MgcpWriter Append(char ascii)
    {
        Room(1);
        _buffer[_length++] = ascii is < ' ' or >= '\x7F' ? (byte)' ' : (byte)ascii;
        return this;
    }

    /// <summary>Adds a decimal number to the present line.</summary>
    public MgcpWriter Append(uint number)
    {
        Room(10);
        Utf8Formatter.TryFormat(number, _buffer.AsSpan(_length), out var written);
        _length += written;
        return this;
    }

    /// <summary>Adds a number in hexadecimal digits to the present line.</summary>
    public MgcpWriter AppendHex(uint number)
    {
        Room(8);
        Utf8Formatter.TryFormat(number, _buffer.AsSpan(_length), out var written, 'X');
        _length += written;
        return this;
    }

    /// <summary>Ends the present line. A blank that a value of nothing would leave at its end is taken back.</summary>
    public MgcpWriter EndLine()
    {
        if (_length > 0 && _buffer[_length - 1] == ' ') _length--;
        return Bytes("\r\n"u8);
    }

    /// <summary>Writes the empty line and a body; nothing at all for an empty one, because gateways take the empty line for a description.</summary>
    public MgcpWriter Body(ReadOnlySpan<byte> body) => body.IsEmpty ? this : Bytes("\r\n"u8).Bytes(body);

    /// <summary>Writes the line with a dot that stands between messages (§3.5.5), after ending a body's last line if that was left open.</summary>
    public MgcpWriter Separator()
    {
        if (_length > 0 && _buffer[_length - 1] is not ((byte)'\n' or (byte)'\r')) Bytes("\r\n"u8);
        return Bytes(".\r\n"u8);
    }

    /// <summary>Adds bytes as they are: a message written earlier, for piggybacking.</summary>
    public MgcpWriter Bytes(ReadOnlySpan<byte> bytes)
    {
        Room(bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += bytes.Length;
        return this;
    }

    private void Room(int more)
    {
        if (_buffer.Length - _length >= more) return;
        Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + more));
    }
}
