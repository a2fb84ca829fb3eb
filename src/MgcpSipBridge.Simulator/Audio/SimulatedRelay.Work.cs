using System.Buffers.Binary;
using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

/// <content>What is done with the audio of a session beside passing it: told and kept, not heard. Digits in telephone events are real.</content>
public sealed partial class SimulatedRelay
{
    private const string EventKeys = "0123456789*#ABCD";

    /// <summary>What is done with the audio of a session, found by the relay's own address on the gateway's side; null when there is none.</summary>
    public SimulatedWork? WorkOf(NetAddress gatewaySide) => _ports.TryGetValue(gatewaySide, out var port) ? port.Session.Work : null;

    /// <summary>Sounds that are not in its library.</summary>
    public HashSet<string> MissingSounds { get; } = [];

    /// <summary>Whether recordings cannot be made.</summary>
    public bool RefusesRecordings { get; set; }

    /// <summary>What is played to an end has come to its end.</summary>
    public void Finish(NetAddress gatewaySide, RelaySide side)
    {
        if (_ports.TryGetValue(gatewaySide, out var port)) EndPlay(port.Session, side, PlayEnd.Finished);
    }

    /// <summary>An end sends a digit; told when it is listened for.</summary>
    public void Press(NetAddress gatewaySide, RelaySide side, char key)
    {
        if (_ports.TryGetValue(gatewaySide, out var port)) Heard(port.Session, side, key);
    }

    private void DoWork(Session session, RelayCommand command)
    {
        var work = session.Work;
        switch (command)
        {
            case RelayCommand.Play play when play.Sources.Any(source => source is PlaySource.Named named && MissingSounds.Contains(named.Name)):
                _events.Enqueue(new RelayEvent.PlayEnded(play.Media, play.Id, PlayEnd.NotFound));
                break;
            case RelayCommand.Play play:
                work.Played.Add(play);
                RelaySide[] sides = play.Towards is { } one ? [one] : [RelaySide.Gateway, RelaySide.Sip];
                foreach (var side in sides)
                {
                    EndPlay(session, side, PlayEnd.Replaced);
                    if (play.Towards is null && Remote(session, side)?.Form is null) continue;
                    NeedsForm(session, side, command);
                    work.Playing[side] = play;
                }

                break;
            case RelayCommand.Stop stop:
                foreach (var side in work.Playing.Where(pair => pair.Value.Id == stop.Id).Select(pair => pair.Key).ToArray()) EndPlay(session, side, PlayEnd.Stopped);
                break;
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
                work.Conferences[join.Side] = join.Conference;
                _events.Enqueue(new RelayEvent.Joined(join.Media, join.Side, join.Conference, Succeeded: true));
                break;
            case RelayCommand.Leave leave:
                work.Conferences.Remove(leave.Side);
                break;
            case RelayCommand.Record record when RefusesRecordings:
                _events.Enqueue(new RelayEvent.RecordingEnded(record.Media, record.Id, RecordingEnd.Failed, 0, TimeSpan.Zero));
                break;
            case RelayCommand.Record record:
                EndRecording(session, RecordingEnd.Stopped);
                work.Recording = record;
                break;
            case RelayCommand.StopRecording:
                EndRecording(session, RecordingEnd.Stopped);
                break;
        }
    }

    private static RelayRemote? Remote(Session session, RelaySide side) => side == RelaySide.Gateway ? session.GatewayRemote : session.SipRemote;

    private static void Set(HashSet<RelaySide> sides, RelaySide side, bool on)
    {
        if (on) sides.Add(side);
        else sides.Remove(side);
    }

    private void NeedsForm(Session session, RelaySide side, RelayCommand command)
    {
        if (Remote(session, side)?.Form is null) _violations.Add($"relay: {command} for an end whose form it was not told");
    }

    private void EndPlay(Session session, RelaySide side, PlayEnd reason)
    {
        if (!session.Work.Playing.Remove(side, out var play) || session.Work.Playing.Values.Any(other => other.Id == play.Id)) return;
        _events.Enqueue(new RelayEvent.PlayEnded(session.Id, play.Id, reason));
    }

    private void EndRecording(Session session, RecordingEnd reason)
    {
        if (session.Work.Recording is not { } recording) return;
        session.Work.Recording = null;
        _events.Enqueue(new RelayEvent.RecordingEnded(session.Id, recording.Id, reason, 16_044, TimeSpan.FromSeconds(1)));
    }

    private void Heard(Session session, RelaySide side, char key)
    {
        Interrupt(session, side);
        if (session.Work.ListenedTo.Contains(side)) _events.Enqueue(new RelayEvent.Digit(session.Id, side, key, TimeSpan.FromMilliseconds(100)));
    }

    private void Interrupt(Session session, RelaySide side)
    {
        if (session.Work.Playing.TryGetValue(side, out var play) && play.StopOnDigit) EndPlay(session, side, PlayEnd.Digit);
    }

    // RFC 4733 §2.3: event, E R volume, duration; all packets of an event have its timestamp. The session itself tells who listens.
    private void HearKeys(Session session, RelaySide side, ReadOnlySpan<byte> packet)
    {
        if (packet.Length != 16 || Remote(session, side)?.Form is not { } form || (packet[13] & 0x80) == 0 || packet[12] >= EventKeys.Length) return;
        var type = packet[1] & 0x7F;
        if (!form.Sends.Any(format => format.IsTelephoneEvent && format.PayloadType == type)) return;
        var began = BinaryPrimitives.ReadUInt32BigEndian(packet[4..]);
        if (session.Work.LastEvents.TryGetValue(side, out var last) && last == began) return;
        session.Work.LastEvents[side] = began;
        Interrupt(session, side);
    }

    /// <summary>Whether what an end says is not what the other end hears.</summary>
    private static bool IsReplaced(Session session, RelaySide from)
    {
        var to = from == RelaySide.Gateway ? RelaySide.Sip : RelaySide.Gateway;
        return session.Work.Muted.Contains(from) || session.Work.Playing.ContainsKey(to) || session.Work.Conferences.ContainsKey(from) || session.Work.Conferences.ContainsKey(to);
    }
}
