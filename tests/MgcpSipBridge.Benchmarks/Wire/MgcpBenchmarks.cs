using BenchmarkDotNet.Attributes;
using MgcpSipBridge.Mgcp;

namespace MgcpSipBridge.Benchmarks.Wire;

/// <summary>The messages that a call is made of.</summary>
[MemoryDiagnoser]
public class MgcpBenchmarks
{
    private static readonly byte[] Notify = "NTFY 144748364 aaln/1@gw1.example.net MGCP 1.0\r\nN: ca@[198.51.100.5]:2727\r\nX: 5f1a0c\r\nO: D/5,D/5,D/5,D/1,D/2,D/3,D/4\r\n"u8.ToArray();

    private static readonly byte[] Created = """
        200 1201 OK
        I: 32F345E2

        v=0
        o=- 25678 753849 IN IP4 203.0.113.21
        s=-
        c=IN IP4 203.0.113.21
        t=0 0
        m=audio 3456 RTP/AVP 0 8 101
        a=rtpmap:101 telephone-event/8000

        """u8.ToArray();

    private static readonly byte[] Description = Created[Created.AsSpan().IndexOf("v=0"u8)..];
    private readonly MgcpWriter _writer = new();

    [Benchmark]
    public int ReadNotify()
    {
        if (MgcpCommand.TryParse(Notify, out var command) != MgcpParseError.None) throw new InvalidOperationException("The sample is refused.");
        var digits = 0;
        var events = new ObservedEventsReader(command.Parameters[MgcpParameter.ObservedEvents]);
        while (events.TryNext(out _, out _)) digits++;
        return digits;
    }

    [Benchmark]
    public int ReadCreated() =>
        MgcpResponse.TryParse(Created, out var response) == MgcpParseError.None ? response.Body.Length : throw new InvalidOperationException("The sample is refused.");

    [Benchmark]
    public int WriteRequest() => _writer.Clear()
        .Command(MgcpVerb.Rqnt, 1201, "aaln/1", "gw1.example.net", "MGCP 1.0")
        .Parameter(MgcpParameter.NotifiedEntity, "ca@[198.51.100.5]:2727")
        .Parameter(MgcpParameter.RequestIdentifier, "5f1a0c")
        .Parameter(MgcpParameter.RequestedEvents, "L/hu(N),L/hf(N),D/[0-9#*T](D)")
        .Parameter(MgcpParameter.SignalRequests, "L/dl")
        .Written.Length;

    [Benchmark]
    public int WriteModify() => _writer.Clear()
        .Command(MgcpVerb.Mdcx, 1202, "aaln/1", "gw1.example.net", "MGCP 1.0")
        .Parameter(MgcpParameter.CallId, "9A81C1")
        .Parameter(MgcpParameter.ConnectionId, "32F345E2")
        .Parameter(MgcpParameter.ConnectionMode, "sendrecv")
        .Body(Description)
        .Written.Length;
}
