using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip.Tests.Messages;

public sealed class MessageTests
{
    private static readonly string Examples = Path.Combine(AppContext.BaseDirectory, "corpus", "sip", "rfc3261");

    public static TheoryData<string> ExampleNames() => [.. Directory.EnumerateFiles(Examples, "*.sip").Select(f => Path.GetFileNameWithoutExtension(f)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(ExampleNames))]
    public void Examples_of_RFC_3261_24_are_read(string name)
    {
        var message = Example(name);
        Assert.Contains(message.CallIdText, (string[])["843817637684230@998sdasdh09", "a84b4c76e66710"]);
        Assert.True(message.TopVia.HasMagicCookie);
        Assert.False(message.FromTag.IsEmpty);
        Assert.Equal(message.NumberOf(SipHeader.ContentLength) ?? 0, (uint)message.Body.Length);
    }

    [Fact]
    public void All_16_examples_are_there() => Assert.Equal(16, ExampleNames().Count);

    [Fact]
    public void Our_180_to_the_INVITE_of_F5_is_F6()
    {
        var writer = new SipWriter();
        writer.BeginResponse(Example("24.2-f05"), NetAddress.FromIPv4(0xC0000203, 5060), 180, "a6c85cf");
        writer.Address(SipHeader.Contact, null, "sip:bob@192.0.2.4");
        writer.End();
        var ours = Parse(Encoding.UTF8.GetString(writer.Written));
        var theirs = Example("24.2-f06");
        Assert.Equal(theirs.Status, ours.Status);
        Assert.Equal(Text(theirs.Phrase), Text(ours.Phrase));
        Assert.Equal(All(theirs, SipHeader.Via).Select(v => v.Replace(" ", "", StringComparison.Ordinal)), All(ours, SipHeader.Via).Select(v => v.Replace(" ", "", StringComparison.Ordinal)));
        foreach (var header in new[] { SipHeader.To, SipHeader.From, SipHeader.CallId, SipHeader.CSeq, SipHeader.Contact }) Assert.Equal(All(theirs, header), All(ours, header));
    }

    [Fact]
    public void A_real_INVITE_gives_up_its_parts()
    {
        var invite = SampleInvite.Read();
        Assert.True(invite.IsRequest);
        Assert.Equal(SipMethod.Invite, invite.Method);
        Assert.Equal("sip:1001@203.0.113.5:5060", Text(invite.RequestUri));
        Assert.Equal("60c6f2d73b1e4a5f9a7c@192.0.2.40", invite.CallIdText);
        Assert.Equal("as58f4201b", Text(invite.FromTag));
        Assert.True(invite.ToTag.IsEmpty);
        Assert.Equal(102u, invite.CSeqNumber);
        Assert.Equal(69, invite.MaxForwards);
        Assert.Equal("192.0.2.9", Text(invite.TopVia.Host));
        Assert.Equal(SipTransport.Udp, invite.TopVia.Transport);
        Assert.True(invite.TopVia.Parameters.Has("rport"u8));
        Assert.Equal("Alice Example", invite.From.DisplayText);
        Assert.Equal("Alice", invite.AddressOf(SipHeader.PAssertedIdentity).DisplayText);
        Assert.True(SipUri.TryParse(invite.AddressOf(SipHeader.RecordRoute).Uri, out var route) && route.IsLooseRouter);
        Assert.True(invite.Lists(SipHeader.Supported, "100REL"u8));
        Assert.True(invite.Lists(SipHeader.Allow, "UPDATE"u8));
        Assert.False(invite.Lists(SipHeader.Allow, "PRACK"u8));
        Assert.Equal("application/sdp", Text(invite.MediaType));
        Assert.StartsWith("v=0\r\n", Text(invite.Body.Span), StringComparison.Ordinal);
        Assert.Equal(SampleInvite.Bytes, invite.Bytes.ToArray());
        Assert.Equal("INVITE sip:1001@203.0.113.5:5060 SIP/2.0", invite.ToString());
        Assert.Equal(16, invite.HeaderCount);
        Assert.Equal(SipHeader.RecordRoute, invite.HeaderAt(2).Header);
    }

