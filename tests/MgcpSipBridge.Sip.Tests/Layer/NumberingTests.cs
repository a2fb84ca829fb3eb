using System.Collections.Immutable;

namespace MgcpSipBridge.Sip.Tests.Layer;

/// <summary>Numbers of lines as they are dialled, and of a peer that wants E.164.</summary>
public sealed class NumberingTests
{
    private static readonly ImmutableArray<SipNumberRule> Out =
    [
        new("00", 2, "+"), new("0", 1, "+49"), new("", 0, "+4930", MinDigits: 5, MaxDigits: 8), new("1", 0, "+4930555", 4, 4),
    ];

    private static readonly ImmutableArray<SipNumberRule> In = [new("+", 1, "00"), new("+49", 3, "0"), new("+4930555", 8, "", 12, 12)];
    private static readonly SipNumbering Both = new(Out, In, userPhone: true);
    private static readonly SipPeerModel Trunk = SipBench.DefaultPeer with { Registration = SipRegistrationMode.None, Numbers = Both };

    [Theory]
    [InlineData("0015551234", "+15551234")]
    [InlineData("0301234", "+49301234")]
    [InlineData("5551234", "+49305551234")]
    [InlineData("1001", "+49305551001")]
    [InlineData("112", "112")]
    [InlineData("*98", "*98")]
    [InlineData("alice", "alice")]
    [InlineData("", "")]
    public void The_longest_prefix_counts_for_what_is_a_number(string number, string written) =>
        Assert.Equal(written, Both.Out(number));

    [Theory]
    [InlineData("+15551234", "0015551234")]
    [InlineData("+49301234", "0301234")]
    [InlineData("+49305551001", "1001")]
    [InlineData("2001", "2001")]
    public void And_back(string number, string shown) => Assert.Equal(shown, Both.In(number));

    [Fact]
    public void A_call_goes_out_in_the_peers_way()
    {
        var bench = new SipBench(Trunk);
        bench.Do((layer, now) => layer.Invite(
            new SipInvite("1001", "pbx", "0301234", SipBench.Bytes(SipBench.Offer)) { Diversions = [new SipDiversion("0307777", null, SipDiversionReason.UserBusy)], ReferredBy = "1001" }, now));
        var invite = bench.Expect("INVITE");
        Assert.Equal("sip:+49301234@192.0.2.9:5060;user=phone", invite.RequestUri);
        Assert.Equal("<sip:+49301234@192.0.2.9;user=phone>", invite.Header("To"));
        Assert.StartsWith("\"Alice\" <sip:+49305551001@192.0.2.9;user=phone>;tag=", invite.Header("From"), StringComparison.Ordinal);
        Assert.StartsWith("<sip:+49307777@192.0.2.9;user=phone>;", invite.Header("Diversion"), StringComparison.Ordinal);
        Assert.Equal("<sip:+49305551001@192.0.2.9;user=phone>", invite.Header("Referred-By"));
        // Where we are reached is our own business.
        Assert.Equal("<sip:1001@192.0.2.1:5060>", invite.Header("Contact"));
    }

    [Fact]
    public void Who_registers_as_itself_keeps_its_name_there()
    {
        var bench = new SipBench(Trunk with { Registration = SipRegistrationMode.PerLine });
        var (_, invite) = bench.Call("0301234");
        Assert.Equal("sip:+49301234@192.0.2.9:5060;user=phone", invite.RequestUri);
        Assert.StartsWith("\"Alice\" <sip:1001@192.0.2.9;user=phone>;tag=", invite.Header("From"), StringComparison.Ordinal);
    }

    [Fact]
    public void Who_calls_for_help_calls_what_was_dialled()
    {
        var bench = new SipBench(Trunk with { Numbers = new([new("", 0, "+4930")], [], userPhone: true) });
        bench.Do((layer, now) => layer.Invite(new SipInvite("1001", "pbx", "112", SipBench.Bytes(SipBench.Offer)) { Emergency = true }, now));
        Assert.Equal("sip:112@192.0.2.9:5060", bench.Expect("INVITE").RequestUri);
    }

    [Theory]
    [InlineData("sip:+49305551001@192.0.2.1:5060;user=phone")]
    [InlineData("sip:+49-30-555-1001@192.0.2.1:5060;user=phone")]
    [InlineData("tel:+49-30-555-1001")]
    [InlineData("sip:1001@192.0.2.1:5060")]
    public void A_call_comes_in_and_is_shown_as_phones_dial(string uri)
    {
        var bench = new SipBench(Trunk);
        bench.Request("INVITE", uri: uri, extra: "P-Asserted-Identity: <sip:+49309999@192.0.2.9;user=phone>\nDiversion: <tel:+44-12345>;reason=no-answer", body: SipBench.Offer);
        var call = bench.Happens<SipEvent.IncomingCall>();
        Assert.Equal(("1001", "0309999", "004412345"), (call.CalledUser, call.Caller.User, call.Diversions[0].User));
        bench.Expect("100");
        bench.Do((layer, now) => layer.Redirect(call.Call, new SipRedirection("0301234", "1001", SipDiversionReason.Unconditional), now));
        var redirect = bench.Expect("302");
        Assert.Equal("<sip:+49301234@192.0.2.9;user=phone>", redirect.Header("Contact"));
        Assert.StartsWith("<sip:+49305551001@192.0.2.9;user=phone>;", redirect.Header("Diversion"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_transfer_names_numbers_both_ways()
    {
        var bench = new SipBench(Trunk);
        var (call, _, _) = bench.Talk();
        bench.Do((layer, now) => layer.Transfer(call, "0301234", null, now));
        Assert.Equal("<sip:+49301234@192.0.2.9:5060;user=phone>", bench.Expect("REFER").Header("Refer-To"));

        var (_, ok) = bench.IncomingTalk();
        bench.Request("REFER", cseq: 2, toTag: ok.ToTag, extra: "Refer-To: <sip:+4412345@192.0.2.9>\nReferred-By: <sip:+49301234@192.0.2.9>");
        var asked = bench.Happens<SipEvent.TransferAsked>();
        Assert.Equal(("004412345", "0301234"), (asked.User, asked.By));
    }

    [Fact]
    public void Without_rules_nothing_changes()
    {
        Assert.Equal(default, new SipNumbering([], [], userPhone: false));
        Assert.NotEqual(default, Both);
        var bench = new SipBench(SipBench.DefaultPeer with { Registration = SipRegistrationMode.None });
        Assert.Equal("sip:0301234@192.0.2.9:5060", bench.Call("0301234").Invite.RequestUri);
    }
}
