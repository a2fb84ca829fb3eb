using System.Globalization;
using System.Runtime.InteropServices;

namespace MgcpSipBridge.Relay.Tests;

// Alone, since the program is taken from every relay of the process.
[CollectionDefinition(nameof(FastPathLossTests), DisableParallelization = true)]
public sealed class FastPathLossTestsCollection;

/// <summary>Others may take the program from the interfaces: `tc`, an update of a firewall, whoever has the right to.</summary>
[Collection(nameof(FastPathLossTests))]
public sealed class FastPathLossTests() : BothPlanes(RelayEngine.Native, RelayFastPath.Required)
{
    private const int LinkDetach = 34; // BPF_LINK_DETACH of linux/bpf.h

    [Fact]
    public async Task A_program_that_was_taken_away_is_put_back_and_calls_go_on()
    {
        await using var bed = Bed();
        using var call = new FastPathTests.Call(bed);
        call.Talk(100);
        call.AwaitByKernel();
        var state = bed.Relay.FastPath;
        Assert.Null(state.Refusal);
        var links = Links();
        Assert.Equal(state.Interfaces, links.Count);

        foreach (var descriptor in links.Keys) Assert.Equal(0, Detach(descriptor));
        // The relay sees it, and nothing of what is said meanwhile is lost.
        for (var i = 0; Links() is var now && (now.Count < links.Count || now.Values.Intersect(links.Values).Any()); i++)
        {
            Assert.True(i < 6000, "the program is not put back");
            call.Exchange();
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        bed.Settle();
        call.AwaitFlows();
        var before = bed.Relay.Counters.ByKernel;
        call.Talk(100);
        Assert.True(SpinWait.SpinUntil(() => bed.Relay.Counters.ByKernel >= before + 200, RelayBed.Patience), "the kernel passes nothing on");
        // It stands where it stood, and that it was away is told all the same.
        Assert.Equal((state.Interfaces, state.Refusal), (bed.Relay.FastPath.Interfaces, bed.Relay.FastPath.Refusal));
        Assert.Equal(0, state.Losses);
        Assert.InRange(bed.Relay.FastPath.Losses, 1, links.Count);
        Assert.Equal(bed.Relay.FastPath, bed.FastPaths.Last());
        Assert.False(string.IsNullOrEmpty(bed.Relay.FastPath.LostAt));
        var gateway = bed.Close(1).Gateway;
        Assert.Equal((call.Exchanges, 0, 0), (gateway.PacketsReceived, gateway.PacketsLost, gateway.Duplicates));
    }

    // Descriptor and number of each place at an interface.
    private static Dictionary<int, int> Links()
    {
        var links = new Dictionary<int, int>();
        foreach (var file in Directory.GetFiles("/proc/self/fdinfo"))
        {
            string[] lines;
            try
            {
                lines = File.ReadAllLines(file);
            }
            catch (IOException)
            {
                // It was closed meanwhile.
                continue;
            }

            if (Value(lines, "link_type") == "tcx" && Value(lines, "ifindex") is not (null or "0"))
                links.Add(int.Parse(Path.GetFileName(file), CultureInfo.InvariantCulture), int.Parse(Value(lines, "link_id")!, CultureInfo.InvariantCulture));
        }

        return links;
    }

    private static string? Value(string[] lines, string name) =>
        lines.FirstOrDefault(l => l.StartsWith(name + ":", StringComparison.Ordinal))?[(name.Length + 1)..].Trim();

    private static int Detach(int descriptor)
    {
        var bpf = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 321 : 280;
        var attributes = (uint)descriptor;
        return (int)SystemCall(bpf, LinkDetach, ref attributes, sizeof(uint));
    }

    [DllImport("libc", EntryPoint = "syscall")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern long SystemCall(long number, long command, ref uint attributes, long bytes);
}
