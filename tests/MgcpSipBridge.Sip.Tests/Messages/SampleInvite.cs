using System.Text;

namespace MgcpSipBridge.Sip.Tests.Messages;

/// <summary>An INVITE as a PBX behind a proxy sends it: two Vias, Record-Route, identity, SDP; a little over 1 KB.</summary>
internal static class SampleInvite
{
    private const string Description =
        "v=0\r\no=- 1834219 1834219 IN IP4 192.0.2.40\r\ns=Asterisk\r\nc=IN IP4 192.0.2.40\r\nt=0 0\r\nm=audio 18324 RTP/AVP 8 0 101\r\n" +
        "a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n";

    public static readonly string Text =
        "INVITE sip:1001@203.0.113.5:5060 SIP/2.0\r\n" +
        "Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK2d4a.8c0b7d1e5f3a9b6c4d2e1f0a.0;rport\r\n" +
        "Via: SIP/2.0/UDP 192.0.2.40:5060;received=192.0.2.40;branch=z9hG4bKPj6f1c7a0e-4b2d;rport=5060\r\n" +
        "Record-Route: <sip:192.0.2.9;lr;ftag=as58f4201b>\r\n" +
        "Max-Forwards: 69\r\n" +
        "From: \"Alice Example\" <sip:2001@192.0.2.40>;tag=as58f4201b\r\n" +
        "To: <sip:1001@203.0.113.5>\r\n" +
        "Contact: <sip:2001@192.0.2.40:5060>\r\n" +
        "Call-ID: 60c6f2d73b1e4a5f9a7c@192.0.2.40\r\n" +
        "CSeq: 102 INVITE\r\n" +
        "User-Agent: Asterisk PBX 20.5\r\n" +
        "Date: Thu, 20 Aug 2026 10:00:00 GMT\r\n" +
        "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, UPDATE, INFO\r\n" +
        "Supported: replaces, timer, 100rel\r\n" +
        "P-Asserted-Identity: \"Alice\" <sip:2001@192.0.2.40>\r\n" +
        "Content-Type: application/sdp\r\n" +
        $"Content-Length: {Description.Length}\r\n\r\n" + Description;

    public static readonly byte[] Bytes = Encoding.UTF8.GetBytes(Text);

    public static SipMessage Read()
    {
        Assert.Equal(SipParseError.None, SipMessage.TryParse(Bytes, SipLimits.Default, out var message));
        return message!;
    }
}
