using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace MgcpSipBridge.Sip;

/// <summary>
/// Writes one message at a time into a buffer that it keeps. No text that is handed in can end a header line: line ends become
/// blanks, URIs and tags are held to their alphabets. Begin, headers, then <see cref="Body"/> or <see cref="End"/>.
/// </summary>
/// <remarks>A request is written without Via: its transaction puts one on top, with a branch of its own (RFC 3261 §8.1.1.7).</remarks>
public sealed partial class SipWriter(int capacity = 2048)
{
    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\r\n"u8);
    private static readonly SearchValues<byte> Uri = SearchValues.Create(UriBytes());
    private byte[] _buffer = new byte[Math.Max(256, capacity)];
    private int _length;
    private (int Start, int Length) _callId;

    /// <summary>Bytes written so far.</summary>
    public int Length => _length;

    /// <summary>What has been written; valid until the next call.</summary>
    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    /// <summary>Whether the message has its Content-Length and body.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Method of the request under way, or of the request that the response answers.</summary>
    public SipMethod Method { get; private set; }

    /// <summary>Status of the response under way; 0 for a request.</summary>
    public int Status { get; private set; }

    /// <summary>Call-ID written so far; empty for none.</summary>
    internal ReadOnlySpan<byte> CallId => _buffer.AsSpan(_callId.Start, _callId.Length);

    /// <summary>Where the first line ends: there a request's Via goes.</summary>
    internal int FirstLineLength { get; private set; }

    /// <summary>Begins a request with its Request-URI and Max-Forwards 70 (§8.1.1.6).</summary>
    public void BeginRequest(SipMethod method, ReadOnlySpan<byte> requestUri)
    {
        Reset(method, 0);
        Ascii(SipMethods.NameOf(method));
        Put((byte)' ');
        UriBytes(requestUri);
        Raw(" SIP/2.0\r\n"u8);
        FirstLineLength = _length;
        Raw("Max-Forwards: 70\r\n"u8);
    }

    /// <summary>Begins a request with its Request-URI and Max-Forwards 70 (§8.1.1.6).</summary>
    public void BeginRequest(SipMethod method, string requestUri) => BeginRequest(method, Encoding.UTF8.GetBytes(requestUri));

    /// <summary>A header with one value.</summary>
    public void Header(SipHeader header, ReadOnlySpan<byte> value)
    {
        Name(header);
        if (header == SipHeader.CallId) _callId = (_length, value.Length);
        Value(value);
        Raw("\r\n"u8);
    }

    /// <summary>A header with one value.</summary>
    public void Header(SipHeader header, string value)
    {
        Name(header);
        var start = _length;
        Value(value);
        if (header == SipHeader.CallId) _callId = (start, _length - start);
        Raw("\r\n"u8);
    }

    /// <summary>A header with a number.</summary>
    public void Header(SipHeader header, long value)
    {
        Name(header);
        Number(value);
        Raw("\r\n"u8);
    }

    /// <summary>A header that <see cref="SipHeader"/> does not list.</summary>
    /// <exception cref="ArgumentException">The name is no token.</exception>
    public void Header(string name, string value)
    {
        var start = _length;
        Utf8(name);
        if (!SipChars.IsToken(_buffer.AsSpan(start, _length - start))) throw new ArgumentException("A header name is a token.", nameof(name));
        Raw(": "u8);
        Value(value);
        Raw("\r\n"u8);
    }

    /// <summary>CSeq.</summary>
    public void CSeq(uint number, SipMethod method)
    {
        Name(SipHeader.CSeq);
        Number(number);
        Put((byte)' ');
        Ascii(SipMethods.NameOf(method));
        Raw("\r\n"u8);
    }

    /// <summary>From, To, Contact and their like: <c>"display" &lt;uri&gt;;tag=…</c>. The display name is quoted here.</summary>
    /// <param name="header">Which header.</param>
    /// <param name="displayName">Display name as a person reads it; null or empty for none.</param>
    /// <param name="uri">URI; make it with <see cref="SipUri.Create"/>.</param>
    /// <param name="tag">Tag; null for none.</param>
    /// <param name="parameters">More header parameters of our own making, from their ';' on.</param>
    public void Address(SipHeader header, string? displayName, ReadOnlySpan<byte> uri, string? tag = null, string parameters = "")
    {
        Name(header);
        if (!string.IsNullOrEmpty(displayName))
        {
            Value(SipText.Quote(displayName));
            Put((byte)' ');
        }

        Put((byte)'<');
        UriBytes(uri);
        Put((byte)'>');
        Value(parameters);
        if (tag is not null) Tag(tag);
        Raw("\r\n"u8);
    }

