using System.Text;
using static MgcpSipBridge.Sip.Tests.Transactions.TransactionBench;

namespace MgcpSipBridge.Sip.Tests.Transactions;

public sealed class ServerTransactionTests
{
    [Fact]
    public void An_INVITE_has_its_100_before_the_user_hears_of_it_and_its_repeats_are_answered_with_the_latest_response()
    {
        var bench = new TransactionBench();
        bench.Receive(Request("INVITE", extra: "Timestamp: 54.2\r\n"));
        Assert.StartsWith("SIP/2.0 100 Trying\r\n", bench.LastSent, StringComparison.Ordinal);
        Assert.Contains("Timestamp: 54.2\r\n", bench.LastSent!, StringComparison.Ordinal);
        Assert.Contains("To: <sip:line@10.0.0.1>\r\n", bench.LastSent!, StringComparison.Ordinal);
        var invite = bench.Only<SipTransactionEvent.RequestArrived>().Transaction;

        bench.Receive(Request("INVITE", extra: "Timestamp: 54.2\r\n"));
        Assert.Equal(bench.Sent[0].Message.ToArray(), bench.Sent[1].Message.ToArray());
        bench.Respond(invite, 180);
        Assert.Contains($"To: <sip:line@10.0.0.1>;tag={invite.LocalTag}\r\n", bench.LastSent!, StringComparison.Ordinal);
        bench.Receive(Request("INVITE", extra: "Timestamp: 54.2\r\n"));
        Assert.Equal(bench.Sent[2].Message.ToArray(), bench.Sent[3].Message.ToArray());
        Assert.Equal([false, true, false, true], bench.Sent.Select(s => s.IsRetransmission));
        bench.Only<SipTransactionEvent.RequestArrived>();
        Assert.Equal(1, bench.Layer.ServerCount);
    }

    [Fact]
    public void A_refusal_is_repeated_by_timer_G_until_the_ACK_or_timer_H()
    {
        var bench = new TransactionBench();
        bench.Receive(Request("INVITE"));
        bench.Respond(bench.Only<SipTransactionEvent.RequestArrived>().Transaction, 486);
        bench.Advance(31.9);
        Assert.Equal(["0", "0", "0.5", "1.5", "3.5", "7.5", "11.5", "15.5", "19.5", "23.5", "27.5", "31.5"], bench.Log.Select(l => l.Split(' ')[0]));
        Assert.Empty(bench.Events.OfType<SipTransactionEvent.AckMissing>());
        bench.Advance(0.2);
        bench.Only<SipTransactionEvent.AckMissing>();
        bench.Only<SipTransactionEvent.Terminated>();
        Assert.Equal(0, bench.Layer.ServerCount);
        Assert.Null(bench.Layer.NextDeadline);
    }

    [Fact]
    public void The_ACK_ends_it_and_its_repeats_are_absorbed_for_T4()
    {
        var bench = new TransactionBench();
        bench.Receive(Request("INVITE"));
        bench.Respond(bench.Only<SipTransactionEvent.RequestArrived>().Transaction, 486);
        bench.Advance(0.3);
        bench.Receive(Request("ACK"));
        bench.Receive(Request("ACK"));
        bench.Receive(Request("INVITE"));
        bench.Advance(4.9);
        Assert.Equal(2, bench.Sent.Count);
        Assert.Equal(1, bench.Layer.ServerCount);
        bench.Advance(0.2);
        Assert.Equal(0, bench.Layer.ServerCount);
        Assert.Empty(bench.Events.OfType<SipTransactionEvent.AckArrived>());
        Assert.Empty(bench.Events.OfType<SipTransactionEvent.AckMissing>());
    }

