using System.Collections.Immutable;
using Google.Protobuf.WellKnownTypes;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Shards;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Api;

/// <summary>The engine's views as messages of the API. Passwords are never among what is written.</summary>
internal static partial class ViewMapper
{
    public static V1.Peer ToMessage(this PeerModel peer, BridgeState state)
    {
        var model = peer.Sip;
        var registrations = state.RegistrationsAt(model.Name);
        var trunk = registrations.FirstOrDefault(r => r.Key == "trunk:" + model.Name);
        return new V1.Peer
        {
            Name = model.Name,
            Uri = UriOf(model.Host, model.Port, model.Transport),
            BackupUris = { model.Backups.All.Select(hop => UriOf(hop.Host, hop.Port, hop.Transport)) },
            Targets =
            {
                state.TargetsOf(model.Name).Select(target => new V1.PeerTarget
                {
                    Transport = target.Transport.ToString().ToLowerInvariant(),
                    Address = target.Address.ToString(),
                    Reachability = target.State.ToMessage(),
                }),
            },
            Registration = model.Registration switch
            {
                SipRegistrationMode.PerLine => V1.Peer.Types.Registration.PerLine,
                SipRegistrationMode.Trunk => V1.Peer.Types.Registration.Trunk,
                _ => V1.Peer.Types.Registration.None,
            },
            Realm = model.Realm ?? "",
            Dtmf = peer.Dtmf.ToMessage(V1.Dtmf.Info),
            Digits = peer.Dtmf == DtmfForm.OutOfBand ? V1.Peer.Types.Digits.Info : V1.Peer.Types.Digits.Sound,
            Fax = peer.Fax.ToMessage(),
            HoldMusic = { peer.HoldMusic is "" ? ["none"] : peer.HoldMusic?.Split(' ') ?? [] },
            Srtp = peer.Srtp switch
            {
                SrtpPolicy.Optional => V1.Peer.Types.Srtp.Optional,
                SrtpPolicy.Required => V1.Peer.Types.Srtp.Required,
                _ => V1.Peer.Types.Srtp.Off,
            },
            Trusted = model.Trusted,
            SubscribesToMessages = model.AsksForMessages,
            CallerFrom = model.CallerFrom.ToMessage(),
            CallerIn = model.CallerIn.ToMessage(),
            Challenge = model.Challenged,
            NumbersOut = { model.Numbers.ToPeer.Select(ToMessage) },
            NumbersIn = { model.Numbers.FromPeer.Select(ToMessage) },
            UserPhone = model.Numbers.UserPhone,
            LocalAddress = model.LocalAddress?.Host ?? "",
            PasswordSet = model.Password is not null,
            Source = state.SourceOf(ResourceKind.Peer, model.Name),
            Etag = state.EtagOf(ResourceKind.Peer, model.Name),
            Username = model.Username ?? "",
            Media = peer.Media.ToMessage(),
            RegistrationState = model.Registration == SipRegistrationMode.Trunk ? trunk.State.ToMessage() : V1.RegistrationState.Off,
            RegisteredCount = registrations.Count(r => r.State == SipRegistrationState.Registered),
            RegistrationCount = registrations.Length,
            Reachability = state.PeerStateOf(model.Name).ToMessage(),
        };
    }

    private static V1.NumberRule ToMessage(SipNumberRule rule) =>
        new() { Prefix = rule.Prefix, StripDigits = rule.Strip, Prepend = rule.Prepend, MinDigits = rule.MinDigits, MaxDigits = rule.MaxDigits };

    private static string UriOf(string host, int port, SipTransport? transport) =>
        $"sip:{host}{(port == 0 ? "" : ":" + port)}{(transport is { } by ? ";transport=" + by.ToString().ToLowerInvariant() : "")}";

    private static V1.Peer.Types.Reachability ToMessage(this SipPeerState state) => state switch
    {
        SipPeerState.Up => V1.Peer.Types.Reachability.Up,
        SipPeerState.Down => V1.Peer.Types.Reachability.Down,
        _ => V1.Peer.Types.Reachability.Unknown,
    };

