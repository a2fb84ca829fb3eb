using System.Collections.Frozen;
using System.Collections.Immutable;
using MgcpSipBridge.Calls;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Net;
using MgcpSipBridge.Host.Net.Tls;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Configuration;

/// <summary>A place where gateways are heard.</summary>
internal sealed record MgcpListen(NetAddress Address, string Setting);

/// <summary>A place where SIP is heard.</summary>
internal sealed record SipListen(SipTransport Transport, NetAddress Address, string Setting);

/// <summary>One side of the relay: the address to bind and the one written into SDP, ports 0.</summary>
internal sealed record MediaSide(NetAddress Address, NetAddress Advertise)
{
    /// <summary>What those in certain networks are told instead.</summary>
    public ImmutableArray<SipAdvertisement> Networks { get; init; } = [];
}

/// <summary>The validated settings: everything that could be checked without opening a socket has been.</summary>
internal sealed record BridgeModel
{
    public required BridgeConfig Config { get; init; }
    public required ImmutableArray<MgcpListen> MgcpListen { get; init; }
    public required string? CallAgent { get; init; }
    public required ImmutableArray<SipListen> SipListen { get; init; }
    public required ImmutableArray<TlsPin> SipPins { get; init; }
    public required ImmutableArray<NetAddress> NameServers { get; init; }
    public required ImmutableArray<ServiceCode> ServiceCodes { get; init; }
    public required FrozenSet<string> EmergencyNumbers { get; init; }
    public required SipAdvertise SipAdvertise { get; init; }
    public required MediaSide GatewayMedia { get; init; }
    public required MediaSide SipMedia { get; init; }
    public required int FirstMediaPort { get; init; }
    public required int LastMediaPort { get; init; }
    public required ApiModel Api { get; init; }

    /// <summary>Expressions of routes that were made ready for the last check: nearly all of them are needed again by the next.</summary>
    private ReadyExpressions Ready { get; } = new();

    /// <summary>Ports that calls can lease, in pairs of an even one and the next: the whole range on each of two addresses, once on a shared one.</summary>
    public int MediaPorts
    {
        get
        {
            var (gateway, sip) = (GatewayMedia.Address, SipMedia.Address);
            var pairs = (LastMediaPort - FirstMediaPort - (FirstMediaPort & 1) + 1) / 2;
            return 2 * pairs * (gateway == sip || gateway.IsUnspecified || sip.IsUnspecified ? 1 : 2);
        }
    }

    /// <summary>How long calls may go on after SIGTERM.</summary>
    public TimeSpan Drain => TimeSpan.FromSeconds(Config.Bridge.DrainSeconds);

    /// <summary>How long hanging up and unregistering may take after that.</summary>
    public TimeSpan Stop => TimeSpan.FromSeconds(Config.Bridge.StopSeconds);

    /// <summary>Checks what is provisioned against these settings; null, and problems, when it cannot be.</summary>
    public EngineModel? Validate(ProvisioningConfig provisioned, ConfigProblems problems)
    {
        var model = ProvisioningValidator.Validate(provisioned, SipListen, problems, MgcpListen, Ready.Last, EmergencyNumbers);
        if (model?.Table is { } table) Ready.Last = table.Expressions;
        return model;
    }

    /// <summary>Whether whatever is provisioned goes together with both settings or with neither.</summary>
    public bool HearsAs(BridgeModel other) => SipListen.AsSpan().SequenceEqual(other.SipListen.AsSpan()) && MgcpListen.AsSpan().SequenceEqual(other.MgcpListen.AsSpan());

