using System.Collections.Concurrent;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Observability;

/// <summary>
/// Writes the engine's notes as log lines. What a peer can cause is Debug; Warning means that an operator should look, Error that we have
/// a bug. Every line of a call carries its CallId.
/// </summary>
internal sealed partial class NoteLog(ILoggerFactory logs, Redaction redaction, Func<Instant> clock, SipRefusals refusals)
{
    // A registrar that is gone is one fact, not one for each of a thousand lines.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);
    private readonly ILogger _mgcp = logs.CreateLogger("MgcpSipBridge.Mgcp");
    private readonly ILogger _sip = logs.CreateLogger("MgcpSipBridge.Sip");
    private readonly ILogger _calls = logs.CreateLogger("MgcpSipBridge.Calls");
    private readonly ILogger _relay = logs.CreateLogger("MgcpSipBridge.Relay");
    private readonly ConcurrentDictionary<string, (Instant Last, int Suppressed)> _said = new();

    /// <summary>Writes a note.</summary>
    public void Apply(EngineNote note)
    {
        switch (note)
        {
            case EngineNote.CallStarted started:
                CallStarted(_calls, started.CallId, redaction[started.Line], started.FromLine);
                break;
            case EngineNote.CallAnswered answered:
                CallAnswered(_calls, answered.CallId, answered.Setup.TotalMilliseconds);
                break;
            case EngineNote.CallEnded ended:
                var (record, call) = (ended.Record, ended.Record.Call);
                CallEnded(_calls, call.CallId, call.Gateway, redaction[call.Line], call.Peer ?? "-", call.FromLine, call.Outcome ?? CallOutcome.Failed,
                    record.Duration.TotalSeconds, record.SipStatus, record.MgcpCode, record.Q850);
                break;
            case EngineNote.RoutingDecided { Result: RoutingResult.Timeout } slow when Speak("router " + slow.Router, out var more):
                RouterSlow(_calls, slow.Router, slow.Took.TotalMilliseconds, more);
                break;
            case EngineNote.RoutingDecided { Result: not RoutingResult.Timeout } routed:
                RoutingDecided(_calls, routed.CallId, routed.Router, routed.Result, routed.Took.TotalMilliseconds);
                break;
            case EngineNote.CallHeld held:
                CallHeld(_calls, held.CallId, held.Held);
                break;
            case EngineNote.MusicFailed music when Speak("hold music", out var more):
                HoldMusicFailed(_calls, music.CallId, music.Reason, more);
                break;
            case EngineNote.FaxChanged fax:
                FaxChanged(_calls, fax.CallId, fax.Mode);
                break;
            case EngineNote.SrtpRefused refused:
                SrtpRefused(_calls, refused.CallId, refused.Status);
                break;
            case EngineNote.SrtpKeyAged { Ended: false } key:
                SrtpKeyAged(_calls, key.CallId);
                break;
            case EngineNote.SrtpKeyAged key when Speak("srtp key", out var more):
                SrtpKeyEnded(_calls, key.CallId, more);
                break;
            case EngineNote.TransferEnded transfer:
                TransferEnded(_calls, transfer.CallId, transfer.Done, transfer.Status);
                break;
            case EngineNote.RouteEnded routed:
                RouteEnded(_calls, routed.CallId, routed.Done, routed.Status);
                break;
            case EngineNote.SoundEnded sound:
                SoundEnded(_calls, sound.CallId, sound.Playing, sound.Reason);
                break;
            case EngineNote.DigitsCollected collected:
                DigitsCollected(_calls, collected.CallId, collected.Count, collected.Reason);
                break;
            case EngineNote.DigitLost lost:
                DigitLost(_calls, lost.CallId, lost.Towards);
                break;
            case EngineNote.RecordingEnded { Reason: RecordingEnd.Failed } failed:
                RecordingFailed(_calls, failed.CallId, failed.Recording.Value);
                break;
            case EngineNote.RecordingEnded recorded:
                RecordingEnded(_calls, recorded.CallId, recorded.Recording.Value, recorded.Reason, recorded.Bytes, recorded.Length.TotalSeconds);
                break;
            case EngineNote.CallStuck stuck:
                CallStuck(_calls, stuck.CallId, redaction[stuck.Line]);
                break;
            case EngineNote.LineDialled { Dialled: var set } dialled:
                LineDialled(_calls, redaction[dialled.Line], set.DoNotDisturb?.Is, set.ForwardAlways is not null, set.ForwardBusy is not null, set.ForwardNoAnswer is not null);
                break;
            case EngineNote.GatewayCounted { Counted: var counted } told:
                GatewayCounted(_calls, told.CallId, counted.PacketsSent, counted.PacketsReceived, counted.PacketsLost, counted.JitterMilliseconds, counted.LatencyMilliseconds);
                break;
            case EngineNote.GatewayChanged { State: GatewayState.Up } gateway:
                GatewayUp(_mgcp, gateway.Gateway);
                break;
            case EngineNote.GatewayChanged { State: GatewayState.Down } gateway:
                GatewayDown(_mgcp, gateway.Gateway);
                break;
            case EngineNote.GatewayDiscovered { Gateway: var found } when Speak("discovered", out var more):
                GatewayDiscovered(_mgcp, found.Domain, found.Address, more);
                break;
            case EngineNote.RegistrationChanged registration:
                Apply(registration);
                break;
            case EngineNote.MediaChanged { Open: false, Statistics: { } statistics } media:
                MediaClosed(_relay, media.Media.Value, statistics.Gateway.PacketsReceived, statistics.Gateway.PacketsLost,
                    statistics.Sip.PacketsReceived, statistics.Sip.PacketsLost);
                break;
            case EngineNote.AudioChanged { Audio: RelayAudio.Flowing } heard:
                AudioHeard(_relay, heard.CallId);
                break;
            case EngineNote.AudioChanged silent:
                AudioSilent(_relay, silent.CallId, silent.Audio);
                break;
            case EngineNote.MediaDied died:
                MediaDied(_relay, died.CallId);
                break;
            case EngineNote.Mgcp mgcp:
                Apply(mgcp.Note);
                break;
            case EngineNote.Sip sip:
                Apply(sip.Note);
                break;
            case EngineNote.Fault fault:
                CallFailed(_calls, fault.Where, fault.Exception);
                break;
        }
    }

