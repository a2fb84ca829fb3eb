using System.Text;
using CsCheck;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>The grammar of RFC 3435 Appendix A, and what real gateways make of it.</summary>
public class WireTests
{
    [Theory]
    [InlineData("", MgcpParseError.Empty)]
    [InlineData(" \r\n\t", MgcpParseError.Empty)]
    [InlineData("NTF 1 a@b MGCP 1.0", MgcpParseError.BadFirstLine)]
    [InlineData("N#FY 1 a@b MGCP 1.0", MgcpParseError.BadFirstLine)]
    [InlineData("GET / HTTP/1.1", MgcpParseError.BadFirstLine)]
    [InlineData("PING 7 a@b MGCP 1.0", MgcpParseError.UnknownVerb)]
    [InlineData("NTFY", MgcpParseError.BadTransactionId)]
    [InlineData("NTFY x a@b MGCP 1.0", MgcpParseError.BadTransactionId)]
    [InlineData("NTFY -1 a@b MGCP 1.0", MgcpParseError.BadTransactionId)]
    [InlineData("NTFY 1x a@b MGCP 1.0", MgcpParseError.BadTransactionId)]
    [InlineData("NTFY 1000000000 a@b MGCP 1.0", MgcpParseError.BadTransactionId)]
    [InlineData("NTFY 99999999999999999999 a@b MGCP 1.0", MgcpParseError.BadTransactionId)]
    [InlineData("NTFY 1 ab MGCP 1.0", MgcpParseError.BadEndpointName)]
    [InlineData("NTFY 1 @b MGCP 1.0", MgcpParseError.BadEndpointName)]
    [InlineData("NTFY 1 a@ MGCP 1.0", MgcpParseError.BadEndpointName)]
    [InlineData("NTFY 1", MgcpParseError.BadEndpointName)]
    [InlineData("NTFY 1 a@b", MgcpParseError.UnsupportedVersion)]
    [InlineData("NTFY 1 a@b MGCP", MgcpParseError.UnsupportedVersion)]
    [InlineData("NTFY 1 a@b MGCP 2.0", MgcpParseError.UnsupportedVersion)]
    [InlineData("NTFY 1 a@b MGCP 1", MgcpParseError.UnsupportedVersion)]
    [InlineData("NTFY 1 a@b MGCP 1.0x", MgcpParseError.UnsupportedVersion)]
    [InlineData("NTFY 1 a@b SGCP 1.0", MgcpParseError.UnsupportedVersion)]
    [InlineData("NTFY 1 a@b MGCP 1.0\nX 5", MgcpParseError.BadParameterLine)]
    [InlineData("NTFY 1 a@b MGCP 1.0\n:5", MgcpParseError.BadParameterLine)]
    [InlineData("NTFY 1 a@b MGCP 1.0\nX: 5\nx:6", MgcpParseError.DuplicateParameter)]
    [InlineData("NTFY 1 a@b MGCP 1.0\nX: 5\nX 6\nx:6", MgcpParseError.BadParameterLine)]
    [InlineData("NTFY 1 a@b MGCP 1.0\nX-a: 5\nX-a:6", MgcpParseError.None)]
    [InlineData("NTFY 0 a@b MGCP 1.0", MgcpParseError.None)]
    [InlineData("NTFY 000000000001 a@b MGCP 1.0", MgcpParseError.None)]
    [InlineData("\r\n\r\n  ntfy\t 1  a@b \t MGCP \t0.1  ", MgcpParseError.None)]
    [InlineData("NTFY 1 a@b mgcp 1.0 NCS 1.0", MgcpParseError.None)]
    [InlineData("NTFY 1 a@b MGCP 1.0 TGCP 1.0;", MgcpParseError.None)]
    public void A_command_is_read_or_refused_by_name(string text, MgcpParseError expected) =>
        Assert.Equal(expected, MgcpCommand.TryParse(Bytes(text), out _));

