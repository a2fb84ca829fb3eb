using System.Diagnostics;
using System.Text.RegularExpressions;

namespace MgcpSipBridge.Interop;

/// <summary>The relay's program is taken out of the kernel in the middle of a call, as an operator's own tool may do: the call does not notice.</summary>
public sealed partial class FastPathKillTests
{
    private const int Tone = 450;

    public FastPathKillTests()
    {
        Sipp.Require();
        Bench.Require();
        ExternalProgram.Require("bpftool", "bpftool");
    }

    [Fact]
    public async Task A_call_goes_on_when_the_kernel_loses_the_program()
    {
        var host = LoopbackHost.Claim();
        await using var sipp = await Sipp.Answer("uas-answer", host);
        await using var bench = await Bench.Start(host.At(Sipp.Port), settings: new BenchSettings { Sections = """, "Relay": { "FastPath": "Auto" }""" });
        var start = await bench.Bridge.Metrics();
        Assert.SkipWhen(start.GetValueOrDefault("mgcpsipbridge_relay_fast_path_interfaces") == 0, "the kernel takes no program here: " + bench.Bridge.Said);
        bench.Alice.Voice = Tone;
        await bench.Dials(bench.Alice, "2000");
        await bench.Until("talking", () => bench.Alice.IsTalking);
        await bench.Hears(bench.Alice, Tone);
        for (var asked = Stopwatch.StartNew(); await ByKernel(bench) == 0; await Task.Delay(50, TestContext.Current.CancellationToken))
            Assert.True(asked.Elapsed < Bench.Patience, "the kernel passes nothing on");

        var links = Links(bench.Bridge.ProcessFolder);
        Assert.NotEmpty(links);
        foreach (var link in links)
        {
            await using var tool = ExternalProgram.Start("bpftool", ".", "link", "detach", "id", link);
            Assert.Equal(0, await tool.Exit(Bench.Patience));
        }

        // What the kernel had passed on by then may be told a moment later; from some moment on it passes on nothing, and the sound goes on.
        var watch = Stopwatch.StartNew();
        double before;
        do
        {
            Assert.True(watch.Elapsed < Bench.Patience, "the kernel goes on");
            before = await ByKernel(bench);
            await bench.HearsMore(bench.Alice, Tone);
            await bench.HearsMore(bench.Alice, Tone);
        }
        while (await ByKernel(bench) != before);

        await bench.Do(bench.Alice.OnHook);
        await sipp.Succeeds();
        await bench.EndsClean();
    }

    private static async Task<double> ByKernel(Bench bench) => (await bench.Bridge.Metrics())["mgcpsipbridge_relay_fast_path_packets_total"];

    /// <summary>The ids of the programs' links that a process holds.</summary>
    private static string[] Links(string process) =>
        [.. Directory.EnumerateFiles(Path.Combine(process, "fdinfo")).Select(File.ReadAllText).Where(info => info.Contains("tcx", StringComparison.Ordinal)).Select(info => LinkId().Match(info).Groups[1].Value)];

    [GeneratedRegex(@"link_id:\s+(\d+)")]
    private static partial Regex LinkId();
}
