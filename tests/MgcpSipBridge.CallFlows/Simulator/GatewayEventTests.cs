using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>The simulated gateway's events, signals and notifications against RFC 3435 §2.3.3, §4.4 and RFC 3660, in hand-written transcripts.</summary>
public sealed class GatewayEventTests
{
    [Fact]
    public void A_restart_is_announced_and_repeated_until_it_is_answered()
    {
        var bench = new GatewayBench();
        bench.Gateway.PowerOn(bench.Now);
        var sent = bench.Wait(TimeSpan.FromSeconds(3));
        Assert.True(sent.Count >= 3);
        Assert.All(sent, text => Assert.Equal(sent[0], text));
        Assert.Matches(@"^RSIP \d+ \*@gw1\.example\.net MGCP 1\.0\r\nRM: restart\r\nRD: 0\r\n$", sent[0]);
        bench.Acknowledge(sent[0]);
        Assert.Empty(bench.Wait(TimeSpan.FromMinutes(5)));
    }

    [Fact]
    public void Off_hook_is_notified_once_and_the_line_then_waits_for_a_request()
    {
        var bench = GatewayBench.InService();
        Assert.StartsWith("200 ", bench.Command("RQNT", "aaln/1", "X: A1", "R: L/hd(N)"));
        bench.Phone.OffHook(bench.Now);
        var notify = Assert.Single(bench.Take());
        Assert.Matches(@"^NTFY \d+ aaln/1@gw1\.example\.net MGCP 1\.0\r\nX: A1\r\nO: L/hd\r\n$", notify);
        bench.Acknowledge(notify);
        // Lock-step (§4.4.1): on hook is nothing that was asked for; off hook is, and waits.
        bench.Phone.OnHook(bench.Now);
        bench.Phone.OffHook(bench.Now);
        Assert.Empty(bench.Wait(TimeSpan.FromSeconds(5)));
        Assert.NotNull(bench.Phone.WaitsForRequestSince);
        bench.Phone.OnHook(bench.Now);
        var sent = bench.Say(bench.Text("RQNT", "aaln/1", "X: A2", "R: L/hd(N)"));
        // The quarantined event is processed under the new request, after its answer.
        Assert.Equal(2, sent.Count);
        Assert.StartsWith("200 ", sent[0]);
        Assert.Contains("X: A2\r\nO: L/hd", sent[1]);
        bench.NoViolations();
    }

    [Fact]
    public void Hook_state_is_checked_before_a_request_is_taken()
    {
        var bench = GatewayBench.InService();
        Assert.StartsWith("402 ", bench.Command("RQNT", "aaln/1", "X: A1", "R: L/hu(N)"));
        Assert.StartsWith("402 ", bench.Command("RQNT", "aaln/1", "X: A2", "S: L/dl"));
        bench.Phone.OffHook(bench.Now);
        Assert.StartsWith("401 ", bench.Command("RQNT", "aaln/1", "X: A3", "R: L/hd(N)"));
        Assert.StartsWith("401 ", bench.Command("RQNT", "aaln/1", "X: A4", "S: L/rg"));
        // Reorder has no condition (RFC 3660 §2.4).
        Assert.StartsWith("200 ", bench.Command("RQNT", "aaln/1", "X: A5", "S: L/ro"));
        bench.NoViolations();
    }

    [Fact]
    public void A_failed_request_changes_nothing()
    {
        var bench = GatewayBench.InService();
        bench.Phone.OffHook(bench.Now);
        bench.Command("RQNT", "aaln/1", "X: A1", "R: L/hu(N)", "S: L/dl");
        Assert.StartsWith("401 ", bench.Command("RQNT", "aaln/1", "X: A2", "R: L/hd(N)"));
        Assert.Equal(PhoneSound.DialTone, bench.Phone.Sound);
        bench.Phone.OnHook(bench.Now);
        Assert.Contains("X: A1\r\nO: L/hu", Assert.Single(bench.Take()));
    }

