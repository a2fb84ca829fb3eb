using System.Globalization;
using System.Text;

namespace MgcpSipBridge.Sip;

/// <summary>Digits in INFO: <c>application/dtmf-relay</c> and <c>application/dtmf</c>, which no RFC describes and every PBX knows.</summary>
internal static class DigitInfo
{
    public const string Relay = "application/dtmf-relay";

    public const string Plain = "application/dtmf";

    /// <summary>The types that are understood, for Accept.</summary>
    public const string Types = "application/dtmf-relay, application/dtmf";

    // What a person presses when nobody says how long.
    private static readonly TimeSpan Usual = TimeSpan.FromMilliseconds(100);

    /// <summary>Whether a body is of one of the types.</summary>
    public static bool CanUse(SipMessage info) => IsRelay(info) || Ascii.EqualsIgnoreCase(info.MediaType, "application/dtmf"u8);

    /// <summary>Reads a digit; null when there is none in the body.</summary>
    public static (char Symbol, TimeSpan Duration)? Read(SipMessage info)
    {
        var signal = "";
        var duration = Usual;
        var text = Encoding.ASCII.GetString(info.Body.Span);
        if (!IsRelay(info)) signal = text.Trim();
        foreach (var line in IsRelay(info) ? text.Split('\n') : [])
        {
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0) continue;
            var value = line[(equals + 1)..].Trim();
            var name = line[..equals].Trim();
            if (name.Equals("Signal", StringComparison.OrdinalIgnoreCase)) signal = value;
            else if (name.Equals("Duration", StringComparison.OrdinalIgnoreCase)
                && int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds))
                duration = TimeSpan.FromMilliseconds(Math.Clamp(milliseconds, 40, 8000));
        }

        // Event codes of RFC 4733 §3.2 are seen for * and #, too.
        signal = signal switch { "10" => "*", "11" => "#", _ => signal.ToUpperInvariant() };
        return signal.Length == 1 && "0123456789*#ABCD".Contains(signal[0]) ? (signal[0], duration) : null;
    }

    /// <summary>A body for one digit.</summary>
    public static byte[] Write(char symbol, TimeSpan duration) =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"Signal={symbol}\r\nDuration={(int)duration.TotalMilliseconds}\r\n"));

    private static bool IsRelay(SipMessage info) => Ascii.EqualsIgnoreCase(info.MediaType, "application/dtmf-relay"u8);
}