    [Theory]
    [InlineData("200 5 OK", MgcpParseError.None)]
    [InlineData("200 5", MgcpParseError.None)]
    [InlineData("000 5", MgcpParseError.None)]
    [InlineData("200\t 5 \t", MgcpParseError.None)]
    [InlineData("200 5 OK\nthis is no parameter", MgcpParseError.None)]
    [InlineData("200 5 OK\nI: 1\nI: 2", MgcpParseError.None)]
    [InlineData("20 5", MgcpParseError.BadResponseCode)]
    [InlineData("2000 5", MgcpParseError.BadResponseCode)]
    [InlineData("2x0 5", MgcpParseError.BadResponseCode)]
    [InlineData("200", MgcpParseError.BadTransactionId)]
    [InlineData("200 OK", MgcpParseError.BadTransactionId)]
    [InlineData("200 1000000000", MgcpParseError.BadTransactionId)]
    [InlineData("", MgcpParseError.Empty)]
    public void A_response_is_read_or_refused_by_name(string text, MgcpParseError expected) =>
        Assert.Equal(expected, MgcpResponse.TryParse(Bytes(text), out _));

    [Theory]
    [InlineData(MgcpParseError.UnknownVerb, 504)]
    [InlineData(MgcpParseError.BadEndpointName, 500)]
    [InlineData(MgcpParseError.UnsupportedVersion, 528)]
    [InlineData(MgcpParseError.BadParameterLine, 510)]
    [InlineData(MgcpParseError.DuplicateParameter, 510)]
    [InlineData(MgcpParseError.BadParameterValue, 510)]
    [InlineData(MgcpParseError.MissingParameter, 510)]
    [InlineData(MgcpParseError.TooManyParameters, 510)]
    [InlineData(MgcpParseError.BadFirstLine, null)]
    [InlineData(MgcpParseError.BadTransactionId, null)]
    [InlineData(MgcpParseError.TooLong, null)]
    public void An_error_has_its_response_code(MgcpParseError error, int? code) => Assert.Equal(code, MgcpResponseCodes.For(error));

    [Fact]
    public void Too_many_parameter_lines_are_refused_in_commands_only()
    {
        var lines = string.Concat(Enumerable.Range(0, MgcpParameters.MaxCommandLines + 1).Select(static i => $"X-{i}: 1\n"));
        Assert.Equal(MgcpParseError.TooManyParameters, MgcpCommand.TryParse(Bytes("NTFY 1 a@b MGCP 1.0\n" + lines), out _));
        Assert.Equal(MgcpParseError.None, MgcpResponse.TryParse(Bytes("200 1 OK\n" + lines), out _));
        Assert.Equal(MgcpParseError.TooLong, MgcpCommand.TryParse(new byte[MgcpDatagram.MaxBytes + 1], out _));
    }

    [Fact]
    public void Odd_endpoint_names_are_split_at_their_at_sign()
    {
        Assert.Equal("aaln/0|00:0d:da:01:fe:ac", Split("aaln/0@00:0d:da:01:fe:ac"));
        Assert.Equal("$MAC:aaln/0|[10.0.0.1]", Split("$MAC:aaln/0@[10.0.0.1]"));
        Assert.Equal("*|[2001:db8::1]", Split("*@[2001:db8::1]"));
        Assert.False(MgcpEndpointName.TryParse(Bytes(new string('a', 256) + "@b"), out _));
        Assert.False(MgcpEndpointName.TryParse(Bytes("a@" + new string('b', 256)), out _));

        static string Split(string text)
        {
            Assert.True(MgcpEndpointName.TryParse(Bytes(text), out var name));
            return Encoding.ASCII.GetString(name.Local) + "|" + Encoding.ASCII.GetString(name.Domain);
        }
    }

