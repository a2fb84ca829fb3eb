using System.Collections.Immutable;
using System.Text;
using CsCheck;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media.Tests.Sdp;

public sealed class SdpPropertyTests
{
    // A unicast address that can stand in c=: not none, not multicast. ::1 to keep IPv6 apart from the mapped form.
    private static readonly Gen<UInt128> Host = Gen.OneOf(
        Gen.UInt.Where(a => a >> 28 != 0xE).Select(a => NetAddress.FromIPv4(a, 0).Address),
        Gen.Select(Gen.ULong, Gen.ULong).Select((high, low) => ((UInt128)high << 64) | low | 1).Where(a => (byte)(a >> 120) != 0xFF && a >> 32 != 0xFFFF));

    private static readonly Gen<RtpFormat> Format = Gen.OneOf(
        Gen.OneOf(RtpFormat.Pcmu, RtpFormat.Pcma, RtpFormat.TelephoneEvent, RtpFormat.ComfortNoise),
        Gen.Select(Gen.Byte[96, 127], Gen.OneOf("opus", "G726-32", "iLBC", "X-own"), Gen.OneOf(8000, 16000, 48000), Gen.OneOf<string?>(null, "0-15", "mode=20;x=1"), Gen.Int[1, 2])
            .Select((type, name, rate, parameters, channels) => new RtpFormat(type, name, rate, parameters) { Channels = channels }));

    private static readonly Gen<MediaDescription> Rtp =
        Gen.Select(Gen.OneOf("audio", "video"), Gen.OneOf("RTP/AVP", "RTP/SAVP"), Gen.UShort, Host, Host, Gen.UShort[1, 65535], Format.Array[1, 6], Gen.Select(Gen.Int[-20, 60], Gen.Enum<MediaDirection>()))
            .Select((media, protocol, port, host, rtcpHost, rtcpPort, formats, rest) => new MediaDescription
            {
                Media = media,
                Protocol = protocol,
                Port = port,
                Address = new NetAddress(host, port),
                RtcpAddress = port == 0 ? NetAddress.None : rtcpPort % 2 == 0 && port < 65535 ? new NetAddress(host, (ushort)(port + 1)) : new NetAddress(rtcpHost, rtcpPort),
                Formats = [.. formats.DistinctBy(f => f.PayloadType)],
                Ptime = rest.Item1 > 0 ? rest.Item1 : null,
                Direction = rest.Item2,
            });

    private static readonly Gen<FaxAttribute> Fax = Gen.OneOf(
        Gen.Select(Gen.OneOf("T38FaxVersion", "T38MaxBitRate", "T38FaxMaxDatagram"), Gen.UInt).Select((name, value) => new FaxAttribute(name, $"{value}")),
        Gen.OneOf(new FaxAttribute("T38FaxFillBitRemoval"), new FaxAttribute("T38FaxUdpEC", "t38UDPFEC"), new FaxAttribute("T38FaxRateManagement", "localTCF")));

    private static readonly Gen<MediaDescription> Other =
        Gen.Select(Gen.UShort, Host, Gen.Enum<MediaDirection>(), Fax.Array[0, 4]).Select((port, host, direction, fax) => new MediaDescription
        {
            Media = "image",
            Protocol = "udptl",
            Port = port,
            Address = new NetAddress(host, port),
            OtherFormats = "t38",
            Fax = [.. fax.DistinctBy(one => one.Name)],
            Direction = direction,
        });

    private static readonly Gen<SessionDescription> Description =
        Gen.Select(Gen.OneOf("-", "bridge"), Gen.ULong, Gen.ULong, Host, Gen.Frequency((4, Rtp), (1, Other)).Array[0, 5])
            .Select((user, id, version, host, media) => new SessionDescription
            {
                OriginUser = user,
                SessionId = id,
                SessionVersion = version,
                OriginAddress = new NetAddress(host, 0),
                Media = [.. media],
            });

