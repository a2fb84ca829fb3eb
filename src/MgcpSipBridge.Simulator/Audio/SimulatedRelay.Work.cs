using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

/// <content>What is done with the audio of a session beside passing it. Recordings are counted, not kept.</content>
public sealed partial class SimulatedRelay
{
    private readonly Dictionary<ConferenceId, Conference> _conferences = [];

    /// <summary>What is done with the audio of a session, found by the relay's own address on the gateway's side; null when there is none.</summary>
    public SimulatedWork? WorkOf(NetAddress gatewaySide) => _ports.TryGetValue(gatewaySide, out var port) ? port.Session.Work : null;

    /// <summary>Its library.</summary>
    public Dictionary<string, Sound> Sounds { get; } = [];

    /// <summary>Whether recordings cannot be made.</summary>
    public bool RefusesRecordings { get; set; }

    private void DoWork(Session session, RelayCommand command, Instant now)
    {
        var work = session.Work;
        switch (command)
        {
            case RelayCommand.Play play:
                Play(session, play, now);
                return;
            case RelayCommand.SendDigit digit:
                NeedsForm(session, digit.Towards, command);
                work.Digits.Add((digit.Towards, digit.Digit));
                break;
            case RelayCommand.Listen listen:
                if (listen.On) NeedsForm(session, listen.Side, command);
                Set(work.ListenedTo, listen.Side, listen.On);
                break;
            case RelayCommand.Mute mute:
                Set(work.Muted, mute.Side, mute.On);
                break;
            case RelayCommand.Join join:
                NeedsForm(session, join.Side, command);
                if (!_conferences.TryGetValue(join.Conference, out var conference)) _conferences[join.Conference] = conference = new();
                _events.Enqueue(new RelayEvent.Joined(join.Media, join.Side, join.Conference, session.Decisions.Join(join.Side, conference, now)));
                return;
            case RelayCommand.Record record when RefusesRecordings:
                _events.Enqueue(new RelayEvent.RecordingEnded(record.Media, record.Id, RecordingEnd.Failed, 0, TimeSpan.Zero));
                return;
            case RelayCommand.Record record:
                session.Decisions.Record(record, new Counter(work), DateTimeOffset.UnixEpoch, now);
                return;
        }

        session.Decisions.Do(command, now);
    }

    private void Play(Session session, RelayCommand.Play play, Instant now)
    {
        session.Work.Played.Add(play);
        NeedsForm(session, play.Towards ?? RelaySide.Gateway, play);
        var sources = play.Sources;
        foreach (var source in play.Sources)
        {
            if (source is not PlaySource.Named { Name: var name }) continue;
            if (!Sounds.TryGetValue(name, out var sound))
            {
                _events.Enqueue(new RelayEvent.PlayEnded(play.Media, play.Id, PlayEnd.NotFound));
                return;
            }

            sources = sources.Replace(source, new PlaySource.Recorded(sound));
        }

        session.Decisions.Do(play with { Sources = sources }, now);
    }

    private static void Set(HashSet<RelaySide> sides, RelaySide side, bool on)
    {
        if (on) sides.Add(side);
        else sides.Remove(side);
    }

    private void NeedsForm(Session session, RelaySide side, RelayCommand command)
    {
        if ((side == RelaySide.Gateway ? session.GatewayRemote : session.SipRemote)?.Form is null) _violations.Add($"relay: {command} for an end whose form it was not told");
    }

    private sealed class Counter(SimulatedWork work) : IRecordingSink
    {
        public bool TryWrite(ReadOnlySpan<byte> bytes)
        {
            work.Recorded += bytes.Length;
            return true;
        }

        public void Finish(ReadOnlySpan<byte> header) => work.Recorded += header.Length;
    }
}
