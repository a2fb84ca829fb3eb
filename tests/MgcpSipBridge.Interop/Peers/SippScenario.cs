using System.Globalization;
using System.Text;
using System.Xml.Linq;

namespace MgcpSipBridge.Interop;

/// <summary>
/// A scenario of the Sipp folder, written out as sipp reads it. In a scenario with a role, <c>caller</c> or <c>called</c>, whole messages are one element each:
/// <list type="bullet">
/// <item><c>invite</c> sends the first INVITE, <c>cancel</c> withdraws it, <c>take</c> receives it and keeps what its answers need.</item>
/// <item><c>answer</c> responds to that INVITE, <c>reply</c> to the request received last, <c>ask</c> sends a request in the dialog, <c>ack</c> an ACK
/// (with <c>refused</c> to a refusal: of the call, or of a re-INVITE <c>inside</c> it).</item>
/// <item><c>recv</c> is sipp's own, with <c>has</c> and <c>lacks</c> for headers and body, <c>keep</c> for a variable, <c>dialog</c> where a response makes the dialog.</item>
/// </list>
/// In attributes, <c>|</c> ends a line of <c>headers</c> and <c>body</c> (whose first line is its type); <c>sdp</c> lists payload types (or <c>t38</c>), then what departs from the usual;
/// <c>{name}</c> stands for a value that the test gives.
/// </summary>
internal sealed class SippScenario
{
    private const string Tag = "[pid]sipp[call_number]";
    private const string Ourselves = "sip:[local_ip]:[local_port];transport=[transport]";

    private readonly HashSet<string> _variables = new(StringComparer.Ordinal);
    private readonly XElement _source;
    private readonly bool _calls;
    private int _sequence;
    private int _invite;
    private bool _open;

    // Whether an ACK has come; no longer when it is said that it may come again.
    private bool? _acknowledged;

    private SippScenario(XElement source)
    {
        _source = source;
        _calls = (string?)source.Attribute("role") == "caller";
    }

    /// <summary>A scenario's text for sipp, and the arguments that it needs.</summary>
    public static (string Text, string[] Options) Expand(string name, params IEnumerable<(string Name, string Value)> values)
    {
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Sipp", name + ".xml"));
        foreach (var (key, value) in values) text = text.Replace("{" + key + "}", value, StringComparison.Ordinal);
        var source = XElement.Parse(text);
        return (source.Attribute("role") is null ? text : new SippScenario(source).Expand(), Of(source, "options")?.Split(' ') ?? []);
    }

