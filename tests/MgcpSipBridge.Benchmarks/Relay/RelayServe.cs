using System.Globalization;
using System.Net;
using System.Threading.Channels;
using MgcpSipBridge.Media;
using MgcpSipBridge.Relay;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Benchmarks.Relay;

/// <summary>
/// Our relay alone in a process, told what to do by lines: <c>open N ADDRESS GATEWAYPORT SIPPORT</c> is answered by <c>ports G1 S1 G2 S2 …</c>,
/// <c>close</c> by <c>closed ALLOCATED PACKETS COLLECTIONS</c>: bytes of managed memory, RTP packets relayed and garbage collections since then.
/// </summary>
internal static class RelayServe
{
    public static async Task<int> Run(RelayEngine engine, TimeSpan coalesce, bool churn)
    {
        using var ending = new CancellationTokenSource();
        var churning = churn ? Task.Factory.StartNew(() => Churn(ending.Token), ending.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default) : Task.CompletedTask;
        Console.WriteLine("ready");
        while (await Console.In.ReadLineAsync() is { } line)
            if (line.Split(' ') is ["open", var calls, var address, var gateway, var sip])
                await Serve(engine, coalesce, int.Parse(calls, CultureInfo.InvariantCulture), IPAddress.Parse(address), Port(gateway), Port(sip));
        await ending.CancelAsync();
        await churning;
        return 0;

        static ushort Port(string text) => ushort.Parse(text, CultureInfo.InvariantCulture);
    }

    private static async Task Serve(RelayEngine engine, TimeSpan coalesce, int calls, IPAddress address, ushort gatewayPort, ushort sipPort)
    {
        var events = Channel.CreateUnbounded<RelayEvent>();
        var settings = new RelaySettings
        {
            GatewayAddress = address,
            SipAddress = address,
            FirstPort = 20_000,
            LastPort = 60_000,
            Engine = engine,
            Coalesce = coalesce,
            Quarantine = TimeSpan.Zero,
            // Above the runtime's own threads, which here share the relay's core.
            Priority = RelayBench.IsPinned ? RelayBench.Priority + 1 : 0,
        };
        await using var relay = new RtpRelay(settings, happened => events.Writer.TryWrite(happened), fault => Console.Error.WriteLine(fault));
        var ports = new List<string>();
        for (var call = 1; call <= calls; call++)
        {
            relay.Post(new RelayCommand.Open(new(call)));
            var opened = (RelayEvent.Opened)await events.Reader.ReadAsync();
            ports.Add($"{opened.GatewayRtp.Port} {opened.SipRtp.Port}");
            relay.Post(new RelayCommand.SetRemote(new(call), RelaySide.Gateway, Remote(gatewayPort)));
            relay.Post(new RelayCommand.SetRemote(new(call), RelaySide.Sip, Remote(sipPort)));
        }

        // Answered when all before has been obeyed.
        relay.Post(new RelayCommand.Close(new(-1)));
        while (await events.Reader.ReadAsync() is not RelayEvent.Closed) { }
        // What stays is a call's; the garbage of opening it is not.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        Console.WriteLine("ports " + string.Join(' ', ports));
        var (allocated, collections) = (GC.GetTotalAllocatedBytes(precise: true), GC.CollectionCount(0));
        while (await Console.In.ReadLineAsync() is { } line && line != "close") { }
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        foreach (var reason in Enum.GetValues<RelayDrop>())
            if (relay.Counters.Dropped(reason) is > 0 and var dropped)
                await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"           {dropped} dropped: {reason}"));
        var packets = relay.Counters.Sent(RelaySide.Gateway) + relay.Counters.Sent(RelaySide.Sip);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"closed {allocated} {packets} {GC.CollectionCount(0) - collections}"));

        RelayRemote Remote(ushort port)
        {
            var end = NetAddress.From(IPAddress.Loopback, port);
            return new(end, end.WithPort(port + 1), LearnSource: false, Send: true, Receive: true, [new(0, 0)]);
        }
    }

    // What signalling does to the heap, made worse: 100 MB alive, and much garbage of every age beside it.
    private static void Churn(CancellationToken end)
    {
        var alive = new byte[100_000][];
        for (var i = 0; !end.IsCancellationRequested; i++)
        {
            alive[i % alive.Length] = new byte[1000];
            if (i % 100 == 99) end.WaitHandle.WaitOne(1);
        }
    }
}
