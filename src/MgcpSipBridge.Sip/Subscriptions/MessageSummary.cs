using System.Globalization;
using System.Text;

namespace MgcpSipBridge.Sip;

/// <summary>A body of <c>application/simple-message-summary</c> (RFC 3842 §5.2).</summary>
internal readonly record struct MessageSummary(bool Waiting, int New, int Old, string? Account)
{
    public const string Type = "application/simple-message-summary";

    /// <summary>The event package.</summary>
    public const string Package = "message-summary";

    /// <summary>Reads a body; null without the status line, which alone decides (§5.2).</summary>
    public static MessageSummary? Read(SipMessage notify)
    {
        if (notify.Body.Length > 4096) return null;
        bool? waiting = null;
        string? account = null;
        var (fresh, old) = (0, 0);
        foreach (var line in Encoding.UTF8.GetString(notify.Body.Span).Split('\n'))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0) continue;
            var value = line[(colon + 1)..].Trim();
            switch (line[..colon].Trim().ToLowerInvariant())
            {
                case "messages-waiting":
                    waiting = value.Equals("yes", StringComparison.OrdinalIgnoreCase);
                    break;
                case "message-account":
                    account = Identity.NumberOf(Encoding.UTF8.GetBytes(value));
                    break;
                case "voice-message":
                    // new/old (urgent new/urgent old)
                    var counts = value.Split('(')[0].Split('/');
                    if (counts.Length == 2) (fresh, old) = (NumberOf(counts[0]), NumberOf(counts[1]));
                    break;
                default:
                    break;
            }
        }

        return waiting is { } yes ? new MessageSummary(yes, fresh, old, account) : null;
    }

    private static int NumberOf(string text) => int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
