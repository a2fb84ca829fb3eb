using System.Text;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip.Tests.Layer;

namespace MgcpSipBridge.Sip.Tests.Wire;

/// <summary>
/// Whatever is dialled, whatever people are called and whatever the other side puts into its headers: no message of ours has a header, a tag or a body that we did not
/// mean. With its sister in Engine.Tests a million texts; judged by bytes, not by our own reader.
/// </summary>
public sealed class InjectionTests
{
#if DEBUG
    // Unoptimised code is an order slower.
    private const int Share = 10;
#else
    private const int Share = 1;
#endif
    // Four texts in sixteen places each, eight texts each.
    private const int Requests = 150_000 / Share;
    private const int Responses = 25_000 / Share;
    private const int WholeCalls = 300;

    private static readonly SipFlow Flow = SipBench.Udp;
    private static readonly SipPeerModel Peer = SipBench.DefaultPeer with { CallerIn = SipIdentityHeader.PAssertedIdentity };

    private static readonly string[] RequestHeaders =
    [
        "Max-Forwards", "From", "To", "Call-ID", "CSeq", "Contact", "P-Asserted-Identity", "Diversion", "History-Info", "History-Info", "Referred-By", "Replaces", "Reason",
        "User-to-User", "X-Account", "User-Agent", "Content-Type", "Content-Length",
    ];

    private static readonly string[] ResponseHeaders = ["Via", "From", "To", "Call-ID", "CSeq", "Contact", "Content-Length"];

    [Fact]
    public void What_is_dialled_and_what_people_are_called_begins_no_header()
    {
        var core = new SipCore(SipBench.DefaultSettings, new Entropy(1), "");
        var hostile = new HostileText(1);
        var body = "v=0\r\n"u8.ToArray();
        for (var i = 0; i < Requests; i++)
        {
            var (user, name, other, value) = (hostile.Next(), hostile.Next(), hostile.Next(), hostile.Next());
            var self = SipUri.Create(user, "192.0.2.9");
            core.Compose(
                new RequestDraft
                {
                    Method = SipMethod.Invite,
                    Uri = SipUri.Create(other, "192.0.2.9:5060"),
                    From = $"{SipText.Quote(name)} <{self}>;tag=t1",
                    To = $"<{SipUri.Create(other, "192.0.2.9")}>",
                    CallId = "c1",
                    Sequence = 1,
                    ContactUser = user,
                    Headers =
                    [
                        .. Identity.Tell(Peer, self, name, withheld: false),
                        .. Diversions.Write([new SipDiversion(other, name, SipDiversionReason.UserBusy)], SipUri.Create(user, "192.0.2.9"), new SipPeer(Peer)),
                        (SipHeader.ReferredBy, $"<{SipUri.Create(value, "192.0.2.9")}>"),
                        (SipHeader.Replaces, value),
                        (SipHeader.Reason, value),
                    ],
                    Carried = [("User-to-User", value), ("X-Account", other)],
                    Body = body,
                },
                Flow);
            var wire = core.Writer.Written;
            if (!HasExactly(wire, RequestHeaders, body.Length) || !IsAddress(wire, "From: "u8, ";tag=t1"u8) || !IsAddress(wire, "To: "u8, ""u8)
                || !IsAddress(wire, "P-Asserted-Identity: "u8, ""u8) || !IsAddress(wire, "Diversion: "u8, ";reason=user-busy;counter=1"u8) || !IsAddress(wire, "Contact: "u8, ""u8))
                Assert.Fail($"case {i}: {Encoding.UTF8.GetString(wire)}");
        }
    }

    [Fact]
    public void What_the_other_side_writes_into_its_headers_comes_back_as_values_alone()
    {
        var hostile = new HostileText(2);
        var writer = new SipWriter();
        var bytes = new byte[4096];
        var taken = 0;
        for (var i = 0; i < Responses; i++)
        {
            // Raw, as a peer can send it; many are unreadable, and those are answered, too.
            var text = $"INVITE sip:{hostile.Next()}@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK{hostile.Next()}\r\nFrom: {hostile.Next()} <sip:{hostile.Next()}@x>;tag={hostile.Next()}\r\n"
                + $"To: {hostile.Next()}<sip:a@b>\r\nCall-ID: {hostile.Next()}c\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n";
            if (Encoding.UTF8.GetMaxByteCount(text.Length) > bytes.Length) continue;
            var length = Encoding.UTF8.GetBytes(text, bytes);
            SipMessage.TryParse(bytes.AsSpan(0, length), SipLimits.Default, out var request);
            if (request is null || !request.IsRequest || CountOf(request) is not { } expected) continue;
            taken++;
            writer.BeginResponse(request, Flow.Remote, 180, "ours");
            writer.Address(SipHeader.Contact, null, SipUri.Create(Identity.NumberOf(request.RequestUri), "192.0.2.1"));
            writer.End();
            if (!HasExactly(writer.Written, expected, 0)) Assert.Fail($"case {i}: {text}\nanswered\n{Encoding.UTF8.GetString(writer.Written)}");
        }

        // The rest died in the reader; enough must live for this to say anything.
        Assert.True(taken > Responses / 20, $"{taken} could be answered");
    }

