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
        Speak(before, 50);
        Name(RelaySide.Gateway, Phone.WithPort(4002), learn: SourceLearning.Learn, learnHost: Nat.WithPort(2427));
        Speak(before, 100); // until our answer has arrived
        for (var i = 0; i < 3; i++)
        {
            // Both speak: who was first is heard.
            Assert.Equal(RelayDrop.WrongSource, Rtp(after));
            Speak(before, 1);
        }

        _now += TimeSpan.FromMilliseconds(100);
        Speak(after, TalkerLock.Enough);
        // That is how it begins; later silence gives nobody's place away.
        Decided(after, before);
    }

    [Fact]
    public void A_stray_packet_before_the_first_one_is_heard_and_decides_nothing()
    {
        var (stray, real) = (Nat.WithPort(1024), Nat.WithPort(1030));
        Name(RelaySide.Gateway, Phone, learn: SourceLearning.Learn, learnHost: Nat.WithPort(2427));
        Name(RelaySide.Sip, Pbx);
        Speak(stray, TalkerLock.Enough - 1);
        _now += TimeSpan.FromMilliseconds(100);
        Speak(real, TalkerLock.Enough);
        Decided(real, stray);
    }

    [Theory]
    [InlineData(SourceLearning.Learn)]
    [InlineData(SourceLearning.LearnAnywhere)]
    public void A_few_packets_decide_and_no_silence_undoes_that(SourceLearning learn)
    {
        Name(RelaySide.Gateway, Phone, learn, learn == SourceLearning.Learn ? Nat.WithPort(2427) : default);
        Name(RelaySide.Sip, Pbx);
        if (learn == SourceLearning.LearnAnywhere) Assert.Equal(RelayDrop.WrongSource, Rtp(Nat));
        Assert.True(_session.IsOpen(RelaySide.Gateway));
        Speak(Nat, TalkerLock.Enough);
        Assert.Equal(learn == SourceLearning.LearnAnywhere, _session.IsOpen(RelaySide.Gateway)); // for who is named
        Decided(Nat, Nat.WithPort(1030));
    }

    // Its NAT has forgotten the port, it asks anew with the same description.
    [Theory]
    [InlineData(SourceLearning.Learn)]
    [InlineData(SourceLearning.LearnAnywhere)]
    public void Who_says_the_same_again_may_speak_from_another_port_and_nothing_of_the_old_one_is_lost(SourceLearning learn)
    {
        var (old, moved, third) = (Nat.WithPort(1024), Nat.WithPort(1030), Nat.WithPort(1040));
        Again(0);
        Name(RelaySide.Sip, Pbx);
        Rtp(old);
        Speak(old, 50);
        Decided(old, moved);
        Again(0); // no description: nothing of signalling
        _now += TimeSpan.FromSeconds(1);
        for (var i = 0; i < 10; i++) Assert.Equal(RelayDrop.WrongSource, Rtp(moved));
        Speak(old, 1);
        Again(1);
        Assert.Equal(old, _session.RtpSource(RelaySide.Gateway));
        Assert.Equal(RelayDrop.WrongSource, Rtp(moved)); // while the old one speaks
        Speak(old, 20);
        _now += TimeSpan.FromMilliseconds(100);
        for (var i = 0; i < 10; i++) Assert.Equal(RelayDrop.WrongSource, Rtp(Stranger));
        if (learn == SourceLearning.LearnAnywhere) Assert.Equal(RelayDrop.WrongSource, Rtp(moved));
        Speak(moved, TalkerLock.Enough);
        Decided(moved, old);
        Decided(moved, third);

        void Again(int description) => _session.SetRemote(
            RelaySide.Gateway,
            new(Phone, Phone.WithPort(4001), learn, true, true, [new(0, 0)], learn == SourceLearning.Learn ? Nat.WithPort(2427) : default) { Description = description });
    }

    [Fact]
    public void Who_says_the_same_again_and_goes_on_is_meant_and_gives_its_place_to_nobody()
    {
        Again(0);
        Name(RelaySide.Sip, Pbx);
        Speak(Nat, 50);
        Again(1);
        Speak(Nat, 251);
        Decided(Nat, Nat.WithPort(1030));
        Again(2);
        _now += TimeSpan.FromMilliseconds(100);
        Speak(Nat.WithPort(1030), TalkerLock.Enough);

        void Again(int description) =>
            _session.SetRemote(RelaySide.Gateway, new(Phone, Phone.WithPort(4001), SourceLearning.Learn, true, true, [new(0, 0)], Nat.WithPort(2427)) { Description = description });
    }

    [Fact]
    public void Strictly_the_same_again_changes_nothing()
    {
        foreach (var description in (int[])[0, 1])
        {
            _session.SetRemote(RelaySide.Gateway, new(Phone, Phone.WithPort(4001), SourceLearning.Strict, true, true, [new(0, 0)]) { Description = description });
            Name(RelaySide.Sip, Pbx);
            Assert.False(_session.IsOpen(RelaySide.Gateway));
            Decided(Phone, Phone.WithPort(4002));
        }
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

    private void Speak(NetAddress source, int packets)
    {
        for (var i = 0; i < packets; i++, _now += TimeSpan.FromMilliseconds(20)) Assert.Equal(RelayDrop.None, Rtp(source));
    }

    private void Decided(NetAddress source, NetAddress other)
    {
        foreach (var pause in (int[])[0, 1, 60])
        {
            _now += TimeSpan.FromSeconds(pause);
            for (var i = 0; i < 10; i++) Assert.Equal(RelayDrop.WrongSource, Rtp(other));
            Speak(source, 1);
        }
    }

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
