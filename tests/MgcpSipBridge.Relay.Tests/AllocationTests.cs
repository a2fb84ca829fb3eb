using MgcpSipBridge.Media;

namespace MgcpSipBridge.Relay.Tests;

// Alone, since bytes allocated are counted for the whole process.
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
public sealed class AllocationTestsCollection;

[Collection(nameof(AllocationTests))]
public sealed class PortableAllocationTests(ITestOutputHelper output) : AllocationTests(RelayEngine.Portable, output);

[Collection(nameof(AllocationTests))]
public sealed class NativeAllocationTests(ITestOutputHelper output) : AllocationTests(RelayEngine.Native, output);

public abstract class AllocationTests(RelayEngine engine, ITestOutputHelper output) : BothPlanes(engine)
{
    private const int Packets = 10_000;

    [Fact]
    public async Task Nothing_is_allocated_per_packet()
    {
        await using var bed = Bed();
        using var phone = new End(bed.Address);
        using var pbx = new End(bed.Address);
        var opened = bed.Open(1);
        bed.SetRemote(1, RelaySide.Gateway, phone.Address);
        bed.SetRemote(1, RelaySide.Sip, pbx.Address);
        bed.Settle();
        var packet = phone.Speak(opened.GatewayRtp);
        pbx.Hear(out _);
        var relay = End.ToSocket(opened.GatewayRtp);
        Run(2_000);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        Run(Packets);
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        output.WriteLine($"{allocated} bytes for {Packets} packets");
        // One object of the smallest size per packet would be 240,000; what the runtime itself does meanwhile is a few thousand.
        Assert.InRange(allocated, 0, 5L * Packets);
        bed.Expect<RelayEvent.FirstPacket>();
        Assert.Equal(Packets + 2_001, bed.Close(1).Sip.PacketsSent);

        void Run(int packets)
        {
            for (var i = 0; i < packets; i++)
            {
                packet[2] = (byte)(i >> 8);
                packet[3] = (byte)i;
                phone.Send(relay, packet);
                if (pbx.HearQuietly() != packet.Length) throw new InvalidOperationException("cut"); // Assert would allocate
            }
        }
    }
}
