using Grpc.Core;
using Grpc.Net.Client;
using MgcpSipBridge.V1;

namespace MgcpSipBridge.Host.Tests;

/// <summary>A client that routes calls, and all that one needs: it says what it routes, reads questions, and answers each with its id.</summary>
internal sealed class RouterClient : IDisposable
{
    private readonly AsyncDuplexStreamingCall<DecideRequest, DecideResponse> _stream;

    private RouterClient(AsyncDuplexStreamingCall<DecideRequest, DecideResponse> stream) => _stream = stream;

    /// <summary>How long a call waits for an answer.</summary>
    public TimeSpan Deadline { get; private set; }

    /// <summary>Begins to route; once this has returned, calls are asked about.</summary>
    public static async Task<RouterClient> RegisterAsync(GrpcChannel channel, RouterRegistration registration, Metadata? headers = null)
    {
        var client = new RouterClient(new RoutingService.RoutingServiceClient(channel).Decide(headers, cancellationToken: Patience.Token));
        try
        {
            await client._stream.RequestStream.WriteAsync(new DecideRequest { Register = registration });
            client.Deadline = (await client.ReadAsync()).Registered.Deadline.ToTimeSpan();
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>The next call to decide about.</summary>
    public async Task<RoutingQuestion> NextAsync() => (await ReadAsync()).Question;

    /// <summary>The call goes somewhere.</summary>
    public Task RouteAsync(RoutingQuestion question, RouteTo to) => DecideAsync(new RoutingDecision { Question = question.Id, Route = to });

    /// <summary>Says what becomes of a call.</summary>
    public Task DecideAsync(RoutingDecision decision) => SayAsync(new DecideRequest { Decision = decision });

    /// <summary>Says anything.</summary>
    public Task SayAsync(DecideRequest what) => _stream.RequestStream.WriteAsync(what);

    /// <summary>Leaves in order: it has said all, and waits for the bridge to take note.</summary>
    public async Task LeaveAsync()
    {
        await _stream.RequestStream.CompleteAsync();
        while (await _stream.ResponseStream.MoveNext(Patience.Token))
        {
            // A question that was on its way: its call goes by the routes.
        }
    }

    /// <summary>Breaks off.</summary>
    public void Dispose() => _stream.Dispose();

    private async Task<DecideResponse> ReadAsync()
    {
        Assert.True(await _stream.ResponseStream.MoveNext(Patience.Token), "the stream ended");
        return _stream.ResponseStream.Current;
    }
}
