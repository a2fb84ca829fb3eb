using System.Text;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine.Tests;

public sealed class LadderTextTests
{
    [Theory]
    [InlineData("Content-Type: application/sdp\r\nContent-Length: 4\r\n\r\nv=0\n", "with SDP")]
    [InlineData("c: Application/SDP;charset=utf-8\r\n\r\nv=0\n", "with SDP")]
    [InlineData("Content-Type : application/dtmf-relay\r\n\r\nSignal=5\r\n", "with application/dtmf-relay")]
    [InlineData("Content-Length: 4\r\n\r\nv=0\n", "with a body")]
    [InlineData("Content-Type: application/sdp\r\n\r\n", "")]
    [InlineData("Content-Type: application/sdp\r\n", "")]
    public void What_a_request_carries_is_told(string rest, string detail)
    {
        var message = Encoding.ASCII.GetBytes($"INFO sip:1001@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9\r\n{rest}");
        var entry = LadderText.Of(new TracedMessage(Instant.Zero, true, SipTransport.Udp, default, default, message));
        Assert.Equal(("peer", "bridge", "INFO sip:1001@192.0.2.1 SIP/2.0", detail), (entry.From, entry.To, entry.FirstLine, entry.Detail));
    }
}
