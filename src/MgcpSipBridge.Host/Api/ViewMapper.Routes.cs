using MgcpSipBridge.Calls;
using MgcpSipBridge.Engine;

namespace MgcpSipBridge.Host.Api;

/// <content>What concerns routes.</content>
internal static partial class ViewMapper
{
    private static V1.NumberRewrite ToMessage(this NumberRewrite rewrite) =>
        new() { StripDigits = rewrite.StripDigits, Prepend = rewrite.Prepend, Regex = rewrite.Regex ?? "", Replace = rewrite.Replace };

    public static V1.TestRouteResponse ToMessage(this RouteTestView view) => new()
    {
        Route = view.Route ?? "",
        Dialling = view.Judgement switch
        {
            DialJudgement.Impossible => V1.TestRouteResponse.Types.Dialling.Impossible,
            DialJudgement.Incomplete => V1.TestRouteResponse.Types.Dialling.Incomplete,
            DialJudgement.CompleteOnTimeout => V1.TestRouteResponse.Types.Dialling.CompleteAfterPause,
            _ => V1.TestRouteResponse.Types.Dialling.Complete,
        },
        Service = view.Service?.ToString() ?? "",
        Steps =
        {
            view.Steps.Select(step => new V1.RouteStep
            {
                Peer = step.Peer,
                Reachability = step.State.ToMessage(),
                Route = step.Route,
                Number = step.Number,
                Caller = step.Caller ?? "",
                Uri = step.Uri,
            }),
        },
        Candidates = { view.Candidates.Select(one => new V1.RouteCandidate { Route = one.Route, Verdict = (V1.RouteCandidate.Types.Verdict)(one.Verdict + 1), Beginning = one.Beginning }) },
        NotShown = view.NotShown,
        Line = view.Line ?? "",
        Number = view.Number,
        Caller = view.Caller ?? "",
    };
}
