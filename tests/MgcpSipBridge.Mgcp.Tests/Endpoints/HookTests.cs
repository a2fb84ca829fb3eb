using static MgcpSipBridge.Mgcp.Tests.AgentBench;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>Whether a gateway minds where the hook is (RFC 3435 §4.4.2: 401, 402), and what is done where it does not.</summary>
public class HookTests
{
    /// <summary>A gateway that took a request for on hook though the phone is on hook.</summary>
    private static AgentBench TakesAnything(params string[] endpoints)
    {
        var bench = InService(endpoints: endpoints);
        bench.Agent.TryHook(Line1, bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("RQNT"), 200);
        Assert.False(bench.Agent.StatusOf("gw1")!.Traits.ChecksHook);
        Assert.Contains(new MgcpNote.TraitLearnt("gw1", "hook-state"), bench.Notes);
        return bench;
    }

    /// <summary>A request is taken; gives the question that follows.</summary>
    private static string Asks(AgentBench bench, string events)
    {
        bench.Agent.Request(Line1, Request(events), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("RQNT"), 200);
        var question = bench.TakeSent("AUEP");
        Assert.EndsWith(" aaln/1@gw1.example.net MGCP 1.0\r\nF: ES\r\n", question, StringComparison.Ordinal);
        return question;
    }

    [Theory]
    [InlineData("ES: L/hu\nI:\n", "L/hu", 402)]
    [InlineData("ES: L/hd\nI:\n", "L/hd", 401)]
    public void The_trial_asks_for_what_cannot_come_and_wishes_wait_for_the_verdict(string audit, string watched, int refusal)
    {
        var bench = InService(audit: audit);
        bench.Agent.TryHook(Line1, bench.Now);
        bench.Agent.Request(Line1, Request("L/hf"), bench.Now);
        bench.Drain();
        var trial = bench.TakeSent("RQNT");
        Assert.Equal(watched + "(N)", ValueOf(trial, "R"));
        Assert.Empty(bench.Sent);
        bench.Answer(trial, refusal);
        Assert.True(bench.Agent.StatusOf("gw1")!.Traits.ChecksHook);
        var wish = bench.TakeSent("RQNT");
        Assert.Equal("L/hf(N)", ValueOf(wish, "R"));
        bench.Answer(wish, 200);
        bench.AssertQuiet();
    }

    [Fact]
    public void One_trial_is_enough_for_a_gateway()
    {
        var bench = InService(endpoints: ["aaln/1", "aaln/2"]);
        bench.Agent.TryHook(Line1, bench.Now);
        bench.Agent.TryHook(Line2, bench.Now);
        bench.Drain();
        Assert.Single(bench.Sent);
        bench.Answer(bench.TakeSent("RQNT"), 402);
        bench.Agent.TryHook(Line2, bench.Now);
        bench.AssertQuiet();
    }

    [Fact]
    public void A_verdict_that_did_not_come_is_left_to_the_next_endpoint()
    {
        var bench = InService(endpoints: ["aaln/1", "aaln/2"]);
        bench.Agent.TryHook(Line1, bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("RQNT"), 403);
        Assert.Null(bench.Agent.StatusOf("gw1")!.Traits.ChecksHook);
        bench.Agent.TryHook(Line2, bench.Now);
        bench.Drain();
        bench.TakeSent("RQNT");
    }

