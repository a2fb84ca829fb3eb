using System.Text;

namespace MgcpSipBridge.Sip.Tests.Transactions;

public sealed class ClientTransactionTests
{
    [Fact]
    public void An_unanswered_INVITE_goes_out_7_times_in_32_seconds_by_timers_A_and_B()
    {
        var bench = new TransactionBench();
        var invite = bench.Send(SipMethod.Invite);
        bench.Advance(31.9);
        Assert.Equal(["0", "0.5", "1.5", "3.5", "7.5", "15.5", "31.5"], bench.Log.Select(l => l.Split(' ')[0]));
        Assert.All(bench.Sent.Skip(1), s => Assert.True(s.IsRetransmission && s.Message.Span.SequenceEqual(bench.Sent[0].Message.Span)));
        Assert.False(bench.Sent[0].IsRetransmission);
        Assert.Empty(bench.Events);

        bench.Advance(0.2);
        Assert.Same(invite, bench.Only<SipTransactionEvent.TimedOut>().Transaction);
        Assert.IsType<SipTransactionEvent.Terminated>(bench.Events[^1]);
        bench.Advance(100);
        Assert.Equal(7, bench.Sent.Count);
        Assert.Equal(0, bench.Layer.ClientCount);
        Assert.Null(bench.Layer.NextDeadline);
    }

    [Fact]
    public void A_non_INVITE_goes_out_11_times_by_timers_E_and_F()
    {
        var bench = new TransactionBench();
        bench.Send(SipMethod.Bye);
        bench.Advance(40);
        Assert.Equal(["0", "0.5", "1.5", "3.5", "7.5", "11.5", "15.5", "19.5", "23.5", "27.5", "31.5"], bench.Log.Select(l => l.Split(' ')[0]));
        bench.Only<SipTransactionEvent.TimedOut>();
        Assert.Equal(0, bench.Layer.ClientCount);
    }

    [Fact]
    public void After_a_provisional_a_non_INVITE_is_repeated_every_T2()
    {
        var bench = new TransactionBench();
        bench.Send(SipMethod.Options);
        bench.Advance(0.1);
        bench.Receive(bench.AnswerTo("OPTIONS", 100));
        bench.Advance(13);
        // §17.1.2.2: Timer E that runs already fires at 0.5, from then on it is T2.
        Assert.Equal(["0", "0.5", "4.5", "8.5", "12.5"], bench.Log.Select(l => l.Split(' ')[0]));
        bench.Receive(bench.AnswerTo("OPTIONS", 200));
        Assert.Equal([100, 200], bench.Events.OfType<SipTransactionEvent.ResponseArrived>().Select(e => e.Response.Status));
        Assert.Equal(1, bench.Layer.ClientCount);
        bench.Receive(bench.AnswerTo("OPTIONS", 200));
        bench.Advance(5);
        Assert.Equal(0, bench.Layer.ClientCount);
        Assert.Equal(2, bench.Events.OfType<SipTransactionEvent.ResponseArrived>().Count());
    }

    [Fact]
    public void Over_a_reliable_transport_nothing_is_repeated_and_nothing_lingers()
    {
        var bench = new TransactionBench();
        bench.Send(SipMethod.Bye, TransactionBench.Tcp);
        bench.Advance(10);
        Assert.Single(bench.Sent);
        Assert.Contains("SIP/2.0/TCP 10.0.0.1:5060", bench.LastSent!, StringComparison.Ordinal);
        bench.Receive(bench.AnswerTo("BYE", 200), TransactionBench.Tcp);
        Assert.Equal(0, bench.Layer.ClientCount);

        bench.Send(SipMethod.Invite, TransactionBench.Tcp);
        bench.Receive(bench.AnswerTo("INVITE", 486), TransactionBench.Tcp);
        Assert.StartsWith("ACK ", bench.LastSent, StringComparison.Ordinal);
        Assert.Equal(0, bench.Layer.ClientCount);
        Assert.Null(bench.Layer.NextDeadline);
    }

    [Fact]
    public void Timer_B_runs_over_reliable_transports_too()
    {
        var bench = new TransactionBench();
        bench.Send(SipMethod.Invite, TransactionBench.Tcp);
        bench.Advance(32);
        bench.Only<SipTransactionEvent.TimedOut>();
    }

