using MgcpSipBridge.Engine;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>Calls from a line.</summary>
public sealed class OutgoingCallFlows
{
    private const string Number = "5551234";

    private static CalledPlan Answers(double rings = 1, double answers = 3) =>
        new() { RingsAfter = TimeSpan.FromSeconds(rings), AnswersAfter = TimeSpan.FromSeconds(answers) };

    [Fact]
    public void A_call_is_answered_and_the_caller_hangs_up()
    {
        var house = new House(new HouseOptions { Audio = true }).Begins();
        house.Pbx.When(Number, Answers());
        house.Pbx.OnIncoming = (call, _) => call.Voice = 900;
        house.Alice.Phone.Voice = 600;
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Hears(PhoneSound.Ringback, within: 1.5).Is(LineState.Alerting)
            .Talks(within: 3).Is(LineState.Talking).Waits(5);
        Assert.Equal("1001", house.Pbx.LastCall!.CallerNumber);
        house.Alice.HangsUp().Waits(1).Is(LineState.Idle).HasConnections(0);
        Assert.True(house.Alice.Phone.HeardFrequencies[900] > 200, "Alice hears the far end");
        Assert.True(house.Pbx.LastCall.HeardFrequencies[600] > 200, "the far end hears Alice");
        Assert.True(house.Pbx.LastCall.EndedByLine);
        Assert.Equal(CallOutcome.Answered, house.Records.Single().Call.Outcome);
        var counted = house.Counted.Single();
        Assert.Equal(house.Records.Single().Call.CallId, counted.CallId);
        Assert.True(counted.Counted is { PacketsSent: > 200, PacketsReceived: > 200, PacketsLost: 0 }, "the gateway's own counters are kept");
        house.Ends();
    }

