using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using MgcpSipBridge.V1;

namespace MgcpSipBridge.Host.Tests;

/// <summary>
/// An example of a voice menu outside the bridge: whoever calls its number hears a prompt, presses a key, and is connected to who belongs to that key. It is a router
/// (RoutingService) that lets the bridge answer, and then a client of CallService. All of it is gRPC; nothing here knows MGCP, SIP or RTP.
/// </summary>
internal sealed class MenuClient : IAsyncDisposable
{
    private readonly CallService.CallServiceClient _calls;
    private readonly AsyncDuplexStreamingCall<DecideRequest, DecideResponse> _routing;
    private readonly CancellationTokenSource _end = new();
    private readonly MenuSetup _setup;
    private readonly Task _serving;

    private MenuClient(GrpcChannel channel, MenuSetup setup, AsyncDuplexStreamingCall<DecideRequest, DecideResponse> routing)
    {
        (_calls, _setup, _routing) = (new CallService.CallServiceClient(channel), setup, routing);
        _serving = ServeAsync();
    }

    /// <summary>Keys that callers pressed, and what came of the calls that went wrong, in order.</summary>
    public List<string> Told { get; } = [];

    /// <summary>Begins to answer calls to the menu's number.</summary>
    public static async Task<MenuClient> OpenAsync(GrpcChannel channel, MenuSetup setup)
    {
        var routing = new RoutingService.RoutingServiceClient(channel).Decide();
        await routing.RequestStream.WriteAsync(new DecideRequest { Register = new RouterRegistration { Name = "menu", Prefixes = { setup.Number }, Calls = setup.ForPeers ? RouterRegistration.Types.Calls.ToLines : RouterRegistration.Types.Calls.FromLines } });
        if (!await routing.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(TimeSpan.FromMinutes(1))) throw new InvalidOperationException("The bridge takes no routers.");
        return new MenuClient(channel, setup, routing);
    }

    /// <summary>Ends the menu; calls in it go on without.</summary>
    public async ValueTask DisposeAsync()
    {
        await _routing.RequestStream.CompleteAsync();
        await _end.CancelAsync();
        await _serving;
        _routing.Dispose();
        _end.Dispose();
    }

    private async Task ServeAsync()
    {
        var menus = new List<Task>();
        try
        {
            while (await _routing.ResponseStream.MoveNext(_end.Token))
            {
                var asked = _routing.ResponseStream.Current.Question;
                // The bridge answers the call; from now on it is ours.
                await _routing.RequestStream.WriteAsync(new DecideRequest { Decision = new RoutingDecision { Question = asked.Id, Attend = new Empty() } });
                menus.Add(GuideAsync(asked.Call));
            }
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException)
        {
            // The bridge, or the menu, ends.
        }

        await Task.WhenAll(menus);
    }

    private async Task GuideAsync(string call)
    {
        try
        {
            await AnsweredAsync(call);
            for (var attempt = 0; attempt < 3; attempt++)
            {
                var chosen = await _calls.CollectDigitsAsync(
                    new CollectDigitsRequest { Call = call, Prompt = { new Sound { Name = _setup.Prompt } }, MaxDigits = 1, FirstDigitTimeout = Duration.FromTimeSpan(_setup.Patience) },
                    cancellationToken: _end.Token);
                if (chosen.Reason == CollectDigitsResponse.Types.Reason.CallEnded) return;
                lock (Told) Told.Add(chosen.Complete ? chosen.Digits : chosen.Reason.ToString());
                if (_setup.Choices.TryGetValue(chosen.Digits, out var destination))
                {
                    await _calls.RouteCallAsync(new RouteCallRequest { Call = call, Destination = destination }, cancellationToken: _end.Token);
                    return;
                }
            }

            // Whoever cannot choose hears busy tone, and then the line is free again.
            await _calls.PlaySoundAsync(
                new PlaySoundRequest { Call = call, Sounds = { new Sound { Tone = Sound.Types.Tone.Busy, Length = Duration.FromTimeSpan(TimeSpan.FromSeconds(1)) } }, Towards = _setup.ForPeers ? CallSide.Peer : CallSide.Line, Wait = true },
                cancellationToken: _end.Token);
            await _calls.HangUpCallAsync(new HangUpCallRequest { Call = call }, cancellationToken: _end.Token);
        }
        catch (RpcException e)
        {
            // The caller hung up in the midst of it, mostly.
            lock (Told) Told.Add(e.Status.Detail);
        }
        catch (OperationCanceledException)
        {
            // The menu ends.
        }
    }

    // Our decision and our requests come by different ways; a peer's call is one only when it is answered.
    private async Task AnsweredAsync(string call)
    {
        while (true)
        {
            try
            {
                if (await _calls.GetCallAsync(new GetCallRequest { Call = call }, cancellationToken: _end.Token) is { Attended: true, AnswerTime: not null }) return;
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.NotFound && _setup.ForPeers)
            {
                // Not yet.
            }

            await Task.Delay(10, _end.Token);
        }
    }
}

/// <summary>A voice menu.</summary>
/// <param name="Number">Its number: whoever calls it is in it.</param>
/// <param name="Prompt">The sound that tells the choices.</param>
/// <param name="Choices">Whom each key leads to.</param>
/// <param name="Patience">How long a caller may think.</param>
/// <param name="ForPeers">Whether peers call it and are put through to lines; else lines call it and are put through by the routes.</param>
internal sealed record MenuSetup(string Number, string Prompt, IReadOnlyDictionary<string, string> Choices, TimeSpan Patience, bool ForPeers = false);
