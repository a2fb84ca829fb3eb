using MgcpSipBridge.Calls;
using MgcpSipBridge.Mgcp;

namespace MgcpSipBridge.Engine;

/// <summary>A dial plan as the digit map that gateways are given (D:, RFC 3435 §2.1.5).</summary>
internal static class PlanMap
{
    /// <summary>The map of a plan.</summary>
    public static DigitMap For(DialPlan plan) =>
        DigitMap.Compile(plan.Patterns.Select(pattern => new DialPattern(pattern.Prefix, pattern.MinDigits, pattern.MaxDigits)));
}
