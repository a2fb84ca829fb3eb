using System.Text;
using MgcpSipBridge.Calls;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;

namespace MgcpSipBridge.Engine.Tests;

/// <summary>
/// What SIP says of callers and sessions on its way to the gateway, and back: no MGCP line, no caller id field and no SDP line begins where we did not mean one. With its sister in
/// Sip.Tests a million texts; judged by bytes.
/// </summary>
public class InjectionTests
{
#if DEBUG
    // Unoptimised code is an order slower.
    private const int Share = 10;
#else
    private const int Share = 1;
#endif
    // Two texts each, five texts each.
    private const int Callers = 80_000 / Share;
    private const int Sessions = 8_000 / Share;
    private const int WholeCalls = 100;

    private static readonly DateTime Noon = new(2026, 9, 14, 17, 26, 0, DateTimeKind.Unspecified);

    private static readonly string[] Fragments =
    [
        "\r\n", "\n", "\r", "\r\nS: L/ro", "\r\n.\r\n", "\r\nDLCX 1 aaln/1@gw1 MGCP 1.0\r\n", "\"", "\"\"", "\\\"", "\\", ",", "(", ")", "), L/ro(", "\0", "\u0001", "\u0085", "\u2028", "\ud800", "\t", " ", "é", "名",
        "5551234", "+49 30", "Alice", "O'Neil", "P", "O", "\",\"", "a=x", "m=audio 1 RTP/AVP 0", "\r\na=sendonly", "v=0", "/", "@", "$", "*", "%0d%0a", ">", "<", ";tag=x", "\r\nX-Evil: 1",
    ];

    private ulong _state = 0x9E3779B97F4A7C15;

    [Fact]
    public void No_caller_breaks_the_caller_id_or_begins_a_line()
    {
        var writer = new MgcpWriter();
        for (var i = 0; i < Callers; i++)
        {
            var caller = new Party(Text(), Below(4) == 0 ? null : Text());
            var request = SignalMap.Request(new PhoneSignal.Ringing(caller), new GatewayTraits(), null, showsCaller: true, Noon);
            writer.Clear().Command(MgcpVerb.Rqnt, 7, "aaln/1", "gw1.example.net", "MGCP 1.0").Begin(MgcpParameter.SignalRequests);
            writer.Append(request.Signals[0].Signal).Append(", ").Append(request.Signals[1].Signal).Append('(').Append(request.Signals[1].Parameters).Append(')').EndLine();
            var wire = writer.Written;
            if (!IsCallerId(wire["RQNT 7 aaln/1@gw1.example.net MGCP 1.0\r\nS: "u8.Length..])) Assert.Fail($"case {i}: {caller.Number} | {caller.Name}\n{Encoding.UTF8.GetString(wire)}");
        }
    }

    [Fact]
    public void No_session_description_gets_a_line_that_was_not_meant()
    {
        var read = 0;
        for (var i = 0; i < Sessions; i++)
        {
            var text = $"v=0\r\no={Text()} 1 1 IN IP4 192.0.2.9\r\ns={Text()}\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\na={Text()}\r\nm=audio 4000 RTP/AVP 0 97\r\na=rtpmap:97 {Text()}/8000\r\na=fmtp:97 {Text()}\r\n"
                + $"m=video 4002 RTP/AVP 99\r\na=rtpmap:99 H264/90000\r\na={Text()}\r\n";
            if (SessionDescription.TryParse(Encoding.UTF8.GetBytes(text), out var description) != SdpParseError.None || description is null) continue;
            read++;
            var answer = AudioNegotiation.CreateAnswer(description, new SdpOrigin("-", 1, 1), Bench.Local.WithPort(20000), description.Audio is { } audio ? AudioNegotiation.Common(audio.Formats, audio.Formats) : [], MediaDirection.SendRecv);
            if (!IsSdp(answer.ToBytes(), answer.Media.Length) || !IsSdp(description.ToBytes(), description.Media.Length)) Assert.Fail($"case {i}: {text}\n{Encoding.UTF8.GetString(answer.ToBytes())}");
        }

        Assert.True(read > Sessions / 20, $"{read} could be read");
    }

