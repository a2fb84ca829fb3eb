using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media.Tests.Relay;

/// <summary>When nothing is left to decide about a direction, so that something faster may pass it on; and what it counted comes back.</summary>
public sealed class FlowTests
{
    private static readonly NetAddress Phone = NetAddress.FromIPv4(0x0A000001, 4000);
    private static readonly NetAddress Pbx = NetAddress.FromIPv4(0x0A000002, 5000);
    private static readonly Instant Now = Instant.Zero + TimeSpan.FromSeconds(1);

    private readonly RelaySession _session = new(new RelayLimits(1700));
    private ushort _sequence;

    public FlowTests()
    {
        Name(RelaySide.Gateway, Phone);
        Name(RelaySide.Sip, Pbx);
    }

    [Fact]
    public void Both_ends_heard_and_five_plain_packets_in_a_row_make_a_flow()
    {
        Send(RelaySide.Gateway, 10);
        Assert.False(_session.TryGetFlow(RelaySide.Gateway, out _)); // the peer has not been heard
        Send(RelaySide.Sip, 1);
        Assert.True(_session.TryGetFlow(RelaySide.Gateway, out var flow));
        Assert.Equal((Phone, Pbx, 7u, 8, 0), (flow.Source, flow.Destination, flow.Ssrc, flow.PayloadType, flow.OtherPayloadType));
        Assert.False(_session.TryGetFlow(RelaySide.Sip, out _));
        Send(RelaySide.Sip, 4);
        Assert.True(_session.TryGetFlow(RelaySide.Sip, out _));
    }

    [Theory]
    [InlineData(101, 0x80, 7)] // an event
    [InlineData(13, 0x80, 7)] // noise
    [InlineData(96, 0x80, 7)] // a type that changes on the way
    [InlineData(8, 0x90, 7)] // an extension of the header
    [InlineData(8, 0x80, 9)] // another source
    public void Anything_else_begins_the_count_anew(byte type, byte first, uint ssrc)
    {
        Settle();
        Send(RelaySide.Gateway, 1, type, first, ssrc);
        Assert.False(_session.TryGetFlow(RelaySide.Gateway, out _));
        Send(RelaySide.Gateway, 4);
        Assert.False(_session.TryGetFlow(RelaySide.Gateway, out _));
        Send(RelaySide.Gateway, 1);
        Assert.True(_session.TryGetFlow(RelaySide.Gateway, out _));
    }

    [Fact]
    public void Noise_is_no_flow_and_what_is_not_passed_of_it_ends_none()
    {
        Settle();
        Send(RelaySide.Gateway, 10, 13);
        Assert.False(_session.TryGetFlow(RelaySide.Gateway, out _));
        _session.SetRemote(RelaySide.Gateway, Remote(Phone) with { PayloadTypes = [new(8, 8)] });
        Settle();
        Send(RelaySide.Gateway, 1, 13);
        Assert.True(_session.TryGetFlow(RelaySide.Gateway, out var flow));
        Assert.Equal((8, 8), (flow.PayloadType, flow.OtherPayloadType));
    }

    [Fact]
    public void Signalling_ends_it_whatever_it_says()
    {
        Settle();
        Name(RelaySide.Gateway, Phone);
        Assert.False(_session.TryGetFlow(RelaySide.Gateway, out _));
        Settle();
        Name(RelaySide.Sip, Pbx, send: false);
        Assert.False(_session.TryGetFlow(RelaySide.Gateway, out _));
        Name(RelaySide.Sip, Pbx);
        Name(RelaySide.Gateway, Phone, receive: false);
        Assert.False(_session.TryGetFlow(RelaySide.Gateway, out _));
    }

