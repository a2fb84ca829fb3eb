namespace MgcpSipBridge.Sip.Tests.Layer;

/// <summary>Who calls and who is called: RFC 3323, RFC 3325, Remote-Party-ID, RFC 5806, RFC 7044; Alert-Info; digits in INFO; waiting messages.</summary>
public sealed class WhoTests
{
    [Theory]
    [InlineData("INVITE")]
    [InlineData("NOTIFY")]
    public void Nobody_is_another_peer_by_saying_where_answers_should_go(string method)
    {
        // maddr decides where the response goes (RFC 3261 §18.2.2), not who has asked.
        var bench = new SipBench();
        var other = SipBench.DefaultPeer with { Name = "other", Host = "192.0.2.20", Trusted = false };
        bench.Do((layer, now) => layer.SetPeers([SipBench.DefaultPeer, other], now));
        var body = method == "INVITE" ? SipBench.Offer : "Messages-Waiting: yes\r\n";
        bench.Deliver($"""
            {method} sip:1001@192.0.2.1 SIP/2.0
            Via: SIP/2.0/UDP 192.0.2.20:5060;maddr=192.0.2.9;branch=z9hG4bKm
            Max-Forwards: 70
            From: <sip:2001@192.0.2.20>;tag=m
            To: <sip:1001@192.0.2.1>
            Call-ID: maddr
            CSeq: 1 {method}
            Contact: <sip:2001@192.0.2.20>
            Event: message-summary
            Subscription-State: active
            P-Asserted-Identity: <sip:110@192.0.2.9>
            Content-Type: {(method == "INVITE" ? "application/sdp" : "application/simple-message-summary")}
            """, body, SipBench.Udp with { Remote = SipBench.Address("192.0.2.20:5060") });
        if (method == "NOTIFY")
        {
            bench.Expect("481");
            bench.NothingHappens();
            return;
        }

        var call = bench.Happens<SipEvent.IncomingCall>();
        Assert.Equal(("other", "2001"), (call.Peer, call.Caller.User));
        Assert.Equal(SipBench.Pbx, bench.Expect("100").Flow.Remote);
    }


    private const string Pai = "P-Asserted-Identity: \"Real\" <sip:7001@192.0.2.9>";
    private const string Rpid = "Remote-Party-ID: \"Party\" <sip:7002@192.0.2.9>;party=calling;screen=yes;privacy=off";
    private const string Ppi = "P-Preferred-Identity: <sip:7003@192.0.2.9>";

    private static SipIdentity Caller(string extra, Func<SipPeerModel, SipPeerModel>? peer = null)
    {
        var bench = new SipBench(peer?.Invoke(SipBench.DefaultPeer));
        bench.Request("INVITE", extra: extra, body: SipBench.Offer);
        return bench.Happens<SipEvent.IncomingCall>().Caller;
    }

    [Theory]
    [InlineData(SipIdentityHeader.PAssertedIdentity, "7001", "Real")]
    [InlineData(SipIdentityHeader.RemotePartyId, "7002", "Party")]
    [InlineData(SipIdentityHeader.PPreferredIdentity, "7003", "Bob")]
    [InlineData(SipIdentityHeader.From, "2001", "Bob")]
    public void The_order_of_headers_is_the_peers(SipIdentityHeader first, string user, string name) =>
        Assert.Equal(new SipIdentity(user, name), Caller($"{Pai}\n{Rpid}\n{Ppi}", peer => peer with { CallerFrom = first }));

    [Fact]
    public void What_a_stranger_asserts_is_not_believed() =>
        Assert.Equal(new SipIdentity("2001", "Bob"), Caller($"{Pai}\n{Rpid}\n{Ppi}", peer => peer with { Trusted = false }));

    [Theory]
    [InlineData("Privacy: id")]
    [InlineData("Privacy: header;user")]
    [InlineData("Remote-Party-ID: <sip:7002@192.0.2.9>;privacy=full")]
    public void Who_withholds_the_number_is_withheld(string header) => Assert.Equal(new SipIdentity("", null, Withheld: true), Caller($"{Pai}\n{header}"));

