using Grpc.Net.Client;
using MgcpSipBridge.Host.Tests;
using MgcpSipBridge.Media;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.Interop;

/// <summary>A voice menu outside the bridge (the example): a phone calls it and is led to sipp, and sipp calls it and is led to a phone.</summary>
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
        var sounds = await Library();
        try
        {
            var host = LoopbackHost.Claim();
            await using var sipp = await Sipp.Answer("uas-answer", host);
            await using var bench = await Start(host, sounds);
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

    // As an event with the sound (RFC 4733), which sipp has as a recorded file; and beside the sound.
    [Theory]
    [InlineData("""<nop><action><exec play_pcap_audio="/usr/share/sip-tester/dtmf_2833_2.pcap" /></action></nop>""")]
    [InlineData("""<ask method="INFO" body="application/dtmf-relay|Signal=2|Duration=160" /><recv response="200" />""")]
    public async Task Sipp_calls_hears_the_menu_presses_two_and_talks_to_a_phone(string press)
    {
        var sounds = await Library();
        try
        {
            var host = LoopbackHost.Claim();
            await using var bench = await Start(host, sounds);
            using var channel = GrpcChannel.ForAddress(bench.Bridge.ReadyLine.Split("grpc=")[1].Split(' ')[0]);
            await using (var menu = await MenuClient.OpenAsync(channel, new MenuSetup("6000", "menu", new Dictionary<string, string> { ["2"] = "1002" }, TimeSpan.FromSeconds(20), ForPeers: true)))
            {
                bench.Bob.Voice = Voice;
                await using var sipp = Sipp.Call("caller-menu", host, "6000", bench.Bridge.SipUdp, values: [("press", press)]);
                await bench.Until("Bob rings", () => bench.Bob.Sound == PhoneSound.Ringing);
                Assert.Equal(["2"], menu.Told);
                // sipp sends back what it hears: a second of the prompt at least, and some ringing.
                Assert.InRange((await bench.Bridge.Metrics()).Where(m => m.Key.StartsWith("mgcpsipbridge_rtp_packets_total", StringComparison.Ordinal) && m.Key.Contains("sip", StringComparison.Ordinal)).Sum(m => m.Value), 50, double.MaxValue);
                await bench.Answers(bench.Bob);
                await bench.Hears(bench.Bob, Voice);
                Assert.Equal(0, bench.Bob.HeardFrequencies.GetValueOrDefault(Prompt));
                await bench.Do(bench.Bob.OnHook);
                await sipp.Succeeds();
            }

            await bench.EndsClean();
        }
        finally
        {
            sounds.Delete(recursive: true);
        }
    }

    private static Task<Bench> Start(LoopbackHost host, DirectoryInfo sounds) => Bench.Start(host.At(Sipp.Port), settings: new BenchSettings
    {
        TelephoneEvents = true,
        Sections = $$""", "Sounds": { "Folder": "{{sounds.FullName}}" }, "Routing": { "Deadline": "5s" }""",
    });

    private static async Task<DirectoryInfo> Library()
    {
        var sounds = Directory.CreateTempSubdirectory("mgcpsip-menu-");
        await File.WriteAllBytesAsync(Path.Combine(sounds.FullName, "menu.al"), ALaw(Prompt, seconds: 5), TestContext.Current.CancellationToken);
        return sounds;
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