    [Fact]
    public void After_a_2xx_the_user_repeats_it_and_hears_the_ACKs()
    {
        var bench = new TransactionBench();
        bench.Receive(Request("INVITE"));
        var invite = bench.Only<SipTransactionEvent.RequestArrived>().Transaction;
        bench.Respond(invite, 200);
        bench.Receive(Request("INVITE"));
        bench.Advance(3);
        Assert.Equal(2, bench.Sent.Count);
        bench.Do((layer, now) => layer.ResendFinal(invite, now));
        Assert.Equal(3, bench.Sent.Count);
        Assert.Equal(bench.Sent[1].Message.ToArray(), bench.Sent[2].Message.ToArray());
        Assert.True(bench.Sent[2].IsRetransmission);
        // RFC 6026 §7.1: an ACK with the INVITE's branch is the user's, and one with a branch of its own anyway.
        bench.Receive(Request("ACK"));
        bench.Receive(Request("ACK", branch: "z9hG4bK-peer-2"));
        Assert.Equal(2, bench.Events.OfType<SipTransactionEvent.AckArrived>().Count());
        bench.Respond(invite, 486);
        Assert.Equal(3, bench.Sent.Count);
        bench.Advance(29.1);
        Assert.Equal(0, bench.Layer.ServerCount);
        bench.Do((layer, now) => layer.ResendFinal(invite, now));
        Assert.Equal(3, bench.Sent.Count);
    }

    [Fact]
    public void Over_TCP_a_refusal_is_sent_once_and_gone_with_its_ACK()
    {
        var bench = new TransactionBench();
        bench.Receive(Request("INVITE", transport: "TCP"), Tcp);
        bench.Respond(bench.Only<SipTransactionEvent.RequestArrived>().Transaction, 486);
        bench.Advance(10);
        Assert.Equal(2, bench.Sent.Count);
        Assert.All(bench.Sent, s => Assert.Equal(Tcp, s.Flow));
        bench.Receive(Request("ACK", transport: "TCP"), Tcp);
        Assert.Equal(0, bench.Layer.ServerCount);

        bench.Receive(Request("OPTIONS", branch: "z9hG4bK-o", transport: "TCP"), Tcp);
        bench.Respond(bench.Events.OfType<SipTransactionEvent.RequestArrived>().Last().Transaction, 200);
        Assert.Equal(0, bench.Layer.ServerCount);
        Assert.Null(bench.Layer.NextDeadline);
    }

    [Fact]
    public void A_non_INVITE_is_executed_once_and_answered_alike_for_64_T1()
    {
        var bench = new TransactionBench();
        bench.Receive(Request("BYE"));
        bench.Receive(Request("BYE"));
        Assert.Empty(bench.Sent);
        bench.Respond(bench.Only<SipTransactionEvent.RequestArrived>().Transaction, 200);
        bench.Receive(Request("BYE"));
        Assert.Equal(2, bench.Sent.Count);
        Assert.Equal(bench.Sent[0].Message.ToArray(), bench.Sent[1].Message.ToArray());
        bench.Only<SipTransactionEvent.RequestArrived>();
        bench.Advance(31.9);
        Assert.Equal(1, bench.Layer.ServerCount);
        bench.Advance(0.2);
        Assert.Equal(0, bench.Layer.ServerCount);
    }

    [Fact]
    public void A_slow_non_INVITE_is_answered_100_when_timer_E_has_grown_to_T2_and_never_after_64_T1()
    {
        var bench = new TransactionBench();
        bench.Receive(Request("INFO"));
        var info = bench.Only<SipTransactionEvent.RequestArrived>().Transaction;
        bench.Advance(3.4);
        Assert.Empty(bench.Sent);
        bench.Advance(0.2);
        Assert.Equal(["3.5 SIP/2.0 100 Trying"], bench.Log);
        bench.Advance(29);
        bench.Respond(info, 200);
        Assert.Single(bench.Sent);
        Assert.Equal(0, bench.Layer.ServerCount);
    }

    [Theory]
    [InlineData(180)]
    [InlineData(100)]
    [InlineData(408)]
    public void RFC_4320_forbids_some_answers_to_a_non_INVITE(int status)
    {
        var bench = new TransactionBench();
        bench.Receive(Request("INFO"));
        var info = bench.Only<SipTransactionEvent.RequestArrived>().Transaction;
        Assert.Throws<InvalidOperationException>(() => bench.Layer.Respond(info, status, bench.Now));
    }

