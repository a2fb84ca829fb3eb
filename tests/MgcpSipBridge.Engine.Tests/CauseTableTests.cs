using System.Text.RegularExpressions;
using MgcpSipBridge.Calls;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine.Tests;

/// <summary>The cause tables, every row: gateway to SIP over the whole engine, SIP to what the phone is made to hear, Q.850 to what it means.</summary>
public partial class CauseTableTests
{
    private const string Nothing = "-";

    [Theory]
    [MemberData(nameof(Codes))]
    public void A_call_to_a_line_whose_gateway_refuses_the_connection_is_refused_with(int code, string perLine, string trunk)
    {
        Assert.Equal(perLine, RefusedBy(code, SipRegistrationMode.PerLine));
        Assert.Equal(trunk, RefusedBy(code, SipRegistrationMode.Trunk));
        Assert.Equal(trunk, RefusedBy(code, SipRegistrationMode.None));
    }

    /// <summary>MGCP code, then status, Q.850 cause and Retry-After: for a peer that knows every line, and for one that takes us for a trunk. 0 is silence.</summary>
    public static TheoryData<int, string, string> Codes()
    {
        var rows = new TheoryData<int, string, string>();
        void Row(string refusal, string? trunk, params int[] codes)
        {
            foreach (var code in codes) rows.Add(code, refusal, trunk ?? refusal);
        }

        Row("486 17 -", null, 401, 540);
        Row("480 27 -", "503 27 -", 0, 501);
        Row("404 1 -", null, 500);
        Row("480 41 5", null, 400, 408, 499);
        Row("504 102 -", null, 406);
        Row("503 47 -", null, 403, 404, 502, 526);
        Row("503 34 -", null, 410);
        Row("503 38 -", null, 529, 531, 521, 300, 399);
        Row("480 42 5", null, 405, 520);
        Row("480 42 5", "503 42 -", 409);
        Row("500 111 -", null, 407, 503, 508, 510, 511, 514, 516, 519, 523, 528, 530, 533, 536, 537, 539, 542, 800);
        Row("500 79 -", null, 504, 507, 517);
        Row("488 65 -", null, 505, 506, 509, 524, 525, 527, 532, 534, 535, 541);
        Row("480 27 -", null, 512, 513, 518, 522, 538);
        Row("480 41 -", null, 402, 515);
        return rows;
    }

    [Fact]
    public void No_code_of_RFC_3435_is_missing()
    {
        var rows = Codes().Select(row => row.Data.Item1).ToHashSet();
        // RFC 3435 §2.4: 400 to 410 (there is no 408) and 500 to 541.
        Assert.Equal([], Enumerable.Range(400, 11).Concat(Enumerable.Range(500, 42)).Where(code => !rows.Contains(code)));
    }

    [Theory]
    [InlineData("RM: restart\r\nRD: 30", "480 42 30")]
    [InlineData("RM: forced", "480 27 -")]
    [InlineData("RM: graceful", "480 42 5")]
    public void A_call_to_a_line_that_left_service_is_refused_with(string restart, string refusal)
    {
        var bench = FirstCallTests.InService(Bench.Model(SipRegistrationMode.PerLine));
        bench.FromGateway($"RSIP 1002 *@gw1.example.net MGCP 1.0\r\n{restart}\r\n");
        bench.FromPeer(Invite("0"));
        Assert.Equal(refusal, Refusal(bench));
    }

    [Fact]
    public void A_line_whose_gateway_never_spoke_is_refused_alike_by_phone_and_trunk()
    {
        foreach (var mode in Enum.GetValues<SipRegistrationMode>())
        {
            var bench = new Bench(Bench.Model(mode));
            bench.FromPeer(Invite("0"));
            Assert.Equal("480 27 -", Refusal(bench));
        }
    }

    [Theory]
    [InlineData(404)]
    [InlineData(526)]
    public void A_gateway_without_bandwidth_is_asked_for_a_codec_that_needs_less(int code)
    {
        var bench = FirstCallTests.InService(capabilities: "a:PCMU;PCMA;G729, p:10-30, v:L;G;D, m:sendonly;recvonly;sendrecv;inactive");
        bench.FromPeer(Invite("0 8 18"));
        Assert.Contains("PCMU", Bench.Header(bench.Answer("CRCX", code: code), "L"), StringComparison.Ordinal);
        var second = Bench.Header(bench.Answer("CRCX", code: code), "L");
        Assert.Contains("a:G729", second, StringComparison.Ordinal);
        Assert.DoesNotContain("PCM", second, StringComparison.Ordinal);
        Assert.Equal("503 47 -", Refusal(bench));
    }

