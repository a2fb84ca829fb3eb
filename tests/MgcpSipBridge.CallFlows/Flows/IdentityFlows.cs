using System.Globalization;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Simulator;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.CallFlows;

/// <summary>Who is who: withheld numbers, connected lines, calls that were sent on, bells, and what waits for a line.</summary>
public sealed class IdentityFlows
{
    private const string Number = "5551234";

    [Theory]
    [InlineData(SipRegistrationMode.PerLine, true, "p-preferred-identity")]
    [InlineData(SipRegistrationMode.None, true, "p-asserted-identity")]
    [InlineData(SipRegistrationMode.None, false, null)]
    public void A_line_that_withholds_its_number_is_named_to_the_trust_domain_alone(SipRegistrationMode registration, bool trusted, string? header)
    {
        var house = new House(new HouseOptions
        {
            Registration = registration,
            Line = line => line with { Features = line.Features with { WithholdNumber = true } },
            Peer = peer => peer with { Sip = peer.Sip with { Trusted = trusted } },
        }).Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        var call = house.Pbx.LastCall!;
        Assert.StartsWith("\"Anonymous\" <sip:anonymous@anonymous.invalid>", call.CallerHeader, StringComparison.Ordinal);
        Assert.Equal("id", call.InviteHeader("privacy"));
        Assert.DoesNotContain("1001", call.InviteHeader("contact"), StringComparison.Ordinal);
        foreach (var name in (string[])["p-preferred-identity", "p-asserted-identity"])
            Assert.Equal(name == header, call.InviteHeader(name)?.Contains("sip:1001@", StringComparison.Ordinal) == true);
        house.Alice.HangsUp().Waits(1);
        house.Ends(header is null ? "A_withheld_number_is_told_to_no_stranger" : registration == SipRegistrationMode.None ? "A_withheld_number_is_told_to_a_trusted_trunk" : "A_line_withholds_its_number");
    }

    [Fact]
    public void The_far_end_says_who_it_is_and_later_that_it_is_somebody_else()
    {
        var house = new House().Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        Assert.Null(View(house).Connected);
        house.Happens("pbx", "is 3003 now", now => house.Pbx.LastCall!.Offer(new PeerOffer { Update = true, Identity = "\"Dave\" <sip:3003@pbx.example.net>" }, now)).Waits(1);
        Assert.Equal((Number, "3003"), (View(house).Called, View(house).Connected));
        house.Happens("pbx", "is 3004 now", now => house.Pbx.LastCall!.Offer(new PeerOffer { Identity = "<sip:3004@pbx.example.net>" }, now)).Waits(1);
        Assert.Equal("3004", View(house).Connected);
        house.Alice.Talks().HangsUp().Waits(1);
        // Whom the line has called is what its record says.
        Assert.Equal((Number, "3004"), (house.Records[^1].Call.Called, house.Records[^1].Call.Connected));
        house.Ends();
    }

    [Fact]
    public void What_a_caller_sends_along_is_shown_and_goes_on_with_the_call_and_to_nobody_else()
    {
        var house = new House(new HouseOptions
        {
            Engine = settings => settings with
            {
                Mgcp = settings.Mgcp with { AuditInterval = TimeSpan.FromHours(1), StartSpread = TimeSpan.Zero },
                Sip = settings.Sip with { KeepHeaders = ["User-to-User", "X-Account"] },
            },
        }).Begins();
        (string, string)[] kept = [("X-Account", "4711"), ("User-to-User", "56a390f3;encoding=hex")];
        PeerCall? call = null;
        house.Happens("pbx", "calls Alice", now => call = house.Pbx.Call("1001", "3003", "Dave", now, headers: [.. kept, ("x-other", "1")]));
        house.Alice.Rings().Lifts().Talks();
        Assert.Equal(kept, View(house).Headers);
        house.Pbx.When("3004", CalledPlan.Answer(TimeSpan.FromSeconds(1)));
        house.Happens("pbx", "hands the line on", now => call!.Refer("3004", now)).Waits(3);
        var next = house.Pbx.LastCall!;
        Assert.Equal(("3004", "4711", "56a390f3;encoding=hex", null), (next.CalledNumber, next.InviteHeader("x-account"), next.InviteHeader("user-to-user"), next.InviteHeader("x-other")));
        house.Alice.Talks().HangsUp().Waits(1);
        Assert.Equal(kept, house.Records[^1].Call.Headers);

        // A call of hers is her own.
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        Assert.Null(house.Pbx.LastCall!.InviteHeader("x-account"));
        house.Alice.HangsUp().Waits(1);
        Assert.Empty(house.Records[^1].Call.Headers);
        house.EndsQuietly();
    }

    [Theory]
    [InlineData("305 pbx \"Incompatible media format\"", "305 Incompatible media format", 65)]
    [InlineData("370 pbx \"Insufficient bandwidth\"", "370 Insufficient bandwidth", 31)]
    [InlineData(null, null, 31)]
    public void What_a_peer_warns_of_is_in_the_record(string? warning, string? written, int q850)
    {
        var house = new House().Begins();
        house.Pbx.When(Number, CalledPlan.Reject(488) with { Warning = warning });
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Hears(PhoneSound.Reorder).HangsUp().Waits(1);
        var record = house.Records[^1];
        Assert.Equal((488, q850, written), (record.SipStatus, record.Q850, record.Call.Warning));
        house.EndsQuietly();
    }