    [Theory]
    [InlineData(SipIdentityHeader.From, SipRegistrationMode.PerLine, true, "P-Preferred-Identity", "<sip:1001@192.0.2.9>")]
    [InlineData(SipIdentityHeader.From, SipRegistrationMode.None, true, "P-Asserted-Identity", "<sip:1001@192.0.2.9>")]
    [InlineData(SipIdentityHeader.RemotePartyId, SipRegistrationMode.None, true, "Remote-Party-ID", "<sip:1001@192.0.2.9>;party=calling;screen=yes;privacy=full")]
    [InlineData(SipIdentityHeader.RemotePartyId, SipRegistrationMode.None, false, "Remote-Party-ID", "\"Alice\" <sip:1001@192.0.2.9>;party=calling;screen=yes;privacy=off")]
    [InlineData(SipIdentityHeader.PAssertedIdentity, SipRegistrationMode.None, false, "P-Asserted-Identity", "\"Alice\" <sip:1001@192.0.2.9>")]
    public void Our_line_is_told_in_the_header_that_the_peer_reads(SipIdentityHeader header, SipRegistrationMode mode, bool withheld, string name, string value)
    {
        var bench = new SipBench(SipBench.DefaultPeer with { CallerIn = header, Registration = mode });
        var (_, invite) = bench.Call(withheld: withheld);
        Assert.Equal((value, withheld ? "id" : ""), (invite.Header(name), invite.Header("Privacy")));
        Assert.Equal(withheld, invite.Header("From").Contains("anonymous@anonymous.invalid", StringComparison.Ordinal));
    }