    private void Apply(MgcpNote note)
    {
        switch (note)
        {
            case MgcpNote.TransactionEnded { Code: 0, FromGateway: false } unanswered:
                MgcpUnanswered(_mgcp, unanswered.Verb, unanswered.Gateway, unanswered.Duration.TotalSeconds);
                break;
            case MgcpNote.ParseFailed failed:
                MgcpUnreadable(_mgcp, failed.Error);
                break;
            case MgcpNote.Dropped dropped:
                MgcpDropped(_mgcp, dropped.From, dropped.Reason);
                break;
            case MgcpNote.Restarted restarted:
                GatewayRestarted(_mgcp, restarted.Gateway, restarted.Method);
                break;
            case MgcpNote.TraitLearnt learnt:
                GatewayTrait(_mgcp, learnt.Gateway, learnt.Trait);
                break;
            case MgcpNote.Suspected suspected:
                GatewaySuspected(_mgcp, suspected.Gateway);
                break;
            case MgcpNote.Throttled { IsOn: true } throttled:
                GatewayThrottled(_mgcp, throttled.Gateway);
                break;
            case MgcpNote.Throttled throttled:
                GatewayRecovered(_mgcp, throttled.Gateway);
                break;
            case MgcpNote.Claimed claimed when Speak("claimed " + claimed.Gateway, out var more):
                GatewayClaimed(_mgcp, claimed.Gateway, claimed.From, more);
                break;
        }
    }

