using System.Globalization;
using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

/// <summary>
/// Writes down what a bridge sends and receives, and what people do, as a mermaid sequence diagram with times. Transaction ids are numbered
/// from 1 and random parts left out, so that a change far away does not change every ladder.
/// </summary>
public sealed class LadderRecorder
{
    private readonly List<(Instant At, string Line, string Key)> _entries = [];
    private readonly Dictionary<string, int> _transactions = [];
    private readonly Dictionary<string, int> _repeats = [];
    private readonly Func<NetAddress, string> _nameOf;

    /// <summary>A recorder that names addresses by <paramref name="nameOf"/>.</summary>
    public LadderRecorder(Func<NetAddress, string> nameOf, Instant start)
    {
        _nameOf = nameOf;
        Start = start;
    }

    /// <summary>The ladder's zero.</summary>
    public Instant Start { get; }

    /// <summary>Whether messages are written down now.</summary>
    public bool IsOn { get; set; } = true;

    /// <summary>A person does something.</summary>
    public void Act(string who, string what, Instant now)
    {
        if (IsOn) _entries.Add((now, $"Note over {who}: {Time(now)} {Escape(what)}", ""));
    }

    /// <summary>The bridge sends a datagram.</summary>
    public void Sent(Transmit transmit, bool isSip, Instant now) => Add("bridge", _nameOf(transmit.To), transmit, isSip, now);

    /// <summary>The bridge receives a datagram.</summary>
    public void Received(Transmit transmit, bool isSip, Instant now) => Add(_nameOf(transmit.From), "bridge", transmit, isSip, now);

    /// <summary>The diagram.</summary>
    public string ToMermaid()
    {
        var text = new StringBuilder("sequenceDiagram\n");
        foreach (var (_, line, key) in _entries)
        {
            text.Append("    ").Append(line);
            var repeats = _repeats.GetValueOrDefault(key);
            if (key.Length > 0 && repeats > 0) text.Append(CultureInfo.InvariantCulture, $" (and {repeats} more)");
            text.Append('\n');
        }

        return text.ToString();
    }

    private void Add(string from, string to, Transmit transmit, bool isSip, Instant now)
    {
        if (!IsOn) return;
        var parts = isSip ? [DescribeSip(transmit)] : DescribeMgcp(transmit);
        foreach (var part in parts)
        {
            if (part.Length == 0) continue;
            var key = $"{from}>{to} {part}";
            // The same message again is a repeat, unless it is an answer or request that merely looks alike much later.
            if (_repeats.TryGetValue(key, out var seen) && !isSip)
            {
                _repeats[key] = seen + 1;
                continue;
            }

            _repeats.TryAdd(key, 0);
            _entries.Add((now, $"{from}->>{to}: {Time(now)} {Escape(part)}", isSip ? "" : key));
        }
    }

    private List<string> DescribeMgcp(Transmit transmit)
    {
        var lines = new List<string>();
        foreach (var message in PlainMgcp.ReadAll(transmit.Bytes.Span, []))
        {
            if (!_transactions.TryGetValue(message.TransactionId, out var number)) _transactions[message.TransactionId] = number = _transactions.Count + 1;
            if (message.IsResponse)
            {
                lines.Add($"{message.Code:000} {number}{(message.Description.Length > 0 ? " + SDP" : "")}");
                continue;
            }

            var details = new List<string>();
            foreach (var (name, value) in message.Parameters)
                if (name is "R" or "S" or "O" or "M" or "D" or "RM" or "Q" && value.Length > 0) details.Add($"{name}={value}");
            if (message.Description.Length > 0) details.Add("SDP");
            lines.Add($"{message.Verb} {number} {message.Endpoint}{(details.Count > 0 ? " " + string.Join(' ', details) : "")}");
        }

        return lines;
    }

    private static string DescribeSip(Transmit transmit)
    {
        if (PlainSip.Read(transmit.Bytes.Span, []) is not { } message) return "";
        var sdp = message.Body.Length == 0 ? "" : message["content-type"] == "application/sdp" ? " + SDP" : " + " + message["content-type"]?.Split(';')[0];
        // Where a call is sent on to, and why.
        if (message is { IsResponse: true, Status: >= 300 and < 400 }) sdp = $" Contact={message["contact"]}{(message["diversion"] is { } by ? $" Diversion={by}" : "")}";
        if (message.IsResponse) return $"{message.Status} {message.Reason} ({message.SequenceMethod}){sdp}";
        if (message["privacy"] is { } privacy) sdp = $" Privacy={privacy}{sdp}";
        var uri = message.Method == "REGISTER" ? PlainSip.UriOf(message["to"] ?? "") : message.Uri;
        return $"{message.Method} {uri}{sdp}";
    }

    // In mermaid '#' begins an entity and ';' ends a line.
    private static string Escape(string text) => string.Concat(text.Select(c => c switch
    {
        '#' => "#35;",
        ';' => "#59;",
        _ => c.ToString(),
    }));

    private string Time(Instant now) => string.Create(CultureInfo.InvariantCulture, $"{(now - Start).TotalSeconds:0.000}");
}
