using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using MgcpSipBridge.V1;
using Enum = System.Enum;

namespace MgcpSipBridge.Cli;

/// <content>The audio of calls.</content>
internal sealed partial class Bridge
{
    public async Task PlayAsync(string id, string[] sounds, CallEndName? towards, int times, bool onDigit, bool wait)
    {
        var request = new PlaySoundRequest { Call = id, Sounds = { sounds.Select(SoundOf) }, Towards = SideOf(towards), Times = times, StopOnDigit = onDigit, Wait = wait };
        var playing = await Calls.PlaySoundAsync(request, cancellationToken: cancel);
        writer.One(playing, ("play", playing.Play), ("end", playing.End == PlaySoundResponse.Types.End.Unspecified ? "-" : Text(playing.End)));
    }

    public async Task StopAsync(string id, string play) => Show(await Calls.StopSoundAsync(new StopSoundRequest { Call = id, Play = play }, cancellationToken: cancel));

    public async Task CollectAsync(CollectWish wish)
    {
        var request = new CollectDigitsRequest
        {
            Call = wish.Call,
            From = SideOf(wish.From),
            Prompt = { wish.Prompt.Select(SoundOf) },
            NoBargeIn = wish.HearOut,
            MinDigits = wish.Least,
            MaxDigits = wish.Most,
            FinishKeys = wish.Finish,
            DigitMap = wish.Map,
            FirstDigitTimeout = Seconds(wish.First),
            InterDigitTimeout = Seconds(wish.Next),
        };
        var collected = await Calls.CollectDigitsAsync(request, cancellationToken: cancel);
        if (!collected.Complete) ExitCode = ExitCodes.Different;
        writer.One(collected, ("digits", Or(collected.Digits)), ("reason", Text(collected.Reason)), ("complete", collected.Complete ? "yes" : "no"));
    }

    public async Task DtmfAsync(string id, string digits, CallEndName? towards, int milliseconds) =>
        Show(await Calls.SendDigitsAsync(new SendDigitsRequest { Call = id, Digits = digits, Towards = SideOf(towards), Length = Seconds(milliseconds / 1000.0) }, cancellationToken: cancel));

    public async Task MuteAsync(string id, CallEndName? side, bool on) => Show(on
        ? await Calls.MuteCallAsync(new MuteCallRequest { Call = id, Side = SideOf(side) }, cancellationToken: cancel)
        : await Calls.UnmuteCallAsync(new UnmuteCallRequest { Call = id, Side = SideOf(side) }, cancellationToken: cancel));

    public async Task RecordAsync(string id, RecordingFormat format, int seconds, bool stop)
    {
        if (stop)
        {
            Show(await Calls.StopRecordingAsync(new StopRecordingRequest { Call = id }, cancellationToken: cancel));
            return;
        }

        var request = new RecordCallRequest { Call = id, Format = Enum.Parse<RecordCallRequest.Types.Format>(format.ToString()), MaxLength = seconds > 0 ? Seconds(seconds) : null };
        var recording = await Calls.RecordCallAsync(request, cancellationToken: cancel);
        writer.One(recording, ("file", recording.File), ("recording", recording.Recording));
    }

    public async Task JoinAsync(string id, string conference, CallEndName? side) =>
        Show(await Calls.JoinConferenceAsync(new JoinConferenceRequest { Call = id, Conference = conference, Side = SideOf(side) }, cancellationToken: cancel));

    public async Task LeaveAsync(string id, CallEndName? side) => Show(await Calls.LeaveConferenceAsync(new LeaveConferenceRequest { Call = id, Side = SideOf(side) }, cancellationToken: cancel));

    public async Task QualityAsync(string id)
    {
        var quality = await Calls.GetCallQualityAsync(new GetCallQualityRequest { Call = id }, cancellationToken: cancel);
        (string Name, StreamQuality Stream)[] ends = [("line", quality.Line), ("peer", quality.Peer)];
        writer.Many(quality, ends, ["END", "RECEIVED", "SENT", "LOST", "DROPPED", "JITTER", "ROUNDTRIP", "MOS"], end =>
        [
            end.Name,
            Count(end.Stream.PacketsReceived),
            Count(end.Stream.PacketsSent),
            Count(end.Stream.PacketsLost),
            Count(end.Stream.PacketsDropped),
            Milliseconds(end.Stream.JitterMilliseconds),
            Milliseconds(end.Stream.RoundTripMilliseconds),
            end.Stream.Mos == 0 ? "-" : end.Stream.Mos.ToString("0.00", CultureInfo.InvariantCulture),
        ]);
    }

    public async Task RouteCallAsync(string id, string destination) => Show(await Calls.RouteCallAsync(new RouteCallRequest { Call = id, Destination = destination }, cancellationToken: cancel));

    private void Show(Call call) => writer.One(call, Facts(call));

    private static string Count(long packets) => packets.ToString(CultureInfo.InvariantCulture);

    private static string Milliseconds(double time) => time == 0 ? "-" : time.ToString("0.0 ms", CultureInfo.InvariantCulture);

    private static CallSide SideOf(CallEndName? side) => side switch
    {
        CallEndName.Line => CallSide.Line,
        CallEndName.Peer => CallSide.Peer,
        _ => CallSide.Unspecified,
    };

    private static Duration Seconds(double seconds) => Duration.FromTimeSpan(TimeSpan.FromSeconds(seconds));

    // NAME, tone:busy@de=2.5, silence=0.5.
    private static Sound SoundOf(string text)
    {
        var (what, length) = text.StartsWith("tone:", StringComparison.Ordinal) || text.StartsWith("silence=", StringComparison.Ordinal) ? Split(text, '=') : (text, null);
        Duration? time = null;
        if (length is not null)
            time = double.TryParse(length, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds < 1e6
                ? Seconds(seconds)
                : throw new UsageException($"{text}: {length} is not a number of seconds");
        if (what == "silence") return new Sound { Silence = time };
        if (!what.StartsWith("tone:", StringComparison.Ordinal)) return new Sound { Name = what };
        var (name, country) = Split(what[5..], '@');
        return Enum.TryParse<Sound.Types.Tone>(name, ignoreCase: true, out var tone) && char.IsAsciiLetter(name[0]) && tone != Sound.Types.Tone.Unspecified
            ? new Sound { Tone = tone, Country = country ?? "", Length = time }
            : throw new UsageException($"{text}: there is no tone {name}; there are dial, stutter, ringback, busy and reorder");
    }

    private static (string Before, string? After) Split(string text, char at)
    {
        var place = text.IndexOf(at, StringComparison.Ordinal);
        return place < 0 ? (text, null) : (text[..place], text[(place + 1)..]);
    }
}