    [Fact]
    public void A_refused_INVITE_is_acknowledged_by_the_transaction_as_17_1_1_3_says()
    {
        var bench = new TransactionBench();
        bench.Send(SipMethod.Invite, more: w =>
        {
            w.Header(SipHeader.Route, "<sip:proxy-a.example.net;lr>, <sip:proxy-b.example.net;lr>");
            w.Header(SipHeader.Require, "100rel");
            w.Header(SipHeader.ProxyAuthorization, "Digest username=\"a\"");
        });
        var invite = Read(bench.Sent[0].Message.Span);
        bench.Receive(bench.AnswerTo("INVITE", 183, "early"));
        bench.Receive(bench.AnswerTo("INVITE", 486, "final"));
        var ack = Read(bench.Sent[^1].Message.Span);
        Assert.Equal(SipMethod.Ack, ack.Method);
        Assert.Equal("sip:bob@10.0.0.9:5060", Text(ack.RequestUri));
        Assert.Equal(Text(invite.TopViaValue), Text(ack.TopViaValue));
        Assert.Equal(Text(invite.First(SipHeader.From)), Text(ack.First(SipHeader.From)));
        Assert.Equal("final", Text(ack.ToTag));
        Assert.Equal("17 ACK", Text(ack.First(SipHeader.CSeq)));
        Assert.Equal(invite.CallIdText, ack.CallIdText);
        Assert.Equal("<sip:proxy-a.example.net;lr>, <sip:proxy-b.example.net;lr>", Text(ack.First(SipHeader.Route)));
        Assert.False(ack.Has(SipHeader.Require));
        Assert.Equal(TransactionBench.Udp, bench.Sent[^1].Flow);

        // The answer again: the same ACK again, and nothing for the user. After 32 s (Timer D) it is over.
        bench.Receive(bench.AnswerTo("INVITE", 486, "final"));
        Assert.Equal(3, bench.Sent.Count);
        Assert.True(bench.Sent[2].IsRetransmission);
        Assert.Equal(bench.Sent[1].Message.ToArray(), bench.Sent[2].Message.ToArray());
        Assert.Equal(2, bench.Events.OfType<SipTransactionEvent.ResponseArrived>().Count());
        bench.Advance(31.9);
        Assert.Equal(1, bench.Layer.ClientCount);
        bench.Advance(0.2);
        Assert.Equal(0, bench.Layer.ClientCount);
    }

    [Fact]
    public void Every_2xx_of_an_INVITE_reaches_the_user_for_64_T1_and_none_is_acknowledged_here()
    {
        var bench = new TransactionBench();
        bench.Send(SipMethod.Invite);
        bench.Receive(bench.AnswerTo("INVITE", 200, "fork-1"));
        bench.Advance(1);
        bench.Receive(bench.AnswerTo("INVITE", 200, "fork-2"));
        bench.Receive(bench.AnswerTo("INVITE", 200, "fork-1"));
        bench.Receive(bench.AnswerTo("INVITE", 486, "fork-3"));
        bench.Receive(bench.AnswerTo("INVITE", 180, "fork-4"));
        Assert.Equal(["fork-1", "fork-2", "fork-1"], bench.Events.OfType<SipTransactionEvent.ResponseArrived>().Select(e => Text(e.Response.ToTag)));
        Assert.Single(bench.Sent);
        bench.Advance(31);
        Assert.Equal(0, bench.Layer.ClientCount);
        bench.Receive(bench.AnswerTo("INVITE", 200, "fork-1"));
        Assert.Equal(3, bench.Events.OfType<SipTransactionEvent.ResponseArrived>().Count());
        Assert.Contains(bench.Notes, n => n is SipNote.Dropped { Reason: SipDropReason.NoTransaction });
    }

    [Fact]
    public void The_ACK_to_a_2xx_has_a_branch_of_its_own_and_is_repeated_byte_for_byte()
    {
        var bench = new TransactionBench();
        bench.Send(SipMethod.Invite);
        bench.Receive(bench.AnswerTo("INVITE", 200));
        var writer = new SipWriter();
        writer.BeginRequest(SipMethod.Ack, "sip:bob@10.0.0.9:5070");
        writer.Header(SipHeader.CallId, "call-1@10.0.0.1");
        writer.CSeq(17, SipMethod.Ack);
        writer.End();
        bench.Do((layer, now) =>
        {
            var ack = layer.SendAck(writer, TransactionBench.Udp, "call-1@10.0.0.1", now);
            layer.Resend(ack, TransactionBench.Udp, "call-1@10.0.0.1");
        });
        Assert.Equal(3, bench.Sent.Count);
        Assert.Equal(bench.Sent[1].Message.ToArray(), bench.Sent[2].Message.ToArray());
        Assert.NotEqual(Branch(bench.Sent[0].Message.Span), Branch(bench.Sent[1].Message.Span));
        Assert.Equal(1, bench.Layer.ClientCount);
    }