    [Fact]
    public void An_end_that_was_only_learnt_is_no_flow_while_the_named_one_may_still_come()
    {
        var elsewhere = NetAddress.FromIPv4(0x0A000063, 9);
        _session.SetRemote(RelaySide.Gateway, Remote(Phone) with { Learning = SourceLearning.LearnAnywhere });
        for (var i = 0; i < 10; i++) Take(RelaySide.Gateway, elsewhere, 8, 0x80, 7);
        Send(RelaySide.Sip, 10);
        Assert.Equal(elsewhere, _session.RtpSource(RelaySide.Gateway));
        Assert.False(_session.TryGetFlow(RelaySide.Gateway, out _));
        Assert.False(_session.TryGetFlow(RelaySide.Sip, out _));
    }

    [Fact]
    public void What_was_passed_on_counts_as_if_it_had_come_here()
    {
        Settle();
        Assert.True(_session.TryGetFlow(RelaySide.Gateway, out var flow));
        var before = _session.Statistics;
        // A hundred numbers: ninety came, one of them twice, one late.
        _sequence += 100;
        var highest = (ushort)(flow.Highest + 100);
        _session.Carried(RelaySide.Gateway, new(91, highest, ulong.MaxValue, 1, 1, TimeSpan.FromMilliseconds(3), 5), Now);
        Send(RelaySide.Gateway, 1);
        var after = _session.Statistics;
        Assert.Equal(92, after.Gateway.PacketsReceived - before.Gateway.PacketsReceived);
        Assert.Equal(92, after.Sip.PacketsSent - before.Sip.PacketsSent);
        Assert.Equal((10, 1, 1, 5), (after.Gateway.PacketsLost, after.Gateway.Duplicates, after.Gateway.Reordered, after.Gateway.PacketsDropped));
        Assert.Equal(TimeSpan.FromMilliseconds(3), after.Gateway.Jitter);
        Assert.Equal(1, after.Gateway.Sources);
    }

    [Fact]
    public void Numbers_may_wrap_while_others_count_and_what_is_behind_changes_nothing()
    {
        _sequence = 65_500;
        Settle();
        Assert.True(_session.TryGetFlow(RelaySide.Gateway, out var flow));
        _session.Carried(RelaySide.Gateway, new(100, (ushort)(flow.Highest + 100), ulong.MaxValue, 0, 0, default, 0), Now);
        _session.Carried(RelaySide.Gateway, new(1, flow.Highest, 1, 1, 0, default, 0), Now);
        _sequence += 100;
        Send(RelaySide.Gateway, 1);
        Assert.Equal((0, 1, 1), (_session.Statistics.Gateway.PacketsLost, _session.Statistics.Gateway.Duplicates, _session.Statistics.Gateway.Sources));
    }

    private static RelayRemote Remote(NetAddress end, bool send = true, bool receive = true) =>
        new(end, end.WithPort(end.Port + 1), SourceLearning.Strict, send, receive, [new(0, 0), new(8, 8), new(13, 13), new(96, 97), new(101, 101)]);

    private void Name(RelaySide side, NetAddress end, bool send = true, bool receive = true) => _session.SetRemote(side, Remote(end, send, receive));

    private void Settle()
    {
        Send(RelaySide.Sip, 5);
        Send(RelaySide.Gateway, 5);
        Assert.True(_session.TryGetFlow(RelaySide.Gateway, out _));
    }

    private void Send(RelaySide side, int packets, byte type = 8, byte first = 0x80, uint ssrc = 7)
    {
        for (var i = 0; i < packets; i++) Take(side, side == RelaySide.Gateway ? Phone : Pbx, type, first, ssrc);
    }

    private void Take(RelaySide side, NetAddress source, byte type, byte first, uint ssrc)
    {
        var packet = new byte[176];
        new RtpHeader(type, _sequence, _sequence * 160u, ssrc).Write(new byte[164], packet);
        if (side == RelaySide.Gateway) _sequence++;
        packet[0] = first;
        if (_session.TryRelayRtp(side, source, packet, Now, out _) == RelayDrop.None) _session.Sent(side);
    }
}
