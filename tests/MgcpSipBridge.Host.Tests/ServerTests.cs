using System.Net;
using System.Net.Sockets;
using System.Text;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Api;
using MgcpSipBridge.Host.Net;
using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Tests;

public sealed class ServerTests
{
    private const string Lines = "peers: [{ name: pbx, uri: 'sip:127.0.0.1:5060' }]";

    [Fact]
    public async Task The_engine_is_built_with_the_real_ports_and_the_ready_line_names_them()
    {
        await using var bridge = await Running.StartAsync(Lines);
        Assert.Matches(@"^ready mgcp=127\.0\.0\.1:\d{4,5} sip=udp://127\.0\.0\.1:\d{4,5},tcp://127\.0\.0\.1:\d{4,5} http=http://127\.0\.0\.1:\d{4,5} grpc=http://127\.0\.0\.1:\d{4,5} media=127\.0\.0\.1:20000-29999$", bridge.Server.ReadyLine);
        Assert.Equal($"ca@[127.0.0.1]:{bridge.Server.Mgcp.Port}", bridge.Engine.Settings!.Mgcp.NotifiedEntity);
        Assert.Equal(bridge.Server.Sip.Select(l => l.Bound), bridge.Engine.Settings.Sip.Listeners.Select(l => l.Bound));
        // The lines are loaded before anything else reaches the engine.
        Assert.True(bridge.Engine.Inputs.TryTake(out var first) && first is EngineInput.Configure { Model.Peers.Length: 1 });
    }

    [Fact]
    public async Task What_arrives_goes_to_the_engine_and_what_it_wants_goes_out()
    {
        await using var bridge = await Running.StartAsync(Lines);
        using var gateway = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var sip = bridge.Server.Sip[0].Bound;
        bridge.Engine.On = (input, put) =>
        {
            switch (input)
            {
                case EngineInput.MgcpDatagram datagram:
                    put(new EngineOutput.SendMgcp(datagram.From, "200 1 OK\r\n"u8.ToArray()));
                    put(new EngineOutput.LookUp(7, "127.0.0.1", 5099, SipTransport.Udp));
                    put(new EngineOutput.Relay(new RelayCommand.Open(new MediaId(1))));
                    break;
                case EngineInput.SipMessage message:
                    put(new EngineOutput.SendSip(message.Flow, "SIP/2.0 200 OK\r\n\r\n"u8.ToArray()));
                    break;
            }
        };
        var cancel = Patience.Token;
        await gateway.SendAsync("RSIP 1 *@gw1 MGCP 1.0\r\n"u8.ToArray(), new IPEndPoint(IPAddress.Loopback, bridge.Server.Mgcp.Port), cancel);
        Assert.Equal("200 1 OK\r\n", Encoding.ASCII.GetString((await gateway.ReceiveAsync(cancel)).Buffer));
        Assert.Equal("RSIP 1 *@gw1 MGCP 1.0\r\n", Encoding.ASCII.GetString(bridge.Engine.Next<EngineInput.MgcpDatagram>().Bytes.Span));
        var resolved = bridge.Engine.Next<EngineInput.Resolved>();
        Assert.Equal(7, resolved.Query);
        Assert.Equal([new SipTarget(SipTransport.Udp, NetAddress.FromIPv4(0x7F000001, 5099))], resolved.Targets);
        Assert.IsType<RelayCommand.Open>(Assert.Single(bridge.Relay.Commands));

        await gateway.SendAsync("OPTIONS"u8.ToArray(), new IPEndPoint(IPAddress.Loopback, sip.Port), cancel);
        Assert.Equal("SIP/2.0 200 OK\r\n\r\n", Encoding.ASCII.GetString((await gateway.ReceiveAsync(cancel)).Buffer));
        Assert.Equal(sip, bridge.Engine.Next<EngineInput.SipMessage>().Flow.Local);
    }

    [Fact]
    public async Task A_deadline_wakes_the_engine()
    {
        await using var bridge = await Running.StartAsync();
        bridge.Engine.On = (_, _) => bridge.Engine.NextDeadline = bridge.Engine.NextDeadline is null ? bridge.Server.State.Clock.Now + TimeSpan.FromMilliseconds(30) : null;
        await bridge.Http.GetAsync(new Uri("/v1/status", UriKind.Relative), Patience.Token);
        bridge.Engine.Next<EngineInput.DeadlineReached>();
    }

