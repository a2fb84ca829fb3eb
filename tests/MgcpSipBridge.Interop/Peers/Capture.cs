using System.Diagnostics;
using System.Text.RegularExpressions;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Interop;

/// <summary>Everything that went over loopback between some addresses, to be decoded by someone who did not write our code: tshark.</summary>
internal sealed partial class Capture : IAsyncDisposable
{
    // Wireshark's PI_ERROR as the field shows it.
    private const string ExpertError = "8388608";
    private static readonly string[] Known = ["mgcp", "sip", "rtp", "rtcp", "t38", "tls"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);
    private readonly ExternalProgram _dumpcap;
    private readonly TemporaryFolder _folder;
    private readonly string _file;

    private Capture(ExternalProgram dumpcap, TemporaryFolder folder, string file) => (_dumpcap, _folder, _file) = (dumpcap, folder, file);

    /// <summary>Skips (or fails) where tshark is missing or this user may not capture.</summary>
    public static void Require()
    {
        ExternalProgram.Require("tshark", "tshark");
        ExternalProgram.Require("dumpcap", "wireshark-common");
    }

    /// <summary>Starts to capture what the hosts send and receive.</summary>
    public static async Task<Capture> Start(params IEnumerable<LoopbackHost> hosts)
    {
        var folder = new TemporaryFolder();
        var file = folder.File("capture.pcapng");
        var dumpcap = ExternalProgram.Start("dumpcap", folder.Path,
            "-i", "lo", "-q", "-B", "16", "-f", string.Join(" or ", hosts.Select(h => $"host {h}")), "-w", file);
        var capture = new Capture(dumpcap, folder, file);
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < Bench.Patience;)
        {
            if (dumpcap.Lines.Any(l => l.StartsWith("File: ", StringComparison.Ordinal))) return capture;
            if (dumpcap.HasExited)
            {
                var why = $"this user may not capture on lo: {dumpcap.Said}";
                await capture.DisposeAsync();
                Assert.False(Environment.GetEnvironmentVariable("MGCPSIP_REQUIRE_PEERS") == "1", why);
                Assert.Skip(why);
            }

            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        await capture.DisposeAsync();
        throw new TimeoutException($"dumpcap does not start: {dumpcap.Said}");
    }

    /// <summary>Whether media is encrypted: of SRTCP nothing tells what it is but that it is on the port after RTP's.</summary>
    public bool HasSecrets { get; set; }