    [Fact]
    public void A_hostile_caller_rings_the_phone_and_does_nothing_else()
    {
        var rung = 0;
        for (var i = 0; i < WholeCalls; i++)
        {
            var bench = new Bench();
            bench.FromGateway("RSIP 1 *@gw1.example.net MGCP 1.0\r\nRM: restart\r\n");
            while (bench.Mgcp.Exists(text => text.StartsWith("AU", StringComparison.Ordinal))) bench.Answer("AU", "ES: L/hu\r\n");
            bench.Mgcp.Clear();
            var name = new string([.. Text().Where(c => c is not ('"' or '\\' or '\r' or '\n' or '\0'))]);
            var user = Uri.EscapeDataString(Text().Replace("\ud800", "", StringComparison.Ordinal) + "x");
            var sdp = Bench.Sdp("10.0.0.9", 4000).ReplaceLineEndings("\r\n");
            bench.FromPeer($"INVITE sip:1001@10.0.0.5 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK{i}\r\nMax-Forwards: 70\r\nFrom: \"{name}\" <sip:{user}@10.0.0.9>;tag=p\r\nTo: <sip:1001@10.0.0.5>\r\n"
                + $"Call-ID: c{i}\r\nCSeq: 1 INVITE\r\nContact: <sip:p@10.0.0.9>\r\nContent-Type: application/sdp\r\nContent-Length: {sdp.Length}\r\n\r\n{sdp}");
            if (bench.Mgcp.Exists(text => text.StartsWith("CRCX", StringComparison.Ordinal))) bench.Answer("CRCX", "I: 1\r\n\r\n" + Bench.Sdp("10.0.0.21", 5000));
            Assert.All(bench.Mgcp, text => Assert.Matches("^(CRCX|RQNT) [0-9]+ aaln/1@gw1\\.example\\.net MGCP 1\\.0\r\n([A-Z]+: [^\r\n]*\r\n)+(\r\n([a-z]=[^\r\n]*\r\n)+)?$", text));
            Assert.All(bench.Sip, text => Assert.DoesNotMatch("(?m)^X-Evil", text));
            // Some texts no header can hold: those are refused, and nothing else comes of them.
            Assert.All(bench.Sip, text => Assert.Matches("^SIP/2.0 (100|180|400) ", text));
            if (bench.Sip.Exists(text => text.StartsWith("SIP/2.0 180", StringComparison.Ordinal))) rung++;
        }

        Assert.True(rung > WholeCalls / 4, $"{rung} rang");
    }

    // L/rg, L/ci(MM/DD/HH/MM,number,name) and the line's end, the fields quoted with '"' doubled, or P or O (RFC 3660 §2.4).
    private static bool IsCallerId(ReadOnlySpan<byte> line)
    {
        if (!line.StartsWith("L/rg, L/ci(09/14/17/26,"u8) || !line.EndsWith(")\r\n"u8)) return false;
        line = line["L/rg, L/ci(09/14/17/26,"u8.Length..^3];
        foreach (var b in line)
            if (b < ' ' || b == 0x7F) return false;
        return Field(ref line) && !line.IsEmpty && line[0] == ',' && Field(ref line, skip: 1) && line.IsEmpty;
    }

    private static bool Field(ref ReadOnlySpan<byte> rest, int skip = 0)
    {
        rest = rest[skip..];
        if (rest.IsEmpty) return false;
        if (rest[0] is (byte)'P' or (byte)'O')
        {
            rest = rest[1..];
            return true;
        }

        if (rest[0] != '"') return false;
        for (var i = 1; i < rest.Length; i++)
        {
            if (rest[i] != '"') continue;
            if (i + 1 < rest.Length && rest[i + 1] == '"') i++;
            else
            {
                rest = rest[(i + 1)..];
                return true;
            }
        }

        return false;
    }

    private static bool IsSdp(ReadOnlySpan<byte> text, int sections)
    {
        var media = 0;
        while (!text.IsEmpty)
        {
            var end = text.IndexOfAny((byte)'\r', (byte)'\n');
            if (end < 2 || text[1] != '=' || !"vosctma"u8.Contains(text[0]) || !text[end..].StartsWith("\r\n"u8)) return false;
            if (text[0] == 'm') media++;
            text = text[(end + 2)..];
        }

        return media == sections;
    }

    private string Text()
    {
        var text = Fragments[Below(Fragments.Length)];
        for (var i = Below(4); i > 0; i--) text += Fragments[Below(Fragments.Length)];
        return text;
    }

    private int Below(int bound)
    {
        _state ^= _state >> 12;
        _state ^= _state << 25;
        _state ^= _state >> 27;
        return (int)(((_state * 0x2545F4914F6CDD1D) >> 33) % (ulong)bound);
    }
}
