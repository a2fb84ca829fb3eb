using Google.Api;
using Google.Protobuf.Reflection;
using MgcpSipBridge.V1;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Every RPC that the descriptors know, so that a test about all of them cannot forget one.</summary>
internal static class ApiMethods
{
    /// <summary>The files of our own services.</summary>
    public static readonly FileDescriptor[] Files =
    [
        .. typeof(Gateway).Assembly.GetTypes().Where(t => t.Namespace == typeof(Gateway).Namespace && t.Name.EndsWith("Reflection", StringComparison.Ordinal))
            .Select(t => (FileDescriptor)t.GetProperty("Descriptor")!.GetValue(null)!).OrderBy(f => f.Name, StringComparer.Ordinal),
    ];

    /// <summary>Our own RPCs.</summary>
    public static readonly MethodDescriptor[] Ours = [.. Files.SelectMany(f => f.Services).SelectMany(s => s.Methods)];

    /// <summary>Those that REST has, too: it knows no streams of requests.</summary>
    public static readonly MethodDescriptor[] InRest = [.. Ours.Where(m => !m.IsClientStreaming)];

    /// <summary>All that are served, as <c>package.Service/Method</c>.</summary>
    public static readonly string[] All =
    [
        .. Ours.Select(NameOf),
        .. Grpc.Health.V1.Health.Descriptor.Methods.Select(NameOf),
        .. Grpc.Reflection.V1.ServerReflection.Descriptor.Methods.Select(NameOf),
        .. Grpc.Reflection.V1Alpha.ServerReflection.Descriptor.Methods.Select(NameOf),
    ];

    /// <summary>What an RPC is in REST.</summary>
    public static HttpRule Rest(MethodDescriptor method) => method.GetOptions().GetExtension(AnnotationsExtensions.Http);

    /// <summary>The method and a path of it, each variable being <c>a</c>.</summary>
    public static (HttpMethod Method, string Path) Request(HttpRule rule)
    {
        var (method, path) = rule.PatternCase switch
        {
            HttpRule.PatternOneofCase.Get => (HttpMethod.Get, rule.Get),
            HttpRule.PatternOneofCase.Post => (HttpMethod.Post, rule.Post),
            HttpRule.PatternOneofCase.Patch => (HttpMethod.Patch, rule.Patch),
            HttpRule.PatternOneofCase.Delete => (HttpMethod.Delete, rule.Delete),
            _ => throw new InvalidOperationException(rule.PatternCase.ToString()),
        };
        return (method, System.Text.RegularExpressions.Regex.Replace(path, @"\{[^}]*\}", "a"));
    }

    private static string NameOf(MethodDescriptor method) => $"{method.Service.FullName}/{method.Name}";
}