    [Fact]
    public async Task An_input_that_throws_does_not_stop_the_shard()
    {
        await using var bridge = await Running.StartAsync();
        bridge.Engine.On = (input, _) =>
        {
            if (input is EngineInput.MgcpDatagram) throw new InvalidOperationException("a bug");
        };
        using var gateway = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var cancel = Patience.Token;
        await gateway.SendAsync("x"u8.ToArray(), new IPEndPoint(IPAddress.Loopback, bridge.Server.Mgcp.Port), cancel);
        Assert.Equal(HttpStatusCode.OK, (await bridge.Http.GetAsync(new Uri("/v1/status", UriKind.Relative), cancel)).StatusCode);
    }

    [Fact]
    public async Task What_throws_loses_neither_outputs_nor_deadlines()
    {
        await using var bridge = await Running.StartAsync();
        using var gateway = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var cancel = Patience.Token;
        var thrown = 0;
        bridge.Engine.On = (input, give) =>
        {
            if (input is EngineInput.MgcpDatagram datagram)
            {
                bridge.Engine.NextDeadline = bridge.Server.State.Clock.Now + TimeSpan.FromMilliseconds(20);
                give(new EngineOutput.SendMgcp(datagram.From, "out"u8.ToArray()));
                throw new InvalidOperationException("a bug");
            }

            if (input is not EngineInput.DeadlineReached || ++thrown > 3) return;
            // Still due, and nobody brings an input: the shard must come back to it by itself.
            if (thrown < 3) throw new InvalidOperationException("the same bug");
            bridge.Engine.NextDeadline = null;
        };
        await gateway.SendAsync("x"u8.ToArray(), new IPEndPoint(IPAddress.Loopback, bridge.Server.Mgcp.Port), cancel);
        Assert.Equal("out"u8.ToArray(), (await gateway.ReceiveAsync(cancel)).Buffer);
        bridge.Engine.Next<EngineInput.DeadlineReached>();
        Assert.Equal(3, thrown);
    }

    private static async Task RefusesCalls(Running bridge, CancellationToken cancel)
    {
        using var caller = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        // Only a peer is told that the bridge is busy.
        var pbx = NetAddress.FromIPv4(0x7F000001, 5060);
        bridge.Server.State.Apply(new EngineNote.Sip(new SipNote.TargetChanged("pbx", SipTransport.Udp, pbx, SipPeerState.Unknown)));
        var sip = bridge.Server.Sip.First(listener => listener.Transport == SipTransport.Udp).Bound;
        var invite = $"INVITE sip:1001@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{((IPEndPoint)caller.Client.LocalEndPoint!).Port};rport;branch=z9hG4bKfull\r\nMax-Forwards: 70\r\nFrom: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:1001@127.0.0.1>\r\nCall-ID: full\r\nCSeq: 1 INVITE\r\nContact: <sip:a@127.0.0.1>\r\nContent-Length: 0\r\n\r\n";
        await caller.SendAsync(System.Text.Encoding.ASCII.GetBytes(invite), new IPEndPoint(IPAddress.Loopback, sip.Port), cancel);
        var refusal = System.Text.Encoding.ASCII.GetString((await caller.ReceiveAsync(cancel)).Buffer);
        Assert.StartsWith("SIP/2.0 503 ", refusal, StringComparison.Ordinal);
        Assert.DoesNotContain("Retry-After", refusal, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Messages_beyond_the_limit_are_shed_and_counted()
    {
        await using var bridge = await Running.StartAsync(null, "--Bridge:MailboxLimit=64");
        using var free = new ManualResetEventSlim();
        using var blocked = new ManualResetEventSlim();
        var taken = 0;
        bridge.Engine.On = (input, _) =>
        {
            if (input is EngineInput.MgcpDatagram) taken++;
            if (input is not EngineInput.Relay) return;
            blocked.Set();
            free.Wait(TimeSpan.FromSeconds(60));
        };
        using var gateway = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var to = new IPEndPoint(IPAddress.Loopback, bridge.Server.Mgcp.Port);
        // What never comes fails the test instead of keeping it.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Patience.Token);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        var cancel = limit.Token;
        bridge.Relay.Happened(new RelayEvent.OpenFailed(default));
        blocked.Wait(cancel);
        for (var i = 0; i < 101; i++) await gateway.SendAsync("x"u8.ToArray(), to, cancel);
        // 64 places: of 101 datagrams 37 find none.
        while (!(await bridge.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative), cancel)).Contains("mgcpsipbridge_overload_dropped_total{protocol=\"mgcp\"} 37\n", StringComparison.Ordinal))
            await Task.Yield();
        await RefusesCalls(bridge, cancel);
        free.Set();
        Assert.Equal(HttpStatusCode.OK, (await bridge.Http.GetAsync(new Uri("/v1/status", UriKind.Relative), cancel)).StatusCode);
        await Patience.UntilAsync("all that found a place are taken", () => Volatile.Read(ref taken) == 64);
    }