    private void Apply(SipNote note)
    {
        switch (note)
        {
            case SipNote.ParseFailed failed:
                SipUnreadable(_sip, failed.Error);
                break;
            case SipNote.Dropped dropped:
                SipDropped(_sip, dropped.From, dropped.Reason);
                if (dropped.Reason is SipDropReason.UnknownSource or SipDropReason.Scanner or SipDropReason.RateLimited or SipDropReason.TooManyPending)
                    refusals.Refused(dropped.From, BridgeMetrics.Snake(dropped.Reason));
                break;
            case SipNote.Challenged { Result: SipChallengeResult.Refused } wrong:
                refusals.Refused(wrong.From, "wrong_password");
                break;
            case SipNote.PeerChanged { State: SipPeerState.Up } up:
                PeerUp(_sip, up.Peer);
                break;
            case SipNote.PeerChanged { State: SipPeerState.Down } down:
                PeerDown(_sip, down.Peer);
                break;
            case SipNote.TargetChanged { State: SipPeerState.Up } up:
                TargetUp(_sip, up.Address, up.Peer);
                break;
            case SipNote.TargetChanged { State: SipPeerState.Down } down when Speak($"target {down.Peer} {down.Address}", out _):
                TargetDown(_sip, down.Address, down.Peer);
                break;
            case SipNote.Warned warned:
                PeerWarned(_sip, warned.Peer, warned.Status, warned.Code);
                break;
            case SipNote.CredentialsRefused refused when Speak("credentials " + refused.Peer, out var more):
                CredentialsRefused(_sip, refused.Peer, redaction[refused.Key], refused.Status, more);
                break;
        }
    }

    private void Apply(EngineNote.RegistrationChanged change)
    {
        switch (change.To)
        {
            case SipRegistrationState.Refused when Speak("refused " + change.Peer, out var more):
                RegistrationRefused(_sip, change.Peer, redaction[change.Key], change.Status, more);
                break;
            case SipRegistrationState.Unreachable when Speak("unreachable " + change.Peer, out var more):
                RegistrationUnanswered(_sip, change.Peer, redaction[change.Key], more);
                break;
            case SipRegistrationState.Registered or SipRegistrationState.Off:
                RegistrationChanged(_sip, change.Peer, redaction[change.Key], change.To.Value);
                break;
        }
    }

    private bool Speak(string subject, out int suppressed)
    {
        var now = clock();
        suppressed = 0;
        if (_said.TryGetValue(subject, out var said) && now - said.Last < Pause)
        {
            _said[subject] = (said.Last, said.Suppressed + 1);
            return false;
        }

        suppressed = said.Suppressed;
        _said[subject] = (now, 0);
        return true;
    }

    [LoggerMessage(EventId = 2001, EventName = "GatewayUp", Level = LogLevel.Information, Message = "Gateway {Gateway} answers")]
    private static partial void GatewayUp(ILogger logger, string gateway);

    [LoggerMessage(EventId = 2002, EventName = "GatewayDown", Level = LogLevel.Warning, Message = "Gateway {Gateway} does not answer, or it said that it goes out of service")]
    private static partial void GatewayDown(ILogger logger, string gateway);

    [LoggerMessage(EventId = 2003, EventName = "MgcpCommandUnanswered", Level = LogLevel.Debug, Message = "{Verb} to gateway {Gateway} unanswered after {Seconds} s")]
    private static partial void MgcpUnanswered(ILogger logger, string verb, string gateway, double seconds);

    [LoggerMessage(EventId = 2004, EventName = "MgcpMessageUnreadable", Level = LogLevel.Debug, Message = "An MGCP message could not be read: {Error}")]
    private static partial void MgcpUnreadable(ILogger logger, MgcpParseError error);

    [LoggerMessage(EventId = 2005, EventName = "MgcpMessageDropped", Level = LogLevel.Debug, Message = "MGCP from {Source} dropped: {Reason}")]
    private static partial void MgcpDropped(ILogger logger, NetAddress source, MgcpDropReason reason);

    [LoggerMessage(EventId = 2006, EventName = "GatewayRestarted", Level = LogLevel.Information, Message = "Gateway {Gateway} restarts: {Method}")]
    private static partial void GatewayRestarted(ILogger logger, string gateway, string method);

    [LoggerMessage(EventId = 2007, EventName = "GatewayTraitLearnt", Level = LogLevel.Information, Message = "Gateway {Gateway} is not as presumed; learnt: {Trait}")]
    private static partial void GatewayTrait(ILogger logger, string gateway, string trait);

    [LoggerMessage(EventId = 2008, EventName = "GatewaySuspected", Level = LogLevel.Debug, Message = "Gateway {Gateway} leaves a command unanswered, more than a lost datagram explains")]
    private static partial void GatewaySuspected(ILogger logger, string gateway);