    [Fact]
    public void What_is_written_reads_back_the_same() =>
        Description.Sample(
            description =>
            {
                var error = SessionDescription.TryParse(description.ToBytes(), out var read);
                return error == SdpParseError.None && description.Equals(read);
            },
            print: d => Encoding.UTF8.GetString(d.ToBytes()),
            iter: 2_000);

    [Fact]
    public void Any_bytes_give_an_error_or_a_description_that_can_be_written_and_read()
    {
        Gen.Byte.Array[0, 400].Sample(IsTotal, iter: 3_000);

        // Nearer to the grammar: lines of real pieces, joined and damaged.
        var piece = Gen.OneOf(
            Gen.OneOf("v=0", "o=- 1 1 IN IP4 192.0.2.1", "c=IN IP4 192.0.2.1", "c=IN IP6 ::1", "m=audio 4000 RTP/AVP 0 8 101", "m=image 1 udptl t38", "a=T38FaxVersion:3", "a=T38FaxFillBitRemoval:1", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-16", "a=rtcp:5 IN IP4 1.2.3.4", "a=sendonly", "a=ptime:20"),
            Gen.Select(Gen.Char["vocmabt"], Gen.String[0, 20]).Select((type, value) => $"{type}={value}"));
        Gen.Select(piece.Array[0, 12], Gen.OneOf("\r\n", "\n", "\r"), Gen.Int[0, 300], Gen.Byte)
            .Select((lines, end, at, damage) =>
            {
                var bytes = Encoding.UTF8.GetBytes("v=0" + end + string.Join(end, lines) + end);
                if (at < bytes.Length) bytes[at] = damage;
                return bytes;
            })
            .Sample(IsTotal, print: b => Convert.ToBase64String(b) + Environment.NewLine + Encoding.Latin1.GetString(b), iter: 5_000);
    }

    [Fact]
    public void No_value_of_a_description_can_add_a_line()
    {
        Gen.Select(Gen.String, Gen.String, Gen.String).Sample((user, name, parameters) =>
        {
            var description = AudioNegotiation.CreateOffer(new(user, 1, 1), NetAddress.FromIPv4(0x0A000001, 4000), [new RtpFormat(96, name, 8000, parameters + "\r\nc=IN IP4 6.6.6.6")], 20);
            var lines = Encoding.UTF8.GetString(description.ToBytes()).Split("\r\n");
            return lines.Length == 10 && lines[^1].Length == 0 && lines.All(l => !l.Contains('\r', StringComparison.Ordinal) && !l.Contains('\n', StringComparison.Ordinal));
        });
    }

    [Fact]
    public void A_hostile_description_of_the_largest_size_is_read_in_one_pass()
    {
        // 65 kB of the costliest line, once for each section that is taken.
        var text = "v=0\r\n" + string.Concat(Enumerable.Repeat("m=audio 4000 RTP/AVP " + string.Join(' ', Enumerable.Range(0, 128)) + "\r\n", 32));
        var padded = text + string.Concat(Enumerable.Repeat("a=rtpmap:127 x/8000\r\n", 900));
        Assert.Equal(SdpParseError.None, SessionDescription.TryParse(Encoding.ASCII.GetBytes(padded), out var read));
        Assert.Equal(32, read!.Media.Length);
        Assert.Equal("x", read.Media[^1].Formats[^1].Name);
        Assert.Equal(SdpParseError.TooLarge, SessionDescription.TryParse(new byte[65_536], out _));
    }

    private static bool IsTotal(byte[] bytes)
    {
        var error = SessionDescription.TryParse(bytes, out var read);
        if (error != SdpParseError.None) return read is null;
        var written = read!.ToBytes();
        return SessionDescription.TryParse(written, out var again) == SdpParseError.None && again!.Media.Length == read.Media.Length
            && ImmutableArray.Create(again.ToBytes()).SequenceEqual(written);
    }
}
