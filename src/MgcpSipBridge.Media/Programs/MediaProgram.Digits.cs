using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <content>
/// Digits. What an end presses goes to the other in its form: converted, or passed as it is. While we send digits to that other end ourselves, or play to it, what would pass is
/// taken out and sent by us behind them, or over what is played: each digit once, in the order in which they came. A digit that already passes is not cut in two: we wait for its end.
/// </content>
internal sealed partial class MediaProgram
{
    private const int Longest = 8 * 8000; // a key that is held for longer is waited for no more

    // From the last packet of an event to the next digit: it comes three times (RFC 4733 §2.5.1.4), and a pause belongs to it.
    private static readonly TimeSpan AfterEvent = TimeSpan.FromMilliseconds(60);

    // So long a tone needs to be known, and longer than an event is silent; and four blocks of anything else to know that it is over.
    private static readonly TimeSpan Listening = TimeSpan.FromMilliseconds(40);

    private Instant _begun = Instant.Zero - EventReceiver.Patience;
    private bool _isMidway;

    /// <inheritdoc/>
    public void OnDigitBegan(RelaySide from, char digit, Instant now)
    {
        var near = Of(from);
        var far = Of(RelaySession.Other(from));
        Interrupt(near);
        if (far.Waits) return;
        if (Converts(from))
        {
            // Also what comes of it after the end has left its conference.
            near.Events.IsRemade = near.SendsDigits == DtmfForm.Events;
            if (Reports(from, digit) && far.Form.Dtmf != DtmfForm.OutOfBand && IsNew(near, digit, now)) far.Speaker.AddDigit(digit, samples: null, now);
        }
        else if (Passes(near, far))
        {
            if (near.SendsDigits == DtmfForm.Events) near.Events.IsRemade = far.Speaker.IsSpeaking && !_isMidway && far.Speaker.AddDigit(digit, samples: null, now);
            else if (near.Tones.Remakes) far.Speaker.AddDigit(digit, samples: null, now);
        }
    }

    private void Interrupt(ProgramSide pressing)
    {
        if (pressing.Speaker.Playing is { StopsOnDigit: true, Id: var play }) End(play, PlayEnd.Digit);
    }

    /// <inheritdoc/>
    public void OnDigitEnded(RelaySide from, char digit, int samples, Instant now)
    {
        var near = Of(from);
        var far = Of(RelaySession.Other(from));
        // Also when it would not be begun any more: the end was muted, or has entered a conference.
        far.Speaker.FinishDigit(digit, samples);
        near.Letters.Ended(digit, now);
        if (Reports(from, digit) && (near.IsListenedTo || (Converts(from) && far.Form.Dtmf == DtmfForm.OutOfBand)))
            _events.Enqueue(new RelayEvent.Digit(_media, from, digit, TimeSpan.FromMilliseconds(samples / 8)));
    }

    /// <inheritdoc/>
    public void OnDigitLost(RelaySide towards) => _events.Enqueue(new RelayEvent.DigitLost(_media, towards));

    /// <summary>An end has spoken before there was a program.</summary>
    public void Adopt(RelaySide from, Instant at)
    {
        _begun = at;
        Of(from).SpokeAt = at;
    }

    private bool IsYoung(Instant now) => now - _begun < EventReceiver.Patience;

    private void Send(RelayCommand.SendDigit send, Instant now)
    {
        var far = Of(send.Towards);
        var near = Of(RelaySession.Other(send.Towards));
        var digit = char.ToUpperInvariant(send.Digit);
        // Who waits hears nothing of what the other end presses.
        if (send.IsTold && (far.Waits || (IsLetter(near, digit) && !near.Letters.Told(digit, now)))) return;
        if (near.SendsDigits == DtmfForm.InBand || IsYoung(now)) ListenFirst(near, far, now);
        far.Speaker.AddDigit(digit, (int)Math.Clamp(send.Length.TotalMilliseconds * 8, 0, int.MaxValue), now);
    }

