using System.Collections.Immutable;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Simulator;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.CallFlows;

/// <summary>A bridge in the simulated world: the real engine, a simulated relay, and the watch that sees all it sends and receives.</summary>
internal sealed class SimulatedBridge
{
    private readonly BridgeEngine _engine;
    private readonly Dictionary<long, object?> _answers = [];
    private long _query;

    /// <summary>A bridge with MGCP on port 2727, SIP on 5060 and RTP from 20000 on, all on <paramref name="host"/>.</summary>
    public SimulatedBridge(NetAddress host, Entropy entropy, Func<EngineSettings, EngineSettings>? adjust = null, int sessions = 1000)
    {
        Mgcp = host.WithPort(2727);
        Sip = host.WithPort(5060);
        Relay = new SimulatedRelay(host, host, 20000, sessions);
        var settings = new EngineSettings
        {
            Mgcp = new MgcpSettings { NotifiedEntity = $"ca@{host.UriHost}:2727", Trace = false },
            Sip = new SipSettings { Listeners = [new SipListener(SipTransport.Udp, Sip, host.UriHost, 5060)], Trace = false },
            UtcOffset = TimeSpan.FromHours(1),
        };
        _engine = new BridgeEngine(adjust?.Invoke(settings) ?? settings, entropy);
    }

    /// <summary>Its MGCP address.</summary>
    public NetAddress Mgcp { get; }

    /// <summary>Its SIP address.</summary>
    public NetAddress Sip { get; }

    /// <summary>Its relay.</summary>
    public SimulatedRelay Relay { get; }

    /// <summary>The rules that only someone who sees both directions can check.</summary>
    public WireWatch Watch { get; } = new();

    /// <summary>Told of every note.</summary>
    public Action<EngineNote>? OnNote { get; set; }

    /// <summary>Told of every question to a router.</summary>
    public Action<EngineOutput.AskRouter>? OnAskRouter { get; set; }

    /// <summary>When the engine wants to be called.</summary>
    public Instant? NextDeadline => Instant.Earliest(_engine.NextDeadline, Relay.NextDeadline);

    /// <summary>Gives the engine an input.</summary>
    public void Handle(World world, EngineInput input)
    {
        ArgumentNullException.ThrowIfNull(world);
        _engine.Handle(input, world.Now, world.Utc);
        Drain(world);
    }

    /// <summary>Asks the engine.</summary>
    public T? Ask<T>(World world, EngineQuery question)
    {
        var query = ++_query;
        Handle(world, new EngineInput.Ask(query, question));
        return _answers.Remove(query, out var answer) ? (T?)answer : default;
    }

    /// <summary>Asks the engine something whose answer may come later.</summary>
    public Pending<T> Begin<T>(World world, EngineQuery question)
        where T : class
    {
        var query = ++_query;
        Handle(world, new EngineInput.Ask(query, question));
        return new(() => (T?)_answers.GetValueOrDefault(query));
    }

    /// <summary>An answer that may come later.</summary>
    public sealed class Pending<T>(Func<T?> answer)
        where T : class
    {
        /// <summary>The answer; null until it has come.</summary>
        public T? Answer => answer();
    }

    /// <summary>The engine's numbers.</summary>
    public EngineCounts Counts(World world) => Ask<EngineCounts>(world, new EngineQuery.Counts())!;

    internal void FireDue(World world)
    {
        Relay.FireDue(world.Now);
        Handle(world, EngineInput.DeadlineReached.Instance);
    }

    internal void Receive(World world, Transmit transmit) => Handle(world, transmit.To == Mgcp
        ? new EngineInput.MgcpDatagram(transmit.From, transmit.Bytes)
        : new EngineInput.SipMessage(new SipFlow(SipTransport.Udp, Sip, transmit.From), transmit.Bytes));

    internal void Drain(World world)
    {
        while (true)
        {
            while (_engine.TryTake(out var output)) Do(world, output);
            while (Relay.TryTake(out var packet)) world.Network.Send(packet, world.Now);
            if (!Relay.TryTakeEvent(out var happened)) return;
            _engine.Handle(new EngineInput.Relay(happened), world.Now, world.Utc);
        }
    }

    private void Do(World world, EngineOutput output)
    {
        switch (output)
        {
            case EngineOutput.SendMgcp mgcp:
                world.SendFromBridge(this, new Transmit(Mgcp, mgcp.To, mgcp.Bytes), isSip: false);
                break;
            case EngineOutput.SendSip sip:
                if (sip.Flow.Transport != SipTransport.Udp) world.Complain($"a message over {sip.Flow.Transport} in a world of UDP");
                world.SendFromBridge(this, new Transmit(Sip, sip.Flow.Remote, sip.Bytes), isSip: true);
                break;
            case EngineOutput.LookUp look:
                // Answers take a moment, as those of a name server do.
                world.Agenda.At(world.Now + TimeSpan.FromMilliseconds(2), _ => Handle(world, new EngineInput.Resolved(look.Query, Resolve(world, look))));
                break;
            case EngineOutput.Relay relay:
                Relay.Do(relay.Command, world.Now);
                break;
            case EngineOutput.AskRouter asked:
                OnAskRouter?.Invoke(asked);
                break;
            case EngineOutput.Answer answer:
                _answers[answer.Query] = answer.Value;
                break;
            case EngineOutput.Noted { Note: EngineNote.Fault fault }:
                world.Complain($"the engine threw in {fault.Where}: {fault.Exception}");
                break;
            case EngineOutput.Noted noted:
                OnNote?.Invoke(noted.Note);
                break;
            default:
                world.Complain($"an output that nobody knows: {output}");
                break;
        }
    }

    private static ImmutableArray<SipTarget> Resolve(World world, EngineOutput.LookUp look)
    {
        if (world.Names.TryGetValue(look.Host, out var targets)) return targets;
        return NetAddress.TryParse(look.Host, look.Port == 0 ? 5060 : look.Port, out var address) ? [new SipTarget(look.Transport ?? SipTransport.Udp, address)] : [];
    }
}
