using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>What works on the audio of the session, while that is asked for. Without it packets pass as they are, at the price of one look.</summary>
public sealed partial class RelaySession
{
    private readonly MediaId _media;
    private readonly ulong _seed;
    private MediaProgram? _program;
    private bool _mustConvert;

    /// <summary>Whether packets are worked on; then none may pass by another way than <see cref="Take"/>.</summary>
    public bool IsWorkedOn => _program is not null;

    /// <summary>When <see cref="Tick"/> wants to be called; Never while time is of no matter. Asked again after every call.</summary>
    public Instant NextDeadline => _program?.NextDeadline ?? Instant.Never;

    /// <summary>Works on an RTP packet that <c>TryRelayRtp</c> has let through.</summary>
    /// <param name="from">The side it arrived on.</param>
    /// <param name="packet">The datagram.</param>
    /// <param name="now">When it arrived.</param>
    /// <param name="output">Where packets are put that are to be sent.</param>
    public void Take(RelaySide from, ReadOnlySpan<byte> packet, Instant now, MediaOutput output) => _program?.Take(from, packet, now, output);

    /// <summary>Works on an RTCP packet that <c>TryRelayRtcp</c> has let through.</summary>
    public void TakeRtcp(RelaySide from, ReadOnlySpan<byte> packet, MediaOutput output) => _program?.TakeRtcp(from, packet, output);

    /// <summary>Does what is due.</summary>
    public void Tick(Instant now, MediaOutput output)
    {
        _program?.Tick(now, output);
        Rest();
    }

    /// <summary>Obeys a command that is not Open, SetRemote or Close.</summary>
    public void Do(RelayCommand command, Instant now)
    {
        ArgumentNullException.ThrowIfNull(command);
        Work();
        _program!.Do(command, now);
        Rest();
    }

    /// <summary>
    /// Lets an end enter a conference; false when it cannot: the conference is full, or the end has no G.711. Members of a conference must be
    /// used by one thread at a time, whatever sessions they belong to.
    /// </summary>
    public bool Join(RelaySide side, Conference conference, Instant now)
    {
        ArgumentNullException.ThrowIfNull(conference);
        Work();
        var joined = _program!.Join(side, conference, now);
        Rest();
        return joined;
    }

    /// <summary>Lets both ends leave their conference.</summary>
    public void Leave()
    {
        _program?.Of(RelaySide.Gateway).Leave();
        _program?.Of(RelaySide.Sip).Leave();
        Rest();
    }

    /// <summary>Begins to record in place of what is recorded now.</summary>
    /// <param name="command">What, and how much of it.</param>
    /// <param name="sink">Where to; closed when the recording ends, by whatever.</param>
    /// <param name="utc">The time of day, for packets.</param>
    /// <param name="now">The time.</param>
    public void Record(RelayCommand.Record command, IRecordingSink sink, DateTimeOffset utc, Instant now)
    {
        Work();
        _program!.Record(command, sink, utc, now);
    }

    /// <summary>Ends the recording, if there is one; its end is an event.</summary>
    public void StopRecording(Instant now, RecordingEnd reason)
    {
        _program?.StopRecording(now, reason);
    }

    /// <summary>Takes the next event; asked for after every call.</summary>
    public bool TryTakeEvent(out RelayEvent happened)
    {
        happened = null!;
        if (_program is null) return false;
        if (_program.TryTakeEvent(out happened)) return true;
        Rest();
        return false;
    }

    /// <summary>Where what this session makes goes; the reason when it may not be sent.</summary>
    public RelayDrop TryDestination(RelaySide to, bool isRtcp, out NetAddress destination)
    {
        destination = NetAddress.None;
        // Who speaks T.38 takes no sound.
        if (!isRtcp) return Leg(to).IsFax ? RelayDrop.UnknownPayloadType : Leg(to).CanSend(out destination);
        destination = Leg(to).RtcpDestination;
        return destination.IsUnspecified ? RelayDrop.NoRemote : RelayDrop.None;
    }

    /// <summary>
    /// Makes a packet of the output ready to leave: encrypted, if its end has keys. The reason when it may not be sent. One that was sent is told to
    /// <see cref="SentOwn"/>. Asked for once for each packet.
    /// </summary>
    /// <param name="output">What this session has made.</param>
    /// <param name="index">From 0.</param>
    /// <param name="packet">The datagram, valid until the output is cleared.</param>
    /// <param name="to">The side on whose ports it leaves.</param>
    /// <param name="isRtcp">Whether it leaves from the RTCP port.</param>
    /// <param name="destination">Where it goes.</param>
    public RelayDrop TryLeave(MediaOutput output, int index, out Span<byte> packet, out RelaySide to, out bool isRtcp, out NetAddress destination)
    {
        ArgumentNullException.ThrowIfNull(output);
        packet = output.Packet(index, out to, out isRtcp);
        var drop = TryDestination(to, isRtcp, out destination);
        if (drop != RelayDrop.None || Leg(to).Cipher is not { } cipher) return drop;
        var buffer = output.Buffer(index, out var length);
        drop = cipher.Seal(buffer, ref length, isRtcp);
        packet = buffer[..length];
        return drop;
    }

    /// <summary>An RTP packet of the output has left on a side.</summary>
    public void SentOwn(RelaySide to) => Leg(to).Sent++;

    /// <summary>An RTP packet of a side was worked on; true for the first of its side.</summary>
    public bool Worked(RelaySide from)
    {
        var leg = Leg(from);
        if (leg.HasRelayed) return false;
        leg.HasRelayed = true;
        return true;
    }

    /// <summary>Whether this is the law of G.711 that the other end does not want, from an end that could have sent the one that it wants.</summary>
    private bool BeginsToTranscode(RelaySide from, byte type)
    {
        if (_program is not null) return false;
        var law = Leg(from).Form.Kind(type);
        var far = Leg(Other(from)).Form;
        if (law is not (PayloadKind.MuLaw or PayloadKind.ALaw) || far.Voice == PayloadKind.Unknown || far.TypeOf(law) != SideForm.NoType) return false;
        _mustConvert = true;
        Work();
        return true;
    }

    private void Work()
    {
        if (_program is not null) return;
        _program = new(_media, _seed, _gateway.Ledger, _sip.Ledger);
        foreach (var side in (ReadOnlySpan<RelaySide>)[RelaySide.Gateway, RelaySide.Sip])
        {
            var leg = Leg(side);
            leg.IsWorkedOn = true;
            Tell(side);
            // What this end has said until now was passed to the other as it was.
            if (!leg.HasRelayed || !leg.TryLast(out var last, out var at)) continue;
            _program.Of(Other(side)).Outlet.Adopt(last, at, (uint)Leg(Other(side)).Sent);
            _program.Adopt(side, at);
        }
    }

    // What the program has to know of an end beside what is asked of it.
    private void Tell(RelaySide side)
    {
        if (_program is null) return;
        _program.Of(side).SetForm(Leg(side).Form);
        _program.Of(side).Waits = Leg(side).Remote is { Waits: true };
    }

    private void Rest()
    {
        if (_mustConvert || _program is not { IsIdle: true }) return;
        _program = null;
        _gateway.IsWorkedOn = _sip.IsWorkedOn = false;
    }
}