    [Fact]
    public void A_stranger_is_not_told_a_withheld_number()
    {
        var bench = new SipBench(SipBench.DefaultPeer with { CallerIn = SipIdentityHeader.PAssertedIdentity, Trusted = false });
        var (_, invite) = bench.Call(withheld: true);
        Assert.DoesNotContain("1001", invite.Text.Replace("auth1001", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal("id", invite.Header("Privacy"));
    }

    [Fact]
    public void The_connected_line_is_told_when_it_is_answered_and_when_it_changes()
    {
        var bench = new SipBench();
        var (call, invite) = bench.Call();
        bench.Reply(invite, 200, extra: "P-Asserted-Identity: \"Carol\" <sip:3003@192.0.2.9>", body: SipBench.Answer);
        bench.Expect("ACK");
        bench.Happens<SipEvent.Answered>();
        Assert.Equal(new SipEvent.PeerIdentified(call, new SipIdentity("3003", "Carol")), bench.Happens<SipEvent.PeerIdentified>());
        bench.Request("UPDATE", callId: invite.CallId, fromTag: "peer", toTag: invite.FromTag, extra: "P-Asserted-Identity: \"Carol\" <sip:3003@192.0.2.9>");
        bench.Expect("200");
        bench.NothingHappens();
        bench.Request("UPDATE", callId: invite.CallId, cseq: 2, fromTag: "peer", toTag: invite.FromTag, extra: "Remote-Party-ID: \"Dave\" <sip:3004@192.0.2.9>;party=calling");
        bench.Expect("200");
        Assert.Equal(new SipIdentity("3004", "Dave"), bench.Happens<SipEvent.PeerIdentified>().Peer);
    }

    [Fact]
    public void We_say_who_answered_where_the_peer_reads_it()
    {
        var bench = new SipBench(SipBench.DefaultPeer with { CallerIn = SipIdentityHeader.PAssertedIdentity });
        var (call, _) = bench.Incoming();
        bench.Do((layer, now) => layer.Answer(call, SipBench.Bytes(SipBench.Answer), now));
        Assert.Equal("\"Alice\" <sip:1001@192.0.2.9>", bench.Expect("200").Header("P-Asserted-Identity"));
    }

    [Fact]
    public void Who_sent_the_call_on_is_read_from_Diversion_the_last_one_first()
    {
        var bench = new SipBench();
        bench.Request("INVITE", extra: "Diversion: \"Bob\" <sip:2002@x>;reason=no-answer;counter=1, <tel:+1-555-0100>;reason=unconditional\nHistory-Info: <sip:9@x>;index=1", body: SipBench.Offer);
        Assert.Equal([new("2002", "Bob", SipDiversionReason.NoAnswer), new("+15550100", null, SipDiversionReason.Unconditional)], bench.Happens<SipEvent.IncomingCall>().Diversions);
    }

    [Theory]
    [InlineData("<sip:2001@x>;index=1, <sip:2002@x;cause=486>;index=1.1, <sip:1001@x;cause=302>;index=1.1.1", "2002 Unconditional, 2001 UserBusy")]
    [InlineData("<sip:2001@x?Reason=SIP%3Bcause%3D408>;index=1, <sip:1001@x>;index=1.1", "2001 NoAnswer")]
    [InlineData("<sip:1001@x>;index=1", "")]
    [InlineData("<sip:2001@x>;index=1, <sip:1001@x>;index=1.1", "")]
    public void Or_from_History_Info(string history, string expected)
    {
        var bench = new SipBench();
        bench.Request("INVITE", extra: "History-Info: " + history, body: SipBench.Offer);
        Assert.Equal(expected, string.Join(", ", bench.Happens<SipEvent.IncomingCall>().Diversions.Select(one => $"{one.User} {one.Reason}")));
    }

    [Fact]
    public void We_write_both()
    {
        var bench = new SipBench();
        bench.Do((layer, now) => layer.Invite(
            new SipInvite("1001", "pbx", "3003", SipBench.Bytes(SipBench.Offer)) { Diversions = [new("1002", "Bob \"B\"", SipDiversionReason.UserBusy), new("1003", null, SipDiversionReason.Unconditional)] }, now));
        var invite = bench.Expect("INVITE");
        Assert.Equal(["\"Bob \\\"B\\\"\" <sip:1002@192.0.2.9>;reason=user-busy;counter=1", "<sip:1003@192.0.2.9>;reason=unconditional;counter=1"], invite.Headers("Diversion"));
        Assert.Equal(["<sip:1003@192.0.2.9>;index=1", "<sip:1002@192.0.2.9;cause=302>;index=1.1", "<sip:3003@192.0.2.9;cause=486>;index=1.1.1"], invite.Headers("History-Info"));
    }

    [Fact]
    public void A_call_that_is_sent_on_says_where_to_by_whom_and_why()
    {
        var bench = new SipBench();
        bench.Request("INVITE", extra: "Diversion: <sip:2002@x>;reason=no-answer", body: SipBench.Offer);
        bench.Expect("100");
        var call = bench.Happens<SipEvent.IncomingCall>().Call;
        bench.Do((layer, now) => layer.Redirect(call, new SipRedirection("*98#", "1001", SipDiversionReason.UserBusy) { Name = "Alice" }, now));
        var moved = bench.Expect("302");
        Assert.Equal("<sip:*98%23@192.0.2.9>", moved.Header("Contact"));
        Assert.Equal(["\"Alice\" <sip:1001@192.0.2.9>;reason=user-busy;counter=1", "<sip:2002@x>;reason=no-answer"], moved.Headers("Diversion"));
        // RFC 7044 §9.4: only to those who say that they know it.
        Assert.Empty(moved.Headers("History-Info"));
    }

    [Theory]
    [InlineData("History-Info: <sip:9@x>;index=1, <sip:1001@x;cause=302>;index=1.1", "<sip:3003@192.0.2.9>;mp=1.1", "<sip:9@x>;index=1|<sip:1001@x;cause=302>;index=1.1")]
    [InlineData("Subject: x", "<sip:3003@192.0.2.9>;mp=1", "<sip:1001@192.0.2.9>;index=1")]
    public void Who_knows_histories_gets_the_request_s_own_back(string extra, string contact, string history)
    {
        var bench = new SipBench();
        bench.Request("INVITE", extra: "Supported: timer, histinfo\n" + extra, body: SipBench.Offer);
        bench.Expect("100");
        var call = bench.Happens<SipEvent.IncomingCall>().Call;
        bench.Do((layer, now) => layer.Redirect(call, new SipRedirection("3003", "1001", SipDiversionReason.Unconditional), now));
        var moved = bench.Expect("302");
        Assert.Equal(contact, moved.Header("Contact"));
        Assert.Equal(history, string.Join('|', moved.Headers("History-Info")));
    }

    [Theory]
    [InlineData("<http://127.0.0.1/Bellcore-dr3>", 3)]
    [InlineData("Bellcore-dr5", 5)]
    [InlineData("<http://www.example.com/x>;info=alert-internal;x-line-id=0", 1)]
    [InlineData(";info=external", 2)]
    [InlineData("<urn:alert:source:internal>", 1)]
    [InlineData("<urn:alert:source:external:foo>", 2)]
    [InlineData("<urn:alert:unheard-of>, <urn:alert:priority:high>", 5)]
    [InlineData("<http://www.example.com/internal.wav>", null)]
    [InlineData("Bellcore-dr9", null)]
    public void The_bell(string alertInfo, int? ring)
    {
        var bench = new SipBench();
        bench.Request("INVITE", extra: "Alert-Info: " + alertInfo, body: SipBench.Offer);
        Assert.Equal(ring, bench.Happens<SipEvent.IncomingCall>().Ring);
    }

    [Theory]
    [InlineData("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", "5", 160)]
    [InlineData("application/dtmf-relay", "Signal= *\nDuration= 10", "*", 40)]
    [InlineData("application/dtmf-relay", "Signal=11\r\n", "#", 100)]
    [InlineData("application/dtmf", "d", "D", 100)]
    public void Digits_in_INFO(string type, string body, string symbol, int milliseconds)
    {
        var bench = new SipBench();
        var (call, ok) = bench.IncomingTalk();
        bench.Request("INFO", cseq: 2, toTag: ok.ToTag, body: body, type: type);
        bench.Expect("200");
        Assert.Equal(new SipEvent.DigitsPressed(call, symbol, TimeSpan.FromMilliseconds(milliseconds)), bench.Happens<SipEvent.DigitsPressed>());
    }

    [Fact]
    public void Where_a_call_comes_from_is_known_and_not_only_where_its_peer_is()
    {
        var bench = new SipBench();
        var (call, _) = bench.Call();
        Assert.True(bench.Layer.SourceOf(call).IsNone); // nobody has answered
        bench = new SipBench();
        (call, _, _) = bench.Talk();
        Assert.Equal(SipBench.Pbx, bench.Layer.SourceOf(call));
        bench = new SipBench();
        var elsewhere = SipBench.Address("192.0.2.9:33060");
        (call, _) = bench.IncomingTalk(flow: new SipFlow(SipTransport.Tcp, SipBench.Us, elsewhere, 7));
        Assert.Equal(elsewhere, bench.Layer.SourceOf(call));
        Assert.True(bench.Layer.SourceOf(new(4711)).IsNone);
    }

    [Fact]
    public void Other_INFO_gets_the_right_answer()
    {
        var bench = new SipBench();
        var (call, ok) = bench.IncomingTalk();
        bench.Request("INFO", cseq: 2, toTag: ok.ToTag);
        bench.Expect("200");
        bench.Request("INFO", cseq: 3, toTag: ok.ToTag, body: "<x/>", type: "application/media_control+xml");
        Assert.Equal("application/dtmf-relay, application/dtmf", bench.Expect("415").Header("Accept"));
        bench.Request("INFO", cseq: 4, toTag: ok.ToTag, extra: "Info-Package: foo");
        Assert.True(bench.Expect("469").Has("Recv-Info"));
        bench.NothingHappens();
        bench.Do((layer, now) => layer.SendDigits(call, "7#", TimeSpan.FromMilliseconds(120), now));
        Assert.Equal("Signal=7\r\nDuration=120\r\n", bench.Expect("INFO").Body);
        Assert.Equal("Signal=#\r\nDuration=120\r\n", bench.Expect("INFO").Body);
    }

    [Theory]
    [InlineData(415, "Accept: application/dtmf")]
    [InlineData(415, "")]
    [InlineData(488, "")]
    [InlineData(501, "")]
    public void A_peer_that_takes_digits_in_the_other_form_gets_them_so_from_then_on(int status, string says)
    {
        var bench = new SipBench();
        var (call, _, _) = bench.Talk();
        bench.Do((layer, now) => layer.SendDigits(call, "7", TimeSpan.FromMilliseconds(120), now));
        var refused = bench.Expect("INFO");
        Assert.Equal("application/dtmf-relay", refused.Header("Content-Type"));
        bench.Reply(refused, status, extra: says);
        var again = bench.Expect("INFO");
        Assert.Equal(("application/dtmf", "7"), (again.Header("Content-Type"), again.Body));
        bench.Reply(again, 200);
        bench.Do((layer, now) => layer.SendDigits(call, "#", TimeSpan.FromMilliseconds(120), now));
        Assert.Equal("#", bench.Expect("INFO").Body);
        bench.NothingHappens();
    }

    [Fact]
    public void Waiting_messages_are_told_unasked()
    {
        var bench = new SipBench();
        Tell(bench, "Messages-Waiting: yes\r\nMessage-Account: sip:1001@x\r\nVoice-Message: 2/8 (0/2)\r\n");
        bench.Expect("200");
        Assert.Equal(new SipEvent.MessagesWaiting("1001", true, 2, 8), bench.Happens<SipEvent.MessagesWaiting>());
        Tell(bench, "Messages-Waiting: no\r\n");
        bench.Expect("200");
        Assert.False(bench.Happens<SipEvent.MessagesWaiting>().Waiting);
        bench.EverythingEnds();
    }

    private static void Tell(SipBench bench, string body, string toTag = "", string callId = "mwi", string state = "active", int cseq = 1) => bench.Request(
        "NOTIFY", callId: callId + (toTag.Length == 0 ? body.Length : ""), cseq: cseq, toTag: toTag, extra: $"Event: message-summary\nSubscription-State: {state}", body: body, type: "application/simple-message-summary");

    [Fact]
    public void Waiting_messages_are_asked_for_kept_asked_for_and_unasked()
    {
        var bench = new SipBench();
        bench.Do((layer, now) => layer.SetAccount(SipBench.Line with { AsksForMessages = true }, now));
        bench.Wait(5.1);
        var subscribe = bench.Expect("SUBSCRIBE");
        Assert.Equal(("message-summary", "application/simple-message-summary", "3600", "sip:1001@192.0.2.9:5060"), (subscribe.Header("Event"), subscribe.Header("Accept"), subscribe.Header("Expires"), subscribe.RequestUri));
        // RFC 6665 §4.1.2.4: the NOTIFY may come first.
        Tell(bench, "Messages-Waiting: yes\r\n", subscribe.FromTag, subscribe.CallId);
        bench.Expect("200");
        Assert.True(bench.Happens<SipEvent.MessagesWaiting>().Waiting);
        bench.Reply(subscribe, 200, toTag: "p1", extra: "Expires: 600");
        // Between eight and nine tenths of what was granted.
        bench.Wait(479.9);
        bench.ExpectNothing();
        for (var sent = bench.Everything.Count; bench.Everything.Count == sent;) bench.Wait(1);
        var refresh = bench.Expect("SUBSCRIBE");
        Assert.Equal((subscribe.CallId, subscribe.CSeq + 1, "p1"), (refresh.CallId, refresh.CSeq, refresh.ToTag));
        bench.Reply(refresh, 481);
        bench.Wait(1.1);
        var anew = bench.Expect("SUBSCRIBE");
        Assert.Equal("", anew.ToTag);
        bench.Reply(anew, 200, toTag: "p2", extra: "Expires: 600");
        bench.Do((layer, now) => layer.RemoveAccount("1001", now));
        var end = bench.Expect("SUBSCRIBE");
        Assert.Equal("0", end.Header("Expires"));
        bench.Reply(end, 200);
        bench.EverythingEnds();
    }

    [Fact]
    public void A_peer_without_mailboxes_is_asked_again_in_an_hour()
    {
        var bench = new SipBench();
        bench.Do((layer, now) => layer.SetAccount(SipBench.Line with { AsksForMessages = true }, now));
        bench.Wait(5.1);
        bench.Reply(bench.Expect("SUBSCRIBE"), 489);
        bench.Wait(3590);
        bench.ExpectNothing();
        bench.Wait(11);
        bench.Expect("SUBSCRIBE");
    }
}