    /// <summary>
    /// Stops, and decodes: every packet must be MGCP, SIP, RTP, RTCP, T.38 or TLS, none malformed, none with an error. MGCP, SIP and TLS are looked for on
    /// the ports given, RTP where SDP says that it is.
    /// </summary>
    /// <returns>How many packets of each protocol there were.</returns>
    public async Task<Decoded> IsClean(IEnumerable<NetAddress> mgcp, IEnumerable<NetAddress> sip, params IEnumerable<NetAddress> tls)
    {
        // What is still in the kernel's buffer when dumpcap is told to stop is lost: give it its read timeout.
        await Task.Delay(TimeSpan.FromMilliseconds(500), TestContext.Current.CancellationToken);
        await _dumpcap.Terminate(Patience);
        Assert.DoesNotContain(_dumpcap.Lines, l => DroppedSome().IsMatch(l));

        List<string> options = ["-2", "-n", "-r", _file, "--enable-heuristic", "rtp_udp", "--enable-heuristic", "rtcp_udp"];
        // Games that have ports of their own among those of our media: where SDP is encrypted nothing else says what the packets are.
        foreach (var game in (string[])["quake", "quake2", "quake3", "quakeworld"]) options.AddRange(["--disable-protocol", game]);
        foreach (var port in mgcp.Select(a => a.Port).Distinct()) options.AddRange(["-d", $"udp.port=={port},mgcp"]);
        foreach (var port in sip.Select(a => a.Port).Distinct()) options.AddRange(["-d", $"udp.port=={port},sip", "-d", $"tcp.port=={port},sip"]);
        foreach (var port in tls.Select(a => a.Port).Distinct()) options.AddRange(["-d", $"tcp.port=={port},tls"]);
        // What TCP sends again, or in pieces, is the kernel's affair; the whole message is in another frame.
        options.AddRange(["-Y", "(udp and !icmp) or (tcp.len > 0 and !tcp.analysis.flags and !tcp.reassembled_in)", "-T", "fields", "-E", "separator=|", "-E", "aggregator=;"]);
        foreach (var field in (string[])["frame.number", "frame.protocols", "_ws.expert.severity", "_ws.expert.message", "ip.dst", "_ws.col.Info", "t38.seq_number"]) options.AddRange(["-e", field]);

        // Two passes, so that RTP which overtook its SDP is known too; no names, since there is no DNS to ask.
        await using var tshark = ExternalProgram.Start("tshark", _folder.Path, options);
        var code = await tshark.Exit(Patience);
        Assert.True(code == 0, $"tshark ended with {code}: {tshark.Said}");
        var packets = tshark.Lines.Where(l => l.Length > 0 && char.IsAsciiDigit(l[0])).Select(l => l.Split('|')).ToList();

        // The last words before the switch, and those after a refusal: tshark goes by the offer. A UDPTL number beyond 32767 is the head of an RTP packet, for fax counts from 0.
        packets.RemoveAll(p => Speaks(p, "t38") && int.TryParse(p[6].Split(';')[0], out var number) && number >= 0x8000);
        // And the first of the fax that overtakes its SDP.
        if (packets.Exists(p => Speaks(p, "t38"))) packets.RemoveAll(p => p[5] == "Unknown RTP version 0");
        var wrong = packets.Where(p => p[2].Split(';').Contains(ExpertError) || !(Known.Any(k => Speaks(p, k)) || (HasSecrets && p[1].EndsWith(":udp:data", StringComparison.Ordinal)))).Select(p => string.Join(" | ", p)).ToList();
        Assert.True(wrong.Count == 0, $"{wrong.Count} packets are not understood ({Keep()}):\n{string.Join('\n', wrong.Take(20))}");
        return new Decoded(packets.Count(p => Speaks(p, "mgcp")), packets.Count(p => Speaks(p, "sip")), packets.Count(p => Speaks(p, "rtp")), packets.Count(p => Speaks(p, "sip") && p[4] == "127.0.0.1")) { T38 = packets.Count(p => Speaks(p, "t38")) };

        static bool Speaks(string[] packet, string protocol) => packet[1].Split(':').Contains(protocol);
    }

    /// <summary>Fields of every packet of a file as tshark reads them; none may be malformed.</summary>
    /// <param name="file">The file's bytes.</param>
    /// <param name="options">How it is to be read, and the fields (-e).</param>
    public static async Task<string[][]> Read(byte[] file, string[] options)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("capture.pcap");
        await File.WriteAllBytesAsync(path, file, TestContext.Current.CancellationToken);
        await using var tshark = ExternalProgram.Start("tshark", folder.Path, ["-n", "-r", path, "-T", "fields", "-E", "separator=|", "-E", "occurrence=f", "-e", "frame.number", "-e", "_ws.malformed", .. options]);
        var code = await tshark.Exit(Patience);
        Assert.True(code == 0, $"tshark ended with {code}: {tshark.Said}");
        var rows = tshark.Lines.Where(l => l.Length > 0 && char.IsAsciiDigit(l[0])).Select(l => l.Split('|')).ToArray();
        Assert.All(rows, row => Assert.Equal("", row[1]));
        return [.. rows.Select(row => row[2..])];
    }

    public async ValueTask DisposeAsync()
    {
        await _dumpcap.DisposeAsync();
        _folder.Dispose();
    }

    // For whoever has to find out why.
    private string Keep()
    {
        var kept = Path.Combine(Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "captures")).FullName, $"{Path.GetFileName(_folder.Path)}.pcapng");
        File.Copy(_file, kept);
        return kept;
    }

    /// <summary>Packets by protocol; and those of SIP that went to 127.0.0.1, where programs are that cannot choose an address.</summary>
    internal sealed record Decoded(int Mgcp, int Sip, int Rtp, int SipToLocalhost)
    {
        /// <summary>Packets of T.38 in UDPTL.</summary>
        public int T38 { get; init; }
    }

    [GeneratedRegex(@"Packets received/dropped on interface .*: \d+/[1-9]")]
    private static partial Regex DroppedSome();
}
