using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>A relayed media session (one call's audio): never 0, never used twice by one process.</summary>
public readonly record struct MediaId(long Value);

/// <summary>Something that is played: named by who asks for it, within one session.</summary>
public readonly record struct PlayId(long Value);

/// <summary>A recording: named by who asks for it, never used twice by one process; its file is called so.</summary>
public readonly record struct RecordingId(long Value);

/// <summary>The two sides of a relayed session.</summary>
public enum RelaySide
{
    /// <summary>Towards the MGCP gateway.</summary>
    Gateway,

    /// <summary>Towards the SIP peer.</summary>
    Sip,
}

/// <summary>The other end of one side, as signalling names it.</summary>
/// <param name="Rtp">Where RTP goes and where alone it may come from.</param>
/// <param name="Rtcp">Where RTCP goes; usually the next port (RFC 3550 §11), or what a=rtcp says (RFC 3605).</param>
/// <param name="Learning">
/// Whether the source may differ in port, or for a peer behind NAT in address, from what signalling says: then the first packets decide,
/// once, and nothing changes it without new signalling.
/// </param>
/// <param name="Send">Whether packets may be sent to this end (its SDP direction, hold).</param>
/// <param name="Receive">Whether packets from this end are taken.</param>
/// <param name="PayloadTypes">
/// Payload types this end may send, each with the type under which the other end wants it: 101 → 96. Others are dropped and counted.
/// </param>
/// <param name="LearnHost">
/// Where signalling itself comes from: behind a NAT the audio comes from there too. None: it is not known.
/// </param>
/// <param name="Expected">Whether this end should be heard now: the call is answered and nothing is on hold. Its silence is then told.</param>
/// <param name="Form">What it speaks, if the relay shall change packets to it or play to it; null: packets are passed as they are.</param>
/// <param name="Keys">With what this end's packets, and those for it, are encrypted (SRTP); null: they are not.</param>
public sealed record RelayRemote(
    NetAddress Rtp,
    NetAddress Rtcp,
    SourceLearning Learning,
    bool Send,
    bool Receive,
    ImmutableArray<PayloadMapping> PayloadTypes,
    NetAddress LearnHost = default,
    bool Expected = false,
    RelayForm? Form = null,
    SrtpKeys? Keys = null)
{
    /// <summary>
    /// Whether this end speaks T.38 in UDPTL on its RTP port instead of RTP: then payload types and <see cref="Form"/> are of no matter, and packets pass only while the
    /// other end speaks it, too.
    /// </summary>
    public bool Udptl { get; init; }

    /// <summary>Whether this end waits on hold: it is sent what is played to it, and nothing that the other end says.</summary>
    public bool Waits { get; init; }

    /// <summary>Which of the end's descriptions this is told by: where its source is learnt, another one opens that again, even if it says the same.</summary>
    public int Description { get; init; }

    /// <summary>Whether both say the same, payload types compared one by one.</summary>
    public bool Equals(RelayRemote? other) =>
        other is not null
        && Rtp == other.Rtp
        && Rtcp == other.Rtcp
        && Learning == other.Learning
        && LearnHost == other.LearnHost
        && Expected == other.Expected
        && Send == other.Send
        && Receive == other.Receive
        && Udptl == other.Udptl
        && Waits == other.Waits
        && Description == other.Description
        && Equals(Form, other.Form)
        && Equals(Keys, other.Keys)
        && PayloadTypes.AsSpan().SequenceEqual(other.PayloadTypes.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Rtp, Rtcp, Learning, LearnHost, Send, Receive, Expected, PayloadTypes.AsSpan().Length);
}

/// <summary>A payload type as it arrives and as it leaves; both 0 to 127.</summary>
public readonly record struct PayloadMapping(byte From, byte To);

/// <summary>What the engine tells the relay. Commands of one session are obeyed in order.</summary>
public abstract record RelayCommand(MediaId Media)
{
    /// <summary>Lease a port pair (RTP even, RTCP next) on each side and listen; answered by Opened or OpenFailed.</summary>
    public sealed record Open(MediaId Media) : RelayCommand(Media)
    {
        /// <summary>Whether somebody calls for help: then the limit of sessions does not count, only ports do.</summary>
        public bool Urgent { get; init; }
    }

    /// <summary>Name, or change, the other end of one side. Packets flow once both sides are named.</summary>
    public sealed record SetRemote(MediaId Media, RelaySide Side, RelayRemote Remote) : RelayCommand(Media);

    /// <summary>
    /// Play to one end, or to both, in place of what the other end says; what was played there before ends. Answered by PlayEnded. Needs the
    /// <see cref="RelayRemote.Form"/> of the end, with G.711 in it.
    /// </summary>
    /// <param name="Media">The session.</param>
    /// <param name="Id">Names it in PlayEnded and Stop.</param>
    /// <param name="Towards">Who hears it; null for both.</param>
    /// <param name="Sources">One after the other.</param>
    /// <param name="Times">How often all of them; 0 until it is stopped.</param>
    /// <param name="Pause">Silence after each time but the last.</param>
    /// <param name="StopOnDigit">Whether a digit from who hears it ends it (barge-in).</param>
    public sealed record Play(
        MediaId Media, PlayId Id, RelaySide? Towards, ImmutableArray<PlaySource> Sources, int Times = 1, TimeSpan Pause = default, bool StopOnDigit = false)
        : RelayCommand(Media)
    {
        /// <summary>Whether it is in the background: whatever else is played to that end goes before it and does not end it; it goes on after that.</summary>
        public bool IsBackground { get; init; }
    }

    /// <summary>End something that is played; answered by its PlayEnded, unless that was on its way.</summary>
    public sealed record Stop(MediaId Media, PlayId Id) : RelayCommand(Media);

    /// <summary>Send a digit to an end in the form that its <see cref="RelayRemote.Form"/> asks for: event or tone. Digits are sent one after the other.</summary>
    /// <param name="Media">The session.</param>
    /// <param name="Towards">Who gets it.</param>
    /// <param name="Digit">0 to 9, *, #, A to D.</param>
    /// <param name="Length">50 ms to 8 s; what is outside is brought within. Less while others wait behind it, down to 40 ms (ITU-T Q.24).</param>
    /// <param name="IsTold">Whether the other end has pressed it, as signalling tells: its tone may be in the sound as well.</param>
    public sealed record SendDigit(MediaId Media, RelaySide Towards, char Digit, TimeSpan Length, bool IsTold = false) : RelayCommand(Media);

    /// <summary>Tell, or no longer tell, every digit that an end sends, be it passed on or not.</summary>
    public sealed record Listen(MediaId Media, RelaySide Side, bool On) : RelayCommand(Media);

    /// <summary>An end has pressed a digit, as signalling tells: what is played to it until it does ends.</summary>
    public sealed record Press(MediaId Media, RelaySide Side) : RelayCommand(Media);

    /// <summary>Let an end no longer be heard, or again: silence is passed in place of what it says. Its digits are told all the same.</summary>
    public sealed record Mute(MediaId Media, RelaySide Side, bool On) : RelayCommand(Media);

    /// <summary>
    /// Let an end enter a conference: it hears all other ends in it and is heard by them, and no longer by the other end of its session unless that is in
    /// it, too. A conference begins with its first end and is gone with its last. An end is in one at a time. Answered by Joined.
    /// </summary>
    public sealed record Join(MediaId Media, RelaySide Side, ConferenceId Conference) : RelayCommand(Media);

    /// <summary>Let an end leave its conference: it hears the other end of its session again.</summary>
    public sealed record Leave(MediaId Media, RelaySide Side) : RelayCommand(Media);

    /// <summary>
    /// Record what both ends say, in place of what is recorded now. Off unless the relay has a folder for it. Answered by RecordingEnded, at the latest when
    /// the session is over. Speech is known by the <see cref="RelayRemote.Form"/> of the ends; packets need none.
    /// </summary>
    /// <param name="Media">The session.</param>
    /// <param name="Id">Its name, and its file's.</param>
    /// <param name="Kind">How.</param>
    /// <param name="MaxLength">It ends by itself after this.</param>
    /// <param name="MaxBytes">And before its file grows larger than this; the relay's own limit holds as well.</param>
    public sealed record Record(MediaId Media, RecordingId Id, RecordingKind Kind, TimeSpan MaxLength, long MaxBytes) : RelayCommand(Media);

    /// <summary>End the recording.</summary>
    public sealed record StopRecording(MediaId Media) : RelayCommand(Media);

    /// <summary>Tell what has passed so far; answered by Measured.</summary>
    public sealed record Measure(MediaId Media) : RelayCommand(Media);

    /// <summary>Stop relaying; the ports drain, then return to the pool. Answered by Closed with the final statistics.</summary>
    public sealed record Close(MediaId Media) : RelayCommand(Media);
}

/// <summary>What the relay tells the engine.</summary>
public abstract record RelayEvent(MediaId Media)
{
    /// <summary>The session's own addresses, to be written into SDP.</summary>
    /// <param name="Media">The session.</param>
    /// <param name="GatewayRtp">Advertised address and port towards the gateway.</param>
    /// <param name="SipRtp">Advertised address and port towards the SIP peer.</param>
    public sealed record Opened(MediaId Media, NetAddress GatewayRtp, NetAddress SipRtp) : RelayEvent(Media);

    /// <summary>No ports are left, or the operating system refused.</summary>
    public sealed record OpenFailed(MediaId Media) : RelayEvent(Media);

    /// <summary>The first packet of a side was relayed.</summary>
    public sealed record FirstPacket(MediaId Media, RelaySide Side) : RelayEvent(Media);

    /// <summary>An end that should be heard has fallen silent, or is heard again.</summary>
    public sealed record AudioChanged(MediaId Media, RelayAudio Audio) : RelayEvent(Media);

    /// <summary>
    /// An end has sent a digit that the other end wants out of band, or that is listened for. Told when the key is released.
    /// </summary>
    public sealed record Digit(MediaId Media, RelaySide Side, char Key, TimeSpan Length) : RelayEvent(Media);

    /// <summary>An end does not hear a digit that it was to hear: too many wait for it, or it takes none in any form.</summary>
    public sealed record DigitLost(MediaId Media, RelaySide Towards) : RelayEvent(Media);

    /// <summary>An end has entered a conference, or cannot: it is full, or the end takes no G.711.</summary>
    public sealed record Joined(MediaId Media, RelaySide Side, ConferenceId Conference, bool Succeeded) : RelayEvent(Media);

    /// <summary>Something is no longer played to anybody.</summary>
    public sealed record PlayEnded(MediaId Media, PlayId Id, PlayEnd Reason) : RelayEvent(Media);

    /// <summary>A recording is over.</summary>
    /// <param name="Media">The session.</param>
    /// <param name="Id">Its name.</param>
    /// <param name="Reason">Why.</param>
    /// <param name="Bytes">Of its file.</param>
    /// <param name="Length">Of what it holds.</param>
    /// <param name="Fault">Why it failed, if it has.</param>
    public sealed record RecordingEnded(MediaId Media, RecordingId Id, RecordingEnd Reason, long Bytes, TimeSpan Length, RecordingFault Fault = RecordingFault.None) : RelayEvent(Media);

    /// <summary>What has passed so far.</summary>
    public sealed record Measured(MediaId Media, RelayStatistics Statistics) : RelayEvent(Media);

    /// <summary>A key of an end was used for nearly as many packets as it may be, or for as many; then nothing passes under it any more.</summary>
    public sealed record KeyAged(MediaId Media, RelaySide Side, bool Ended) : RelayEvent(Media);

    /// <summary>Neither end, both of which should be heard, has said anything for the media time-out: the call can be ended.</summary>
    public sealed record Dead(MediaId Media) : RelayEvent(Media);

    /// <summary>The session is over; what passed through it.</summary>
    public sealed record Closed(MediaId Media, RelayStatistics Statistics) : RelayEvent(Media);
}

/// <summary>Why something is no longer played.</summary>
public enum PlayEnd
{
    /// <summary>It was played to its end.</summary>
    Finished,

    /// <summary>By command.</summary>
    Stopped,

    /// <summary>Who heard it pressed a key.</summary>
    Digit,

    /// <summary>Something else is played.</summary>
    Replaced,

    /// <summary>An announcement of that name is not in the library.</summary>
    NotFound,

    /// <summary>The end takes no G.711, or nothing was to be played.</summary>
    NotPossible,
}

/// <summary>How a session is recorded.</summary>
public enum RecordingKind
{
    /// <summary>WAV, 16 bits at 8 kHz, both ends in one channel.</summary>
    Mixed,

    /// <summary>WAV with two channels: the gateway left, the SIP peer right.</summary>
    Separate,

    /// <summary>The RTP packets as they came, as pcap with made-up addresses.</summary>
    Packets,
}

/// <summary>Why a recording is over.</summary>
public enum RecordingEnd
{
    /// <summary>By command, or another took its place.</summary>
    Stopped,

    /// <summary>It has lasted as long as it may.</summary>
    Length,

    /// <summary>It is as large as it may be.</summary>
    Size,

    /// <summary>The session is over.</summary>
    Closed,

    /// <summary>The file could not be made or written.</summary>
    Failed,
}

/// <summary>Why a recording has failed.</summary>
public enum RecordingFault
{
    /// <summary>It has not, or its session was over before it began.</summary>
    None,

    /// <summary>Its disk is full, fails, or is a minute behind. What was written before can be played.</summary>
    Disk,

    /// <summary>As many as may be are under way.</summary>
    TooMany,

    /// <summary>No file can be made.</summary>
    Refused,

    /// <summary>The process ended in the midst of it: told of files, never as an event.</summary>
    Interrupted,
}

/// <summary>Which ends of a session are heard; only while both should be.</summary>
public enum RelayAudio
{
    /// <summary>Both, or it is not expected now.</summary>
    Flowing,

    /// <summary>One way: nothing comes from the gateway.</summary>
    GatewaySilent,

    /// <summary>One way: nothing comes from the SIP peer.</summary>
    SipSilent,

    /// <summary>None.</summary>
    Silent,
}

/// <summary>What passed through a session.</summary>
public sealed record RelayStatistics(RelaySideStatistics Gateway, RelaySideStatistics Sip)
{
    /// <summary>Nothing passed.</summary>
    public static readonly RelayStatistics None = new(default, default);
}

/// <summary>Statistics of what arrived on one side (RFC 3550 §6.4.1, A.3, A.8).</summary>
/// <param name="PacketsReceived">RTP packets taken.</param>
/// <param name="PacketsSent">RTP packets sent to this side's end.</param>
/// <param name="PacketsLost">Expected minus received; never negative here.</param>
/// <param name="PacketsDropped">Packets refused for any reason.</param>
/// <param name="Jitter">Interarrival jitter at the end.</param>
/// <param name="Duplicates">Packets that came twice.</param>
/// <param name="Reordered">Packets that came behind a later one.</param>
/// <param name="Sources">Synchronization sources heard, a restart of one counted as another.</param>
/// <param name="RoundTrip">From the relay to this end and back, by its latest RTCP report; zero when it sent none.</param>
/// <param name="ReportedLost">Packets that this end says it has lost of what it was sent.</param>
/// <param name="ReportedJitter">The jitter that this end says it has seen.</param>
/// <param name="Mos">How good what this end says is when it arrives, 1 to 4.41 (E-model, ITU-T G.107); 0 when nothing arrived.</param>
public readonly record struct RelaySideStatistics(
    long PacketsReceived, long PacketsSent, long PacketsLost, long PacketsDropped, TimeSpan Jitter, long Duplicates = 0, long Reordered = 0, int Sources = 0,
    TimeSpan RoundTrip = default, long ReportedLost = 0, TimeSpan ReportedJitter = default, double Mos = 0)
{
    /// <summary>UDPTL packets taken; they are among <see cref="PacketsReceived"/>, but not in what is told of loss, jitter and quality.</summary>
    public long FaxPackets { get; init; }

    /// <summary>UDPTL packets that their numbers say are missing. Most are made good by the redundancy of those behind them.</summary>
    public long FaxLost { get; init; }

    /// <summary>UDPTL packets that came twice.</summary>
    public long FaxDuplicates { get; init; }
}