    [Fact]
    public void A_CANCEL_is_answered_200_with_the_INVITEs_tag_and_the_user_owes_487()
    {
        var bench = new TransactionBench();
        bench.Receive(Request("INVITE"));
        var invite = bench.Only<SipTransactionEvent.RequestArrived>().Transaction;
        bench.Receive(Request("CANCEL", extra: "Reason: SIP;cause=200, Q.850;cause=16\r\n"));
        Assert.StartsWith("SIP/2.0 200 OK", bench.LastSent, StringComparison.Ordinal);
        Assert.Contains($";tag={invite.LocalTag}", bench.LastSent!, StringComparison.Ordinal);
        var cancelled = bench.Only<SipTransactionEvent.CancelArrived>();
        Assert.Same(invite, cancelled.Invite);
        Assert.Equal(16, cancelled.Cancel.ReasonQ850);
        bench.Receive(Request("CANCEL", extra: "Reason: SIP;cause=200, Q.850;cause=16\r\n"));
        bench.Only<SipTransactionEvent.CancelArrived>();
        bench.Respond(invite, 487);
        bench.Receive(Request("ACK"));
        bench.Advance(40);
        Assert.Equal(0, bench.Layer.ServerCount);
        // The CANCEL's own transaction was never shown.
        bench.Only<SipTransactionEvent.Terminated>();
    }

    [Fact]
    public void A_late_CANCEL_is_answered_200_and_changes_nothing()
    {
        var bench = new TransactionBench();
        bench.Receive(Request("INVITE"));
        bench.Respond(bench.Only<SipTransactionEvent.RequestArrived>().Transaction, 200);
        bench.Receive(Request("CANCEL"));
        Assert.StartsWith("SIP/2.0 200 OK", bench.LastSent, StringComparison.Ordinal);
        Assert.Empty(bench.Events.OfType<SipTransactionEvent.CancelArrived>());
    }

