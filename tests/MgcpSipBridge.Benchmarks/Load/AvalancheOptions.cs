using System.Globalization;

namespace MgcpSipBridge.Benchmarks.Load;

/// <summary>How large an avalanche.</summary>
/// <param name="Gateways">Gateways that restart, 1 to 60000.</param>
/// <param name="Lines">Lines of each.</param>
/// <param name="RegisterRate">REGISTERs that the bridge may send in a second; its default of 100 takes four minutes for 24,000 lines.</param>
/// <param name="Quiet">Seconds of dial tones before the avalanche.</param>
internal sealed record AvalancheOptions(int Gateways = 1000, int Lines = 24, int RegisterRate = 2000, int Quiet = 20)
{
    public static bool TryParse(IReadOnlyList<string> arguments, out AvalancheOptions options)
    {
        options = new AvalancheOptions();
        for (var i = 0; i < arguments.Count; i += 2)
        {
            if (i + 1 == arguments.Count || !int.TryParse(arguments[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1) return false;
            switch (arguments[i])
            {
                case "--gateways": options = options with { Gateways = Math.Min(number, 60_000) }; break;
                case "--lines": options = options with { Lines = number }; break;
                case "--register-rate": options = options with { RegisterRate = number }; break;
                case "--quiet": options = options with { Quiet = number }; break;
                default: return false;
            }
        }

        return true;
    }
}
