namespace MgcpSipBridge.Sip;

#pragma warning disable CS1591 // Each member is the header of that name; the table in SipHeaderNames gives its spelling and compact form.

/// <summary>Header fields that the stack looks up by number; any other one is <see cref="Other"/> and keeps its name and place in the message.</summary>
public enum SipHeader : byte
{
    /// <summary>A header not listed here.</summary>
    Other,

    Via, From, To, CallId, CSeq, MaxForwards, Contact, Route, RecordRoute, ContentLength, ContentType,
    ContentDisposition, ContentEncoding, ContentLanguage, MimeVersion,
    Expires, MinExpires, Require, ProxyRequire, Supported, Unsupported, Allow, AllowEvents, Accept, AcceptEncoding, AcceptLanguage,
    WwwAuthenticate, ProxyAuthenticate, Authorization, ProxyAuthorization, AuthenticationInfo, ProxyAuthenticationInfo,
    Reason, RetryAfter, Warning, ErrorInfo, AlertInfo, CallInfo, Date, Timestamp, Subject, Priority, Organization, InReplyTo, ReplyTo,
    UserAgent, Server,
    PAssertedIdentity, PPreferredIdentity, RemotePartyId, Privacy, Diversion, HistoryInfo, PEarlyMedia, PChargingVector,
    Event, SubscriptionState, ReferTo, ReferredBy, ReferSub, Replaces, Join, TargetDialog,
    SessionExpires, MinSE, RSeq, RAck, ServiceRoute, Path, PAssociatedUri, InfoPackage, RecvInfo, UserToUser,
    Identity, AcceptContact, RejectContact, RequestDisposition, SipETag, SipIfMatch, SecurityClient, SecurityServer, SecurityVerify,
}

#pragma warning restore CS1591