    [Theory]
    [InlineData("*", "aaln/1", true)]
    [InlineData("aaln/*", "aaln/1", true)]
    [InlineData("AALN/*", "aaln/s1/su0/1", true)]
    [InlineData("aaln/*", "ds/1", false)]
    [InlineData("aaln/*", "aaln", false)]
    [InlineData("*/1", "aaln/1", true)]
    [InlineData("*/1", "aaln/2", false)]
    [InlineData("aaln/[1-2,7]", "aaln/2", true)]
    [InlineData("aaln/[1-2,7]", "aaln/7", true)]
    [InlineData("aaln/[1-2,7]", "aaln/3", false)]
    [InlineData("aaln/1", "aaln/1", true)]
    [InlineData("aaln/1", "aaln/11", false)]
    [InlineData("aaln/1", "aaln/1/2", false)]
    public void A_wildcard_covers_what_it_says(string pattern, string name, bool expected) =>
        Assert.Equal(expected, MgcpEndpointName.Covers(Bytes(pattern), name));

    [Fact]
    public void A_body_follows_the_empty_line_or_a_version_line()
    {
        MgcpResponse.TryParse(Bytes("200 1 OK\r\nI: 1\r\n\r\nv=0\r\ns=-\r\n\r\nv=0\r\n"), out var two);
        MgcpResponse.SplitBodies(two.Body, out var first, out var second);
        Assert.Equal("v=0\r\ns=-\r\n", Encoding.ASCII.GetString(first));
        Assert.Equal("v=0\r\n", Encoding.ASCII.GetString(second));
        MgcpResponse.TryParse(Bytes("200 1 OK\nI: 1\nv=0\ns=-\n"), out var glued);
        Assert.Equal("v=0\ns=-\n", Encoding.ASCII.GetString(glued.Body));
        MgcpResponse.TryParse(Bytes("200 1 OK\n\nv=0\ns=-\n"), out var bare);
        Assert.Equal("v=0\ns=-\n", Encoding.ASCII.GetString(bare.Body));
        MgcpCommand.TryParse(Bytes("RQNT 1 a@b MGCP 1.0\nX: 1\n\n\n"), out var none);
        Assert.True(none.Body.IsEmpty);
        Assert.Equal("1", Encoding.ASCII.GetString(none.Parameters[MgcpParameter.RequestIdentifier]));
    }

    [Theory]
    [InlineData("D/5", "D/5")]
    [InlineData("d/0,d/6,d/T", "d/0 d/6 d/T")]
    [InlineData("D/8295555T", "D/8 D/2 D/9 D/5 D/5 D/5 D/5 D/T")]
    [InlineData("L/8295555", "L/8 L/2 L/9 L/5 L/5 L/5 L/5")]
    [InlineData("12#", "/1 /2 /#")]
    [InlineData("hd", "/hd")]
    [InlineData("L/hd, D/9,  D/1", "L/hd D/9 D/1")]
    [InlineData("L/oc(L/dl)", "L/oc(L/dl)")]
    [InlineData("G/rt@1F", "G/rt@1F")]
    [InlineData("D/DD(dg=5,to=60)", "D/DD(dg=5,to=60)")]
    [InlineData("D/DD", "D/DD")]
    [InlineData("D/AD5", "D/A D/D D/5")]
    [InlineData("t38(start)", "/t38(start)")]
    [InlineData("FXR/t38(start)", "FXR/t38(start)")]
    [InlineData("KY/ks(1,\"a,b)\"\"(\",x)", "KY/ks(1,\"a,b)\"\"(\",x)")]
    [InlineData("L/hd,D/(", "L/hd !")]
    [InlineData("L/hd),L/hu", "L/hd)  L/hu")]
    [InlineData("L/hd(", "!")]
    [InlineData("D/5)x", "D/5)x")]
    [InlineData("L/a(1)(2)(3)", "!")]
    [InlineData("L/a(1)x", "!")]
    [InlineData("", "")]
    [InlineData(" , ,", "")]
    public void Observed_events_come_in_three_shapes(string value, string expected)
    {
        List<string> seen = [];
        var reader = new ObservedEventsReader(Bytes(value));
        while (reader.TryNext(out var entry, out var name))
        {
            seen.Add(Text(entry.Package) + "/" + Text(name)
                + (entry.Connection.IsEmpty ? "" : "@" + Text(entry.Connection)) + (entry.Groups > 0 ? $"({Text(entry.Arguments)})" : ""));
        }

        if (reader.Failed) seen.Add("!");
        Assert.Equal(expected.Replace("  ", " ", StringComparison.Ordinal), string.Join(' ', seen));
    }

