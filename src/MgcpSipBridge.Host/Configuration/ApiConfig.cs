using MgcpSipBridge.Host.Net.Tls;

namespace MgcpSipBridge.Host.Configuration;

/// <summary>Api:…</summary>
internal sealed class ApiSection
{
    [Setting("REST, gRPC-Web, /metrics, /healthz and /readyz: http://address:port, or https://address:port with Api:Tls.")]
    public string Http { get; set; } = "http://127.0.0.1:8080";

    [Setting("gRPC: http://address:port (HTTP/2 without TLS), or https://address:port with Api:Tls.")]
    public string Grpc { get; set; } = "http://127.0.0.1:8081";

    [Setting("TLS of https:// addresses.")]
    public ApiTlsSection Tls { get; } = new();

    [Setting("Who may use the API by a bearer token: NAME ROLE SECRET, where ROLE is viewer (sees), router (also decides where calls go), operator (also acts on calls) or admin (also provisions), and SECRET is sha256/… (base64 of the token's SHA-256), file:PATH or env:VARIABLE; until=2030-12-31 may follow. 'mgcp-sip-bridge token' makes one. With a token or a client of Api:Tls:Clients everybody has to show who he is, on loopback too.")]
    public string[] Tokens { get; set; } = [];

    [Setting("File of more tokens, one a line in the form of Api:Tokens; # begins a comment. Read again when it changes: a token without a line is none any more; a line that is wrong leaves what was in force under its name, and the alarm API_TOKENS_REFUSED stands until it is right.")]
    public string? TokensFile { get; set; }

    [Setting("DANGEROUS: whether the API may be reached from other machines without TLS, or without a token or certificate.")]
    public bool AllowInsecure { get; set; }

    [Setting("Whether /metrics is shown to everybody; else to viewers. /healthz, /readyz and gRPC health are shown to everybody.")]
    public bool PublicMetrics { get; set; }

    [Setting("How often the files of Api:Tls and of tokens are looked at for changes.", Min = "1s", Max = "1d")]
    public TimeSpan ReloadInterval { get; set; } = TimeSpan.FromSeconds(30);

    [Setting("Largest request that applies or imports what is provisioned, in bytes; every other request may have 4 MB. 32 MB are 100,000 lines with all that can be said of them; reading them takes some twenty times as much memory for a few seconds, one request at a time.", Min = "1048576", Max = "268435456")]
    public int MaxRequestBytes { get; set; } = 32 << 20;

    [Setting("How long an answer of the engine is waited for.", Min = "100ms", Max = "60s")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);
}

/// <summary>Api:Tls:…</summary>
internal sealed class ApiTlsSection
{
    [Setting("Certificate file (PEM), intermediate authorities after it; needed by https:// addresses. Read again when it changes.")]
    public string? Certificate { get; set; }

    [Setting("Private key file (PEM, not encrypted); by default it is looked for in Api:Tls:Certificate.")]
    public string? Key { get; set; }

    [Setting("File of authorities that clients' certificates must come from (PEM). With it clients are asked for a certificate.")]
    public string? ClientTrust { get; set; }

    [Setting("Who may use the API by a certificate: NAME ROLE, NAME as the certificate has it (a DNS name or URI among its alternative names, or else its common name), or * for any of Api:Tls:ClientTrust. The first that fits counts.")]
    public string[] Clients { get; set; } = [];

    [Setting("Whether nobody connects without a certificate of Api:Tls:ClientTrust, a token notwithstanding.")]
    public bool RequireClientCertificate { get; set; }

    [Setting("File of lists of certificates that the authorities of Api:Tls:ClientTrust took back (CRL; PEM, several one after the other, or DER): who shows one of them does not connect. Read again when it changes; nothing is fetched. A list that runs out while it is in force still counts, with a warning and the alarm API_TLS_REFUSED; with one that is missing, wrong or out of date at the start no certificate counts, and calls and tokens do.")]
    public string? RevocationList { get; set; }

    /// <summary>The files together.</summary>
    internal TlsFiles Files => new("Api:Tls", Certificate, Key, nameof(ClientTrust), ClientTrust, RevocationList);
}