    [Theory]
    [InlineData("Mgcp:Listen", "mgcp=", "")]
    [InlineData("Sip:Listen:0", "sip=udp://", "udp://")]
    [InlineData("Sip:Listen:1", ",tcp://", "tcp://")]
    [InlineData("Api:Http", "http=http://", "http://")]
    [InlineData("Api:Grpc", "grpc=http://", "http://")]
    public async Task A_port_that_is_taken_is_named_by_its_setting_and_nothing_stays_open(string setting, string mark, string scheme)
    {
        await using var first = await Running.StartAsync();
        var line = first.Server.ReadyLine;
        var taken = line[(line.IndexOf(mark, StringComparison.Ordinal) + mark.Length)..].Split(' ', ',')[0];
        var error = await Assert.ThrowsAsync<BindException>(async () => await Running.StartAsync(null, $"--{setting}={scheme}{taken}"));
        Assert.StartsWith($"{setting}: cannot listen on {taken}: the port is in use", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Media:Gateway:Address")]
    [InlineData("Media:Sip:Address")]
    public async Task A_media_address_that_this_machine_does_not_have_stops_the_start(string setting)
    {
        // TEST-NET-3 (RFC 5737) is nobody's.
        var error = await Assert.ThrowsAsync<BindException>(async () => await Running.StartAsync(null, $"--{setting}=203.0.113.7"));
        Assert.Equal($"{setting}: cannot listen on 203.0.113.7:0: this machine does not have that address", error.Message);
    }

    [Fact]
    public async Task Lines_that_the_engine_cannot_take_stop_the_start()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await Running.StartAsync(Lines, engine => engine.On = (_, _) => throw new InvalidOperationException("no")));
    }

    [Fact]
    public async Task A_drain_lets_calls_end_then_hangs_up_then_waits_for_registrations()
    {
        await using var bridge = await Running.StartAsync(Lines, "--Bridge:DrainSeconds=60", "--Bridge:StopSeconds=60");
        var counts = FakeEngine.NoCounts with { Calls = 1 };
        bridge.Engine.Views = query => query is EngineQuery.Counts ? counts : null;
        ((Shards.IShardOutputs)bridge.Server).Noted(new EngineNote.RegistrationChanged("1001", "pbx", null, SipRegistrationState.Registered, 200));
        var drain = bridge.Server.DrainAsync(Patience.Token);
        Assert.False(bridge.Engine.Next<EngineInput.Drain>().Final);
        Assert.Equal(BridgePhase.Draining, bridge.Server.State.Phase);
        counts = FakeEngine.NoCounts;
        Assert.True(bridge.Engine.Next<EngineInput.Drain>().Final);
        Assert.False(drain.IsCompleted);
        ((Shards.IShardOutputs)bridge.Server).Noted(new EngineNote.RegistrationChanged("1001", "pbx", SipRegistrationState.Registered, SipRegistrationState.Off, 200));
        await drain;
    }

    [Fact]
    public async Task A_drain_ends_when_its_time_is_up_or_somebody_hurries()
    {
        await using var bridge = await Running.StartAsync(null, "--Bridge:DrainSeconds=60", "--Bridge:StopSeconds=0");
        bridge.Engine.Views = query => query is EngineQuery.Counts ? FakeEngine.NoCounts with { Calls = 1 } : null;
        using var hurry = new CancellationTokenSource();
        var drain = bridge.Server.DrainAsync(hurry.Token);
        Assert.False(bridge.Engine.Next<EngineInput.Drain>().Final);
        await hurry.CancelAsync();
        Assert.True(bridge.Engine.Next<EngineInput.Drain>().Final);
        await drain;
    }
}
