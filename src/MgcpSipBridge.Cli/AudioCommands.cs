using System.CommandLine;

namespace MgcpSipBridge.Cli;

/// <summary>Verbs that do something with the audio of calls.</summary>
internal static class AudioCommands
{
    /// <summary>All of them, for <c>calls</c>.</summary>
    public static IEnumerable<Command> Build(VerbMaker verb)
    {
        var id = new Argument<string>("id") { Description = "The call's id" };
        var sounds = new Argument<string[]>("sound")
        {
            Description = "What, one after the other: a name of the bridge's folder (en/welcome), a tone (tone:busy, tone:ringback@de, tone:dial=2.5 for so many seconds), silence=0.5",
            Arity = ArgumentArity.OneOrMore,
        };
        var towards = Side("--towards", "Who hears it: line or peer; both when left out");
        var times = new Option<int>("--times") { Description = "How often all of it; -1 until it is stopped", DefaultValueFactory = _ => 1 };
        var onDigit = new Option<bool>("--stop-on-digit") { Description = "A digit from who hears it ends it" };
        var wait = new Option<bool>("--wait") { Description = "Until it has ended" };
        yield return verb("play", "Play sounds and tones to one end of a call, or to both",
            (bridge, parse) => bridge.PlayAsync(parse.GetRequiredValue(id), parse.GetRequiredValue(sounds), parse.GetValue(towards), parse.GetValue(times), parse.GetValue(onDigit), parse.GetValue(wait)),
            [id, sounds, towards, times, onDigit, wait]);

        var play = new Argument<string>("play") { Description = "What calls play answered; all that is played, collected and sent when left out", Arity = ArgumentArity.ZeroOrOne };
        yield return verb("stop", "End what is played to a call", (bridge, parse) => bridge.StopAsync(parse.GetRequiredValue(id), parse.GetValue(play) ?? ""), [id, play]);

        var from = Side("--from", "Whose digits: line or peer; the caller's when left out");
        var prompt = new Option<string[]>("--prompt") { Description = "What is played meanwhile, as in calls play", DefaultValueFactory = _ => [] };
        var whole = new Option<bool>("--hear-out") { Description = "Digits count only after the prompt" };
        var least = new Option<int>("--min") { Description = "Fewest digits that are of use", DefaultValueFactory = _ => 1 };
        var most = new Option<int>("--max") { Description = "With so many it ends", DefaultValueFactory = _ => 32 };
        var finish = new Option<string>("--finish") { Description = "Keys that end it, such as #", DefaultValueFactory = _ => "" };
        var map = new Option<string>("--map") { Description = "A digit map that says when it ends, such as (0|[1-4]xx|9x.T)", DefaultValueFactory = _ => "" };
        var first = new Option<double>("--first") { Description = "Seconds for the first digit", DefaultValueFactory = _ => 10 };
        var next = new Option<double>("--next") { Description = "Seconds for each further digit", DefaultValueFactory = _ => 4 };
        yield return verb("collect", "Collect digits of one end of a call; exit code 3 when they are not what was asked for",
            (bridge, parse) => bridge.CollectAsync(new CollectWish(
                parse.GetRequiredValue(id), parse.GetValue(from), parse.GetValue(prompt) ?? [], parse.GetValue(whole), parse.GetValue(least), parse.GetValue(most), parse.GetRequiredValue(finish),
                parse.GetRequiredValue(map), parse.GetValue(first), parse.GetValue(next))),
            [id, from, prompt, whole, least, most, finish, map, first, next]);

        var digits = new Argument<string>("digits") { Description = "0-9, *, #, A-D; a comma is a pause of a second" };
        var to = Side("--towards", "Who gets them: line or peer; the far end when left out");
        var length = new Option<int>("--length") { Description = "Milliseconds of each", DefaultValueFactory = _ => 100 };
        yield return verb("dtmf", "Send digits to one end of a call",
            (bridge, parse) => bridge.DtmfAsync(parse.GetRequiredValue(id), parse.GetRequiredValue(digits), parse.GetValue(to), parse.GetValue(length)), [id, digits, to, length]);

        var muted = Side("--side", "Who: line or peer; the line when left out");
        yield return verb("mute", "Let one end of a call no longer be heard", (bridge, parse) => bridge.MuteAsync(parse.GetRequiredValue(id), parse.GetValue(muted), on: true), [id, muted]);
        yield return verb("unmute", "Let one end of a call be heard again", (bridge, parse) => bridge.MuteAsync(parse.GetRequiredValue(id), parse.GetValue(muted), on: false), [id, muted]);

        var format = Words.Option<RecordingFormat>("--format", "mixed (when left out): WAV; stereo: WAV with the line left and the far end right; packets: pcap", []);
        var seconds = new Option<int>("--seconds") { Description = "It ends by itself after so many; by default after Recordings:MaxLength" };
        var stop = new Option<bool>("--stop") { Description = "End the recording" };
        yield return verb("record", "Record a call into a file of the bridge",
            (bridge, parse) => bridge.RecordAsync(parse.GetRequiredValue(id), parse.GetValue(format), parse.GetValue(seconds), parse.GetValue(stop)), [id, format, seconds, stop]);

        var conference = new Argument<string>("conference") { Description = "Its name: letters, digits, - and _" };
        var ends = Side("--side", "Who: line or peer; both when left out");
        yield return verb("join", "Let a call enter a conference", (bridge, parse) => bridge.JoinAsync(parse.GetRequiredValue(id), parse.GetRequiredValue(conference), parse.GetValue(ends)), [id, conference, ends]);
        yield return verb("leave", "Let a call leave its conference", (bridge, parse) => bridge.LeaveAsync(parse.GetRequiredValue(id), parse.GetValue(ends)), [id, ends]);
        yield return verb("quality", "What has passed through a call, and how good it was", (bridge, parse) => bridge.QualityAsync(parse.GetRequiredValue(id)), [id]);

        var destination = new Argument<string>("destination") { Description = "Whom to call, as the line would dial it" };
        yield return verb("route", "Call somebody for a line whose call the bridge itself has answered",
            (bridge, parse) => bridge.RouteCallAsync(parse.GetRequiredValue(id), parse.GetRequiredValue(destination)), [id, destination]);
    }

    private static Option<CallEndName?> Side(string name, string about) => Words.Option<CallEndName>(name, about);
}

/// <summary>An end of a call, as it is typed.</summary>
internal enum CallEndName
{
    /// <summary>The analog line.</summary>
    Line,

    /// <summary>The far end.</summary>
    Peer,
}

/// <summary>How a call is recorded, as it is typed.</summary>
internal enum RecordingFormat
{
    /// <summary>WAV, both ends in one channel.</summary>
    Mixed,

    /// <summary>WAV with two channels.</summary>
    Stereo,

    /// <summary>The packets, as pcap.</summary>
    Packets,
}

/// <summary>Digits that are asked for; times in seconds.</summary>
internal sealed record CollectWish(string Call, CallEndName? From, string[] Prompt, bool HearOut, int Least, int Most, string Finish, string Map, double First, double Next);
