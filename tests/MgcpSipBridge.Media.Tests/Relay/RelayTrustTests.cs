using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media.Tests.Relay;

public sealed class RelayTrustTests
{
    private static readonly NetAddress Phone = NetAddress.FromIPv4(0x0A000015, 4000);
    private static readonly NetAddress Nat = NetAddress.FromIPv4(0xC6336401, 1024);
    private static readonly NetAddress Pbx = NetAddress.FromIPv4(0xC0000209, 18210);
    private static readonly NetAddress Stranger = NetAddress.FromIPv4(0xCB007105, 5555);

    private readonly RelaySession _session = new(new RelayLimits(1500));
    private readonly Dictionary<NetAddress, ushort> _sequences = [];
    private Instant _now = Instant.Zero + TimeSpan.FromHours(1);

    [Fact]
    public void Where_signalling_comes_from_is_known_nobody_else_is_learnt()
    {
        Name(RelaySide.Gateway, Phone, learn: SourceLearning.Learn, learnHost: Nat.WithPort(2427));
        Name(RelaySide.Sip, Pbx);
        for (var i = 0; i < 10; i++) Assert.Equal(RelayDrop.WrongSource, Rtp(Stranger)); // however well it counts
        Assert.Equal(RelayDrop.None, Rtp(Nat)); // at once
        Assert.Equal(RelayDrop.WrongSource, Rtp(Nat.WithPort(1025)));
        Assert.Equal(Nat, _session.RtpSource(RelaySide.Gateway));
    }

    // A PBX connects two phones directly: what it has sent itself until then comes last, from where its signalling comes.
    [Theory]
    [InlineData(3, 0)]
    [InlineData(3, 60)]
    [InlineData(3000, 0)]
    public void Who_is_named_exactly_is_never_kept_out_by_who_is_believed_for_less(int tail, int pause)
    {
        var media = NetAddress.FromIPv4(0x0A000099, 4000);
        Name(RelaySide.Gateway, media, learn: SourceLearning.Learn, learnHost: Nat.WithPort(5060));
        Name(RelaySide.Sip, Pbx);
        for (var i = 0; i < tail; i++, _now += TimeSpan.FromMilliseconds(20)) Assert.Equal(RelayDrop.None, Rtp(Nat));
        _now += TimeSpan.FromSeconds(pause);
        Assert.Equal(RelayDrop.None, Rtp(media.WithPort(4002))); // its host: more than signalling's
        Assert.Equal(RelayDrop.WrongSource, Rtp(Nat));
        Assert.Equal(RelayDrop.None, Rtp(media));
        Assert.Equal(RelayDrop.WrongSource, Rtp(media.WithPort(4002)));
        Assert.Equal(RelayDrop.WrongSource, Rtp(Nat));
        Assert.Equal(media, _session.RtpSource(RelaySide.Gateway));
    }

    [Fact]
    public void What_was_in_flight_when_another_port_was_named_does_not_keep_out_who_speaks_from_there()
    {
        var (before, after) = (Nat.WithPort(1024), Nat.WithPort(1030));
        Name(RelaySide.Gateway, Phone, learn: SourceLearning.Learn, learnHost: Nat.WithPort(2427));
        Name(RelaySide.Sip, Pbx);
        Assert.Equal(RelayDrop.None, Rtp(before));
        for (var i = 0; i < 3; i++)
        {
            // Both speak: who was first is heard.
            Assert.Equal(RelayDrop.None, Rtp(before));
            Assert.Equal(RelayDrop.WrongSource, Rtp(after));
            _now += TimeSpan.FromMilliseconds(20);
        }

        _now += TimeSpan.FromMilliseconds(200);
        Assert.Equal(RelayDrop.None, Rtp(after));
        Assert.Equal(RelayDrop.WrongSource, Rtp(before));
        // That is how it begins; later silence gives nobody's place away.
        for (var i = 0; i < 300; i++, _now += TimeSpan.FromMilliseconds(20)) Assert.Equal(RelayDrop.None, Rtp(after));
        _now += TimeSpan.FromSeconds(60);
        Assert.Equal(RelayDrop.WrongSource, Rtp(before));
        Assert.Equal(RelayDrop.None, Rtp(after));
    }

