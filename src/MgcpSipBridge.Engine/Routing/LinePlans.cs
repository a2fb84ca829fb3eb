using System.Collections.Immutable;
using MgcpSipBridge.Calls;

namespace MgcpSipBridge.Engine;

/// <summary>What a line may dial, and the same as digit maps.</summary>
internal sealed record LinePlan(DialPlan Plan, PlanMap Maps);

/// <summary>
/// The dial plans of lines: all have the routes, and each the service codes that its features allow. Lines with the same codes share one, so that a gateway with a
/// thousand lines has its maps compiled once.
/// </summary>
internal sealed class LinePlans(RouteTable routes, ImmutableArray<ServiceCode> codes, int maxDigits)
{
    private readonly Dictionary<(bool Privacy, bool DoNotDisturb, bool Forwarding), LinePlan> _plans = [];

    /// <summary>A line's plan.</summary>
    public LinePlan For(LineFeatures features)
    {
        var allowed = (features.PrivacyCodes, features.DoNotDisturbCodes, features.ForwardingCodes);
        if (_plans.TryGetValue(allowed, out var known)) return known;
        var plan = new DialPlan(routes.Plan.Patterns, maxDigits, [.. codes.Where(code => ServiceCodes.Allows(features, code.Action))]) { Emergencies = routes.Plan.Emergencies };
        return _plans[allowed] = new LinePlan(plan, new PlanMap(plan));
    }
}
