using MgcpSipBridge.Calls;
using MgcpSipBridge.Mgcp;

namespace MgcpSipBridge.Engine;

/// <content>What comes from the MGCP side.</content>
public sealed partial class BridgeEngine
{
    private void OnMgcp(MgcpOutput output)
    {
        switch (output)
        {
            case MgcpOutput.Send send:
                _core.Emit(new EngineOutput.SendMgcp(send.To, send.Datagram));
                if (_core.Settings.Mgcp.Trace) TraceMgcp(send.Subject, inbound: false, send.To, send.Datagram, send.IsRetransmission);
                break;
            case MgcpOutput.Received received:
                TraceMgcp(received.Subject, inbound: true, received.From, received.Message, repeat: false);
                break;
            case MgcpOutput.Noted noted:
                _core.Note(new EngineNote.Mgcp(noted.Note));
                break;
            case MgcpOutput.Happened happened when _audits.Count > 0 && TakeAudit(happened.Event):
                break;
            case MgcpOutput.Happened happened:
                OnMgcp(happened.Event);
                break;
        }
    }

    private void OnMgcp(MgcpEvent evt)
    {
        switch (evt)
        {
            case MgcpEvent.GatewayChanged changed:
                _core.Note(new EngineNote.GatewayChanged(changed.Gateway, changed.State));
                break;
            case MgcpEvent.EndpointInService up when Line(up.Endpoint) is { } line:
                line.Gateway.OnInService(up.Audit);
                line.BackAt = null;
                Serves(line, LineService.InService);
                FollowService(line, serves: true);
                if (!up.KeepsConnections) LoseConnections(line);
                _core.Mgcp.TryHook(up.Endpoint, _core.Now);
                Do(line, new CallEvent.LineUp(up.Audit.OffHook, up.KeepsConnections, _core.NewCallId()));
                break;
            case MgcpEvent.EndpointOutOfService down when Line(down.Endpoint) is { } line:
                line.Gateway.OnOutOfService(down.Reason);
                line.BackAt = down.RestartsIn is { } pause ? _core.Now + pause : null;
                Serves(line, ServiceAfter(down.Reason));
                if (down.Reason == OutOfServiceReason.Draining) break;
                LoseConnections(line);
                FollowService(line, serves: false, down.Reason == OutOfServiceReason.Restarting);
                Do(line, new CallEvent.LineDown(down.Reason is OutOfServiceReason.Restarting or OutOfServiceReason.TakenOut));
                break;
            case MgcpEvent.GatewayDiscovered discovered:
                _core.Note(new EngineNote.GatewayDiscovered(discovered.Gateway));
                break;
            case MgcpEvent.GatewayProposed proposed:
                _proposals.Keep(proposed.Proposal, _core.Mgcp.Discovered, _model);
                _core.Note(new EngineNote.GatewayProposed(proposed.Proposal));
                break;
            case MgcpEvent.Observed observed when Line(observed.Endpoint) is { } line:
                foreach (var named in line.Gateway.Read(observed)) Apply(line, named);
                TakeFax(line, observed);
                line.Gateway.Flush();
                if (line.Gateway.RetryAt is { } at) _retries.Set(line.Index, at);
                break;
            case MgcpEvent.HookMismatch mismatch when Line(mismatch.Endpoint) is { } line:
                Do(line, line.Gateway.OnHookMismatch(mismatch.OffHook));
                break;
            case MgcpEvent.RequestFailed failed when Line(failed.Endpoint) is { } line:
                Do(line, line.Gateway.OnRefused());
                break;
            case MgcpEvent.ConnectionLost lost when Line(lost.Endpoint) is { } line:
                foreach (var bearer in BearersOf(line)) Finish(bearer.Call, (bearer, lost), static (_, on) => on.bearer.OnLost(on.lost.Connection, tell: true, on.lost.Statistics, on.lost.ReasonCode));
                break;
            case MgcpEvent.ConnectionCreated created:
                Finish(created.Command, created, static (bearer, created) => bearer.OnCreated(created));
                break;
            case MgcpEvent.ConnectionModified modified:
                Finish(modified.Command, modified, static (bearer, modified) => bearer.OnModified(modified));
                break;
            case MgcpEvent.ConnectionDeleted deleted:
                Finish(deleted.Command, deleted, static (bearer, deleted) => bearer.OnDeleted(deleted.Statistics));
                break;
            case MgcpEvent.CommandFailed failed:
                Finish(failed.Command, failed, static (bearer, failed) => bearer.OnFailed(failed.Command, failed.Code));
                break;
        }
    }

    /// <summary>A fax is no matter of the line's state: only the call's media change.</summary>
    private void TakeFax(LineSlot line, MgcpEvent.Observed observed)
    {
        if (line.State.Current is not { } now || Find(now.Id) is not { } call) return;
        foreach (var evt in observed.Events)
            if (!evt.IsDigit) Guard(line, (call, evt), static on => on.call.Fax.OnObserved(on.evt));
    }

    private static LineService ServiceAfter(OutOfServiceReason reason) => reason switch
    {
        OutOfServiceReason.Draining => LineService.Draining,
        OutOfServiceReason.Restarting or OutOfServiceReason.TakenOut => LineService.Restarting,
        OutOfServiceReason.Refused => LineService.Refused,
        _ => LineService.Silent,
    };

    private void Serves(LineSlot line, LineService service)
    {
        if (line.Service == service) return;
        _core.Note(new EngineNote.LineServes(line.Model.Gateway, line.Model.Number, line.Service, service));
        line.Service = service;
    }

    private LineSlot? Line(EndpointId endpoint) => _byEndpoint.GetValueOrDefault(endpoint);

    private void Do(LineSlot line, CallEvent evt)
    {
        Apply(line, evt);
        line.Gateway.Flush();
    }

    private void Finish<T>(CommandId command, T about, Action<Bearer, T> action)
    {
        if (!_core.Commands.Remove(command, out var bearer)) return;
        Finish(bearer.Call, (bearer, about, action), static (_, on) => on.action(on.bearer, on.about));
        // The call may be elsewhere by now.
        if (bearer.Line != bearer.Call.Line) bearer.Line.Gateway.Flush();
    }

    private static Bearer[] BearersOf(LineSlot line) => [.. line.Calls.SelectMany(call => call.BearersOn(line))];

    private void Finish<T>(ActiveCall call, T about, Action<ActiveCall, T> action)
    {
        Guard(call.Line, (call, about, action), static on => on.action(on.call, on.about));
        Settle(call);
        call.Line.Gateway.Flush();
    }

    /// <summary>The gateway restarted or fell silent: whatever connections it had for this line are gone, and nobody will tell.</summary>
    private void LoseConnections(LineSlot line)
    {
        foreach (var bearer in BearersOf(line))
        {
            bearer.OnLost(connection: null, tell: false);
            Settle(bearer.Call);
        }
    }
}
