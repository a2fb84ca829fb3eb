using System.Diagnostics;
using System.Globalization;
using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Interop;

/// <summary>sipp, which plays one scenario file of the Sipp folder as a SIP peer and echoes the RTP it hears.</summary>
internal sealed class Sipp : IAsyncDisposable
{
    public const int Port = 5060;
    private const int MediaPort = 6000;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private readonly ExternalProgram _program;
    private readonly TemporaryFolder _folder;
    private readonly string _scenario;
    private readonly TimeSpan _limit;

    private Sipp(ExternalProgram program, TemporaryFolder folder, string scenario, TimeSpan limit) => (_program, _folder, _scenario, _limit) = (program, folder, scenario, limit);

    public static void Require() => ExternalProgram.Require("sipp", "sip-tester");

    /// <summary>
    /// The called party: waits for <paramref name="calls"/> calls on <paramref name="host"/>. The scenario may play <paramref name="tones"/> (Hz), each a file of
    /// A-law samples by its name.
    /// </summary>
    /// <param name="scenario">File of the Sipp folder.</param>
    /// <param name="host">Where it listens.</param>
    /// <param name="calls">Calls until it ends.</param>
    /// <param name="transport">sipp's word for it: u1 or t1.</param>
    /// <param name="tones">Sound files.</param>
    /// <param name="values">What stands in braces in the scenario.</param>
    /// <param name="limit">How long it may take in all.</param>
    public static async Task<Sipp> Answer(
        string scenario, LoopbackHost host, int calls = 1, string transport = "u1", (string File, int Tone)[]? tones = null, (string, string)[]? values = null, TimeSpan? limit = null)
    {
        var sipp = Start(scenario, host, [], calls, transport, tones ?? [], values ?? [], limit ?? Limit);
        await sipp.Listening(host);
        return sipp;
    }

    /// <summary>The calling party: calls <paramref name="number"/> at <paramref name="bridge"/>.</summary>
    public static Sipp Call(
        string scenario, LoopbackHost host, string number, NetAddress bridge, int calls = 1, string transport = "u1", (string, string)[]? values = null, TimeSpan? limit = null, int rate = 5) =>
        Start(scenario, host, [bridge.ToString(), "-s", number], calls, transport, [], values ?? [], limit ?? Limit, rate);

    /// <summary>Waits for the scenario's end; it must have gone as written, for every call.</summary>
    public async Task Succeeds()
    {
        var code = await _program.Exit(_limit + TimeSpan.FromSeconds(5));
        Assert.True(code == 0, $"sipp {_scenario} ended with {code}.\n{Log("errors")}\n{Log("messages")}");
    }

    public async ValueTask DisposeAsync()
    {
        await _program.DisposeAsync();
        _folder.Dispose();
    }

    private string Log(string name) => File.Exists(_folder.File(name)) ? File.ReadAllText(_folder.File(name)) : "";

    private static Sipp Start(
        string scenario, LoopbackHost host, string[] target, int calls, string transport, (string File, int Tone)[] tones, (string, string)[] values, TimeSpan limit, int rate = 5)
    {
        var folder = new TemporaryFolder();
        foreach (var (file, tone) in tones) folder.Write(file, ALaw(tone));
        var (text, options) = SippScenario.Expand(scenario, values);
        string[] arguments =
        [
            .. target, .. options, "-nostdin", "-sf", folder.Write("scenario.xml", text),
            "-i", host.ToString(), "-p", Port.ToString(CultureInfo.InvariantCulture), "-mi", host.ToString(),
            "-mp", MediaPort.ToString(CultureInfo.InvariantCulture), "-rtp_echo", "-t", transport,
            "-m", calls.ToString(CultureInfo.InvariantCulture), "-l", "1", "-r", rate.ToString(CultureInfo.InvariantCulture),
            "-timeout", limit.TotalSeconds.ToString(CultureInfo.InvariantCulture) + "s", "-timeout_error",
            "-trace_err", "-error_file", folder.File("errors"), "-trace_msg", "-message_file", folder.File("messages"),
        ];
        return new Sipp(ExternalProgram.Start("sipp", folder.Path, arguments), folder, scenario, limit);
    }

    /// <summary>A second of a tone, G.711 A-law.</summary>
    private static byte[] ALaw(int tone)
    {
        var samples = new short[8000];
        new ToneGenerator(Tone.Of(tone)).Fill(samples);
        var codes = new byte[samples.Length];
        G711.EncodeALaw(samples, codes);
        return codes;
    }

    // sipp says nothing when it is ready; the kernel does.
    private async Task Listening(LoopbackHost host)
    {
        // Words of four bytes, each as a number of this machine's. A connection that lingers has the address, too: one of TCP has to listen (0A).
        var wanted = $"{string.Concat(host.Address.GetAddressBytes().Chunk(4).Select(word => Convert.ToHexString([.. word.Reverse()])))}:{Port:X4}";
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < Bench.Patience;)
        {
            foreach (var (table, state) in ((string, string)[])[("udp", "07"), ("udp6", "07"), ("tcp", "0A"), ("tcp6", "0A")])
            {
                foreach (var row in await File.ReadAllLinesAsync("/proc/net/" + table, TestContext.Current.CancellationToken))
                    if (row.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var local, _, var now, ..] && local == wanted && now == state) return;
            }

            Assert.False(_program.HasExited, $"sipp {_scenario} ended at once:\n{_program.Said}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        throw new TimeoutException($"sipp {_scenario} does not listen.");
    }
}
