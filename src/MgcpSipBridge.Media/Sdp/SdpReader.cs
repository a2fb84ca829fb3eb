using System.Buffers.Text;
using System.Collections.Immutable;
using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>Reads a session description line by line, one section at a time.</summary>
internal ref struct SdpReader
{
    private const int MaxBytes = 65_535;
    private const int MaxLines = 1_000;
    private const int MaxSections = 32;
    private const int PayloadTypeCount = 128;
    private const int MaxCrypto = 16;

    private readonly ReadOnlySpan<byte> _text;
    private readonly Span<FormatLines> _lines;
    private readonly Span<byte> _order;
    private readonly ImmutableArray<MediaDescription>.Builder _sections = ImmutableArray.CreateBuilder<MediaDescription>(1);

    private string _originUser = "-";
    private ulong _sessionId;
    private ulong _sessionVersion;
    private NetAddress _origin;
    private NetAddress _sessionConnection;
    private MediaDirection _sessionDirection;

    // The section being read.
    private bool _inSection;
    private string _media = "";
    private string _protocol = "";
    private string? _otherFormats;
    private int _port;
    private int _formats;
    private bool _ownConnection;
    private NetAddress _connection;
    private bool _ownRtcp;
    private int _rtcpPort;
    private bool _rtcpNamesAddress;
    private NetAddress _rtcpAddress;
    private MediaDirection _direction;
    private int? _ptime;
    private ImmutableArray<FaxAttribute>.Builder? _fax;
    private ImmutableArray<CryptoAttribute>.Builder? _crypto;

    private SdpReader(ReadOnlySpan<byte> text, Span<FormatLines> lines, Span<byte> order)
    {
        _text = text;
        _lines = lines;
        _order = order;
    }

    /// <summary>Where the values of a payload type's a=rtpmap and a=fmtp lie in the text; length 0 for none.</summary>
    private struct FormatLines
    {
        public bool Listed;
        public int MapAt;
        public int MapLength;
        public int ParametersAt;
        public int ParametersLength;
    }

    public static SdpParseError TryParse(ReadOnlySpan<byte> text, out SessionDescription? description)
    {
        description = null;
        if (text.Length > MaxBytes) return SdpParseError.TooLarge;
        text = text.Trim("\r\n \t\0"u8);
        if (text.IsEmpty) return SdpParseError.Empty;
        var reader = new SdpReader(text, stackalloc FormatLines[PayloadTypeCount], stackalloc byte[PayloadTypeCount]);
        var error = reader.Read();
        if (error == SdpParseError.None) description = reader.Result();
        return error;
    }

    private SdpParseError Read()
    {
        var cursor = new ByteCursor(_text);
        for (var number = 0; cursor.TryReadLine(out var line); number++)
        {
            if (number == MaxLines) return SdpParseError.TooLarge;
            line = line.TrimEnd(" \t\0"u8);
            if (line.IsEmpty) continue;
            if (line.Length < 2 || line[1] != '=') return SdpParseError.BadLine;
            var value = line[2..].Trim(" \t"u8);
            if (number == 0)
            {
                if (line[0] != 'v' || !value.SequenceEqual("0"u8)) return SdpParseError.UnsupportedVersion;
                continue;
            }

            if (line[0] == 'v') break;
            var error = ReadLine(line[0], value);
            if (error != SdpParseError.None) return error;
        }

        FinishSection();
        return SdpParseError.None;
    }

    private SdpParseError ReadLine(byte type, ReadOnlySpan<byte> value)
    {
        switch (type)
        {
            case (byte)'o':
                ReadOrigin(value);
                return SdpParseError.None;
            case (byte)'c':
                return ReadConnection(value);
            case (byte)'m':
                FinishSection();
                return _sections.Count == MaxSections ? SdpParseError.TooLarge : ReadMedia(value);
            case (byte)'a':
                ReadAttribute(value);
                return SdpParseError.None;
            default:
                return SdpParseError.None;
        }
    }

    // A gateway's o= may be anything (osmo-mgw writes its ids in hex): what cannot be read is left at 0, and nothing depends on it.
    private void ReadOrigin(ReadOnlySpan<byte> value)
    {
        var user = NextToken(ref value);
        if (!user.IsEmpty) _originUser = user.SequenceEqual("-"u8) ? "-" : Encoding.UTF8.GetString(user);
        _sessionId = ReadNumber(NextToken(ref value));
        _sessionVersion = ReadNumber(NextToken(ref value));
        var network = NextToken(ref value);
        NextToken(ref value);
        _origin = Ascii.EqualsIgnoreCase(network, "IN"u8) ? SdpAddress.Read(NextToken(ref value), 0) : NetAddress.None;
    }

    private static ulong ReadNumber(ReadOnlySpan<byte> text) =>
        Utf8Parser.TryParse(text, out ulong number, out var used) && used == text.Length ? number : 0;

    private SdpParseError ReadConnection(ReadOnlySpan<byte> value)
    {
        if (!TryReadAddress(ref value, out var address)) return SdpParseError.BadConnection;
        if (!_inSection)
        {
            _sessionConnection = address;
        }
        else if (!_ownConnection)
        {
            _ownConnection = true;
            _connection = address;
        }

        return SdpParseError.None;
    }

    /// <summary>Reads <c>IN IP4 192.0.2.1</c>. Another network than IN has no address for us, yet the grammar is kept.</summary>
    private static bool TryReadAddress(ref ReadOnlySpan<byte> value, out NetAddress address)
    {
        var network = NextToken(ref value);
        var family = NextToken(ref value);
        var host = NextToken(ref value);
        address = NetAddress.None;
        if (network.IsEmpty || family.IsEmpty || host.IsEmpty) return false;
        if (Ascii.EqualsIgnoreCase(network, "IN"u8)) address = SdpAddress.Read(host, 0);
        return true;
    }

    private SdpParseError ReadMedia(ReadOnlySpan<byte> value)
    {
        var media = NextToken(ref value);
        var port = NextToken(ref value);
        var protocol = NextToken(ref value);
        if (media.IsEmpty || protocol.IsEmpty) return SdpParseError.BadMedia;

        // <port>/<number of ports>: the first port is the one that counts for a stream without layers.
        var slash = port.IndexOf((byte)'/');
        if (slash >= 0) port = port[..slash];
        if (!Utf8Parser.TryParse(port, out ushort number, out var used) || used != port.Length) return SdpParseError.BadMedia;

        _inSection = true;
        _media = MediaName(media);
        _protocol = ProtocolName(protocol);
        _port = number;
        _direction = _sessionDirection;
        _ownConnection = _ownRtcp = false;
        _ptime = null;
        _fax = null;
        _crypto = null;
        _otherFormats = null;
        _formats = 0;
        _lines.Clear();
        if (!_protocol.StartsWith("RTP/", StringComparison.Ordinal))
        {
            _otherFormats = value.IsEmpty ? "-" : Encoding.UTF8.GetString(value);
            return SdpParseError.None;
        }

        while (NextToken(ref value) is { IsEmpty: false } format)
        {
            if (!Utf8Parser.TryParse(format, out byte payloadType, out used) || used != format.Length || payloadType >= PayloadTypeCount) continue;
            if (_lines[payloadType].Listed) continue;
            _lines[payloadType].Listed = true;
            _order[_formats++] = payloadType;
        }

        return SdpParseError.None;
    }

    private void ReadAttribute(ReadOnlySpan<byte> value)
    {
        var colon = value.IndexOf((byte)':');
        var name = colon < 0 ? value : value[..colon];
        var rest = colon < 0 ? default : value[(colon + 1)..].Trim(" \t"u8);
        if (TryReadDirection(name, out var direction))
        {
            if (_inSection) _direction = direction;
            else _sessionDirection = direction;
            return;
        }

        if (!_inSection) return;
        if (name.SequenceEqual("rtpmap"u8))
        {
            if (TryFormatOf(ref rest, out var at, out var index) && _lines[index].MapLength == 0)
                (_lines[index].MapAt, _lines[index].MapLength) = (at, rest.Length);
        }
        else if (name.SequenceEqual("fmtp"u8))
        {
            if (TryFormatOf(ref rest, out var at, out var index) && _lines[index].ParametersLength == 0)
                (_lines[index].ParametersAt, _lines[index].ParametersLength) = (at, rest.Length);
        }
        else if (name.SequenceEqual("ptime"u8))
        {
            // 20, and RFC 8866 allows 20.5: whole milliseconds are all that a packet of G.711 can have.
            if (Utf8Parser.TryParse(rest, out uint milliseconds, out _) && milliseconds is > 0 and <= 1000) _ptime = (int)milliseconds;
        }
        else if (name.SequenceEqual("rtcp"u8))
        {
            ReadRtcp(rest);
        }
        else if (name.SequenceEqual("crypto"u8))
        {
            if (_otherFormats is null && _crypto is not { Count: MaxCrypto } && CryptoAttribute.TryParse(rest, out var crypto)) (_crypto ??= ImmutableArray.CreateBuilder<CryptoAttribute>()).Add(crypto);
        }
        else if (_otherFormats is not null && _media == "image" && FaxAttribute.Read(name, rest) is { } attribute)
        {
            // Each once: the first counts.
            _fax ??= ImmutableArray.CreateBuilder<FaxAttribute>();
            foreach (var known in _fax)
                if (known.Name == attribute.Name)
                    return;
            _fax.Add(attribute);
        }
    }

    // RFC 3605 §2.1: a=rtcp:53020 or a=rtcp:53020 IN IP4 126.16.64.4
    private void ReadRtcp(ReadOnlySpan<byte> value)
    {
        var port = NextToken(ref value);
        if (!Utf8Parser.TryParse(port, out ushort number, out var used) || used != port.Length || number == 0) return;
        _rtcpNamesAddress = TryReadAddress(ref value, out _rtcpAddress);
        _rtcpPort = number;
        _ownRtcp = true;
    }

    private static bool TryReadDirection(ReadOnlySpan<byte> name, out MediaDirection direction)
    {
        direction = MediaDirection.SendRecv;
        if (name.Length is not (8 or 10)) return false;
        if (Ascii.EqualsIgnoreCase(name, "sendonly"u8)) direction = MediaDirection.SendOnly;
        else if (Ascii.EqualsIgnoreCase(name, "recvonly"u8)) direction = MediaDirection.RecvOnly;
        else if (Ascii.EqualsIgnoreCase(name, "inactive"u8)) direction = MediaDirection.Inactive;
        else return Ascii.EqualsIgnoreCase(name, "sendrecv"u8);
        return true;
    }

    /// <summary>Reads the payload type before a format's attribute and says where in the text the rest lies.</summary>
    private readonly bool TryFormatOf(ref ReadOnlySpan<byte> value, out int at, out int payloadType)
    {
        at = 0;
        payloadType = 0;
        var token = NextToken(ref value);
        if (!Utf8Parser.TryParse(token, out byte number, out var used) || used != token.Length || number >= PayloadTypeCount) return false;
        payloadType = number;
        return !value.IsEmpty && _text.Overlaps(value, out at);
    }

    private void FinishSection()
    {
        if (!_inSection) return;
        _inSection = false;
        var address = (_ownConnection ? _connection : _sessionConnection) is { IsNone: false } host ? host.WithPort(_port) : NetAddress.None;
        _sections.Add(new MediaDescription
        {
            Media = _media,
            Protocol = _protocol,
            Port = _port,
            Address = address,
            RtcpAddress = RtcpAddress(address),
            Formats = ReadFormats(),
            OtherFormats = _otherFormats,
            Fax = _fax?.DrainToImmutable() ?? [],
            Crypto = _crypto?.DrainToImmutable() ?? [],
            Direction = _direction,
            Ptime = _ptime,
        });
    }

    private readonly NetAddress RtcpAddress(NetAddress address)
    {
        if (_port == 0 || _otherFormats is not null) return NetAddress.None;
        if (!_ownRtcp) return address.IsNone || _port == 65_535 ? NetAddress.None : address.WithPort(_port + 1);
        var host = _rtcpNamesAddress ? _rtcpAddress : address;
        return host.IsNone ? NetAddress.None : host.WithPort(_rtcpPort);
    }

    private readonly ImmutableArray<RtpFormat> ReadFormats()
    {
        if (_formats == 0) return [];
        var formats = ImmutableArray.CreateBuilder<RtpFormat>(_formats);
        foreach (var payloadType in _order[.._formats])
        {
            ref readonly var lines = ref _lines[payloadType];
            var known = StaticPayloadTypes.Find(payloadType);
            if (ReadMap(payloadType, _text.Slice(lines.MapAt, lines.MapLength)) is { } mapped)
                known = mapped == known ? known : mapped;
            if (known is null) continue;
            formats.Add(lines.ParametersLength == 0
                ? known
                : known with { Parameters = Encoding.UTF8.GetString(_text.Slice(lines.ParametersAt, lines.ParametersLength)) });
        }

        return formats.DrainToImmutable();
    }

    // <encoding name>/<clock rate>[/<encoding parameters>], the last one being the channels of audio.
    private static RtpFormat? ReadMap(byte payloadType, ReadOnlySpan<byte> map)
    {
        var words = map;
        map = NextToken(ref words);
        var slash = map.IndexOf((byte)'/');
        if (slash == 0 || map.IsEmpty) return null;

        // RFC 3407's own example leaves the rate of telephone-event out, and gateways followed it.
        if (slash < 0) return new RtpFormat(payloadType, StaticPayloadTypes.Name(map), 8000);
        if (!Utf8Parser.TryParse(map[(slash + 1)..], out int rate, out var used) || rate <= 0) return null;
        var name = StaticPayloadTypes.Name(map[..slash]);
        map = map[(slash + 1 + used)..];
        var channels = 1;
        if (map is [(byte)'/', .. var count] && Utf8Parser.TryParse(count, out byte number, out _) && number > 0) channels = number;
        return new RtpFormat(payloadType, name, rate) { Channels = channels };
    }

    private readonly SessionDescription Result() => new()
    {
        OriginUser = _originUser,
        SessionId = _sessionId,
        SessionVersion = _sessionVersion,
        OriginAddress = _origin,
        Media = _sections.DrainToImmutable(),
    };

    /// <summary>Takes the next word; blanks around it go too. Empty at the end.</summary>
    private static ReadOnlySpan<byte> NextToken(scoped ref ReadOnlySpan<byte> rest)
    {
        rest = rest.TrimStart(" \t"u8);
        var end = rest.IndexOfAny((byte)' ', (byte)'\t');
        var token = end < 0 ? rest : rest[..end];
        rest = end < 0 ? default : rest[end..].TrimStart(" \t"u8);
        return token;
    }

    private static string MediaName(ReadOnlySpan<byte> written)
    {
        if (Ascii.EqualsIgnoreCase(written, "audio"u8)) return "audio";
        if (Ascii.EqualsIgnoreCase(written, "image"u8)) return "image";
        return Ascii.EqualsIgnoreCase(written, "video"u8) ? "video" : Encoding.UTF8.GetString(written);
    }

    private static string ProtocolName(ReadOnlySpan<byte> written)
    {
        if (Ascii.EqualsIgnoreCase(written, "RTP/AVP"u8)) return "RTP/AVP";
        if (Ascii.EqualsIgnoreCase(written, "RTP/AVPF"u8)) return "RTP/AVPF";
        // RFC 5347 §2.5.2: registered in capitals, written in small letters by all.
        if (Ascii.EqualsIgnoreCase(written, "udptl"u8)) return "udptl";
        if (Ascii.EqualsIgnoreCase(written, "RTP/SAVPF"u8)) return "RTP/SAVPF";
        return Ascii.EqualsIgnoreCase(written, "RTP/SAVP"u8) ? "RTP/SAVP" : Encoding.UTF8.GetString(written);
    }
}