    [Theory]
    [InlineData("1205", "1205-1205")]
    [InlineData("6234-6255, 6257,19030 - 19044", "6234-6255 6257-6257 19030-19044")]
    [InlineData("9-3", "")]
    [InlineData("x", "")]
    [InlineData("", "")]
    public void Confirmed_ranges_are_read(string value, string expected)
    {
        List<string> seen = [];
        var reader = new MgcpTransactionRanges(Bytes(value));
        while (reader.TryNext(out var first, out var last)) seen.Add($"{first}-{last}");
        Assert.Equal(expected, string.Join(' ', seen));
    }

    [Fact]
    public void Reading_allocates_nothing()
    {
        byte[][] messages =
        [
            Bytes("NTFY 2002 aaln/1@rgw-2567.whatever.net MGCP 1.0\r\nN: ca@ca1.whatever.net:5678\r\nX: 0123456789AC\r\nO: L/hd,D/9,D/1,D/2018294266T\r\n"),
            Bytes("200 1206 OK\r\nK:\r\nI: DFE233D1\r\nP: PS=1, OS=2\r\nA: a:PCMU;PCMA, v:L;S\r\n\r\nv=0\r\no=- 1 1 IN IP4 1.2.3.4\r\n\r\nv=0\r\n"),
            Bytes("200 2005 OK\n.\nDLCX 1244 card23/21@tgw-7.example.net MGCP 1.0\nK: 1-5, 9\nC: A3C47F21456789F0\nI: FDE234C8\n"),
            Bytes("RQNT 1202 aaln/1@[10.0.0.1] MGCP 1.0\nR: L/hd(A, E(S(L/dl),R(L/oc, L/hu, D/[0-9#*T](D))))\nX-foo: \"a,b\"\n"),
            Bytes("rubbish"),
        ];
        var checksum = 0;
        foreach (var message in messages) checksum += ReadAll(message);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            foreach (var message in messages) checksum += ReadAll(message);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(checksum > 0);
    }

    [Fact]
    public void Readers_are_total_over_any_bytes()
    {
        string[] words =
        [
            "NTFY ", "200 ", "12345 ", "aaln/1@gw ", "MGCP 1.0", "\r\n", "\n", "\r", "X: 5", "O: ", "L/hd(", ")", "\"", ",", ".\n", "v=0", ":", "D/[0-9#*T](D)",
            "K: 1-999999999",
        ];
        var pieces = Gen.OneOf(Gen.Byte.Array[0, 20], Gen.Int[0, words.Length - 1].Select(i => Bytes(words[i])));
        pieces.Array[0, 30].Select(static parts => parts.SelectMany(static p => p).ToArray()).Sample(static bytes => ReadAll(bytes) >= int.MinValue, iter: 20_000);
    }

