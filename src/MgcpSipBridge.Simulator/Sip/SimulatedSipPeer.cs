using System.Collections.Immutable;
using System.Globalization;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

/// <summary>
/// A SIP peer in one node: registrar, PBX with scripted extensions, calling phone, and, when asked to, a back-to-back user agent between two
/// registered lines. By the letter of RFC 3261, 3264, 3581, 6026 and 7616 over UDP; it writes down where the other side breaks the rules.
/// </summary>
public sealed partial class SimulatedSipPeer : ISimulatedNode
{
    /// <summary>What it serves.</summary>
    internal const string Methods = "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY";

    /// <summary>T1, T2 and 64*T1 of RFC 3261 table 4.</summary>
    internal static readonly TimeSpan T1 = TimeSpan.FromMilliseconds(500);

    internal static readonly TimeSpan T2 = TimeSpan.FromSeconds(4);
    internal static readonly TimeSpan SixtyFourT1 = TimeSpan.FromSeconds(32);
    private readonly Queue<Transmit> _outbox = new();
    private readonly List<string> _violations = [];
    private readonly Dictionary<string, CalledPlan> _plans = [];
    private readonly List<PeerCall> _calls = [];
    private readonly Queue<NetAddress> _freeMedia;
    private readonly List<MediaEnd> _media = [];
    private readonly Entropy _entropy;

    /// <summary>A peer that knows its accounts and answers calls to any number by <see cref="DefaultPlan"/>.</summary>
    public SimulatedSipPeer(PeerSetup setup, Entropy entropy)
    {
        ArgumentNullException.ThrowIfNull(setup);
        ArgumentNullException.ThrowIfNull(entropy);
        Setup = setup;
        _entropy = entropy.Fork();
        _freeMedia = new Queue<NetAddress>(setup.Media);
        Addresses = [setup.Address, .. setup.Media];
    }

    /// <summary>How it was installed.</summary>
    public PeerSetup Setup { get; }

    /// <inheritdoc/>
    public string Name => Setup.Name;