    public static V1.Route ToMessage(this RouteModel route, BridgeState state) => new()
    {
        Name = route.Name,
        Prefix = route.Prefix,
        Peer = route.Peer,
        Priority = route.Priority,
        StripDigits = route.StripDigits,
        Prepend = route.Prepend,
        Failover = { route.Failover.IsDefault ? [] : route.Failover },
        MinDigits = route.MinDigits,
        MaxDigits = route.MaxDigits,
        Direction = route.Direction == NumberDirection.FromPeer ? V1.Route.Types.Direction.FromPeer : V1.Route.Types.Direction.ToPeer,
        Regex = route.Regex ?? "",
        Called = route.Called?.ToMessage(),
        Caller = route.Caller?.ToMessage(),
        Schedule = route.Schedule is { } when
            ? new V1.RouteSchedule { TimeZone = when.Zone, Times = { when.Times }, Weekdays = { when.Weekdays }, Dates = { when.Dates } }
            : null,
        Weight = route.Weight,
        From = { route.From.Select(from => from.Text) },
        Source = state.SourceOf(ResourceKind.Route, route.Name),
        Etag = state.EtagOf(ResourceKind.Route, route.Name),
    };

    public static V1.ConnectionCounters ToMessage(this ConnectionStatistics counted)
    {
        // Proto3 optional scalars have no "set if not null".
        var message = new V1.ConnectionCounters();
        if (counted.PacketsSent is { } packetsSent) message.PacketsSent = packetsSent;
        if (counted.OctetsSent is { } octetsSent) message.OctetsSent = octetsSent;
        if (counted.PacketsReceived is { } packetsReceived) message.PacketsReceived = packetsReceived;
        if (counted.OctetsReceived is { } octetsReceived) message.OctetsReceived = octetsReceived;
        if (counted.PacketsLost is { } lost) message.PacketsLost = lost;
        if (counted.JitterMilliseconds is { } jitter) message.JitterMilliseconds = jitter;
        if (counted.LatencyMilliseconds is { } latency) message.LatencyMilliseconds = latency;
        foreach (var (name, value) in counted.Others) message.Others[name] = value;
        return message;
    }

    public static V1.Call ToMessage(this CallView view, MonotonicClock clock) => new()
    {
        Id = view.CallId,
        Line = view.Line,
        Gateway = view.Gateway,
        Peer = view.Peer ?? "",
        Direction = view.FromLine ? V1.Call.Types.Direction.MgcpToSip : V1.Call.Types.Direction.SipToMgcp,
        Caller = view.Caller,
        Called = view.Called,
        State = view.State.ToMessage(),
        StartTime = clock.Stamp(view.Started),
        AnswerTime = view.Answered is { } answered ? clock.Stamp(answered) : null,
        EndTime = view.Ended is { } ended ? clock.Stamp(ended) : null,
        Outcome = view.Outcome switch
        {
            null => V1.Call.Types.Outcome.Unspecified,
            CallOutcome.Answered => V1.Call.Types.Outcome.Answered,
            CallOutcome.Busy => V1.Call.Types.Outcome.Busy,
            CallOutcome.NoAnswer => V1.Call.Types.Outcome.NoAnswer,
            CallOutcome.Cancelled => V1.Call.Types.Outcome.Cancelled,
            CallOutcome.Rejected => V1.Call.Types.Outcome.Rejected,
            CallOutcome.Abandoned => V1.Call.Types.Outcome.Abandoned,
            CallOutcome.Forwarded => V1.Call.Types.Outcome.Forwarded,
            CallOutcome.Service => V1.Call.Types.Outcome.Service,
            _ => V1.Call.Types.Outcome.Failed,
        },
        MgcpCallId = view.MgcpCallId ?? "",
        SipCallId = view.SipCallId ?? "",
        Connected = view.Connected ?? "",
        SentOnBy = view.SentOnBy ?? "",
        SipWarning = view.Warning ?? "",
        Headers = { view.Headers.ToMap() },
        Held = view.Held,
        Fax = view.Fax.ToMessage(),
        Encrypted = view.Encrypted,
        LineCodec = view.LineCodec ?? "",
        PeerCodec = view.PeerCodec ?? "",
        GatewayCounters = view.Counted?.ToMessage(),
        Attended = view.Attended,
        Muted = { Muted(view) },
        Recording = view.Recording?.ToText() ?? "",
        LineConference = view.LineConference ?? "",
        PeerConference = view.PeerConference ?? "",
    };

    /// <summary>Headers by name; several of a name are one, as RFC 3261 §7.3.1 joins them.</summary>
    public static Dictionary<string, string> ToMap(this ImmutableArray<(string Name, string Value)> headers) => headers
        .GroupBy(header => header.Name, StringComparer.OrdinalIgnoreCase)
        .ToDictionary(group => group.First().Name, group => string.Join(", ", group.Select(header => header.Value)), StringComparer.Ordinal);

