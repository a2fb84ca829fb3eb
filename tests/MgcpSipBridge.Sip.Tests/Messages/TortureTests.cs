using System.Text;
using System.Text.Json;
using MgcpSipBridge.Sip.Tests.Transactions;

namespace MgcpSipBridge.Sip.Tests.Messages;

/// <summary>
/// The 49 messages of RFC 4475, byte for byte from its appendix. Each has an expectation; one that is wrong today carries "knownGap" beside
/// the right expectation and fails when it starts to pass.
/// </summary>
public sealed class TortureTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "corpus", "sip", "rfc4475");
    private static readonly JsonSerializerOptions CamelCase = new(JsonSerializerDefaults.Web) { Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter() } };

    /// <summary>What becomes of a case: the reader's word, and the final answer that the transaction layer gives by itself.</summary>
    public sealed record Expectation(string Section, SipParseError Error, int? Answer = null, string? Why = null, string? KnownGap = null);

    public static TheoryData<string> Cases() => [.. Directory.EnumerateFiles(Folder, "*.dat").Select(f => Path.GetFileNameWithoutExtension(f)!).Order(StringComparer.Ordinal)];

    [Fact]
    public void All_49_cases_have_an_expectation()
    {
        Assert.Equal(49, Expectations().Count);
        Assert.Equal(Cases().Select(c => c.Data), Expectations().Keys.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Comes_out_as_expected(string name)
    {
        var bytes = File.ReadAllBytes(Path.Combine(Folder, name + ".dat"));
        var expected = Expectations()[name];
        var error = SipMessage.TryParse(bytes, SipLimits.Default, out _);
        var bench = new TransactionBench();
        bench.Receive(bytes);
        // An answer to a bad request copies what is bad in it: only its first line is read here.
        var statuses = bench.Sent.Select(s => int.Parse(s.Message.Span[8..11], System.Globalization.CultureInfo.InvariantCulture));
        int? answer = statuses.Where(s => s >= 200).SingleOrDefault() is var status and not 0 ? status : null;

        if (expected.KnownGap is { } gap) Assert.False((error, answer) == (expected.Error, expected.Answer), $"{name} passes now; remove its knownGap: {gap}");
        else Assert.Equal((expected.Error, expected.Answer), (error, answer));
    }

    [Fact]
    public void A_short_tortuous_INVITE_is_read_as_its_section_explains()
    {
        var message = Load("wsinv");
        Assert.Equal("1918181833n", Text(message.ToTag));
        Assert.Equal("98asjd8", Text(message.FromTag));
        Assert.Equal("J Rosenberg \\\"", message.From.DisplayText);
        Assert.Equal(68, message.MaxForwards);
        Assert.Equal(9u, message.CSeqNumber);
        Assert.Equal(SipMethod.Invite, message.Method);
        Assert.Equal(150, message.Body.Length);
        Assert.Equal("390skdjuw", Text(message.TopVia.Branch));
        Assert.Equal("192.0.2.2", Text(message.TopVia.Host));
        var vias = new List<string>();
        foreach (var value in message.Values(SipHeader.Via))
        {
            Assert.True(SipVia.TryParse(value, out var via));
            vias.Add($"{Text(via.TransportToken)} {Text(via.Host)} {Text(via.Branch)}");
        }

        Assert.Equal(["UDP 192.0.2.2 390skdjuw", "TCP spindle.example.com z9hG4bK9ikj8", "UDP 192.168.255.111 z9hG4bK30239"], vias);
        var contact = message.AddressOf(SipHeader.Contact);
        Assert.Equal("Quoted string \"\"", contact.DisplayText);
        Assert.Equal("newvalue", contact.Parameters.TextOf("newparam"u8));
        Assert.Equal("0.33", contact.Parameters.TextOf("q"u8));
        Assert.True(contact.Parameters.Has("secondparam"u8));
        Assert.Equal("newfangled value   continued newfangled value", Text(message.First("NewFangledHeader"u8)));
        Assert.Equal(";;,,;;,;", Text(message.First("unknownheaderwithunusualvalue"u8)));
    }

    [Fact]
    public void Wide_range_of_characters()
    {
        var message = Load("intmeth");
        Assert.Equal("!interesting-Method0123456789_*+`.%indeed'~", Text(message.MethodName));
        Assert.Equal(SipMethod.Other, message.Method);
        Assert.True(SipUri.TryParse(message.RequestUri, out var uri));
        Assert.Equal("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*", Text(uri.User));
        Assert.Equal("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)", Text(uri.Password));
        Assert.Equal("BEL:\a NUL:\0 DEL:\x7f", message.To.DisplayText);
        Assert.Equal("работающий", message.From.Parameters.TextOf("fromParam''~+*_!.-%"u8));
        Assert.Equal("_token~1'+`*%!-.", Text(message.FromTag));
        Assert.Equal("intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{", message.CallIdText);
        Assert.Equal("\ufeff大停電", Text(message.First("extensionHeader-!.%*+_`'~"u8)));
    }

    [Fact]
    public void Escapes_are_undone_once_and_only_where_they_are_escapes()
    {
        var message = Load("esc01");
        Assert.True(SipUri.TryParse(message.RequestUri, out var uri));
        Assert.Equal("sips:user@example.com", uri.UserText);
        Assert.True(SipUri.TryParse(message.AddressOf(SipHeader.From).Uri, out var from));
        Assert.Equal("I have spaces", from.UserText);
        var nulls = Load("escnull");
        Assert.True(SipUri.TryParse(nulls.To.Uri, out var to));
        Assert.Equal("null-\0-null", to.UserText);
        Assert.Equal("%Z%45", Load("esc02").To.DisplayText);
    }

    [Fact]
    public void Parameters_belong_to_the_URI_inside_brackets_and_to_the_header_outside()
    {
        Assert.True(Load("cparam01").AddressOf(SipHeader.Contact).Parameters.Has("unknownparam"u8));
        Assert.True(SipUri.TryParse(Load("cparam02").AddressOf(SipHeader.Contact).Uri, out var uri));
        Assert.True(uri.Parameters.Has("unknownparam"u8));
        Assert.True(SipUri.TryParse(Load("regescrt").AddressOf(SipHeader.Contact).Uri, out uri));
        Assert.Equal("Route=%3Csip:sip.example.com%3E", Text(uri.Headers));
        Assert.True(SipUri.TryParse(Load("semiuri").RequestUri, out uri));
        Assert.Equal("user;par=u@example.net", uri.UserText);
        Assert.Equal("example.com", uri.HostText);
    }

    [Fact]
    public void Octets_after_the_body_are_dropped_and_binary_bodies_kept()
    {
        Assert.Equal(0, Load("dblreq").Body.Length);
        var body = Load("mpart01").Body.Span;
        Assert.Equal(553, body.Length);
        Assert.True(body.Contains((byte)0));
        Assert.Equal("multipart/mixed", Text(Load("mpart01").MediaType));
    }

    private static Dictionary<string, Expectation> Expectations() =>
        JsonSerializer.Deserialize<Dictionary<string, Expectation>>(File.ReadAllText(Path.Combine(Folder, "expectations.json")), CamelCase)!;

    private static SipMessage Load(string name) => Parse(File.ReadAllBytes(Path.Combine(Folder, name + ".dat")));

    private static SipMessage Parse(ReadOnlySpan<byte> bytes)
    {
        Assert.Equal(SipParseError.None, SipMessage.TryParse(bytes, SipLimits.Default, out var message));
        return message!;
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
