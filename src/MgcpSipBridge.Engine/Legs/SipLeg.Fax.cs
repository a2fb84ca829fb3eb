using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine;

/// <content>Offers and answers of T.38, which wait for the gateway.</content>
internal sealed partial class SipLeg
{
    // Whether the one who is being called was offered T.38 alone.
    private bool _callsWithFax;

    /// <summary>Offers something else in place of what passes now, or calls with it whoever refused to be called otherwise.</summary>
    public void Offer(ReadOnlyMemory<byte> description)
    {
        if (_released) return;
        if (_answered || !call.FromLine)
        {
            core.Sip.Offer(Handle, description, core.Now);
            return;
        }

        _callsWithFax = true;
        Invite(_hops[_nextHop - 1], description);
    }

    /// <summary>Whether a refusal may mean that audio is not taken, and there will be another call with T.38 alone.</summary>
    private bool TakesNoVoice(SipEnd end)
    {
        if (end is not { Local: false, Status: 488 or 606 or 415 } || _released || _callsWithFax || _emergency || !call.Fax.MayCall) return false;
        core.SipCalls.Remove(Handle);
        Handle = default;
        _early = _early.Clear();
        return call.Fax.Calls();
    }

    // Nobody else is called with T.38 because one took nothing else.
    private void CallsAnew()
    {
        if (!_callsWithFax) return;
        _callsWithFax = false;
        call.Fax.BeginAnew();
    }

    /// <summary>Forgets what was to be offered, as far as it was not sent.</summary>
    public void ForgetOffer() => core.Sip.ForgetOffer(Handle, core.Now);

    /// <summary>Answers an offer that had to wait for the gateway: the INVITE's, or one inside the call.</summary>
    public void AnswerOffer(ReadOnlyMemory<byte> description)
    {
        if (_released) return;
        if (call.FromLine || _answered)
        {
            core.Sip.AnswerOffer(Handle, description, core.Now);
            return;
        }

        _answered = true;
        core.Sip.Answer(Handle, description, core.Now);
        call.OnAnswered();
    }

    /// <summary>Refuses an offer of T.38 inside a call (RFC 3261 §21.4.26), which goes on as it was.</summary>
    public void RefuseOffer()
    {
        if (!_released) core.Sip.RefuseOffer(Handle, 488, core.Now);
    }
}