    [LoggerMessage(EventId = 2009, EventName = "GatewayThrottled", Level = LogLevel.Warning, Message = "Gateway {Gateway} says that it is overloaded: it gets commands a few at a time until it has recovered")]
    private static partial void GatewayThrottled(ILogger logger, string gateway);

    [LoggerMessage(EventId = 2010, EventName = "GatewayRecovered", Level = LogLevel.Information, Message = "Gateway {Gateway} is no longer overloaded")]
    private static partial void GatewayRecovered(ILogger logger, string gateway);

    [LoggerMessage(EventId = 2011, EventName = "GatewayClaimed", Level = LogLevel.Warning, Message = "{Source} restarts under the domain of gateway {Gateway}, which answers where it is: dropped ({Suppressed} more like this before). Two gateways with one name, or somebody who pretends")]
    private static partial void GatewayClaimed(ILogger logger, string gateway, NetAddress source, int suppressed);

    [LoggerMessage(EventId = 2012, EventName = "GatewayDiscovered", Level = LogLevel.Information, Message = "A gateway that is not configured calls itself {Domain} and restarts at {Source}: it gets no answer and is listed as discovered ({Suppressed} more like this before)")]
    private static partial void GatewayDiscovered(ILogger logger, string domain, NetAddress source, int suppressed);

    [LoggerMessage(EventId = 3001, EventName = "SipMessageUnreadable", Level = LogLevel.Debug, Message = "A SIP message could not be read: {Error}")]
    private static partial void SipUnreadable(ILogger logger, SipParseError error);

    [LoggerMessage(EventId = 3002, EventName = "SipMessageDropped", Level = LogLevel.Debug, Message = "SIP from {Source} dropped: {Reason}")]
    private static partial void SipDropped(ILogger logger, NetAddress source, SipDropReason reason);

    [LoggerMessage(EventId = 3003, EventName = "SipCredentialsRefused", Level = LogLevel.Warning, Message = "Peer {Peer} refuses our credentials of {Account} with {Status} ({Suppressed} more like this before)")]
    private static partial void CredentialsRefused(ILogger logger, string peer, Redacted account, int status, int suppressed);

    [LoggerMessage(EventId = 3020, EventName = "PeerUp", Level = LogLevel.Information, Message = "Peer {Peer} answers")]
    private static partial void PeerUp(ILogger logger, string peer);

    [LoggerMessage(EventId = 3021, EventName = "PeerDown", Level = LogLevel.Warning, Message = "Peer {Peer} does not answer, or says that it is unavailable")]
    private static partial void PeerDown(ILogger logger, string peer);

    [LoggerMessage(EventId = 3022, EventName = "PeerTargetUp", Level = LogLevel.Debug, Message = "{Address} of peer {Peer} answers")]
    private static partial void TargetUp(ILogger logger, NetAddress address, string peer);

    [LoggerMessage(EventId = 3024, EventName = "PeerWarned", Level = LogLevel.Debug, Message = "Peer {Peer} refuses a call with {Status} and warns: {Code}")]
    private static partial void PeerWarned(ILogger logger, string peer, int status, int code);

    [LoggerMessage(EventId = 3023, EventName = "PeerTargetDown", Level = LogLevel.Warning, Message = "{Address} of peer {Peer} does not answer: others of that peer are tried before it")]
    private static partial void TargetDown(ILogger logger, NetAddress address, string peer);

    [LoggerMessage(EventId = 3004, EventName = "RegistrationRefused", Level = LogLevel.Warning, Message = "Peer {Peer} refuses to register {Account} with {Status} ({Suppressed} more like this before)")]
    private static partial void RegistrationRefused(ILogger logger, string peer, Redacted account, int status, int suppressed);

    [LoggerMessage(EventId = 3005, EventName = "RegistrationUnanswered", Level = LogLevel.Warning, Message = "Peer {Peer} does not answer the registration of {Account} ({Suppressed} more like this before)")]
    private static partial void RegistrationUnanswered(ILogger logger, string peer, Redacted account, int suppressed);

    [LoggerMessage(EventId = 3006, EventName = "RegistrationChanged", Level = LogLevel.Debug, Message = "Registration of {Account} at peer {Peer}: {State}")]
    private static partial void RegistrationChanged(ILogger logger, string peer, Redacted account, SipRegistrationState state);

