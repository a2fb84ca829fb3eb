using System.Diagnostics;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.Interop;

/// <summary>Finding somebody who takes the call: redirections, PBXs that fail in their several ways, transports.</summary>
public sealed class SippPeersTests
{
    private readonly Exchange _exchange;

    public SippPeersTests(Exchange exchange)
    {
        Sipp.Require();
        Bench.Require();
        _exchange = exchange;
    }

    [Fact]
    public async Task A_redirection_is_followed_and_told()
    {
        await using var line = await _exchange.Take();
        await using var sipp = await line.IsAnsweredBy(
            "called-redirects", ("contact", $"&lt;sip:4444@{line.Other};transport=udp&gt;;q=0.7, &lt;sip:5555@192.0.2.1&gt;;q=0.9"), ("headers", "Diversion: &lt;sip:2000@pbx&gt;;reason=unconditional"));
        await using var other = await Sipp.Answer("called-identity", line.Other, values: [("header", "Diversion:"), ("like", "2000@pbx.*unconditional"), ("more", ""), ("answer", "")]);
        await line.Dials(line.Outside);
        await sipp.Succeeds();
        await other.Succeeds();
        await line.Rests();
    }

    [Fact]
    public async Task A_redirection_to_a_stranger_is_not_followed()
    {
        await using var line = await _exchange.Take();
        await using var sipp = await line.IsAnsweredBy("called-redirects", ("contact", "&lt;sip:5555@192.0.2.1&gt;"), ("headers", ""));
        await line.Dials(line.Outside);
        await sipp.Succeeds();
        await line.Until("a failure tone", phone => phone.Sound is PhoneSound.Reorder or PhoneSound.Intercept);
        await line.Rests();
    }

    [Fact]
    public async Task Five_redirections_are_enough()
    {
        await using var line = await _exchange.Take();
        await using var sipp = await line.IsAnsweredBy("called-loops");
        await line.Dials(line.Outside);
        await sipp.Succeeds();
        await line.Until("a failure tone", phone => phone.Sound is PhoneSound.Reorder or PhoneSound.Intercept);
        await line.Rests();
    }

    [Theory]
    [InlineData("503 Service Unavailable")]
    [InlineData("500 Server Internal Error")]
    [InlineData("504 Server Time-out")]
    public async Task Another_PBX_takes_the_call_that_the_first_cannot(string status)
    {
        await using var line = await _exchange.Take();
        await line.IsHeard();
        await using var sipp = await line.IsAnsweredBy("called-refuse", ("status", status), ("headers", ""));
        await using var other = await Sipp.Answer("called-answer", line.Other);
        await line.Calls(line.FailsOver);
        await sipp.Succeeds();
        await line.HangsUp();
        await other.Succeeds();
        await line.Rests();
    }

    [Fact]
    public async Task A_PBX_that_wants_to_be_left_alone_is_left_alone_for_so_long()
    {
        await using var line = await _exchange.Take();
        await line.IsHeard();
        var asked = Stopwatch.StartNew();
        Stopwatch? answered = null;
        await using (var sipp = await line.IsAnsweredBy("called-refuse", ("status", "503 Service Unavailable"), ("headers", "Retry-After: 8")))
        {
            await CallsTheOther(2);
            await sipp.Succeeds();
        }

        if (asked.Elapsed < TimeSpan.FromSeconds(6)) await CallsTheOther(1);
        // The eight seconds began when the answer came, before the call to the other PBX was set up.
        var left = TimeSpan.FromSeconds(8.5) - answered!.Elapsed;
        if (left > TimeSpan.Zero) await Task.Delay(left, TestContext.Current.CancellationToken);
        await using var again = await line.IsAnsweredBy("called-answer");
        await line.Calls(line.Outside);
        await line.HangsUp();
        await again.Succeeds();
        await line.Rests();

        async Task CallsTheOther(int invites)
        {
            await using var other = await Sipp.Answer("called-answer", line.Other);
            await line.Calls(line.FailsOver);
            answered ??= Stopwatch.StartNew();
            // On a machine that had other things to do the eight seconds may be over by now.
            var told = (await line.Ladder()).Count(m => m.FirstLine.StartsWith("INVITE ", StringComparison.Ordinal));
            if (asked.Elapsed < TimeSpan.FromSeconds(8)) Assert.Equal(invites, told);
            await line.HangsUp();
            await other.Succeeds();
            await line.Rests();
        }
    }

    [Theory]
    [InlineData("Tcp")]
    [InlineData("Plain")]
    public async Task Another_PBX_takes_the_call_where_nobody_listens(string kind)
    {
        await using var line = await _exchange.Take(Enum.Parse<PbxKind>(kind));
        await using var other = await Sipp.Answer("called-answer", line.Other);
        // The kernel says so at once: connection refused, ICMP port unreachable.
        await line.Calls(line.FailsOver);
        await line.HangsUp();
        await other.Succeeds();
        await line.Rests();
    }

    [Fact]
    public async Task A_long_message_is_put_together_from_its_pieces()
    {
        await using var line = await _exchange.Take(PbxKind.Tcp);
        await using var sipp = line.IsCalledBy("caller-long", ("pad", new string('x', 4000)));
        await line.Lifts();
        await sipp.Succeeds();
        await line.Rests();
    }

    [Fact]
    public async Task An_INVITE_that_is_too_long_for_UDP_goes_over_TCP()
    {
        await using var line = await _exchange.Take(PbxKind.Long);
        await using var sipp = await line.IsAnsweredBy("called-over-tcp");
        await line.Dials(line.Outside);
        await sipp.Succeeds();
        await line.Rests();
    }
}
