using Grpc.Net.Client;
using MgcpSipBridge.Host.Tests;
using MgcpSipBridge.Media;

namespace MgcpSipBridge.Interop;

/// <summary>A voice menu outside the bridge (the example), a phone that calls it, and sipp as the one whom it leads to.</summary>
public sealed class SippMenuTests
{
    private const int Prompt = 1000;
    private const int Voice = 450;

    public SippMenuTests()
    {
        Sipp.Require();
        Bench.Require();
    }

    [Fact]
    public async Task A_caller_hears_the_menu_presses_two_and_talks_to_sipp()
    {
        var sounds = Directory.CreateTempSubdirectory("mgcpsip-menu-");
        try
        {
            await File.WriteAllBytesAsync(Path.Combine(sounds.FullName, "menu.al"), ALaw(Prompt, seconds: 5), TestContext.Current.CancellationToken);
            var host = LoopbackHost.Claim();
            await using var sipp = await Sipp.Answer("uas-answer", host);
            await using var bench = await Bench.Start(host.At(Sipp.Port), settings: new BenchSettings
            {
                TelephoneEvents = true,
                Sections = $$""", "Sounds": { "Folder": "{{sounds.FullName}}" }, "Routing": { "Deadline": "5s" }""",
            });
            using var channel = GrpcChannel.ForAddress(bench.Bridge.ReadyLine.Split("grpc=")[1].Split(' ')[0]);
            await using (var menu = await MenuClient.OpenAsync(channel, new MenuSetup("6000", "menu", new Dictionary<string, string> { ["2"] = "7002" }, TimeSpan.FromSeconds(10))))
            {
                bench.Alice.Voice = Voice;
                await bench.Dials(bench.Alice, "6000");
                await bench.Hears(bench.Alice, Prompt);
                await bench.Do(now => bench.Alice.Press('2', now));
                // sipp sends back what it hears.
                await bench.Hears(bench.Alice, Voice);
                await bench.HearsNoMore(bench.Alice, Prompt);
                Assert.Equal(["2"], menu.Told);
            }

            await bench.Do(bench.Alice.OnHook);
            await sipp.Succeeds();
            await bench.EndsClean();
        }
        finally
        {
            sounds.Delete(recursive: true);
        }
    }

    private static byte[] ALaw(int tone, int seconds)
    {
        var samples = new short[8000 * seconds];
        new ToneGenerator(Tone.Of(tone)).Fill(samples);
        var codes = new byte[samples.Length];
        G711.EncodeALaw(samples, codes);
        return codes;
    }
}
