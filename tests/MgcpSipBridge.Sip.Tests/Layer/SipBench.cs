using System.Globalization;
using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip.Tests.Layer;

/// <summary>
/// One SIP layer in virtual time, and a peer that is nothing but text: what it sends is written out here, what it gets is read by
/// <see cref="WireText"/>. Retransmissions of the layer are kept apart, so that a test sees each message once.
/// </summary>
public class SipBench
{
    public const string Allow = "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY";
    public const string Offer = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n";
    public const string Answer = "v=0\r\no=- 2 2 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 5000 RTP/AVP 8\r\n";

    public static readonly NetAddress Us = Address("192.0.2.1:5060");
    public static readonly NetAddress Pbx = Address("192.0.2.9:5060");
    public static readonly SipFlow Udp = new(SipTransport.Udp, Us, Pbx);

    private readonly Queue<WireText> _sent = new();
    private readonly Queue<SipEvent> _events = new();
    private int _branch;

    public SipBench(SipPeerModel? peer = null, SipSettings? settings = null, string shard = "")
    {
        Settings = settings ?? DefaultSettings;
        Layer = new SipLayer(Settings, new Entropy(7), shard);
        Layer.SetPeers([peer ?? DefaultPeer], Now);
        Layer.SetAccount(Line, Now);
        Drain();
    }

    public static SipSettings DefaultSettings { get; } = new()
    {
        Listeners =
        [
            new SipListener(SipTransport.Udp, Us, "192.0.2.1", 5060),
            new SipListener(SipTransport.Tcp, Us, "192.0.2.1", 5060),
        ],
        Product = "Bridge/1",
    };

    public static SipPeerModel DefaultPeer { get; } = new("pbx", "192.0.2.9", 5060, SipTransport.Udp, SipRegistrationMode.PerLine, null, null, null);

    public static SipAccount Line { get; } = new("1001", "pbx", "1001", "auth1001", "secret", "Alice", Register: false);

    public SipSettings Settings { get; }

    public SipLayer Layer { get; }

    public Instant Now { get; private set; } = new(1_000_000_000);

    public List<SipNote> Notes { get; } = [];

    public List<WireText> Retransmitted { get; } = [];

    public List<SipOutput.LookUp> LookUps { get; } = [];

    /// <summary>Everything sent so far, in order, repeats included.</summary>
    public List<WireText> Everything { get; } = [];

    public static NetAddress Address(string text)
    {
        Assert.True(NetAddress.TryParse(text, 0, out var address));
        return address;
    }

