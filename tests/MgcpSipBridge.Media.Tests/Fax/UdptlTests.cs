using CsCheck;
using MgcpSipBridge.Media.Tests.Relay;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media.Tests.Fax;

public sealed class UdptlTests
{
    private static readonly NetAddress Phone = NetAddress.FromIPv4(0x0A000015, 4000);
    private static readonly NetAddress Nat = NetAddress.FromIPv4(0xC6336401, 1024);
    private static readonly NetAddress Pbx = NetAddress.FromIPv4(0xC0000209, 18210);
    private static readonly NetAddress Stranger = NetAddress.FromIPv4(0xCB007105, 5555);

    private readonly RelaySession _session = new(new RelayLimits(1700));
    private Instant _now = Instant.Zero + TimeSpan.FromHours(1);

    // T.38 §9.1 and X.691: number, open type with its length, choice, how many, each with its length. 06 is the T.30 indicator "no signal" and so on.
    [Theory]
    [InlineData("0000 01 06 00 00", 0)]
    [InlineData("0002 01 02 00 02 01 04 01 06", 2)]
    [InlineData("FFFF 05 C0010180FF 00 01 01 06", 65535)]
    [InlineData("0005 01 06 80 01 03 01 01 AA", 5)]
    [InlineData("0005 01 06", 5)]
    [InlineData("0005 01 06 00 00 0000", 5)]
    [InlineData("0005 8001 06 00 00", 5)]
    public void A_packet_is_read_as_the_Recommendation_writes_it(string hex, int number)
    {
        Assert.Equal(UdptlParseError.None, UdptlPacket.TryParse(Bytes(hex), out var packet));
        Assert.Equal(number, packet.SequenceNumber);
    }

    [Theory]
    [InlineData("", UdptlParseError.TooShort)]
    [InlineData("0000 01", UdptlParseError.TooShort)]
    [InlineData("0000 02 06", UdptlParseError.TooShort)]
    [InlineData("0000 00 00 00", UdptlParseError.BadPrimary)]
    [InlineData("0000 C1 00 00", UdptlParseError.BadPrimary)]
    [InlineData("0000 01 06 00", UdptlParseError.TooShort)]
    [InlineData("0000 01 06 00 01", UdptlParseError.TooShort)]
    [InlineData("0000 01 06 00 01 05 06", UdptlParseError.TooShort)]
    [InlineData("0000 01 06 40 00", UdptlParseError.BadRecovery)]
    [InlineData("0000 01 06 00 FF", UdptlParseError.BadRecovery)]
    [InlineData("0000 01 06 80 02 0003 00", UdptlParseError.BadRecovery)]
    [InlineData("0000 01 06 80 01 00 00", UdptlParseError.BadRecovery)]
    [InlineData("0000 01 06 00 00 00 01", UdptlParseError.TrailingBytes)]
    public void What_promises_more_than_it_has_is_none(string hex, UdptlParseError error) =>
        Assert.Equal(error, UdptlPacket.TryParse(Bytes(hex), out _));

    [Fact]
    public void Any_bytes_are_read_without_harm() => Gen.Byte.Array[0, 200].Sample(
        bytes => UdptlPacket.TryParse(bytes, out var packet) != UdptlParseError.None || packet.SequenceNumber == ((bytes[0] << 8) | bytes[1]),
        iter: 20_000);

    [Fact]
    public void Speech_is_hardly_ever_taken_for_fax()
    {
        var random = new Entropy(7);
        var taken = 0;
        for (ushort i = 0; i < 2000; i++)
        {
            var packet = Rtp(i);
            random.Fill(packet.AsSpan(12));
            if (UdptlPacket.TryParse(packet, out _) == UdptlParseError.None) taken++;
        }

        Assert.InRange(taken, 0, 5);
    }

    [Fact]
    public void While_both_ends_speak_T38_it_passes_as_it_is_and_is_counted()
    {
        Name(RelaySide.Gateway, Phone);
        Name(RelaySide.Sip, Pbx);
        for (ushort i = 0; i < 10; i++)
        {
            var packet = Udptl(i);
            Assert.Equal(RelayDrop.None, Take(RelaySide.Gateway, Phone, packet, out var to));
            Assert.Equal(Pbx, to);
            Assert.Equal(Udptl(i), packet);
            _session.Sent(RelaySide.Gateway);
        }

        Assert.Equal(RelayDrop.None, Take(RelaySide.Gateway, Phone, Udptl(9), out _));
        Assert.Equal(RelayDrop.None, Take(RelaySide.Gateway, Phone, Udptl(12), out _));
        var told = _session.Statistics.Gateway;
        Assert.Equal((12, 12, 2, 1), (told.PacketsReceived, told.FaxPackets, told.FaxLost, told.FaxDuplicates));
        Assert.Equal((0, 0, 0), (told.PacketsLost, told.Sources, told.Mos));
        Assert.Equal(10, _session.Statistics.Sip.PacketsSent);
        Assert.False(_session.TryGetFlow(RelaySide.Gateway, out _));
    }

