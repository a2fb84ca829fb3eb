namespace MgcpSipBridge.Sip.Tests.Layer;

/// <summary>What a caller says beside the call: User-to-User (RFC 7433) and private headers that are on the list.</summary>
public sealed class KeptHeaderTests
{
    private const string Sent = """
        X-Account: 4711; of "Bob"
        x-secret: 1
        User-to-User: 56a390f3;encoding=hex
        P-Asserted-Identity: <sip:2001@192.0.2.9>
        USER-TO-USER: 00;purpose=other
        """;

    private static readonly SipSettings Keeping = SipBench.DefaultSettings with { KeepHeaders = ["User-to-User", "X-Account"] };

    [Fact]
    public void Only_the_headers_on_the_list_come_with_the_call()
    {
        Assert.Equal([("X-Account", "4711; of \"Bob\""), ("User-to-User", "56a390f3;encoding=hex"), ("User-to-User", "00;purpose=other")], Incoming(new SipBench(settings: Keeping)).Carried);
        Assert.Equal([("User-to-User", "56a390f3;encoding=hex"), ("User-to-User", "00;purpose=other")], Incoming(new SipBench()).Carried);
        Assert.Empty(Incoming(new SipBench(settings: Keeping with { KeepHeaders = [] })).Carried);
    }

    [Fact]
    public void No_list_keeps_what_would_let_others_speak_in_our_name() =>
        Assert.Empty(Incoming(new SipBench(settings: Keeping with { KeepHeaders = ["P-Asserted-Identity", "Contact", "Via"] })).Carried);

    [Fact]
    public void Neither_many_nor_long_ones_are_kept()
    {
        var bench = new SipBench(settings: Keeping);
        bench.Request("INVITE", extra: $"X-Account: {new string('a', 513)}\n" + string.Join('\n', Enumerable.Range(0, 20).Select(i => $"X-Account: {i}")), body: SipBench.Offer);
        var carried = bench.Happens<SipEvent.IncomingCall>().Carried;
        Assert.Equal(["0", "1", "2", "3", "4", "5", "6", "7"], carried.Select(header => header.Value));
    }

    [Fact]
    public void They_go_on_where_the_caller_is_handed_on()
    {
        var bench = new SipBench(settings: Keeping);
        var call = Incoming(bench).Call;
        bench.Expect("100");
        bench.Do((layer, now) => layer.Answer(call, SipBench.Bytes(SipBench.Answer), now));
        bench.Request("ACK", toTag: bench.Expect("200").ToTag);
        bench.Do((layer, now) => layer.Transfer(call, "3003", null, now));
        var target = bench.Expect("REFER").Header("Refer-To");
        Assert.Equal("<sip:3003@192.0.2.9:5060?X-Account=4711%3B%20of%20%22Bob%22&User-to-User=56a390f3%3Bencoding%3Dhex&User-to-User=00%3Bpurpose%3Dother>", target);
    }

    [Fact]
    public void They_go_on_where_the_caller_is_sent_elsewhere()
    {
        var bench = new SipBench();
        var call = Incoming(bench).Call;
        bench.Expect("100");
        bench.Do((layer, now) => layer.Redirect(call, new SipRedirection("3003", "1001", SipDiversionReason.Unconditional), now));
        Assert.Equal("<sip:3003@192.0.2.9?User-to-User=56a390f3%3Bencoding%3Dhex&User-to-User=00%3Bpurpose%3Dother>", bench.Expect("302").Header("Contact"));
    }

    [Fact]
    public void Without_any_nothing_is_added()
    {
        var bench = new SipBench(settings: Keeping);
        bench.Request("INVITE", body: SipBench.Offer);
        var call = bench.Happens<SipEvent.IncomingCall>();
        Assert.Empty(call.Carried);
        bench.Expect("100");
        bench.Do((layer, now) => layer.Redirect(call.Call, new SipRedirection("3003", "1001", SipDiversionReason.Unconditional), now));
        Assert.Equal("<sip:3003@192.0.2.9>", bench.Expect("302").Header("Contact"));
    }

    private static SipEvent.IncomingCall Incoming(SipBench bench)
    {
        bench.Request("INVITE", extra: Sent, body: SipBench.Offer);
        return bench.Happens<SipEvent.IncomingCall>();
    }
}