    [Fact]
    public void Compact_names_case_blanks_folds_and_lists()
    {
        var message = Parse(
            "OPTIONS sip:a@b SIP/2.0\r\nv : SIP/2.0/TCP [2001:db8::9]:5061;branch=z9hG4bK1,SIP/2.0/UDP c:5060\r\nf:<sip:x@y>;tag=1\r\nT:sip:a@b\r\ni:q\r\ncseq:1\tOPTIONS\r\n" +
            "m:\"a, b;c\" <sip:p@q;x=1>;expires=5, sip:r@s;q=0.1\r\nX-Odd: one\r\n\ttwo\r\nx-odd: three\r\nk: timer ,\r\n 100rel,,\r\nl:0\r\n\r\n");
        Assert.Equal(["SIP/2.0/TCP [2001:db8::9]:5061;branch=z9hG4bK1", "SIP/2.0/UDP c:5060"], All(message, SipHeader.Via));
        Assert.Equal("[2001:db8::9]", Text(message.TopVia.Host));
        Assert.Equal(5061, message.TopVia.Port);
        Assert.Equal(["\"a, b;c\" <sip:p@q;x=1>;expires=5", "sip:r@s;q=0.1"], All(message, SipHeader.Contact));
        Assert.Equal(["timer", "100rel"], All(message, SipHeader.Supported));
        Assert.Equal("one  \ttwo", Text(message.First("X-ODD"u8)));
        Assert.Equal(["X-Odd", "x-odd"], Enumerable.Range(0, message.HeaderCount).Where(i => message.HeaderAt(i).Header == SipHeader.Other).Select(i => Text(message.HeaderAt(i).Name)));
        Assert.Equal(5u, message.AddressOf(SipHeader.Contact).Parameters.NumberOf("EXPIRES"u8));
        Assert.Equal("\"a, b;c\"", Text(message.AddressOf(SipHeader.Contact).DisplayName));
    }

    [Theory]
    [InlineData("Retry-After: 120 (in a meeting);duration=3600", SipHeader.RetryAfter, 120u)]
    [InlineData("Expires: 0060", SipHeader.Expires, 60u)]
    [InlineData("Session-Expires: 1800;refresher=uac", SipHeader.SessionExpires, 1800u)]
    [InlineData("Expires: 12x", SipHeader.Expires, null)]
    [InlineData("Expires: -1", SipHeader.Expires, null)]
    [InlineData("Expires: 99999999999999999999", SipHeader.Expires, null)]
    [InlineData("Min-Expires: 7200", SipHeader.MinExpires, 7200u)]
    [InlineData("Subject: 7200", SipHeader.MinExpires, null)]
    public void Numbers(string line, SipHeader header, uint? number) => Assert.Equal(number, Parse(With(line)).NumberOf(header));

    [Theory]
    [InlineData("Reason: Q.850;cause=16;text=\"Terminated\"", 16)]
    [InlineData("Reason: SIP ;cause=200, q.850 ; cause = 17", 17)]
    [InlineData("Reason: Q.850;cause=300", 0)]
    [InlineData("Reason: SIP;cause=600", 0)]
    [InlineData("Subject: none", 0)]
    public void Reason(string line, int cause) => Assert.Equal(cause, Parse(With(line)).ReasonQ850);

    [Fact]
    public void Challenges_are_one_to_a_line()
    {
        var message = Parse(With("WWW-Authenticate: Digest realm=\"a, \\\"b\\\"\", nonce=\"n,1\",algorithm=SHA-256 , qop=\"auth,auth-int\"\r\nWWW-Authenticate: Basic realm=\"x\""));
        var seen = new List<string>();
        foreach (var line in message.Lines(SipHeader.WwwAuthenticate))
        {
            Assert.True(SipAuthParameters.TryParse(line, out var challenge));
            seen.Add($"{Text(challenge.Scheme)} {challenge.IsDigest} {challenge.TextOf("realm"u8)} {challenge.TextOf("nonce"u8)} {challenge.TextOf("ALGORITHM"u8)} {challenge.TextOf("qop"u8)} {challenge.TextOf("opaque"u8)}");
        }

        Assert.Equal(["Digest True a, \"b\" n,1 SHA-256 auth,auth-int ", "Basic False x    "], seen);
    }

    [Theory]
    [InlineData("", SipParseError.Empty)]
    [InlineData("\r\n\r\n", SipParseError.Empty)]
    [InlineData("nonsense", SipParseError.BadFirstLine)]
    [InlineData("SIP/2.0 99 Low\r\n\r\n", SipParseError.BadFirstLine)]
    [InlineData("SIP/2.0 700 High\r\n\r\n", SipParseError.BadFirstLine)]
    [InlineData("SIP/2.0 2000 Long\r\n\r\n", SipParseError.BadFirstLine)]
    [InlineData("SIP/3.0 200 OK\r\n\r\n", SipParseError.UnsupportedVersion)]
    [InlineData("OPTIONS sip:a@b HTTP/1.1\r\n\r\n", SipParseError.BadFirstLine)]
    [InlineData("OPTIONS sip:a@b SIP/2.0\r\n\r\n", SipParseError.MissingHeader)]
    [InlineData("OPTIONS sip:a@b SIP/2.0\r\nVia", SipParseError.BadHeaderLine)]
    public void Rubbish_has_a_name(string text, SipParseError error)
    {
        Assert.Equal(error, SipMessage.TryParse(Encoding.UTF8.GetBytes(text), SipLimits.Default, out var message));
        Assert.Null(message);
    }

