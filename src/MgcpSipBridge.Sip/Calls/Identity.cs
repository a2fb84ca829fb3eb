using System.Text;

namespace MgcpSipBridge.Sip;

/// <summary>Who calls and who is called, read from an INVITE of a trusted peer.</summary>
internal static class Identity
{
    /// <summary>
    /// The caller by the peer's order of headers: P-Asserted-Identity (RFC 3325 §9.1), Remote-Party-ID (its forerunner, still what many PBXs
    /// send), P-Preferred-Identity, From; by From alone if the peer is not trusted (RFC 3325 §5). Someone who asked for privacy has neither
    /// number nor name here.
    /// </summary>
    public static SipIdentity CallerOf(SipMessage invite, SipPeerModel peer)
    {
        var remoteParty = peer.Trusted ? Party(invite, "called"u8) : default;
        if (WantsPrivacy(invite, remoteParty)) return new SipIdentity("", null, Withheld: true);
        var best = peer.Trusted ? Best(invite, remoteParty, peer.CallerFrom) : invite.From;
        // The name may stand only in From, while the asserted identity is a bare number.
        return new SipIdentity(peer.Numbers.In(NumberOf(best.Uri)), best.DisplayText ?? invite.From.DisplayText);
    }

    /// <summary>Who answered, or who is there now; null when a trusted peer does not say.</summary>
    public static SipIdentity? ConnectedOf(SipMessage message, SipPeerModel peer)
    {
        if (!peer.Trusted) return null;
        var asserted = AssertedIdentity(message, SipHeader.PAssertedIdentity);
        var found = !asserted.Uri.IsEmpty ? asserted : Party(message, message.IsRequest ? "called"u8 : "calling"u8);
        if (found.Uri.IsEmpty) return null;
        return HidesIdentity(message, found) ? new SipIdentity("", null, Withheld: true) : new SipIdentity(peer.Numbers.In(NumberOf(found.Uri)), found.DisplayText);
    }

    /// <summary>
    /// What says who our line is: in From's company (RFC 3325 §9.1, §9.2), and Privacy where the number is withheld (RFC 3323 §4.2, RFC 3325 §9.3). A peer
    /// outside the trust domain is told nothing that is to be withheld (§7).
    /// </summary>
    public static IEnumerable<(SipHeader, string)> Tell(SipPeerModel peer, string uri, string? name, bool withheld)
    {
        var header = (peer.CallerIn, peer.Registration) switch
        {
            (SipIdentityHeader.PAssertedIdentity, _) => SipHeader.PAssertedIdentity,
            (SipIdentityHeader.PPreferredIdentity, _) => SipHeader.PPreferredIdentity,
            (SipIdentityHeader.RemotePartyId, _) => SipHeader.RemotePartyId,
            (_, _) when !withheld => SipHeader.Other,
            // A registrar knows a line by its credentials and takes a wish.
            (_, SipRegistrationMode.PerLine) => SipHeader.PPreferredIdentity,
            _ => SipHeader.PAssertedIdentity,
        };
        if (withheld) yield return (SipHeader.Privacy, "id");
        if (header == SipHeader.Other || (withheld && !peer.Trusted)) yield break;
        var display = string.IsNullOrEmpty(name) || withheld ? "" : SipText.Quote(name) + " ";
        yield return (header, header == SipHeader.RemotePartyId
            ? $"{display}<{uri}>;party=calling;screen=yes;privacy={(withheld ? "full" : "off")}"
            : $"{display}<{uri}>");
    }

    /// <summary>The user part of a Request-URI or To URI, or the number of a tel URI, escapes undone, parameters of the user part left out.</summary>
    public static string NumberOf(ReadOnlySpan<byte> uri)
    {
        if (!SipUri.TryParse(uri, out var parsed)) return "";
        var user = parsed.User;
        var semicolon = user.IndexOf((byte)';');
        if (semicolon >= 0) user = user[..semicolon];
        var number = SipText.Unescape(user);
        // RFC 3966 §5.1.1: visual separators mean nothing; nor do they where a SIP URI says that its user is a number.
        return parsed.Scheme == SipUriScheme.Tel || parsed.Parameters.TextOf("user"u8)?.Equals("phone", StringComparison.OrdinalIgnoreCase) == true ? string.Concat(number.Where(c => c is not ('-' or '.' or '(' or ')'))) : number;
    }

    private static SipAddress Best(SipMessage invite, SipAddress remoteParty, SipIdentityHeader first)
    {
        if (first == SipIdentityHeader.From && !NumberOf(invite.From.Uri).Equals("", StringComparison.Ordinal)) return invite.From;
        if (first == SipIdentityHeader.RemotePartyId && !remoteParty.Uri.IsEmpty) return remoteParty;
        var preferred = AssertedIdentity(invite, SipHeader.PPreferredIdentity);
        if (first == SipIdentityHeader.PPreferredIdentity && !preferred.Uri.IsEmpty) return preferred;
        var asserted = AssertedIdentity(invite, SipHeader.PAssertedIdentity);
        if (!asserted.Uri.IsEmpty) return asserted;
        if (!remoteParty.Uri.IsEmpty) return remoteParty;
        return !preferred.Uri.IsEmpty ? preferred : invite.From;
    }

    // Remote-Party-ID, unless it is about the other party.
    private static SipAddress Party(SipMessage message, ReadOnlySpan<byte> other)
    {
        var found = message.AddressOf(SipHeader.RemotePartyId);
        return Is(found.Parameters, "party"u8, other) ? default : found;
    }

    // Two values at most: a SIP URI and a tel URI (RFC 3325 §9.1); the SIP one is preferred because it may carry a name and letters.
    private static SipAddress AssertedIdentity(SipMessage invite, SipHeader header)
    {
        SipAddress found = default;
        foreach (var value in invite.Values(header))
        {
            if (!SipAddress.TryParse(value, out var address) || !SipUri.TryParse(address.Uri, out var uri)) continue;
            if (uri.Scheme is SipUriScheme.Sip or SipUriScheme.Sips && !uri.User.IsEmpty) return address;
            if (uri.Scheme == SipUriScheme.Tel && found.Uri.IsEmpty) found = address;
        }

        return found;
    }

    private static bool WantsPrivacy(SipMessage invite, SipAddress remoteParty)
    {
        if (HidesIdentity(invite, remoteParty)) return true;

        // RFC 3323 §4.1: what an anonymous From looks like.
        return SipUri.TryParse(invite.From.Uri, out var from)
            && (Ascii.EqualsIgnoreCase(from.Host, "anonymous.invalid"u8) || Ascii.EqualsIgnoreCase(from.User, "anonymous"u8));
    }

    private static bool HidesIdentity(SipMessage invite, SipAddress remoteParty)
    {
        // priv-values are separated by semicolons (RFC 3323 §4.2); commas are seen too.
        foreach (var line in invite.Lines(SipHeader.Privacy))
        {
            foreach (var value in Encoding.ASCII.GetString(line).Split(';', ','))
            {
                if (value.Trim().ToLowerInvariant() is "id" or "user" or "header") return true;
            }
        }

        return Is(remoteParty.Parameters, "privacy"u8, "full"u8) || Is(remoteParty.Parameters, "privacy"u8, "uri"u8);
    }

    private static bool Is(SipParameters parameters, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
        parameters.TryGet(name, out var found) && Ascii.EqualsIgnoreCase(found, value);
}
