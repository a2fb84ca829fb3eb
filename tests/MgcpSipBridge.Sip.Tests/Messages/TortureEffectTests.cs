using MgcpSipBridge.Sip.Tests.Layer;

namespace MgcpSipBridge.Sip.Tests.Messages;

/// <summary>
/// What the whole layer makes of RFC 4475's messages when its peer sends them: the final answer, and what the engine hears. A message with no
/// answer is dropped, as a response that belongs to nothing must be.
/// </summary>
public sealed class TortureEffectTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "corpus", "sip", "rfc4475");

    // Case, final answer, header that must be in it (name: value), called user of the call that comes in.
    public static TheoryData<string, int, string, string?> Cases => new()
    {
        { "wsinv", 481, "", null }, // §3.1.1.1: a dialog that nobody knows
        { "intmeth", 501, "Allow", null },
        { "esc01", 0, "", "sips:user@example.com" },
        { "escnull", 405, "Allow", null },
        { "esc02", 501, "Allow", null },
        { "lwsdisp", 200, "Allow", null },
        { "longreq", 0, "", "user" },
        { "dblreq", 405, "Allow", null },
        { "semiuri", 200, "Allow", null },
        { "transports", 200, "Allow", null },
        { "mpart01", 405, "Allow", null },
        { "unreason", 0, "", null },
        { "noreason", 0, "", null },
        { "badinv01", 400, "", null },
        { "clerr", 400, "", null },
        { "ncl", 400, "", null },
        { "scalar02", 400, "", null },
        { "scalarlg", 0, "", null },
        { "quotbal", 400, "", null },
        { "ltgtruri", 400, "", null },
        { "lwsruri", 400, "", null },
        { "lwsstart", 400, "", null },
        { "trws", 400, "", null },
        { "escruri", 400, "", null },
        { "baddate", 0, "", "user" },
        { "regbadct", 400, "", null },
        { "badaspec", 200, "", null },
        { "baddn", 400, "", null },
        { "badvers", 505, "", null },
        { "mismatch01", 400, "", null },
        { "mismatch02", 400, "", null },
        { "bigcode", 0, "", null },
        { "badbranch", 400, "", null },
        { "insuf", 0, "", null },
        { "unkscm", 416, "", null },
        { "novelsc", 416, "", null },
        { "unksm2", 405, "", null },
        { "bext01", 420, "Unsupported: nothingSupportsThis, nothingSupportsThisEither", null },
        { "invut", 415, "Accept: application/sdp", null },
        { "regaut01", 405, "", null },
        { "multi01", 400, "", null },
        { "mcl01", 400, "", null },
        { "bcast", 0, "", null },
        { "zeromf", 200, "", null },
        { "cparam01", 405, "", null },
        { "cparam02", 405, "", null },
        { "regescrt", 405, "", null },
        { "sdp01", 406, "", null },
        { "inv2543", 0, "", "UserB" },
    };

    [Fact]
    public void All_49_are_here() => Assert.Equal(
        Directory.EnumerateFiles(Folder, "*.dat").Select(f => Path.GetFileNameWithoutExtension(f)!).Order(StringComparer.Ordinal),
        Cases.Select(c => c.Data.Item1).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Is_answered_and_has_its_effect(string name, int status, string header, string? called)
    {
        var layer = new SipLayer(SipBench.DefaultSettings, new SansIo.Entropy(3));
        var now = new SansIo.Instant(1_000_000_000);
        layer.SetPeers([SipBench.DefaultPeer], now);
        layer.Receive(File.ReadAllBytes(Path.Combine(Folder, name + ".dat")), SipBench.Udp, now);
        var (answer, text, calls) = (0, "", new List<SipEvent.IncomingCall>());
        while (layer.TryTake(out var output))
        {
            if (output is SipOutput.Send send)
            {
                var sent = SipBench.TextOf(send.Message);
                Assert.StartsWith("SIP/2.0 ", sent, StringComparison.Ordinal);
                var code = int.Parse(sent.AsSpan(8, 3), System.Globalization.CultureInfo.InvariantCulture);
                if (code < 200) continue;
                Assert.Equal(0, answer);
                (answer, text) = (code, sent);
            }
            else if (output is SipOutput.Happened { Event: SipEvent.IncomingCall call })
            {
                calls.Add(call);
            }
            else
            {
                Assert.False(output is SipOutput.Happened, $"{name}: {output}");
            }
        }

        Assert.Equal((status, called), (answer, calls.SingleOrDefault()?.CalledUser));
        Assert.Contains(header, text, StringComparison.OrdinalIgnoreCase);
        // Whatever it was, the layer serves on.
        foreach (var call in calls) layer.Reject(call.Call, 486, 17, null, now);
    }

    [Theory]
    // RFC 5118 §4.1 to §4.10, the parts that make a difference to an answer.
    [InlineData("OPTIONS sip:[2001:db8::10] SIP/2.0", "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111", 200)]
    [InlineData("OPTIONS sip:2001:db8::10 SIP/2.0", "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3", 400)]
    [InlineData("OPTIONS sip:[2001:db8::10:5070] SIP/2.0", "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3", 200)]
    [InlineData("OPTIONS sip:[2001:db8::10]:5070 SIP/2.0", "SIP/2.0/UDP [2001:db8::9:1]:5060;branch=z9hG4bKas3", 200)]
    [InlineData("OPTIONS sip:[2001:db8::10] SIP/2.0", "SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3", 200)]
    [InlineData("OPTIONS sip:[2001:db8::10] SIP/2.0", "SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3", 200)]
    [InlineData("OPTIONS sip:user@[::ffff:192.0.2.10] SIP/2.0", "SIP/2.0/UDP [::ffff:192.0.2.9];branch=z9hG4bKas3", 200)]
    // §4.10: the extra colon of an old grammar is forgiven.
    [InlineData("OPTIONS sip:user@[2001:db8:::192.0.2.1] SIP/2.0", "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3", 200)]
    public void RFC_5118(string firstLine, string via, int status)
    {
        var bench = new SipBench();
        bench.Deliver($"""
            {firstLine}
            Via: {via}
            Max-Forwards: 70
            From: <sip:user@example.com>;tag=81x2
            To: <sip:user@example.com>
            Call-ID: SSG9559905523997077@hlau_4100
            CSeq: 1 OPTIONS
            """);
        bench.Expect(status.ToString(System.Globalization.CultureInfo.InvariantCulture));
        bench.NothingHappens();
    }

    [Fact]
    public void A_body_of_many_parts_is_searched_for_SDP_however_deep_its_boundary_hides()
    {
        var bench = new SipBench();
        var body = $"preamble --x is none\r\n--x\r\nContent-Type: application/isup;version=nxv3\r\nContent-Disposition: signal;handling=optional\r\n\r\n\u0001\u0010\r\n--x\r\nc: application/sdp\r\n\r\n{SipBench.Offer}\r\n--x--\r\n";
        bench.Request("INVITE", body: body, type: "multipart/mixed; boundary=\"x\"");
        Assert.Equal(SipBench.Offer, SipBench.TextOf(bench.Happens<SipEvent.IncomingCall>().Offer));
    }
}
