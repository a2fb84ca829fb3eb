using System.Text;
using System.Text.RegularExpressions;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine.Tests;

/// <summary>
/// An engine on the bench: messages are fed and read as raw text, written by hand from the RFCs, so that no reader or writer of ours vouches
/// for another.
/// </summary>
internal sealed partial class Bench
{
    public static readonly NetAddress GatewayAddress = NetAddress.FromIPv4(0x0A000015, 2427);
    public static readonly NetAddress PeerAddress = NetAddress.FromIPv4(0x0A000009, 5060);
    public static readonly NetAddress Local = NetAddress.FromIPv4(0x0A000005, 5060);

    private readonly BridgeEngine _engine;
    private readonly DateTime _epoch = new(2026, 9, 14, 17, 26, 0, DateTimeKind.Utc);
    private int _ports = 20000;
    private long _queries;

    public Bench(EngineModel? model = null, Func<EngineSettings, EngineSettings>? change = null)
    {
        var settings = new EngineSettings
        {
            Mgcp = new MgcpSettings { NotifiedEntity = "ca@10.0.0.5:2727", StartSpread = TimeSpan.Zero },
            Sip = new SipSettings { Listeners = [new SipListener(SipTransport.Udp, Local, "10.0.0.5", 5060)] },
        };
        _engine = new BridgeEngine(change is null ? settings : change(settings), new Entropy(42));
        Input(new EngineInput.Configure(model ?? Model()));
    }

    public Instant Now { get; private set; } = new(0);

    /// <summary>Whether the relay never says that a session is closed.</summary>
    public bool RelayIsStuck { get; set; }

    /// <summary>MGCP datagrams and SIP messages sent and not looked at yet.</summary>
    public List<string> Mgcp { get; } = [];

    /// <summary>MGCP datagrams sent to hosts that no gateway of the model is at.</summary>
    public List<(NetAddress To, string Text)> ToStrangers { get; } = [];

    public List<string> Sip { get; } = [];

    public List<RelayCommand> Relay { get; } = [];

    public List<EngineNote> Notes { get; } = [];

    /// <summary>Questions to routers.</summary>
    public List<EngineOutput.AskRouter> Asked { get; } = [];

    public BridgeEngine Engine => _engine;

    public static EngineModel Model(SipRegistrationMode registration = SipRegistrationMode.None) => new()
    {
        Peers = [new PeerModel(new SipPeerModel("pbx", "10.0.0.9", 5060, SipTransport.Udp, registration, null, null, null))],
        Gateways = [new GatewayModel(new MgcpGatewayModel("gw1", "gw1.example.net", GatewayAddress, MgcpProfile.Auto, ["aaln/1"]))],
        Lines = [new LineModel("1001", "Alice", "gw1", "aaln/1", "pbx", "1001", "secret", new LineFeatures())],
        Routes = [new RouteModel("all", "", "pbx")],
    };

    public void Input(EngineInput input)
    {
        _engine.Handle(input, Now, _epoch + TimeSpan.FromTicks(Now.Ticks));
        var answers = new List<EngineInput>();
        while (_engine.TryTake(out var output))
        {
            switch (output)
            {
                case EngineOutput.SendMgcp send when !send.To.SameHost(GatewayAddress):
                    ToStrangers.Add((send.To, Encoding.UTF8.GetString(send.Bytes.Span)));
                    break;
                case EngineOutput.SendMgcp send:
                    Assert.Equal(GatewayAddress, send.To);
                    Mgcp.Add(Encoding.UTF8.GetString(send.Bytes.Span));
                    break;
                case EngineOutput.SendSip send:
                    Assert.Equal(PeerAddress, send.Flow.Remote);
                    Sip.Add(Encoding.UTF8.GetString(send.Bytes.Span));
                    break;
                case EngineOutput.Relay relay:
                    Relay.Add(relay.Command);
                    if (relay.Command is RelayCommand.Open open)
                    {
                        answers.Add(new EngineInput.Relay(new RelayEvent.Opened(open.Media, Local.WithPort(_ports), Local.WithPort(_ports + 2))));
                        _ports += 4;
                    }
                    else if (relay.Command is RelayCommand.Close close && !RelayIsStuck)
                    {
                        answers.Add(new EngineInput.Relay(new RelayEvent.Closed(close.Media, RelayStatistics.None)));
                    }

                    break;
                case EngineOutput.AskRouter asked:
                    Asked.Add(asked);
                    break;
                case EngineOutput.Answer answer:
                    LastAnswer = answer.Value;
                    break;
                case EngineOutput.Noted noted:
                    if (noted.Note is EngineNote.Fault fault) throw new InvalidOperationException("fault", fault.Exception);
                    Notes.Add(noted.Note);
                    break;
            }
        }

        foreach (var answer in answers) Input(answer);
    }

