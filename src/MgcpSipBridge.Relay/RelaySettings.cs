using System.Net;
using System.Net.Sockets;
using MgcpSipBridge.Media;

namespace MgcpSipBridge.Relay;

/// <summary>Settings of a relay that hold from its start to its end.</summary>
public sealed record RelaySettings
{
    /// <summary>Where the sockets towards gateways are bound; may be the any-address if <see cref="GatewayAdvertise"/> is set.</summary>
    public required IPAddress GatewayAddress { get; init; }

    /// <summary>Where the sockets towards SIP peers are bound; may be the any-address if <see cref="SipAdvertise"/> is set.</summary>
    public required IPAddress SipAddress { get; init; }

    /// <summary>The address that gateways are told, when it is not the one bound (NAT); null: the one bound.</summary>
    public IPAddress? GatewayAdvertise { get; init; }

    /// <summary>The address that SIP peers are told, when it is not the one bound (NAT); null: the one bound.</summary>
    public IPAddress? SipAdvertise { get; init; }

    /// <summary>First port that may be leased, 1 to 65535.</summary>
    public int FirstPort { get; init; } = 20_000;

    /// <summary>Last port that may be leased. A session takes four, two per side; sides on different addresses use the range twice.</summary>
    public int LastPort { get; init; } = 29_999;

    /// <summary>How long a pair of ports rests after a session, so that late packets of one call cannot reach another.</summary>
    public TimeSpan Quarantine { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Sessions at a time; more are refused.</summary>
    public int MaxSessions { get; init; } = 10_000;

    /// <summary>Longest packet relayed, in bytes: speech of 200 ms in G.711 is 1612.</summary>
    public int MaxPacketBytes { get; init; } = 1_700;

    /// <summary>RTP packets a second taken from one end, 50 to 100000; speech in packets of 10 ms is 100.</summary>
    public int RtpPerSecond { get; init; } = 500;

    /// <summary>RTCP packets a second taken from one end, 1 to 100000; RFC 3550 §6.2 means one in five seconds.</summary>
    public int RtcpPerSecond { get; init; } = 50;

    /// <summary>How long an end that should be heard may say nothing before it is told.</summary>
    public TimeSpan SilenceAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often that is looked at, at least every 10 ms.</summary>
    public TimeSpan CheckInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long both ends, which should be heard, may say nothing before the call is told to be dead; zero: for ever.</summary>
    public TimeSpan MediaTimeout { get; init; }

    /// <summary>Folder for recordings; null: none are made.</summary>
    public string? RecordingFolder { get; init; }

    /// <summary>Recordings at a time; more are refused.</summary>
    public int MaxRecordings { get; init; } = 16;

    /// <summary>Bytes of a recording at most: an hour of both ends apart is 115 million.</summary>
    public long MaxRecordingBytes { get; init; } = 250_000_000;

    /// <summary>DSCP and ECN of what we send, as the whole byte; 0xB8 is expedited forwarding (RFC 3246), 0 leaves it to the system.</summary>
    public byte TrafficClass { get; init; } = 0xB8;

    /// <summary>What carries the packets.</summary>
    public RelayEngine Engine { get; init; } = RelayEngine.Auto;

    /// <summary>Whether the kernel passes settled flows on by itself; past this machine's own packet filter and NAT.</summary>
    public RelayFastPath FastPath { get; init; }

    /// <summary>Threads of the native engine, 1 to 64; 0 for one less than there are cores, at least one.</summary>
    public int Threads { get; init; }

    /// <summary>
    /// How long the native engine lets packets gather after a turn that found few, up to 5 ms: less work per packet for that much more delay.
    /// Zero: it does not wait.
    /// </summary>
    public TimeSpan Coalesce { get; init; }

    /// <summary>
    /// Whether every packet of a stranger on a call's RTP port is counted as from a wrong source. Otherwise the native engine leaves a port on which nobody but the
    /// settled end was heard for two seconds to that end alone: the kernel refuses the others, and a call takes a quarter less memory.
    /// </summary>
    public bool CountStrangers { get; init; } = true;

    /// <summary>
    /// Real-time priority of the native engine's threads, 1 to 99, where the system grants it (CAP_SYS_NICE); 0: that of every other thread.
    /// </summary>
    public int Priority { get; init; }

    /// <summary>What is wrong with these settings, everything at once; empty when nothing is.</summary>
    public IReadOnlyList<string> Validate()
    {
        var errors = new List<string>();
        CheckSide("Gateway", GatewayAddress, GatewayAdvertise);
        CheckSide("Sip", SipAddress, SipAdvertise);
        if (FirstPort is < 1 or > 65_535 || LastPort is < 1 or > 65_535) errors.Add("Ports lie between 1 and 65535.");
        else if (LastPort < FirstPort + (FirstPort & 1) + 1) errors.Add($"Ports {FirstPort}-{LastPort} hold no pair of an even port and the next.");
        if (Quarantine < TimeSpan.Zero) errors.Add("The quarantine is negative.");
        if (MaxSessions < 1) errors.Add("At least one session must be allowed.");
        if (MaxPacketBytes is < 100 or > 65_507) errors.Add("The longest packet lies between 100 and 65507 bytes.");
        if (Engine == RelayEngine.Native && !NativePlane.IsPossible) errors.Add("The native engine needs Linux on 64 bits.");
        if (FastPath == RelayFastPath.Required && Engine == RelayEngine.Portable) errors.Add("The fast path needs the native engine.");
        if (Threads is < 0 or > 64) errors.Add("Threads lie between 1 and 64, or 0 for the system's choice.");
        if (Coalesce < TimeSpan.Zero || Coalesce > TimeSpan.FromMilliseconds(5)) errors.Add("Packets gather for 0 to 5 ms.");
        if (Priority is < 0 or > 99) errors.Add("The priority lies between 1 and 99, or is 0.");
        if (RtpPerSecond is < 50 or > 100_000 || RtcpPerSecond is < 1 or > 100_000) errors.Add("The packets of an end lie between 50 (RTCP: 1) and 100000 a second.");
        if (SilenceAfter <= TimeSpan.Zero || CheckInterval < TimeSpan.FromMilliseconds(10)) errors.Add("Silence is looked for every 10 ms at most, and lasts.");
        if (MediaTimeout < TimeSpan.Zero || (MediaTimeout > TimeSpan.Zero && MediaTimeout < SilenceAfter)) errors.Add("The media time-out is zero, or no shorter than silence that is told.");
        if (MaxRecordings < 0 || MaxRecordingBytes < 1000) errors.Add("Recordings have at least 1000 bytes.");
        return errors;

        void CheckSide(string side, IPAddress bind, IPAddress? advertise)
        {
            if (bind.AddressFamily is not (AddressFamily.InterNetwork or AddressFamily.InterNetworkV6)) errors.Add($"{side}: {bind} is no IP address.");
            if (advertise is null && IsAny(bind)) errors.Add($"{side}: {bind} cannot be written into SDP; name the address to advertise.");
            if (advertise is not null && IsAny(advertise)) errors.Add($"{side}: {advertise} cannot be advertised.");
        }
    }

    internal RelayLimits Limits => new(MaxPacketBytes, RtpPerSecond, RtcpPerSecond);

    /// <summary>Whether a socket on one side can take a port away from the other.</summary>
    internal bool SidesShareAddress => GatewayAddress.Equals(SipAddress) || IsAny(GatewayAddress) || IsAny(SipAddress);

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
}