    [Fact]
    public void A_refused_offer_says_that_its_formats_are_to_blame()
    {
        var bench = FirstCallTests.InService();
        bench.FromPeer(Invite("0"));
        bench.Answer("CRCX", code: 505);
        // RFC 3261 §20.43: 305, incompatible media format.
        Assert.StartsWith("305 ", Bench.Header(bench.TakeSip("SIP/2.0 488"), "Warning"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_ring_that_fails_is_another_cause_than_one_that_cannot_be()
    {
        var bench = FirstCallTests.InService();
        bench.FromPeer(Invite("0"));
        bench.Answer("CRCX", "I: 1\r\n\r\n" + Bench.Sdp("10.0.0.21", 3456, "0 101"));
        var ring = bench.Answer("RQNT");
        bench.FromGateway($"NTFY 3001 aaln/1@gw1.example.net MGCP 1.0\r\nX: {Bench.Header(ring, "X")}\r\nO: L/of(L/rg)\r\n");
        Assert.Equal("480 41 -", Refusal(bench));
    }

    [Theory]
    [InlineData(CallCause.Busy, "486 17 -")]
    [InlineData(CallCause.NoAnswer, "480 19 -")]
    [InlineData(CallCause.LineOutOfService, "480 27 -")]
    [InlineData(CallCause.LineRestarting, "480 42 5")]
    [InlineData(CallCause.IncompatibleMedia, "488 65 -")]
    public void Without_a_code_a_line_refuses_with(CallCause cause, string refusal) => Assert.Equal(refusal, Text(CauseMap.Refusal(cause)));

    [Theory]
    [InlineData(CallCause.LineRestarting, 27)]   // RSIP forced or restart in a call
    [InlineData(CallCause.LineOutOfService, 27)]
    [InlineData(CallCause.NormalClearing, 16)]   // L/hu, in a call or ringing out
    [InlineData(CallCause.BearerFailure, 41)]    // 515, 516 in a call
    public void A_call_is_cleared_with(CallCause cause, int q850) => Assert.Equal(q850, CauseMap.Q850(cause));

    // Status of the peer; whether it rang; Q.850 cause of the record; signal of the line, with its parameter.
    [Theory]
    [InlineData(300, 31, "L/ro")]
    [InlineData(302, 31, "L/ro")]
    [InlineData(400, 41, "L/ro")]
    [InlineData(500, 41, "L/ro")]
    [InlineData(401, 21, "G/it")]
    [InlineData(402, 21, "G/it")]
    [InlineData(403, 21, "G/it")]
    [InlineData(407, 21, "G/it")]
    [InlineData(404, 1, "L/sit(6)")]
    [InlineData(485, 1, "L/sit(6)")]
    [InlineData(604, 1, "L/sit(6)")]
    [InlineData(405, 63, "L/ro")]
    [InlineData(501, 79, "L/ro")]
    [InlineData(406, 79, "L/ro")]
    [InlineData(415, 79, "L/ro")]
    [InlineData(488, 31, "L/ro")]
    [InlineData(606, 31, "L/ro")]
    [InlineData(408, 102, "G/cg")]
    [InlineData(410, 22, "G/it")]
    [InlineData(413, 127, "L/ro")]
    [InlineData(414, 127, "L/ro")]
    [InlineData(416, 127, "L/ro")]
    [InlineData(420, 127, "L/ro")]
    [InlineData(421, 127, "L/ro")]
    [InlineData(423, 127, "L/ro")]
    [InlineData(505, 127, "L/ro")]
    [InlineData(513, 127, "L/ro")]
    [InlineData(480, 18, "L/ro")]
    [InlineData(480, 19, "L/ro", true)]
    [InlineData(481, 41, "L/ro")]
    [InlineData(482, 25, "L/ro")]
    [InlineData(483, 25, "L/ro")]
    [InlineData(484, 28, "L/ro")]
    [InlineData(486, 17, "L/bz")]
    [InlineData(486, 17, "L/bz", true)]
    [InlineData(600, 17, "L/bz")]
    [InlineData(487, 16, "L/ro")]
    [InlineData(491, 31, "L/ro")]
    [InlineData(502, 38, "G/cg")]
    [InlineData(503, 41, "G/cg")]
    [InlineData(504, 102, "G/cg")]
    [InlineData(603, 21, "L/bz")]
    [InlineData(0, 16, "L/ro")]
    public void A_refused_caller_hears(int status, int q850, string signal, bool rang = false)
    {
        Assert.Equal(q850, CauseMap.Q850OfStatus(status, rang));
        Assert.Equal(signal, Signal(CauseMap.FromSip(new SipEnd(status))));
        // Told in words, too, it sounds the same; but 41 alone says more than the statuses that it stands for: the network's failure, for now.
        if (status is not (400 or 481 or 500)) Assert.Equal(signal, Signal(CauseMap.FromSip(new SipEnd(status, q850))));
    }

    // RFC 3398 §7.2.4.1 as it matters to a phone: a cause means what its status would, whichever status it travels in.
    [Theory]
    [InlineData(404, 1, 2, 3, 26)]
    [InlineData(486, 17)]
    [InlineData(480, 18, 19, 20)]   // 18 is 408 there, which is no network's fault here
    [InlineData(603, 21)]
    [InlineData(403, 55, 57, 87)]
    [InlineData(410, 22, 23)]
    [InlineData(502, 27, 38, 41, 102)]
    [InlineData(484, 28)]
    [InlineData(501, 29, 79)]
    [InlineData(503, 34, 42, 44, 47)]
    [InlineData(488, 58, 65, 70, 88)]   // 58 and 88 are 503 there: they are about the bearer
    [InlineData(500, 111, 127)]
    public void A_cause_of_the_network_is_heard_as(int status, params int[] causes)
    {
        foreach (var cause in causes)
        {
            foreach (var carrier in (int[])[480, 500, 503])
                Assert.Equal(Signal(CauseMap.FromSip(new SipEnd(status))), Signal(CauseMap.FromSip(new SipEnd(carrier, cause))));
        }
    }

    [Fact]
    public void A_cause_that_says_nothing_leaves_it_to_the_status()
    {
        foreach (var status in (int[])[404, 486, 503, 403, 500])
        {
            foreach (var cause in (int[])[31, 99, 16]) Assert.Equal(Signal(CauseMap.FromSip(new SipEnd(status))), Signal(CauseMap.FromSip(new SipEnd(status, cause))));
        }
    }

    /// <summary>Every CRCX for a call is answered with the code, until the call is refused.</summary>
    private static string RefusedBy(int code, SipRegistrationMode mode)
    {
        var bench = FirstCallTests.InService(Bench.Model(mode));
        bench.FromPeer(Invite("0 8 101"));
        for (var i = 0; i < 40 && !bench.Sip.Exists(IsRefusal); i++)
        {
            while (code != 0 && bench.Mgcp.Exists(text => text.StartsWith("CRCX", StringComparison.Ordinal))) bench.Answer("CRCX", code: code);
            if (!bench.Sip.Exists(IsRefusal)) bench.After(TimeSpan.FromSeconds(1));
        }

        return Refusal(bench);
    }

    private static bool IsRefusal(string text) => text.StartsWith("SIP/2.0 ", StringComparison.Ordinal) && text[8] >= '3';

    private static string Refusal(Bench bench)
    {
        var refusal = Assert.Single(bench.Sip.Where(IsRefusal).Distinct());
        var pause = Bench.Has(refusal, "Retry-After") ? Bench.Header(refusal, "Retry-After") : Nothing;
        return $"{refusal[8..11]} {Cause().Match(Bench.Header(refusal, "Reason")).Groups[1].Value} {pause}";
    }

    private static string Text((int Status, int Q850, TimeSpan? RetryAfter) refusal) =>
        $"{refusal.Status} {refusal.Q850} {(refusal.RetryAfter is { } pause ? pause.TotalSeconds : Nothing)}";

    private static string Signal(CallCause cause)
    {
        var request = SignalMap.Request(new PhoneSignal.Hearing(CauseTone.For(cause)), new(), null, showsCaller: false, default);
        var signal = Assert.Single(request.Signals);
        return signal.Parameters is { Length: > 0 } parameters ? $"{signal.Signal}({parameters})" : signal.Signal;
    }

    private static string Invite(string formats)
    {
        var sdp = Bench.Sdp("10.0.0.9", 40000, formats);
        return "INVITE sip:1001@10.0.0.5:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bKt1;rport\r\nMax-Forwards: 70\r\nFrom: <sip:5550000@10.0.0.9>;tag=t1\r\n"
            + "To: <sip:1001@10.0.0.5>\r\nCall-ID: t1@10.0.0.9\r\nCSeq: 1 INVITE\r\nContact: <sip:bob@10.0.0.9:5060>\r\nContent-Type: application/sdp\r\n"
            + $"Content-Length: {sdp.Length}\r\n\r\n{sdp}";
    }

    [GeneratedRegex("cause=(\\d+)")]
    private static partial Regex Cause();
}
