using MgcpSipBridge.Host.Net.Tls;

namespace MgcpSipBridge.Host.Configuration;

/// <summary>What is asked of those who connect to us over TLS.</summary>
internal enum ClientCertificates
{
    /// <summary>They are not asked for a certificate.</summary>
    Ignored,

    /// <summary>One that is shown must be right.</summary>
    Optional,

    /// <summary>They must show one.</summary>
    Required,
}

/// <summary>Whether certificates are looked up in their authority's list of revoked ones.</summary>
internal enum Revocation
{
    /// <summary>They are not.</summary>
    None,

    /// <summary>They are, by OCSP or a list, and must be there: a certificate about which nobody can be asked is not taken.</summary>
    Online,
}

/// <summary>Sip:Tls:…</summary>
internal sealed class SipTlsSection
{
    [Setting("Certificate file (PEM), intermediate authorities after it; needed by tls:// listeners, and shown to peers that ask for one. Read again when it changes.")]
    public string? Certificate { get; set; }

    [Setting("Private key file (PEM, not encrypted); by default it is looked for in Sip:Tls:Certificate.")]
    public string? Key { get; set; }

    [Setting("File of authorities that peers' certificates must come from (PEM); by default those that the system trusts.")]
    public string? Trust { get; set; }

    [Setting("Keys that are trusted for a peer whoever signed them, however long ago: host=sha256/…, the base64 SHA-256 of the public key (RFC 7469 §2.4). A host with a pin takes no other key; several pins of a host are alternatives.")]
    public string[] Pins { get; set; } = [];

    [Setting("What is asked of those who connect: Ignored, Optional (a certificate that is shown must be right) or Required. Right is one that names a peer's host.")]
    public ClientCertificates ClientCertificates { get; set; } = ClientCertificates.Ignored;

    [Setting("Whether *.example.net in a certificate names pbx.example.net, which RFC 5922 §7.2 forbids and some hosted PBXs need.")]
    public bool Wildcards { get; set; }

    [Setting("Whether authorities are asked if certificates were revoked: None, or Online (OCSP or the list that the certificate names; who cannot be asked about is not trusted). A pin asks nobody.")]
    public Revocation Revocation { get; set; } = Revocation.None;

    [Setting("DANGEROUS: takes any certificate, self-signed, expired or of another name; each is a warning in the log. Calls and passwords can then be read by whoever stands between. Use Sip:Tls:Pins.")]
    public bool AcceptUntrusted { get; set; }

    [Setting("How long a handshake may take.", Min = "100ms", Max = "60s")]
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(5);

    [Setting("Handshakes under way that others began, in all.", Min = "1", Max = "100000")]
    public int MaxHandshakes { get; set; } = 256;

    [Setting("Handshakes under way that one address began.", Min = "1", Max = "100000")]
    public int MaxHandshakesPerAddress { get; set; } = 16;

    [Setting("How often the files are looked at for changes.", Min = "1s", Max = "1d")]
    public TimeSpan ReloadInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The files together.</summary>
    internal TlsFiles Files => new("Sip:Tls", Certificate, Key, nameof(Trust), Trust);
}
