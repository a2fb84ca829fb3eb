using System.Globalization;
using System.Text;

namespace MgcpSipBridge.Simulator;

/// <summary>Reads a user agent's message by the letter of RFC 3261 and says what is wrong with it, as far as one message can tell.</summary>
public static class SipCheck
{
    private static readonly string[] Single = ["from", "to", "call-id", "cseq", "max-forwards", "content-length", "content-type"];

    /// <summary>Adds what the message violates to <paramref name="complaints"/>.</summary>
    public static void Check(PlainSip message, List<string> complaints)
    {
        foreach (var name in new[] { "via", "from", "to", "call-id", "cseq" })
            if (message[name] is null) complaints.Add($"RFC 3261 §8.1.1: no {name}");
        foreach (var name in Single)
            if (message.Headers.Count(header => header.Name == name) > 1) complaints.Add($"RFC 3261 §7.3.1: {name} stands twice");
        var bytes = Encoding.UTF8.GetByteCount(message.Body);
        if (message["content-length"] is not { } length) complaints.Add("RFC 3261 §20.14: no Content-Length");
        else if (!int.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var said) || said != bytes) complaints.Add($"RFC 3261 §20.14: Content-Length {length} for {bytes} bytes");
        if (bytes > 0 && message["content-type"] is null) complaints.Add("RFC 3261 §20.15: a body without Content-Type");
        if (message["content-type"] == "application/sdp")
        {
            if (bytes == 0) complaints.Add("an empty session description");
            else PlainSdp.Check(message.Body, complaints);
        }

        // 2^31 (§8.1.1.5).
        if (message.Sequence is < 0 or >= 1L << 31) complaints.Add($"RFC 3261 §8.1.1.5: CSeq {message["cseq"]}");
        // §8.1.1.7: the magic cookie.
        if (!message.Branch.StartsWith("z9hG4bK", StringComparison.Ordinal) || message.Branch.Length < 12) complaints.Add($"RFC 3261 §8.1.1.7: branch \"{message.Branch}\"");
        if (message.FromTag.Length == 0) complaints.Add("RFC 3261 §8.1.1.3: From without tag");
        foreach (var name in new[] { "from", "to", "contact" })
            foreach (var value in message.All(name))
                CheckAddress(name, value, complaints);
        if (message.IsResponse) CheckResponse(message, complaints);
        else CheckRequest(message, complaints);
    }

    private static void CheckRequest(PlainSip request, List<string> complaints)
    {
        if (request.SequenceMethod != request.Method) complaints.Add($"RFC 3261 §8.1.1.5: CSeq {request["cseq"]} in {request.Method}");
        if (!int.TryParse(request["max-forwards"], NumberStyles.None, CultureInfo.InvariantCulture, out var hops) || hops > 255) complaints.Add("RFC 3261 §8.1.1.6: no good Max-Forwards");
        if (!request.Uri.StartsWith("sip:", StringComparison.Ordinal) && !request.Uri.StartsWith("sips:", StringComparison.Ordinal)) complaints.Add($"RFC 3261 §8.1.1.1: Request-URI {request.Uri}");
        if (request.Uri.Contains('#') || request.Uri.Contains('?')) complaints.Add($"RFC 3261 §19.1.2: Request-URI {request.Uri}");
        // §8.1.1.8: exactly one Contact, a SIP URI.
        if (request.Method == "INVITE" && request.All("contact").Count != 1) complaints.Add("RFC 3261 §8.1.1.8: INVITE without exactly one Contact");
        // §13.2.1: Allow and Supported SHOULD be there.
        if (request.Method == "INVITE" && request["allow"] is null) complaints.Add("RFC 3261 §13.2.1: INVITE without Allow");
        if (request.Method is "CANCEL" or "ACK" && request["require"] is not null) complaints.Add($"RFC 3261 §9.1: Require in {request.Method}");
        if (request.Method == "REGISTER" && request.Uri.Contains('@')) complaints.Add("RFC 3261 §10.2: userinfo in the Request-URI of REGISTER");
        if (request.Method == "REGISTER" && PlainSip.UriOf(request["to"] ?? "").Contains(';')) complaints.Add("RFC 3261 §10.3 step 5: parameters in the address of record");
    }

    private static void CheckResponse(PlainSip response, List<string> complaints)
    {
        if (response.Status is < 100 or > 699) complaints.Add($"RFC 3261 §7.2: status {response.Status}");
        // §8.2.6.2: every response but 100 carries a To tag.
        if (response.Status > 100 && response.ToTag.Length == 0) complaints.Add($"RFC 3261 §8.2.6.2: {response.Status} without To tag");
        if (response.SequenceMethod == "INVITE" && response.Status is > 100 and < 300 && response.All("contact").Count != 1) complaints.Add($"RFC 3261 §12.1.1: {response.Status} to INVITE without Contact");
        if (response.Status == 405 && response["allow"] is null) complaints.Add("RFC 3261 §21.4.6: 405 without Allow");
        if (response.Status == 420 && response["unsupported"] is null) complaints.Add("RFC 3261 §21.4.15: 420 without Unsupported");
    }

    private static void CheckAddress(string name, string value, List<string> complaints)
    {
        if (name == "contact" && value == "*") return;
        var uri = PlainSip.UriOf(value);
        if (!uri.StartsWith("sip:", StringComparison.Ordinal) && !uri.StartsWith("sips:", StringComparison.Ordinal) && !uri.StartsWith("tel:", StringComparison.Ordinal))
            complaints.Add($"RFC 3261 §20: {name}: {value}");
        // §20: a URI with comma, semicolon or question mark needs angle brackets.
        if (!value.Contains('<') && uri.IndexOfAny([',', '?']) >= 0) complaints.Add($"RFC 3261 §20.10: {name}: {value} needs angle brackets");
        var quotes = value.Replace("\\\"", "", StringComparison.Ordinal).Count(c => c == '"');
        if (quotes % 2 != 0) complaints.Add($"RFC 3261 §25.1: unbalanced quotes in {name}: {value}");
        var open = value.IndexOf('<', StringComparison.Ordinal);
        if (open > 0 && value[0] != '"' && value[..open].Trim().Any(c => !(char.IsAsciiLetterOrDigit(c) || "-.!%*_+`'~ ".Contains(c))))
            complaints.Add($"RFC 3261 §25.1: display name needs quotes in {name}: {value}");
    }
}