    /// <inheritdoc/>
    public ImmutableArray<NetAddress> Addresses { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Violations => _violations;

    /// <inheritdoc/>
    public Instant? NextDeadline
    {
        get
        {
            var next = Agenda.NextDeadline;
            foreach (var media in _media) next = Instant.Earliest(next, media.NextDeadline);
            return next;
        }
    }

    /// <summary>What happens when a number without a plan of its own is called; null answers 404.</summary>
    public CalledPlan? DefaultPlan { get; set; } = CalledPlan.Answer(TimeSpan.FromSeconds(2));

    /// <summary>Whether the peer is dead to the world: nothing in, nothing out.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Status with which every REGISTER is refused (403, 500); 0 for none.</summary>
    public int RefuseRegistrations { get; set; }

    /// <summary>Status with which every offer inside a call is refused (488, 491, 500); 0 for none.</summary>
    public int RefuseOffers { get; set; }

    /// <summary>What it makes of its answers to offers inside a call before it sends them (nothing, nonsense); null: they are as they should be.</summary>
    public Func<string, string>? SpoilsAnswers { get; set; }

    /// <summary>Whether digits are taken as <c>application/dtmf</c> alone.</summary>
    public bool RefuseRelay { get; set; }

    /// <summary>Whether REFER is refused (603).</summary>
    public bool RefuseTransfers { get; set; }

    /// <summary>OPTIONS inside calls that came in.</summary>
    public int Questions { get; private set; }

    /// <summary>User part that a refusal with 3xx sends callers to; null for nobody in particular.</summary>
    public string? RedirectsTo { get; set; }

    /// <summary>Whether a missing ACK or final answer is a violation; a test that cuts the network turns it off.</summary>
    public bool ExpectsAnswers { get; set; } = true;

    /// <summary>Whether callers withhold their numbers: an anonymous From and Privacy: id, the number in P-Asserted-Identity (RFC 3323, RFC 3325).</summary>
    public bool Withholds { get; set; }

    /// <summary>Diversion in calls to lines (RFC 5806): they were sent on before; null for none.</summary>
    public string? Diversion { get; set; }

    /// <summary>Calls that are not over.</summary>
    public IReadOnlyList<PeerCall> Calls => _calls;

    /// <summary>The last call that came in or went out; null before the first.</summary>
    public PeerCall? LastCall { get; private set; }

    /// <summary>INVITEs of new calls that came in, and calls placed, since the start.</summary>
    public (int Incoming, int Outgoing) CallsSeen { get; private set; }

    /// <summary>Told of every incoming call after its plan was looked up.</summary>
    public Action<PeerCall, Instant>? OnIncoming { get; set; }

    /// <summary>The SIP address to which calls of unregistered lines go (static and trunk peers); None for nowhere.</summary>
    public NetAddress BridgeAddress { get; set; }

    /// <summary>Whether 2xx to its INVITEs are left without ACK.</summary>
    public bool WithholdsAck { get; set; }

    internal Agenda Agenda { get; } = new();

    /// <summary>Sets what happens when <paramref name="number"/> is called.</summary>
    public void When(string number, CalledPlan plan) => _plans[number] = plan;

    /// <summary>
    /// Calls a line by its user part: at its registered contact, or at <see cref="BridgeAddress"/>. Returns the call, also if there is nowhere to
    /// send it (then it has ended with 480).
    /// </summary>
    /// <param name="line">User part of the line.</param>
    /// <param name="callerNumber">Who calls.</param>
    /// <param name="callerName">Its name; null for none.</param>
    /// <param name="now">The present.</param>
    /// <param name="replaced">A call with that line whose place the new one takes (RFC 3891); null for none.</param>
    /// <param name="alertInfo">Alert-Info; null for none.</param>
    /// <param name="headers">More headers of the INVITE, in order; null for none.</param>
    /// <param name="delayed">Whether the INVITE has no offer: the other side's 200 has it, the ACK the answer.</param>
    /// <param name="offer">What is offered; null for audio.</param>
    public PeerCall Call(
        string line, string callerNumber, string? callerName, Instant now, PeerCall? replaced = null, string? alertInfo = null,
        IReadOnlyList<(string Name, string Value)>? headers = null, bool delayed = false, PeerOffer? offer = null)
    {
        var call = new PeerCall(this, NewId() + "@" + Setup.Address.UriHost, fromPeer: true, line, callerNumber)
        {
            LocalTag = NewId(),
            LocalUri = Withholds ? "sip:anonymous@anonymous.invalid" : $"sip:{UserText(callerNumber)}@{Setup.Realm}",
            LocalName = Withholds ? "Anonymous" : callerName,
            AssertedIdentity = Withholds ? $"<sip:{UserText(callerNumber)}@{Setup.Realm}>" : null,
            RemoteUri = $"sip:{Uri.EscapeDataString(line)}@{Setup.Realm}",
            StartedAt = now,
            AlertInfo = alertInfo,
            MoreHeaders = headers ?? [],
            Replacing = replaced is null ? null : $"{replaced.SipCallId};to-tag={replaced.RemoteTag};from-tag={replaced.LocalTag}",
        };
        CallsSeen = (CallsSeen.Incoming, CallsSeen.Outgoing + 1);
        LastCall = call;
        var target = ContactOf(line, now) ?? (BridgeAddress.IsNone ? null : $"sip:{Uri.EscapeDataString(line)}@{BridgeAddress}");
        if (target is null)
        {
            call.End(480, now);
            return call;
        }

        _calls.Add(call);
        call.Target = target;
        call.Invite(delayed ? "" : Description(call, null, offer), now);
        return call;
    }

    /// <inheritdoc/>
    public void Receive(ReadOnlyMemory<byte> datagram, NetAddress local, NetAddress from, Instant now)
    {
        if (IsSilent) return;
        if (local != Setup.Address)
        {
            foreach (var media in _media)
                if (media.Local == local) media.Receive(datagram.Span, from, now);
            return;
        }

        // RFC 5626 §4.4.1: keep-alives are no messages.
        if (datagram.Span.TrimEnd("\r\n"u8).IsEmpty) return;
        var complaints = new List<string>();
        var message = PlainSip.Read(datagram.Span, complaints);
        if (message is not null) SipCheck.Check(message, complaints);
        foreach (var complaint in complaints) Complain($"{complaint} in {message?.FirstLine ?? "a datagram"}");
        if (message is null) return;
        // RFC 3261 §18.1.1: a request above 1300 bytes goes over a congestion-controlled transport.
        if (!message.IsResponse && datagram.Length > 1300) Complain($"RFC 3261 §18.1.1: {datagram.Length} bytes over UDP: {message.FirstLine}");
        if (message.IsResponse) ReceiveResponse(message, now);
        else ReceiveRequest(message, from, now);
    }

    /// <inheritdoc/>
    public void FireDue(Instant now)
    {
        Agenda.FireDue(now);
        foreach (var media in _media) media.FireDue(now);
    }

    /// <inheritdoc/>
    public bool TryTake(out Transmit transmit)
    {
        while (_outbox.TryDequeue(out transmit))
            if (!IsSilent) return true;
        foreach (var media in _media)
            if (media.TryTake(out transmit)) return true;
        return false;
    }

    /// <summary>What becomes of transfers that the line asks for.</summary>
    public int TransferOutcome { get; set; } = 200;

    /// <summary>How long it takes until that outcome is known.</summary>
    public TimeSpan TransferTakes { get; set; } = TimeSpan.FromSeconds(1);

    // RFC 3891 §3: tags from our point of view: ours is the to-tag.
    internal PeerCall? Joins(string target) => _calls.Find(call =>
        target.Contains("Replaces=" + Uri.EscapeDataString(call.SipCallId), StringComparison.OrdinalIgnoreCase)
        && target.Contains($"to-tag%3D{call.LocalTag}", StringComparison.OrdinalIgnoreCase)
        && target.Contains($"from-tag%3D{call.RemoteTag}", StringComparison.OrdinalIgnoreCase));

    internal void Complain(string text) => _violations.Add(string.Create(CultureInfo.InvariantCulture, $"{Setup.Name}: {text}"));

    // '+' is legal in a user part as it is (RFC 3261 §25.1).
    private static string UserText(string user) => Uri.EscapeDataString(user).Replace("%2B", "+", StringComparison.Ordinal);

    internal string NewId() => _entropy.Hex(12);

    internal void Send(NetAddress to, PlainSip message) => _outbox.Enqueue(new Transmit(Setup.Address, to, message.Write()));

    /// <summary>The peer's own description for a call; the same text for the same version.</summary>
    internal string Description(PeerCall call, PlainSdp? offer = null, PeerOffer? wish = null)
    {
        call.LocalMedia ??= _freeMedia.Count > 0 ? _freeMedia.Dequeue() : Setup.Address.WithPort(9);
        var codecs = wish?.Codecs ?? Setup.Codecs.AsEnumerable();
        if (offer is not null)
        {
            // RFC 3264 §6.1: only what was offered, in the offerer's order.
            var offered = offer.Formats.Select(format => format.Name.Split('/')[0]).ToList();
            codecs = offered.Select(name => Setup.Codecs.FirstOrDefault(own => own.Equals(name, StringComparison.OrdinalIgnoreCase))).OfType<string>().Distinct();
        }

        // RFC 3264 §6.1: who is sent nothing but sound sends none back.
        var direction = wish?.Direction ?? offer?.Direction switch
        {
            "sendonly" => "recvonly",
            "recvonly" => "sendonly",
            "inactive" => "inactive",
            _ => "sendrecv",
        };
        var media = call.LocalMedia.Value;
        if (wish is { ZeroAddress: true }) media = NetAddress.FromIPv4(0, media.Port);
        if (wish is { ZeroPort: true }) media = media.WithPort(0);
        if (wish is { Fax: true } || offer is { IsFax: true }) return PlainSdp.WriteFax(media, call.SessionId, call.LocalVersion, wish?.Beside ?? offer!.Streams.Count > 1);
        if (wish is { Video: true }) return PlainSdp.Write(media, ["PCMU"], direction, call.SessionId, call.LocalVersion).Replace("m=audio", "m=video", StringComparison.Ordinal);
        call.Codecs = [.. codecs];
        var (profile, crypto) = call.Secure(offer, wish);
        return PlainSdp.Write(media, call.Codecs, direction, call.SessionId, call.LocalVersion, ptime: Setup.Ptime, profile: profile, crypto: crypto);
    }

    internal void StartMedia(PeerCall call, Instant now)
    {
        if (!Setup.Audio || call.LocalMedia is not { } local || call.RemoteDescription is not { } remote) return;
        if (call.Media is null)
        {
            call.Media = new MediaEnd(local, _entropy) { Voice = () => call.Voice, Heard = call.Heard, KeyHeard = key => call.KeysHeard += key, ToneHeard = call.ToneHeard };
            _media.Add(call.Media);
        }

        if (remote.IsFax)
        {
            call.Media.SetFax(remote.Address, now);
            return;
        }

        call.Media.Encrypt(call.LineKey, call.OwnKey);
        // RFC 3264 §7: what both have, in the order of the one who hears it.
        var speaks = remote.Formats.Select(format => format.Name.Split('/')[0]).FirstOrDefault(name => name.StartsWith("PCM", StringComparison.Ordinal) && call.Codecs.Contains(name)) ?? "PCMU";
        call.Media.Set(remote.Address, speaks, remote.Direction is "sendrecv" or "recvonly", true, now, call.Codecs.Contains("telephone-event") ? remote.EventType : -1, call.Codecs);
    }

    /// <summary>Chance for keys.</summary>
    internal Entropy Chance => _entropy;

    internal void Add(PeerCall call) => _calls.Add(call);

    internal void Ended(PeerCall call)
    {
        _calls.Remove(call);
        if (call.Media is { } media)
        {
            media.Stop();
            _media.Remove(media);
        }

        if (call.LocalMedia is { } local && Setup.Media.Contains(local)) _freeMedia.Enqueue(local);
    }
}
