using MgcpSipBridge.Calls;
using MgcpSipBridge.Mgcp;

namespace MgcpSipBridge.Engine;

/// <summary>Fax in a call: what gateway and peer say of it goes into <see cref="FaxMachine"/>, and what that wants is done here.</summary>
internal sealed class FaxLeg(EngineCore core, ActiveCall call)
{
    private FaxState _state;
    private CommandId _command;
    private int _attempt;
    private ReadOnlyMemory<byte>? _offered; // T.38 that we have offered, and the answer is to come
    private readonly HashSet<FaxMode> _noted = [];

    /// <summary>How a fax passes now.</summary>
    public FaxMode Mode { get; private set; }

    /// <summary>Whether anything but packets as they come would spoil what passes.</summary>
    public bool IsClear => _state is FaxState.Clearing or FaxState.Clear;

    /// <summary>The procedure that the call's connection is made with; null for none.</summary>
    public string? Procedure => FaxMap.Procedure(call.IsReceived ? FaxHandling.Off : Agreed, Audit);

    // A line that rings for a caller whom the bridge has answered sends no fax yet; its connection is made for when it does.
    private FaxHandling Handling => call.Reception is not null ? FaxHandling.Off : Agreed;

    // UDPTL has no protection: where the audio is encrypted a fax stays in it (RFC 5347 §4).
    private FaxHandling Agreed => FaxMap.Between(
        FaxMap.Between(call.Line.Fax, core.Peers.TryGetValue(call.Peer.Peer ?? call.Line.Model.Peer, out var peer) ? peer.Fax : FaxHandling.Auto),
        // While only the bridge is at the other end there is nobody to speak it to.
        call.Media.IsEncrypted || call.Peer.IsAttended ? FaxHandling.Passthrough : FaxHandling.Auto);

    private EndpointAudit Audit => call.Line.Gateway.Audit;

    /// <summary>The gateway reported something in the call.</summary>
    public void OnObserved(ObservedEvent evt)
    {
        if (call.Answered is null || Handling == FaxHandling.Off || FaxMap.Read(evt) is not { } said) return;
        if (said is FaxEvent.GatewayStarts or FaxEvent.GatewayFinds or FaxEvent.GatewayActs && _noted.Count == 0) core.Note(new EngineNote.FeatureUsed(call.Name, CallFeature.Fax));
        Step(said);
        if (said == FaxEvent.GatewayActs && _state == FaxState.Own) Tell(FaxMode.Gateway);
    }

    /// <summary>
    /// A peer calls and offers T.38 alone; false where that cannot pass. The line rings as it does for any call, on a connection that is made for speech: with the answer it is told of the
    /// T.38 stream, as if the peer had found a fax right then (RFC 5347 §3.3, step 11).
    /// </summary>
    public bool TakesCall(ReadOnlyMemory<byte> offer) => FaxMap.Relays(Handling, Audit) && call.Media.TakePeerFaxCall(offer);

    /// <summary>Whether a peer that takes no audio may be called with T.38 alone. Only where T.38 is wanted for sure: nobody who speaks is to be answered by a fax.</summary>
    public bool MayCall => Handling == FaxHandling.T38 && _state == FaxState.Voice && call.Media.MayBePlainFax;

    /// <summary>The peer refuses to be called with audio; true when it is called again with T.38 alone, as soon as the gateway speaks that.</summary>
    public bool Calls()
    {
        Step(FaxEvent.PeerTakesNoVoice);
        return _state == FaxState.Preparing && _command != default;
    }

    /// <summary>The peer that was called with T.38 alone has answered; false when that is no agreement.</summary>
    public bool TakesCallAnswer(ReadOnlyMemory<byte> answer)
    {
        _offered = null;
        if (!call.Media.TakePeerFax(answer)) return false;
        Step(FaxEvent.PeerTook);
        return true;
    }

    /// <summary>The line has answered; true when its caller has T.38 alone, and is answered when the gateway speaks it.</summary>
    public bool Answers()
    {
        if (!call.Media.IsFaxCall) return false;
        Step(FaxEvent.PeerOffersFax);
        return true;
    }

    /// <summary>The peer offers something inside the call; true when it was T.38, which is answered from here, now or later.</summary>
    public bool TakesOffer(ReadOnlyMemory<byte> offer)
    {
        if (call.Answered is null || !call.Media.TakePeerFax(offer)) return false;
        Step(FaxEvent.PeerOffersFax);
        return true;
    }

    /// <summary>The peer offered audio and was answered; true when what the gateway has to know of it is told from here, now or later.</summary>
    public bool TakesVoice()
    {
        if (_state is FaxState.Voice or FaxState.Clear or FaxState.Own) return false;
        Step(FaxEvent.PeerOffersVoice);
        return true;
    }

    /// <summary>The peer answered an offer of ours; true when that was one of T.38, or the answer agrees to it. An answer without a description, or with none that could be used, refuses it.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="offer">What was offered; empty where that was in a response of ours.</param>
    public bool TakesAnswer(ReadOnlyMemory<byte> answer, ReadOnlyMemory<byte> offer = default)
    {
        var agreed = call.Media.TakePeerFax(answer);
        var isOurs = IsOffered(offer);
        if (!agreed && !isOurs) return false;
        if (isOurs) _offered = null;
        if (!agreed) call.Media.FaxRefused();
        Step(agreed ? FaxEvent.PeerTook : FaxEvent.PeerRefused);
        return true;
    }

    /// <summary>The peer refused an offer of ours.</summary>
    public void OnOfferRefused(ReadOnlyMemory<byte> offer)
    {
        if (!IsOffered(offer)) return;
        _offered = null;
        call.Media.FaxRefused();
        Step(FaxEvent.PeerRefused);
    }