    [Theory]
    [InlineData(DigitReport.List, "O: D/5,D/5,D/5,D/1,D/2,D/3,D/4")]
    [InlineData(DigitReport.SpacedList, "O: d/5, d/5, d/5, d/1, d/2, d/3, d/4")]
    [InlineData(DigitReport.Joined, "O: D/5551234")]
    public void Digits_are_collected_by_the_map_and_reported_whole(DigitReport shape, string expected)
    {
        var bench = GatewayBench.InService(new GatewayQuirks { Digits = shape });
        bench.Phone.OffHook(bench.Now);
        bench.Command("RQNT", "aaln/1", "X: A1", "R: L/hu(N), D/[0-9#*T](D)", "S: L/dl", "D: (5xxxxxx|911)");
        bench.Phone.Dial("5551234", TimeSpan.FromMilliseconds(200), bench.Now);
        var sent = bench.Wait(TimeSpan.FromMilliseconds(1250));
        Assert.Contains(expected, Assert.Single(sent));
        // The first digit ended the dial tone.
        Assert.Equal([PhoneSound.DialTone, PhoneSound.Silence], bench.Phone.History.Select(entry => entry.Sound));
        bench.NoViolations();
    }

    [Fact]
    public void The_timer_ends_an_open_number_after_four_seconds_and_an_incomplete_one_after_sixteen()
    {
        var bench = GatewayBench.InService();
        bench.Phone.OffHook(bench.Now);
        bench.Command("RQNT", "aaln/1", "X: A1", "R: D/[0-9#*T](D)", "D: (1xT|2xx)");
        bench.Phone.Dial("12", TimeSpan.FromSeconds(1), bench.Now);
        Assert.Empty(bench.Wait(TimeSpan.FromMilliseconds(4900)));
        var notify = bench.Wait(TimeSpan.FromMilliseconds(150))[0];
        Assert.Contains("O: D/1,D/2,D/T", notify);
        bench.Acknowledge(notify);
        bench.Command("RQNT", "aaln/1", "X: A2", "R: D/[0-9#*T](D)");
        bench.Phone.Press('2', bench.Now);
        Assert.Empty(bench.Wait(TimeSpan.FromMilliseconds(15_900)));
        Assert.Contains("O: D/2,D/T", bench.Wait(TimeSpan.FromMilliseconds(150))[0]);
        bench.NoViolations();
    }

    [Fact]
    public void A_tone_that_times_out_is_reported_when_asked_for()
    {
        var bench = GatewayBench.InService();
        bench.Phone.OffHook(bench.Now);
        bench.Command("RQNT", "aaln/1", "X: A1", "R: L/hu(N), L/oc(N)", "S: L/dl");
        Assert.Empty(bench.Wait(TimeSpan.FromMilliseconds(15_900)));
        Assert.Contains("O: L/oc(L/dl)", bench.Wait(TimeSpan.FromMilliseconds(200))[0]);
        Assert.Equal(PhoneSound.Silence, bench.Phone.Sound);
    }

    [Fact]
    public void A_signal_listed_again_plays_on_with_its_old_timer_and_one_left_out_stops()
    {
        var bench = GatewayBench.InService();
        bench.Phone.OffHook(bench.Now);
        bench.Command("RQNT", "aaln/1", "X: A1", "R: L/oc(N)", "S: L/dl");
        bench.Wait(TimeSpan.FromSeconds(10));
        bench.Command("RQNT", "aaln/1", "X: A2", "R: L/oc(N)", "S: L/dl");
        Assert.Contains("X: A2\r\nO: L/oc(L/dl)", bench.Wait(TimeSpan.FromMilliseconds(6_100))[0]);
        bench.Command("RQNT", "aaln/1", "X: A3", "S: L/bz");
        Assert.Equal(PhoneSound.Busy, bench.Phone.Sound);
        bench.Command("RQNT", "aaln/1", "X: A4");
        Assert.Equal(PhoneSound.Silence, bench.Phone.Sound);
    }