    [Fact]
    public void A_CANCEL_is_held_back_until_a_provisional_response_comes()
    {
        var bench = new TransactionBench();
        var invite = bench.Send(SipMethod.Invite, more: w => w.Header(SipHeader.Route, "<sip:proxy.example.net;lr>"));
        bench.Do((layer, now) => layer.Cancel(invite, "SIP;cause=200;text=\"Call completed elsewhere\"", now));
        Assert.Single(bench.Sent);
        bench.Advance(0.2);
        bench.Receive(bench.AnswerTo("INVITE", 100, "t"));
        Assert.Equal(2, bench.Sent.Count);
        var request = Read(bench.Sent[0].Message.Span);
        var cancel = Read(bench.Sent[1].Message.Span);
        Assert.Equal(SipMethod.Cancel, cancel.Method);
        Assert.Equal(Text(request.TopViaValue), Text(cancel.TopViaValue));
        Assert.Equal(Text(request.RequestUri), Text(cancel.RequestUri));
        Assert.Equal(Text(request.First(SipHeader.To)), Text(cancel.First(SipHeader.To)));
        Assert.Equal(Text(request.First(SipHeader.Route)), Text(cancel.First(SipHeader.Route)));
        Assert.Equal("17 CANCEL", Text(cancel.First(SipHeader.CSeq)));
        Assert.Equal("SIP;cause=200;text=\"Call completed elsewhere\"", Text(cancel.First(SipHeader.Reason)));

        bench.Receive(bench.AnswerTo("CANCEL", 200, "t"));
        bench.Receive(bench.AnswerTo("INVITE", 487, "t"));
        Assert.Equal([100, 487], bench.Events.OfType<SipTransactionEvent.ResponseArrived>().Select(e => e.Response.Status));
        bench.Advance(40);
        Assert.Equal(0, bench.Layer.ClientCount);
        Assert.Single(bench.Events.OfType<SipTransactionEvent.Terminated>());
    }