    // Whether an end is in the midst of a digit that passes shows only when it was listened to for a moment.
    private static void ListenFirst(ProgramSide near, ProgramSide far, Instant now)
    {
        if (!far.Speaker.IsActive && now - near.SpokeAt < EventReceiver.Patience && Passes(near, far)) far.Speaker.HoldBack(now + Listening);
    }

    /// <summary>
    /// Whether digits of an end go to the other in another form than they come in, or by another way than what it says, as in a conference: then nothing is left of them in what it says.
    /// </summary>
    private bool Converts(RelaySide from)
    {
        var near = Of(from);
        var far = Of(RelaySession.Other(from));
        return !near.IsMuted && (RelayForm.ConvertsDigits(near.Form.Dtmf, far.Form.Dtmf) || !Reaches(near, far));
    }

    // Events pass from packet to packet; tones get wherever the voice is heard.
    private static bool Reaches(ProgramSide near, ProgramSide far) =>
        near.SendsDigits == DtmfForm.Events ? near.Member is null && far.Member is null : near.Member?.Conference == far.Member?.Conference;

    // What signalling tells is no digit a second time because its tone is in the sound as well, as it is at most ports that tell their digits. No gateway is asked for A to D.
    private bool Reports(RelaySide from, char digit) => Of(from).SendsDigits != DtmfForm.OutOfBand || IsLetter(Of(from), digit);

    private static bool IsLetter(ProgramSide near, char digit) =>
        near.Side == RelaySide.Gateway && near.SendsDigits == DtmfForm.OutOfBand && digit is >= 'A' and <= 'D';

    private static bool IsNew(ProgramSide near, char digit, Instant now) => !IsLetter(near, digit) || near.Letters.Heard(digit, now, Instant.Never);

    /// <summary>Whether digits of an end reach the other as they are.</summary>
    private static bool Passes(ProgramSide near, ProgramSide far) =>
        !near.IsMuted && Reaches(near, far) && !far.Waits && far.Form.Dtmf != DtmfForm.OutOfBand && !RelayForm.ConvertsDigits(near.Form.Dtmf, far.Form.Dtmf);

    private static bool PassesTones(ProgramSide near, ProgramSide far) => near.SendsDigits == DtmfForm.InBand && Passes(near, far);

    // Tones that pass are of interest while we send digits to the other end or play to it, or are about to, and until the one is over that began meanwhile.
    private static bool FollowsTones(ProgramSide near, ProgramSide far)
    {
        if (!PassesTones(near, far)) return near.Tones.Remakes = false;
        if (far.Speaker is { Covers: true, IsSpeaking: true }) near.Tones.Remakes = true;
        return near.Tones.Remakes || far.Speaker.Covers;
    }

    private static void FollowTone(ProgramSide near, ProgramSide far, bool tone, int samples, Instant now)
    {
        if (near.Tones.Remakes) near.Tones.Remakes = tone || far.Speaker.Covers;
        else if (tone && near.Tones.Pressed < Longest) far.Speaker.HoldBack(now + Listening + TimeSpan.FromMilliseconds(samples / 8));
    }

    private void TakeEvent(ProgramSide near, ProgramSide far, in RtpHeader header, ReadOnlySpan<byte> payload, Instant now, MediaOutput output)
    {
        if (!TelephoneEventPayload.TryRead(payload, out var report)) return;
        var isDigit = DtmfDigit.TryFromEventCode(report.Event, out _);
        var counts = isDigit && near.SendsDigits == DtmfForm.Events;
        // One that passed in part before we began to speak has been heard there: it is none to be sent again.
        _isMidway = IsYoung(now) && report.Duration > 2 * far.Form.Frame;
        if (counts) near.Events.Take(header, report, now);
        // An end whose digits come another way sends none here that count.
        if (near.IsMuted || near.Member is not null || far.Waits || (isDigit && Converts(near.Side)) || (counts && near.Events.BelongsToRemade(header)))
        {
            far.Outlet.Swallow(header);
            return;
        }

        Pass(far, header, payload, far.Form.EventType, samples: 0, now, output);
        if (counts && near.Events.Pressed < Longest) far.Speaker.HoldBack(now + (report.End ? AfterEvent : EventReceiver.Patience));
    }
}
