using System.Collections.Immutable;
using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media.Tests.Negotiation;

public sealed class AudioNegotiationTests
{
    private static readonly NetAddress Rtp = NetAddress.FromIPv4(0xC0000205, 20000);
    private static readonly SdpOrigin Origin = new("-", 17, 3);
    private static readonly ImmutableArray<RtpFormat> Ours = [RtpFormat.Pcma, RtpFormat.Pcmu, RtpFormat.TelephoneEvent];

    [Fact]
    public void An_offer_is_written_line_by_line()
    {
        var offer = AudioNegotiation.CreateOffer(Origin, Rtp, Ours, 20, MediaDirection.SendOnly);
        Assert.Equal(
            """
            v=0
            o=- 17 3 IN IP4 192.0.2.5
            s=-
            c=IN IP4 192.0.2.5
            t=0 0
            m=audio 20000 RTP/AVP 8 0 101
            a=rtpmap:8 PCMA/8000
            a=rtpmap:0 PCMU/8000
            a=rtpmap:101 telephone-event/8000
            a=fmtp:101 0-15
            a=ptime:20
            a=sendonly

            """.ReplaceLineEndings("\r\n"),
            Encoding.ASCII.GetString(offer.ToBytes()));
    }

    [Fact]
    public void An_offer_over_IPv6_says_so()
    {
        var offer = AudioNegotiation.CreateOffer(Origin, new NetAddress(((UInt128)0x20010db8 << 96) | 1, 20000), [RtpFormat.Pcmu], null);
        var text = Encoding.ASCII.GetString(offer.ToBytes());
        Assert.Contains("o=- 17 3 IN IP6 2001:db8::1\r\n", text, StringComparison.Ordinal);
        Assert.Contains("c=IN IP6 2001:db8::1\r\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("a=rtcp", text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_answer_keeps_the_sections_and_accepts_the_first_audio_it_can()
    {
        var offer = Parse(
            "m=video 51372 RTP/AVP 31", "m=audio 4000 RTP/SAVP 0", "m=audio 4002 RTP/AVP 18", "m=audio 4004 RTP/AVP 18 0 8 96", "a=rtpmap:96 telephone-event/8000",
            "a=fmtp:96 0-16", "a=ptime:30", "m=audio 4006 RTP/AVP 0", "m=image 4008 udptl t38");
        var answer = AudioNegotiation.CreateAnswer(offer, Origin, Rtp, Ours, MediaDirection.SendRecv);

        Assert.Equal(["video", "audio", "audio", "audio", "audio", "image"], answer.Media.Select(m => m.Media));
        Assert.Equal(["RTP/AVP", "RTP/SAVP", "RTP/AVP", "RTP/AVP", "RTP/AVP", "udptl"], answer.Media.Select(m => m.Protocol));
        Assert.Equal([0, 0, 0, 20000, 0, 0], answer.Media.Select(m => m.Port));
        // The offer's order and payload types, not ours (RFC 3264 §6.1); of the events, those both have.
        Assert.Equal([RtpFormat.Pcmu, RtpFormat.Pcma, new RtpFormat(96, "telephone-event", 8000, "0-15")], answer.Media[3].Formats);
        Assert.Equal(30, answer.Media[3].Ptime);
        Assert.Equal("t38", answer.Media[5].OtherFormats);
        Assert.Same(offer.Media[3], AudioNegotiation.Acceptable(offer, Ours));
        Assert.Same(answer.Media[3], answer.Audio);

        // RFC 3264 §6: a refused section still lists formats, so that it can be read.
        Assert.Equal(SdpParseError.None, SessionDescription.TryParse(answer.ToBytes(), out var read));
        Assert.Equal(answer.Media.Select(m => m.Port), read!.Media.Select(m => m.Port));
        Assert.All(read.Media, m => Assert.True(m.Formats.Length > 0 || m.OtherFormats is not null));
    }

    [Theory]
    [InlineData("m=audio 4000 RTP/AVP 18 4")]
    [InlineData("m=audio 4000 RTP/SAVP 0")]
    [InlineData("m=audio 0 RTP/AVP 0")]
    [InlineData("m=video 4000 RTP/AVP 31")]
    [InlineData("m=image 4000 udptl t38")]
    public void An_offer_with_nothing_for_us_is_refused_whole(string section)
    {
        var offer = Parse(section);
        var answer = AudioNegotiation.CreateAnswer(offer, Origin, Rtp, Ours, MediaDirection.SendRecv);
        Assert.Null(answer.Audio);
        Assert.Null(AudioNegotiation.Acceptable(offer, Ours));
        Assert.Equal(0, Assert.Single(answer.Media).Port);
    }

    // RFC 3264 §6.1, the whole table: what was offered, what we wish, what we may answer.
    [Theory]
    [InlineData(MediaDirection.SendRecv, MediaDirection.SendRecv, MediaDirection.SendRecv)]
    [InlineData(MediaDirection.SendRecv, MediaDirection.SendOnly, MediaDirection.SendOnly)]
    [InlineData(MediaDirection.SendRecv, MediaDirection.RecvOnly, MediaDirection.RecvOnly)]
    [InlineData(MediaDirection.SendRecv, MediaDirection.Inactive, MediaDirection.Inactive)]
    [InlineData(MediaDirection.SendOnly, MediaDirection.SendRecv, MediaDirection.RecvOnly)]
    [InlineData(MediaDirection.SendOnly, MediaDirection.SendOnly, MediaDirection.Inactive)]
    [InlineData(MediaDirection.SendOnly, MediaDirection.RecvOnly, MediaDirection.RecvOnly)]
    [InlineData(MediaDirection.SendOnly, MediaDirection.Inactive, MediaDirection.Inactive)]
    [InlineData(MediaDirection.RecvOnly, MediaDirection.SendRecv, MediaDirection.SendOnly)]
    [InlineData(MediaDirection.RecvOnly, MediaDirection.SendOnly, MediaDirection.SendOnly)]
    [InlineData(MediaDirection.RecvOnly, MediaDirection.RecvOnly, MediaDirection.Inactive)]
    [InlineData(MediaDirection.RecvOnly, MediaDirection.Inactive, MediaDirection.Inactive)]
    [InlineData(MediaDirection.Inactive, MediaDirection.SendRecv, MediaDirection.Inactive)]
    [InlineData(MediaDirection.Inactive, MediaDirection.SendOnly, MediaDirection.Inactive)]
    [InlineData(MediaDirection.Inactive, MediaDirection.RecvOnly, MediaDirection.Inactive)]
    [InlineData(MediaDirection.Inactive, MediaDirection.Inactive, MediaDirection.Inactive)]
    public void A_direction_is_answered_by_the_table(MediaDirection offered, MediaDirection wished, MediaDirection answered)
    {
        var offer = AudioNegotiation.CreateOffer(Origin, Rtp, Ours, null, offered);
        Assert.Equal(answered, AudioNegotiation.CreateAnswer(offer, Origin, Rtp, Ours, wished).Audio!.Direction);
    }

    [Fact]
    public void Common_formats_keep_the_wanted_order_and_numbers()
    {
        ImmutableArray<RtpFormat> wanted = [new(18, "G729", 8000), new(100, "telephone-event", 8000, "0-16"), RtpFormat.Pcmu, new(111, "opus", 48000) { Channels = 2 }, RtpFormat.ComfortNoise];
        ImmutableArray<RtpFormat> supported = [new(111, "opus", 48000), RtpFormat.TelephoneEvent, RtpFormat.ComfortNoise, RtpFormat.Pcmu, RtpFormat.Pcma];
        Assert.Equal([new(100, "telephone-event", 8000, "0-15"), RtpFormat.Pcmu, RtpFormat.ComfortNoise], AudioNegotiation.Common(wanted, supported));
    }

    [Fact]
    public void No_voice_no_common_formats()
    {
        Assert.Empty(AudioNegotiation.Common([RtpFormat.TelephoneEvent, RtpFormat.ComfortNoise], Ours));
        Assert.Empty(AudioNegotiation.Common([], Ours));
        Assert.Empty(AudioNegotiation.Common(default, default));
        Assert.Empty(AudioNegotiation.Common([new(8, "PCMA", 16000)], Ours));
    }

    [Fact]
    public void Events_that_nobody_shares_leave_telephone_event_out() =>
        Assert.Equal([RtpFormat.Pcmu], AudioNegotiation.Common([RtpFormat.Pcmu, new(101, "telephone-event", 8000, "32-36")], Ours));

    [Theory]
    [InlineData(null, "0-15", null)] // no list means DTMF: RFC 4733 §7.1.1
    [InlineData("0-15", null, "0-15")]
    [InlineData("0-15,66,70", "0-16,70", "0-15,70")]
    [InlineData("0-11", "0-15", "0-11")]
    [InlineData("15,3,1-2", "0-15", "15,3,1-2")]
    [InlineData("garbage", "0-15", "garbage")]
    public void Telephone_events_are_intersected(string? wanted, string? supported, string? shared)
    {
        var common = AudioNegotiation.Common([RtpFormat.Pcmu, new(97, "telephone-event", 8000, wanted)], [RtpFormat.Pcmu, new(101, "TELEPHONE-EVENT", 8000, supported)]);
        Assert.Equal(shared, Assert.Single(common, f => f.IsTelephoneEvent).Parameters);
    }

    [Fact]
    public void Packets_leave_under_the_number_that_their_receiver_announced()
    {
        // We told the gateway 101; the peer told us 96, and listed no G.729.
        var map = AudioNegotiation.MapPayloads([RtpFormat.Pcmu, new(18, "G729", 8000), RtpFormat.TelephoneEvent], [RtpFormat.Pcma, RtpFormat.Pcmu, new(96, "telephone-event", 8000)]);
        Assert.Equal([new PayloadMapping(0, 0), new(101, 96)], map);
    }

    [Fact]
    public void Numbers_that_the_sender_announced_are_taken_where_they_are_free()
    {
        // Told 101 and 97; the sender itself announced 100 for events, and 97 for something else than what we told it.
        var map = AudioNegotiation.MapPayloads(
            [RtpFormat.Pcmu, RtpFormat.TelephoneEvent, new(97, "iLBC", 8000)],
            [RtpFormat.Pcmu, new(96, "telephone-event", 8000)],
            [RtpFormat.Pcmu, new(100, "telephone-event", 8000), new(97, "telephone-event", 8000)]);
        Assert.Equal([new PayloadMapping(0, 0), new(100, 96), new(101, 96)], map);
    }

    [Fact]
    public void Comfort_noise_passes_to_who_listed_it_unless_13_means_something_else()
    {
        Assert.Empty(AudioNegotiation.MapPayloads([], []));
        Assert.Empty(AudioNegotiation.MapPayloads([RtpFormat.ComfortNoise], [RtpFormat.Pcmu], [RtpFormat.ComfortNoise]));
        Assert.Equal([new PayloadMapping(13, 13)], AudioNegotiation.MapPayloads([], [RtpFormat.ComfortNoise]));
        Assert.Equal([new PayloadMapping(13, 77)], AudioNegotiation.MapPayloads([RtpFormat.ComfortNoise], [new(77, "CN", 8000)]));
        Assert.Equal([new PayloadMapping(13, 77)], AudioNegotiation.MapPayloads([], [new(77, "CN", 8000)]));
        Assert.Empty(AudioNegotiation.MapPayloads([new(13, "own", 8000)], [RtpFormat.ComfortNoise]));
        Assert.Empty(AudioNegotiation.MapPayloads([], [RtpFormat.ComfortNoise], [new(13, "own", 8000)]));
        Assert.Empty(AudioNegotiation.MapPayloads([], [new(13, "own", 8000)]));
    }

    [Fact]
    public void A_change_is_anything_but_the_version()
    {
        var a = AudioNegotiation.CreateOffer(Origin, Rtp, Ours, 20);
        Assert.False(AudioNegotiation.Changed(a, AudioNegotiation.CreateOffer(Origin with { Version = 4 }, Rtp, [.. Ours], 20)));
        Assert.True(AudioNegotiation.Changed(a, AudioNegotiation.CreateOffer(Origin, Rtp.WithPort(20002), Ours, 20)));
        Assert.True(AudioNegotiation.Changed(a, AudioNegotiation.CreateOffer(Origin, Rtp, Ours, 30)));
        Assert.True(AudioNegotiation.Changed(a, AudioNegotiation.CreateOffer(Origin, Rtp, [RtpFormat.Pcma], 20)));
        Assert.True(AudioNegotiation.Changed(a, AudioNegotiation.CreateOffer(Origin, Rtp, Ours, 20, MediaDirection.SendOnly)));
    }

    [Fact]
    public void Event_sets_are_written_in_ranges()
    {
        Assert.Equal("0-15", TelephoneEvents.Dtmf.ToString());
        Assert.Equal("1-3,5,255", TelephoneEvents.Parse("5, 2-3,1,255,9-7").ToString());
        Assert.Equal("0-15", TelephoneEvents.Parse("events=0-15").ToString());
        Assert.True(TelephoneEvents.Parse("32").Intersect(TelephoneEvents.Dtmf).IsEmpty);
        Assert.Equal("", TelephoneEvents.Parse("32").Intersect(TelephoneEvents.Dtmf).ToString());
        Assert.True(TelephoneEvents.Parse("0-255").Contains(255));
        Assert.False(TelephoneEvents.Dtmf.Contains(16));
    }

    private static SessionDescription Parse(params string[] sections)
    {
        var text = string.Join("\r\n", (string[])["v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0", .. sections]);
        Assert.Equal(SdpParseError.None, SessionDescription.TryParse(Encoding.ASCII.GetBytes(text), out var description));
        return description!;
    }
}