    public static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static string TextOf(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    /// <summary>Does something to the layer and drains it.</summary>
    public void Do(Action<SipLayer, Instant> act)
    {
        act(Layer, Now);
        Drain();
    }

    /// <summary>Delivers a message; lines end as they should whatever the source file's do, and Content-Length is added.</summary>
    public void Deliver(string headers, string body = "", SipFlow? flow = null)
    {
        var text = headers.Trim().ReplaceLineEndings("\r\n");
        if (!text.Contains("Content-Length:", StringComparison.OrdinalIgnoreCase)) text += $"\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}";
        Layer.Receive(Encoding.UTF8.GetBytes(text + "\r\n\r\n" + body), flow ?? Udp, Now);
        Drain();
    }

    /// <summary>A response to a request of ours, written by hand.</summary>
    public void Reply(WireText request, int status, string toTag = "peer", string extra = "", string body = "", string? contact = "sip:bob@192.0.2.9:5060")
    {
        Assert.True(request.IsRequest);
        var to = request.Header("To");
        if (status > 100 && toTag.Length > 0 && !to.Contains(";tag=", StringComparison.Ordinal)) to += ";tag=" + toTag;
        var lines = new StringBuilder();
        lines.Append(CultureInfo.InvariantCulture, $"SIP/2.0 {status} Whatever\r\n");
        foreach (var via in request.Headers("Via")) lines.Append(CultureInfo.InvariantCulture, $"Via: {via}\r\n");
        lines.Append(CultureInfo.InvariantCulture, $"From: {request.Header("From")}\r\nTo: {to}\r\nCall-ID: {request.CallId}\r\nCSeq: {request.Header("CSeq")}\r\n");
        if (contact is not null && status is > 100 and < 300) lines.Append(CultureInfo.InvariantCulture, $"Contact: <{contact}>\r\n");
        if (extra.Length > 0) lines.Append(extra.Trim().ReplaceLineEndings("\r\n")).Append("\r\n");
        if (body.Length > 0) lines.Append("Content-Type: application/sdp\r\n");
        Deliver(lines.ToString(), body);
    }

    /// <summary>A request of the peer, written by hand; a new branch each time unless one is given.</summary>
    public string Request(
        string method, string callId = "in1", int cseq = 1, string uri = "sip:1001@192.0.2.1:5060", string fromTag = "p1", string toTag = "",
        string extra = "", string body = "", string? branch = null, SipFlow? flow = null, string contact = "<sip:bob@192.0.2.9:5060>", string type = "application/sdp")
    {
        branch ??= "z9hG4bKp" + ++_branch;
        var transport = flow?.Transport == SipTransport.Tcp ? "TCP" : "UDP";
        var to = toTag.Length > 0 ? ";tag=" + toTag : "";
        Deliver($"""
            {method} {uri} SIP/2.0
            Via: SIP/2.0/{transport} 192.0.2.9:5060;branch={branch};rport
            Max-Forwards: 70
            From: "Bob" <sip:2001@192.0.2.9>;tag={fromTag}
            To: <sip:1001@192.0.2.1>{to}
            Call-ID: {callId}
            CSeq: {cseq} {method}
            Contact: {contact}{(extra.Length > 0 ? "\n" + extra.Trim() : "")}{(body.Length > 0 ? "\nContent-Type: " + type : "")}
            """, body, flow);
        return branch;
    }

    /// <summary>The next message of the layer, which must be this.</summary>
    public WireText Expect(string methodOrStatus)
    {
        Assert.True(_sent.TryDequeue(out var wire), $"Nothing was sent; expected {methodOrStatus}.");
        Assert.StartsWith(char.IsDigit(methodOrStatus[0]) ? "SIP/2.0 " + methodOrStatus : methodOrStatus + " ", wire.StartLine, StringComparison.Ordinal);
        return wire;
    }

    /// <summary>What was sent and not looked at is of no interest.</summary>
    public void Drop() => _sent.Clear();

    public void ExpectNothing() => Assert.True(_sent.Count == 0, _sent.TryPeek(out var wire) ? "Sent: " + wire : "");

    /// <summary>The next event of the layer, which must be of this kind.</summary>
    public T Happens<T>() where T : SipEvent
    {
        Assert.True(_events.TryDequeue(out var happened), $"Nothing happened; expected {typeof(T).Name}.");
        return Assert.IsType<T>(happened);
    }

    public void NothingHappens() => Assert.True(_events.Count == 0, _events.TryPeek(out var happened) ? "Happened: " + happened : "");

    /// <summary>Lets time pass, firing every deadline at its moment.</summary>
    public void Wait(TimeSpan time)
    {
        var until = Now + time;
        while (Layer.NextDeadline is { } due && due <= until)
        {
            if (due > Now) Now = due;
            Layer.FireDue(Now);
            Drain();
        }

        Now = until;
    }

    public void Wait(double seconds) => Wait(TimeSpan.FromSeconds(seconds));

    /// <summary>Places a call and answers nothing yet.</summary>
    public (SipCallHandle Call, WireText Invite) Call(string called = "5551234", string offer = Offer, bool withheld = false)
    {
        var call = Layer.Invite(new SipInvite("1001", "pbx", called, Bytes(offer), withheld), Now);
        Drain();
        return (call, Expect("INVITE"));
    }

    /// <summary>Places a call that is answered at once.</summary>
    public (SipCallHandle Call, WireText Invite, WireText Ack) Talk(string extra = "", string contact = "sip:bob@192.0.2.9:5060")
    {
        var (call, invite) = Call();
        Reply(invite, 200, extra: extra, body: Answer, contact: contact);
        var ack = Expect("ACK");
        Assert.Equal(call, Happens<SipEvent.Answered>().Call);
        return (call, invite, ack);
    }

    /// <summary>Takes a call that the peer places; it has its 100.</summary>
    public (SipCallHandle Call, string Branch) Incoming(string extra = "", string body = Offer, SipFlow? flow = null)
    {
        var branch = Request("INVITE", extra: extra, body: body, flow: flow);
        Expect("100");
        return (Happens<SipEvent.IncomingCall>().Call, branch);
    }

    /// <summary>Takes and answers a call of the peer; returns our tag.</summary>
    public (SipCallHandle Call, WireText Ok) IncomingTalk(string extra = "", SipFlow? flow = null)
    {
        var (call, _) = Incoming(extra, flow: flow);
        Do((layer, now) => layer.Answer(call, Bytes(Answer), now));
        var ok = Expect("200");
        Request("ACK", toTag: ok.ToTag, flow: flow);
        Assert.Equal(call, Happens<SipEvent.Confirmed>().Call);
        return (call, ok);
    }

    /// <summary>Whatever happened, in the end nothing is left: no call, dialog or transaction.</summary>
    public void EverythingEnds()
    {
        Wait(200);
        Assert.Equal(default, Layer.Counts);
        Assert.Null(Layer.NextDeadline);
    }

    public void Drain()
    {
        while (Layer.TryTake(out var output))
        {
            switch (output)
            {
                case SipOutput.Send send:
                    var wire = new WireText(TextOf(send.Message), send.Flow, send.IsRetransmission);
                    Everything.Add(wire);
                    if (send.IsRetransmission) Retransmitted.Add(wire);
                    else _sent.Enqueue(wire);
                    break;
                case SipOutput.Happened happened:
                    _events.Enqueue(happened.Event);
                    break;
                case SipOutput.LookUp lookUp:
                    LookUps.Add(lookUp);
                    break;
                case SipOutput.Noted noted:
                    Notes.Add(noted.Note);
                    break;
                default:
                    break;
            }
        }
    }
}
