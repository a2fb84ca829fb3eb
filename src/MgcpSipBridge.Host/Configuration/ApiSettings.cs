using System.Collections.Immutable;
using MgcpSipBridge.Host.Api.Security;
using MgcpSipBridge.Host.Net.Tls;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Host.Configuration;

/// <summary>Where a door of the API is.</summary>
internal sealed record ApiListen(NetAddress Address, bool Tls);

/// <summary>The validated settings of the API.</summary>
/// <param name="Http">REST, gRPC-Web, metrics and health.</param>
/// <param name="Grpc">gRPC.</param>
/// <param name="Clients">Who is let in by a certificate.</param>
/// <param name="Variable">Looks an environment variable up that a token names.</param>
internal sealed record ApiModel(ApiListen Http, ApiListen Grpc, ImmutableArray<ApiClient> Clients, Func<string, string?> Variable)
{
    /// <summary>Why the list of revoked certificates cannot be used, so that clients are not known by theirs; null when it can. Calls do not wait for it.</summary>
    public string? ListProblem { get; init; }
}

/// <summary>Checks what is written about the API; nobody outside this machine is let in unguarded by oversight.</summary>
internal static class ApiSettings
{
    /// <summary>The model; what is wrong is told with its setting.</summary>
    public static ApiModel Validate(ApiSection api, SettingSources sources, Action<string, string> wrong)
    {
        var http = Listen("Api:Http", api.Http, wrong);
        var grpc = Listen("Api:Grpc", api.Grpc, wrong);
        if (http.Address.Port != 0 && http.Address.Port == grpc.Address.Port && (http.Address.SameHost(grpc.Address) || http.Address.IsUnspecified || grpc.Address.IsUnspecified))
            wrong("Api:Grpc", "is the same port as Api:Http; they need one each");
        var tokens = TokenBook.Read(api, sources.Variable, wrong);
        var clients = Clients(api.Tls, wrong);
        var guarded = clients.Length > 0 || tokens is null or { Length: > 0 } || api.TokensFile is not null;
        var tls = http.Tls || grpc.Tls;
        if (tls && api.Tls.Certificate is null) wrong("Api:Tls:Certificate", "is missing: https:// addresses need it");
        var loaded = tls && api.Tls.Certificate is not null ? TlsMaterial.Load(api.Tls.Files, wrong, withoutList: true) : null;
        if (api.Tls.ClientTrust is not null && !tls) wrong("Api:Tls:ClientTrust", "has no effect: neither Api:Http nor Api:Grpc is https://");
        foreach (var (setting, listen) in ((string, ApiListen)[])[("Api:Http", http), ("Api:Grpc", grpc)])
        {
            if (api.AllowInsecure || listen.Address.IsNone || IsLoopback(listen.Address)) continue;
            if (!guarded) wrong(setting, $"{listen.Address} can be reached from other machines and nobody would have to show who he is: set Api:Tokens or Api:Tls:Clients, or listen on 127.0.0.1 (or set Api:AllowInsecure)");
            else if (!listen.Tls) wrong(setting, $"{listen.Address} can be reached from other machines and tokens would be sent in the clear: use https:// with Api:Tls, or listen on 127.0.0.1 (or set Api:AllowInsecure)");
        }

        return new ApiModel(http, grpc, clients, sources.Variable) { ListProblem = loaded?.ListProblem };
    }

    /// <summary>Whether only this machine reaches an address.</summary>
    public static bool IsLoopback(NetAddress address) => System.Net.IPAddress.TryParse(address.Host, out var ip) && System.Net.IPAddress.IsLoopback(ip);

    private static ApiListen Listen(string path, string text, Action<string, string> wrong)
    {
        var tls = text.StartsWith("https://", StringComparison.OrdinalIgnoreCase);
        var scheme = tls ? "https://" : "http://";
        if (text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
        {
            var authority = text[scheme.Length..].TrimEnd('/');
            if (authority.Equals("localhost", StringComparison.OrdinalIgnoreCase) || authority.StartsWith("localhost:", StringComparison.OrdinalIgnoreCase))
                authority = "127.0.0.1" + authority["localhost".Length..];
            if (NetAddress.TryParse(authority, tls ? 443 : 80, out var address)) return new ApiListen(address, tls);
        }

        wrong(path, $"\"{text}\" is not http://address:port or https://address:port");
        return new ApiListen(NetAddress.None, false);
    }

    private static ImmutableArray<ApiClient> Clients(ApiTlsSection tls, Action<string, string> wrong)
    {
        var clients = ImmutableArray.CreateBuilder<ApiClient>();
        for (var i = 0; i < tls.Clients.Length; i++)
        {
            var words = tls.Clients[i].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 2 && ApiToken.TryRole(words[1], out var role)) clients.Add(new ApiClient(words[0], role));
            else wrong($"Api:Tls:Clients:{i}", $"\"{tls.Clients[i]}\" is not NAME ROLE, ROLE being viewer, router, operator or admin");
        }

        if (tls is { Clients.Length: > 0, ClientTrust: null }) wrong("Api:Tls:ClientTrust", "is missing: Api:Tls:Clients needs the authorities that their certificates come from");
        if (tls is { RequireClientCertificate: true, ClientTrust: null }) wrong("Api:Tls:ClientTrust", "is missing: Api:Tls:RequireClientCertificate needs the authorities that certificates come from");
        if (tls is { RevocationList: not null, ClientTrust: null }) wrong("Api:Tls:ClientTrust", "is missing: Api:Tls:RevocationList is about certificates of its authorities");
        return clients.ToImmutable();
    }
}
