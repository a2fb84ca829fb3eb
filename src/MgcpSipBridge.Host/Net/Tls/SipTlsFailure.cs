namespace MgcpSipBridge.Host.Net.Tls;

/// <summary>Why a TLS connection did not come to be.</summary>
internal enum SipTlsFailure
{
    /// <summary>The certificate comes from no authority that is trusted, or is not for this use.</summary>
    Untrusted,

    /// <summary>The authority took the certificate back (Sip:Tls:Revocation).</summary>
    Revoked,

    /// <summary>Nobody could be asked whether the authority took the certificate back.</summary>
    RevocationUnknown,

    /// <summary>The certificate has run out, or is not valid yet.</summary>
    Expired,

    /// <summary>The certificate does not name the domain (RFC 5922 §7.3) or, of a client, no peer (§7.4).</summary>
    WrongName,

    /// <summary>The peer has pins, and the key is none of them.</summary>
    NotPinned,

    /// <summary>A certificate was required, and none was shown.</summary>
    NoCertificate,

    /// <summary>The other side does not speak TLS, or shares no version or cipher, or refused us.</summary>
    Handshake,

    /// <summary>The handshake took too long.</summary>
    Timeout,

    /// <summary>Too many handshakes were under way.</summary>
    TooMany,

    /// <summary>The connection ended in the handshake.</summary>
    Broken,
}