    public static V1.Ladder ToMessage(this LadderView view, MonotonicClock clock) => new()
    {
        Call = view.Call.ToMessage(clock),
        NotKept = view.NotKept,
        Messages =
        {
            view.Entries.Select(entry => new V1.LadderMessage
            {
                Time = clock.Stamp(entry.At),
                Offset = (entry.At - view.Call.Started).ToDuration(),
                From = entry.From,
                To = entry.To,
                Protocol = entry.Protocol,
                FirstLine = entry.FirstLine,
                Detail = entry.Detail,
                Repeated = entry.Repeated,
            }),
        },
    };

    public static V1.RegistrationState ToMessage(this SipRegistrationState state) => state switch
    {
        SipRegistrationState.Trying => V1.RegistrationState.Trying,
        SipRegistrationState.Registered => V1.RegistrationState.Registered,
        SipRegistrationState.Refused => V1.RegistrationState.Refused,
        SipRegistrationState.Unreachable => V1.RegistrationState.Unreachable,
        _ => V1.RegistrationState.Off,
    };

    private static V1.ResourceSource SourceOf(this BridgeState state, ResourceKind kind, string name) =>
        state.Provisioned.Stored.ContainsKey(new ResourceKey(kind, name)) ? V1.ResourceSource.Api : V1.ResourceSource.File;

    private static string EtagOf(this BridgeState state, ResourceKind kind, string name) =>
        state.Provisioned.Stored.TryGetValue(new ResourceKey(kind, name), out var stored) ? stored.Etag : "";

    private static Timestamp Stamp(this MonotonicClock clock, Instant at) => Timestamp.FromDateTime(clock.ToUtc(at));

    public static V1.Line.Types.State ToMessage(this LineState state) => state switch
    {
        LineState.Idle => V1.Line.Types.State.Idle,
        LineState.Dialing => V1.Line.Types.State.Dialing,
        LineState.Proceeding => V1.Line.Types.State.Proceeding,
        LineState.Alerting => V1.Line.Types.State.Alerting,
        LineState.Ringing => V1.Line.Types.State.Ringing,
        LineState.Talking => V1.Line.Types.State.Talking,
        LineState.Releasing => V1.Line.Types.State.Releasing,
        _ => V1.Line.Types.State.OutOfService,
    };

    private static V1.Peer.Types.IdentityHeader ToMessage(this SipIdentityHeader header) => header switch
    {
        SipIdentityHeader.PAssertedIdentity => V1.Peer.Types.IdentityHeader.PAssertedIdentity,
        SipIdentityHeader.PPreferredIdentity => V1.Peer.Types.IdentityHeader.PPreferredIdentity,
        SipIdentityHeader.RemotePartyId => V1.Peer.Types.IdentityHeader.RemotePartyId,
        _ => V1.Peer.Types.IdentityHeader.From,
    };

    /// <summary>How a fax passes.</summary>
    public static V1.Call.Types.Fax ToMessage(this FaxMode mode) => mode switch
    {
        FaxMode.T38 => V1.Call.Types.Fax.T38,
        FaxMode.Passthrough => V1.Call.Types.Fax.Passthrough,
        FaxMode.Gateway => V1.Call.Types.Fax.ByGateway,
        FaxMode.Failed => V1.Call.Types.Fax.Failed,
        _ => V1.Call.Types.Fax.Unspecified,
    };

    private static V1.Fax.Types.Handling ToMessage(this FaxHandling fax) => fax switch
    {
        FaxHandling.T38 => V1.Fax.Types.Handling.T38,
        FaxHandling.Passthrough => V1.Fax.Types.Handling.Passthrough,
        FaxHandling.Off => V1.Fax.Types.Handling.Off,
        _ => V1.Fax.Types.Handling.Auto,
    };

    private static V1.MediaSource ToMessage(this SourceLearning media) => media switch
    {
        SourceLearning.Learn => V1.MediaSource.Learn,
        SourceLearning.LearnAnywhere => V1.MediaSource.LearnAnywhere,
        _ => V1.MediaSource.Strict,
    };

    private static V1.Dtmf ToMessage(this DtmfForm form, V1.Dtmf outOfBand) => form switch
    {
        DtmfForm.Events => V1.Dtmf.Rfc4733,
        DtmfForm.InBand => V1.Dtmf.Inband,
        DtmfForm.OutOfBand => outOfBand,
        _ => V1.Dtmf.Auto,
    };

    public static Duration ToDuration(this TimeSpan time) => Duration.FromTimeSpan(time);
}