    /// <summary>Whether a command was given here. Its outcome is then nobody else's.</summary>
    public bool Takes(CommandId command, ReadOnlyMemory<byte>? description)
    {
        if (!_commands.Remove(command)) return false;
        // A call whose connection cannot be what its caller wants fails as any.
        if (description is null && call.Answered is null) return false;
        // What the gateway says of itself holds even when it was told something else since.
        var speaksFax = description is { } text && call.Media.TakeGatewayFax(text);
        if (command != _command) return true;
        _command = default;
        var took = description is not null && (_state != FaxState.Preparing || speaksFax) && (_state is not (FaxState.Joining or FaxState.Answering) || call.Media.KnowsGatewayFax);
        if (_state is FaxState.Clearing or FaxState.Returning && description is { IsEmpty: false } voice) call.Media.TakeGatewayDescription(voice);
        if (took || _state != FaxState.Clearing || !Clear(_attempt + 1)) Step(took ? FaxEvent.GatewayTook : FaxEvent.GatewayRefused);
        return true;
    }

    /// <summary>
    /// Somebody else is at the far end now: what the one before had agreed to, or was asked, counts no more. The gateway speaks as in the beginning, ready for the next fax.
    /// </summary>
    public void BeginAnew()
    {
        _offered = null;
        call.Media.ForgetPeerFax();
        Step(FaxEvent.PeerChanges);
    }

    // An offer of audio may be answered meanwhile, or a refresh of the session.
    private bool IsOffered(ReadOnlyMemory<byte> offer) => _offered is { } own && own.Equals(offer);

    private readonly HashSet<CommandId> _commands = [];

    private void Step(FaxEvent evt)
    {
        var before = _state;
        // Who talks with others is no fax, whatever was taken for one.
        var handling = call.Audio?.IsInConference == true ? FaxHandling.Off : Handling;
        (_state, var effects) = FaxMachine.Step(before, evt, FaxMap.Relays(handling, Audit), FaxMap.Clears(handling));
        // To who has nothing but T.38 there is no other way: that ends a call that was not answered.
        if (call.Answered is null && evt != FaxEvent.PeerChanges && ((_state != before && _state is FaxState.Clearing or FaxState.Returning) || effects.HasFlag(FaxEffects.RefuseOffer)))
        {
            core.Raise(call.Line, new CallEvent.BearerFailed(call.Id, CallCause.IncompatibleMedia));
            return;
        }

        Do(effects);
        if (_state == before) return;
        switch (_state)
        {
            case FaxState.Relaying:
                Tell(FaxMode.T38);
                break;
            case FaxState.Clear:
                Tell(FaxMode.Passthrough);
                break;
            case FaxState.Voice when Mode is not FaxMode.Failed:
                Tell(FaxMode.None);
                break;
        }
    }

    private void Do(FaxEffects effects)
    {
        if (effects.HasFlag(FaxEffects.RefuseOffer)) call.Peer.RefuseOffer();
        if (effects.HasFlag(FaxEffects.AskGateway)) Command(FaxMap.RelayOptions, default);
        // A connection that was made for speech alone is told nothing but the description (RFC 5347 §3.3, step 11).
        if (effects.HasFlag(FaxEffects.TellGateway)) Command(null, call.Media.DescribeFaxToGateway());
        if (effects.HasFlag(FaxEffects.ClearGateway)) Clear(0);
        if (effects.HasFlag(FaxEffects.RestoreGateway)) Restore(Procedure);
        if (effects.HasFlag(FaxEffects.AbortGateway)) Restore(FaxMap.Has(Audit) ? "fxr/fx:off" : null);
        if (effects.HasFlag(FaxEffects.Join)) call.Media.PassFax(true);
        if (effects.HasFlag(FaxEffects.Part)) call.Media.PassFax(false);
        if (effects.HasFlag(FaxEffects.Forget))
        {
            _offered = null;
            call.Peer.ForgetOffer();
        }

        if (effects.HasFlag(FaxEffects.OfferFax))
        {
            var offer = call.Media.OfferFaxToPeer();
            _offered = offer;
            call.Peer.Offer(offer);
        }

        if (effects.HasFlag(FaxEffects.AnswerFax)) call.Peer.AnswerOffer(call.Media.AnswerFaxToPeer());
        if (effects.HasFlag(FaxEffects.OfferVoice))
        {
            // To whom never spoke of audio none is offered.
            if (call.Media is { PeerIsWithFax: true, IsFaxCall: false }) call.Peer.Offer(call.Media.OfferToPeer());
            call.Bearer.Redescribe();
        }

        if (effects.HasFlag(FaxEffects.Fail)) Tell(FaxMode.Failed);
    }

    private bool Clear(int attempt)
    {
        _attempt = attempt;
        if (FaxMap.ClearOptions(call.Media.Shared, FaxMap.Has(Audit), attempt) is not { } options) return false;
        Command(options, call.Media.DescribeToGateway(Audit));
        return true;
    }

    private void Restore(string? procedure) => Command(call.Bearer.OptionsFor(call.Media.Spoken, procedure), call.Media.DescribeToGateway(Audit));

    private void Command(string? options, ReadOnlyMemory<byte> remote)
    {
        _command = call.Bearer.Change(options, remote, connects: call.Answered is null && !call.FromLine);
        if (_command != default) _commands.Add(_command);
    }

    private void Tell(FaxMode mode)
    {
        if (Mode == mode) return;
        Mode = mode;
        var first = mode != FaxMode.None && _noted.Add(mode);
        if (first && mode == FaxMode.T38) core.Note(new EngineNote.FeatureUsed(call.Name, CallFeature.T38));
        core.Note(new EngineNote.FaxChanged(call.Name, mode, first));
    }
}