    public object? LastAnswer { get; private set; }

    public T Ask<T>(EngineQuery question)
    {
        Input(new EngineInput.Ask(++_queries, question));
        return (T)LastAnswer!;
    }

    public void FromGateway(string text) => Input(new EngineInput.MgcpDatagram(GatewayAddress, Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\r\n"))));

    public void FromStranger(NetAddress from, string text) => Input(new EngineInput.MgcpDatagram(from, Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\r\n"))));

    public void FromPeer(string text) => Input(new EngineInput.SipMessage(
        new SipFlow(SipTransport.Udp, Local, PeerAddress), Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\r\n"))));

    public void After(TimeSpan time)
    {
        var end = Now + time;
        while (_engine.NextDeadline is { } next && next <= end)
        {
            if (next > Now) Now = next;
            Input(EngineInput.DeadlineReached.Instance);
        }

        Now = end;
        Input(EngineInput.DeadlineReached.Instance);
    }

    /// <summary>Takes the first MGCP message that begins with the verb or code.</summary>
    public string TakeMgcp(string start) => Take(Mgcp, start);

    /// <summary>Takes the first SIP message that begins so.</summary>
    public string TakeSip(string start) => Take(Sip, start);

    /// <summary>Takes a command and answers it 200 with these lines; answers its tid.</summary>
    public string Answer(string verb, string lines = "", int code = 200)
    {
        var command = TakeMgcp(verb);
        var tid = command.Split(' ')[1];
        FromGateway($"{code} {tid} OK\r\n{lines}");
        return command;
    }

    /// <summary>A header's value in a message.</summary>
    public static string Header(string message, string name)
    {
        var match = Regex.Match(message, $"^{Regex.Escape(name)}:[ \t]*([^\r\n]*)", RegexOptions.Multiline | RegexOptions.IgnoreCase);
        Assert.True(match.Success, $"no {name} in\n{message}");
        return match.Groups[1].Value;
    }

    public static bool Has(string message, string name) => Regex.IsMatch(message, $"^{Regex.Escape(name)}:", RegexOptions.Multiline | RegexOptions.IgnoreCase);

    /// <summary>A response of the peer to one of our requests.</summary>
    public static string Response(string request, int status, string body = "", string tag = "peer-tag")
    {
        var text = new StringBuilder($"SIP/2.0 {status} Whatever\r\n");
        foreach (Match via in Regex.Matches(request, "^Via:[^\r\n]*", RegexOptions.Multiline)) text.Append(via.Value).Append("\r\n");
        text.Append($"From: {Header(request, "From")}\r\nTo: {Header(request, "To")}");
        if (status > 100 && !Header(request, "To").Contains("tag=", StringComparison.Ordinal)) text.Append($";tag={tag}");
        text.Append($"\r\nCall-ID: {Header(request, "Call-ID")}\r\nCSeq: {Header(request, "CSeq")}\r\nContact: <sip:pbx@10.0.0.9:5060>\r\n");
        if (body.Length > 0) text.Append("Content-Type: application/sdp\r\n");
        return text.Append($"Content-Length: {body.ReplaceLineEndings("\r\n").Length}\r\n\r\n{body}").ToString();
    }

    public static string Sdp(string address, int port, string formats = "0 8 101") =>
        $"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=audio {port} RTP/AVP {formats}\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n";

    private static string Take(List<string> from, string start)
    {
        var index = from.FindIndex(text => text.StartsWith(start, StringComparison.Ordinal));
        Assert.True(index >= 0, $"no {start} among\n{string.Join("\n---\n", from)}");
        var found = from[index];
        from.RemoveAt(index);
        return found;
    }
}
