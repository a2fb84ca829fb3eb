namespace MgcpSipBridge.Mgcp;

/// <summary>Parameter lines by their names in RFC 3435 §3.2.2; the letters on the wire stand in each comment.</summary>
public enum MgcpParameter : byte
{
    /// <summary>Any other name: <c>X-</c>, <c>X+</c>, <c>PKG/name</c>, or unknown.</summary>
    Extension,

    /// <summary>K: confirmed transaction ids, or empty in a final response that wants 000.</summary>
    ResponseAck,

    /// <summary>B: bearer information.</summary>
    BearerInformation,

    /// <summary>C: call id, 1 to 32 hex digits.</summary>
    CallId,

    /// <summary>I: connection id, 1 to 32 hex digits.</summary>
    ConnectionId,

    /// <summary>N: who gets Notify, RestartInProgress and DeleteConnection.</summary>
    NotifiedEntity,

    /// <summary>X: request identifier, 1 to 32 hex digits; 0 means no request yet.</summary>
    RequestIdentifier,

    /// <summary>L: local connection options.</summary>
    LocalConnectionOptions,

    /// <summary>M: connection mode.</summary>
    ConnectionMode,

    /// <summary>R: events to watch for.</summary>
    RequestedEvents,

    /// <summary>S: signals to play.</summary>
    SignalRequests,

    /// <summary>D: digit map.</summary>
    DigitMap,

    /// <summary>O: what was seen.</summary>
    ObservedEvents,

    /// <summary>P: a connection's counters.</summary>
    ConnectionParameters,

    /// <summary>E: reason code.</summary>
    ReasonCode,

    /// <summary>Z: an endpoint's full name in a response.</summary>
    SpecificEndpointId,

    /// <summary>Z2: the second endpoint of a CreateConnection.</summary>
    SecondEndpointId,

    /// <summary>I2: the second connection of a CreateConnection.</summary>
    SecondConnectionId,

    /// <summary>F: what an audit asks for.</summary>
    RequestedInfo,

    /// <summary>Q: quarantine handling.</summary>
    QuarantineHandling,

    /// <summary>T: events detected in the quarantine period.</summary>
    DetectEvents,

    /// <summary>RM: restart method.</summary>
    RestartMethod,

    /// <summary>RD: restart delay in seconds.</summary>
    RestartDelay,

    /// <summary>A: capabilities.</summary>
    Capabilities,

    /// <summary>ES: event states (hook state).</summary>
    EventStates,

    /// <summary>PL: packages with versions.</summary>
    PackageList,

    /// <summary>MD: largest datagram in bytes.</summary>
    MaxMgcpDatagram,
}

/// <summary>Spelling of parameter names on the wire.</summary>
public static class MgcpParameterNames
{
    /// <summary>Members of <see cref="MgcpParameter"/>.</summary>
    internal const int Count = 27;

    private static readonly string[] Names =
    [
        "", "K", "B", "C", "I", "N", "X", "L", "M", "R", "S", "D", "O", "P", "E", "Z", "Z2", "I2", "F", "Q", "T", "RM", "RD", "A", "ES", "PL", "MD",
    ];

    /// <summary>The name in upper case; empty for <see cref="MgcpParameter.Extension"/>.</summary>
    public static string Name(this MgcpParameter parameter) => Names[(int)parameter];

    /// <summary>Reads a name in any case; every name that RFC 3435 does not list is <see cref="MgcpParameter.Extension"/>.</summary>
    public static MgcpParameter Parse(ReadOnlySpan<byte> name) => name.Length switch
    {
        1 => One((byte)(name[0] & 0xDF)),
        2 => Two((byte)(name[0] & 0xDF), name[1] is (byte)'2' ? name[1] : (byte)(name[1] & 0xDF)),
        _ => MgcpParameter.Extension,
    };

    private static MgcpParameter One(byte upper) => upper switch
    {
        (byte)'K' => MgcpParameter.ResponseAck,
        (byte)'B' => MgcpParameter.BearerInformation,
        (byte)'C' => MgcpParameter.CallId,
        (byte)'I' => MgcpParameter.ConnectionId,
        (byte)'N' => MgcpParameter.NotifiedEntity,
        (byte)'X' => MgcpParameter.RequestIdentifier,
        (byte)'L' => MgcpParameter.LocalConnectionOptions,
        (byte)'M' => MgcpParameter.ConnectionMode,
        (byte)'R' => MgcpParameter.RequestedEvents,
        (byte)'S' => MgcpParameter.SignalRequests,
        (byte)'D' => MgcpParameter.DigitMap,
        (byte)'O' => MgcpParameter.ObservedEvents,
        (byte)'P' => MgcpParameter.ConnectionParameters,
        (byte)'E' => MgcpParameter.ReasonCode,
        (byte)'Z' => MgcpParameter.SpecificEndpointId,
        (byte)'F' => MgcpParameter.RequestedInfo,
        (byte)'Q' => MgcpParameter.QuarantineHandling,
        (byte)'T' => MgcpParameter.DetectEvents,
        (byte)'A' => MgcpParameter.Capabilities,
        _ => MgcpParameter.Extension,
    };

    private static MgcpParameter Two(byte first, byte second) => (first, second) switch
    {
        ((byte)'Z', (byte)'2') => MgcpParameter.SecondEndpointId,
        ((byte)'I', (byte)'2') => MgcpParameter.SecondConnectionId,
        ((byte)'R', (byte)'M') => MgcpParameter.RestartMethod,
        ((byte)'R', (byte)'D') => MgcpParameter.RestartDelay,
        ((byte)'E', (byte)'S') => MgcpParameter.EventStates,
        ((byte)'P', (byte)'L') => MgcpParameter.PackageList,
        ((byte)'M', (byte)'D') => MgcpParameter.MaxMgcpDatagram,
        _ => MgcpParameter.Extension,
    };
}