    /// <summary>A text as it may stand in an attribute.</summary>
    public static string Escaped(string text) =>
        text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("\"", "&quot;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);

    private string Expand()
    {
        var written = new XElement("scenario", _source.Attribute("name"), _source.Elements().SelectMany(Steps));
        if (_variables.Count > 0) written.Add(new XElement("Reference", new XAttribute("variables", string.Join(',', _variables))));
        return $"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{written}\n";
    }

    // An INVITE that comes again, as the bridge was slow to see its first response, is no reason to give up: sipp itself knows only one that it has answered once.
    private IEnumerable<XElement> Steps(XElement step)
    {
        var awaits = !_calls && _open && step.Name.LocalName == "recv" && Of(step, "response") is null;
        if (awaits) yield return new XElement("recv", new XAttribute("request", "INVITE"), new XAttribute("optional", "true"));
        // Nor is an ACK that comes again, be it behind the next request, as sipp was slow to see the first and repeated its answer. (Optional steps stand before one that is not.)
        if (_acknowledged is true && step.Name.LocalName is "recv" or "take" && Of(step, "request") != "ACK")
        {
            _acknowledged = false;
            yield return new XElement("recv", new XAttribute("request", "ACK"), new XAttribute("optional", "global"));
        }

        if (step.Name.LocalName == "take")
        {
            _open = true;
        }
        else if (step.Name.LocalName == "recv" && Of(step, "request") == "ACK")
        {
            _open = false;
            _acknowledged ??= true;
        }

        yield return Expand(step);
    }

    private XElement Expand(XElement step) => step.Name.LocalName switch
    {
        "invite" => Send(step, Request(step, "INVITE", "sip:[service]@[remote_ip]:[remote_port]", "<sip:[service]@[remote_ip]:[remote_port]>"), repeats: true),
        "ask" => Send(step, Request(step, Of(step, "method")!, "[next_url]", _calls ? "[$far]" : "[$theirs]"), repeats: true),
        "cancel" => Send(step, Request(step, "CANCEL", "sip:[service]@[remote_ip]:[remote_port]", "<sip:[service]@[remote_ip]:[remote_port]>"), repeats: true),
        "ack" => Send(step, Acknowledgement(step), repeats: false),
        "answer" => Send(step, Response(step, "Via:[$via]", "From:[$theirs]", $"To:[$ours];tag={Of(step, "tag") ?? Tag}", "CSeq:[$cseq]"), repeats: Of(step, "status")![0] != '1'),
        "reply" => Send(step, Response(step, "[last_Via:]", "[last_From:]", $"[last_To:]{(Of(step, "tag") is { } tag ? $";tag={tag}" : "")}", "[last_CSeq:]"), repeats: Of(step, "repeats") is not null),
        "take" => Receive(step, [("request", "INVITE"), ("rrs", "true")], [("Via:", "via"), ("From:", "theirs"), ("To:", "ours"), ("CSeq:", "cseq")]),
        "recv" when Of(step, "dialog") is not null => Receive(step, [("rrs", "true")], [("To:", "far")]),
        "recv" => Receive(step, [], []),
        _ => new XElement(step),
    };

    private static XElement Send(XElement step, string message, bool repeats)
    {
        var send = new XElement("send", new XCData("\n" + message.ReplaceLineEndings("\n") + "\n"));
        if (repeats) send.SetAttributeValue("retrans", "500");
        foreach (var name in (string[])["next", "test", "crlf"]) send.SetAttributeValue(name, Of(step, name));
        return send;
    }

    private XElement Receive(XElement step, (string, string)[] attributes, (string Header, string As)[] kept)
    {
        var receive = new XElement("recv", step.Attributes().Where(a => a.Name.LocalName != "dialog"));
        foreach (var (name, value) in attributes) receive.SetAttributeValue(name, value);
        var action = new XElement("action", kept.Select(k => Match(".*", k.Header, k.As)));
        foreach (var child in step.Elements())
        {
            var match = Match(Of(child, "like") ?? ".+", Of(child, "header"), Of(child, "as") ?? $"seen{_variables.Count}");
            if (child.Name.LocalName != "keep") match.SetAttributeValue(child.Name.LocalName == "lacks" ? "check_it_inverse" : "check_it", "true");
            action.Add(match);
        }

        if (action.HasElements) receive.Add(action);
        return receive;
    }

    private XElement Match(string pattern, string? header, string variable)
    {
        _variables.Add(variable);
        var match = new XElement("ereg", new XAttribute("regexp", pattern), new XAttribute("search_in", header is null ? "msg" : "hdr"), new XAttribute("assign_to", variable));
        if (header is not null) match.SetAttributeValue("header", header);
        return match;
    }

    private string Request(XElement step, string method, string uri, string to)
    {
        if (method == "CANCEL") _sequence = _invite;
        else _sequence = Of(step, "cseq") is { } number ? int.Parse(number, CultureInfo.InvariantCulture) : _sequence + 1;
        if (method == "INVITE") _invite = _sequence;
        var message = new StringBuilder()
            .AppendLine($"{method} {Of(step, "uri") ?? uri} SIP/2.0")
            .AppendLine(method == "CANCEL" ? "[last_Via:]" : $"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch={Of(step, "branch") ?? "[branch]"}")
            .AppendLine(_calls ? $"From: {Of(_source, "from") ?? "\"Carol Caller\" <sip:7000@[local_ip]:[local_port]>"};tag={Tag}" : $"From:[$ours];tag={Of(step, "tag") ?? Tag}")
            .AppendLine($"To: {Of(step, "to") ?? to}");
        if (step.Name.LocalName == "ask") message.AppendLine("[routes]");
        message
            .AppendLine($"Call-ID: {Of(step, "call") ?? "[call_id]"}")
            .AppendLine($"CSeq: {_sequence} {method}")
            .AppendLine("Max-Forwards: 70");
        if (method is "INVITE" or "UPDATE" or "SUBSCRIBE" or "REFER") message.AppendLine($"Contact: <{Of(step, "contact") ?? Ourselves}>");
        return Body(step, message);
    }

    // To a 2xx: a transaction of its own in the dialog; else what the response's own transaction asks for (RFC 3261 §17.1.1.3).
    private string Acknowledgement(XElement step)
    {
        var refused = Of(step, "refused") is not null;
        var message = new StringBuilder()
            .AppendLine($"ACK {(Of(step, "refused") == "call" ? "sip:[service]@[remote_ip]:[remote_port]" : "[next_url]")} SIP/2.0")
            .AppendLine(refused ? "[last_Via:]" : "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]")
            .AppendLine("[last_From:]")
            .AppendLine("[last_To:]");
        if (!refused) message.AppendLine("[routes]");
        message.AppendLine("[last_Call-ID:]").AppendLine($"CSeq: {Of(step, "cseq") ?? _invite.ToString(CultureInfo.InvariantCulture)} ACK").AppendLine("Max-Forwards: 70");
        return Body(step, message);
    }

    private static string Response(XElement step, string via, string from, string to, string sequence)
    {
        var message = new StringBuilder()
            .AppendLine($"SIP/2.0 {Of(step, "status")}")
            .AppendLine(via).AppendLine(from).AppendLine(to)
            .AppendLine("[last_Record-Route:]")
            .AppendLine(Of(step, "call") is { } call ? $"Call-ID: {call}" : "[last_Call-ID:]")
            .AppendLine(sequence)
            .AppendLine(Of(step, "contact") is { Length: 0 } ? "" : $"Contact: {Of(step, "contact") ?? $"<{Ourselves}>"}");
        return Body(step, message);
    }

    private static string Body(XElement step, StringBuilder message)
    {
        foreach (var header in Of(step, "headers")?.Split('|', StringSplitOptions.RemoveEmptyEntries) ?? []) message.AppendLine(header);
        var (type, body) = (Of(step, "sdp"), Of(step, "body")) switch
        {
            ({ } sdp, _) => ("application/sdp", Sdp(sdp.Split(' ', StringSplitOptions.RemoveEmptyEntries))),
            (_, { } text) when text.Split('|') is [var first, .. var lines] => (first, string.Join('\n', lines) + "\n"),
            _ => ("", ""),
        };
        if (body.Length == 0) return message.AppendLine("Content-Length: 0").AppendLine().ToString().Replace("\n\n", "\n", StringComparison.Ordinal) + "\n";
        message.AppendLine($"Content-Type: {type}").AppendLine("Content-Length: [len]");
        return message.ToString().Replace("\n\n", "\n", StringComparison.Ordinal) + "\n" + body;
    }

    private static string Sdp(string[] words)
    {
        string[] formats = [.. words.Where(w => int.TryParse(w, out _))];
        var direction = words.FirstOrDefault(w => w is "sendonly" or "recvonly" or "inactive" or "sendrecv");
        var text = new StringBuilder()
            .Append("v=0\n")
            .Append(CultureInfo.InvariantCulture, $"o=sipp [pid][call_number] {Word("v") ?? "1"} IN IP[media_ip_type] [media_ip]\n")
            .Append("s=-\n")
            .Append(CultureInfo.InvariantCulture, $"c=IN IP[media_ip_type] {Word("c") ?? "[media_ip]"}\n")
            .Append("t=0 0\n");
        if (words.Contains("t38"))
        {
            return text.Append("m=image [media_port] udptl t38\na=T38FaxVersion:0\na=T38MaxBitRate:14400\na=T38FaxRateManagement:transferredTCF\n")
                .Append("a=T38FaxMaxDatagram:320\na=T38FaxUdpEC:t38UDPRedundancy\n").ToString();
        }

        text.Append(CultureInfo.InvariantCulture, $"m=audio {Word("port") ?? "[media_port]"} RTP/AVP {string.Join(' ', formats)}\n");
        foreach (var format in formats)
        {
            text.Append(format switch
            {
                "0" => "a=rtpmap:0 PCMU/8000\n",
                "8" => "a=rtpmap:8 PCMA/8000\n",
                "18" => "a=rtpmap:18 G729/8000\n",
                _ => $"a=rtpmap:{format} telephone-event/8000\na=fmtp:{format} 0-15\n",
            });
        }

        if (direction is not null) text.Append(CultureInfo.InvariantCulture, $"a={direction}\n");
        return text.ToString();

        string? Word(string name) => words.FirstOrDefault(w => w.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];
    }

    private static string? Of(XElement element, string attribute) => (string?)element.Attribute(attribute);
}
