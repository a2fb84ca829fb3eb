using System.Globalization;

namespace MgcpSipBridge.Benchmarks.Load;

/// <summary>How large an installation.</summary>
/// <param name="Gateways">Gateways that are provisioned.</param>
/// <param name="Lines">Lines of each.</param>
/// <param name="Heard">How many of the gateways restart at the bridge, so that their lines are in service.</param>
internal sealed record ScaleOptions(int Gateways = 10_000, int Lines = 10, int Heard = 0)
{
    public static bool TryParse(IReadOnlyList<string> arguments, out ScaleOptions options)
    {
        options = new ScaleOptions();
        for (var i = 0; i < arguments.Count; i += 2)
        {
            if (i + 1 == arguments.Count || !int.TryParse(arguments[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1) return false;
            switch (arguments[i])
            {
                case "--gateways": options = options with { Gateways = Math.Min(number, 60_000) }; break;
                case "--lines": options = options with { Lines = Math.Min(number, 1000) }; break;
                case "--heard": options = options with { Heard = number }; break;
                default: return false;
            }
        }

        return true;
    }
}
