using MgcpSipBridge.Engine;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>Calls to a line.</summary>
public sealed class IncomingCallFlows
{
    [Fact]
    public void A_call_comes_in_and_the_line_hangs_up()
    {
        var house = new House(new HouseOptions { Audio = true }).Begins();
        house.Alice.Phone.Voice = 600;
        var caller = house.PbxCalls("1001");
        caller.Call.Voice = 900;
        caller.HearsRinging();
        house.Alice.Rings("5559876", "Carol Danvers").Is(LineState.Ringing).Waits(4).Lifts().Talks().Is(LineState.Talking);
        caller.IsAnswered();
        house.Alice.Waits(5).HangsUp();
        caller.IsOver();
        house.Alice.Waits(1).Is(LineState.Idle).HasConnections(0);
        Assert.True(house.Alice.Phone.HeardFrequencies[900] > 200, "Alice hears the caller");
        Assert.True(caller.Call.HeardFrequencies[600] > 200, "the caller hears Alice");
        Assert.Equal(1, house.Alice.Phone.CallerIdsShown);
        // 14 March, 09:26 UTC, told in local time.
        Assert.StartsWith("03/14/10/2", house.Alice.Phone.CallerId!.Time);
        house.Ends();
    }

    [Fact]
    public void A_call_comes_in_and_the_caller_hangs_up()
    {
        var house = new House().Begins();
        var caller = house.PbxCalls("1001");
        house.Alice.Rings().Waits(1).Lifts().Talks();
        caller.IsAnswered();
        house.Waits(2);
        caller.HangsUp();
        house.Alice.Hears(PhoneSound.Reorder).HangsUp().Waits(1).Is(LineState.Idle);
        house.Ends();
    }

    [Fact]
    public void The_caller_gives_up_while_the_phone_rings()
    {
        var house = new House().Begins();
        var caller = house.PbxCalls("1001").HearsRinging();
        house.Alice.Rings().Waits(6);
        caller.HangsUp();
        house.Alice.Hears(PhoneSound.Silence).Is(LineState.Idle).HasConnections(0);
        caller.IsRefusedWith(487);
        house.Ends();
    }

    [Fact]
    public void Nobody_is_at_home()
    {
        var house = new House().Begins();
        var caller = house.PbxCalls("1001").HearsRinging();
        house.Alice.Rings().Waits(118);
        Assert.Equal(PhoneSound.Ringing, house.Alice.Phone.Sound);
        caller.IsRefusedWith(480, within: 5);
        house.Alice.Hears(PhoneSound.Silence).Is(LineState.Idle);
        house.Ends();
    }

