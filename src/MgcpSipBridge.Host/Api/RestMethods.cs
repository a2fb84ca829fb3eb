using Google.Api;
using MgcpSipBridge.Host.Api.Security;
using Microsoft.AspNetCore.Grpc.JsonTranscoding;
using Endpoint = Microsoft.AspNetCore.Http.Endpoint;

namespace MgcpSipBridge.Host.Api;

/// <summary>
/// Answers 405, with the methods that a path of REST has, to every other one. Routing alone knows no custom verbs: to it <c>/v1/calls/{call}:hold</c> and <c>/v1/calls/{call}</c> are paths of one
/// depth, so that it takes <c>GET /v1/calls/c1:hold</c> for a call of that name, and <c>POST /v1/calls/c1</c> for no path at all.
/// </summary>
/// <param name="next">What is asked next.</param>
/// <param name="routes">All that is mapped, which is known by the first request.</param>
internal sealed class RestMethods(RequestDelegate next, EndpointDataSource routes)
{
    private readonly Lazy<ILookup<int, Known>> _known = new(() => Read(routes));

    /// <summary>What a rule answers to: the method, and the path's template.</summary>
    public static (string Method, string Template) Of(HttpRule rule) => rule.PatternCase switch
    {
        HttpRule.PatternOneofCase.Get => (HttpMethods.Get, rule.Get),
        HttpRule.PatternOneofCase.Post => (HttpMethods.Post, rule.Post),
        HttpRule.PatternOneofCase.Patch => (HttpMethods.Patch, rule.Patch),
        HttpRule.PatternOneofCase.Put => (HttpMethods.Put, rule.Put),
        _ => (HttpMethods.Delete, rule.Delete),
    };

    /// <summary>Puts a refusal in the place of what routing has found; who may see it is decided as for any other answer.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        if (context.Request.Path.StartsWithSegments("/v1")) Correct(context);
        return next(context);
    }

    private static ILookup<int, Known> Read(EndpointDataSource routes) => routes.Endpoints.Select(endpoint => endpoint.Metadata.GetMetadata<GrpcJsonTranscodingMetadata>()?.HttpRule).OfType<HttpRule>()
        .Select(Of).GroupBy(rest => Known.Shape(rest.Template), rest => rest.Method)
        .Select(path => new Known(path.Key, [.. path.Distinct().Order(StringComparer.Ordinal)]))
        .OrderByDescending(known => known.Verb.Length).ToLookup(known => known.Steps.Length);

    private void Correct(HttpContext context)
    {
        var steps = context.Request.Path.Value!.TrimEnd('/').Split('/');
        if (_known.Value[steps.Length].FirstOrDefault(known => known.Takes(steps)) is not { } path) return;
        if (path.Methods.Contains(context.Request.Method, StringComparer.OrdinalIgnoreCase)) return;
        // A verb that there is not makes a path that there is not.
        context.SetEndpoint(path.Verb.Length == 0 && steps[^1].Contains(':') ? null : new Endpoint(Refuse, new EndpointMetadataCollection(new NeedsRole(ApiRole.Viewer)), "405"));

        Task Refuse(HttpContext refused)
        {
            refused.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            refused.Response.Headers.Allow = string.Join(", ", path.Methods);
            return Task.CompletedTask;
        }
    }

    /// <summary>A path, with <c>*</c> for what may be anything, and its methods.</summary>
    private sealed record Known(string Path, string[] Methods)
    {
        /// <summary>What stands between slashes, without the verb.</summary>
        public string[] Steps { get; } = Path[..(Path.LastIndexOf(':') is >= 0 and var colon ? colon : Path.Length)].Split('/');

        /// <summary><c>:hold</c>; empty for none.</summary>
        public string Verb { get; } = Path.LastIndexOf(':') is >= 0 and var colon ? Path[colon..] : "";

        /// <summary>A template whose variables have no names.</summary>
        public static string Shape(string template) => string.Join('/', template.Split('/').Select(step => step.StartsWith('{') ? "*" + step[(step.IndexOf('}', StringComparison.Ordinal) + 1)..] : step));

        /// <summary>Whether it is this one.</summary>
        public bool Takes(string[] steps)
        {
            if (!steps[^1].EndsWith(Verb, StringComparison.OrdinalIgnoreCase)) return false;
            for (var i = 0; i < steps.Length; i++)
            {
                var step = i < steps.Length - 1 ? steps[i] : steps[i][..^Verb.Length];
                if (Steps[i] == "*" ? step.Length == 0 : !step.Equals(Steps[i], StringComparison.OrdinalIgnoreCase)) return false;
            }

            return true;
        }
    }
}