    [Theory]
    [InlineData("no colon here", SipParseError.BadHeaderLine)]
    [InlineData("bad name: x", SipParseError.BadHeaderLine)]
    [InlineData(": x", SipParseError.BadHeaderLine)]
    [InlineData("Call-ID: other", SipParseError.DuplicateHeader)]
    [InlineData("Call-ID: c", SipParseError.None)]
    [InlineData("Max-Forwards: 256", SipParseError.BadHeaderValue)]
    [InlineData("Contact: <sip:a@b", SipParseError.BadHeaderValue)]
    [InlineData("Contact: *", SipParseError.None)]
    [InlineData("Route: \"x <sip:a@b>", SipParseError.BadHeaderValue)]
    [InlineData("Content-Length: 1", SipParseError.BadContentLength)]
    [InlineData("Content-Length: 0\r\nl: 0", SipParseError.None)]
    [InlineData("Via: SIP/2.0/UDP", SipParseError.BadHeaderValue)]
    [InlineData("Via: SIP/2.0/UDP a:0", SipParseError.BadHeaderValue)]
    [InlineData("Via: SIP/2.0/UDP a b", SipParseError.BadHeaderValue)]
    [InlineData("Via: SIP/2.0/UDP a : 5060 ; branch=z9hG4bKq", SipParseError.None)]
    [InlineData("Via: SIP/2.0/UDP a:99999", SipParseError.BadHeaderValue)]
    public void A_bad_header_is_named_and_the_request_can_be_answered(string line, SipParseError error)
    {
        Assert.Equal(error, SipMessage.TryParse(Encoding.UTF8.GetBytes(With(line)), SipLimits.Default, out var message));
        Assert.NotNull(message);
        Assert.Equal(error, message.Error);
    }

    [Fact]
    public void Too_many_headers_or_bytes_are_too_large_and_still_answerable()
    {
        var many = With(string.Join("\r\n", Enumerable.Range(0, 300).Select(i => $"X-{i}: y")));
        Assert.Equal(SipParseError.TooLarge, SipMessage.TryParse(Encoding.UTF8.GetBytes(many), SipLimits.Default, out var message));
        Assert.NotNull(message);
        Assert.Equal(256, message.HeaderCount);
        var large = With("Subject: " + new string('x', 70_000));
        Assert.Equal(SipParseError.TooLarge, SipMessage.TryParse(Encoding.UTF8.GetBytes(large), SipLimits.Default, out message));
        Assert.Equal(513, SipParseErrors.StatusOf(SipParseError.TooLarge));
    }

    [Fact]
    public void What_a_bad_message_costs_is_linear_in_its_length()
    {
        var folded = Encoding.UTF8.GetBytes(With("Subject: x" + string.Concat(Enumerable.Repeat("\r\n y", 15_000))));
        var returns = Encoding.UTF8.GetBytes(With(string.Concat(Enumerable.Repeat("X: a\rb\r\n", 7_000)) + "X: y"));
        foreach (var bytes in new[] { folded, returns })
        {
            SipMessage.TryParse(bytes, SipLimits.Default, out _);
            var before = GC.GetAllocatedBytesForCurrentThread();
            SipMessage.TryParse(bytes, SipLimits.Default, out _);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 3 * bytes.Length);
        }
    }

    [Fact]
    public void A_carriage_return_inside_a_value_cannot_begin_a_line_when_it_is_copied()
    {
        var message = Parse(With("Subject: a\rInjected: yes"));
        Assert.Equal("a Injected: yes", Text(message.First(SipHeader.Subject)));
    }

    private static string With(string line) =>
        $"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP c;branch=z9hG4bK1\r\nFrom: <sip:x@y>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n{line}\r\n\r\n";

    private static SipMessage Example(string name) => Parse(File.ReadAllText(Path.Combine(Examples, name + ".sip")));

    private static SipMessage Parse(string text)
    {
        Assert.Equal(SipParseError.None, SipMessage.TryParse(Encoding.UTF8.GetBytes(text), SipLimits.Default, out var message));
        return message!;
    }

    private static List<string> All(SipMessage message, SipHeader header)
    {
        var all = new List<string>();
        foreach (var value in message.Values(header)) all.Add(Text(value));
        return all;
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
