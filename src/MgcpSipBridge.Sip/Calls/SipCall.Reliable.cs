using System.Globalization;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>Reliable provisional responses (RFC 3262), in both roles.</summary>
internal sealed partial class SipCall
{
    // As UAS.
    private ReliableResponse? _reliable;
    private uint _lastRSeq;
    private bool _answerHeld;
    private bool _progressHeld;

    // Whether offer and answer were exchanged before the 200, which repeats neither (RFC 6337 §2.2).
    private bool _describedEarly;

    // As UAC: a reliable response whose offer waits for our answer.
    private (Dialog Dialog, string RAck)? _offeredEarly;

    /// <summary>A reliable response of ours.</summary>
    private sealed class ReliableResponse(uint number, uint sequence, bool holdsDescription, bool holdsOffer, TimeSpan interval)
    {
        public uint Number { get; } = number;

        /// <summary>CSeq of the INVITE.</summary>
        public uint Sequence { get; } = sequence;

        public bool HoldsDescription { get; } = holdsDescription;

        public bool HoldsOffer { get; } = holdsOffer;

        public TimeSpan Interval { get; set; } = interval;
    }

    /// <summary>Whether the caller insists on reliable provisional responses (§3).</summary>
    private bool MustBeReliable => _request!.Lists(SipHeader.Require, "100rel"u8);

    /// <summary>Writes RSeq of a reliable response and remembers it until its PRACK.</summary>
    private void WriteReliable(bool holdsDescription, Instant now)
    {
        // §3: the first is chosen from 1 to 2^31-1, each next one is one more.
        _lastRSeq = _lastRSeq == 0 ? 1 + (uint)_core.Entropy.Next(int.MaxValue) : _lastRSeq + 1;
        _core.Writer.Header(SipHeader.Require, "100rel");
        _core.Writer.Header(SipHeader.RSeq, _lastRSeq);
        _reliable = new ReliableResponse(_lastRSeq, _request!.CSeqNumber, holdsDescription, holdsDescription && SdpBody.Of(_request).IsEmpty, _core.Settings.T1);
        SetTimer(SipTimer.RepeatReliable, now + _core.Settings.T1);
        SetTimer(SipTimer.AwaitPrack, now + (64 * _core.Settings.T1));
    }

    // §3: T1, doubled each time without a bound.
    private void RepeatReliable(Instant now)
    {
        if (_reliable is not { } reliable || _state != SipCallState.Offering) return;
        _core.Transactions.ResendProvisional(_transaction!, now);
        reliable.Interval *= 2;
        SetTimer(SipTimer.RepeatReliable, now + reliable.Interval);
    }

    private void OnPrackMissing(Instant now)
    {
        _refusal = (504, 0, null);
        _end = new SipEnd(408, Local: true);
        Step(SipCallInput.PrackTimeout, now);
    }

    /// <summary>PRACK: 200 if it names the response that waits for it, else 481 (§3). Its body answers our offer, or is a new offer (§5).</summary>
    private void OnPrack(SipServerTransaction transaction, SipMessage prack, Dialog dialog, Instant now)
    {
        if (_reliable is not { } reliable || !Names(prack, reliable))
        {
            _core.Transactions.Respond(transaction, 481, now);
            return;
        }

        _reliable = null;
        StopTimer(SipTimer.RepeatReliable);
        StopTimer(SipTimer.AwaitPrack);
        var description = SdpBody.Of(prack);
        if (reliable.HoldsDescription) _describedEarly = true;
        if (!description.IsEmpty && !reliable.HoldsOffer && _describedEarly && _state == SipCallState.Offering)
        {
            _offer = new PendingOffer(transaction, prack, dialog, IsEmpty: false);
            _core.Raise(new SipEvent.Offered(Handle, description));
        }
        else
        {
            _core.Transactions.Respond(transaction, 200, now);
            if (reliable.HoldsOffer && !description.IsEmpty) _core.Raise(new SipEvent.EarlyAnswer(Handle, description));
        }

        if (_progressHeld) SendProvisional(now);
        if (_answerHeld) Step(SipCallInput.Answer, now);
        else TryOffer(now);
    }

    private static bool Names(SipMessage prack, ReliableResponse reliable)
    {
        // RAck = response-num LWS CSeq-num LWS Method (§7.2).
        var parts = prack.TextOf(SipHeader.RAck)?.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries) ?? [];
        return parts.Length == 3
            && uint.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number == reliable.Number
            && uint.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) && sequence == reliable.Sequence
            && parts[2] == "INVITE";
    }

    /// <summary>
    /// A provisional response to our INVITE: acknowledged by PRACK if it is reliable and the next in its dialog (§4). False for one that must
    /// not be looked at: a repeat, or one that came before an earlier one.
    /// </summary>
    private bool TryAcknowledge(SipMessage response, Dialog? dialog, Instant now)
    {
        if (!response.Lists(SipHeader.Require, "100rel"u8) || response.NumberOf(SipHeader.RSeq) is not { } number) return true;
        if (dialog is null || !dialog.TryTakeReliable(number)) return false;
        var rack = string.Create(CultureInfo.InvariantCulture, $"{number} {response.CSeqNumber} INVITE");
        if (!SdpBody.Of(response).IsEmpty)
        {
            if (_acknowledgeWithAnswer && !dialog.IsDescribed)
            {
                dialog.IsDescribed = true;
                _offeredEarly = (dialog, rack);
                return true;
            }

            dialog.IsDescribed = true;
        }

        Prack(dialog, rack, default, now);
        TryOffer(now);
        return true;
    }

    // Whatever becomes of it: a PRACK that fails leaves the INVITE to its own fate.
    private void Prack(Dialog dialog, string rack, ReadOnlyMemory<byte> answer, Instant now) =>
        Ask(SipMethod.Prack, dialog, now, static (_, _, _, _) => { }, [(SipHeader.RAck, rack)], answer);

    /// <summary>Our answer to an offer that came in a reliable response travels in the PRACK (§5).</summary>
    private bool TryAnswerEarly(ReadOnlyMemory<byte> answer, Instant now)
    {
        if (_offeredEarly is not { } waiting) return false;
        _offeredEarly = null;
        _shown = answer;
        Prack(waiting.Dialog, waiting.RAck, answer, now);
        TryOffer(now);
        return true;
    }
}
