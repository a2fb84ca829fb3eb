using System.Collections.Immutable;
using MgcpSipBridge.Calls;

namespace MgcpSipBridge.Engine;

/// <summary>What a line may dial, and the same as digit maps.</summary>
internal sealed record LinePlan(DialPlan Plan, PlanMap Maps);

/// <summary>
/// The dial plans of lines: all have the routes that are for everybody, some have routes of their own, and each has the service codes that its features allow. Lines with
/// the same share one, so that a gateway with a thousand lines has its maps compiled once.
/// </summary>
internal sealed class LinePlans(RouteTable routes, ImmutableArray<ServiceCode> codes, int maxDigits)
{
    private readonly Dictionary<(string Origin, bool Privacy, bool DoNotDisturb, bool Forwarding), LinePlan> _plans = [];

    /// <summary>A line's plan.</summary>
    public LinePlan For(LineModel line)
    {
        var features = line.Features;
        var allowed = (routes.OriginOf(line.Number, line.Gateway), features.PrivacyCodes, features.DoNotDisturbCodes, features.ForwardingCodes);
        return _plans.TryGetValue(allowed, out var known) ? known : _plans[allowed] = Make(line);
    }

    private LinePlan Make(LineModel line)
    {
        var plan = new DialPlan(routes.NumbersFor(line.Number, line.Gateway), maxDigits, [.. codes.Where(code => ServiceCodes.Allows(line.Features, code.Action))]) { Emergencies = routes.Emergencies };
        return new LinePlan(plan, new PlanMap(plan));
    }
}
