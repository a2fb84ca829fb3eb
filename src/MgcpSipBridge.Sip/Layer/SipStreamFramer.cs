namespace MgcpSipBridge.Sip;

/// <summary>Cuts a byte stream into SIP messages by Content-Length (RFC 3261 §18.3). One per connection.</summary>
public sealed class SipStreamFramer
{
    /// <summary>A framer that gives up beyond <paramref name="maxMessageBytes"/>.</summary>
    public SipStreamFramer(int maxMessageBytes) => throw new NotImplementedException();

    /// <summary>Whether the stream cannot be followed any more (no Content-Length, too large): the connection must be closed.</summary>
    public bool Broken => throw new NotImplementedException();

    /// <summary>Adds received bytes.</summary>
    public void Append(ReadOnlySpan<byte> received) => throw new NotImplementedException();

    /// <summary>
    /// The next whole message, valid until the next call; false when more bytes are needed. A keep-alive CRLFCRLF is delivered as a message
    /// of that content (the host answers one CRLF: RFC 5626 §4.4.1).
    /// </summary>
    public bool TryRead(out ReadOnlyMemory<byte> message) => throw new NotImplementedException();
}
