using System.Globalization;
using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>Transfers: REFER (RFC 3515) in both roles, its NOTIFYs, and Replaces (RFC 3891) in what it refers to.</summary>
internal sealed partial class SipCall
{
    private const string SipFragment = "message/sipfrag;version=2.0";

    // The implicit subscription's lifetime, told in NOTIFY; a transfer that takes longer has failed for the one who waits.
    private static readonly TimeSpan TransferTime = TimeSpan.FromSeconds(180);

    // Theirs: REFER that waits for the engine's word, and whether its sender wants to be told what becomes of it.
    private SipServerTransaction? _refer;
    private bool _tells;

    // Ours.
    private bool _transferring;
    private bool _digitsArePlain;

    /// <summary>Asks the peer to call somebody in our place; with another call of ours, to take that one's place.</summary>
    public void Transfer(string to, bool joins, SipCall? other, Instant now)
    {
        if (_transferring) return;
        if (_state != SipCallState.Talking || _core.Peers.Find(Peer) is not { } peer)
        {
            // Its ACK has not come yet, or its BYE is out.
            _core.Raise(new SipEvent.TransferProgressed(Handle, 491));
            return;
        }

        _transferring = true;
        // No user has a colon: it would be escaped.
        var target = to.Contains(':', StringComparison.Ordinal) ? to : peer.TargetOf(to) + UriHeaders.Write(Carried);
        if (joins)
        {
            if (other is not { _state: SipCallState.Talking, _dialog: { } dialog })
            {
                // RFC 3891 §3: an early dialog is not ours to give away, and one that is over nobody's.
                ReportTransfer(481);
                return;
            }

            var replaces = new SipReplaces(other.CallId, dialog.RemoteTag, other.LocalTag, EarlyOnly: false);
            var mark = dialog.State.Target.Contains('?', StringComparison.Ordinal) ? '&' : '?';
            target = $"{dialog.State.Target}{mark}Replaces={SipText.EscapeParameter(replaces.Text)}";
        }

        var self = peer.UriOfLine(_contactUser);
        SetTimer(SipTimer.Transfer, now + TransferTime);
        Ask(SipMethod.Refer, _dialog!, now, OnReferred, [(SipHeader.ReferTo, $"<{target}>"), (SipHeader.ReferredBy, $"<{self}>")]);
    }

    private void OnReferred(ClientRequest request, SipMessage? response, int status, Instant now)
    {
        // RFC 4488 §3: it will not tell.
        var silent = response is { Status: < 300 } && Ascii.EqualsIgnoreCase(response.First(SipHeader.ReferSub), "false"u8);
        if (response is { Status: < 300 } && !silent) return;
        ReportTransfer(silent ? 200 : status);
        if (!silent) EndsDialog(response, status, now);
    }

    private void ReportTransfer(int status)
    {
        if (!_transferring) return;
        if (status >= 200)
        {
            _transferring = false;
            StopTimer(SipTimer.Transfer);
        }

        if (_state == SipCallState.Talking) _core.Raise(new SipEvent.TransferProgressed(Handle, status));
    }