    [Fact]
    public void An_embedded_request_acts_when_its_event_comes()
    {
        var bench = GatewayBench.InService();
        bench.Command("RQNT", "aaln/1", "X: A1", "R: L/hd(A,E(R(D/[0-9#*T](D),L/hu(N)),S(L/dl),D(xx)))");
        bench.Phone.OffHook(bench.Now);
        Assert.Empty(bench.Take());
        Assert.Equal(PhoneSound.DialTone, bench.Phone.Sound);
        bench.Phone.Press('4', bench.Now);
        bench.Phone.Press('2', bench.Now);
        // §2.3.3: the same RequestIdentifier, and with A the trigger is reported too.
        Assert.Contains("X: A1\r\nO: L/hd,D/4,D/2", Assert.Single(bench.Take()));
        bench.NoViolations();
    }

    [Fact]
    public void In_loop_mode_every_event_is_notified_without_a_new_request()
    {
        var bench = GatewayBench.InService();
        bench.Phone.OffHook(bench.Now);
        bench.Command("RQNT", "aaln/1", "X: A1", "R: D/[0-9](N)", "Q: process,loop");
        bench.Phone.Press('1', bench.Now);
        bench.Phone.Press('2', bench.Now);
        var first = Assert.Single(bench.Take());
        Assert.Contains("O: D/1", first);
        Assert.Contains("O: D/2", Assert.Single(bench.Acknowledge(first)));
    }

    [Fact]
    public void A_request_that_arrives_before_the_notification_is_answered_makes_it_ride_before_the_next_one()
    {
        var bench = GatewayBench.InService();
        bench.Command("RQNT", "aaln/1", "X: A1", "R: L/hd(N)");
        bench.Phone.OffHook(bench.Now);
        var first = Assert.Single(bench.Take());
        bench.Command("RQNT", "aaln/1", "X: A2", "R: L/hu(N)");
        bench.Phone.OnHook(bench.Now);
        var both = Assert.Single(bench.Take());
        // §4.4.1 d: oldest first, in one datagram.
        Assert.StartsWith(first + ".\r\nNTFY ", both);
        Assert.EndsWith("X: A2\r\nO: L/hu\r\n", both);
    }

    [Fact]
    public void An_endpoint_whose_notification_is_never_answered_announces_that_it_was_disconnected()
    {
        var bench = GatewayBench.InService();
        bench.Command("RQNT", "aaln/1", "X: A1", "R: L/hd(N)");
        bench.Phone.OffHook(bench.Now);
        var sent = bench.Wait(TimeSpan.FromSeconds(40));
        var notify = sent[0];
        Assert.InRange(sent.Count(text => text == notify), 8, 12);
        var restart = sent.Find(text => text.StartsWith("RSIP", StringComparison.Ordinal));
        Assert.NotNull(restart);
        Assert.Contains("aaln/1@gw1.example.net MGCP 1.0\r\nRM: disconnected\r\nRD: ", restart);
        Assert.Equal(1, bench.Gateway.DisconnectedEndpoints);
        // §4.4.7: the first non-audit answer brings the same RSIP with it, in front.
        var answered = Assert.Single(bench.Say(bench.Text("RQNT", "aaln/1", "X: A2", "R: L/hu(N)")));
        Assert.Matches(@"^RSIP (\d+) [^.]+\.example\.net[^.]+\.0\r\nRM: disconnected\r\nRD: \d+\r\n\.\r\n200 ", answered);
        bench.Say($"200 {answered.Split(' ')[1]} OK\r\n");
        Assert.Equal(0, bench.Gateway.DisconnectedEndpoints);
    }

    [Fact]
    public void Caller_id_is_shown_with_quotes_undone()
    {
        var bench = GatewayBench.InService();
        bench.Command("RQNT", "aaln/1", "X: A1", "R: L/hd(N)", "S: L/rg, L/ci(09/14/17/26,\"5551212\",\"John \"\"J\"\" Doe, Jr\")");
        Assert.Equal(PhoneSound.Ringing, bench.Phone.Sound);
        Assert.Equal(new CallerIdShown("09/14/17/26", "5551212", "John \"J\" Doe, Jr"), bench.Phone.CallerId);
        bench.NoViolations();
        bench.Phone.OffHook(bench.Now);
        Assert.Equal(PhoneSound.Silence, bench.Phone.Sound);
    }
}
