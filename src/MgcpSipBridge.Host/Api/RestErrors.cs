using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;

namespace MgcpSipBridge.Host.Api;

/// <summary>Writes <c>google.rpc.Status</c> as JSON, where no RPC answers.</summary>
internal static class RestErrors
{
    private static readonly JsonFormatter Json = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true).WithTypeRegistry(TypeRegistry.FromFiles(ErrorDetailsReflection.Descriptor)));

    /// <summary>A status as JSON.</summary>
    public static string Text(Google.Rpc.Status status) => Json.Format(status);

    /// <summary>Answers 400 with every field that is wrong.</summary>
    public static Task WriteAsync(HttpContext context, string reason, IReadOnlyCollection<(string Field, string Why)> problems) =>
        WriteAsync(context, StatusCodes.Status400BadRequest, Code.InvalidArgument, reason, string.Join("; ", problems.Take(5).Select(p => $"{p.Field}: {p.Why}")),
            new BadRequest { FieldViolations = { problems.Take(100).Select(p => new BadRequest.Types.FieldViolation { Field = p.Field, Description = p.Why }) } });

    /// <summary>Answers with a status of HTTP and what it means.</summary>
    public static Task WriteAsync(HttpContext context, int http, Code code, string reason, string message, params IMessage[] details)
    {
        var status = new Google.Rpc.Status { Code = (int)code, Message = message, Details = { Any.Pack(new ErrorInfo { Reason = reason, Domain = ApiErrors.Domain }), details.Select(Any.Pack) } };
        context.Response.StatusCode = http;
        context.Response.ContentType = "application/json; charset=utf-8";
        return context.Response.WriteAsync(Text(status));
    }
}
