using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace MgcpSipBridge.Sip;

/// <summary>Why a call was sent on (RFC 5806 §4; RFC 4458's causes stand for them in History-Info).</summary>
public enum SipDiversionReason
{
    /// <summary>Nobody says.</summary>
    Unknown,

    /// <summary>The one called was busy (cause 486).</summary>
    UserBusy,

    /// <summary>Nobody answered (cause 408).</summary>
    NoAnswer,

    /// <summary>The one called could not be reached (cause 503).</summary>
    Unavailable,

    /// <summary>Always (cause 302).</summary>
    Unconditional,

    /// <summary>The one called sent it on by hand (cause 480, 487).</summary>
    Deflection,

    /// <summary>Not to be disturbed.</summary>
    DoNotDisturb,
}

/// <summary>One station of a call that was sent on.</summary>
/// <param name="User">Who sent it on: number or user, escapes undone.</param>
/// <param name="Name">Its display name; null for none.</param>
/// <param name="Reason">Why.</param>
public sealed record SipDiversion(string User, string? Name, SipDiversionReason Reason);

/// <summary>Diversion (RFC 5806) and History-Info (RFC 7044), read and written; between them RFC 7544's table.</summary>
internal static class Diversions
{
    // A call that was sent on more often than this goes in a circle.
    private const int Most = 10;

    /// <summary>The stations, the last one first; empty for a call that came straight.</summary>
    public static ImmutableArray<SipDiversion> Read(SipMessage invite, SipNumbering numbers = default)
    {
        var found = ImmutableArray.CreateBuilder<SipDiversion>();
        foreach (var value in invite.Values(SipHeader.Diversion))
        {
            // RFC 5806 §4: the topmost is the most recent.
            if (found.Count < Most && SipAddress.TryParse(value, out var address))
                found.Add(new SipDiversion(numbers.In(Identity.NumberOf(address.Uri)), address.DisplayText, ReasonOf(address.Parameters.TextOf("reason"u8))));
        }

        return found.Count > 0 ? found.DrainToImmutable() : FromHistory(invite, numbers);
    }

    /// <summary>Both headers for an INVITE of ours, so that whoever reads only one is served.</summary>
    public static IEnumerable<(SipHeader, string)> Write(ImmutableArray<SipDiversion> diversions, string target, SipPeer peer)
    {
        if (diversions.IsDefaultOrEmpty) yield break;
        foreach (var diversion in diversions)
        {
            var name = string.IsNullOrEmpty(diversion.Name) ? "" : SipText.Quote(diversion.Name) + " ";
            yield return (SipHeader.Diversion, $"{name}<{peer.UriOf(diversion.User)}>;reason={TokenOf(diversion.Reason)};counter=1");
        }

        // RFC 7044 §5: oldest first, each one's index a level deeper; the cause stands with the target it led to (RFC 4458 §2).
        var index = "1";
        var cause = 0;
        foreach (var diversion in diversions.Reverse())
        {
            yield return (SipHeader.HistoryInfo, Entry(peer.UriOf(diversion.User), cause, index));
            index += ".1";
            cause = CauseOf(diversion.Reason);
        }

        yield return (SipHeader.HistoryInfo, Entry(target, cause, index));
    }

    /// <summary>
    /// What a 302 says beside its status: where to (Contact), and who sends the call on and why. Diversion goes to everyone, above those of the request (RFC 5806
    /// §5.1); the history of the request goes back to a caller that knows it (histinfo), and the Contact then names the entry that it replaces (RFC 7044 §8, §9.4, §10.4).
    /// </summary>
    public static List<(SipHeader, string)> Redirect(SipMessage invite, SipRedirection to, SipPeer peer, ImmutableArray<(string, string)> carried)
    {
        // RFC 7433 §3.1: User-to-User goes on in the URI.
        var contact = $"<{peer.UriOf(to.User)}{UriHeaders.Write(carried)}>";
        var name = string.IsNullOrEmpty(to.Name) ? "" : SipText.Quote(to.Name) + " ";
        var by = peer.UriOfLine(to.By);
        List<string> history = [];
        if (invite.Lists(SipHeader.Supported, "histinfo"u8))
        {
            foreach (var entry in invite.Values(SipHeader.HistoryInfo)) history.Add(Encoding.ASCII.GetString(entry));
            if (history.Count == 0) history.Add($"<{by}>;index=1");
            if (SipAddress.TryParse(Encoding.ASCII.GetBytes(history[^1]), out var mine) && mine.Parameters.TextOf("index"u8) is { } index) contact += $";mp={index}";
        }

        List<(SipHeader, string)> headers = [(SipHeader.Contact, contact), (SipHeader.Diversion, $"{name}<{by}>;reason={TokenOf(to.Reason)};counter=1")];
        foreach (var earlier in invite.Values(SipHeader.Diversion)) headers.Add((SipHeader.Diversion, Encoding.ASCII.GetString(earlier)));
        foreach (var entry in history) headers.Add((SipHeader.HistoryInfo, entry));
        return headers;
    }

