using System.Text;

namespace MgcpSipBridge.Sip;

/// <summary>Who calls and who is called, read from an INVITE of a trusted peer.</summary>
internal static class Identity
{
    /// <summary>
    /// The caller by the most trusted header there is: P-Asserted-Identity (RFC 3325 §9.1), Remote-Party-ID (its forerunner, still what many
    /// PBXs send), From. Someone who asked for privacy has neither number nor name here.
    /// </summary>
    public static SipIdentity CallerOf(SipMessage invite)
    {
        var remoteParty = invite.AddressOf(SipHeader.RemotePartyId);
        if (WantsPrivacy(invite, remoteParty)) return new SipIdentity("", null, Withheld: true);

        var asserted = AssertedIdentity(invite);
        var best = !asserted.Uri.IsEmpty ? asserted
            : !remoteParty.Uri.IsEmpty && !Is(remoteParty.Parameters, "party"u8, "called"u8) ? remoteParty
            : invite.From;
        // The name may stand only in From, while the asserted identity is a bare number.
        return new SipIdentity(NumberOf(best.Uri), best.DisplayText ?? invite.From.DisplayText);
    }

    /// <summary>The user part of a Request-URI or To URI, or the number of a tel URI, escapes undone, parameters of the user part left out.</summary>
    public static string NumberOf(ReadOnlySpan<byte> uri)
    {
        if (!SipUri.TryParse(uri, out var parsed)) return "";
        var user = parsed.User;
        var semicolon = user.IndexOf((byte)';');
        if (semicolon >= 0) user = user[..semicolon];
        var number = SipText.Unescape(user);
        // RFC 3966 §5.1.1: visual separators mean nothing.
        return parsed.Scheme == SipUriScheme.Tel ? string.Concat(number.Where(c => c is not ('-' or '.' or '(' or ')'))) : number;
    }

    // Two values at most: a SIP URI and a tel URI (RFC 3325 §9.1); the SIP one is preferred because it may carry a name and letters.
    private static SipAddress AssertedIdentity(SipMessage invite)
    {
        SipAddress found = default;
        foreach (var value in invite.Values(SipHeader.PAssertedIdentity))
        {
            if (!SipAddress.TryParse(value, out var address) || !SipUri.TryParse(address.Uri, out var uri)) continue;
            if (uri.Scheme is SipUriScheme.Sip or SipUriScheme.Sips && !uri.User.IsEmpty) return address;
            if (uri.Scheme == SipUriScheme.Tel && found.Uri.IsEmpty) found = address;
        }

        return found;
    }

    private static bool WantsPrivacy(SipMessage invite, SipAddress remoteParty)
    {
        // priv-values are separated by semicolons (RFC 3323 §4.2); commas are seen too.
        foreach (var line in invite.Lines(SipHeader.Privacy))
        {
            foreach (var value in Encoding.ASCII.GetString(line).Split(';', ','))
            {
                if (value.Trim().ToLowerInvariant() is "id" or "user" or "header") return true;
            }
        }

        if (Is(remoteParty.Parameters, "privacy"u8, "full"u8) || Is(remoteParty.Parameters, "privacy"u8, "uri"u8)) return true;

        // RFC 3323 §4.1: what an anonymous From looks like.
        return SipUri.TryParse(invite.From.Uri, out var from)
            && (Ascii.EqualsIgnoreCase(from.Host, "anonymous.invalid"u8) || Ascii.EqualsIgnoreCase(from.User, "anonymous"u8));
    }

    private static bool Is(SipParameters parameters, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
        parameters.TryGet(name, out var found) && Ascii.EqualsIgnoreCase(found, value);
}
