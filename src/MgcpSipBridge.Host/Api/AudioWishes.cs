using System.Collections.Immutable;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;

namespace MgcpSipBridge.Host.Api;

/// <summary>Reads what clients want done with the audio of calls; what cannot be is refused with the field that says it.</summary>
internal sealed class AudioWishes(SoundsSection sounds, RecordingsSection recordings, Func<string, bool> has, Func<bool>? hasRoom = null)
{
    private const int MostSounds = 32;
    private const int MostDigits = 64;
    private const int MostTimes = 10_000;
    private static readonly TimeSpan MostSilence = TimeSpan.FromHours(1);

    public static RelaySide? SideOf(V1.CallSide side) => side switch
    {
        V1.CallSide.Unspecified => null,
        V1.CallSide.Line => RelaySide.Gateway,
        V1.CallSide.Peer => RelaySide.Sip,
        _ => throw ApiErrors.BadField("side", "is neither LINE nor PEER"),
    };

    public static V1.CallSide Word(RelaySide side) => side == RelaySide.Gateway ? V1.CallSide.Line : V1.CallSide.Peer;

    public AudioOrder.Play Play(V1.PlaySoundRequest request) => new(
        Sources("sounds", request.Sounds, atLeast: 1),
        SideOf(request.Towards),
        Times("times", request.Times),
        Time("pause", request.Pause, TimeSpan.Zero, TimeSpan.Zero, MostSilence),
        request.StopOnDigit,
        request.Wait);