    [Fact]
    public void Where_signalling_comes_from_nowhere_known_the_named_host_alone_is_learnt()
    {
        Name(RelaySide.Gateway, Phone, learn: SourceLearning.Learn);
        Name(RelaySide.Sip, Pbx);
        for (var i = 0; i < 10; i++) Assert.Equal(RelayDrop.WrongSource, Rtp(Stranger));
        Assert.Equal(RelayDrop.None, Rtp(Phone.WithPort(61_000)));
    }

    [Fact]
    public void A_stranger_who_came_first_gives_way_to_the_named_host_and_to_nobody_else()
    {
        Name(RelaySide.Gateway, Phone, learn: SourceLearning.LearnAnywhere);
        Name(RelaySide.Sip, Pbx);
        Assert.Equal(RelayDrop.WrongSource, Rtp(Stranger));
        Assert.Equal(RelayDrop.None, Rtp(Stranger));
        for (var i = 0; i < 5; i++) Assert.Equal(RelayDrop.WrongSource, Rtp(Nat));
        Assert.Equal(RelayDrop.None, Rtp(Stranger));
        var real = Phone.WithPort(61_000);
        Assert.Equal(RelayDrop.None, Rtp(real));
        Assert.Equal(real, _session.RtpSource(RelaySide.Gateway));
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(RelayDrop.WrongSource, Rtp(Stranger));
            Assert.Equal(RelayDrop.WrongSource, Rtp(Phone.WithPort(61_001))); // once settled on the named host, no other port of it either
            Assert.Equal(RelayDrop.WrongSource, Rtp(Nat));
        }

