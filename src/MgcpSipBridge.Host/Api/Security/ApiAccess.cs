using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using MgcpSipBridge.Host.Configuration;

namespace MgcpSipBridge.Host.Api.Security;

/// <summary>Why somebody is not let in; the names are reasons of the API, in upper case.</summary>
internal enum ApiRefusal
{
    /// <summary>He showed nothing.</summary>
    TokenMissing,

    /// <summary>The token is nobody's.</summary>
    TokenUnknown,

    /// <summary>The token's last day is over.</summary>
    TokenExpired,

    /// <summary>The certificate is right, and Api:Tls:Clients does not name it.</summary>
    ClientUnknown,

    /// <summary>The certificate comes from no authority of Api:Tls:ClientTrust, or is not good (any more): there is no connection.</summary>
    CertificateWrong,

    /// <summary>The authority took the certificate back (Api:Tls:RevocationList): there is no connection.</summary>
    CertificateRevoked,

    /// <summary>
    /// Nobody can tell whether the certificate was taken back, for the list (Api:Tls:RevocationList) cannot be used: it counts for nothing until there is one that can.
    /// </summary>
    CertificateUnchecked,

    /// <summary>He is known, and may not do this.</summary>
    RoleTooWeak,

    /// <summary>He asked for a host that is not this one, as pages do that try to reach into the machine of whoever looks at them (DNS rebinding).</summary>
    HostForeign,
}

/// <summary>Tells who is asking, by token or certificate.</summary>
internal sealed class ApiAccess
{
    private readonly ApiModel _model;
    private readonly TokenBook _tokens;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<OpenStream, byte> _open = new();

    public ApiAccess(ApiModel model, ApiSection settings, TokenBook tokens, TimeProvider time)
    {
        (_model, _tokens, _time) = (model, tokens, time);
        IsGuarded = tokens.Guards || model.Clients.Length > 0;
        // Whoever opens the doors of an unguarded bridge knows by which names it is called.
        ChecksHost = !IsGuarded && !settings.AllowInsecure;
    }

    /// <summary>Whether a certificate was taken back, perhaps since its connection began.</summary>
    public Predicate<X509Certificate2> IsRevoked { get; init; } = _ => false;

    /// <summary>Whether nobody can tell which certificates were taken back.</summary>
    public Func<bool> IsUnchecked { get; init; } = () => false;

    /// <summary>Whether anybody has to show who he is.</summary>
    public bool IsGuarded { get; }

    /// <summary>Whether only <c>localhost</c> and addresses are taken for the host that is asked for.</summary>
    public bool ChecksHost { get; }

    /// <summary>Who is asking; or else why he is not let in.</summary>
    public (ApiPrincipal? Principal, ApiRefusal? Refusal) Identify(HttpContext context)
    {
        if (ChecksHost && !IsOurs(context.Request.Host)) return (null, ApiRefusal.HostForeign);
        if (!IsGuarded) return (ApiPrincipal.Anonymous, null);
        const string scheme = "Bearer ";
        var header = context.Request.Headers.Authorization.ToString();
        if (header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)) return ByToken(header[scheme.Length..].Trim());
        if (context.Connection.ClientCertificate is { } certificate) return ByCertificate(certificate);
        return (null, ApiRefusal.TokenMissing);
    }

    /// <summary>Whether somebody who was let in would be let in still, as <paramref name="context"/> shows him.</summary>
    public bool StillMay(HttpContext context, ApiRole role) => Identify(context).Principal is { } principal && principal.Role >= role;

    /// <summary>A stream that begins: it lasts as long as <paramref name="ends"/> let it, and no longer than whoever asked for it may have it.</summary>
    public OpenStream Begin(HttpContext context, ApiRole role, params CancellationToken[] ends)
    {
        var stream = new OpenStream(() => StillMay(context, role), ended => _open.TryRemove(ended, out _), ends);
        _open.TryAdd(stream, 0);
        // What came in force while it began.
        stream.Look();
        return stream;
    }

    /// <summary>Others may be let in from now on: the streams of those who may not any more end.</summary>
    public void Changed()
    {
        foreach (var stream in _open.Keys) stream.Look();
    }

    private static bool IsOurs(HostString host) =>
        !host.HasValue || host.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || IPAddress.TryParse(host.Host.Trim('[', ']'), out _);

    private (ApiPrincipal?, ApiRefusal?) ByToken(string text)
    {
        if (_tokens.Find(text) is not { } token) return (null, ApiRefusal.TokenUnknown);
        if (token.Until is { } until && DateOnly.FromDateTime(_time.GetUtcNow().UtcDateTime) > until) return (null, ApiRefusal.TokenExpired);
        return (new ApiPrincipal(token.Name, token.Role), null);
    }

    private (ApiPrincipal?, ApiRefusal?) ByCertificate(X509Certificate2 certificate)
    {
        if (IsUnchecked()) return (null, ApiRefusal.CertificateUnchecked);
        if (IsRevoked(certificate)) return (null, ApiRefusal.CertificateRevoked);
        var names = ApiTls.NamesOf(certificate);
        foreach (var client in _model.Clients)
            if (client.Name == "*" || names.Contains(client.Name, StringComparer.OrdinalIgnoreCase))
                return (new ApiPrincipal(client.Name == "*" ? names.Count > 0 ? names[0] : "certificate" : client.Name, client.Role), null);
        return (null, ApiRefusal.ClientUnknown);
    }
}
