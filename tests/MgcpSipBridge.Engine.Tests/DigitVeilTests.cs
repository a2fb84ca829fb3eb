using System.Text;
using CsCheck;

namespace MgcpSipBridge.Engine.Tests;

/// <summary>Digits that may be a secret are in no message that is shown or kept, however they are reported.</summary>
public sealed class DigitVeilTests
{
    private static readonly string[] Words = ["O:", "S:", " D/", "dd(", "L/5", ",", "(", ")", "@", "\r\n", "INFO ", "\r\n\r\n", "Signal=", "Content-Type: application/dtmf-relay"];

    [Theory]
    [InlineData("O: L/hu, D/4, D/7, D/T", "O: L/hu, D/x, D/x, D/T")]
    [InlineData("O:D/*,D/#,D/a,D/B", "O:D/x,D/x,D/x,D/x")]
    [InlineData("o : 4,7 , T", "o : x,x , T")]
    [InlineData("O: L/4,L/hf", "O: L/x,L/hf")]
    [InlineData("O: D/4711T", "O: D/xxxxT")]
    [InlineData("O: 4711", "O: xxxx")]
    [InlineData("O: D/4@0A3F58, L/oc(D/5)", "O: D/x@0A3F58, L/oc(D/5)")]
    [InlineData("O: D/dd(dg(5),to(100))", "O: D/dd(dg(x),to(xxx))")]
    [InlineData("O: D/DD(DG=b,TO=100),D/4", "O: D/DD(DG=x,TO=xxx),D/x")]
    [InlineData("S: D/4", "S: D/x")]
    [InlineData("S: D/dd(dg(4))", "S: D/dd(dg(x))")]
    public void Digits_of_gateways_are_hidden(string line, string veiled)
    {
        const string Around = "NTFY 1234 aaln/1@gw1.example.net MGCP 1.0\r\nX: 5\r\n{0}\r\nK: 12\r\n";
        Assert.Equal(Of(Around, veiled), Veil(Of(Around, line), isMgcp: true));
        // The last line may lack its end.
        Assert.Equal("NTFY 1 aaln/1 MGCP 1.0\n" + veiled, Veil("NTFY 1 aaln/1 MGCP 1.0\n" + line, isMgcp: true));
    }

    [Theory]
    [InlineData("application/dtmf-relay", "Signal=4\r\nDuration=160\r\n", "Signal=x\r\nDuration=160\r\n")]
    [InlineData("Application/DTMF-Relay;charset=utf-8", "signal : #\nduration = 160", "signal : x\nduration = 160")]
    [InlineData("application/dtmf-relay", "Signal=11", "Signal=xx")]
    [InlineData("application/dtmf", "7\r\n", "x\r\n")]
    [InlineData("application/vnd.nortelnetworks.digits", "p=Digit-Collection\r\nd=4711", "p=xigit-xollextion\r\nx=xxxx")]
    public void Digits_of_peers_are_hidden(string type, string body, string veiled)
    {
        foreach (var header in (string[])["Content-Type: ", "c:", "CONTENT-TYPE :\t"])
        {
            var head = $"INFO sip:1001@10.0.0.5 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bK4711\r\nCSeq: 4 INFO\r\n{header}{type}\r\nContent-Length: {body.Length}\r\n\r\n";
            Assert.Equal(head + veiled, Veil(head + body, isMgcp: false));
        }
    }

    [Theory]
    [InlineData("RQNT 1 aaln/1@gw1 MGCP 1.0\nX: 2\nR: L/hu(N), D/[0-9#*](N)\nD: (0x.|[1-9]xxx)\nS: L/ci(09/14/17/26,\"555 1212\",\"A\"), L/rg\n", true)]
    [InlineData("CRCX 1204 aaln/1@gw1 MGCP 1.0\nC: A3C47F21456789F0\nL: p:10, a:PCMU\nM: recvonly\n\nv=0\no=- 25678 753849 IN IP4 10.0.0.5\ns=-\nm=audio 3456 RTP/AVP 0\n", true)]
    [InlineData("NTFY 1 aaln/1@gw1 MGCP 1.0\nO: L/hd, L/hf, R/qa, FXR/t38(start), L/wt4, D/T\n", true)]
    [InlineData("INFO sip:1001@10.0.0.5 SIP/2.0\r\nContent-Length: 0\r\n\r\n", false)]
    [InlineData("SIP/2.0 200 OK\r\nCSeq: 4 INFO\r\n\r\n", false)]
    [InlineData("INVITE sip:4711@10.0.0.5 SIP/2.0\r\nContent-Type: application/sdp\r\n\r\nv=0\r\no=- 1 1 IN IP4 10.0.0.5\r\n", false)]
    public void What_has_no_digits_stays_as_it_is(string text, bool isMgcp)
    {
        ReadOnlyMemory<byte> message = Encoding.ASCII.GetBytes(text);
        Assert.Equal(message, DigitVeil.Over(message, isMgcp));
    }

    [Fact]
    public void Nothing_that_is_received_is_too_strange_for_it() =>
        Gen.Select(Gen.OneOf(Gen.Int[0, Words.Length - 1].Select(i => Words[i]), Gen.String[0, 8]).Array[0, 20], Gen.Bool).Sample((parts, isMgcp) =>
        {
            var message = Encoding.UTF8.GetBytes(string.Concat(parts));
            var veiled = DigitVeil.Over(message, isMgcp);
            Assert.Equal(message.Length, veiled.Length);
            for (var i = 0; i < message.Length; i++) Assert.True(veiled.Span[i] == message[i] || veiled.Span[i] == 'x');
        }, iter: 5000);

    private static string Of(string around, string line) => string.Format(System.Globalization.CultureInfo.InvariantCulture, around, line);

    private static string Veil(string text, bool isMgcp) => Encoding.ASCII.GetString(DigitVeil.Over(Encoding.ASCII.GetBytes(text), isMgcp).Span);
}
