using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip.Tests.Layer;

namespace MgcpSipBridge.Sip.Tests.Registration;

/// <summary>A registrar that was away is back: nobody sits out the pause of half an hour that its silence had earned it.</summary>
public sealed class ComebackTests
{
    private static readonly NetAddress Second = SipBench.Address("192.0.2.10:5062");
    private static readonly SipPeerModel Pair = SipBench.DefaultPeer with { Backups = new([new SipHop("192.0.2.10", 5062, SipTransport.Udp)]) };
    private static readonly SipAccount Registering = SipBench.Line with { Register = true };
    private SipBench _bench = new();

    [Fact]
    public void Lines_that_got_no_answer_ask_again_each_in_its_turn()
    {
        Register(250);
        _bench.Wait(500);
        Forget();
        Answers();
        _bench.Wait(0.5);
        // In the meantime it fails and is back once more: nobody loses its turn or has two.
        Fails();
        Answers();
        _bench.Wait(2.1);
        // But for who was just asking when it came back.
        Assert.InRange(Registers(), 240, 250);
        Assert.Equal(Registers(), _bench.Everything.Where(static wire => wire.Method == "REGISTER" && !wire.IsRetransmission).Select(static wire => wire.Header("To")).Distinct().Count());
    }

    [Fact]
    public void One_line_looks_after_a_silent_registrar_for_all()
    {
        Register(250);
        _bench.Wait(TimeSpan.FromHours(5));
        Forget();
        _bench.Wait(TimeSpan.FromHours(1));
        // Two each at their pauses of half an hour, and one that asks twice a minute at most.
        Assert.InRange(Registers(), 2 * 250 * 0.8, (2 * 250) + 120);
        Forget();
        while (Registers() == 0) _bench.Wait(1);
        _bench.Reply(_bench.Expect("REGISTER"), 200, contact: null);
        _bench.Wait(2.6);
        Assert.InRange(Registers(), 240, 251);
    }

    [Fact]
    public void A_registrar_that_comes_and_goes_is_not_asked_all_the_time()
    {
        Register(1);
        _bench.Wait(33);
        Forget();
        for (var second = 0; second < 60; second++)
        {
            Answers();
            Fails();
            _bench.Wait(1);
        }

        Assert.InRange(Registers(), 1, 3);
    }

    [Fact]
    public void Who_was_refused_is_as_patient_as_before()
    {
        Register(1);
        _bench.Reply(_bench.Expect("REGISTER"), 403);
        Forget();
        Fails();
        Answers();
        _bench.Wait(29);
        Assert.Equal(0, Registers());
    }

    [Fact]
    public void A_binding_at_a_registrar_that_was_away_is_renewed()
    {
        Register(2);
        _bench.Reply(_bench.Expect("REGISTER"), 200, contact: null);
        _bench.Reply(_bench.Expect("REGISTER"), 200, contact: null);
        _bench.Wait(100);
        Forget();
        Fails();
        // One tries whether the registrar is there at all.
        _bench.Wait(10);
        Assert.Equal(1, Registers());
        _bench.Wait(24);
        Forget();
        Answers();
        _bench.Wait(0.1);
        Assert.Equal(2, Registers());
    }

    [Fact]
    public void A_registrar_that_missed_one_call_has_forgotten_nobody()
    {
        Register(3);
        for (var i = 0; i < 3; i++) _bench.Reply(_bench.Expect("REGISTER"), 200, contact: null);
        _bench.Wait(100);
        Forget();
        _bench.Do((layer, now) => layer.FlowFailed(_bench.Call().Invite.Flow, now));
        _bench.Wait(0.1);
        _bench.Reply(_bench.Expect("REGISTER"), 200, contact: null);
        _bench.Wait(60);
        Assert.Equal(1, Registers());
    }

    [Fact]
    public void A_registrar_that_failed_a_call_is_found_again_without_another_call()
    {
        Register(3);
        for (var i = 0; i < 3; i++) _bench.Reply(_bench.Expect("REGISTER"), 200, contact: null);
        _bench.Wait(100);
        Fails();
        _bench.Wait(120);
        Forget();
        while (Registers() == 0) _bench.Wait(1);
        _bench.Reply(_bench.Expect("REGISTER"), 200, contact: null);
        _bench.Wait(0.1);
        Assert.Equal(3, Registers());
    }

