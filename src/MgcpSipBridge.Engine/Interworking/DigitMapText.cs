using MgcpSipBridge.Calls;

namespace MgcpSipBridge.Engine;

/// <summary>A dial plan as the digit map that gateways are given (D:, RFC 3435 §2.1.5).</summary>
internal static class DigitMapText
{
    /// <summary>The map; null when the plan does not fit into one, and every digit must be reported instead.</summary>
    public static string? For(DialPlan plan) => null;
}
