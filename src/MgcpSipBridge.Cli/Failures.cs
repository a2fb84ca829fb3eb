using System.Security.Authentication;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;

namespace MgcpSipBridge.Cli;

/// <summary>What failed requests are to whoever made them: an exit code, and a message that says where it failed and what helps.</summary>
internal static class Failures
{
    /// <summary>Explains a failure.</summary>
    /// <param name="failure">What the client threw.</param>
    /// <param name="server">Address that was asked.</param>
    /// <param name="interrupted">Whether we called it off ourselves.</param>
    public static (int Code, string Message) Explain(RpcException failure, string server, bool interrupted) => failure switch
    {
        _ when interrupted && failure.StatusCode == StatusCode.Cancelled => (ExitCodes.Interrupted, "interrupted"),
        _ when Refusal(failure) is { } refused => (ExitCodes.Failed, refused.Shown
            ? $"the bridge at {server} refused our certificate: it has run out or was revoked, or comes from an authority that the bridge does not know\n(--cert FILE; the bridge's log says which it is)"
            : $"the bridge at {server} wants a certificate to be shown\n(--cert FILE and --key FILE, or a context: mgcpsipctl contexts --help)"),
        _ when Changes.WasNotSent(failure) => (ExitCodes.NotReached, $"the bridge at {server} cannot be reached: {Reason(failure)}{Hint(failure)}"),
        // Said by the client itself, not by a bridge.
        { Trailers.Count: 0 } when failure.InnerException is not null || failure.Status.DebugException is not null =>
            (ExitCodes.NotReached, $"the bridge at {server} did not answer: {Reason(failure)}{Hint(failure)}"),
        { Trailers.Count: 0, StatusCode: StatusCode.ResourceExhausted } => (ExitCodes.NotReached, $"the answer of the bridge at {server} is larger than {Connection.MostOfAnAnswerBytes >> 20} MB"),
        { StatusCode: StatusCode.NotFound } => (ExitCodes.NotFound, Plain(failure)),
        { StatusCode: StatusCode.Unauthenticated } => (ExitCodes.Failed, Plain(failure) + "\n(--token @FILE, MGCPSIPCTL_TOKEN, or a context: mgcpsipctl contexts --help)"),
        { StatusCode: StatusCode.Unimplemented } => (ExitCodes.Failed, $"the bridge at {server} does not know this command: it is older than this program, or that is not the port of its gRPC"),
        _ => (ExitCodes.Failed, Plain(failure)),
    };

    /// <summary>Why, in words.</summary>
    public static string Reason(RpcException failure) => (failure.InnerException ?? failure.Status.DebugException)?.GetBaseException().Message ?? failure.Status.Detail;

    private static CertificateRefusedException? Refusal(RpcException failure)
    {
        for (var e = failure.InnerException ?? failure.Status.DebugException; e is not null; e = e.InnerException)
            if (e is CertificateRefusedException refused) return refused;
        return null;
    }

    private static string Plain(RpcException failure) => AnswerWriter.Lines($"{failure.StatusCode}: {Mistakes(failure) ?? failure.Status.Detail}");

    // The message has the first few, and is cut; the details have all of them.
    private static string? Mistakes(RpcException failure)
    {
        const int InMessage = 5;
        if (failure.Trailers.GetValueBytes("grpc-status-details-bin") is not { } bytes) return null;
        try
        {
            var details = Google.Rpc.Status.Parser.ParseFrom(bytes).Details;
            var fields = details.FirstOrDefault(detail => detail.Is(BadRequest.Descriptor))?.Unpack<BadRequest>().FieldViolations;
            if (fields is null || (fields.Count <= InMessage && !failure.Status.Detail.EndsWith('…'))) return null;
            return string.Concat(fields.Select(field => field.Field.Length == 0 ? $"\n{field.Description}" : $"\n{field.Field}: {field.Description}"));
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    private static string Hint(RpcException failure)
    {
        for (var e = failure.InnerException ?? failure.Status.DebugException; e is not null; e = e.InnerException)
            switch (e)
            {
                case AuthenticationException when e.Message.Contains("certificate", StringComparison.Ordinal):
                    return "\n(--ca FILE names the authorities that its certificate may come from)";
                case AuthenticationException:
                    return "\n(does it speak TLS there? http:// is without)";
                case HttpRequestException { HttpRequestError: HttpRequestError.VersionNegotiationError or HttpRequestError.HttpProtocolError or HttpRequestError.InvalidResponse or HttpRequestError.ResponseEnded }:
                    return "\n(is that the port of its gRPC, by default 8081, and is it http:// or https:// there?)";
            }

        return "";
    }
}
