using System.Globalization;
using System.Net;
using System.Threading.Channels;
using MgcpSipBridge.Media;
using MgcpSipBridge.Relay;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Benchmarks.Relay;

/// <summary>
/// Our relay alone in a process, told what to do by lines: <c>open N ADDRESS1 ADDRESS2 GATEWAY PORT PEER PORT</c> is answered by <c>ports G1 S1 G2 S2 …</c>,
/// <c>close</c> by <c>closed ALLOCATED PACKETS COLLECTIONS</c>: bytes of managed memory, RTP packets relayed and garbage collections since then.
/// </summary>
internal static class RelayServe
{
    public static async Task<int> Run(RelaySettings settings, bool churn)
    {
        using var ending = new CancellationTokenSource();
        var churning = churn ? Task.Factory.StartNew(() => Churn(ending.Token), ending.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default) : Task.CompletedTask;
        Console.WriteLine("ready");
        while (await Console.In.ReadLineAsync() is { } line)
            if (line.Split(' ') is ["open", var calls, var gatewayAddress, var sipAddress, var gateway, var gatewayPort, var sip, var sipPort])
                await Serve(
                    settings with { GatewayAddress = IPAddress.Parse(gatewayAddress), SipAddress = IPAddress.Parse(sipAddress) },
                    int.Parse(calls, CultureInfo.InvariantCulture),
                    End(gateway, gatewayPort),
                    End(sip, sipPort));
        await ending.CancelAsync();
        await churning;
        return 0;

        static NetAddress End(string address, string port) => NetAddress.From(IPAddress.Parse(address), ushort.Parse(port, CultureInfo.InvariantCulture));
    }

    /// <summary>The relay that a target's name stands for.</summary>
    public static RelaySettings Settings(string name) => new()
    {
        GatewayAddress = IPAddress.Loopback,
        SipAddress = IPAddress.Loopback,
        FirstPort = 20_000,
        LastPort = 60_000,
        Engine = name == "portable" ? RelayEngine.Portable : RelayEngine.Native,
        FastPath = name == "kernel" ? RelayFastPath.Required : RelayFastPath.Off,
        Coalesce = TimeSpan.FromMilliseconds(name == "coalesced" ? 0.5 : 0),
        CountStrangers = name != "lean",
        Quarantine = TimeSpan.Zero,
        // Above the runtime's own threads, which here share the relay's core.
        Priority = RelayBench.IsPinned ? RelayBench.Priority + 1 : 0,
    };

    private static async Task Serve(RelaySettings settings, int calls, NetAddress gateway, NetAddress sip)
    {
        var events = Channel.CreateUnbounded<RelayEvent>();
        await using var relay = new RtpRelay(settings, happened => events.Writer.TryWrite(happened), fault => Console.Error.WriteLine(fault));
        var ports = new List<string>();
        for (var call = 1; call <= calls; call++)
        {
            relay.Post(new RelayCommand.Open(new(call)));
            var opened = (RelayEvent.Opened)await events.Reader.ReadAsync();
            ports.Add($"{opened.GatewayRtp.Port} {opened.SipRtp.Port}");
            relay.Post(new RelayCommand.SetRemote(new(call), RelaySide.Gateway, Remote(gateway)));
            relay.Post(new RelayCommand.SetRemote(new(call), RelaySide.Sip, Remote(sip)));
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

        static RelayRemote Remote(NetAddress end) => new(end, end.WithPort(end.Port + 1), SourceLearning.Strict, Send: true, Receive: true, [new(0, 0)]);
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
