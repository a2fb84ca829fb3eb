using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip.Tests.Layer;

/// <summary>Who is not heard, and how much is taken from one source.</summary>
public sealed class GuardTests
{
    private static readonly SipFlow Stranger = SipBench.Udp with { Remote = SipBench.Address("203.0.113.66:5060") };

    [Theory]
    [InlineData("friendly-scanner")]
    [InlineData("SIPVicious/0.3")]
    [InlineData("Mozilla sipcli/v1.8")]
    public void A_scanner_gets_no_answer_from_wherever_it_comes(string agent)
    {
        var bench = new SipBench();
        foreach (var method in (string[])["OPTIONS", "REGISTER", "INVITE"])
        {
            bench.Request(method, extra: "User-Agent: " + agent);
            bench.Request(method, extra: "User-Agent: " + agent, flow: Stranger);
        }

        bench.ExpectNothing();
        bench.NothingHappens();
        var dropped = bench.Notes.OfType<SipNote.Dropped>().ToArray();
        Assert.Equal(6, dropped.Length);
        Assert.All(dropped, note => Assert.Equal(SipDropReason.Scanner, note.Reason));
        Assert.Equal(default, bench.Layer.Counts);
        bench.Request("OPTIONS", extra: "User-Agent: Asterisk PBX 20.1");
        bench.Expect("200");
    }

    [Fact]
    public void A_stranger_is_read_only_so_often()
    {
        var bench = new SipBench(settings: With(new SipAdmission { StrangerMessagesPerSecond = 10, StrangerMessageBurst = 5 }));
        for (var i = 0; i < 20; i++) bench.Request("INVITE", callId: "c" + i, flow: Stranger);
        Assert.Equal((5, 15), (Count(bench, SipDropReason.UnknownSource), Count(bench, SipDropReason.RateLimited)));
        bench.Wait(0.31);
        for (var i = 0; i < 20; i++) bench.Request("INVITE", callId: "d" + i, flow: Stranger);
        Assert.Equal((8, 32), (Count(bench, SipDropReason.UnknownSource), Count(bench, SipDropReason.RateLimited)));
        // Another port is the same host; the peer is not touched by what a stranger does.
        bench.Request("INVITE", flow: Stranger with { Remote = SipBench.Address("203.0.113.66:5099") });
        Assert.Equal(33, Count(bench, SipDropReason.RateLimited));
        bench.Request("OPTIONS");
        bench.Expect("200");
        bench.ExpectNothing();
    }

    [Fact]
    public void A_peer_has_an_allowance_of_its_own()
    {
        var bench = new SipBench(settings: With(new SipAdmission { MessagesPerSecond = 100, MessageBurst = 3 }));
        for (var i = 0; i < 5; i++) bench.Request("OPTIONS", callId: "o" + i);
        for (var i = 0; i < 3; i++) bench.Expect("200");
        bench.ExpectNothing();
        Assert.Equal(2, Count(bench, SipDropReason.RateLimited));
        bench.Wait(0.011);
        bench.Request("OPTIONS", callId: "later");
        bench.Expect("200");
    }

    [Fact]
    public void So_many_INVITEs_of_one_host_may_wait_and_a_call_for_help_always()
    {
        var bench = new SipBench(settings: With(new SipAdmission { MaxPendingInvites = 2 }));
        var first = bench.Incoming().Call;
        bench.Request("INVITE", callId: "in2", body: SipBench.Offer);
        bench.Expect("100");
        bench.Happens<SipEvent.IncomingCall>();
        bench.Request("INVITE", callId: "in3", body: SipBench.Offer);
        var refused = bench.Expect("503");
        Assert.False(refused.Has("Retry-After"));
        Assert.Equal(1, Count(bench, SipDropReason.TooManyPending));
        bench.Request("INVITE", callId: "help", body: SipBench.Offer, extra: "Priority: psap-callback");
        bench.Expect("100");
        bench.Happens<SipEvent.IncomingCall>();

        // One that has its final answer makes room, and a call for help takes none.
        bench.Do((layer, now) => layer.Reject(first, 486, 17, null, now));
        bench.Expect("486");
        bench.Happens<SipEvent.Gone>();
        bench.Request("INVITE", callId: "in4", body: SipBench.Offer);
        bench.Expect("100");
        bench.Happens<SipEvent.IncomingCall>();
        bench.Request("INVITE", callId: "in5", body: SipBench.Offer);
        bench.Expect("503");
        Assert.Equal(2, Count(bench, SipDropReason.TooManyPending));
    }

    [Fact]
    public void Room_is_given_back_whatever_becomes_of_a_call()
    {
        var bench = new SipBench(settings: With(new SipAdmission { MaxPendingInvites = 1 }));
        for (var i = 0; i < 4; i++)
        {
            var branch = bench.Request("INVITE", callId: "c" + i, body: SipBench.Offer);
            bench.Expect("100");
            var call = bench.Happens<SipEvent.IncomingCall>().Call;
            if (i % 2 == 0)
            {
                bench.Request("CANCEL", callId: "c" + i, branch: branch);
                bench.Expect("200");
                bench.Expect("487");
                bench.Happens<SipEvent.HungUp>();
            }
            else
            {
                bench.Do((layer, now) => layer.HangUp(call, 16, now));
                bench.Expect("480");
            }

            bench.Happens<SipEvent.Gone>();
        }
    }

