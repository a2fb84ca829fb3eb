using System.Globalization;
using Grpc.Core;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Media;

namespace MgcpSipBridge.Host.Api;

/// <content>What is done with the audio of calls.</content>
internal sealed partial class CallResource
{
    /// <summary>Longest that somebody may wait for the end of a sound, or for digits.</summary>
    private static readonly TimeSpan MostPatience = TimeSpan.FromHours(1);

    private static long LastTicket;

    public override async Task<V1.PlaySoundResponse> PlaySound(V1.PlaySoundRequest request, ServerCallContext context)
    {
        var answer = await AudioAsync(request.Call, "play", wishes.Play(request), context, MostPatience);
        return new V1.PlaySoundResponse { Play = answer.Playing.ToString(CultureInfo.InvariantCulture), End = answer.Played?.ToMessage() ?? V1.PlaySoundResponse.Types.End.Unspecified };
    }

    public override Task<V1.Call> StopSound(V1.StopSoundRequest request, ServerCallContext context)
    {
        long? play = null;
        if (request.Play.Length > 0)
            play = long.TryParse(request.Play, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : throw ApiErrors.BadField("play", "is not what PlaySound answered");
        return ToCallAsync(request.Call, "stop", new AudioOrder.Stop(play), context);
    }

    public override async Task<V1.CollectDigitsResponse> CollectDigits(V1.CollectDigitsRequest request, ServerCallContext context)
    {
        var call = await engine.OneAsync<CallView>(new EngineQuery.Call(request.Call), $"call {request.Call}", context.CancellationToken);
        var ticket = Interlocked.Increment(ref LastTicket);
        var order = wishes.Collect(request, call.FromLine ? RelaySide.Gateway : RelaySide.Sip) with { Ticket = ticket };
        try
        {
            var answer = await AudioAsync(request.Call, "collect", order, context, MostPatience);
            if (answer.Collected is not { } collected) throw new InvalidOperationException("The engine collected nothing.");
            if (collected.Reason == CollectEnd.PromptFailed) throw ApiErrors.NotNow("CODEC_NOT_SUPPORTED", $"the prompt cannot be played to that end of call {request.Call}");
            return new V1.CollectDigitsResponse { Digits = collected.Digits, Reason = collected.Reason.ToMessage(), Complete = collected.IsWhole };
        }
        catch (Exception e) when (e is OperationCanceledException or RpcException { StatusCode: StatusCode.Unavailable })
        {
            // Whoever asked has gone: nobody else shall lose digits to this.
            _ = engine.OneAsync<AudioOrderAnswer>(new EngineQuery.Audio(request.Call, new AudioOrder.GiveUp(ticket)), $"call {request.Call}", CancellationToken.None)
                .ContinueWith(static gone => gone.Exception, TaskScheduler.Default);
            throw;
        }
    }

    public override Task<V1.Call> SendDigits(V1.SendDigitsRequest request, ServerCallContext context) => ToCallAsync(request.Call, "sendDigits", AudioWishes.Send(request), context);

    public override Task<V1.Call> MuteCall(V1.MuteCallRequest request, ServerCallContext context) =>
        ToCallAsync(request.Call, "mute", new AudioOrder.Mute(AudioWishes.SideOf(request.Side) ?? RelaySide.Gateway, true), context);

    public override Task<V1.Call> UnmuteCall(V1.UnmuteCallRequest request, ServerCallContext context) =>
        ToCallAsync(request.Call, "unmute", new AudioOrder.Mute(AudioWishes.SideOf(request.Side) ?? RelaySide.Gateway, false), context);

    public override async Task<V1.RecordCallResponse> RecordCall(V1.RecordCallRequest request, ServerCallContext context)
    {
        var order = wishes.Record(request);
        var recording = (await AudioAsync(request.Call, "record", order, context)).Recording.ToText();
        return new V1.RecordCallResponse { Recording = recording, File = recording + (order.Kind == RecordingKind.Packets ? ".pcap" : ".wav") };
    }

    public override Task<V1.Call> StopRecording(V1.StopRecordingRequest request, ServerCallContext context) => ToCallAsync(request.Call, "stopRecording", new AudioOrder.StopRecording(), context);

    public override Task<V1.Call> JoinConference(V1.JoinConferenceRequest request, ServerCallContext context) =>
        ToCallAsync(request.Call, "join", new AudioOrder.Join(AudioWishes.SideOf(request.Side), AudioWishes.Conference(request.Conference)), context);

    public override Task<V1.Call> LeaveConference(V1.LeaveConferenceRequest request, ServerCallContext context) =>
        ToCallAsync(request.Call, "leave", new AudioOrder.Leave(AudioWishes.SideOf(request.Side)), context);

    public override async Task<V1.CallQuality> GetCallQuality(V1.GetCallQualityRequest request, ServerCallContext context)
    {
        var answer = await AudioAsync(request.Call, null, new AudioOrder.Measure(), context);
        var measured = answer.Measured ?? RelayStatistics.None;
        return new V1.CallQuality { Line = measured.Gateway.ToMessage(), Peer = measured.Sip.ToMessage() };
    }

    public override Task<V1.Call> RouteCall(V1.RouteCallRequest request, ServerCallContext context)
    {
        // A line's number may have letters.
        if (!ProvisioningValidator.IsNumber(request.Destination)) throw ApiErrors.BadField("destination", "is not a number: digits, letters and + * # . _ - , at most 64");
        return OrderAsync(request.Call, request.Destination, "route", new EngineQuery.RouteOn(request.Call, request.Destination), context);
    }

    private async Task<V1.Call> ToCallAsync(string call, string verb, AudioOrder order, ServerCallContext context) => (await AudioAsync(call, verb, order, context)).Call!.ToMessage(state.Clock);

    /// <summary>Has the engine do something; without a verb nothing is changed by it, and nothing written down.</summary>
    private async Task<AudioOrderAnswer> AudioAsync(string call, string? verb, AudioOrder order, ServerCallContext context, TimeSpan? patience = null)
    {
        AudioOrderAnswer answer;
        try
        {
            answer = await engine.OneAsync<AudioOrderAnswer>(new EngineQuery.Audio(call, order), $"call {call}", context.CancellationToken, patience);
        }
        catch (Exception e) when (e is OperationCanceledException or RpcException { StatusCode: StatusCode.Unavailable })
        {
            // It is done, or may be; who asked has only ceased to wait for the answer.
            if (verb is not null) await trail.DidAsync(context, verb, "calls/" + call);
            throw;
        }

        if (answer.Refusal != CallOrderRefusal.None) throw Refused(answer.Refusal, call, "");
        if (verb is null) return answer;
        var calls = logs.CreateLogger("MgcpSipBridge.Calls");
        var who = context.Who();
        Log.Ordered(calls, call, verb, who);
        await trail.DidAsync(context, verb, "calls/" + call);
        return answer;
    }
}
