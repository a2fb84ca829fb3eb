using System.Text;
using Grpc.Core;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Api;

/// <content>What is done with the far end of a call.</content>
internal sealed partial class CallResource
{
    /// <summary>Longest destination of a transfer.</summary>
    private const int MaxDestination = 256;

    public override Task<V1.Call> HoldCall(V1.HoldCallRequest request, ServerCallContext context) =>
        OrderAsync(request.Call, "", "hold", new EngineQuery.Hold(request.Call, true), context);

    public override Task<V1.Call> ResumeCall(V1.ResumeCallRequest request, ServerCallContext context) =>
        OrderAsync(request.Call, "", "resume", new EngineQuery.Hold(request.Call, false), context);

    public override Task<V1.Call> TransferCall(V1.TransferCallRequest request, ServerCallContext context)
    {
        if (request.Destination.Length > 0 == request.OtherCall.Length > 0) throw ApiErrors.BadField("destination", "is needed, or otherCall; not both");
        if (request.Destination.Length > 0 && !IsDestination(request.Destination))
            throw ApiErrors.BadField("destination", "is not a number (0-9, *, #, A-D, with or without a leading +) or a URI such as sip:1002@pbx.example.net or tel:+4930123456");
        return OrderAsync(request.Call, request.OtherCall, "transfer",
            new EngineQuery.Transfer(request.Call, request.Destination, request.OtherCall.Length > 0 ? request.OtherCall : null), context);
    }

    private async Task<V1.Call> OrderAsync(string call, string other, string verb, EngineQuery order, ServerCallContext context)
    {
        var answer = await engine.OneAsync<CallOrderAnswer>(order, $"call {call}", context.CancellationToken);
        if (answer is { Refusal: CallOrderRefusal.None, Call: { } view })
        {
            var calls = logs.CreateLogger("MgcpSipBridge.Calls");
            var who = context.Who();
            Log.Ordered(calls, call, verb, who);
            await trail.DidAsync(context, verb, "calls/" + call);
            return view.ToMessage(state.Clock);
        }

        throw Refused(answer.Refusal, call, other);
    }

    private static RpcException Refused(CallOrderRefusal refusal, string call, string other) => refusal switch
    {
        CallOrderRefusal.NoSuchCall => ApiErrors.NoCall(call),
        CallOrderRefusal.Ended => ApiErrors.NotNow("CALL_ENDED", $"call {call} has ended"),
        CallOrderRefusal.Transferring => ApiErrors.NotNow("TRANSFER_PENDING", $"the far end of call {call} is being handed on already"),
        CallOrderRefusal.NoSuchOther => ApiErrors.NoCall(other),
        CallOrderRefusal.OtherNotAnswered => ApiErrors.NotNow("OTHER_CALL_NOT_ANSWERED", other == call ? "a call cannot be joined with itself" : $"call {other} is not answered, or has ended"),
        CallOrderRefusal.NotRouted => ApiErrors.NotNow("CALL_NOT_ROUTED", $"call {call} has no far end: the bridge has answered it, and it was not routed on"),
        CallOrderRefusal.NotOurs => ApiErrors.NotNow("CALL_NOT_ATTENDED", $"the bridge has not answered call {call} itself, or somebody is being called for it already"),
        CallOrderRefusal.NoRoute => ApiErrors.NotNow("NO_ROUTE", $"no route takes {other}"),
        CallOrderRefusal.LineBusy => ApiErrors.NotNow("LINE_BUSY", $"line {other} cannot ring now: it is busy, out of service, not to be disturbed, or sends its calls on"),
        CallOrderRefusal.NoAudio => ApiErrors.NotNow("CALL_HAS_NO_AUDIO", $"that end of call {call} has no audio, or none yet"),
        CallOrderRefusal.NoCommonCodec => ApiErrors.NotNow("CODEC_NOT_SUPPORTED", $"that end of call {call} speaks no G.711"),
        CallOrderRefusal.TooManyDigits => ApiErrors.Exhausted("TOO_MANY_DIGITS", $"more digits than call {call} can be sent wait already"),
        CallOrderRefusal.ConferenceFull => ApiErrors.Exhausted("CONFERENCE_FULL", "the conference is full"),
        CallOrderRefusal.NotRecording => ApiErrors.NotNow("NOT_RECORDING", $"nothing is recorded of call {call}"),
        _ => ApiErrors.NotNow("CALL_NOT_ANSWERED", $"call {call} is not answered yet"),
    };

    private static bool IsDestination(string text)
    {
        if (text.Length > MaxDestination) return false;
        if (!text.Contains(':', StringComparison.Ordinal)) return ProvisioningValidator.IsDestination(text);
        // Headers in it would be somebody else's words in our name.
        return !text.AsSpan().ContainsAnyExceptInRange('!', '~') && SipUri.TryParse(Encoding.ASCII.GetBytes(text), out var uri) && uri.Headers.IsEmpty && uri.Password.IsEmpty
            && uri.Scheme is SipUriScheme.Sip or SipUriScheme.Sips or SipUriScheme.Tel;
    }
}
