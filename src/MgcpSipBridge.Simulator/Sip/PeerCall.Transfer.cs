using System.Globalization;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

// Transfers (RFC 3515, RFC 3891) and digits beside the sound.
public sealed partial class PeerCall
{
    private string _subscription = "";

    /// <summary>Status of the answer to the peer's REFER; 0 before it.</summary>
    public int ReferStatus { get; private set; }

    /// <summary>What the other side told about a transfer: the statuses, in order.</summary>
    public List<int> TransferTold { get; } = [];

    /// <summary>Digits that were told by INFO.</summary>
    public string DigitsTold { get; internal set; } = "";

    /// <summary>Hands the line on to a number (blind), or with <paramref name="replaced"/> to the other end of that call (attended).</summary>
    public void Refer(string number, Instant now, PeerCall? replaced = null, string? host = null)
    {
        ReferStatus = 0;
        var target = $"sip:{Uri.EscapeDataString(number)}@{host ?? _peer.Setup.Address.ToString()}";
        if (replaced is not null)
            target += "?Replaces=" + Uri.EscapeDataString($"{replaced.SipCallId};to-tag={replaced.LocalTag};from-tag={replaced.RemoteTag}");
        var refer = NewRequest("REFER").With("contact", Contact).With("refer-to", $"<{target}>").With("referred-by", $"<{LocalUri}>");
        _subscription = "active";
        Send(refer, now, (response, _) => ReferStatus = response.Status);
    }

    /// <summary>Tells the line of a digit by INFO.</summary>
    public void Press(char digit, Instant now, bool relay = true)
    {
        var info = NewRequest("INFO").With("content-type", relay ? "application/dtmf-relay" : "application/dtmf");
        info.Body = relay ? $"Signal={digit}\r\nDuration=160\r\n" : digit.ToString();
        Send(info, now, (response, _) =>
        {
            if (response.Status is >= 300) _peer.Complain($"{response.Status} to INFO with a digit");
        });
    }

    internal string? AlertInfo { get; init; }

    internal IReadOnlyList<(string Name, string Value)> MoreHeaders { get; init; } = [];

    internal string? Replacing { get; init; }

    internal void Notified(PlainSip notify)
    {
        // RFC 3515 §2.4.4, §2.4.5: the package, a status line in the body, and the state of the subscription.
        if (_subscription != "active") _peer.Complain("RFC 3515 §2.4.7: NOTIFY after the subscription was terminated");
        if (notify["event"]?.Split(';')[0] != "refer") _peer.Complain($"RFC 3515 §2.4.4: Event {notify["event"]}");
        if (notify["content-type"]?.StartsWith("message/sipfrag", StringComparison.Ordinal) != true) _peer.Complain("RFC 3515 §2.4.5: no message/sipfrag");
        var parts = notify.Body.Split(' ');
        if (parts.Length < 2 || parts[0] != "SIP/2.0" || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var status))
        {
            _peer.Complain($"RFC 3515 §2.4.5: body \"{notify.Body}\"");
            return;
        }

        TransferTold.Add(status);
        _subscription = notify["subscription-state"]?.Split(';')[0] ?? "";
        if (status >= 200 && _subscription != "terminated") _peer.Complain("RFC 3515 §2.4.7: the subscription goes on after the final status");
    }

    internal void InfoReceived(PlainSip info)
    {
        if (info["content-type"] == "application/dtmf") DigitsTold += info.Body.Trim();
        foreach (var line in info.Body.Split("\r\n"))
            if (line.StartsWith("Signal=", StringComparison.Ordinal)) DigitsTold += line["Signal=".Length..];
    }

    /// <summary>
    /// The line hands this call on (RFC 3515): with Replaces to the other end of another call of the peer's, which ends as if that end had taken it over,
    /// else to a number that rings and answers by its plan.
    /// </summary>
    internal void Referred(SimulatedSipPeer.ServerTransaction transaction, Instant now)
    {
        var target = transaction.Request["refer-to"] ?? "";
        if (_peer.RefuseTransfers)
        {
            _peer.Respond(transaction, 603, "Decline", LocalTag, now);
            return;
        }

        if (transaction.Request["referred-by"] is null) _peer.Complain("RFC 3892 §2.1: REFER without Referred-By");
        ReferredTo = PlainSip.UriOf(target);
        _peer.Respond(transaction, 202, "Accepted", LocalTag, now, response => response.With("contact", Contact));
        Notify(100, "active;expires=60", now);
        After(_peer.TransferTakes, now, at =>
        {
            var joined = _peer.Joins(ReferredTo);
            var outcome = ReferredTo.Contains("Replaces=", StringComparison.Ordinal) && joined is null ? 481 : _peer.TransferOutcome;
            Notify(outcome, "terminated;reason=noresource", at);
            if (outcome < 300) joined?.HangUp(at);
        });
    }

    /// <summary>Refer-To of the line's last REFER; empty before one.</summary>
    public string ReferredTo { get; private set; } = "";

    private void Notify(int status, string state, Instant now)
    {
        var notify = NewRequest("NOTIFY").With("contact", Contact).With("event", "refer").With("subscription-state", state).With("content-type", "message/sipfrag;version=2.0");
        notify.Body = $"SIP/2.0 {status} Whatever\r\n";
        Send(notify, now, (response, _) =>
        {
            if (response.Status is >= 300 and not 481) _peer.Complain($"RFC 3515 §2.4.4: {response.Status} to NOTIFY");
        });
    }

    /// <summary>RFC 3891 §3: a call that takes another one's place at the peer.</summary>
    internal void TakesPlaceOf(PeerCall replaced, Instant now)
    {
        Replaces = replaced;
        Answer(now);
        replaced.Bye(now);
    }

    /// <summary>The call whose place this one took; null for none.</summary>
    public PeerCall? Replaces { get; private set; }
}
