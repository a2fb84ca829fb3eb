namespace MgcpSipBridge.Engine;

/// <summary>Where a call stands with fax.</summary>
internal enum FaxState
{
    /// <summary>Speech.</summary>
    Voice,

    /// <summary>The gateway has found a fax and is being told to speak T.38; it keeps quiet meanwhile (RFC 5347 §2.1.1).</summary>
    Preparing,

    /// <summary>The gateway speaks T.38, the peer is asked to.</summary>
    Proposing,

    /// <summary>The peer agreed; the gateway is being told where to.</summary>
    Joining,

    /// <summary>The peer asked for T.38; the gateway is being told. The peer waits for its answer.</summary>
    Answering,

    /// <summary>Both speak T.38.</summary>
    Relaying,

    /// <summary>The gateway is being told to make a clear channel of the audio.</summary>
    Clearing,

    /// <summary>The audio is a clear channel.</summary>
    Clear,

    /// <summary>The gateway is being told to speak as before.</summary>
    Returning,

    /// <summary>The gateway passes a fax by its own means, and is let alone as far as can be (RFC 5347 §2.1).</summary>
    Own,
}

/// <summary>What can happen to a call with regard to fax.</summary>
internal enum FaxEvent
{
    /// <summary>fxr/t38(start).</summary>
    GatewayStarts,

    /// <summary>fxr/t38(stop) or fxr/gwfax(stop).</summary>
    GatewayStops,

    /// <summary>fxr/t38(failure) or fxr/gwfax(failure).</summary>
    GatewayFails,

    /// <summary>fxr/nopfax(start), or the tones of a fax or modem (ft, mt): nothing special is done about it so far.</summary>
    GatewayFinds,

    /// <summary>fxr/gwfax(start).</summary>
    GatewayActs,

    /// <summary>The gateway has done what it was told last.</summary>
    GatewayTook,

    /// <summary>It has not.</summary>
    GatewayRefused,

    /// <summary>The peer offers T.38 in place of the audio, or T.38 anew.</summary>
    PeerOffersFax,

    /// <summary>The peer has offered audio, and was answered.</summary>
    PeerOffersVoice,

    /// <summary>The peer agreed to T.38.</summary>
    PeerTook,

    /// <summary>It did not: 488, 415 or any other status, or a stream with port 0.</summary>
    PeerRefused,

    /// <summary>The peer refuses a call with audio, and may be called with T.38 alone.</summary>
    PeerTakesNoVoice,

    /// <summary>Another one has taken the peer's place: a transfer, a pick-up, a route.</summary>
    PeerChanges,
}

/// <summary>What is to be done, in this order.</summary>
[Flags]
internal enum FaxEffects
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Refuse the peer's offer with 488; the call goes on as it was.</summary>
    RefuseOffer = 1,

    /// <summary>Tell the gateway to speak T.38, though nobody is known yet to speak it to (<c>a:image/t38</c>).</summary>
    AskGateway = 2,

    /// <summary>Tell the gateway of the peer's T.38 stream.</summary>
    TellGateway = 4,

    /// <summary>Tell the gateway to stop all fax procedures and to make a clear channel: <c>a:PCMU;PCMA, e:off, s:off, fxr/fx:off</c>.</summary>
    ClearGateway = 8,

    /// <summary>Tell the gateway to speak as before, ready for the next fax.</summary>
    RestoreGateway = 16,

    /// <summary>The same, and to abort the fax procedure that it is in (RFC 5347 §2.1.1).</summary>
    AbortGateway = 32,

    /// <summary>Let the relay pass T.38.</summary>
    Join = 64,

    /// <summary>Let the relay pass speech.</summary>
    Part = 128,

    /// <summary>Forget our own offer if it was not sent yet: the peer was first.</summary>
    Forget = 256,

    /// <summary>Offer T.38 to the peer; to one that takes no voice in the INVITE.</summary>
    OfferFax = 512,

    /// <summary>Answer the peer's offer of T.38.</summary>
    AnswerFax = 1024,

    /// <summary>Offer audio to the peer, if it is still with T.38.</summary>
    OfferVoice = 2048,

    /// <summary>Whatever was tried has failed: say so.</summary>
    Fail = 4096,
}