    [Fact]
    public void Nothing_final_64_T1_after_a_CANCEL_ends_the_INVITE()
    {
        var bench = new TransactionBench();
        var invite = bench.Send(SipMethod.Invite);
        bench.Receive(bench.AnswerTo("INVITE", 180));
        bench.Advance(5);
        bench.Do((layer, now) => layer.Cancel(invite, null, now));
        bench.Do((layer, now) => layer.Cancel(invite, null, now));
        bench.Advance(31.9);
        Assert.Empty(bench.Events.OfType<SipTransactionEvent.TimedOut>());
        bench.Advance(0.2);
        Assert.Same(invite, bench.Only<SipTransactionEvent.TimedOut>().Transaction);
        Assert.Equal(0, bench.Layer.ClientCount);
        // 11 CANCELs: one, and its repeats by Timer E.
        Assert.Equal(11, bench.Log.Count(l => l.Contains("CANCEL", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_2xx_that_crosses_a_CANCEL_reaches_the_user()
    {
        var bench = new TransactionBench();
        var invite = bench.Send(SipMethod.Invite);
        bench.Do((layer, now) => layer.Cancel(invite, null, now));
        bench.Receive(bench.AnswerTo("INVITE", 200));
        Assert.Single(bench.Sent);
        Assert.Equal(200, bench.Only<SipTransactionEvent.ResponseArrived>().Response.Status);
        bench.Do((layer, now) => layer.Cancel(invite, null, now));
        Assert.Single(bench.Sent);
    }

    [Fact]
    public void Ringing_has_no_end_of_its_own()
    {
        var bench = new TransactionBench();
        bench.Send(SipMethod.Invite);
        bench.Receive(bench.AnswerTo("INVITE", 180));
        bench.Advance(3600);
        Assert.Single(bench.Sent);
        Assert.Equal(1, bench.Layer.ClientCount);
    }

    [Fact]
    public void A_failed_flow_fails_what_has_no_answer_yet()
    {
        var bench = new TransactionBench();
        var calling = bench.Send(SipMethod.Invite, TransactionBench.Tcp with { Connection = 0 });
        var other = bench.Send(SipMethod.Options, TransactionBench.Udp);
        bench.Do((layer, now) => layer.FlowFailed(TransactionBench.Tcp, now));
        Assert.Same(calling, bench.Only<SipTransactionEvent.TransportFailed>().Transaction);
        Assert.True(calling.IsTerminated);
        Assert.False(other.IsTerminated);
        bench.Do((layer, now) => layer.FlowFailed(TransactionBench.Tcp with { Connection = 8 }, now));
        Assert.Equal(1, bench.Layer.ClientCount);
    }

    [Fact]
    public void Responses_that_are_not_ours_are_dropped_and_noted()
    {
        var bench = new TransactionBench();
        bench.Send(SipMethod.Options);
        var good = bench.AnswerTo("OPTIONS", 200);
        foreach (var forged in new[]
        {
            good.Replace("10.0.0.1:5060", "10.0.0.2:5060", StringComparison.Ordinal),
            good.Replace("Via: ", "Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKx, ", StringComparison.Ordinal),
            good.Replace("From: ", "Via: SIP/2.0/UDP 10.0.0.7;branch=z9hG4bKy\r\nFrom: ", StringComparison.Ordinal),
            good.Replace("branch=z9hG4bK", "branch=z9hG4bKX", StringComparison.Ordinal),
        })
        {
            bench.Receive(forged);
        }

        Assert.Empty(bench.Events);
        Assert.Equal(4, bench.Notes.Count(n => n is SipNote.Dropped { Reason: SipDropReason.ForeignResponse }));
        // Another method with the same branch is nobody's.
        bench.Receive(good.Replace("17 OPTIONS", "17 BYE", StringComparison.Ordinal));
        Assert.Empty(bench.Events);
        Assert.Equal(1, bench.Notes.Count(n => n is SipNote.Dropped { Reason: SipDropReason.NoTransaction }));
        bench.Receive(good.Replace(";rport", ";rport=5060;received=10.0.0.1", StringComparison.Ordinal));
        bench.Only<SipTransactionEvent.ResponseArrived>();
    }

    [Fact]
    public void Branches_differ_name_their_shard_and_follow_from_the_seed()
    {
        var branches = new HashSet<string>();
        var bench = new TransactionBench(seed: 5, branchPrefix: "s3-");
        for (var i = 0; i < 1000; i++) bench.Send(SipMethod.Options);
        foreach (var sent in bench.Sent) Assert.True(branches.Add(Branch(sent.Message.Span)));
        Assert.All(branches, b => Assert.Matches("^z9hG4bKs3-[0-9a-f]{16}$", b));
        var again = new TransactionBench(seed: 5, branchPrefix: "s3-");
        again.Send(SipMethod.Options);
        Assert.Equal(bench.Sent[0].Message.ToArray(), again.Sent[0].Message.ToArray());
    }

    [Fact]
    public void Beyond_the_limit_a_call_fails_and_a_call_that_exists_can_end()
    {
        var bench = new TransactionBench(s => s with { MaxTransactions = 8 });
        for (var i = 0; i < 9; i++) bench.Send(SipMethod.Invite);
        Assert.Equal(8, bench.Layer.ClientCount);
        bench.Only<SipTransactionEvent.TransportFailed>();
        bench.Send(SipMethod.Bye);
        bench.Send(SipMethod.Bye);
        Assert.Equal(10, bench.Layer.ClientCount);
        bench.Send(SipMethod.Bye);
        Assert.Equal(10, bench.Layer.ClientCount);
    }

    [Fact]
    public void Misuse_is_an_exception()
    {
        var bench = new TransactionBench();
        var writer = new SipWriter();
        writer.BeginRequest(SipMethod.Options, "sip:a@b");
        Assert.Throws<InvalidOperationException>(() => bench.Layer.Send(writer, TransactionBench.Udp, null, bench.Now));
        writer.BeginRequest(SipMethod.Cancel, "sip:a@b");
        writer.End();
        Assert.Throws<InvalidOperationException>(() => bench.Layer.Send(writer, TransactionBench.Udp, null, bench.Now));
        Assert.Throws<InvalidOperationException>(() => bench.Layer.SendAck(writer, TransactionBench.Udp, "c", bench.Now));
        Assert.Throws<ArgumentException>(() => new TransactionBench(branchPrefix: "a b"));
    }

    [Fact]
    public void A_large_request_is_for_TCP()
    {
        var bench = new TransactionBench();
        var writer = new SipWriter();
        writer.BeginRequest(SipMethod.Invite, "sip:a@b");
        writer.Body("application/sdp", new byte[1000]);
        Assert.False(bench.Layer.ExceedsDatagram(writer));
        writer.BeginRequest(SipMethod.Invite, "sip:a@b");
        writer.Body("application/sdp", new byte[1200]);
        Assert.True(bench.Layer.ExceedsDatagram(writer));
    }

    private static SipMessage Read(ReadOnlySpan<byte> bytes)
    {
        Assert.Equal(SipParseError.None, SipMessage.TryParse(bytes, SipLimits.Default, out var message));
        return message!;
    }

    private static string Branch(ReadOnlySpan<byte> bytes)
    {
        var text = Encoding.UTF8.GetString(bytes);
        var start = text.IndexOf("branch=", StringComparison.Ordinal) + 7;
        return text[start..text.IndexOf('\r', start)];
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
