using System.Text;

namespace MgcpSipBridge.Sip;

/// <summary>Spellings of header names, long and compact (RFC 3261 §7.3.3 and the IANA registry). Names are case-insensitive.</summary>
public static class SipHeaderNames
{
    private const int Buckets = 1024;

    private static readonly (SipHeader Header, string Name)[] Known =
    [
        (SipHeader.Via, "Via"), (SipHeader.From, "From"), (SipHeader.To, "To"), (SipHeader.CallId, "Call-ID"), (SipHeader.CSeq, "CSeq"),
        (SipHeader.MaxForwards, "Max-Forwards"), (SipHeader.Contact, "Contact"), (SipHeader.Route, "Route"),
        (SipHeader.RecordRoute, "Record-Route"), (SipHeader.ContentLength, "Content-Length"), (SipHeader.ContentType, "Content-Type"),
        (SipHeader.ContentDisposition, "Content-Disposition"), (SipHeader.ContentEncoding, "Content-Encoding"),
        (SipHeader.ContentLanguage, "Content-Language"), (SipHeader.MimeVersion, "MIME-Version"), (SipHeader.Expires, "Expires"),
        (SipHeader.MinExpires, "Min-Expires"), (SipHeader.Require, "Require"), (SipHeader.ProxyRequire, "Proxy-Require"),
        (SipHeader.Supported, "Supported"), (SipHeader.Unsupported, "Unsupported"), (SipHeader.Allow, "Allow"),
        (SipHeader.AllowEvents, "Allow-Events"), (SipHeader.Accept, "Accept"), (SipHeader.AcceptEncoding, "Accept-Encoding"),
        (SipHeader.AcceptLanguage, "Accept-Language"), (SipHeader.WwwAuthenticate, "WWW-Authenticate"),
        (SipHeader.ProxyAuthenticate, "Proxy-Authenticate"), (SipHeader.Authorization, "Authorization"),
        (SipHeader.ProxyAuthorization, "Proxy-Authorization"), (SipHeader.AuthenticationInfo, "Authentication-Info"),
        (SipHeader.ProxyAuthenticationInfo, "Proxy-Authentication-Info"), (SipHeader.Reason, "Reason"),
        (SipHeader.RetryAfter, "Retry-After"), (SipHeader.Warning, "Warning"), (SipHeader.ErrorInfo, "Error-Info"),
        (SipHeader.AlertInfo, "Alert-Info"), (SipHeader.CallInfo, "Call-Info"), (SipHeader.Date, "Date"),
        (SipHeader.Timestamp, "Timestamp"), (SipHeader.Subject, "Subject"), (SipHeader.Priority, "Priority"),
        (SipHeader.Organization, "Organization"), (SipHeader.InReplyTo, "In-Reply-To"), (SipHeader.ReplyTo, "Reply-To"),
        (SipHeader.UserAgent, "User-Agent"), (SipHeader.Server, "Server"), (SipHeader.PAssertedIdentity, "P-Asserted-Identity"),
        (SipHeader.PPreferredIdentity, "P-Preferred-Identity"), (SipHeader.RemotePartyId, "Remote-Party-ID"),
        (SipHeader.Privacy, "Privacy"), (SipHeader.Diversion, "Diversion"), (SipHeader.HistoryInfo, "History-Info"),
        (SipHeader.PEarlyMedia, "P-Early-Media"), (SipHeader.PChargingVector, "P-Charging-Vector"), (SipHeader.Event, "Event"),
        (SipHeader.SubscriptionState, "Subscription-State"), (SipHeader.ReferTo, "Refer-To"), (SipHeader.ReferredBy, "Referred-By"),
        (SipHeader.ReferSub, "Refer-Sub"), (SipHeader.Replaces, "Replaces"), (SipHeader.Join, "Join"),
        (SipHeader.TargetDialog, "Target-Dialog"), (SipHeader.SessionExpires, "Session-Expires"), (SipHeader.MinSE, "Min-SE"),
        (SipHeader.RSeq, "RSeq"), (SipHeader.RAck, "RAck"), (SipHeader.ServiceRoute, "Service-Route"), (SipHeader.Path, "Path"),
        (SipHeader.PAssociatedUri, "P-Associated-URI"), (SipHeader.InfoPackage, "Info-Package"), (SipHeader.RecvInfo, "Recv-Info"),
        (SipHeader.UserToUser, "User-to-User"), (SipHeader.Identity, "Identity"), (SipHeader.AcceptContact, "Accept-Contact"),
        (SipHeader.RejectContact, "Reject-Contact"), (SipHeader.RequestDisposition, "Request-Disposition"),
        (SipHeader.SipETag, "SIP-ETag"), (SipHeader.SipIfMatch, "SIP-If-Match"), (SipHeader.SecurityClient, "Security-Client"),
        (SipHeader.SecurityServer, "Security-Server"), (SipHeader.SecurityVerify, "Security-Verify"),
    ];

    private static readonly byte[][] Spelling = Spell();
    private static readonly byte[] Heads = new byte[Buckets];
    private static readonly byte[] Next = Chain();

    /// <summary>The long name as ASCII bytes; empty for <see cref="SipHeader.Other"/>.</summary>
    public static ReadOnlySpan<byte> NameOf(SipHeader header) => Spelling[(int)header];

    /// <summary>The header of that name, long or compact, whatever the case; <see cref="SipHeader.Other"/> if it is not listed.</summary>
    public static SipHeader Parse(ReadOnlySpan<byte> name)
    {
        if (name.Length <= 1) return name.IsEmpty ? SipHeader.Other : Compact(name[0]);
        for (var i = Heads[Bucket(name.Length, name[0])]; i != 0; i = Next[i])
        {
            if (Ascii.EqualsIgnoreCase(name, Spelling[i])) return (SipHeader)i;
        }

        return SipHeader.Other;
    }

    private static SipHeader Compact(byte letter) => (char)(letter | 0x20) switch
    {
        'a' => SipHeader.AcceptContact,
        'b' => SipHeader.ReferredBy,
        'c' => SipHeader.ContentType,
        'd' => SipHeader.RequestDisposition,
        'e' => SipHeader.ContentEncoding,
        'f' => SipHeader.From,
        'i' => SipHeader.CallId,
        'j' => SipHeader.RejectContact,
        'k' => SipHeader.Supported,
        'l' => SipHeader.ContentLength,
        'm' => SipHeader.Contact,
        'o' => SipHeader.Event,
        'r' => SipHeader.ReferTo,
        's' => SipHeader.Subject,
        't' => SipHeader.To,
        'u' => SipHeader.AllowEvents,
        'v' => SipHeader.Via,
        'x' => SipHeader.SessionExpires,
        'y' => SipHeader.Identity,
        _ => SipHeader.Other,
    };

    private static int Bucket(int length, byte first) => ((length << 5) ^ (first & 31)) & (Buckets - 1);

    private static byte[][] Spell()
    {
        var spelling = new byte[(int)SipHeader.SecurityVerify + 1][];
        spelling[0] = [];
        foreach (var (header, name) in Known) spelling[(int)header] = Encoding.ASCII.GetBytes(name);
        return spelling;
    }

    private static byte[] Chain()
    {
        var next = new byte[Spelling.Length];
        for (var i = 1; i < Spelling.Length; i++)
        {
            var bucket = Bucket(Spelling[i].Length, Spelling[i][0]);
            next[i] = Heads[bucket];
            Heads[bucket] = (byte)i;
        }

        return next;
    }
}