/// <summary>
/// Fax between an MGCP gateway and a SIP peer as a table: RFC 5347's call-agent-controlled T.38 procedure (§2.1.1, flows in §3.1 and §3.3), and the fall-back to a clear
/// channel where T.38 cannot be.
/// </summary>
internal static class FaxMachine
{
    /// <summary>One step.</summary>
    /// <param name="state">Where the call stands.</param>
    /// <param name="evt">What happened.</param>
    /// <param name="relays">Whether T.38 may pass between these two.</param>
    /// <param name="clears">Whether a clear channel may be made instead.</param>
    public static (FaxState Next, FaxEffects Effects) Step(FaxState state, FaxEvent evt, bool relays, bool clears) => (state, evt) switch
    {
        // A fax is found. A gateway that was told "t38-loose" is silent from here on until it is told what to do.
        (FaxState.Voice or FaxState.Own or FaxState.Returning, FaxEvent.GatewayStarts) => relays ? (FaxState.Preparing, FaxEffects.AskGateway) : GiveUp(clears),
        (FaxState.Voice, FaxEvent.GatewayFinds) when clears => (FaxState.Clearing, FaxEffects.ClearGateway),
        (FaxState.Voice, FaxEvent.GatewayFinds) => (FaxState.Voice, FaxEffects.Fail),
        (FaxState.Voice, FaxEvent.GatewayActs) => (FaxState.Own, FaxEffects.None),
        (FaxState.Own, FaxEvent.GatewayStops) => (FaxState.Voice, FaxEffects.None),
        (FaxState.Own, FaxEvent.GatewayFails) => (FaxState.Voice, FaxEffects.Fail),

        // §3.1: the gateway first, so that the peer is offered what the gateway has.
        (FaxState.Preparing, FaxEvent.GatewayTook) => (FaxState.Proposing, FaxEffects.OfferFax),
        (FaxState.Proposing, FaxEvent.PeerTook) => (FaxState.Joining, FaxEffects.TellGateway),
        (FaxState.Joining, FaxEvent.GatewayTook) => (FaxState.Relaying, FaxEffects.Join),

        // The same before there is a call (ITU-T T.38 Annex D.2.2).
        (FaxState.Voice, FaxEvent.PeerTakesNoVoice) when relays => (FaxState.Preparing, FaxEffects.AskGateway),

        // §3.3: the peer was first.
        (FaxState.Voice or FaxState.Own or FaxState.Returning or FaxState.Preparing or FaxState.Joining or FaxState.Relaying, FaxEvent.PeerOffersFax) when relays =>
            (FaxState.Answering, FaxEffects.TellGateway),
        (FaxState.Proposing, FaxEvent.PeerOffersFax) when relays => (FaxState.Answering, FaxEffects.Forget | FaxEffects.TellGateway),
        (FaxState.Answering, FaxEvent.GatewayTook) => (FaxState.Relaying, FaxEffects.Join | FaxEffects.AnswerFax),
        (FaxState.Answering, FaxEvent.GatewayRefused) => GiveUp(clears, FaxEffects.RefuseOffer),

        // Who is refused T.38 sends its fax in the audio, by and by.
        (FaxState.Voice, FaxEvent.PeerOffersFax) when clears => (FaxState.Clearing, FaxEffects.RefuseOffer | FaxEffects.ClearGateway),
        (_, FaxEvent.PeerOffersFax) => (state, FaxEffects.RefuseOffer),

        // It cannot be.
        (FaxState.Preparing, FaxEvent.GatewayRefused) => GiveUp(clears),
        (FaxState.Proposing, FaxEvent.PeerRefused) => GiveUp(clears),
        (FaxState.Joining, FaxEvent.GatewayRefused) => GiveUp(clears),
        (FaxState.Clear, FaxEvent.GatewayStarts) => (FaxState.Clearing, FaxEffects.ClearGateway),
        (FaxState.Clearing, FaxEvent.GatewayTook or FaxEvent.GatewayRefused) => (FaxState.Clear, FaxEffects.Part | FaxEffects.OfferVoice),

        // It is over. Codecs do not come back by themselves (§2.2.3).
        (FaxState.Preparing or FaxState.Proposing or FaxState.Joining or FaxState.Relaying, FaxEvent.GatewayStops) => (FaxState.Returning, FaxEffects.RestoreGateway),
        (FaxState.Preparing or FaxState.Proposing or FaxState.Joining or FaxState.Relaying, FaxEvent.GatewayFails) => (FaxState.Returning, FaxEffects.RestoreGateway | FaxEffects.Fail),
        (FaxState.Joining or FaxState.Relaying, FaxEvent.PeerOffersVoice) => (FaxState.Returning, FaxEffects.RestoreGateway | FaxEffects.Part),
        (FaxState.Returning, FaxEvent.GatewayTook or FaxEvent.GatewayRefused) => (FaxState.Voice, FaxEffects.Part | FaxEffects.OfferVoice),

        // Whoever comes is spoken to; if a fax goes on all the same the gateway will find it anew.
        (FaxState.Voice or FaxState.Own, FaxEvent.PeerChanges) => (state, FaxEffects.None),
        (FaxState.Returning, FaxEvent.PeerChanges) => (state, FaxEffects.Part),
        (_, FaxEvent.PeerChanges) => (FaxState.Returning, FaxEffects.RestoreGateway | FaxEffects.Part),

        // An agreement that comes after we gave up, or to what the peer asked us to offer.
        (FaxState.Relaying, FaxEvent.PeerTook) => (FaxState.Joining, FaxEffects.TellGateway),
        (FaxState.Voice or FaxState.Clear, FaxEvent.PeerTook) => (state, FaxEffects.OfferVoice),

        // The rest changes nothing. Above all t38(start) of a gateway that speaks T.38 already (§3.3, steps 15 and 16); its stop after it was told to abort; audio offered while
        // the gateway is busy with a change, which hears of it when that is done; and answers to what nobody waits for any more.
        _ => (state, FaxEffects.None),
    };

    private static (FaxState Next, FaxEffects Effects) GiveUp(bool clears, FaxEffects before = FaxEffects.None) =>
        clears ? (FaxState.Clearing, before | FaxEffects.ClearGateway) : (FaxState.Returning, before | FaxEffects.AbortGateway | FaxEffects.Fail);
}