        Assert.Equal(RelayDrop.None, Rtp(real));
    }

    [Fact]
    public void Rtcp_that_was_learnt_beside_a_stranger_goes_with_it()
    {
        Name(RelaySide.Gateway, Phone, learn: SourceLearning.LearnAnywhere);
        Name(RelaySide.Sip, Pbx);
        Rtp(Stranger);
        Rtp(Stranger);
        Assert.Equal(RelayDrop.None, Rtcp(Stranger.WithPort(5556)));
        Assert.Equal(RelayDrop.None, Rtp(Phone));
        Assert.Equal(RelayDrop.WrongSource, Rtcp(Stranger.WithPort(5556)));
        Assert.Equal(RelayDrop.None, Rtcp(Phone.WithPort(4001)));
    }

    [Fact]
    public void An_end_that_sends_without_measure_is_cut_to_what_a_call_can_be()
    {
        Name(RelaySide.Gateway, Phone);
        Name(RelaySide.Sip, Pbx);
        // A second's worth passes at once, as after a gap in the network; then 500 a second.
        var passed = Enumerable.Range(0, 2_000).Count(_ => Rtp(Phone) == RelayDrop.None);
        Assert.Equal(500, passed);
        Assert.Equal(RelayDrop.RateLimited, Rtp(Phone));
        Assert.Equal(RelayDrop.None, Rtp(Pbx, RelaySide.Sip)); // the other end is not concerned
        Assert.Equal(RelayDrop.WrongSource, Rtp(Stranger));
        passed = 0;
        for (var i = 0; i < 10_000; i++)
        {
            _now += TimeSpan.FromMilliseconds(1);
            if (Rtp(Phone) == RelayDrop.None) passed++;
        }

        Assert.InRange(passed, 4_999, 5_001);
    }

    [Fact]
    public void A_flood_from_elsewhere_uses_up_nothing_of_a_calls_own()
    {
        Name(RelaySide.Gateway, Phone);
        Name(RelaySide.Sip, Pbx);
        for (var i = 0; i < 10_000; i++) Assert.Equal(RelayDrop.WrongSource, Rtp(Stranger));
        for (var i = 0; i < 10_000; i++) Assert.Equal(RelayDrop.WrongSource, Rtcp(Stranger));
        Assert.Equal(RelayDrop.None, Rtp(Phone));
        Assert.Equal(RelayDrop.None, Rtcp(Phone.WithPort(4001)));
    }

    [Fact]
    public void Rtcp_has_a_measure_of_its_own()
    {
        Name(RelaySide.Gateway, Phone);
        Name(RelaySide.Sip, Pbx);
        Assert.Equal(50, Enumerable.Range(0, 1_000).Count(_ => Rtcp(Phone.WithPort(4001)) == RelayDrop.None));
        Assert.Equal(RelayDrop.None, Rtp(Phone));
        _now += TimeSpan.FromSeconds(1);
        Assert.Equal(RelayDrop.None, Rtcp(Phone.WithPort(4001)));
    }

    [Theory]
    [InlineData(true, true, RelayAudio.Flowing)]
    [InlineData(false, true, RelayAudio.GatewaySilent)]
    [InlineData(true, false, RelayAudio.SipSilent)]
    [InlineData(false, false, RelayAudio.Silent)]
    public void Who_is_not_heard_is_told_once(bool phoneSpeaks, bool pbxSpeaks, RelayAudio expected)
    {
        Name(RelaySide.Gateway, Phone, expected: true);
        Name(RelaySide.Sip, Pbx, expected: true);
        var told = new List<(int Second, RelayAudio Audio)>();
        for (var second = 0; second < 30; second++)
        {
            if (second >= 20 || phoneSpeaks) Rtp(Phone);
            if (second >= 20 || pbxSpeaks) Rtp(Pbx, RelaySide.Sip);
            if (_session.AudioChanged(_now, TimeSpan.FromSeconds(5), out var audio)) told.Add((second, audio));
            _now += TimeSpan.FromSeconds(1);
        }

        Assert.Equal(expected == RelayAudio.Flowing ? [] : [(5, expected), (20, RelayAudio.Flowing)], told);
    }

    [Fact]
    public void Silence_on_hold_and_before_the_answer_is_no_silence()
    {
        Name(RelaySide.Gateway, Phone, expected: true);
        Name(RelaySide.Sip, Pbx);
        for (var second = 0; second < 60; second++) Quiet();
        // The answer: from now on both should be heard, and have the whole time for it.
        Name(RelaySide.Sip, Pbx, expected: true);
        Quiet();
        Rtp(Phone);
        for (var second = 0; second < 4; second++) Quiet();
        Assert.True(_session.AudioChanged(_now, TimeSpan.FromSeconds(5), out var audio));
        Assert.Equal(RelayAudio.SipSilent, audio);
        Name(RelaySide.Sip, Pbx); // hold
        Assert.True(_session.AudioChanged(_now, TimeSpan.FromSeconds(5), out audio));
        Assert.Equal(RelayAudio.Flowing, audio);

        void Quiet()
        {
            Assert.False(_session.AudioChanged(_now, TimeSpan.FromSeconds(5), out _));
            _now += TimeSpan.FromSeconds(1);
        }
    }

    private void Name(RelaySide side, NetAddress rtp, SourceLearning learn = SourceLearning.Strict, NetAddress learnHost = default, bool expected = false) =>
        _session.SetRemote(side, new(rtp, rtp.WithPort(rtp.Port + 1), learn, true, true, [new(0, 0)], learnHost, expected));

    private RelayDrop Rtp(NetAddress source, RelaySide from = RelaySide.Gateway)
    {
        var packet = new byte[172];
        var sequence = _sequences[source] = (ushort)(_sequences.GetValueOrDefault(source) + 1);
        new RtpHeader(0, sequence, sequence * 160u, source.Port).Write(new byte[160], packet);
        return _session.TryRelayRtp(from, source, packet, _now, out _);
    }

    private RelayDrop Rtcp(NetAddress source) =>
        _session.TryRelayRtcp(RelaySide.Gateway, source, Convert.FromHexString("80C9000100000001"), _now, out _);
}