    /// <summary>NOTIFY about a REFER of ours (RFC 3515 §2.4.4); it may overtake the 202.</summary>
    private void OnNotify(SipServerTransaction transaction, SipMessage notify, Instant now)
    {
        if (!_transferring)
        {
            _core.Transactions.Respond(transaction, 481, now);
            return;
        }

        _core.Transactions.Respond(transaction, 200, now);
        var line = Encoding.ASCII.GetString(notify.Body.Span[..Math.Min(notify.Body.Length, 64)]);
        var status = line.StartsWith("SIP/2.0 ", StringComparison.Ordinal) && line.Length >= 11
            && int.TryParse(line.AsSpan(8, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var read) && read is >= 100 and <= 699 ? read : 0;
        var over = notify.TextOf(SipHeader.SubscriptionState)?.StartsWith("terminated", StringComparison.OrdinalIgnoreCase) == true;
        // Some PBXs end the subscription without a word about the outcome: then the call was handed on as far as they know.
        if (status == 0 || (over && status < 200)) status = over ? 200 : 100;
        ReportTransfer(status);
    }

    /// <summary>REFER of the peer.</summary>
    private void OnRefer(SipServerTransaction transaction, SipMessage request, Instant now)
    {
        var count = 0;
        foreach (var _ in request.Values(SipHeader.ReferTo)) count++;
        var target = request.AddressOf(SipHeader.ReferTo);
        // §2.4.2: exactly one Refer-To.
        if (count != 1 || !SipUri.TryParse(target.Uri, out var uri))
        {
            _core.Transactions.Respond(transaction, 400, now);
            return;
        }

        if (uri.Scheme is not (SipUriScheme.Sip or SipUriScheme.Sips or SipUriScheme.Tel))
        {
            _core.Transactions.Respond(transaction, 416, now);
            return;
        }

        if (_state != SipCallState.Talking || _refer is not null || _tells)
        {
            _core.Transactions.Respond(transaction, 603, now);
            return;
        }

        _refer = transaction;
        _tells = !Ascii.EqualsIgnoreCase(request.First(SipHeader.ReferSub), "false"u8);
        var by = request.AddressOf(SipHeader.ReferredBy);
        var numbers = _core.Peers.Find(Peer)?.Model.Numbers ?? default;
        var replaces = ReplacesIn(uri);
        // Where a dialog is to be replaced, its user is the peer's own word.
        var user = replaces is null ? numbers.In(Identity.NumberOf(target.Uri)) : Identity.NumberOf(target.Uri);
        _core.Raise(new SipEvent.TransferAsked(Handle, user, uri.HostText, replaces, by.Uri.IsEmpty ? null : numbers.In(Identity.NumberOf(by.Uri)))
        {
            Carried = UriHeaders.Carried(uri),
        });
    }

    /// <summary>Takes the peer's REFER: 202, and at once the first NOTIFY (§2.4.4).</summary>
    public void AcceptTransfer(Instant now)
    {
        if (_refer is not { } refer) return;
        _refer = null;
        refer.BeginResponse(_core.Writer, 202);
        _core.Writer.Address(SipHeader.Contact, null, _core.ContactUri(_contactUser, _flow));
        if (!_tells) _core.Writer.Header(SipHeader.ReferSub, "false");
        _core.Writer.End();
        _core.Transactions.Respond(refer, _core.Writer, now);
        TellTransfer(100, now);
    }

    /// <summary>Refuses the peer's REFER.</summary>
    public void RefuseTransfer(int status, Instant now)
    {
        if (_refer is not { } refer) return;
        (_refer, _tells) = (null, false);
        _core.Transactions.Respond(refer, status is >= 400 and <= 699 ? status : 603, now);
    }

    /// <summary>Tells the peer what became of its REFER: one status line; a final one ends the telling (§2.4.7).</summary>
    public void TellTransfer(int status, Instant now)
    {
        if (!_tells || _state != SipCallState.Talking) return;
        var seconds = (int)TransferTime.TotalSeconds;
        var state = status >= 200 ? "terminated;reason=noresource" : string.Create(CultureInfo.InvariantCulture, $"active;expires={seconds}");
        if (status >= 200) _tells = false;
        var line = string.Create(CultureInfo.InvariantCulture, $"SIP/2.0 {status} {Encoding.ASCII.GetString(SipStatus.PhraseOf(status))}\r\n");
        Ask(SipMethod.Notify, _dialog!, now, OnTold, [(SipHeader.Event, "refer"), (SipHeader.SubscriptionState, state)], Encoding.ASCII.GetBytes(line), SipFragment);
    }

    // 481 and its like: nobody wants to know any more (RFC 6665 §4.2.2).
    private void OnTold(ClientRequest request, SipMessage? response, int status, Instant now)
    {
        if (status >= 300) _tells = false;
    }

    // Refer-To: <sip:bob@host?Replaces=…>: the header of that name, escapes undone.
    private static string? ReplacesIn(SipUri uri)
    {
        foreach (var (name, value) in UriHeaders.Of(uri))
        {
            if (name.Equals("Replaces", StringComparison.OrdinalIgnoreCase))
                return SipReplaces.TryParse(Encoding.UTF8.GetBytes(value), out var replaces) ? replaces!.Text : null;
        }

        return null;
    }

    /// <summary>Digits, pressed in the call, one INFO each.</summary>
    public void SendDigits(string symbols, TimeSpan duration, Instant now)
    {
        if (_state != SipCallState.Talking) return;
        foreach (var symbol in symbols) SendDigit(symbol, duration, now);
    }

    private void SendDigit(char symbol, TimeSpan duration, Instant now)
    {
        var relay = !_digitsArePlain;
        Ask(
            SipMethod.Info, _dialog!, now, (_, response, status, at) =>
            {
                // A peer that refuses the one form gets the other, and all that follow go to it that way. Who refuses the type must say which it takes (RFC 3261 §21.4.13), and some do not.
                if (relay && _state == SipCallState.Talking && response is not null
                    && (response.Status is 488 or 501 || (response.Status == 415 && (!response.Has(SipHeader.Accept) || response.Lists(SipHeader.Accept, "application/dtmf"u8)))))
                {
                    _digitsArePlain = true;
                    SendDigit(symbol, duration, at);
                }
                else if (status == 481)
                {
                    // A peer that refuses INFO still has the call; one that does not know the dialog has none (RFC 5057 §5.1).
                    EndsDialog(response, status, at);
                }
            },
            [], relay ? DigitInfo.Write(symbol, duration) : [(byte)symbol], relay ? DigitInfo.Relay : DigitInfo.Plain);
    }

    private void OnInfo(SipServerTransaction transaction, SipMessage info, Instant now)
    {
        if (_state is SipCallState.Clearing or SipCallState.Over or SipCallState.Cancelling)
        {
            _core.Transactions.Respond(transaction, 481, now);
            return;
        }

        if (info.Has(SipHeader.InfoPackage))
        {
            // RFC 6086 §4.2.2: no package was ever announced.
            Refuse(transaction, 469, SipHeader.RecvInfo, "", now);
            return;
        }

        if (!info.Body.IsEmpty && !DigitInfo.CanUse(info))
        {
            Refuse(transaction, 415, SipHeader.Accept, DigitInfo.Types, now);
            return;
        }

        _core.Transactions.Respond(transaction, 200, now);
        if (DigitInfo.Read(info) is var (symbol, duration)) _core.Raise(new SipEvent.DigitsPressed(Handle, symbol.ToString(), duration));
    }

    private void Refuse(SipServerTransaction transaction, int status, SipHeader header, string value, Instant now)
    {
        transaction.BeginResponse(_core.Writer, status);
        _core.Writer.Header(header, value);
        _core.Writer.End();
        _core.Transactions.Respond(transaction, _core.Writer, now);
    }
}