    [Fact]
    public void Nothing_is_tried_where_the_gateway_does_not_tell_the_hook_or_a_request_is_in_force()
    {
        var bench = InService(audit: "I:\n");
        bench.Agent.TryHook(Line1, bench.Now);
        bench.AssertQuiet();
        bench = InService();
        bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("RQNT"), 200);
        bench.Agent.TryHook(Line1, bench.Now);
        bench.AssertQuiet();
    }

    [Fact]
    public void A_gateway_that_minds_is_never_asked()
    {
        var bench = InService();
        bench.Agent.TryHook(Line1, bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("RQNT"), 402);
        foreach (var events in (string[])["L/hd", "L/hu", "L/hd"])
        {
            bench.Agent.Request(Line1, Request(events), bench.Now);
            bench.Drain();
            bench.Answer(bench.TakeSent("RQNT"), 200);
            bench.AssertQuiet();
        }
    }

    [Fact]
    public void The_answer_is_a_hook_event_if_it_contradicts_the_request()
    {
        var bench = TakesAnything();
        bench.Answer(Asks(bench, "L/hd"), 200, "ES: L/hu\n");
        bench.AssertQuiet();
        bench.Answer(Asks(bench, "L/hu L/hf"), 200, "ES: L/hu\n");
        Assert.Equal(new MgcpEvent.HookMismatch(Line1, OffHook: false), bench.TakeEvent<MgcpEvent.HookMismatch>());
        bench.Answer(Asks(bench, "L/hd"), 200, "ES: L/hd\n");
        Assert.Equal(new MgcpEvent.HookMismatch(Line1, OffHook: true), bench.TakeEvent<MgcpEvent.HookMismatch>());
        bench.AssertQuiet();
    }

    [Fact]
    public void It_is_asked_once_a_turn()
    {
        var bench = TakesAnything();
        bench.Answer(Asks(bench, "L/hu"), 200, "ES: L/hd\n");
        // Still off hook: what happens on the hook from now on is reported.
        bench.Agent.Request(Line1, Request("L/hu L/hf", "L/dl"), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("RQNT"), 200);
        bench.AssertQuiet();
    }

    [Fact]
    public void An_answer_about_an_earlier_turn_says_nothing()
    {
        var bench = TakesAnything();
        var late = Asks(bench, "L/hu");
        bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
        bench.Drain();
        var request = bench.TakeSent("RQNT");
        bench.Answer(late, 200, "ES: L/hd\n");
        Assert.Empty(bench.Events);
        bench.Answer(request, 200);
        bench.Answer(bench.TakeSent("AUEP"), 200, "ES: L/hu\n");
        bench.AssertQuiet();
    }

    [Fact]
    public void A_gateway_that_is_busy_is_asked_again()
    {
        var bench = TakesAnything();
        bench.Answer(Asks(bench, "L/hu"), 403);
        bench.Answer(bench.Await("AUEP", TimeSpan.FromSeconds(1), "F: ES"), 200, "ES: L/hu\n");
        bench.TakeEvent<MgcpEvent.HookMismatch>();
    }

    [Fact]
    public void Requests_taken_before_the_verdict_are_doubted_once_it_is_known()
    {
        var bench = InService(endpoints: ["aaln/1", "aaln/2"]);
        bench.Agent.TryHook(Line1, bench.Now);
        bench.Agent.Request(Line2, Request("L/hd"), bench.Now);
        bench.Drain();
        var trial = bench.TakeSent("RQNT");
        bench.Answer(bench.TakeSent("RQNT"), 200);
        bench.Answer(trial, 200);
        Assert.Contains(" aaln/2@", bench.TakeSent("AUEP"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_gateway_that_minds_after_all_is_believed()
    {
        // Somebody lifted the handset between the audit and the trial.
        var bench = TakesAnything();
        bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("RQNT"), 401);
        bench.TakeEvent<MgcpEvent.HookMismatch>();
        Assert.True(bench.Agent.StatusOf("gw1")!.Traits.ChecksHook);
    }

    [Theory]
    [InlineData("L;D;G;B", null, true)]
    [InlineData("L;D;G;B", false, false)]
    [InlineData("L;D;G", null, false)]
    [InlineData("L;D;G", true, true)]
    public void The_hook_is_watched_persistently_where_the_gateway_has_the_base_package_or_the_operator_says_so(string packages, bool? decided, bool watched)
    {
        var bench = InService(Model() with { Overrides = new TraitOverrides { PersistentHook = decided } }, $"ES: L/hu\nI:\nA: a:PCMU, v:{packages}\n");
        bench.Agent.TryHook(Line1, bench.Now);
        bench.Drain();
        // Nothing has to be found out about how it checks requests against the hook.
        Assert.Equal(watched ? 0 : 1, bench.Sent.Count);
        if (!watched) return;
        bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
        bench.Drain();
        var request = bench.TakeSent("RQNT");
        Assert.Equal("L/hd(N), L/hu(N), L/hf(N)", ValueOf(request, "B/PR"));
        bench.Answer(request, 200);
        bench.AssertQuiet();
    }

    [Fact]
    public void A_gateway_that_refuses_the_persistent_watch_is_not_asked_for_it_again()
    {
        var bench = InService(Model() with { Overrides = new TraitOverrides { PersistentHook = true } });
        bench.Agent.Request(Line1, Request("L/hd"), bench.Now);
        bench.Drain();
        bench.Answer(bench.TakeSent("RQNT"), 511);
        var without = bench.TakeSent("RQNT");
        Assert.DoesNotContain("B/PR", without, StringComparison.Ordinal);
        bench.Answer(without, 200);
        Assert.Contains(new MgcpNote.TraitLearnt("gw1", "persistent-events"), bench.Notes);
        bench.Agent.Request(Line1, Request("L/hu"), bench.Now);
        bench.Drain();
        Assert.DoesNotContain("B/PR", bench.TakeSent("RQNT"), StringComparison.Ordinal);
    }
}
