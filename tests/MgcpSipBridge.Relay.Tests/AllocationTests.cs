using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

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
        // One object of the smallest size per packet would be 240,000; what the runtime itself does meanwhile is a few thousand.
        var rounds = Measure(Run, 5L * Packets);
        bed.Expect<RelayEvent.FirstPacket>();
        Assert.Equal((rounds * Packets) + 2_001, bed.Close(1).Sip.PacketsSent);

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

    // What is allocated per packet is allocated in each round; what the runtime does beside us, for longer on a slow machine, is not. The rounds that it took.
    private int Measure(Action<int> run, long most)
    {
        for (var round = 1; ; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            run(Packets);
            var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
            output.WriteLine($"{allocated} bytes, {most} at most");
            if (allocated <= most) return round;
            Assert.True(round < 5, $"{allocated} bytes are allocated, {most} at most");
        }
    }

    [Fact]
    public async Task Nothing_is_allocated_per_encrypted_packet()
    {
        await using var bed = Bed();
        using var phone = new End(bed.Address);
        using var pbx = new End(bed.Address);
        var opened = bed.Open(1);
        var (theirs, ours) = (SrtpKey.New(SrtpSuite.AesCm128HmacSha1Tag80, new Entropy(1)), SrtpKey.New(SrtpSuite.AesCm128HmacSha1Tag80, new Entropy(2)));
        bed.SetRemote(1, RelaySide.Gateway, phone.Address);
        bed.Relay.Post(new RelayCommand.SetRemote(
            new(1), RelaySide.Sip, new(pbx.Address, pbx.Address.WithPort(pbx.Address.Port + 1), SourceLearning.Strict, true, true, RelayBed.Speech, Keys: new(theirs, ours))));
        bed.Settle();
        var sealer = new SrtpSender(theirs);
        var packet = phone.Speak(opened.GatewayRtp);
        var wire = new byte[packet.Length + SrtpSender.MostAdded];
        pbx.Hear(out _);
        var (toPhone, toPbx) = (End.ToSocket(opened.SipRtp), End.ToSocket(opened.GatewayRtp));
        var count = 0;
        Run(2_000);
        Measure(Run, 5L * 2 * Packets);

        void Run(int packets)
        {
            for (var i = 0; i < packets; i++)
            {
                count++;
                packet[2] = (byte)(count >> 8);
                packet[3] = (byte)count;
                phone.Send(toPbx, packet);
                if (pbx.HearQuietly() != packet.Length + 10) throw new InvalidOperationException("not encrypted"); // Assert would allocate
                packet.CopyTo(wire, 0);
                var length = packet.Length;
                sealer.TryProtectRtp(wire, ref length);
                pbx.Send(toPhone, wire.AsSpan(0, length));
                if (phone.HearQuietly() != packet.Length) throw new InvalidOperationException("not decrypted");
            }
        }
    }
}
