using System.Globalization;

namespace MgcpSipBridge.Benchmarks.Load;

/// <summary>How much of SIP.</summary>
/// <param name="Lines">Lines that register, 100 to 100000.</param>
/// <param name="Transactions">Transactions that come and go.</param>
/// <param name="Calls">Calls over loopback that the layer alone answers.</param>
/// <param name="RegisterRate">REGISTERs that may begin in a second.</param>
/// <param name="Idle">Real bridge: seconds that it is watched for after the last registration.</param>
/// <param name="Oracle">Whether it is asked, by somebody without the password, for lines that there are and for lines that there are not.</param>
/// <param name="Rounds">Questions of each kind for that.</param>
/// <param name="Real">Whether a real bridge registers at a real registrar, over loopback, in real time.</param>
internal sealed record SipLoadOptions(int Lines = 10_000, int Transactions = 1_000_000, int Calls = 6000, int RegisterRate = 100, int Idle = 30, bool Real = false, bool Oracle = false, int Rounds = 5000)
{
    public static bool TryParse(IReadOnlyList<string> arguments, out SipLoadOptions options)
    {
        options = new SipLoadOptions();
        for (var i = 0; i < arguments.Count; i += 2)
        {
            if (arguments[i] is "--real" or "--oracle")
            {
                options = arguments[i] == "--real" ? options with { Real = true } : options with { Oracle = true };
                i--;
                continue;
            }

            if (i + 1 == arguments.Count || !int.TryParse(arguments[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1) return false;
            switch (arguments[i])
            {
                case "--lines": options = options with { Lines = Math.Clamp(number, 100, 100_000) }; break;
                case "--transactions": options = options with { Transactions = number }; break;
                case "--calls": options = options with { Calls = number }; break;
                case "--register-rate": options = options with { RegisterRate = number }; break;
                case "--rounds": options = options with { Rounds = Math.Max(number, 100) }; break;
                case "--idle": options = options with { Idle = number }; break;
                default: return false;
            }
        }

        return true;
    }
}