    public AudioOrder.Collect Collect(V1.CollectDigitsRequest request, RelaySide caller)
    {
        var least = request.MinDigits == 0 ? 1 : request.MinDigits;
        var most = request.MaxDigits == 0 ? Math.Max(32, least) : request.MaxDigits;
        if (least is < 1 or > MostDigits) throw ApiErrors.BadField("minDigits", $"lies between 1 and {MostDigits}");
        if (most is < 1 or > MostDigits || most < least) throw ApiErrors.BadField("maxDigits", $"lies between minDigits and {MostDigits}");
        if (request.FinishKeys.Any(key => !IsKey(key))) throw ApiErrors.BadField("finishKeys", "has other keys than 0-9, *, # and A-D");
        DigitMap? map = null;
        if (request.DigitMap.Length > DigitMap.RecommendedMaxBytes || (request.DigitMap.Length > 0 && !DigitMap.TryParse(request.DigitMap, out map)))
            throw ApiErrors.BadField("digitMap", "is not a digit map such as (0|[1-4]xx|9x.T)");
        var wish = new DigitWish
        {
            Least = least,
            Most = most,
            FinishKeys = request.FinishKeys,
            Map = map,
            FirstDigit = Time("firstDigitTimeout", request.FirstDigitTimeout, TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5)),
            InterDigit = Time("interDigitTimeout", request.InterDigitTimeout, TimeSpan.FromSeconds(4), TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1)),
        };
        var from = SideOf(request.From) ?? caller;
        var prompt = Sources("prompt", request.Prompt, atLeast: 0);
        return new AudioOrder.Collect(from, wish)
        {
            Prompt = prompt.IsEmpty ? null : new AudioOrder.Play(prompt, from, Times("promptTimes", request.PromptTimes), StopOnDigit: !request.NoBargeIn),
        };
    }

    public static AudioOrder.Send Send(V1.SendDigitsRequest request)
    {
        if (request.Digits.Length is 0 or > MostDigits || request.Digits.Any(key => key != ',' && !IsKey(key)))
            throw ApiErrors.BadField("digits", $"is not 1 to {MostDigits} of 0-9, *, #, A-D and commas");
        var length = Time("length", request.Length, TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(8));
        return new AudioOrder.Send(request.Digits.ToUpperInvariant(), SideOf(request.Towards) ?? RelaySide.Sip, length);
    }

    public AudioOrder.Record Record(V1.RecordCallRequest request)
    {
        if (recordings.Folder is null) throw ApiErrors.NotNow("RECORDING_OFF", "nothing is recorded: Recordings:Folder is not set");
        if (hasRoom?.Invoke() == false) throw ApiErrors.NotNow("RECORDING_DISK_FULL", "nothing is recorded: the disk of Recordings:Folder has no room");
        if (request.MaxBytes != 0 && request.MaxBytes < 1000) throw ApiErrors.BadField("maxBytes", "is less than 1000");
        var length = Time("maxLength", request.MaxLength, recordings.MaxLength, TimeSpan.FromSeconds(1), TimeSpan.MaxValue);
        var kind = request.Format switch
        {
            V1.RecordCallRequest.Types.Format.Stereo => RecordingKind.Separate,
            V1.RecordCallRequest.Types.Format.Packets => RecordingKind.Packets,
            V1.RecordCallRequest.Types.Format.Unspecified or V1.RecordCallRequest.Types.Format.Mixed => RecordingKind.Mixed,
            _ => throw ApiErrors.BadField("format", "is none that there is"),
        };
        return new AudioOrder.Record(
            kind, length < recordings.MaxLength ? length : recordings.MaxLength, request.MaxBytes == 0 ? recordings.MaxBytes : Math.Min(request.MaxBytes, recordings.MaxBytes));
    }

    public static string Conference(string name)
    {
        if (name.Length is 0 or > 64 || name.Any(letter => !char.IsAsciiLetterOrDigit(letter) && letter is not ('-' or '_')))
            throw ApiErrors.BadField("conference", "is not a name of 1 to 64 letters, digits, - and _");
        return name;
    }

    private static bool IsKey(char key) => char.ToUpperInvariant(key) is (>= '0' and <= '9') or '*' or '#' or (>= 'A' and <= 'D');

    private static int Times(string field, int times) => times switch
    {
        0 => 1,
        -1 => 0,
        > 0 and <= MostTimes => times,
        _ => throw ApiErrors.BadField(field, $"is not -1, or 1 to {MostTimes}"),
    };

    private static TimeSpan Time(string field, Duration? given, TimeSpan absent, TimeSpan least, TimeSpan most)
    {
        if (given is null) return absent;
        // What is too long for a time of ours is too long here.
        var time = given.Seconds is < -1_000_000 or > 1_000_000_000 ? TimeSpan.MinValue : TimeSpan.FromSeconds(given.Seconds) + TimeSpan.FromTicks(given.Nanos / 100);
        if (time < least || time > most) throw ApiErrors.BadField(field, most == TimeSpan.MaxValue ? $"is shorter than {least.TotalSeconds} s" : $"lies between {least.TotalSeconds} s and {most.TotalSeconds} s");
        return time;
    }

    private ImmutableArray<PlaySource> Sources(string field, RepeatedField<V1.Sound> wanted, int atLeast)
    {
        if (wanted.Count < atLeast || wanted.Count > MostSounds) throw ApiErrors.BadField(field, $"has {atLeast} to {MostSounds} sounds");
        var sources = ImmutableArray.CreateBuilder<PlaySource>();
        for (var i = 0; i < wanted.Count; i++)
        {
            var (sound, at) = (wanted[i], $"{field}[{i}]");
            switch (sound.WhatCase)
            {
                case V1.Sound.WhatOneofCase.Name:
                    if (!has(sound.Name)) throw ApiErrors.NoSound(sound.Name);
                    sources.Add(new PlaySource.Named(sound.Name));
                    break;
                case V1.Sound.WhatOneofCase.Silence:
                    sources.Add(new PlaySource.Silence(Time(at + ".silence", sound.Silence, TimeSpan.Zero, TimeSpan.FromMilliseconds(10), MostSilence)));
                    break;
                case V1.Sound.WhatOneofCase.Tone:
                    sources.AddRange(Tone(at, sound));
                    if (sound.Length is null && i < wanted.Count - 1) throw ApiErrors.BadField(at + ".length", "is needed: without it the tone does not end, and what comes behind it is never heard");
                    break;
                default:
                    throw ApiErrors.BadField(at, "is neither a name nor a tone nor silence");
            }
        }

        return sources.ToImmutable();
    }

    private ImmutableArray<PlaySource> Tone(string at, V1.Sound sound)
    {
        var country = sound.Country.Length > 0 ? sound.Country : sounds.Country;
        if (TonePlan.Of(country) is not { } plan) throw ApiErrors.BadField(at + ".country", $"is none of those whose tones are known: {string.Join(", ", TonePlan.Countries)}");
        var sources = plan.Sources(sound.Tone switch
        {
            V1.Sound.Types.Tone.Dial => CallTone.Dial,
            V1.Sound.Types.Tone.Stutter => CallTone.Stutter,
            V1.Sound.Types.Tone.Ringback => CallTone.Ringback,
            V1.Sound.Types.Tone.Busy => CallTone.Busy,
            V1.Sound.Types.Tone.Reorder => CallTone.Reorder,
            _ => throw ApiErrors.BadField(at + ".tone", "is none that there is"),
        });
        if (sound.Length is null) return sources;
        var length = Time(at + ".length", sound.Length, TimeSpan.Zero, TimeSpan.FromMilliseconds(10), MostSilence);
        return [.. sources.Select((source, i) => i == sources.Length - 1 && source is PlaySource.Tones tones ? tones with { Length = length } : source)];
    }
}
