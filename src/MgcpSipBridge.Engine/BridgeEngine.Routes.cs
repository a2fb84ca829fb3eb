using System.Collections.Immutable;
using MgcpSipBridge.Calls;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine;

/// <content>Routes tried without a call.</content>
public sealed partial class BridgeEngine
{
    /// <summary>Most routes that a test names.</summary>
    private const int MostCandidates = 100;

    private RouteTestView? TestRoute(EngineQuery.TestRoute test) => test.Peer is { } peer ? TestFromPeer(peer, test) : TestToPeer(test);

    private RouteTestView? TestToPeer(EngineQuery.TestRoute test)
    {
        if (Caller(test.From) is not { } caller) return null;
        var plan = _core.Plans.For(caller).Plan;
        var judgement = plan.Judge(test.Number);
        var service = judgement >= DialJudgement.CompleteOnTimeout ? plan.ServiceIn(test.Number) : null;
        var number = service is { } code ? code.Number : DialPlan.NumberOf(test.Number).ToString();
        var question = new RouteQuestion(number, caller.Number.Length > 0 ? caller.Number : null, caller.Gateway, test.Utc ?? _core.Utc);
        // Without chance: a test draws no lots.
        var choice = service is { Number: "" } ? null : _core.Routes.Choose(question, caller.Peer, null);
        var withheld = service?.Action switch
        {
            ServiceAction.WithholdNumber => true,
            ServiceAction.ShowNumber => false,
            _ => caller.Features.WithholdNumber,
        };
        ImmutableArray<RouteStep> steps = choice is null ? [] : [.. choice.Hops.Where(hop => hop.Peer.Length > 0).Select(Step).OrderBy(step => step.State == SipPeerState.Down)];
        var (candidates, notShown) = Candidates(null, question, choice is { Route.Length: > 0 } ? choice.Route : null);
        var first = steps.IsEmpty ? null : steps[0];
        return new RouteTestView(
            choice is { Route.Length: > 0 } ? choice.Route : null, judgement, service?.Action, steps, candidates, notShown, null, first?.Number ?? choice?.Number ?? number, first?.Caller);

        RouteStep Step(RouteHop hop)
        {
            var told = _core.Sip.Told(hop.Invite(caller.Number, choice.Emergency, withheld));
            return new RouteStep(hop.Peer, _core.Sip.StateOf(hop.Peer, _core.Now), hop.Route, told?.Called ?? hop.Number, told is null ? hop.Caller : told.Caller, told?.Uri ?? "");
        }
    }

    private RouteTestView? TestFromPeer(string peer, EngineQuery.TestRoute test)
    {
        if (!_core.Peers.ContainsKey(peer)) return null;
        var (called, caller) = _core.Sip.Heard(peer, test.Number, test.Caller);
        var question = new RouteQuestion(called, null, null, test.Utc ?? _core.Utc);
        var line = LineFor(peer, question, out var route);
        var (candidates, notShown) = Candidates(peer, question, route?.Route.Name);
        return new RouteTestView(
            route?.Route.Name, DialJudgement.Complete, null, [], candidates, notShown, line?.Model.Number, route?.Called(called) ?? called, caller.Length > 0 ? CallerBy(route, caller) : null);
    }

    /// <summary>The line that a test dials at; one that stands for any of a gateway, or for any at all, has no number.</summary>
    private LineModel? Caller(string from)
    {
        if (from.Length == 0) return new LineModel("", null, "", "", "", "", null, new LineFeatures());
        if (_byNumber.TryGetValue(from, out var line)) return line.Model;
        var slash = from.IndexOf('/', StringComparison.Ordinal);
        if (slash > 0) return Line(new EndpointId(from[..slash], from[(slash + 1)..]))?.Model;
        return _model.Gateways.Any(gateway => gateway.Mgcp.Name == from) ? new LineModel("", null, from, "", "", "", null, new LineFeatures()) : null;
    }

    private (ImmutableArray<RouteCandidate> Shown, int NotShown) Candidates(string? peer, RouteQuestion question, string? chosen)
    {
        RouteEntry? first = null;
        var (depth, count) = (0, 0);
        var shown = ImmutableArray.CreateBuilder<RouteCandidate>();
        var seen = new HashSet<RouteEntry>();
        foreach (var (length, entry) in _core.Routes.Candidates(peer, question.Number))
        {
            if (!seen.Add(entry)) continue;
            var verdict = !entry.Takes(question.Number) ? RouteVerdict.Mismatch
                : !entry.IsFrom(question.Line, question.Gateway) ? RouteVerdict.NotFromHere
                : !entry.HoldsAt(question.Utc) ? RouteVerdict.NotNow
                : entry.Route.Name == chosen ? RouteVerdict.Chosen
                : first is null || first.Shares(entry) && length == depth ? RouteVerdict.Shares
                : length < depth ? RouteVerdict.ShorterPrefix
                : entry.Rank.Priority != first.Rank.Priority ? RouteVerdict.LowerPriority
                : entry.Rank != first.Rank ? RouteVerdict.LessParticular
                : RouteVerdict.LaterName;
            if (verdict is RouteVerdict.Chosen or RouteVerdict.Shares) (first, depth) = (first ?? entry, first is null ? length : depth);
            if (++count <= MostCandidates) shown.Add(new RouteCandidate(entry.Route.Name, verdict, length));
        }

        return (shown.ToImmutable(), Math.Max(0, count - MostCandidates));
    }
}
