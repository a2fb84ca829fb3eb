namespace MgcpSipBridge.Host.Api.Security;

/// <summary>What somebody may do with the API; each role may do what the ones before it may.</summary>
internal enum ApiRole
{
    /// <summary>What everybody may: ask whether the bridge is alive.</summary>
    Everybody,

    /// <summary>Sees everything but passwords and the audit log.</summary>
    Viewer,

    /// <summary>Decides where calls go; it sees the dialled numbers that nobody else is told beforehand.</summary>
    Router,

    /// <summary>Acts on calls and gateways.</summary>
    Operator,

    /// <summary>Provisions, and reads the audit log.</summary>
    Admin,
}

/// <summary>Who is asking.</summary>
/// <param name="Name">His name in logs and in the audit log.</param>
/// <param name="Role">What he may do.</param>
internal sealed record ApiPrincipal(string Name, ApiRole Role)
{
    /// <summary>Nobody has to show who he is.</summary>
    public static readonly ApiPrincipal Anonymous = new("anonymous", ApiRole.Admin);
}

/// <summary>Somebody who is let in by a certificate.</summary>
/// <param name="Name">As the certificate has it; <c>*</c> for anybody with one.</param>
/// <param name="Role">What he may do.</param>
internal sealed record ApiClient(string Name, ApiRole Role);
