using System.Text.RegularExpressions;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip.Tests.Layer;

namespace MgcpSipBridge.Sip.Tests.Registration;

public sealed class RegistrationTests
{
    private static readonly SipAccount Registering = SipBench.Line with { Register = true };
    private readonly SipBench _bench = new();

    [Fact]
    public void A_line_registers_answers_the_challenge_refreshes_and_leaves()
    {
        var first = Begin();
        Assert.Equal("sip:192.0.2.9:5060", first.RequestUri);
        Assert.StartsWith("\"Alice\" <sip:1001@192.0.2.9>;tag=", first.Header("From"), StringComparison.Ordinal);
        Assert.Equal(("\"Alice\" <sip:1001@192.0.2.9>", "<sip:1001@192.0.2.1:5060>", "3600"), (first.Header("To"), first.Header("Contact"), first.Header("Expires")));

        _bench.Reply(first, 401, extra: "WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n1\", qop=\"auth\", algorithm=SHA-256");
        var second = _bench.Expect("REGISTER");
        Assert.Equal((first.CallId, first.CSeq + 1, first.FromTag), (second.CallId, second.CSeq, second.FromTag));
        Assert.Matches("uri=\"sip:192.0.2.9:5060\", response=\"[0-9a-f]{64}\"", second.Header("Authorization"));
        _bench.Reply(second, 200, contact: null, extra: "Contact: <sip:other@192.0.2.77>;expires=9999, <sip:1001@192.0.2.1:5060>;expires=100");
        Assert.Equal(SipRegistrationState.Registered, _bench.Happens<SipEvent.RegistrationChanged>().State);

        // 80 to 90 % of 100 s, with the nonce at hand.
        _bench.Wait(79.9);
        _bench.ExpectNothing();
        _bench.Wait(10.2);
        var refresh = _bench.Expect("REGISTER");
        Assert.Equal((first.CallId, second.CSeq + 1), (refresh.CallId, refresh.CSeq));
        Assert.Contains("nc=00000002", refresh.Header("Authorization"), StringComparison.Ordinal);
        _bench.Reply(refresh, 200, contact: null, extra: "Contact: <sip:1001@192.0.2.1:5060>;expires=100");
        _bench.NothingHappens();

        _bench.Do((layer, now) => layer.RemoveAccount("1001", now));
        _bench.Wait(0.01);
        var leave = _bench.Expect("REGISTER");
        Assert.Equal(("0", refresh.CSeq + 1), (leave.Header("Expires"), leave.CSeq));
        _bench.NothingHappens();
        _bench.Reply(leave, 200, contact: null);
        Assert.Equal((SipRegistrationState.Off, null), _bench.Happens<SipEvent.RegistrationChanged>() is var off ? (off.State, off.Reason) : default);
        _bench.EverythingEnds();
    }

    [Theory]
    [InlineData("Contact: <sip:1001@192.0.2.1:5060>;expires=50\nExpires: 3600", 50)]
    [InlineData("Contact: \"x\" <sip:1001@192.0.2.1:5060;line=abc>;q=0.5;expires=50\nExpires: 3600", 50)]
    [InlineData("Contact: <sip:1001@198.51.100.7:61234>;expires=50", 50)]
    [InlineData("Contact: <sip:1001@192.0.2.1:5060>\nExpires: 200", 200)]
    [InlineData("Expires: 200", 200)]
    [InlineData("", 3600)]
    public void The_lifetime_is_what_the_200_says_of_our_binding(string headers, int seconds)
    {
        _bench.Reply(Begin(), 200, contact: null, extra: headers);
        _bench.Wait((seconds * 0.8) - 1);
        _bench.ExpectNothing();
        _bench.Wait((seconds * 0.1) + 2);
        _bench.Expect("REGISTER");
    }

    [Fact]
    public void A_lifetime_too_short_for_the_registrar_is_prolonged_once()
    {
        var first = Begin();
        _bench.Reply(first, 423, extra: "Min-Expires: 7200");
        var second = _bench.Expect("REGISTER");
        Assert.Equal(("7200", first.CSeq + 1), (second.Header("Expires"), second.CSeq));
        _bench.Reply(second, 423, extra: "Min-Expires: 9000");
        _bench.ExpectNothing();
        Assert.Equal(423, _bench.Happens<SipEvent.RegistrationChanged>().Reason?.Status);
    }