    [Fact]
    public void Whole_calls_of_hostile_lines_say_nothing_but_what_they_should()
    {
        var hostile = new HostileText(3);
        for (var i = 0; i < WholeCalls; i++)
        {
            var bench = new SipBench(Peer);
            bench.Do((layer, now) => layer.SetAccount(SipBench.Line with { Key = "k", User = hostile.Next() + "u", DisplayName = hostile.Next() }, now));
            bench.Do((layer, now) => layer.Invite(
                new SipInvite("k", "pbx", hostile.Next() + "1", SipBench.Bytes(SipBench.Offer)) { Diversions = [new SipDiversion(hostile.Next(), hostile.Next(), SipDiversionReason.NoAnswer)], ReferredBy = hostile.Next() },
                now));
            var invite = bench.Expect("INVITE");
            var (from, callId) = (invite.Header("From"), invite.CallId);
            // What the peer answers is its own: its tag, its target and its name stay where they belong in all that follows.
            var answer = $"SIP/2.0 200 {Plain(hostile.Next())}\r\nVia: {invite.Header("Via")}\r\nFrom: {from}\r\nTo: {invite.Header("To")};tag=t\r\nCall-ID: {callId}\r\nCSeq: 1 INVITE\r\nContact: <sip:b@192.0.2.9>\r\n"
                + $"P-Asserted-Identity: \"{Plain(hostile.Next())}\" <sip:x@y>\r\nContent-Type: application/sdp\r\nContent-Length: {SipBench.Answer.Length}\r\n\r\n{SipBench.Answer}";
            bench.Do((layer, now) => layer.Receive(Encoding.UTF8.GetBytes(answer), Flow, now));
            var ack = bench.Expect("ACK");
            Assert.Equal((from, callId, "t"), (ack.Header("From"), ack.CallId, ack.ToTag));
            Assert.False(ack.Has("X-Evil"));
            foreach (var sent in bench.Everything) Assert.True(Lines(Encoding.UTF8.GetBytes(sent.Text[..sent.Text.IndexOf("\r\n\r\n", StringComparison.Ordinal)])) >= 0, sent.Text);
            Assert.Single(invite.Headers("Via"));
            Assert.Equal(SipBench.Offer, invite.Body);
        }
    }

    private static string Plain(string text) => new([.. text.Where(c => !char.IsControl(c) && c is not ('"' or '\\' or '\u2028' or '\u2029'))]);

    // How many Via, From, … a response to this request owes; null for one with more headers than it was given (the text held a whole header of its own, which is then the peer's).
    private static string[]? CountOf(SipMessage request)
    {
        var vias = 0;
        foreach (var _ in request.Lines(SipHeader.Via)) vias++;
        var froms = 0;
        foreach (var _ in request.Lines(SipHeader.From)) froms++;
        return froms != 1 ? null : vias == 1 ? ResponseHeaders : [.. Enumerable.Repeat("Via", vias), .. ResponseHeaders.Skip(1)];
    }

    /// <summary>Whether the message's headers are these, in this order, and its body has this length.</summary>
    private static bool HasExactly(ReadOnlySpan<byte> wire, string[] headers, int body)
    {
        var end = wire.IndexOf("\r\n\r\n"u8);
        if (end < 0 || wire.Length - end - 4 != body) return false;
        var head = wire[..end];
        if (Lines(head) != headers.Length) return false;
        var rest = head[(head.IndexOf("\r\n"u8) + 2)..];
        foreach (var name in headers)
        {
            var line = rest.IndexOf("\r\n"u8) is var at and >= 0 ? rest[..at] : rest;
            if (line.Length < name.Length + 2 || line[name.Length] != ':' || line[name.Length + 1] != ' ') return false;
            for (var i = 0; i < name.Length; i++)
                if (line[i] != name[i]) return false;
            rest = rest[Math.Min(rest.Length, line.Length + 2)..];
        }

        return rest.IsEmpty;
    }

    // Line ends, each whole; -1 for half a one.
    private static int Lines(ReadOnlySpan<byte> head)
    {
        var count = 0;
        for (var at = head.IndexOfAny((byte)'\r', (byte)'\n'); at >= 0; at = head.IndexOfAny((byte)'\r', (byte)'\n'))
        {
            if (head[at] != '\r' || at + 1 >= head.Length || head[at + 1] != '\n') return -1;
            head = head[(at + 2)..];
            count++;
        }

        return count;
    }

    /// <summary>Whether a header is <c>"…" &lt;sip:…&gt;</c> with nothing before, between and after but what is to be there (RFC 3261 §25.1).</summary>
    private static bool IsAddress(ReadOnlySpan<byte> wire, ReadOnlySpan<byte> header, ReadOnlySpan<byte> after)
    {
        var at = wire.IndexOf(header);
        if (at < 0) return false;
        var value = wire[(at + header.Length)..];
        value = value[..value.IndexOf("\r\n"u8)];
        if (value[0] == '"')
        {
            var i = 1;
            while (i < value.Length && value[i] != '"') i += value[i] == '\\' ? 2 : 1;
            if (i >= value.Length) return false;
            value = value[(i + 1)..];
            if (value[0] != ' ') return false;
            value = value[1..];
        }

        if (!value.StartsWith("<sip:"u8)) return false;
        var close = value.IndexOf((byte)'>');
        return close > 0 && value[..close].IndexOfAny(" \t\"\\"u8) < 0 && value[1..close].IndexOf((byte)'<') < 0 && value[(close + 1)..].SequenceEqual(after);
    }
}