    [Fact]
    public void Bindings_go_to_the_second_address_while_the_first_is_silent()
    {
        _bench = new SipBench(Pair);
        Register(2);
        for (var i = 0; i < 2; i++) _bench.Reply(_bench.Expect("REGISTER"), 200, contact: null);
        _bench.Wait(100);
        Forget();
        var next = Fails();
        _bench.Reply(next, 486);
        _bench.Wait(0.1);
        Assert.Equal([Second, Second], _bench.Everything.Where(static wire => wire.Method == "REGISTER").Select(static wire => wire.Flow.Remote));
    }

    [Fact]
    public void A_binding_at_the_second_address_goes_back_to_the_first()
    {
        _bench = new SipBench(Pair);
        Fails();
        Register(1);
        var register = _bench.Expect("REGISTER");
        Assert.Equal(Second, register.Flow.Remote);
        _bench.Reply(register, 200, contact: null);
        _bench.Wait(31);
        _bench.Do((layer, now) => layer.SetAccount(Registering, now));
        _bench.Wait(0.1);
        register = _bench.Expect("REGISTER");
        Assert.Equal(SipBench.Pbx, register.Flow.Remote);
        _bench.Reply(register, 200, contact: null);
        _bench.Wait(0.1);
        register = _bench.Expect("REGISTER");
        Assert.Equal(("<sip:u0@192.0.2.9>", SipBench.Pbx), (register.Header("To")[^18..], register.Flow.Remote));
    }

    [Fact]
    public void A_binding_at_the_first_address_has_nothing_to_do_with_the_second()
    {
        _bench = new SipBench(Pair);
        var next = Fails();
        _bench.Do((layer, now) => layer.FlowFailed(next.Flow, now));
        Register(1);
        var register = _bench.Expect("REGISTER");
        Assert.Equal(SipBench.Pbx, register.Flow.Remote);
        _bench.Reply(register, 200, contact: null);
        Forget();
        var (_, invite) = _bench.Call();
        _bench.Reply(invite, 503);
        _bench.Expect("ACK");
        Assert.Equal(Second, (next = _bench.Expect("INVITE")).Flow.Remote);
        _bench.Reply(next, 486);
        _bench.Wait(1);
        Assert.Equal(0, Registers());
        Assert.Equal(SipPeerState.Up, _bench.Notes.OfType<SipNote.TargetChanged>().Last(note => note.Address == Second).State);
    }

    [Fact]
    public void A_mailbox_at_a_PBX_that_was_away_is_subscribed_to_once_more()
    {
        _bench.Do((layer, now) => layer.SetAccount(SipBench.Line with { AsksForMessages = true }, now));
        _bench.Wait(5.1);
        var subscribe = _bench.Expect("SUBSCRIBE");
        _bench.Reply(subscribe, 200, toTag: "p1", extra: "Expires: 3600");
        Fails();
        _bench.Wait(3);
        Answers();
        _bench.Wait(0.1);
        var refresh = _bench.Expect("SUBSCRIBE");
        Assert.Equal((subscribe.CallId, "p1"), (refresh.CallId, refresh.ToTag));
    }

    // A call finds nobody at the first address; what it sends to the next one, if there is one, is left to the caller.
    private WireText Fails()
    {
        _bench.Drop();
        var (_, invite) = _bench.Call();
        _bench.Do((layer, now) => layer.FlowFailed(invite.Flow, now));
        return invite.Flow.Remote == SipBench.Pbx && _bench.Notes.OfType<SipNote.TargetChanged>().Any(static note => note.Address == Second) ? _bench.Expect("INVITE") : invite;
    }

    private void Answers()
    {
        _bench.Drop();
        var (_, invite) = _bench.Call();
        _bench.Reply(invite, 486);
        _bench.Drop();
    }

    private void Register(int lines)
    {
        for (var i = 0; i < lines; i++) _bench.Do((layer, now) => layer.SetAccount(Registering with { Key = "k" + i, User = "u" + i }, now));
        _bench.Wait(0.1);
    }

    private void Forget()
    {
        _bench.Drop();
        _bench.Everything.Clear();
    }

    private int Registers() => _bench.Everything.Count(static wire => wire.Method == "REGISTER" && !wire.IsRetransmission);
}
