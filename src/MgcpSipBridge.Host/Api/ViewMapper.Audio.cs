using System.Globalization;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Media;

namespace MgcpSipBridge.Host.Api;

/// <content>What is done with the audio of calls.</content>
internal static partial class ViewMapper
{
    public static V1.PlaySoundResponse.Types.End ToMessage(this PlayEnd end) => end switch
    {
        PlayEnd.Finished => V1.PlaySoundResponse.Types.End.Finished,
        PlayEnd.Stopped => V1.PlaySoundResponse.Types.End.Stopped,
        PlayEnd.Digit => V1.PlaySoundResponse.Types.End.Digit,
        PlayEnd.Replaced => V1.PlaySoundResponse.Types.End.Replaced,
        PlayEnd.NotFound => V1.PlaySoundResponse.Types.End.NotFound,
        _ => V1.PlaySoundResponse.Types.End.NotPossible,
    };

    public static V1.CollectDigitsResponse.Types.Reason ToMessage(this CollectEnd end) => end switch
    {
        CollectEnd.Full => V1.CollectDigitsResponse.Types.Reason.Full,
        CollectEnd.FinishKey => V1.CollectDigitsResponse.Types.Reason.FinishKey,
        CollectEnd.Matched => V1.CollectDigitsResponse.Types.Reason.Matched,
        CollectEnd.NoMatch => V1.CollectDigitsResponse.Types.Reason.NoMatch,
        CollectEnd.FirstDigitTimeout => V1.CollectDigitsResponse.Types.Reason.FirstDigitTimeout,
        CollectEnd.InterDigitTimeout => V1.CollectDigitsResponse.Types.Reason.InterDigitTimeout,
        CollectEnd.Stopped => V1.CollectDigitsResponse.Types.Reason.Stopped,
        CollectEnd.Replaced => V1.CollectDigitsResponse.Types.Reason.Replaced,
        CollectEnd.CallEnded => V1.CollectDigitsResponse.Types.Reason.CallEnded,
        _ => V1.CollectDigitsResponse.Types.Reason.Unspecified,
    };

    public static V1.StreamQuality ToMessage(this RelaySideStatistics side) => new()
    {
        PacketsReceived = side.PacketsReceived,
        PacketsSent = side.PacketsSent,
        PacketsLost = side.PacketsLost,
        PacketsDropped = side.PacketsDropped,
        Duplicates = side.Duplicates,
        Reordered = side.Reordered,
        JitterMilliseconds = side.Jitter.TotalMilliseconds,
        RoundTripMilliseconds = side.RoundTrip.TotalMilliseconds,
        ReportedLost = side.ReportedLost,
        ReportedJitterMilliseconds = side.ReportedJitter.TotalMilliseconds,
        Mos = Math.Round(side.Mos, 2),
        FaxPackets = side.FaxPackets,
        FaxPacketsLost = side.FaxLost,
        FaxPacketsDuplicated = side.FaxDuplicates,
    };

    /// <summary>A recording's id, as the API and its file have it.</summary>
    public static string ToText(this RecordingId recording) => recording.Value.ToString(CultureInfo.InvariantCulture);

    private static IEnumerable<V1.CallSide> Muted(CallView view)
    {
        if (view.LineMuted) yield return V1.CallSide.Line;
        if (view.PeerMuted) yield return V1.CallSide.Peer;
    }
}