    /// <summary>The engine's settings, once it is known where the sockets are bound.</summary>
    /// <param name="mgcp">The MGCP sockets' addresses, which gateways are told: each the one that it is heard on.</param>
    /// <param name="sip">Each SIP listener with its bound address.</param>
    /// <param name="fallback">What stands for 0.0.0.0 and :: where others must be told an address.</param>
    /// <param name="interfaces">Addresses of the machine; null for none that is known.</param>
    public EngineSettings ToEngineSettings(
        ImmutableArray<NetAddress> mgcp, IEnumerable<(SipTransport Transport, NetAddress Bound)> sip, NetAddress fallback, IReadOnlyList<LocalInterface>? interfaces = null)
    {
        var m = Config.Mgcp;
        var s = Config.Sip;
        var d = Config.Dial;
        var first = mgcp.FirstOrDefault(a => a.IsIPv4, mgcp[0]);
        var agentHost = first.IsUnspecified ? fallback : first;
        // Gateways that are heard on one of several sockets are told that one: perhaps they have no route to another.
        var each = CallAgent is not null || mgcp.Length < 2 ? ImmutableDictionary<NetAddress, string>.Empty : mgcp.Where(a => a.IsIPv4 || !a.IsUnspecified).ToImmutableDictionary(a => a, a => EntityAt(a.IsUnspecified ? fallback.WithPort(a.Port) : a));
        return new EngineSettings
        {
            Mgcp = new MgcpSettings
            {
                NotifiedEntity = CallAgent ?? EntityAt(agentHost.WithPort(first.Port)),
                NotifiedEntities = each,
                BackupCallAgents = [.. m.BackupCallAgents],
                RetransmitInitial = m.RetransmitInitial,
                RetransmitMax = m.RetransmitMax,
                TMax = m.TMax,
                THist = m.THist,
                Max1 = m.Max1,
                Max2 = m.Max2,
                LongTran = m.LongTran,
                AuditInterval = m.AuditInterval,
                StartSpread = m.StartSpread,
                MaxMessagesPerDatagram = m.MaxMessagesPerDatagram,
                Trace = m.Trace,
            },
            Admission = new MgcpAdmission
            {
                AcceptUnknownGateways = m.AcceptUnknownGateways,
                MaxDiscovered = m.MaxDiscovered,
                DatagramsPerSecond = m.DatagramsPerSecond,
                DatagramBurst = m.DatagramBurst,
                StrangerDatagramsPerSecond = m.StrangerDatagramsPerSecond,
                StrangerDatagramBurst = m.StrangerDatagramBurst,
                AuditsPerSecond = m.AuditsPerSecond,
            },
            Sip = new SipSettings
            {
                Listeners = [.. sip.Select(l => SipAdvertise.ToListener(l.Transport, l.Bound, fallback, interfaces ?? []))],
                Product = s.Product,
                T1 = s.T1,
                T2 = s.T2,
                T4 = s.T4,
                RingTimeout = s.RingTimeout,
                SessionExpires = s.SessionExpires,
                SessionMinimum = s.SessionMinimum,
                RedirectHosts = [.. s.RedirectHosts.Select(host => host.ToLowerInvariant())],
                KeepHeaders = [.. s.KeepHeaders.Where(name => name.Length > 0)],
                SubscribeExpires = s.SubscribeExpires,
                RegisterExpires = s.RegisterExpires,
                PingInterval = s.PingInterval,
                TargetRetry = s.TargetRetry,
                RetryAfterMax = s.RetryAfterMax,
                FailoverAfter = s.FailoverAfter,
                CallCheckInterval = s.CallCheckInterval,
                RegisterRate = s.RegisterRate,
                RegisterRetry = s.RegisterRetry,
                RegisterRetryMax = s.RegisterRetryMax,
                Admission = new SipAdmission
                {
                    MessagesPerSecond = s.Guard.MessagesPerSecond,
                    MessageBurst = s.Guard.MessageBurst,
                    StrangerMessagesPerSecond = s.Guard.StrangerMessagesPerSecond,
                    StrangerMessageBurst = s.Guard.StrangerMessageBurst,
                    MaxPendingInvites = s.Guard.MaxPendingInvites,
                    Scanners = [.. s.Guard.Scanners],
                    NonceLifetime = s.Guard.NonceLifetime,
                },
                MaxMessageBytes = s.MaxMessageBytes,
                MaxHeaders = s.MaxHeaders,
                MaxTransactions = s.MaxTransactions,
                Trace = s.Trace,
            },
            Media = new MediaAdvertising { Gateway = GatewayMedia.Networks, Sip = SipMedia.Networks },
            Dial = new DialSettings
            {
                FirstDigit = d.FirstDigit,
                InterDigit = d.InterDigit,
                Critical = d.Critical,
                RingNoAnswer = d.RingNoAnswer,
                ForwardNoAnswer = d.ForwardNoAnswer,
                FarEndNoAnswer = d.FarEndNoAnswer,
                FailureTone = d.FailureTone,
                OffHookWarning = d.OffHookWarning,
                MaxDigits = d.MaxDigits,
                ServiceCodes = ServiceCodes,
            },
            LaddersKept = Config.Bridge.LaddersKept,
            LadderMessages = Config.Bridge.LadderMessages,
            ShownDigits = Config.Bridge.ShownDigits,
            TellsMessages = Config.Observability.Hep.Address is not null,
            UnregisterAfter = s.UnregisterAfter,
            RouterDeadline = Config.Routing.Deadline,
            AttendTimeout = Config.Routing.AttendTimeout,
            Tones = AudioSettings.Tones(Config),
            HoldMusic = AudioSettings.HoldMusic(Config),
            UtcOffset = TimeZoneInfo.Local.GetUtcOffset(DateTimeOffset.UtcNow),
        };
    }

    // RFC 3435 §2.1.2: a literal domain stands in brackets, IPv4 too.
    private static string EntityAt(NetAddress address) => $"ca@[{address.Host}]:{address.Port}";

    private sealed class ReadyExpressions
    {
        private volatile RouteExpressions? _last;

        public RouteExpressions? Last
        {
            get => _last;
            set => _last = value;
        }
    }
}