    [LoggerMessage(EventId = 4020, EventName = "CallStuck", Level = LogLevel.Warning, Message = "Call {CallId} of line {Line} ended five minutes ago and is not cleared away on every side")]
    private static partial void CallStuck(ILogger logger, string callId, Redacted line);

    [LoggerMessage(EventId = 4001, EventName = "CallStarted", Level = LogLevel.Debug, Message = "Call {CallId} began: line {Line}, from the line: {FromLine}")]
    private static partial void CallStarted(ILogger logger, string callId, Redacted line, bool fromLine);

    [LoggerMessage(EventId = 4002, EventName = "CallAnswered", Level = LogLevel.Debug, Message = "Call {CallId} was answered after {Milliseconds} ms")]
    private static partial void CallAnswered(ILogger logger, string callId, double milliseconds);

    [LoggerMessage(EventId = 4003, EventName = "CallEnded", Level = LogLevel.Information, Message = "Call {CallId} ended: gateway {Gateway}, line {Line}, peer {Peer}, from the line: {FromLine}, {Outcome}, talked {Seconds} s, SIP {SipStatus}, MGCP {MgcpCode}, Q.850 {Q850}")]
    private static partial void CallEnded(ILogger logger, string callId, string gateway, Redacted line, string peer, bool fromLine, CallOutcome outcome, double seconds, int sipStatus, int mgcpCode, int q850);

    [LoggerMessage(EventId = 4004, EventName = "CallFailed", Level = LogLevel.Error, Message = "A call was cleared because of a bug in {Where}")]
    private static partial void CallFailed(ILogger logger, string where, Exception exception);

    [LoggerMessage(EventId = 4005, EventName = "GatewayCounted", Level = LogLevel.Debug, Message = "Call {CallId}: its gateway counted {Sent} RTP packets sent, {Received} received, {Lost} lost, jitter {JitterMilliseconds} ms, latency {LatencyMilliseconds} ms")]
    private static partial void GatewayCounted(ILogger logger, string callId, long? sent, long? received, long? lost, long? jitterMilliseconds, long? latencyMilliseconds);

    [LoggerMessage(EventId = 4006, EventName = "LineDialled", Level = LogLevel.Debug, Message = "Line {Line} is set at its phone: do not disturb {DoNotDisturb}, other than provisioned: forward always {ForwardAlways}, busy {ForwardBusy}, no answer {ForwardNoAnswer}")]
    private static partial void LineDialled(ILogger logger, Redacted line, bool? doNotDisturb, bool forwardAlways, bool forwardBusy, bool forwardNoAnswer);

    [LoggerMessage(EventId = 4012, EventName = "CallHeld", Level = LogLevel.Debug, Message = "Call {CallId}: the far end waits: {Held}")]
    private static partial void CallHeld(ILogger logger, string callId, bool held);

    [LoggerMessage(EventId = 4030, EventName = "FaxChanged", Level = LogLevel.Debug, Message = "Call {CallId}: fax passes: {Mode}")]
    private static partial void FaxChanged(ILogger logger, string callId, FaxMode mode);

    [LoggerMessage(EventId = 4040, EventName = "RouteEnded", Level = LogLevel.Debug, Message = "Call {CallId}: it was routed on from the bridge: {Done}, SIP {SipStatus}")]
    private static partial void RouteEnded(ILogger logger, string callId, bool done, int sipStatus);

    [LoggerMessage(EventId = 4048, EventName = "HoldMusicFailed", Level = LogLevel.Warning, Message = "Call {CallId}: who waits on hold hears no music: {Reason} ({Suppressed} more like this before)")]
    private static partial void HoldMusicFailed(ILogger logger, string callId, PlayEnd reason, int suppressed);

    [LoggerMessage(EventId = 4041, EventName = "SoundEnded", Level = LogLevel.Debug, Message = "Call {CallId}: sound {Play} is no longer played: {Reason}")]
    private static partial void SoundEnded(ILogger logger, string callId, long play, PlayEnd reason);