    [Fact]
    public void A_CANCEL_for_nothing_is_answered_481()
    {
        var bench = new TransactionBench();
        bench.Receive(Request("INVITE"));
        bench.Receive(Request("CANCEL", branch: "z9hG4bK-other"));
        Assert.StartsWith("SIP/2.0 481 ", bench.LastSent, StringComparison.Ordinal);
        Assert.Contains(";tag=", bench.LastSent!, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_request_by_another_way_is_482_and_a_new_one_is_not()
    {
        var bench = new TransactionBench();
        bench.Receive(Request("INVITE"));
        bench.Receive(Request("INVITE", branch: "z9hG4bK-fork"));
        Assert.StartsWith("SIP/2.0 482 ", bench.LastSent, StringComparison.Ordinal);
        bench.Receive(Request("INVITE", branch: "z9hG4bK-next", cseq: 2));
        bench.Receive(Request("INVITE", branch: "z9hG4bK-in-dialog", to: "<sip:line@10.0.0.1>;tag=ours"));
        Assert.Equal(3, bench.Events.OfType<SipTransactionEvent.RequestArrived>().Count());
        Assert.Equal("ours", bench.Events.OfType<SipTransactionEvent.RequestArrived>().Last().Transaction.LocalTag);
    }

    [Fact]
    public void Repeats_are_known_by_branch_whatever_its_case_sent_by_and_method()
    {
        var bench = new TransactionBench();
        bench.Receive(Request("OPTIONS", branch: "z9hG4bKabc"));
        bench.Receive(Request("OPTIONS", branch: "Z9HG4BKABC"));
        bench.Only<SipTransactionEvent.RequestArrived>();
        bench.Receive(Request("OPTIONS", branch: "z9hG4bKabc", cseq: 2).Replace("UDP 10.0.0.9:5060", "UDP 10.0.0.9:5062", StringComparison.Ordinal));
        bench.Receive(Request("INFO", branch: "z9hG4bKabc"));
        Assert.Equal(3, bench.Events.OfType<SipTransactionEvent.RequestArrived>().Count());
    }

    [Fact]
    public void Without_the_magic_cookie_requests_are_matched_as_in_RFC_2543()
    {
        var bench = new TransactionBench();
        bench.Receive(Request("INVITE", branch: "1"));
        bench.Receive(Request("INVITE", branch: "1"));
        var invite = bench.Only<SipTransactionEvent.RequestArrived>().Transaction;
        bench.Respond(invite, 486);
        bench.Receive(Request("ACK", branch: "1", to: $"<sip:line@10.0.0.1>;tag={invite.LocalTag}"));
        Assert.Equal(SipTransactionState.Confirmed, invite.State);
        // The same branch in another call is another transaction.
        bench.Receive(Request("INVITE", branch: "1").Replace("peer-call", "other-call", StringComparison.Ordinal));
        Assert.Equal(2, bench.Events.OfType<SipTransactionEvent.RequestArrived>().Count());
    }

    [Theory]
    [InlineData(";rport", 5060, 41000, "10.0.0.9:41000", "10.0.0.9;rport=41000")]
    [InlineData("", 5060, 41000, "10.0.0.9:5060", null)]
    [InlineData(";maddr=10.0.0.77", 5070, 41000, "10.0.0.77:5070", null)]
    [InlineData(";rport;received=1.2.3.4", 5060, 5060, "10.0.0.9:5060", "10.0.0.9;rport=5060")]
    public void Responses_go_where_18_2_2_and_RFC_3581_say(string parameters, int sentByPort, int sourcePort, string target, string? received)
    {
        var bench = new TransactionBench();
        var flow = Udp with { Remote = Peer.WithPort(sourcePort) };
        bench.Receive(Request("INVITE", viaParams: parameters).Replace("10.0.0.9:5060;", $"10.0.0.9:{sentByPort};", StringComparison.Ordinal), flow);
        Assert.Equal(target, bench.Sent[0].Flow.Remote.ToString());
        Assert.Equal(Ours, bench.Sent[0].Flow.Local);
        var via = bench.LastSent!.Split("\r\n")[1];
        if (received is null) Assert.DoesNotContain("received=", via, StringComparison.Ordinal);
        else Assert.EndsWith(";received=" + received, via, StringComparison.Ordinal);
        Assert.Equal(received is null ? 1 : 2, via.Split("received=").Length);
    }

    [Fact]
    public void A_Via_that_names_a_host_gets_received()
    {
        var bench = new TransactionBench();
        bench.Receive(Request("INVITE", viaParams: "").Replace("UDP 10.0.0.9:5060", "UDP pbx.example.net", StringComparison.Ordinal), Udp with { Remote = Peer.WithPort(40000) });
        Assert.Contains("Via: SIP/2.0/UDP pbx.example.net;branch=z9hG4bK-peer-1;received=10.0.0.9\r\n", bench.LastSent!, StringComparison.Ordinal);
        Assert.Equal("10.0.0.9:5060", bench.Sent[0].Flow.Remote.ToString());
    }

    [Fact]
    public void A_lost_connection_moves_the_response_to_a_new_one_and_then_gives_up()
    {
        var bench = new TransactionBench();
        var flow = Tcp with { Remote = Peer.WithPort(49999) };
        bench.Receive(Request("INVITE", transport: "TCP"), flow);
        var invite = bench.Only<SipTransactionEvent.RequestArrived>().Transaction;
        bench.Respond(invite, 200);
        bench.Do((layer, now) => layer.FlowFailed(flow, now));
        Assert.Equal(new SipFlow(SipTransport.Tcp, Ours, Peer), bench.Sent[^1].Flow);
        Assert.StartsWith("SIP/2.0 200", bench.LastSent, StringComparison.Ordinal);
        Assert.Empty(bench.Events.OfType<SipTransactionEvent.ResponseUndeliverable>());
        bench.Do((layer, now) => layer.FlowFailed(new SipFlow(SipTransport.Tcp, Ours, Peer, 12), now));
        bench.Only<SipTransactionEvent.ResponseUndeliverable>();
        // RFC 6026 §7.1: the state stays, so that a repeated INVITE is absorbed.
        Assert.Equal(1, bench.Layer.ServerCount);
    }

    [Fact]
    public void Beyond_the_limit_INVITEs_get_a_plain_503_and_the_rest_is_dropped_a_little_later()
    {
        var bench = new TransactionBench(s => s with { MaxTransactions = 8 });
        for (var i = 0; i < 9; i++) bench.Receive(Request("INVITE", branch: $"z9hG4bK-{i}", cseq: (uint)i + 1));
        Assert.StartsWith("SIP/2.0 503 ", bench.LastSent, StringComparison.Ordinal);
        Assert.DoesNotContain("Retry-After", bench.LastSent!, StringComparison.Ordinal);
        Assert.Equal(8, bench.Layer.ServerCount);
        var stateless = bench.LastSent;
        bench.Receive(Request("INVITE", branch: "z9hG4bK-8", cseq: 9));
        Assert.Equal(stateless, bench.LastSent);

        for (var i = 0; i < 4; i++) bench.Receive(Request("BYE", branch: $"z9hG4bK-bye-{i}", to: "<sip:line@10.0.0.1>;tag=ours"));
        Assert.Equal(10, bench.Layer.ServerCount);
        Assert.Equal(2, bench.Notes.Count(n => n is SipNote.Dropped { Reason: SipDropReason.Overload }));
    }

    [Fact]
    public void Nothing_is_kept_of_two_thousand_calls()
    {
        var bench = new TransactionBench();
        for (var i = 0; i < 2_000; i++)
        {
            bench.Receive(Request("INVITE", branch: $"z9hG4bK-{i}").Replace("peer-call", $"call-{i}", StringComparison.Ordinal));
            var invite = bench.Events.OfType<SipTransactionEvent.RequestArrived>().Last().Transaction;
            bench.Respond(invite, i % 2 == 0 ? 200 : 486);
            if (i % 3 == 0) bench.Receive(Request("ACK", branch: $"z9hG4bK-{i}"));
            bench.Events.Clear();
            bench.Sent.Clear();
        }

        bench.Advance(64);
        Assert.Equal(0, bench.Layer.ServerCount);
        Assert.Null(bench.Layer.NextDeadline);
    }

    [Fact]
    public void An_unknown_scheme_is_416_and_an_ACK_is_never_answered()
    {
        var bench = new TransactionBench();
        bench.Receive(Request("OPTIONS").Replace("OPTIONS sip:line@10.0.0.1", "OPTIONS news:comp", StringComparison.Ordinal));
        Assert.StartsWith("SIP/2.0 416 ", bench.LastSent, StringComparison.Ordinal);
        bench.Receive(Request("ACK").Replace("CSeq: 1 ACK", "CSeq: 1 INVITE", StringComparison.Ordinal));
        Assert.Single(bench.Sent);
        Assert.Contains(bench.Notes, n => n is SipNote.ParseFailed { Error: SipParseError.CSeqMismatch });
    }

    [Fact]
    public void A_message_too_large_is_513()
    {
        var bench = new TransactionBench(s => s with { MaxMessageBytes = 1000 });
        bench.Receive(Request("MESSAGE").Replace("Content-Length: 0\r\n\r\n", $"Content-Length: 2000\r\n\r\n{new string('x', 2000)}", StringComparison.Ordinal));
        Assert.StartsWith("SIP/2.0 513 ", bench.LastSent, StringComparison.Ordinal);
    }

    [Fact]
    public void An_answered_request_cannot_be_answered_again()
    {
        var bench = new TransactionBench();
        bench.Receive(Request("OPTIONS"));
        var options = bench.Only<SipTransactionEvent.RequestArrived>().Transaction;
        bench.Respond(options, 200);
        bench.Respond(options, 500);
        Assert.Single(bench.Sent);
        Assert.Throws<InvalidOperationException>(() => options.BeginResponse(new SipWriter(), 500));
        Assert.True(options.IsAnswered);
    }

    [Fact]
    public void Keep_alives_and_rubbish_are_no_requests()
    {
        var bench = new TransactionBench();
        bench.Receive("\r\n\r\n");
        bench.Receive("\0\0\0\0");
        bench.Receive("jaK");
        bench.Receive(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
        Assert.Empty(bench.Events);
        Assert.Empty(bench.Sent);
        Assert.Equal(2, bench.Notes.Count);
    }
}
