using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

/// <summary>A connection on a simulated endpoint.</summary>
public sealed class GatewayConnection
{
    internal GatewayConnection(string id, string callId, NetAddress local) => (Id, CallId, Local) = (id, callId, local);

    /// <summary>ConnectionId.</summary>
    public string Id { get; }

    /// <summary>CallId as the call agent wrote it.</summary>
    public string CallId { get; }

    /// <summary>The gateway's own RTP address.</summary>
    public NetAddress Local { get; }

    /// <summary>Mode in lower case: <c>recvonly</c>, <c>sendrecv</c>.</summary>
    public string Mode { get; internal set; } = "inactive";

    /// <summary>LocalConnectionOptions as last given.</summary>
    public string Options { get; internal set; } = "";

    /// <summary>The other side's description; null until one came.</summary>
    public PlainSdp? Remote { get; internal set; }

    /// <summary>Encoding names negotiated, in order.</summary>
    public ImmutableArray<string> Codecs { get; internal set; } = [];

    /// <summary>The gateway's own description as last given.</summary>
    public string Description { get; internal set; } = "";

    /// <summary>Whether the stream is T.38 now (image/t38) instead of audio.</summary>
    public bool IsFax { get; internal set; }

    /// <summary>Fax procedure in force (RFC 5347 §2.1): <c>gw</c>, <c>off</c>, <c>t38</c>, <c>t38-loose</c>; empty for none.</summary>
    public string Procedure { get; internal set; } = "gw";

    /// <summary>Whether a T.38 procedure is under way: then no audio passes.</summary>
    public bool FaxStarted { get; internal set; }

    internal ulong SessionId { get; set; }

    internal ulong Version { get; set; }

    /// <summary>Encoding names of its audio as it described them.</summary>
    internal ImmutableArray<string> Described { get; init; } = [];

    /// <summary>Whether its encoding was last asked to be image/t38.</summary>
    internal bool OnlyFax { get; set; }

    internal MediaEnd? Media { get; set; }

    internal bool Sends => Mode is "sendrecv" or "sendonly" or "confrnce";

    internal bool Hears => Mode is "sendrecv" or "recvonly" or "confrnce";
}
