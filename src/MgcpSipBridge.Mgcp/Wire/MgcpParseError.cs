namespace MgcpSipBridge.Mgcp;

/// <summary>Why a message could not be read; each value is one counter tag, and commands are answered by the code it names.</summary>
public enum MgcpParseError
{
    /// <summary>It could be read.</summary>
    None,

    /// <summary>Nothing but blanks and line ends.</summary>
    Empty,

    /// <summary>The first line is neither a command nor a response (no answer: whom would it name?).</summary>
    BadFirstLine,

    /// <summary>Four letters, but none of the verbs of RFC 3435: 504.</summary>
    UnknownVerb,

    /// <summary>Not a number from 1 to 999999999 (0 is taken from gateways, against §3.2.1.2).</summary>
    BadTransactionId,

    /// <summary>No '@', or a part that is empty or longer than 255 bytes: 500.</summary>
    BadEndpointName,

    /// <summary>Does not begin with <c>MGCP</c> and a version this agent knows: 528.</summary>
    UnsupportedVersion,

    /// <summary>A response code that is not three digits.</summary>
    BadResponseCode,

    /// <summary>A parameter line without ':': 510.</summary>
    BadParameterLine,

    /// <summary>A parameter that must not appear twice does: 510.</summary>
    DuplicateParameter,

    /// <summary>A parameter's value does not follow the grammar: 510.</summary>
    BadParameterValue,

    /// <summary>A required parameter is missing: 510.</summary>
    MissingParameter,

    /// <summary>More parameter lines than the settings allow: 510.</summary>
    TooManyParameters,

    /// <summary>A vendor's parameter that must be understood (<c>X+name:</c>, RFC 3435 §3.2.2): 511.</summary>
    CriticalExtension,

    /// <summary>Longer than a UDP datagram can be.</summary>
    TooLong,
}