    [Fact]
    public void The_next_fax_of_a_call_counts_anew_and_nothing_of_it_came_twice()
    {
        Name(RelaySide.Sip, Pbx);
        foreach (var begins in (bool[])[true, false])
        {
            Name(RelaySide.Gateway, Phone);
            for (ushort i = 0; i < 20; i++) Assert.Equal(RelayDrop.None, Take(RelaySide.Gateway, Phone, Udptl(i), out _));
            if (begins) Name(RelaySide.Gateway, Phone, udptl: false);
        }

        var told = _session.Statistics.Gateway;
        Assert.Equal((40, 0, 0), (told.FaxPackets, told.FaxLost, told.FaxDuplicates));
    }

    [Fact]
    public void Speech_is_not_passed_to_who_speaks_T38_nor_the_other_way_round()
    {
        Name(RelaySide.Gateway, Phone, udptl: false);
        Name(RelaySide.Sip, Pbx);
        Assert.Equal(RelayDrop.UnknownPayloadType, Take(RelaySide.Gateway, Phone, Rtp(1), out _));
        Assert.Equal(RelayDrop.UnknownPayloadType, Take(RelaySide.Sip, Pbx, Udptl(1), out _));
        Assert.NotEqual(RelayDrop.None, Take(RelaySide.Sip, Pbx, Rtp(0x7F01), out _));
        Assert.Equal(RelayDrop.TooShort, Take(RelaySide.Sip, Pbx, [0, 1, 9, 0], out _));
        // Back to speech, from the same port: nothing has to be learnt anew.
        Name(RelaySide.Sip, Pbx, udptl: false);
        Assert.Equal(RelayDrop.None, Take(RelaySide.Sip, Pbx, Rtp(2), out var to));
        Assert.Equal(Phone, to);
        Assert.Equal(0, _session.Statistics.Sip.PacketsLost);
    }

    [Fact]
    public void The_source_is_trusted_as_it_is_with_speech()
    {
        Name(RelaySide.Gateway, Phone, learn: SourceLearning.Learn, host: Nat.WithPort(2427));
        Name(RelaySide.Sip, Pbx);
        for (ushort i = 0; i < 10; i++) Assert.Equal(RelayDrop.WrongSource, Take(RelaySide.Gateway, Stranger, Udptl(i), out _));
        Assert.Equal(RelayDrop.None, Take(RelaySide.Gateway, Nat, Udptl(0), out _));
        Assert.Equal(RelayDrop.WrongSource, Take(RelaySide.Gateway, Nat.WithPort(1025), Udptl(1), out _));
        Assert.Equal(RelayDrop.WrongSource, Take(RelaySide.Sip, Stranger, Udptl(1), out _));
        Assert.Equal(RelayDrop.None, Take(RelaySide.Sip, Pbx, Udptl(1), out var to));
        Assert.Equal(Nat, to);
    }

    [Fact]
    public void A_flood_and_a_monster_are_cut()
    {
        Name(RelaySide.Gateway, Phone);
        Name(RelaySide.Sip, Pbx);
        Assert.Equal(RelayDrop.Oversize, Take(RelaySide.Gateway, Phone, new byte[1701], out _));
        Assert.Equal(500, Enumerable.Range(0, 2000).Count(i => Take(RelaySide.Gateway, Phone, Udptl((ushort)i), out _) == RelayDrop.None));
        Assert.Equal(RelayDrop.RateLimited, Take(RelaySide.Gateway, Phone, Udptl(9), out _));
    }

    [Fact]
    public void What_works_on_the_audio_lets_fax_alone()
    {
        Name(RelaySide.Gateway, Phone);
        Name(RelaySide.Sip, Pbx);
        _session.Do(new RelayCommand.Listen(default, RelaySide.Gateway, true), _now);
        Assert.True(_session.IsWorkedOn);
        Assert.Equal(RelayDrop.None, Take(RelaySide.Gateway, Phone, Udptl(1), out var to));
        Assert.Equal(Pbx, to);
        Assert.Equal(RelayDrop.UnknownPayloadType, _session.TryDestination(RelaySide.Sip, isRtcp: false, out _));
    }

    [Fact]
    public void A_packet_costs_no_memory()
    {
        Name(RelaySide.Gateway, Phone);
        Name(RelaySide.Sip, Pbx);
        var packet = Udptl(0);
        for (ushort i = 0; i < 100; i++) Again(i);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (ushort i = 100; i < 400; i++) Again(i);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Again(ushort number)
        {
            _now += TimeSpan.FromMilliseconds(20);
            packet[1] = (byte)number;
            packet[0] = (byte)(number >> 8);
            if (_session.TryRelayRtp(RelaySide.Gateway, Phone, packet, _now, out _) != RelayDrop.None) throw new InvalidOperationException();
        }
    }

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

    private static byte[] Udptl(ushort number) => [(byte)(number >> 8), (byte)number, 1, 6, 0, 1, 1, 4];

    private static byte[] Rtp(ushort number)
    {
        var packet = new byte[172];
        new RtpHeader(0, number, (uint)(160 * number), 0x1234).Write(new byte[160], packet);
        return packet;
    }

    private RelayDrop Take(RelaySide side, NetAddress from, byte[] packet, out NetAddress to) => _session.TryRelayRtp(side, from, packet, _now, out to);

    private void Name(RelaySide side, NetAddress at, bool udptl = true, SourceLearning learn = SourceLearning.Strict, NetAddress host = default) =>
        _session.SetRemote(side, new RelayRemote(at, at.WithPort(at.Port + 1), learn, true, true, [new(0, 0)], host) { Udptl = udptl });
}
