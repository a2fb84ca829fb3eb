using Grpc.Core;

namespace MgcpSipBridge.Cli;

/// <content>Whether a bridge takes calls, for whoever starts and restarts it: the health that gRPC itself defines, which needs no token.</content>
internal sealed partial class Bridge
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(bytes => bytes, bytes => bytes);
    private static readonly Method<byte[], byte[]> HealthCheck = new(MethodType.Unary, "grpc.health.v1.Health", "Check", Bytes, Bytes);

    // HealthCheckResponse { status: SERVING }.
    private static readonly byte[] Serving = [8, 1];

    /// <summary>Exit code 0 when it takes calls, 1 when it does not or is not there.</summary>
    public async Task ReadyAsync()
    {
        OnlyFailure = ExitCodes.Failed;
        var answer = await invoker.AsyncUnaryCall(HealthCheck, null, new CallOptions(cancellationToken: cancel), []);
        var ready = answer.AsSpan().SequenceEqual(Serving);
        if (!ready) ExitCode = ExitCodes.Failed;
        if (writer.IsData) writer.Data(ready ? "{ \"ready\": true }" : "{ \"ready\": false }");
        else writer.Text(ready ? "ready\n" : "not ready: it is starting or ending\n");
    }
}
