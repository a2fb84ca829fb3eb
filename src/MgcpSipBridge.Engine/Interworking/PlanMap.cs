using MgcpSipBridge.Calls;
using MgcpSipBridge.Mgcp;

namespace MgcpSipBridge.Engine;

/// <summary>A dial plan as the digit maps that gateways are given (D:, RFC 3435 §2.1.5), each within what the gateway takes.</summary>
internal sealed class PlanMap(DialPlan plan)
{
    private readonly Dictionary<DigitMapLimits, DigitMap?> _maps = [];

    /// <summary>The map for a gateway; null when it can collect this plan's numbers by none, so that it shall report every digit.</summary>
    public DigitMap? For(DigitMapLimits limits)
    {
        if (_maps.TryGetValue(limits, out var map)) return map;
        var (patterns, exact) = plan.ForMaps();
        return _maps[limits] = DigitMap.Compile(patterns.Select(pattern => new DialPattern(pattern.Prefix, pattern.MinDigits, pattern.MaxDigits, pattern.Immediate)), limits, exact);
    }

    /// <summary>
    /// Whether a report from a gateway that collects by <paramref name="map"/> is a whole number, so that no more digits are waited for.
    /// </summary>
    /// <param name="map">The map that was sent.</param>
    /// <param name="digits">What was reported.</param>
    /// <param name="timer">Whether the report ends with the timer's letter.</param>
    public bool Ends(DigitMap map, string digits, bool timer)
    {
        // A slow finger's short pause may be taken for the end of a number by a coarse map, or in a service code that begins like a number: then the rest is waited
        // for as if there were no map.
        if (timer) return plan.Judge(digits) != DialJudgement.Incomplete || (map.IsExact && map.Match(digits) != DigitMatch.CompleteOnCritical);
        return map.Match(digits) switch
        {
            // A route may end where a service code goes on, or where one might: *0x beside *01 and a number, #xx beside #9 and a number of one or two digits.
            DigitMatch.Complete => plan.Judge(digits) is DialJudgement.Complete or DialJudgement.Impossible,
            // The pause must have been there, though the report leaves the timer's letter out.
            DigitMatch.CompleteOnCritical => digits.Length > 1 && plan.Judge(digits) != DialJudgement.Incomplete,
            _ => false,
        };
    }
}
