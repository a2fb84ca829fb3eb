using MgcpSipBridge.Calls;

namespace MgcpSipBridge.Engine;

/// <content>Offers and answers of T.38, which wait for the gateway.</content>
internal sealed partial class SipLeg
{
    /// <summary>Offers something else in place of what passes now.</summary>
    public void Offer(ReadOnlyMemory<byte> description)
    {
        if (!_released) core.Sip.Offer(Handle, description, core.Now);
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

    /// <summary>Refuses an offer of T.38 (RFC 3261 §21.4.26). Inside a call that goes on as it was; a call that began with it is over.</summary>
    public void RefuseOffer()
    {
        if (_released) return;
        if (call.FromLine || _answered) core.Sip.RefuseOffer(Handle, 488, core.Now);
        else core.Raise(call.Line, new CallEvent.BearerFailed(call.Id, CallCause.IncompatibleMedia));
    }
}