    [LoggerMessage(EventId = 4042, EventName = "DigitsCollected", Level = LogLevel.Debug, Message = "Call {CallId}: {Count} digits were collected: {Reason}")]
    private static partial void DigitsCollected(ILogger logger, string callId, int count, CollectEnd reason);

    [LoggerMessage(EventId = 4047, EventName = "DigitLost", Level = LogLevel.Debug, Message = "Call {CallId}: a digit does not reach the {Side} side: too many wait for it, or it takes none in any form")]
    private static partial void DigitLost(ILogger logger, string callId, RelaySide side);

    [LoggerMessage(EventId = 4043, EventName = "RecordingEnded", Level = LogLevel.Information, Message = "Call {CallId}: recording {Recording} is over: {Reason}, {Bytes} bytes, {Seconds} s")]
    private static partial void RecordingEnded(ILogger logger, string callId, long recording, RecordingEnd reason, long bytes, double seconds);

    [LoggerMessage(EventId = 4044, EventName = "RecordingFailed", Level = LogLevel.Warning, Message = "Call {CallId}: recording {Recording} failed: its file could not be made or written, or too many are under way")]
    private static partial void RecordingFailed(ILogger logger, string callId, long recording);

    [LoggerMessage(EventId = 4032, EventName = "SrtpRefused", Level = LogLevel.Debug, Message = "Call {CallId}: the peer refused encrypted audio with {SipStatus} and is offered plain audio")]
    private static partial void SrtpRefused(ILogger logger, string callId, int sipStatus);

    [LoggerMessage(EventId = 4045, EventName = "SrtpKeyAged", Level = LogLevel.Debug, Message = "Call {CallId}: a key of the encrypted audio is near the end of the lifetime that the peer gave it; another is offered")]
    private static partial void SrtpKeyAged(ILogger logger, string callId);

    [LoggerMessage(EventId = 4046, EventName = "SrtpKeyEnded", Level = LogLevel.Warning, Message = "Call {CallId}: the lifetime of a key of the encrypted audio is over and the peer has agreed to no other: nothing passes ({Suppressed} more like this before)")]
    private static partial void SrtpKeyEnded(ILogger logger, string callId, int suppressed);

    [LoggerMessage(EventId = 4013, EventName = "TransferEnded", Level = LogLevel.Debug, Message = "Call {CallId}: the far end was handed on: {Done}, SIP {SipStatus}")]
    private static partial void TransferEnded(ILogger logger, string callId, bool done, int sipStatus);

    [LoggerMessage(EventId = 4014, EventName = "RoutingDecided", Level = LogLevel.Debug, Message = "Call {CallId}: router {Router} was asked: {Result} after {Milliseconds} ms")]
    private static partial void RoutingDecided(ILogger logger, string callId, string router, RoutingResult result, double milliseconds);

    [LoggerMessage(EventId = 4018, EventName = "RouterSlow", Level = LogLevel.Warning, Message = "Router {Router} did not answer within {Milliseconds} ms, so the routes decided ({Suppressed} more like this before)")]
    private static partial void RouterSlow(ILogger logger, string router, double milliseconds, int suppressed);

    [LoggerMessage(EventId = 5001, EventName = "MediaClosed", Level = LogLevel.Debug, Message = "Media {Media} closed: from the gateway {GatewayPackets} packets, {GatewayLost} lost; from the peer {SipPackets}, {SipLost} lost")]
    private static partial void MediaClosed(ILogger logger, long media, long gatewayPackets, long gatewayLost, long sipPackets, long sipLost);

    [LoggerMessage(EventId = 5005, EventName = "AudioSilent", Level = LogLevel.Information, Message = "Call {CallId} is not heard from every end: {Audio}")]
    private static partial void AudioSilent(ILogger logger, string callId, RelayAudio audio);

    [LoggerMessage(EventId = 5009, EventName = "MediaDied", Level = LogLevel.Information, Message = "Call {CallId} is ended: neither end was heard for the media time-out")]
    private static partial void MediaDied(ILogger logger, string callId);

    [LoggerMessage(EventId = 5006, EventName = "AudioHeard", Level = LogLevel.Debug, Message = "Call {CallId} is heard from both ends again, or one is on hold")]
    private static partial void AudioHeard(ILogger logger, string callId);
}