    [Fact]
    public void A_call_for_help_finds_room_where_others_do_not()
    {
        var bench = new SipBench(settings: SipBench.DefaultSettings with { MaxTransactions = 8 });
        for (var i = 0; i < 8; i++) bench.Request("OPTIONS", callId: "o" + i);
        for (var i = 0; i < 8; i++) bench.Expect("200");
        bench.Do((layer, now) => layer.Invite(new SipInvite("1001", "pbx", "5551234", SipBench.Bytes(SipBench.Offer)), now));
        bench.ExpectNothing();
        Assert.Equal(503, bench.Happens<SipEvent.Rejected>().End.Status);
        bench.Happens<SipEvent.Gone>();
        bench.Do((layer, now) => layer.Invite(new SipInvite("1001", "pbx", "112", SipBench.Bytes(SipBench.Offer)) { Emergency = true }, now));
        bench.Expect("INVITE");
        bench.Request("INVITE", callId: "back", body: SipBench.Offer, extra: "Priority: emergency");
        bench.Expect("100");
    }

    [Theory]
    [InlineData("192.0.2.9:5060", true)]
    [InlineData("203.0.113.66:5060", false)]
    public void A_stranger_gets_silence_also_when_there_is_too_much_to_do(string from, bool answered)
    {
        var overload = new SipOverload(SipBench.DefaultSettings, new Entropy(7), address => address.SameHost(SipBench.Pbx));
        var invite = SipBench.Bytes("INVITE sip:1001@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKo;rport\r\nMax-Forwards: 70\r\nFrom: <sip:2001@192.0.2.9>;tag=1\r\nTo: <sip:1001@192.0.2.1>\r\n"
            + "Call-ID: o\r\nCSeq: 1 INVITE\r\nContact: <sip:192.0.2.9>\r\nUser-Agent: of some length, so that the refusal is not longer\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal(answered, overload.TryRefuse(invite.Span, SipBench.Udp with { Remote = SipBench.Address(from) }, out _, out _));
    }

    [Fact]
    public void A_flood_of_made_up_sources_costs_no_memory()
    {
        var guard = new SourceGuard(new SipAdmission(), 7);
        guard.Allows(NetAddress.FromIPv4(1, 5060), isPeer: false, new Instant(1));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0u; i < 100_000; i++) guard.Allows(NetAddress.FromIPv4(i * 2_654_435_761, 5060), isPeer: false, new Instant(1 + i));
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void No_stranger_can_be_shut_out_by_addresses_that_are_chosen_for_it()
    {
        // Halves that are the same in exclusive or: 1000 hosts are to have places of their own, mostly, not one together.
        var guard = new SourceGuard(new SipAdmission { StrangerMessagesPerSecond = 1, StrangerMessageBurst = 1 }, 7);
        var heard = 0;
        for (var i = 0UL; i < 1000; i++)
        {
            var bytes = new byte[16];
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes, 0x2001_0DB8_0000_0000 ^ i);
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), 0x1234_5678_9ABC_DEF0 ^ i);
            if (guard.Allows(NetAddress.From(new System.Net.IPAddress(bytes), 5060), isPeer: false, new Instant(1))) heard++;
        }

        Assert.InRange(heard, 500, 1000);
    }

    [Fact]
    public void Call_IDs_tags_and_branches_share_nothing_that_could_be_guessed()
    {
        // Two bridges with different seeds, a thousand calls each: no value comes twice, and every place of the random part takes every digit.
        var values = new List<string>();
        for (var seed = 1UL; seed <= 2; seed++)
        {
            var layer = new SipLayer(SipBench.DefaultSettings, new Entropy(seed));
            layer.SetPeers([SipBench.DefaultPeer], new Instant(1));
            layer.SetAccount(SipBench.Line, new Instant(1));
            for (var i = 0; i < 1000; i++)
            {
                layer.Invite(new SipInvite("1001", "pbx", "1", SipBench.Bytes(SipBench.Offer)), new Instant(1));
                while (layer.TryTake(out var output))
                {
                    if (output is not SipOutput.Send send) continue;
                    var wire = new WireText(SipBench.TextOf(send.Message), send.Flow, false);
                    values.AddRange([wire.CallId, wire.FromTag, wire.Branch["z9hG4bK".Length..]]);
                }
            }
        }

        Assert.Equal(6000, values.Count);
        Assert.Equal(6000, values.Distinct().Count());
        // RFC 3261 §19.3: at least 32 random bits; here 64 or more, 4 in each digit.
        foreach (var kind in values.GroupBy(value => value.Length))
        {
            Assert.True(kind.Key >= 16);
            for (var place = 0; place < kind.Key; place++)
            {
                var counts = kind.CountBy(value => value[place]).ToDictionary();
                Assert.Equal(16, counts.Count);
                Assert.All(counts.Values, count => Assert.InRange(count, kind.Count() / 16 * 0.5, kind.Count() / 16 * 1.5));
            }
        }
    }

    private static int Count(SipBench bench, SipDropReason reason) => bench.Notes.OfType<SipNote.Dropped>().Count(note => note.Reason == reason);

    private static SipSettings With(SipAdmission admission) => SipBench.DefaultSettings with { Admission = admission };
}
