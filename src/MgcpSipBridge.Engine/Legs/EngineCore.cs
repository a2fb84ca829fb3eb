using System.Buffers.Binary;
using MgcpSipBridge.Calls;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine;

/// <summary>A deadline of a call's audio.</summary>
internal readonly record struct AudioDeadline(CallId Call, AudioTimer Timer);

/// <summary>What the legs of a shard share: the protocol rooms, the present, and the way out.</summary>
internal sealed class EngineCore
{
    private readonly Entropy _entropy;
    private long _lastMedia;
    private long _lastRecording;

    public EngineCore(EngineSettings settings, Entropy entropy, MgcpCallAgent mgcp, ISipLayer sip)
    {
        Settings = settings;
        Mgcp = mgcp;
        Sip = sip;
        _entropy = entropy;
        // Media ids are unique in the whole process: shards count from distant origins.
        _lastMedia = (long)(entropy.NextUInt64() >> 24) << 20;
        _lastRecording = _lastMedia;
    }

    public EngineSettings Settings { get; }

    public MgcpCallAgent Mgcp { get; }

    public ISipLayer Sip { get; }

    /// <summary>The present, as of the input being handled.</summary>
    public Instant Now { get; set; }

    /// <summary>Wall clock, for caller id alone.</summary>
    public DateTime Utc { get; set; }

    public Queue<EngineOutput> Outputs { get; } = new();

    /// <summary>Events that a leg raised while another step was being done; taken in order.</summary>
    public Queue<(LineSlot Line, CallEvent Event)> Raised { get; } = new();

    /// <summary>Calls that have ended, in that order, and the numbers of their lines; the first of them is not cleared away yet.</summary>
    public Queue<(CallId Call, Instant At, string Line)> Ending { get; } = new();

    public Dictionary<CommandId, Bearer> Commands { get; } = [];

    public Dictionary<SipCallHandle, ActiveCall> SipCalls { get; } = [];

    public Dictionary<MediaId, ActiveCall> Media { get; } = [];

    /// <summary>Calls by their SIP Call-ID, for ladders.</summary>
    public Dictionary<string, ActiveCall> SipCallIds { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, PeerModel> Peers { get; } = new(StringComparer.Ordinal);

    public RouteTable Routes
    {
        get;
        set
        {
            field = value;
            Plans = new LinePlans(value, Settings.Dial.ServiceCodes, Settings.Dial.MaxDigits);
        }
    } = new([]);

    /// <summary>What lines may dial: routes and service codes.</summary>
    public LinePlans Plans { get; private set; } = new(new RouteTable([]), [], 32);

    /// <summary>Which gateways report digit after digit without being asked each time.</summary>
    public LoopTrust Loops { get; } = new();

    public bool Draining { get; set; }

    /// <summary>Chance for keys, as unpredictable as the seed that the host took from the operating system; drawn from nothing else.</summary>
    public Entropy KeyEntropy => field ??= _entropy.Fork();

    /// <summary>Clients that route calls.</summary>
    public RouterDesk Routers => field ??= new RouterDesk(this);

    /// <summary>Deadlines of what clients do with the audio of calls.</summary>
    public TimerQueue<AudioDeadline> AudioTimers { get; } = new();

    /// <summary>When lines' phones may be asked to sound the next digit, by the line's index.</summary>
    public TimerQueue<int> PhoneDigits { get; } = new();

    /// <summary>Where a number that a line calls goes, at this moment; null when no route takes it.</summary>
    public RouteChoice? Route(LineModel line, string number) => Routes.Choose(new RouteQuestion(number, line.Number, line.Gateway, Utc), line.Peer, _entropy);

    public void Emit(EngineOutput output) => Outputs.Enqueue(output);

    public void Note(EngineNote note) => Outputs.Enqueue(new EngineOutput.Noted(note));

    public void Raise(LineSlot line, CallEvent evt) => Raised.Enqueue((line, evt));

    public CallId NewCallId() => new(_entropy.NextUInt64());

    public MediaId NewMediaId() => new(++_lastMedia);

    /// <summary>Never used twice, also not by the process before: files are called so.</summary>
    public RecordingId NewRecordingId() => new(++_lastRecording);

    /// <summary>A conference's number by its name, the same in every shard and process: FNV-1a of 64 bits.</summary>
    public static ConferenceId ConferenceOf(string name)
    {
        var hash = 14_695_981_039_346_656_037UL;
        foreach (var letter in name) hash = (hash ^ letter) * 1_099_511_628_211UL;
        return new((long)hash);
    }

    public ulong NewSessionId()
    {
        Span<byte> bytes = stackalloc byte[8];
        _entropy.Fill(bytes);
        // Some peers read the o= session id into a signed 32-bit number; stay small.
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes) >> 2;
    }
}