    [Theory]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(500)]
    public void A_refused_registration_backs_off_doubling(int status)
    {
        _bench.Reply(Begin(), status);
        Assert.Equal((SipRegistrationState.Refused, new SipEnd(status)), Changed());
        double[] pauses = [30, 60, 120, 240, 480, 960, 1800, 1800, 1800];
        foreach (var pause in pauses)
        {
            var sent = Registers();
            var waited = 0;
            for (; Registers() == sent; waited++) _bench.Wait(1);
            Assert.InRange(waited, pause, (pause * 1.1) + 1);
            _bench.Reply(_bench.Expect("REGISTER"), status);
            Assert.Equal((SipRegistrationState.Refused, new SipEnd(status)), Changed());
        }
    }

    [Fact]
    public void A_wrong_password_is_sent_once_per_attempt_and_alarms()
    {
        const string Challenge = "WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n{0}\", qop=\"auth\"";
        _bench.Reply(Begin(), 401, extra: string.Format(null, Challenge, 1));
        _bench.Reply(_bench.Expect("REGISTER"), 401, extra: string.Format(null, Challenge, 2));
        _bench.ExpectNothing();
        Assert.Equal((SipRegistrationState.Refused, new SipEnd(401)), Changed());
        Assert.Equal(new SipNote.CredentialsRefused("pbx", "1001", 401), Assert.Single(_bench.Notes.OfType<SipNote.CredentialsRefused>()));
        _bench.Wait(29);
        _bench.ExpectNothing();

        // A new password is tried at once.
        _bench.Do((layer, now) => layer.SetAccount(Registering with { Password = "better" }, now));
        Assert.Equal(SipRegistrationState.Trying, Changed().State);
        _bench.Wait(0.1);
        Assert.False(_bench.Expect("REGISTER").Has("Authorization"));
    }

    [Fact]
    public void Retry_After_is_obeyed()
    {
        _bench.Reply(Begin(), 503, extra: "Retry-After: 300 (maintenance)");
        Assert.Equal(SipRegistrationState.Refused, Changed().State);
        _bench.Wait(299);
        _bench.ExpectNothing();
        _bench.Wait(2);
        _bench.Expect("REGISTER");
    }

    [Fact]
    public void A_silent_registrar_is_asked_again_and_found_again()
    {
        Begin();
        _bench.Wait(32.1);
        Assert.Equal((SipRegistrationState.Unreachable, new SipEnd(408, Local: true)), Changed());
        _bench.Wait(34);
        _bench.Expect("REGISTER");
        _bench.Wait(32.1);
        Assert.Equal(SipRegistrationState.Unreachable, Changed().State);
        _bench.Wait(29);
        _bench.ExpectNothing();
        _bench.Wait(4);
        _bench.Reply(_bench.Expect("REGISTER"), 200, contact: null);
        Assert.Equal(SipRegistrationState.Registered, Changed().State);
    }

    [Fact]
    public void Many_lines_take_turns()
    {
        for (var i = 0; i < 250; i++) _bench.Do((layer, now) => layer.SetAccount(Registering with { Key = "k" + i, User = "u" + i }, now));
        _bench.Wait(0.995);
        Assert.Equal(100, Registers());
        _bench.Wait(1);
        Assert.Equal(200, Registers());
        _bench.Wait(1);
        Assert.Equal(250, Registers());
    }

    [Fact]
    public void Shutdown_takes_every_binding_back_and_waits_for_what_is_out()
    {
        _bench.Do((layer, now) => layer.SetAccount(Registering with { Key = "a", User = "a" }, now));
        _bench.Do((layer, now) => layer.SetAccount(Registering with { Key = "b", User = "b" }, now));
        _bench.Wait(0.1);
        _bench.Reply(_bench.Expect("REGISTER"), 200, contact: null);
        var slow = _bench.Expect("REGISTER");
        _bench.Do((layer, now) => layer.SetAccount(Registering with { Key = "c", User = "c" }, now));
        Assert.Equal([SipRegistrationState.Trying, SipRegistrationState.Trying, SipRegistrationState.Registered, SipRegistrationState.Trying], [Changed().State, Changed().State, Changed().State, Changed().State]);

        _bench.Do((layer, now) => layer.UnregisterAll(now));
        Assert.Equal("c", _bench.Happens<SipEvent.RegistrationChanged>().Key);
        _bench.Wait(0.1);
        var leaveA = _bench.Expect("REGISTER");
        Assert.Contains("sip:a@", leaveA.Header("To"), StringComparison.Ordinal);
        // RFC 3261 §10.2: no new REGISTER before the final response to the last one.
        _bench.ExpectNothing();
        _bench.Reply(leaveA, 200, contact: null);
        Assert.Equal("a", _bench.Happens<SipEvent.RegistrationChanged>().Key);
        _bench.Reply(slow, 200, contact: null);
        _bench.Wait(0.1);
        var leaveB = _bench.Expect("REGISTER");
        Assert.Equal(("0", slow.CSeq + 1), (leaveB.Header("Expires"), leaveB.CSeq));
        _bench.Wait(33);
        Assert.Equal(("b", SipRegistrationState.Off), _bench.Happens<SipEvent.RegistrationChanged>() is var off ? (off.Key, off.State) : default);
        _bench.EverythingEnds();
    }

    [Fact]
    public void Another_user_part_is_another_binding()
    {
        _bench.Reply(Begin(), 200, contact: null);
        Assert.Equal(SipRegistrationState.Registered, Changed().State);
        _bench.Do((layer, now) => layer.SetAccount(Registering with { User = "1999" }, now));
        Assert.Equal(SipRegistrationState.Trying, Changed().State);
        _bench.Wait(0.1);
        var requests = new[] { _bench.Expect("REGISTER"), _bench.Expect("REGISTER") };
        var leave = requests.Single(request => request.Header("Expires") == "0");
        Assert.Contains("1001@", leave.Header("To"), StringComparison.Ordinal);
        _bench.Reply(leave, 200, contact: null);
        _bench.Reply(requests.Single(request => request != leave), 200, contact: null);
        Assert.Equal(SipRegistrationState.Registered, Changed().State);
        _bench.NothingHappens();
    }

    [Fact]
    public void A_line_that_is_removed_and_added_again_waits_for_its_removal()
    {
        _bench.Reply(Begin(), 200, contact: null);
        Assert.Equal(SipRegistrationState.Registered, Changed().State);
        _bench.Do((layer, now) => layer.RemoveAccount("1001", now));
        _bench.Do((layer, now) => layer.SetAccount(Registering, now));
        _bench.Wait(0.1);
        var leave = _bench.Expect("REGISTER");
        Assert.Equal("0", leave.Header("Expires"));
        _bench.Wait(0.1);
        _bench.ExpectNothing();
        _bench.NothingHappens();
        _bench.Reply(leave, 200, contact: null);
        Assert.Equal((SipRegistrationState.Off, SipRegistrationState.Trying), (Changed().State, Changed().State));
        _bench.Wait(0.1);
        Assert.Equal("3600", _bench.Expect("REGISTER").Header("Expires"));
    }

    [Fact]
    public void A_trunk_registers_once_for_all()
    {
        var bench = new SipBench(SipBench.DefaultPeer with { Registration = SipRegistrationMode.Trunk });
        bench.Do((layer, now) => layer.SetAccount(new SipAccount("trunk:pbx", "pbx", "pilot", "pilot", "pw", null, Register: true), now));
        bench.Wait(0.1);
        var register = bench.Expect("REGISTER");
        Assert.Contains("<sip:pilot@192.0.2.9>", register.Header("To"), StringComparison.Ordinal);
        bench.Wait(3);
        Assert.Equal(1, bench.Everything.Count(wire => wire.Method == "REGISTER" && !wire.IsRetransmission));
    }

    [Fact]
    public void The_registrars_way_out_is_taken_by_calls()
    {
        _bench.Reply(Begin(), 200, contact: null, extra: "Service-Route: <sip:edge@192.0.2.20:5070;lr>, <sip:core.example.net;lr>");
        var (_, invite) = _bench.Call();
        Assert.Equal(["<sip:edge@192.0.2.20:5070;lr>", "<sip:core.example.net;lr>"], invite.Headers("Route"));
        Assert.Equal(SipBench.Address("192.0.2.20:5070"), invite.Flow.Remote);
    }

    [Fact]
    public void A_lost_connection_is_followed_by_a_new_registration()
    {
        var bench = new SipBench(SipBench.DefaultPeer with { Transport = SipTransport.Tcp });
        bench.Do((layer, now) => layer.SetAccount(Registering, now));
        bench.Wait(0.1);
        var register = bench.Expect("REGISTER");
        Assert.Equal((SipTransport.Tcp, "<sip:1001@192.0.2.1:5060;transport=tcp>"), (register.Flow.Transport, register.Header("Contact")));
        bench.Reply(register, 200, contact: null);
        bench.Wait(60);
        bench.ExpectNothing();
        bench.Do((layer, now) => layer.FlowFailed(register.Flow with { Connection = 5 }, now));
        bench.Wait(0.1);
        bench.Expect("REGISTER");
    }

    [Fact]
    public void A_registrar_that_closes_every_connection_is_not_hammered()
    {
        var bench = new SipBench(SipBench.DefaultPeer with { Transport = SipTransport.Tcp });
        bench.Do((layer, now) => layer.SetAccount(Registering, now));
        bench.Wait(0.1);
        for (var i = 0; i < 3; i++)
        {
            var register = bench.Expect("REGISTER");
            bench.Reply(register, 200, contact: null);
            bench.Do((layer, now) => layer.FlowFailed(register.Flow with { Connection = 5 + i }, now));
            bench.Wait(i == 0 ? 0.1 : 4.6);
            if (i == 0) continue;
            bench.ExpectNothing();
            bench.Wait(0.5);
        }
    }

    [Fact]
    public void Refreshes_of_lines_that_started_together_spread()
    {
        for (var i = 0; i < 20; i++) _bench.Do((layer, now) => layer.SetAccount(Registering with { Key = "k" + i, User = "u" + i }, now));
        _bench.Wait(1);
        for (var i = 0; i < 20; i++) _bench.Reply(_bench.Expect("REGISTER"), 200, contact: null, extra: "Expires: 1000");
        var seconds = new HashSet<int>();
        for (var second = 0; second < 910; second++)
        {
            var before = Registers();
            _bench.Wait(1);
            if (Registers() > before) seconds.Add(second);
            for (; before < Registers(); before++) _bench.Reply(_bench.Expect("REGISTER"), 200, contact: null, extra: "Expires: 1000");
        }

        Assert.Equal(40, Registers());
        Assert.True(seconds.Count >= 10, string.Join(' ', seconds));
        Assert.All(seconds, second => Assert.InRange(second, 790, 910));
    }

    [Fact]
    public void A_registration_at_an_unknown_peer_waits_for_it()
    {
        _bench.Do((layer, now) => layer.SetAccount(Registering with { Peer = "later" }, now));
        Assert.Equal(SipRegistrationState.Trying, Changed().State);
        _bench.Wait(0.1);
        Assert.Equal(SipRegistrationState.Unreachable, Changed().State);
        _bench.Do((layer, now) => layer.SetPeers([SipBench.DefaultPeer, SipBench.DefaultPeer with { Name = "later", Host = "192.0.2.10" }], now));
        _bench.Wait(0.1);
        Assert.Equal(SipBench.Address("192.0.2.10:5060"), _bench.Expect("REGISTER").Flow.Remote);
    }

    [Fact]
    public void Tags_and_Call_IDs_name_the_shard()
    {
        var bench = new SipBench(shard: "s7");
        var (_, invite) = bench.Call();
        Assert.Matches("^s7-[0-9a-f]{20}$", invite.FromTag);
        Assert.Matches("^s7-[0-9a-f]{24}$", invite.CallId);
        Assert.Equal("s7", System.Text.Encoding.ASCII.GetString(SipTokens.ShardOfBranch(System.Text.Encoding.ASCII.GetBytes(invite.Branch))));
        bench.Incoming();
        bench.Request("OPTIONS");
        Assert.Equal("s7", System.Text.Encoding.ASCII.GetString(SipTokens.ShardOf(System.Text.Encoding.ASCII.GetBytes(bench.Expect("200").ToTag))));
        Assert.True(SipTokens.ShardOf("as7c9f1e"u8).IsEmpty);
        Assert.Throws<ArgumentException>(() => new SipTokens(new Entropy(1), "a;b"));
    }

    private WireText Begin()
    {
        _bench.Do((layer, now) => layer.SetAccount(Registering, now));
        Assert.Equal(("1001", "pbx", SipRegistrationState.Trying), _bench.Happens<SipEvent.RegistrationChanged>() is var trying ? (trying.Key, trying.Peer, trying.State) : default);
        _bench.Wait(0.01);
        return _bench.Expect("REGISTER");
    }

    private (SipRegistrationState State, SipEnd? Reason) Changed() =>
        _bench.Happens<SipEvent.RegistrationChanged>() is var changed ? (changed.State, changed.Reason) : default;

    private int Registers() => _bench.Everything.Count(wire => Regex.IsMatch(wire.StartLine, "^REGISTER") && !wire.IsRetransmission);
}
