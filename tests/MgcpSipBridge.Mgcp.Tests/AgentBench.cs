using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>A call agent on a bench: virtual time, scripted datagrams, everything that comes out kept in order.</summary>
internal sealed class AgentBench
{
    public static readonly NetAddress GatewayAddress = NetAddress.FromIPv4(0x0A000015, 2427);

    public AgentBench(MgcpSettings? settings = null, ulong seed = 1, MgcpAdmission? admission = null)
    {
        Agent = new MgcpCallAgent(settings ?? Settings, new Entropy(seed), admission);
    }

    public static MgcpSettings Settings { get; } = new() { NotifiedEntity = "ca@bridge.example.net:2727" };

    public static EndpointId Line1 { get; } = new("gw1", "aaln/1");

    public static EndpointId Line2 { get; } = new("gw1", "aaln/2");

    public MgcpCallAgent Agent { get; }

    public Instant Now { get; set; } = new(TimeSpan.TicksPerHour);

    public Queue<MgcpOutput.Send> Sent { get; } = [];

    public Queue<MgcpEvent> Events { get; } = [];

    public List<MgcpNote> Notes { get; } = [];

    public List<MgcpOutput.Received> Received { get; } = [];

    public static MgcpGatewayModel Model(bool addressed = true, MgcpProfile profile = MgcpProfile.Auto, params string[] endpoints) =>
        new("gw1", "gw1.example.net", addressed ? GatewayAddress : null, profile, endpoints.Length == 0 ? ["aaln/1"] : [.. endpoints]);

    /// <summary>An agent with gw1 and its endpoints in service, all messages of the beginning taken.</summary>
    public static AgentBench InService(MgcpProfile profile = MgcpProfile.Auto, string audit = "ES: L/hu\nI:\nA: a:PCMU;PCMA, v:L;D;G\n", params string[] endpoints)
    {
        return InService(Model(true, profile, endpoints), audit);
    }

    /// <summary>An agent with one gateway in service as the model has it.</summary>
    public static AgentBench InService(MgcpGatewayModel model, string audit = "ES: L/hu\nI:\nA: a:PCMU;PCMA, v:L;D;G\n")
    {
        var bench = new AgentBench();
        bench.Agent.SetGateway(model, bench.Now);
        bench.Now = bench.Agent.NextDeadline!.Value;
        bench.Agent.FireDue(bench.Now);
        bench.Drain();
        while (bench.Sent.Count > 0)
        {
            var to = bench.Sent.Peek().To;
            bench.FromGateway($"200 {IdOf(bench.TakeSent())} OK\n{audit}", to);
        }

        bench.Events.Clear();
        bench.Notes.Clear();
        bench.Received.Clear();
        return bench;
    }

    public void Drain()
    {
        while (Agent.TryTake(out var output))
        {
            switch (output)
            {
                case MgcpOutput.Send send:
                    Sent.Enqueue(send);
                    break;
                case MgcpOutput.Happened happened:
                    Events.Enqueue(happened.Event);
                    break;
                case MgcpOutput.Noted noted:
                    Notes.Add(noted.Note);
                    break;
                case MgcpOutput.Received received:
                    Received.Add(received);
                    break;
            }
        }
    }

    /// <summary>The gateway sends; LF in the text is LF on the wire.</summary>
    public void FromGateway(string text, NetAddress? from = null)
    {
        Agent.Receive(Encoding.UTF8.GetBytes(text), from ?? GatewayAddress, Now);
        Drain();
    }

    /// <summary>Lets time pass, firing every deadline at its own instant.</summary>
    public void Advance(TimeSpan span)
    {
        var until = Now + span;
        while (Agent.NextDeadline is { } next && next <= until)
        {
            if (next > Now) Now = next;
            Agent.FireDue(Now);
            Drain();
        }

        Now = until;
        Drain();
    }

    public string TakeSent() => Encoding.UTF8.GetString(Sent.Dequeue().Datagram.Span);

    /// <summary>The next datagram, which must begin with a verb.</summary>
    public string TakeSent(string verb)
    {
        Assert.NotEmpty(Sent);
        var text = TakeSent();
        Assert.StartsWith(verb + " ", text, StringComparison.Ordinal);
        return text;
    }

    /// <summary>Lets time pass, deadline by deadline, until a command with this verb is sent for the first time; at most <paramref name="limit"/>.</summary>
    public string Await(string verb, TimeSpan limit, string with = "")
    {
        var until = Now + limit;
        while (true)
        {
            Drain();
            while (Sent.TryDequeue(out var sent))
            {
                var text = Encoding.UTF8.GetString(sent.Datagram.Span);
                if (!sent.IsRetransmission && text.StartsWith(verb + " ", StringComparison.Ordinal) && text.Contains(with, StringComparison.Ordinal)) return text;
            }

            Assert.True(Agent.NextDeadline is { } next && next <= until, $"no {verb} within {limit}");
            if (Agent.NextDeadline!.Value > Now) Now = Agent.NextDeadline.Value;
            Agent.FireDue(Now);
        }
    }

    public T TakeEvent<T>() where T : MgcpEvent
    {
        Assert.NotEmpty(Events);
        return Assert.IsType<T>(Events.Dequeue());
    }

    /// <summary>The gateway answers a command of ours.</summary>
    public void Answer(string command, int code, string lines = "", string comment = "OK") =>
        FromGateway($"{code:000} {IdOf(command)} {comment}\n{lines}");

    public void AssertQuiet()
    {
        Drain();
        Assert.Empty(Sent);
        Assert.Empty(Events);
    }

    /// <summary>Throws away what was sent so far; events must be none.</summary>
    public void AssertQuietAfterClearing()
    {
        Drain();
        Sent.Clear();
        Assert.Empty(Events);
    }

    public static string IdOf(string command) => command.Split(' ')[1];

    public static string ValueOf(string message, string parameter)
    {
        foreach (var line in message.Split("\r\n"))
        {
            if (line.StartsWith(parameter + ":", StringComparison.Ordinal)) return line[(parameter.Length + 1)..].Trim();
        }

        Assert.Fail($"no {parameter}: in {message}");
        return "";
    }

    public static NotificationRequest Request(string events, string signals = "", string? map = null) => new(
        [.. events.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static e => e.EndsWith("(D)", StringComparison.Ordinal)
            ? new RequestedEvent(e[..^3], "D")
            : new RequestedEvent(e))],
        [.. signals.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static s => s.IndexOf('(', StringComparison.Ordinal) is var open and > 0
            ? new SignalRequest(s[..open], s[(open + 1)..^1])
            : new SignalRequest(s))],
        map);
}
