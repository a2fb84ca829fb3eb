using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip.Tests.Transactions;

/// <summary>A transaction layer in virtual time: feed it text, read what it sends and says.</summary>
internal sealed class TransactionBench
{
    public static readonly NetAddress Ours = NetAddress.FromIPv4(0x0A000001, 5060);
    public static readonly NetAddress Peer = NetAddress.FromIPv4(0x0A000009, 5060);
    public static readonly SipFlow Udp = new(SipTransport.Udp, Ours, Peer);
    public static readonly SipFlow Tcp = new(SipTransport.Tcp, Ours, Peer, 7);

    private readonly Queue<SipOutput> _outputs = new();

    public TransactionBench(Func<SipSettings, SipSettings>? change = null, ulong seed = 1, string branchPrefix = "")
    {
        var settings = new SipSettings
        {
            Listeners =
            [
                new SipListener(SipTransport.Udp, Ours, "10.0.0.1", 5060),
                new SipListener(SipTransport.Tcp, Ours, "10.0.0.1", 5060),
            ],
        };
        Layer = new SipTransactions(change?.Invoke(settings) ?? settings, new Entropy(seed), _outputs, branchPrefix);
    }

    public SipTransactions Layer { get; }

    public Instant Now { get; private set; } = Instant.Zero;

    public List<SipOutput.Send> Sent { get; } = [];

    public List<SipNote> Notes { get; } = [];

    public List<SipTransactionEvent> Events { get; } = [];

    /// <summary>Seconds at which something was sent, and its first line.</summary>
    public List<string> Log { get; } = [];

    public string? LastSent => Sent.Count == 0 ? null : Encoding.UTF8.GetString(Sent[^1].Message.Span);

    public T Only<T>() where T : SipTransactionEvent => Assert.Single(Events.OfType<T>());

    public void Receive(string text, SipFlow? flow = null) => Receive(Encoding.UTF8.GetBytes(text), flow);

    public void Receive(byte[] bytes, SipFlow? flow = null)
    {
        Layer.Receive(bytes, flow ?? Udp, Now);
        Drain();
    }

    /// <summary>Moves time on, stopping at every deadline on the way.</summary>
    public void Advance(double seconds)
    {
        var end = Now + TimeSpan.FromSeconds(seconds);
        while (Layer.NextDeadline is { } deadline && deadline <= end)
        {
            Now = deadline;
            Layer.FireDue(Now);
            Drain();
        }

        Now = end;
    }

    public void Drain()
    {
        while (_outputs.TryDequeue(out var output))
        {
            if (output is SipOutput.Noted noted) Notes.Add(noted.Note);
            if (output is not SipOutput.Send send) continue;
            Sent.Add(send);
            var text = Encoding.UTF8.GetString(send.Message.Span);
            Log.Add(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{(Now - Instant.Zero).TotalSeconds:0.###} {text[..text.IndexOf('\r')]}"));
        }

        while (Layer.TryTake(out var evt)) Events.Add(evt);
    }

    /// <summary>Sends a request of ours.</summary>
    public SipClientTransaction Send(SipMethod method, SipFlow? flow = null, Action<SipWriter>? more = null)
    {
        var writer = new SipWriter();
        writer.BeginRequest(method, "sip:bob@10.0.0.9:5060");
        writer.Address(SipHeader.From, "Alice", "sip:alice@10.0.0.1", "from-tag");
        writer.Address(SipHeader.To, null, "sip:bob@10.0.0.9");
        writer.Header(SipHeader.CallId, "call-1@10.0.0.1");
        writer.CSeq(17, method);
        more?.Invoke(writer);
        writer.End();
        var transaction = Layer.Send(writer, flow ?? Udp, "owner", Now);
        Drain();
        return transaction;
    }

    /// <summary>A peer's answer to the latest request we sent with this method.</summary>
    public string AnswerTo(string method, int status, string toTag = "remote", string extra = "")
    {
        var request = Sent.Select(s => Encoding.UTF8.GetString(s.Message.Span)).Last(t => t.StartsWith(method + " ", StringComparison.Ordinal));
        var lines = request.Split("\r\n");
        string Line(string name) => lines.First(l => l.StartsWith(name + ":", StringComparison.Ordinal));
        return $"SIP/2.0 {status} Whatever\r\n{Line("Via")}\r\n{Line("From")}\r\n{Line("To")};tag={toTag}\r\n{Line("Call-ID")}\r\n{Line("CSeq")}\r\n{extra}Content-Length: 0\r\n\r\n";
    }

    public void Respond(SipServerTransaction transaction, int status)
    {
        Layer.Respond(transaction, status, Now);
        Drain();
    }

    public void Do(Action<SipTransactions, Instant> act)
    {
        act(Layer, Now);
        Drain();
    }

    /// <summary>A request of the peer.</summary>
    public static string Request(string method, string branch = "z9hG4bK-peer-1", string to = "<sip:line@10.0.0.1>", string extra = "", uint cseq = 1, string viaParams = ";rport", string transport = "UDP") =>
        $"{method} sip:line@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/{transport} 10.0.0.9:5060;branch={branch}{viaParams}\r\nMax-Forwards: 70\r\nFrom: <sip:peer@10.0.0.9>;tag=peer\r\nTo: {to}\r\nCall-ID: peer-call\r\nCSeq: {cseq} {method}\r\n{extra}Content-Length: 0\r\n\r\n";
}