    [Fact]
    public void The_line_is_dialling()
    {
        var house = new House().Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone);
        house.PbxCalls("1001").IsRefusedWith(486);
        // The one who dials notices nothing.
        house.Alice.Dials("5551234").Talks(within: 4).HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void The_line_is_talking()
    {
        var house = new House().Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("5551234").Talks(within: 4);
        house.PbxCalls("1001").IsRefusedWith(486);
        house.Alice.Talks().HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void The_number_belongs_to_nobody()
    {
        var house = new House().Begins();
        house.PbxCalls("1999").IsRefusedWith(404);
        house.Ends();
    }

    [Theory]
    [InlineData("5551111", "O'Neil, \"Shaq\"", "5551111", "O'Neil, \"Shaq\"")]
    [InlineData("5551111", null, "5551111", null)]
    [InlineData("+4930123456", "Zoë Grüßen", "+4930123456", "Zoë Grüßen")]
    public void Caller_id_survives_both_protocols_quotes(string from, string? name, string number, string? shown)
    {
        var house = new House().Begins();
        var caller = house.PbxCalls("1001", from, name);
        house.Alice.Rings();
        var id = house.Alice.Phone.CallerId!;
        // RFC 3660 §2.4 has decimal digits only: a plus cannot be shown.
        Assert.Equal(number.TrimStart('+'), id.Number.TrimStart('+'));
        Assert.Equal(shown ?? "", id.Name is "O" ? "" : id.Name);
        caller.HangsUp().IsOver();
        house.EndsQuietly();
    }

    [Fact]
    public void A_caller_who_withholds_the_number_is_shown_as_private()
    {
        var house = new House().Begins();
        house.Pbx.Withholds = true;
        var caller = house.PbxCalls("1001");
        house.Alice.Rings("P", "P");
        caller.HangsUp().IsOver();
        house.Ends();
    }

    [Fact]
    public void The_handset_is_lifted_in_the_moment_the_call_arrives()
    {
        var house = new House().Begins();
        // The INVITE is 5 ms under way, the CRCX again 5 ms: the handset goes up between the two.
        var caller = house.PbxCalls("1001");
        house.Waits(0.008);
        house.Alice.Lifts().Waits(3);
        // Whoever lifts a phone that has not rung wants to dial: the caller hears busy.
        caller.IsRefusedWith(486);
        house.Alice.Hears(PhoneSound.DialTone).HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void The_handset_is_lifted_in_the_moment_the_bell_should_ring()
    {
        var house = new House().Begins();
        var caller = house.PbxCalls("1001");
        // INVITE 5 ms, CRCX and its answer 10 ms, then the ring request is under way: 401.
        house.Waits(0.017);
        house.Alice.Lifts().Waits(3);
        Assert.NotEqual(PeerCallState.Ringing, caller.Call.State);
        if (caller.Call.State == PeerCallState.Ended) house.Alice.Hears(PhoneSound.DialTone);
        else house.Alice.Talks();
        house.Alice.HangsUp().Waits(2);
        caller.IsOver();
        house.Ends();
    }

    [Fact]
    public void Answer_and_cancel_cross()
    {
        var house = new House().Begins();
        var caller = house.PbxCalls("1001").HearsRinging();
        house.Alice.Rings().Waits(2).Lifts();
        house.Waits(0.003);
        caller.HangsUp();
        house.Waits(3);
        caller.IsOver();
        // Whoever won, the phone is off hook and its call is over.
        Assert.Contains(house.Alice.Phone.Sound, new[] { PhoneSound.Reorder, PhoneSound.DialTone });
        house.Alice.HangsUp().Waits(1).Is(LineState.Idle);
        house.Ends();
    }

    [Fact]
    public void The_caller_hangs_up_before_its_acknowledgement_was_seen()
    {
        var house = new House().Begins();
        var caller = house.PbxCalls("1001").HearsRinging();
        house.Alice.Rings().Lifts();
        caller.IsAnswered();
        // ACK and BYE leave together.
        caller.HangsUp().IsOver();
        house.Alice.Hears(PhoneSound.Reorder).HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void No_relay_port_is_left()
    {
        var house = new House().Begins();
        house.Bridge.Relay.IsExhausted = true;
        house.PbxCalls("1001").IsRefusedWith(503);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("5551234").Hears(PhoneSound.Reorder).HangsUp().Waits(1);
        house.Bridge.Relay.IsExhausted = false;
        house.PbxCalls("1001").HearsRinging().HangsUp().IsOver();
        house.Ends();
    }

    [Fact]
    public void The_far_end_holds_and_takes_back_the_call()
    {
        var house = new House().Begins();
        var caller = house.PbxCalls("1001").HearsRinging();
        house.Alice.Rings().Lifts().Talks();
        caller.IsAnswered();
        house.Happens("pbx", "the caller holds", now => caller.Call.Reinvite(hold: true, now));
        house.Waits(1);
        Assert.False(house.Bridge.Relay.Find(house.Alice.Phone.Connections[0].Remote!.Address)!.Value.Sip!.Send);
        house.Happens("pbx", "the caller takes the call back", now => caller.Call.Reinvite(hold: false, now));
        house.Waits(1);
        house.Alice.Talks().HangsUp().Waits(1);
        house.Ends();
    }
}
