using MgcpSipBridge.Calls;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine;

/// <content>Clients that route calls: their answers, and what is done without one.</content>
public sealed partial class BridgeEngine
{
    private void SetRouters(EngineInput.Routers routers)
    {
        foreach (var pending in _core.Routers.Set(routers.All)) Decide(pending, null, RoutingResult.Left);
    }

    private void OnDecided(EngineInput.Decided decided)
    {
        if (_core.Routers.Answer(decided.Query, decided.Router) is { } pending) Decide(pending, decided.Decision, RoutingResult.Answered);
        else _core.Note(new EngineNote.RoutingDecided("", decided.Name, RoutingResult.Late, TimeSpan.Zero));
    }

    private void FireRouters()
    {
        while (_core.Routers.TakeDue() is { } pending)
        {
            Decide(pending, null, RoutingResult.Timeout);
            Pump();
        }
    }

    private void Decide(PendingRouting pending, RouterDecision? decision, RoutingResult result)
    {
        if (decision is RouterDecision.Pass) (decision, result) = (null, RoutingResult.None);
        else if (decision is not null && !IsPossible(pending, decision)) (decision, result) = (null, RoutingResult.Invalid);
        _core.Routers.Note(pending, result);
        if (pending.Incoming is { } incoming)
        {
            Receive(incoming, decision, pending.Question.CallId);
            return;
        }

        if (FindAny(pending.Question.CallId) is { Ended: null } call) Finish(call, (pending.Question.Number, decision), static (call, on) => call.Peer.Place(on.Number, on.decision));
    }

    /// <summary>Peers' calls that wait are refused: there will be no answer.</summary>
    private void RefuseWaiting()
    {
        var (status, q850, _) = CauseMap.Refusal(CallCause.ShuttingDown);
        foreach (var pending in _core.Routers.Set([]))
        {
            _core.Routers.Note(pending, RoutingResult.Left);
            if (pending.Incoming is { } incoming) _core.Sip.Reject(incoming.Call, status, q850, null, _core.Now);
        }
    }

    private bool IsPossible(PendingRouting pending, RouterDecision decision) => decision switch
    {
        RouterDecision.Route route => pending.Question.FromLine ? route.Peers.All(_core.Peers.ContainsKey) : route.Peers.IsEmpty,
        RouterDecision.Reject reject => reject.Q850 is >= 1 and <= 127,
        RouterDecision.Attend => true,
        RouterDecision.MoreDigits => pending.Question.FromLine,
        _ => false,
    };

    /// <summary>Whether somebody is asked what becomes of a peer's call; the caller waits meanwhile.</summary>
    private bool Asks(SipEvent.IncomingCall incoming)
    {
        if (!_core.Routers.AsksAnybody) return false;
        var line = LineFor(incoming.Peer, QuestionOf(incoming), out _);
        return _core.Routers.Ask(
            new RouterQuestion(
                false, _core.NewCallId().ToString(), line?.Model.Number, line?.Model.Gateway, line?.Model.Endpoint, incoming.Peer, incoming.CalledUser, incoming.Caller.Withheld ? "" : incoming.Caller.User, incoming.Caller.Withheld ? null : incoming.Caller.DisplayName),
            incoming);
    }

    private RouteQuestion QuestionOf(SipEvent.IncomingCall incoming) => new(incoming.CalledUser, null, null, _core.Utc);

    private LineSlot? LineFor(string peer, in RouteQuestion question, out RouteEntry? route)
    {
        route = _core.Routes.FindFrom(peer, question);
        return LineCalled(peer, route?.Called(question.Number) ?? question.Number);
    }

    /// <summary>What a phone shows of who calls, unless that is withheld.</summary>
    private static string CallerBy(RouteEntry? route, string caller) => (caller.Length > 0 ? route?.Caller(caller) : null) ?? caller;

    /// <summary>A peer's call goes on, as its router or the routes have it.</summary>
    private void Receive(SipEvent.IncomingCall incoming, RouterDecision? decision, string? asked = null)
    {
        if (decision is RouterDecision.Attend)
        {
            Attend(incoming, CallId.Parse(asked!));
            return;
        }

        if (decision is RouterDecision.Reject reject)
        {
            _core.Sip.Reject(incoming.Call, CauseMap.StatusOfQ850(reject.Q850), reject.Q850, null, _core.Now);
            return;
        }

        var line = LineFor(incoming.Peer, QuestionOf(incoming), out var route);
        var said = decision as RouterDecision.Route;
        if (said?.Number is { } meant) line = LineCalled(incoming.Peer, meant);
        if (line is null)
        {
            var (status, q850, _) = CauseMap.Refusal(CallCause.UnknownNumber);
            _core.Sip.Reject(incoming.Call, status, q850, null, _core.Now);
            return;
        }

        var number = said?.Caller ?? CallerBy(route, incoming.Caller.User);
        Present(incoming, asked is null ? _core.NewCallId() : CallId.Parse(asked), line, new Party(number, incoming.Caller.DisplayName, incoming.Caller.Withheld));
    }
}