    private static string Entry(string uri, int cause, string index) =>
        cause == 0 ? $"<{uri}>;index={index}" : string.Create(CultureInfo.InvariantCulture, $"<{uri};cause={cause}>;index={index}");

    private static ImmutableArray<SipDiversion> FromHistory(SipMessage invite, SipNumbering numbers)
    {
        var entries = new List<(string User, string? Name, int Cause, int Left)>();
        foreach (var value in invite.Values(SipHeader.HistoryInfo))
        {
            if (entries.Count == Most + 1 || !SipAddress.TryParse(value, out var address) || !SipUri.TryParse(address.Uri, out var uri)) continue;
            entries.Add((numbers.In(Identity.NumberOf(address.Uri)), address.DisplayText, (int)(uri.Parameters.NumberOf("cause"u8) ?? 0), LeftWith(uri)));
        }

        var found = ImmutableArray.CreateBuilder<SipDiversion>();
        for (var i = entries.Count - 1; i > 0; i--)
        {
            // Why the call went on: with the new target (RFC 4458), or as a Reason with the one that was left (RFC 7044 §10.2).
            var cause = entries[i].Cause != 0 ? entries[i].Cause : entries[i - 1].Left;
            if (cause != 0) found.Add(new SipDiversion(entries[i - 1].User, entries[i - 1].Name, ReasonOf(cause)));
        }

        return found.DrainToImmutable();
    }

    // ?Reason=SIP%3Bcause%3D486
    private static int LeftWith(SipUri uri)
    {
        foreach (var (name, text) in UriHeaders.Of(uri))
        {
            if (!name.Equals("Reason", StringComparison.OrdinalIgnoreCase)) continue;
            var at = text.IndexOf("cause=", StringComparison.OrdinalIgnoreCase);
            if (!text.StartsWith("SIP", StringComparison.OrdinalIgnoreCase) || at < 0) continue;
            var digits = string.Concat(text[(at + 6)..].TakeWhile(char.IsAsciiDigit).Take(3));
            return digits.Length == 0 ? 0 : int.Parse(digits, CultureInfo.InvariantCulture);
        }

        return 0;
    }

    private static SipDiversionReason ReasonOf(string? token) => token?.ToLowerInvariant() switch
    {
        "user-busy" => SipDiversionReason.UserBusy,
        "no-answer" => SipDiversionReason.NoAnswer,
        "unavailable" or "out-of-service" or "away" => SipDiversionReason.Unavailable,
        "unconditional" or "follow-me" or "time-of-day" => SipDiversionReason.Unconditional,
        "deflection" => SipDiversionReason.Deflection,
        "do-not-disturb" => SipDiversionReason.DoNotDisturb,
        _ => SipDiversionReason.Unknown,
    };

    private static SipDiversionReason ReasonOf(int cause) => cause switch
    {
        302 => SipDiversionReason.Unconditional,
        408 => SipDiversionReason.NoAnswer,
        480 or 487 => SipDiversionReason.Deflection,
        486 => SipDiversionReason.UserBusy,
        503 => SipDiversionReason.Unavailable,
        _ => SipDiversionReason.Unknown,
    };

    private static string TokenOf(SipDiversionReason reason) => reason switch
    {
        SipDiversionReason.UserBusy => "user-busy",
        SipDiversionReason.NoAnswer => "no-answer",
        SipDiversionReason.Unavailable => "unavailable",
        SipDiversionReason.Unconditional => "unconditional",
        SipDiversionReason.Deflection => "deflection",
        SipDiversionReason.DoNotDisturb => "do-not-disturb",
        _ => "unknown",
    };

    private static int CauseOf(SipDiversionReason reason) => reason switch
    {
        SipDiversionReason.UserBusy => 486,
        SipDiversionReason.NoAnswer => 408,
        SipDiversionReason.Unavailable => 503,
        SipDiversionReason.Unconditional => 302,
        SipDiversionReason.Deflection => 480,
        _ => 404,
    };
}
