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

    internal MediaEnd? Media { get; set; }

    internal bool Sends => Mode is "sendrecv" or "sendonly" or "confrnce";

    internal bool Hears => Mode is "sendrecv" or "recvonly" or "confrnce";
}
