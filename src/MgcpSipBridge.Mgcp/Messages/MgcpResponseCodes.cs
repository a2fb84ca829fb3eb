namespace MgcpSipBridge.Mgcp;

/// <summary>Response codes of RFC 3435 §2.4 that this side sends or treats by name.</summary>
public static class MgcpResponseCodes
{
    /// <summary>000: a final response that asked for it (K:) has arrived.</summary>
    public const int ResponseAck = 0;

    /// <summary>100: still at work.</summary>
    public const int Pending = 100;

    /// <summary>101: queued behind others; a sign of overload (§4.4.8).</summary>
    public const int Queued = 101;

    /// <summary>200: done.</summary>
    public const int Ok = 200;

    /// <summary>250: the connection was deleted.</summary>
    public const int Deleted = 250;

    /// <summary>400: a transient error of no particular kind.</summary>
    public const int Transient = 400;

    /// <summary>401: the phone is already off hook.</summary>
    public const int OffHook = 401;

    /// <summary>402: the phone is already on hook.</summary>
    public const int OnHook = 402;

    /// <summary>405: the endpoint is restarting.</summary>
    public const int Restarting = 405;

    /// <summary>407: overtaken by another command (§4.4.4).</summary>
    public const int Aborted = 407;

    /// <summary>409: overload.</summary>
    public const int Overload = 409;

    /// <summary>500: the endpoint is unknown.</summary>
    public const int UnknownEndpoint = 500;

    /// <summary>501: the endpoint is not ready, or out of service.</summary>
    public const int NotReady = 501;

    /// <summary>504: unknown or unsupported command.</summary>
    public const int UnknownCommand = 504;

    /// <summary>509: error in the remote session description.</summary>
    public const int BadRemoteDescription = 509;

    /// <summary>510: protocol error of no particular kind.</summary>
    public const int ProtocolError = 510;

    /// <summary>511: a parameter (X+) that must be understood and is not.</summary>
    public const int UnknownExtension = 511;

    /// <summary>515: no such connection.</summary>
    public const int UnknownConnection = 515;

    /// <summary>516: no such call, or the connection belongs to another.</summary>
    public const int UnknownCall = 516;

    /// <summary>518: unsupported or unknown package.</summary>
    public const int UnknownPackage = 518;

    /// <summary>519: no digit map.</summary>
    public const int NoDigitMap = 519;

    /// <summary>528: incompatible protocol version.</summary>
    public const int BadVersion = 528;

    /// <summary>536: unknown or unsupported RestartMethod.</summary>
    public const int UnknownRestartMethod = 536;

    /// <summary>540: the endpoint has as many connections as it can have.</summary>
    public const int ConnectionLimit = 540;

    /// <summary>
    /// What a command that cannot be read is answered with; null when it must stay unanswered because nothing names its transaction.
    /// </summary>
    public static int? For(MgcpParseError error) => error switch
    {
        MgcpParseError.UnknownVerb => UnknownCommand,
        MgcpParseError.BadEndpointName => UnknownEndpoint,
        MgcpParseError.UnsupportedVersion => BadVersion,
        MgcpParseError.CriticalExtension => UnknownExtension,
        MgcpParseError.BadParameterLine or MgcpParseError.DuplicateParameter or MgcpParseError.BadParameterValue
            or MgcpParseError.MissingParameter or MgcpParseError.TooManyParameters => ProtocolError,
        _ => null,
    };

    /// <summary>A code of §2.4's open ends read as the one it says to use: 3xx as 521, unknown 4xx as 400, unknown 5xx to 9xx as 510.</summary>
    public static int Normalize(int code) => code switch
    {
        < 100 => ResponseAck,
        < 200 => code is 100 or 101 ? code : Pending,
        < 300 => code is Ok or Deleted ? code : Ok,
        < 400 => 521,
        < 500 => code is <= 410 and not 408 ? code : Transient,
        <= 541 => code,
        _ => ProtocolError,
    };

    /// <summary>The comment that goes with a code we send.</summary>
    public static string Comment(int code) => code switch
    {
        Pending => "Pending",
        Ok => "OK",
        UnknownEndpoint => "Unknown endpoint",
        UnknownCommand => "Unsupported command",
        ProtocolError => "Protocol error",
        UnknownExtension => "Unknown extension",
        UnknownPackage => "Unknown package",
        BadVersion => "Unsupported version",
        UnknownRestartMethod => "Unknown restart method",
        _ => "",
    };
}
