using System.Text;

namespace MgcpSipBridge.Sip;

/// <summary>What Alert-Info asks of the bell, as a number of a distinctive ring: 0 to 7.</summary>
internal static class AlertInfo
{
    // What PBXs and the registry of alert URNs (RFC 7462 §7) call them. Bellcore's names carry their number.
    private static readonly (string Text, int Ring)[] Names =
    [
        ("urn:alert:service:call-waiting", 3),
        ("urn:alert:service:recall-callback", 4),
        ("urn:alert:service:recall-hold", 4),
        ("urn:alert:service:recall-transfer", 4),
        ("urn:alert:service:forward", 4),
        ("urn:alert:service:normal", 0),
        ("urn:alert:service:crisis", 5),
        ("urn:alert:priority:high", 5),
        ("urn:alert:priority:low", 1),
        ("urn:alert:source:internal", 1),
        ("urn:alert:source:external", 2),
        ("urn:alert:source:friend", 3),
        ("urn:alert:source:family", 3),
        ("alert-internal", 1),
        ("internal", 1),
        ("alert-external", 2),
        ("external", 2),
        ("alert-group", 3),
        ("group", 3),
        ("alert-community", 4),
        ("emergency", 5),
    ];

    /// <summary>The ring that the first understood value names; null for the ordinary one. Several values are alternatives.</summary>
    public static int? RingOf(SipMessage invite)
    {
        foreach (var value in invite.Values(SipHeader.AlertInfo))
        {
            var text = Encoding.ASCII.GetString(value).ToLowerInvariant();
            var bellcore = text.IndexOf("bellcore-dr", StringComparison.Ordinal);
            if (bellcore >= 0 && bellcore + 11 < text.Length && text[bellcore + 11] is >= '0' and <= '7' and var digit) return digit - '0';
            foreach (var (name, ring) in Names)
            {
                if (IsNamed(text, name)) return ring;
            }
        }

        return null;
    }

    // The whole of a URN or of an info parameter, not a part of some file's name. A longer URN is a kind of the shorter one (RFC 7462 §6.1).
    private static bool IsNamed(string text, string name)
    {
        if (name.StartsWith("urn:", StringComparison.Ordinal)) return text.Contains("<" + name + ">", StringComparison.Ordinal) || text.Contains("<" + name + ":", StringComparison.Ordinal);
        var at = text.IndexOf("info=", StringComparison.Ordinal);
        return at >= 0 && text[(at + 5)..].Split(';')[0].Trim(' ', '"') == name;
    }
}
