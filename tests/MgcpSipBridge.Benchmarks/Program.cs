using BenchmarkDotNet.Running;
using MgcpSipBridge.Benchmarks.Load;
using MgcpSipBridge.Benchmarks.Relay;

namespace MgcpSipBridge.Benchmarks;

/// <summary>What reading, writing and calling cost.</summary>
public static class Program
{
    private const string Usage = """
        wire [BenchmarkDotNet options]                    reading and writing messages: time and bytes allocated
        calls [--calls N] [--lines N] [--rate N] [--warm-up N]
                                                          whole calls through the bridge's process against sipp, without media
        calls --watchers N [--calls N] [--lines N] [--rate N] [--warm-up N]
                                                          the same by turns without and with so many slow readers of the event stream beside it
        scale [--gateways N] [--lines N] [--heard N]      the bridge's process with 10,000 gateways of 10 lines: start, lists, /metrics, memory
        avalanche [--gateways N] [--lines N]              the bridge's process while gateways (1000 of 24 lines) all restart within a second
        mgcp                                              the call agent alone: by the message, by the line, and a thousand gateways restarting
        sip [--lines N] [--transactions N] [--calls N] [--register-rate N]
                                                          the SIP layer alone: in virtual time memory and pace of registered lines, and what transactions leave behind;
                                                          over loopback what answering a call costs (INVITE, ACK, BYE with SDP)
        sip --real [--lines N] [--register-rate N] [--idle SECONDS]
                                                          the bridge's process registering its lines at a registrar over loopback, then watched while they are idle
        sip --oracle [--rounds N]                         whether answers, or the time they take, give away which lines there are
        routes [--routes N]                               many routes (100,000): what a search takes, what putting them in force takes, and a reload of the bridge's process
        relay [--calls N,N] [--rounds N] [--tick US] [--milliseconds N] [--targets NAME,NAME] [--flood RATE] [--before PROGRAM] [--capacity] [--network]
                                                          RTP through our relay (native, kernel: its fast path, coalesced, lean: strangers not
                                                          counted, churned: with a busy heap, portable), a bare C forwarder (floor; needs gcc) and rtpengine (Debian's rtpengine-daemon),
                                                          interleaved; direct: no relay, what all else is compared with. --network: in network
                                                          namespaces joined by virtual Ethernet (root; without rtpengine) in place of the loopback; --flood:
                                                          beside that so much garbage a second to the ports of one more call;
                                                          --before: this program as built from another commit, for the target before
        media                                             audio that is worked on: what transcoding, playing, listening and mixing cost a packet
        """;

    public static async Task<int> Main(string[] args)
    {
        switch (args)
        {
            case ["wire", .. var rest]:
                BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(rest.Length == 0 ? ["--filter", "*"] : rest);
                return 0;
            case ["calls", .. var rest] when CallLoadOptions.TryParse(rest, out var options):
                return await CallLoad.Run(options);
            case ["scale", .. var rest] when ScaleOptions.TryParse(rest, out var options):
                return await ScaleLoad.Run(options);
            case ["avalanche", .. var rest] when AvalancheOptions.TryParse(rest, out var options):
                return await AvalancheLoad.Run(options);
            case ["sip", .. var rest] when SipLoadOptions.TryParse(rest, out var options):
                return options.Oracle ? await SipOracle.Run(options) : options.Real ? await SipRealLoad.Run(options) : await SipLoad.Run(options);
            case ["sip-serve", var host]:
                return SipServe.Run(host);
            case ["relay", .. var rest] when RelayLoadOptions.TryParse(rest, out var options):
                return await RelayBench.Run(options);
            case ["relay-serve", var name]:
                return await RelayServe.Run(RelayServe.Settings(name), churn: name == "churned");
            case ["routes", .. var rest] when RouteLoad.TryParse(rest, out var routes):
                return await RouteLoad.Run(routes);
            case ["media"]:
                MediaBench.Run();
                return 0;
            case ["mgcp"]:
                MgcpLoad.Run();
                return 0;
            default:
                Console.Error.WriteLine(Usage);
                return 2;
        }
    }
}
