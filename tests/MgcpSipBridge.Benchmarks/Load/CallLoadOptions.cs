using System.Globalization;

namespace MgcpSipBridge.Benchmarks.Load;

/// <summary>How much load.</summary>
/// <param name="Calls">Calls that are measured.</param>
/// <param name="Lines">Phones that take turns.</param>
/// <param name="WarmUp">Calls before that, which are not; as often as it takes until the runtime compiles no more, at most ten times.</param>
/// <param name="Rate">Calls begun in a second, evenly.</param>
/// <param name="Watchers">Slow readers of the event stream beside every other turn of the calls; 0: no turns.</param>
internal sealed record CallLoadOptions(int Calls = 1000, int Lines = 100, int WarmUp = 1000, int Rate = 100, int Watchers = 0)
{
    public static bool TryParse(IReadOnlyList<string> arguments, out CallLoadOptions options)
    {
        options = new CallLoadOptions();
        for (var i = 0; i < arguments.Count; i += 2)
        {
            if (i + 1 == arguments.Count || !int.TryParse(arguments[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1) return false;
            switch (arguments[i])
            {
                case "--calls": options = options with { Calls = number }; break;
                case "--lines": options = options with { Lines = Math.Min(number, 200) }; break;
                case "--rate": options = options with { Rate = number }; break;
                case "--watchers": options = options with { Watchers = Math.Min(number, 2000) }; break;
                case "--warm-up": options = options with { WarmUp = number }; break;
                default: return false;
            }
        }

        return true;
    }
}