    [Fact]
    public void A_call_is_ended_by_the_far_end_and_the_caller_forgets_to_hang_up()
    {
        var house = new House().Begins();
        house.Pbx.When(Number, Answers() with { HangsUpAfter = TimeSpan.FromSeconds(5) });
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4).Hears(PhoneSound.Reorder, within: 6).HasConnections(0)
            .Is(LineState.Releasing)
            .Hears(PhoneSound.OffHookWarning, within: 31).Hears(PhoneSound.Silence, within: 61).HearsNothingFor(120)
            .HangsUp().Waits(1).Is(LineState.Idle);
        house.Ends();
    }

    [Fact]
    public void Early_media_is_heard_instead_of_ringback()
    {
        var house = new House().Begins();
        house.Pbx.When(Number, new CalledPlan { RingsAfter = null, EarlyMediaAfter = TimeSpan.FromSeconds(1), AnswersAfter = TimeSpan.FromSeconds(4) });
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).HearsEarlyMedia(within: 2).Talks(within: 4).Waits(2).HangsUp().Waits(1);
        Assert.DoesNotContain(house.Alice.Phone.History, entry => entry.Sound == PhoneSound.Ringback);
        house.Ends();
    }

    [Fact]
    public void Early_media_that_was_the_answer_needs_no_second_description()
    {
        var house = new House().Begins();
        house.Pbx.When(Number, new CalledPlan
        {
            RingsAfter = null,
            EarlyMediaAfter = TimeSpan.FromSeconds(1),
            AnswersAfter = TimeSpan.FromSeconds(3),
            AnswerWithoutDescription = true,
        });
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).HearsEarlyMedia(within: 2).Talks(within: 4).Waits(2).HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void Ringback_gives_way_to_early_media()
    {
        var house = new House().Begins();
        house.Pbx.When(Number, new CalledPlan { EarlyMediaAfter = TimeSpan.FromSeconds(3), AnswersAfter = TimeSpan.FromSeconds(5) });
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Hears(PhoneSound.Ringback).HearsEarlyMedia(within: 4).Talks(within: 4).HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void Two_phones_ring_at_the_far_end_and_the_second_answers()
    {
        var house = new House().Begins();
        house.Pbx.When(Number, new CalledPlan { ForkRingsAfter = TimeSpan.FromSeconds(1), AnswersAfter = TimeSpan.FromSeconds(3), ForkAnswers = true });
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Hears(PhoneSound.Ringback).Talks(within: 4).Waits(1).HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void The_far_end_is_busy()
    {
        var house = new House().Begins();
        house.Pbx.When(Number, CalledPlan.Reject(486));
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Hears(PhoneSound.Busy).HasConnections(0).HangsUp().Waits(1);
        Assert.Equal(CallOutcome.Busy, house.Records.Single().Call.Outcome);
        house.Ends();
    }

    [Fact]
    public void The_number_does_not_exist_at_the_far_end()
    {
        var house = new House().Begins();
        house.Pbx.When(Number, CalledPlan.Reject(404, 1));
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Hears(PhoneSound.Intercept).Hears(PhoneSound.Reorder, within: 4).HangsUp().Waits(1);
        house.Ends();
    }

    [Theory]
    [InlineData(403, 0, PhoneSound.Intercept)]
    [InlineData(480, 0, PhoneSound.Reorder)]
    [InlineData(488, 0, PhoneSound.Reorder)]
    [InlineData(500, 0, PhoneSound.Reorder)]
    [InlineData(503, 0, PhoneSound.Reorder)]
    [InlineData(504, 0, PhoneSound.Reorder)]
    [InlineData(600, 0, PhoneSound.Busy)]
    [InlineData(603, 0, PhoneSound.Busy)]
    // A Reason header knows better than the status (RFC 6432).
    [InlineData(480, 17, PhoneSound.Busy)]
    public void A_refusal_becomes_its_tone(int status, int q850, PhoneSound tone)
    {
        var house = new House().Begins();
        house.Pbx.When(Number, CalledPlan.Reject(status, q850));
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Hears(tone).HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void The_caller_gives_up_while_it_rings()
    {
        var house = new House().Begins();
        house.Pbx.When(Number, CalledPlan.NoAnswer);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Hears(PhoneSound.Ringback).Waits(5).HangsUp().Waits(1).Is(LineState.Idle);
        Assert.Equal(487, house.Pbx.LastCall!.FinalStatus);
        Assert.Equal(CallOutcome.Cancelled, house.Records.Single().Call.Outcome);
        house.Ends();
    }

    [Fact]
    public void The_caller_gives_up_before_the_far_end_has_said_a_word()
    {
        var house = new House().Begins();
        house.Pbx.When(Number, new CalledPlan { Answers = false });
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Waits(3).HangsUp().Waits(40).Is(LineState.Idle);
        house.Ends();
    }

    [Fact]
    public void Nobody_answers_for_three_minutes()
    {
        var house = new House().Begins();
        house.Pbx.When(Number, CalledPlan.NoAnswer);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Hears(PhoneSound.Ringback).Waits(170);
        Assert.Equal(PhoneSound.Ringback, house.Alice.Phone.Sound);
        house.Alice.Hears(PhoneSound.Reorder, within: 15).HangsUp().Waits(1);
        Assert.Equal(CallOutcome.NoAnswer, house.Records.Single().Call.Outcome);
        house.Ends();
    }

    [Fact]
    public void Answer_and_hang_up_cross()
    {
        var house = new House().Begins();
        house.Pbx.When(Number, new CalledPlan { AnswersAfter = TimeSpan.FromSeconds(3) });
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Hears(PhoneSound.Ringback);
        // The 200 is on its way when the handset goes down.
        house.World.RunUntil(() => house.Pbx.LastCall!.State == PeerCallState.Answered, TimeSpan.FromSeconds(5));
        house.Alice.HangsUp().Waits(2).Is(LineState.Idle).HasConnections(0);
        Assert.Equal(PeerCallState.Ended, house.Pbx.LastCall!.State);
        house.Ends();
    }

    [Fact]
    public void Cancel_and_answer_cross()
    {
        var house = new House().Begins();
        house.Pbx.When(Number, CalledPlan.NoAnswer);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Hears(PhoneSound.Ringback).Waits(1).HangsUp();
        // The CANCEL leaves 5 ms after the handset; the far end lifts 7 ms after it, when the CANCEL is under way.
        house.Waits(0.007);
        house.Happens("pbx", "the far end answers", now => house.Pbx.LastCall!.Answer(now));
        house.Waits(2);
        Assert.Equal(PeerCallState.Ended, house.Pbx.LastCall!.State);
        Assert.Equal(200, house.Pbx.LastCall.FinalStatus);
        house.Ends();
    }

    [Fact]
    public void Both_sides_hang_up_at_once()
    {
        var house = new House().Begins();
        house.Pbx.When(Number, Answers());
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4).Waits(2).HangsUp();
        house.Waits(0.004);
        house.Happens("pbx", "the far end hangs up", now => house.Pbx.LastCall!.HangUp(now));
        house.Waits(2);
        house.Alice.Is(LineState.Idle);
        house.Ends();
    }

    [Fact]
    public void A_flash_during_a_call_changes_nothing()
    {
        var house = new House().Begins();
        house.Pbx.When(Number, Answers());
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4).Waits(1).Flashes().Waits(1).Talks().Flashes().Waits(1).Talks().HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void A_call_to_the_neighbour_goes_through_the_PBX_and_back()
    {
        var house = new House(new HouseOptions { Audio = true }).Begins();
        house.Alice.Phone.Voice = 600;
        house.Bob.Phone.Voice = 900;
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("1002");
        house.Bob.Rings("1001", "Alice");
        house.Alice.Hears(PhoneSound.Ringback);
        house.Bob.Lifts();
        house.Alice.Talks();
        house.Bob.Talks();
        house.Waits(2);
        Assert.True(house.Alice.Phone.HeardFrequencies.GetValueOrDefault(900) > 80, "Alice hears Bob");
        Assert.True(house.Bob.Phone.HeardFrequencies.GetValueOrDefault(600) > 80, "Bob hears Alice");
        house.Bob.HangsUp();
        house.Alice.Hears(PhoneSound.Reorder).HangsUp().Waits(1);
        house.Ends();
    }
}
