namespace MgcpSipBridge.Mgcp;

/// <summary>Spelling of connection modes on the wire (RFC 3435 §3.2.2.6).</summary>
internal static class ConnectionModeNames
{
    /// <summary>The mode as M: carries it.</summary>
    public static string WireName(this ConnectionMode mode) => mode switch
    {
        ConnectionMode.Inactive => "inactive",
        ConnectionMode.SendOnly => "sendonly",
        ConnectionMode.RecvOnly => "recvonly",
        ConnectionMode.SendRecv => "sendrecv",
        _ => "confrnce",
    };
}
