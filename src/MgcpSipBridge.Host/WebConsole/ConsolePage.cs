using System.Collections.Frozen;
using System.IO.Compression;
using System.Security.Cryptography;
using MgcpSipBridge.Host.Api.Security;
using Microsoft.Net.Http.Headers;

namespace MgcpSipBridge.Host.WebConsole;

/// <summary>
/// The console page: a handful of files that are part of the program and need nothing from anywhere else. They hold no data, so everybody may have them; what the page shows it
/// asks of the API, with the token of whoever looks at it.
/// </summary>
internal static class ConsolePage
{
    private const string Prefix = "console/";
    private const string Start = "index.html";

    /// <summary>
    /// Scripts, styles and connections of our own alone, no inline code, no frames, and no text ever becomes markup (Trusted Types without any policy): a name that a gateway or
    /// a caller chose can do nothing on this page but be read.
    /// </summary>
    public const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        + "require-trusted-types-for 'script'; trusted-types 'none'";

    private static readonly FrozenDictionary<string, string> Types = new Dictionary<string, string>
    {
        [".html"] = "text/html; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".svg"] = "image/svg+xml",
    }.ToFrozenDictionary();

    private static readonly Lazy<FrozenDictionary<string, Page>> Pages = new(Read);

    /// <summary>Serves the page at <c>/</c> and its files below <c>/console</c>.</summary>
    public static void MapConsole(this IEndpointRouteBuilder app)
    {
        var everybody = new NeedsRole(ApiRole.Everybody);
        app.MapGet("/", (HttpContext context) => SendAsync(context, Start)).WithMetadata(everybody);
        app.MapGet("/console/{**file}", (HttpContext context, string? file) => SendAsync(context, file ?? "")).WithMetadata(everybody);
    }

    private static Task SendAsync(HttpContext context, string file)
    {
        var (request, response) = (context.Request, context.Response);
        if (!Pages.Value.TryGetValue(file, out var page))
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        var headers = response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
        // Asked for again each time, and not sent again unless the program is another.
        headers.CacheControl = "no-cache";
        headers.ETag = page.Tag;
        headers.Vary = "Accept-Encoding";
        if (request.GetTypedHeaders().IfNoneMatch.Any(tag => tag.Tag == page.Tag || tag.Tag == "*"))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        var packed = request.GetTypedHeaders().AcceptEncoding.Any(encoding => encoding.Value == "gzip" && encoding.Quality != 0);
        if (packed) headers.ContentEncoding = "gzip";
        var bytes = packed ? page.Packed : page.Bytes;
        response.ContentType = page.Type;
        response.ContentLength = bytes.Length;
        return response.Body.WriteAsync(bytes, context.RequestAborted).AsTask();
    }

    private static FrozenDictionary<string, Page> Read()
    {
        var assembly = typeof(ConsolePage).Assembly;
        return assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).ToFrozenDictionary(name => name[Prefix.Length..], name =>
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            using var copy = new MemoryStream();
            stream.CopyTo(copy);
            return new Page(copy.ToArray(), Types[Path.GetExtension(name)]);
        });
    }

    private sealed class Page(byte[] bytes, string type)
    {
        public byte[] Bytes { get; } = bytes;

        public byte[] Packed { get; } = Pack(bytes);

        public string Type { get; } = type;

        public string Tag { get; } = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes)[..12])}\"").ToString();

        private static byte[] Pack(byte[] bytes)
        {
            using var packed = new MemoryStream();
            using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize)) gzip.Write(bytes);
            return packed.ToArray();
        }
    }
}