    /// <summary>Hostile shapes of the largest datagram take about as many steps as bytes: each is read in far less than a second, where n² would take minutes.</summary>
    [Theory]
    [InlineData(".")]
    [InlineData("\n.")]
    [InlineData("\r.x\n.")]
    [InlineData("(")]
    [InlineData("\"")]
    [InlineData("X:\n")]
    [InlineData("O:(,")]
    [InlineData("\n\n")]
    [InlineData("D/5,")]
    public void Hostile_datagrams_cost_no_more_than_their_length(string piece)
    {
        var text = "NTFY 1 a@b MGCP 1.0\nO: " + string.Concat(Enumerable.Repeat(piece, 60_000 / piece.Length));
        var bytes = Bytes(text);
        ReadAll(bytes); // what the runtime allocates the first time through is its own affair
        var before = GC.GetAllocatedBytesForCurrentThread();
        ReadAll(bytes);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void What_is_written_reads_the_same()
    {
        var word = Gen.String[Gen.Char["abcXYZ019/-*#[]"], 1, 12];
        var value = Gen.String[Gen.Char["abc 019,;()=\"/\r\n\té€"], 0, 30];
        var parameter = Gen.Int[1, 26].Select(static i => (MgcpParameter)i);
        Gen.Select(Gen.Int[1, 10], Gen.UInt[1, 999_999_999], word, word, Gen.Dictionary(parameter, value)[0, 8], Gen.Bool).Sample(
            (verb, id, local, domain, lines, withBody) =>
            {
                var writer = new MgcpWriter().Command((MgcpVerb)verb, id, local, domain, "MGCP 1.0");
                foreach (var (name, text) in lines) writer.Parameter(name, text);
                if (withBody) writer.Body("v=0\r\ns=-\r\n"u8);
                var once = writer.Written.Length;
                writer.Separator().Response(200, id, "OK");
                var messages = new MgcpDatagram(writer.Written);
                Assert.True(messages.TryNext(out var first));
                Assert.Equal(MgcpParseError.None, MgcpCommand.TryParse(first, out var command));
                Assert.Equal(((MgcpVerb)verb, id), (command.Verb, command.TransactionId));
                Assert.Equal((local, domain), (Text(command.Endpoint.Local), Text(command.Endpoint.Domain)));
                Assert.Equal("MGCP 1.0", Text(command.Version));
                foreach (var (name, text) in lines)
                {
                    Assert.True(command.Parameters.Has(name));
                    var clean = text.Replace('\r', ' ').Replace('\n', ' ').Replace('\t', ' ').Trim(' ');
                    Assert.Equal(clean, Encoding.UTF8.GetString(command.Parameters[name]));
                }

                Assert.Equal(withBody ? "v=0\r\ns=-\r\n" : "", Text(command.Body));
                Assert.True(messages.TryNext(out var second));
                Assert.Equal(MgcpParseError.None, MgcpResponse.TryParse(second, out var response));
                Assert.Equal((200, id, "OK"), (response.Code, response.TransactionId, Text(response.Comment)));
                Assert.False(messages.TryNext(out _));
            },
            iter: 3000);
    }

    /// <summary>Walks everything there is to walk; the number keeps the work from being optimised away.</summary>
    private static int ReadAll(ReadOnlySpan<byte> datagram)
    {
        var sum = 0;
        var messages = new MgcpDatagram(datagram);
        while (messages.TryNext(out var message))
        {
            sum += (int)MgcpDatagram.KindOf(message);
            sum += (int)MgcpCommand.TryParse(message, out var command) + command.Body.Length + (command.Endpoint.IsWildcard ? 1 : 0);
            sum += (int)MgcpResponse.TryParse(message, out var response) + response.Body.Length;
            MgcpResponse.SplitBodies(response.Body, out var first, out var second);
            sum += first.Length + second.Length + Walk(command.Parameters) + Walk(response.Parameters);
            sum += MgcpEndpointName.Covers(command.Endpoint.Local, "aaln/1") ? 1 : 0;
        }

        return sum;
    }

    private static int Walk(MgcpParameters parameters)
    {
        var sum = 0;
        foreach (var line in parameters)
        {
            sum += line.Value.Length;
            var observed = new ObservedEventsReader(line.Value);
            while (observed.TryNext(out var entry, out var name)) sum += entry.Groups + name.Length;
            var options = new MgcpOptionReader(line.Value);
            while (options.TryNext(out var option, out var text)) sum += option.Length + text.Length;
            var ranges = new MgcpTransactionRanges(line.Value);
            while (ranges.TryNext(out var low, out var high)) sum += (int)(high - low);
        }

        return sum;
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