    /// <summary>As the other one, with the URI as text.</summary>
    public void Address(SipHeader header, string? displayName, string uri, string? tag = null, string parameters = "") =>
        Address(header, displayName, Encoding.UTF8.GetBytes(uri), tag, parameters);

    /// <summary>Copies every line of one header from another message, in order, values as they stand.</summary>
    public void Copy(SipMessage from, SipHeader header)
    {
        ArgumentNullException.ThrowIfNull(from);
        foreach (var value in from.Lines(header)) Header(header, value);
    }

    /// <summary>Content-Type, Content-Length, the body. An empty body is <see cref="End"/>.</summary>
    public void Body(string contentType, ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty)
        {
            End();
            return;
        }

        Header(SipHeader.ContentType, contentType);
        Header(SipHeader.ContentLength, body.Length);
        Raw("\r\n"u8);
        Raw(body);
        IsComplete = true;
    }

    /// <summary>Ends a message without a body.</summary>
    public void End()
    {
        Raw("Content-Length: 0\r\n\r\n"u8);
        IsComplete = true;
    }

    /// <summary>The message as an array of its own.</summary>
    public byte[] ToArray() => Written.ToArray();

    private void Reset(SipMethod method, int status)
    {
        _length = 0;
        IsComplete = false;
        Method = method;
        Status = status;
        FirstLineLength = 0;
        _callId = default;
    }

    private void Name(SipHeader header)
    {
        var name = SipHeaderNames.NameOf(header);
        if (name.IsEmpty) throw new ArgumentException("Write a header that is not listed with its name.", nameof(header));
        Raw(name);
        Raw(": "u8);
    }

    internal void Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        _length += bytes.Length;
    }

    private void Put(byte value)
    {
        Room(1)[0] = value;
        _length++;
    }

    private void Ascii(string text) => Utf8(text);

    private void Utf8(string text) => _length += Encoding.UTF8.GetBytes(text, Room(Encoding.UTF8.GetMaxByteCount(text.Length)));

    private void Number(long value)
    {
        Utf8Formatter.TryFormat(value, Room(20), out var written);
        _length += written;
    }

    internal void Value(ReadOnlySpan<byte> value)
    {
        var start = _length;
        Raw(value);
        Mend(start);
    }

    private void Value(string value)
    {
        var start = _length;
        Utf8(value);
        Mend(start);
    }

    /// <summary>Line ends become blanks: a value cannot end its line. Other control characters may stand in quoted strings (§25.1).</summary>
    private void Mend(int start)
    {
        var written = _buffer.AsSpan(start, _length - start);
        if (written.ContainsAny((byte)'\r', (byte)'\n')) written.ReplaceAny(LineEnds, (byte)' ');
    }

    internal void Tag(ReadOnlySpan<char> tag)
    {
        Raw(";tag="u8);
        foreach (var c in tag)
        {
            if (c < 128 && SipChars.Token.Contains((byte)c)) Put((byte)c);
        }
    }

    /// <summary>Bytes that may not stand in a URI are escaped, so that it can end neither its brackets nor its line.</summary>
    private void UriBytes(ReadOnlySpan<byte> uri)
    {
        while (true)
        {
            var bad = uri.IndexOfAnyExcept(Uri);
            Raw(bad < 0 ? uri : uri[..bad]);
            if (bad < 0) return;
            Put((byte)'%');
            Put("0123456789ABCDEF"u8[uri[bad] >> 4]);
            Put("0123456789ABCDEF"u8[uri[bad] & 15]);
            uri = uri[(bad + 1)..];
        }
    }

    private Span<byte> Room(int bytes)
    {
        if (_buffer.Length - _length < bytes) Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + bytes));
        return _buffer.AsSpan(_length);
    }

    private static byte[] UriBytes()
    {
        var bytes = new List<byte>();
        for (var c = 33; c < 256; c++)
        {
            if (c is not ('<' or '>' or '"' or '\\' or '^' or '`' or '{' or '|' or '}' or 127)) bytes.Add((byte)c);
        }

        return [.. bytes];
    }
}
