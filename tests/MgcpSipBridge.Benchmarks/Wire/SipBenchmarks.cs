using System.Text;
using BenchmarkDotNet.Attributes;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Benchmarks.Wire;

/// <summary>An INVITE as a PBX behind two proxies sends it: about 1,090 bytes with SDP.</summary>
[MemoryDiagnoser]
public class SipBenchmarks
{
    private const string Description =
        "v=0\r\no=pbx 20518 20518 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 18456 RTP/AVP 8 0 101\r\n"
        + "a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n";

    private static readonly byte[] Body = Encoding.ASCII.GetBytes(Description);
    private static readonly byte[] Invite = Encoding.ASCII.GetBytes(
        "INVITE sip:1001@198.51.100.5:5060;transport=udp SIP/2.0\r\n"
        + "Record-Route: <sip:192.0.2.2;lr;ftag=as6f1e2c91;did=b4a.21>\r\n"
        + "Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK8f3c.1b6a55d0ccf4a1d8b2b0a4dd4b5e2f08.0\r\n"
        + "Via: SIP/2.0/UDP 192.0.2.9:5060;received=192.0.2.9;branch=z9hG4bK33d06f4e;rport=5060\r\n"
        + "Max-Forwards: 69\r\n"
        + "From: \"Carol Caller\" <sip:7000@192.0.2.9>;tag=as6f1e2c91\r\n"
        + "To: <sip:1001@198.51.100.5:5060>\r\n"
        + "Contact: <sip:7000@192.0.2.9:5060>\r\n"
        + "Call-ID: 5b0cf2a64f9d0e7e1c6a2dd23cbe9a2b@192.0.2.9:5060\r\n"
        + "CSeq: 102 INVITE\r\n"
        + "User-Agent: PBX 20.5\r\n"
        + "Date: Sun, 22 Nov 2026 12:00:00 GMT\r\n"
        + "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO, PUBLISH, MESSAGE\r\n"
        + "Supported: replaces, timer\r\n"
        + "P-Asserted-Identity: \"Carol Caller\" <sip:7000@192.0.2.9>\r\n"
        + "Content-Type: application/sdp\r\n"
        + $"Content-Length: {Body.Length}\r\n\r\n" + Description);

    private static readonly NetAddress Source = NetAddress.FromIPv4(0xC0000202, 5060);
    private readonly SipWriter _writer = new();
    private SipMessage _request = null!;

    [GlobalSetup]
    public void Setup() => _request = Read();

    [Benchmark]
    public SipMessage Read() =>
        SipMessage.TryParse(Invite, SipLimits.Default, out var message) == SipParseError.None ? message! : throw new InvalidOperationException("The sample is refused.");

    [Benchmark]
    public int Write()
    {
        _writer.BeginRequest(SipMethod.Invite, "sip:1001@198.51.100.5:5060;transport=udp"u8);
        foreach (var header in (ReadOnlySpan<SipHeader>)[SipHeader.RecordRoute, SipHeader.Via, SipHeader.From, SipHeader.To, SipHeader.Contact, SipHeader.CallId,
            SipHeader.UserAgent, SipHeader.Date, SipHeader.Allow, SipHeader.Supported, SipHeader.PAssertedIdentity]) _writer.Copy(_request, header);
        _writer.CSeq(102, SipMethod.Invite);
        _writer.Body("application/sdp", Body);
        return _writer.Length;
    }

    [Benchmark]
    public int ReadAndWrite()
    {
        _request = Read();
        return Write();
    }

    [Benchmark]
    public int WriteRinging()
    {
        _writer.BeginResponse(_request, Source, 180, "8a7b6c5d");
        _writer.Copy(_request, SipHeader.RecordRoute);
        _writer.Header(SipHeader.Contact, "<sip:1001@198.51.100.5:5060>"u8);
        _writer.End();
        return _writer.Length;
    }
}
