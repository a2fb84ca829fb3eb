using System.Buffers.Text;
using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>Writes a session description in the line order of RFC 8866 §5.</summary>
internal struct SdpWriter
{
    private byte[] _buffer;
    private int _length;

    public static byte[] Write(SessionDescription description)
    {
        var writer = new SdpWriter { _buffer = new byte[512] };
        writer.Session(description);
        return writer._buffer.AsSpan(0, writer._length).ToArray();
    }

    private void Session(SessionDescription description)
    {
        var connection = ConnectionOf(description);
        Text("v=0\r\no="u8);
        Word(description.OriginUser);
        Text(" "u8);
        Number(description.SessionId);
        Text(" "u8);
        Number(description.SessionVersion);
        Text(" "u8);
        Address(description.OriginAddress);
        Text("\r\ns=-\r\n"u8);
        if (!connection.IsNone) Connection(connection);
        Text("t=0 0\r\n"u8);
        foreach (var media in description.Media.AsSpan()) Section(media, connection);
    }

    // A section without an address (a refused one) takes the session's.
    private static NetAddress ConnectionOf(SessionDescription description)
    {
        foreach (var media in description.Media.AsSpan())
            if (!media.Address.IsNone)
                return media.Address;
        return NetAddress.None;
    }

    private void Section(MediaDescription media, NetAddress session)
    {
        Text("m="u8);
        Word(media.Media);
        Text(" "u8);
        Number((ulong)media.Port);
        Text(" "u8);
        Word(media.Protocol);
        if (!media.IsRtp)
        {
            Text(" "u8);
            Line(media.OtherFormats is { Length: > 0 } other ? other : "-");
            Text("\r\n"u8);
        }
        else
        {
            // The grammar wants one format even where none means anything (RFC 3264 §6): a dynamic type without a=rtpmap promises nothing.
            if (media.Formats.AsSpan().IsEmpty) Text(" 127"u8);
            foreach (var format in media.Formats.AsSpan())
            {
                Text(" "u8);
                Number(format.PayloadType);
            }

            Text("\r\n"u8);
        }

        if (!media.Address.IsNone && !media.Address.SameHost(session)) Connection(media.Address);
        foreach (var format in media.Formats.AsSpan()) Format(format);
        foreach (var attribute in media.Fax.AsSpan()) Fax(attribute);
        foreach (var line in media.Crypto.AsSpan()) Crypto(line);
        Rtcp(media, session);
        if (media.Ptime is { } ptime)
        {
            Text("a=ptime:"u8);
            Number((ulong)ptime);
            Text("\r\n"u8);
        }

        Text(media.Direction switch
        {
            MediaDirection.SendOnly => "a=sendonly\r\n"u8,
            MediaDirection.RecvOnly => "a=recvonly\r\n"u8,
            MediaDirection.Inactive => "a=inactive\r\n"u8,
            _ => default,
        });
    }

    private void Format(RtpFormat format)
    {
        Text("a=rtpmap:"u8);
        Number(format.PayloadType);
        Text(" "u8);
        Word(format.Name);
        Text("/"u8);
        Number((ulong)format.ClockRate);
        if (format.Channels != 1)
        {
            Text("/"u8);
            Number((ulong)format.Channels);
        }

        Text("\r\n"u8);
        if (format.Parameters is not { Length: > 0 } parameters) return;
        Text("a=fmtp:"u8);
        Number(format.PayloadType);
        Text(" "u8);
        Line(parameters);
        Text("\r\n"u8);
    }

    private void Fax(FaxAttribute attribute)
    {
        Text("a="u8);
        Word(attribute.Name);
        if (attribute.Value is { } value)
        {
            Text(":"u8);
            Line(value);
        }

        Text("\r\n"u8);
    }

    // RFC 4568 §9.1; a master key identifier is not needed, and for ours no lifetime.
    private void Crypto(CryptoAttribute line)
    {
        Text("a=crypto:"u8);
        Number((ulong)line.Tag);
        Text(" "u8);
        Word(line.SuiteName);
        Text(" inline:"u8);
        Word(line.Key.ToInline());
        if (line.Life != SrtpKeys.LongestLife)
        {
            Text("|"u8);
            Number((ulong)line.Life);
        }

        Text("\r\n"u8);
    }

    // RFC 3605 §2.1: only when RTCP is not on the next port of the same address.
    private void Rtcp(MediaDescription media, NetAddress session)
    {
        if (media.Port == 0 || media.RtcpAddress.IsNone) return;
        var rtp = media.Address.IsNone ? session : media.Address;
        if (media.RtcpAddress == rtp.WithPort(media.Port + 1)) return;
        Text("a=rtcp:"u8);
        Number(media.RtcpAddress.Port);
        if (!media.RtcpAddress.SameHost(rtp))
        {
            Text(" "u8);
            Address(media.RtcpAddress);
        }

        Text("\r\n"u8);
    }

    private void Connection(NetAddress address)
    {
        Text("c="u8);
        Address(address);
        Text("\r\n"u8);
    }

    private void Address(NetAddress address)
    {
        if (address.IsNone) address = NetAddress.FromIPv4(0, 0);
        Text(address.IsIPv4 ? "IN IP4 "u8 : "IN IP6 "u8);
        Word(address.Host);
    }

    /// <summary>A word: whatever could end it or its line is left out, so that no value can add a line.</summary>
    private void Word(string text) => Clean(text, least: '!', empty: "-"u8);

    /// <summary>Text up to the line's end.</summary>
    private void Line(string text) => Clean(text, least: ' ', empty: "-"u8);

    private void Clean(string text, char least, ReadOnlySpan<byte> empty)
    {
        var before = _length;
        Reserve(Encoding.UTF8.GetMaxByteCount(text.Length));
        foreach (var rune in text.EnumerateRunes())
            if (rune.Value >= least && rune.Value != 0x7F)
                _length += rune.EncodeToUtf8(_buffer.AsSpan(_length));
        if (_length == before) Text(empty);
    }

    private void Number(ulong value)
    {
        Reserve(20);
        Utf8Formatter.TryFormat(value, _buffer.AsSpan(_length), out var written);
        _length += written;
    }

    private void Text(ReadOnlySpan<byte> text)
    {
        Reserve(text.Length);
        text.CopyTo(_buffer.AsSpan(_length));
        _length += text.Length;
    }

    private void Reserve(int more)
    {
        if (_buffer.Length - _length < more) Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + more));
    }
}
