using System.Collections.Concurrent;
using System.Collections.Immutable;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Observability;
using MgcpSipBridge.Host.Serving;
using MgcpSipBridge.Host.Shards;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Tests;

/// <summary>An engine that does what a test tells it to: <see cref="On"/> sees every input, <see cref="Views"/> is what it shows.</summary>
internal sealed class FakeEngine : IShardEngine
{
    private readonly Queue<EngineOutput> _outputs = new();

    public static readonly EngineCounts NoCounts = new(0, 0, 0, default, 0, 0);

    public BlockingCollection<EngineInput> Inputs { get; } = [];

    public Action<EngineInput, Action<EngineOutput>>? On { get; set; }

    public Func<EngineQuery, object?> Views { get; set; } = query => query is EngineQuery.Counts ? NoCounts : null;

    public Instant? NextDeadline { get; set; }

    public EngineSettings? Settings { get; set; }

    public void Handle(EngineInput input, Instant now, DateTime utc)
    {
        if (input is EngineInput.Ask ask) _outputs.Enqueue(new EngineOutput.Answer(ask.Query, Views(ask.Question)));
        On?.Invoke(input, _outputs.Enqueue);
        // Bytes may be reused after the call: what is kept is a copy.
        if (input is not EngineInput.Ask)
            Inputs.Add(input switch
            {
                EngineInput.MgcpDatagram m => m with { Bytes = m.Bytes.ToArray() },
                EngineInput.SipMessage s => s with { Bytes = s.Bytes.ToArray() },
                _ => input,
            });
    }

    public bool TryTake(out EngineOutput output) => _outputs.TryDequeue(out output!);

    /// <summary>The next input of a kind; others before it are passed over.</summary>
    public T Next<T>()
        where T : EngineInput
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (true)
            if (Inputs.Take(timeout.Token) is T input) return input;
    }
}

/// <summary>A relay that relays nothing.</summary>
internal sealed class FakeRelay : IMediaRelay
{
    public List<RelayCommand> Commands { get; } = [];

    /// <summary>What the bridge wants to be told.</summary>
    public Action<RelayEvent> Happened { get; set; } = _ => { };

    public void Post(RelayCommand command) => Commands.Add(command);

    public void Read(IMetricsIntake intake) => intake.RelayPorts(4, 100);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>Views of a small installation.</summary>
internal static class Samples
{
    public static readonly LineModel Alice = new("1001", "Alice", "gw1", "aaln/1", "pbx", "1001", "secret", new LineFeatures());

    public static readonly CallView Call = new("c1", "1001", "gw1", "pbx", true, "1001", "1002", LineState.Talking,
        new Instant(10_000_000), new Instant(30_000_000), null, null, "a1b2", "x@192.0.2.1");

    public static object? Views(EngineQuery query) => query switch
    {
        EngineQuery.OneGateway one => ((ImmutableArray<GatewayView>)Views(new EngineQuery.Gateways())!).FirstOrDefault(g => g.Model.Mgcp.Name == one.Name),
        EngineQuery.OneLine one => ((ImmutableArray<LineView>)Views(new EngineQuery.Lines())!).FirstOrDefault(l => l.Model.Number == one.Number),
        EngineQuery.Gateways => ImmutableArray.Create(
            Gateway("gw2", GatewayState.Unknown, null, default),
            Gateway("gw1", GatewayState.Up, NetAddress.FromIPv4(0x0A000015, 2427), new ServiceCounts(0, 0, 1, 0, 1, 0))),
        EngineQuery.Lines => ImmutableArray.Create(
            new LineView(Alice, LineState.Talking, SipRegistrationState.Registered, true, "c1") { Service = LineService.Draining },
            new LineView(Alice with { Number = "1002", DisplayName = null, Endpoint = "aaln/2", Password = null }, LineState.OutOfService, SipRegistrationState.Refused, null, null) { Service = LineService.Silent }),
        EngineQuery.Calls => ImmutableArray.Create(Call),
        EngineQuery.Call { CallId: "c1" } => Call,
        EngineQuery.Call { CallId: "over" } => Call with { CallId = "over", Ended = new Instant(40_000_000), Outcome = CallOutcome.Answered },
        EngineQuery.HangUp { CallId: "c1" } => Call with { Ended = new Instant(40_000_000), Outcome = CallOutcome.Answered },
        EngineQuery.Originate { Line: "1001", Number: "1002" } => new OriginateAnswer(OriginateRefusal.None, Call with { State = LineState.Ringing, Answered = null }),
        EngineQuery.Originate { Line: "1001" } => new OriginateAnswer(OriginateRefusal.NoRoute, null),
        EngineQuery.Originate { Line: "1002" } => new OriginateAnswer(OriginateRefusal.LineBusy, null),
        EngineQuery.Originate { Line: "1003" } => new OriginateAnswer(OriginateRefusal.NotInService, null),
        EngineQuery.Originate => new OriginateAnswer(OriginateRefusal.NoSuchLine, null),
        EngineQuery.Ladder { CallId: "c1" } => new LadderView(Call,
            [new LadderEntry(new Instant(10_500_000), "gateway", "bridge", "MGCP", "NTFY 1 aaln/1@gw1 MGCP 1.0", "O: L/hd", 0), new LadderEntry(new Instant(25_000_000), "bridge", "peer", "SIP", "INVITE sip:***@pbx SIP/2.0", "", 2)], 3),
        EngineQuery.Counts => new EngineCounts(1, 2, 3, new SipCounts(1, 4, 5, 6), 7, 8),
        _ => null,
    };

    private static GatewayView Gateway(string name, GatewayState state, NetAddress? address, ServiceCounts services) => new(
        new GatewayModel(new MgcpGatewayModel(name, name + ".example.net", address, MgcpProfile.Auto, []) { Overrides = new TraitOverrides { CallerId = false } }),
        new GatewayStatus(name, state, address, new GatewayTraits { Version = "MGCP 0.1", CallerId = false, ExplicitToneStop = true, RefusedNames = ["L/sl", "L/ci"] }, 1)
        {
            IsThrottled = state == GatewayState.Up,
            LastHeard = state == GatewayState.Up ? new Instant(20_000_000) : null,
        },
        services);
}