    [Fact]
    public void A_stranger_may_say_what_it_likes_about_itself()
    {
        var house = new House(new HouseOptions { Peer = peer => peer with { Sip = peer.Sip with { Trusted = false } } }).Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        house.Happens("pbx", "claims to be 110", now => house.Pbx.LastCall!.Offer(new PeerOffer { Update = true, Identity = "<sip:110@pbx.example.net>" }, now)).Waits(1);
        Assert.Null(View(house).Connected);
        house.Alice.HangsUp().Waits(1);
        var caller = house.Happens("pbx", "calls as 110", now => house.Pbx.Call("1001", "3003", "Dave", now, headers: [("p-asserted-identity", "<sip:110@pbx.example.net>")]));
        caller.Alice.Rings("3003", "Dave");
        house.EndsQuietly();
    }

    [Theory]
    [InlineData("diversion", "<sip:2002@pbx.example.net>;reason=no-answer;counter=1, <sip:2001@pbx.example.net>;reason=unconditional")]
    [InlineData("history-info", "<sip:2001@pbx.example.net>;index=1, <sip:2002@pbx.example.net;cause=302>;index=1.1, <sip:1001@pbx.example.net;cause=408>;index=1.1.1")]
    public void Who_sent_the_call_on_is_known_and_the_caller_is_still_the_caller(string header, string value)
    {
        var house = new House().Begins();
        house.Happens("pbx", "a call that was sent on comes in", now => house.Pbx.Call("1001", "3003", "Dave", now, headers: [(header, value)]));
        house.Alice.Rings("3003", "Dave");
        Assert.Equal("2002", View(house).SentOnBy);
        house.Alice.Lifts().Talks().HangsUp().Waits(1);
        house.Ends(header == "diversion" ? "A_call_was_sent_on_says_Diversion" : "A_call_was_sent_on_says_History_Info");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public void Every_bell_rings(int bell)
    {
        var house = new House().Begins();
        var alert = string.Create(CultureInfo.InvariantCulture, $"<http://127.0.0.1/Bellcore-dr{bell}>");
        house.Happens("pbx", "calls", now => house.Pbx.Call("1001", "3003", "Dave", now, alertInfo: alert));
        house.Alice.Rings("3003", "Dave");
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"L/r{bell}"), house.Alice.Phone.Signals);
        house.EndsQuietly();
    }

    [Theory]
    [InlineData("SIP;cause=200;text=\"Call completed elsewhere\"", 26)]
    [InlineData("Q.850;cause=26;text=\"Non-selected user clearing\"", 26)]
    [InlineData("Q.850;cause=16", 16)]
    public void A_call_that_another_phone_took_was_not_missed(string reason, int cause)
    {
        var house = new House().Begins();
        var caller = house.PbxCalls("1001").HearsRinging();
        house.Alice.Rings();
        caller.Call.CancelReason = reason;
        caller.HangsUp().IsOver();
        house.Alice.Hears(PhoneSound.Silence).Waits(1);
        Assert.Equal((CallOutcome.Cancelled, cause), (house.Records[^1].Call.Outcome, house.Records[^1].Q850));
        house.Ends(reason.StartsWith("SIP", StringComparison.Ordinal) ? "Another_phone_takes_the_call_first" : cause == 26 ? "Another_phone_takes_the_call_first_in_the_words_of_ISDN" : "The_caller_gives_up_and_says_why");
    }

    [Fact]
    public void The_lamp_burns_and_dial_tone_stutters_while_messages_wait()
    {
        var house = new House().Begins();
        house.Happens("pbx", "messages wait for 1001", now => house.Pbx.TellMessages("1001", true, now)).Waits(1);
        Assert.Contains("L/vmwi", house.Alice.Phone.Signals);
        Assert.DoesNotContain("L/vmwi", house.Bob.Phone.Signals);
        house.Alice.Lifts().Hears(PhoneSound.DialTone);
        Assert.Contains("L/sl", house.Alice.Phone.Signals);
        house.Alice.HangsUp().Waits(1);
        house.Happens("pbx", "they were heard", now => house.Pbx.TellMessages("1001", false, now)).Waits(1);
        Assert.DoesNotContain("L/vmwi", house.Alice.Phone.Signals);
        house.Alice.Lifts().Hears(PhoneSound.DialTone);
        Assert.Contains("L/dl", house.Alice.Phone.Signals);
        house.Alice.HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void A_line_without_the_feature_is_not_told()
    {
        var house = new House(new HouseOptions { Line = line => line with { Features = line.Features with { MessageWaiting = false } } }).Begins();
        house.Happens("pbx", "messages wait for 1001", now => house.Pbx.TellMessages("1001", true, now)).Waits(1);
        Assert.DoesNotContain("L/vmwi", house.Alice.Phone.Signals);
        house.Alice.Lifts().Hears(PhoneSound.DialTone);
        Assert.Contains("L/dl", house.Alice.Phone.Signals);
        house.EndsQuietly();
    }

    private static CallView View(House house) => house.Bridge.Ask<CallView>(house.World, new EngineQuery.Call(house.CallOn(house.Alice)))!;
}
